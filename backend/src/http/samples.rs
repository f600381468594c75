//! Raw samples, page by page.

use axum::Json;
use shared::query::samples::{Samples, SamplesQuery};

use super::error::Result;
use super::extract::Query;
use crate::app::AppState;
use crate::query;

pub(super) async fn list_samples(app: AppState, Query(query): Query<SamplesQuery>) -> Result<Json<Samples>> {
    Ok(Json(query::samples::samples(&*app.store, &query).await?))
}
