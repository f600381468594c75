//! Raw samples, page by page.

use axum::response::Response;
use shared::query::samples::{Samples, SamplesQuery};
use shared::route;

use super::error::Result;
use super::extract::Query;
use super::form::Form;
use super::openapi::{MetricErrors, QUERIES};
use crate::app::AppState;
use crate::query;

/// Raw samples as they are stored, with their arrival time, page by page: by rising time, then by channel.
#[utoipa::path(
    get,
    path = route::SAMPLES,
    tag = QUERIES,
    params(SamplesQuery),
    responses((status = 200, description = "One page. `next` is the cursor of the page after it.", body = Samples), MetricErrors),
)]
pub(super) async fn list_samples(app: AppState, form: Form, Query(query): Query<SamplesQuery>) -> Result<Response> {
    Ok(form.answer(&query::samples::samples(&*app.store, &query).await?))
}
