//! The newest sample of each channel.

use axum::Json;
use shared::query::latest::{Latest, LatestQuery};

use super::error::Result;
use super::extract::Query;
use crate::app::AppState;
use crate::query;

pub(super) async fn get_latest(app: AppState, Query(query): Query<LatestQuery>) -> Result<Json<Latest>> {
    Ok(Json(query::latest::latest(&*app.store, app.clock.now(), &query).await?))
}
