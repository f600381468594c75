//! Where the pixels of a camera are.

use axum::response::Response;
use shared::query::geometry::{Geometry, GeometryQuery};
use shared::route;

use super::error::Result;
use super::extract::Query;
use super::openapi::{GeometryErrors, NotModified, QUERIES};
use super::revalidate::Question;
use crate::app::AppState;
use crate::query;

/// Where the hexagonal pixels of a camera are, and which module each belongs to.
///
/// Known are those that `[geometries]` in the configuration names.
#[utoipa::path(
    get,
    path = route::GEOMETRY,
    tag = QUERIES,
    params(GeometryQuery),
    responses((status = 200, description = "By the number of the pixel.", body = Geometry), NotModified, GeometryErrors),
)]
pub(super) async fn get_geometry(
    app: AppState,
    question: Question,
    Query(query): Query<GeometryQuery>,
) -> Result<Response> {
    let geometry = query::geometry::geometry(&app.config.geometries, &query)?;
    let version = query::geometry::version(geometry);
    question.answer(Some(version), async { Ok(geometry) }).await
}
