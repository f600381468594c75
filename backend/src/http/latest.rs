//! The newest sample of each channel.

use axum::response::Response;
use shared::query::latest::LatestQuery;

use super::error::Result;
use super::extract::Query;
use super::form::Form;
use crate::app::AppState;
use crate::query;

pub(super) async fn get_latest(app: AppState, form: Form, Query(query): Query<LatestQuery>) -> Result<Response> {
    let latest = query::latest::latest(&*app.store, app.clock.now(), &query).await?;
    Ok(form.answer(&latest))
}
