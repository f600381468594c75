//! Raw samples, page by page.

use axum::response::Response;
use shared::query::samples::SamplesQuery;

use super::error::Result;
use super::extract::Query;
use super::form::Form;
use crate::app::AppState;
use crate::query;

pub(super) async fn list_samples(app: AppState, form: Form, Query(query): Query<SamplesQuery>) -> Result<Response> {
    Ok(form.answer(&query::samples::samples(&*app.store, &query).await?))
}
