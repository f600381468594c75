//! All channels at once: time x channel, or time x value.

use axum::response::Response;
use shared::query::raster::RasterQuery;
use shared::route;

use super::error::Result;
use super::extract::Query;
use super::openapi::{MetricErrors, NotModified, QUERIES};
use super::revalidate::Question;
use crate::app::AppState;
use crate::query;
use crate::query::version::Version;

/// All channels of a metric at once over a range: time x channel (a heatmap), or time x value (how many lie where).
///
/// Columns are whole buckets of time, between half and twice as many as asked for. Where channels are more than rows, a
/// row folds several by the same statistic. Cells without a finite value are null; `blanks` tells which of them hold
/// samples all the same.
#[utoipa::path(
    get,
    path = route::RASTER,
    tag = QUERIES,
    params(RasterQuery),
    responses((status = 200, description = "A density for `stat=density`, else a raster.", body = query::raster::RasterAnswer), NotModified, MetricErrors),
)]
pub(super) async fn get_raster(
    app: AppState,
    question: Question,
    Query(query): Query<RasterQuery>,
) -> Result<Response> {
    let version = Version::of_past(&*app.store, app.clock.now(), &query.metric, query.to).await?;
    question
        .answer(version, query::raster::raster(&app.pyramid, &query))
        .await
}
