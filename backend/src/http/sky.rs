//! Sun and moon over the site.

use axum::response::Response;
use shared::query::sky::{Sky, SkyQuery};
use shared::route;

use super::error::Result;
use super::extract::Query;
use super::openapi::{NotModified, PlaceErrors, QUERIES};
use super::revalidate::Question;
use crate::app::AppState;
use crate::query;

/// What light sun and moon give at the site: day, the three twilights, night; when the moon is up, and how much of it is
/// lit.
///
/// Known where `[site]` in the configuration says its `latitude` and `longitude`.
#[utoipa::path(
    get,
    path = route::SKY,
    tag = QUERIES,
    params(SkyQuery),
    responses((status = 200, description = "By rising time.", body = Sky), NotModified, PlaceErrors),
)]
pub(super) async fn get_sky(app: AppState, question: Question, Query(query): Query<SkyQuery>) -> Result<Response> {
    let place = app.config.place.as_ref();
    let version = place.map(|_| query::sky::version(place));
    question.answer(version, async { query::sky::sky(place, &query) }).await
}
