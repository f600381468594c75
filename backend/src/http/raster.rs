//! All channels at once: time x channel, or time x value.

use axum::response::Response;
use shared::query::raster::RasterQuery;

use super::error::Result;
use super::extract::Query;
use super::form::Form;
use crate::app::AppState;
use crate::query::raster::{RasterAnswer, raster};

pub(super) async fn get_raster(app: AppState, form: Form, Query(query): Query<RasterQuery>) -> Result<Response> {
    Ok(match raster(&app.pyramid, &query).await? {
        RasterAnswer::Raster(raster) => form.answer(&raster),
        RasterAnswer::Density(density) => form.answer(&density),
    })
}
