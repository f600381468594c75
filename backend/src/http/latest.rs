//! The newest sample of each channel.

use axum::response::Response;
use shared::query::latest::{Latest, LatestQuery};
use shared::route;

use super::error::Result;
use super::extract::Query;
use super::form::Form;
use super::openapi::{MetricErrors, QUERIES};
use crate::app::AppState;
use crate::query;

/// The newest sample of each channel of a metric, its age, and what the age means.
#[utoipa::path(
    get,
    path = route::LATEST,
    tag = QUERIES,
    params(LatestQuery),
    responses((status = 200, description = "Every channel by its index, also those that never spoke.", body = Latest), MetricErrors),
)]
pub(super) async fn get_latest(app: AppState, form: Form, Query(query): Query<LatestQuery>) -> Result<Response> {
    let latest = query::latest::latest(&*app.store, app.clock.now(), &query).await?;
    Ok(form.answer(&latest))
}
