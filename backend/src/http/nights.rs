//! Nights that hold data.

use axum::response::Response;
use shared::query::nights::NightsQuery;

use super::error::Result;
use super::extract::Query;
use super::revalidate::Question;
use crate::app::AppState;
use crate::query;

pub(super) async fn list_nights(
    app: AppState,
    question: Question,
    Query(query): Query<NightsQuery>,
) -> Result<Response> {
    let (store, calendar, now) = (&*app.store, &app.night_calendar, app.clock.now());
    let version = query::nights::version(store, calendar, now, &query).await?;
    question
        .answer(version, query::nights::nights(store, calendar, now, &query))
        .await
}
