//! All channels at once: time x channel, or time x value.

use axum::response::Response;
use shared::query::raster::RasterQuery;
use shared::route;

use super::error::Result;
use super::extract::Query;
use super::form::Form;
use super::openapi::{MetricErrors, QUERIES};
use crate::app::AppState;
use crate::query::raster::{RasterAnswer, raster};

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
    responses((status = 200, description = "A density for `stat=density`, else a raster.", body = RasterAnswer), MetricErrors),
)]
pub(super) async fn get_raster(app: AppState, form: Form, Query(query): Query<RasterQuery>) -> Result<Response> {
    Ok(match raster(&app.pyramid, &query).await? {
        RasterAnswer::Raster(raster) => form.answer(&raster),
        RasterAnswer::Density(density) => form.answer(&density),
    })
}
