//! The catalogue of metrics.

use axum::response::Response;
use shared::metric::Metrics;
use shared::route;

use super::error::Result;
use super::form::Form;
use super::openapi::{QUERIES, ServerErrors};
use crate::app::AppState;
use crate::query;

/// All metrics, sorted by name, with unit, channels, rhythm, and the first and last time of their samples.
#[utoipa::path(
    get,
    path = route::METRICS,
    tag = QUERIES,
    responses((status = 200, description = "All metrics known to the store.", body = Metrics), ServerErrors),
)]
pub(super) async fn list_metrics(app: AppState, form: Form) -> Result<Response> {
    Ok(form.answer(&query::metrics::metrics(&*app.store, &app.streams).await?))
}
