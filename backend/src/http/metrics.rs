//! The catalogue of metrics.

use axum::response::Response;

use super::error::Result;
use super::form::Form;
use crate::app::AppState;
use crate::query;

pub(super) async fn list_metrics(app: AppState, form: Form) -> Result<Response> {
    Ok(form.answer(&query::metrics::metrics(&*app.store).await?))
}
