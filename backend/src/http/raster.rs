//! All channels at once: time x channel, or time x value.

use axum::response::Response;
use shared::query::raster::RasterQuery;

use super::error::Result;
use super::extract::Query;
use super::revalidate::Question;
use crate::app::AppState;
use crate::query;
use crate::query::version::Version;

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
