//! The catalogue of metrics.

use axum::Json;
use shared::metric::Metrics;

use super::error::Result;
use crate::app::AppState;
use crate::query;

pub(super) async fn list_metrics(app: AppState) -> Result<Json<Metrics>> {
    Ok(Json(query::metrics::metrics(&*app.store).await?))
}
