//! Nights that hold data.

use axum::Json;
use shared::query::nights::{Nights, NightsQuery};

use super::error::Result;
use super::extract::Query;
use crate::app::AppState;
use crate::query;

pub(super) async fn list_nights(app: AppState, Query(query): Query<NightsQuery>) -> Result<Json<Nights>> {
    let nights = query::nights::nights(&*app.store, &app.night_calendar, app.clock.now(), &query).await?;
    Ok(Json(nights))
}
