//! Nights that hold data.

use axum::response::Response;
use shared::query::nights::{Nights, NightsQuery};
use shared::route;

use super::error::Result;
use super::extract::Query;
use super::openapi::{MetricErrors, NotModified, QUERIES};
use super::revalidate::Question;
use crate::app::AppState;
use crate::query;

/// Which nights hold data, newest first, and how complete they are.
///
/// A night goes from the site's day start on its date to the next one: 23 or 25 hours at a change of the clock.
#[utoipa::path(
    get,
    path = route::NIGHTS,
    tag = QUERIES,
    params(NightsQuery),
    responses((status = 200, description = "Nights that hold at least one frame.", body = Nights), NotModified, MetricErrors),
)]
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
