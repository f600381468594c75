//! Nights that hold data.

use axum::response::Response;
use shared::query::nights::NightsQuery;

use super::error::Result;
use super::extract::Query;
use super::form::Form;
use crate::app::AppState;
use crate::query;

pub(super) async fn list_nights(app: AppState, form: Form, Query(query): Query<NightsQuery>) -> Result<Response> {
    let nights = query::nights::nights(&*app.store, &app.night_calendar, app.clock.now(), &query).await?;
    Ok(form.answer(&nights))
}
