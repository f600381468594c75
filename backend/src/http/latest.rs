//! The newest sample of each channel.

use axum::response::Response;
use shared::query::latest::{Latest, LatestQuery};
use shared::route;

use super::error::Result;
use super::extract::Query;
use super::hanging::within_limit;
use super::openapi::{MetricErrors, NotModified, QUERIES};
use super::revalidate::Question;
use crate::app::AppState;
use crate::query;
use crate::query::version::Version;

/// The newest sample of each channel of a metric, its age, and what the age means.
///
/// With `at`, as it was at that moment.
#[utoipa::path(
    get,
    path = route::LATEST,
    tag = QUERIES,
    params(LatestQuery),
    responses((status = 200, description = "Every channel by its index, also those that never spoke.", body = Latest), NotModified, MetricErrors),
)]
pub(super) async fn get_latest(
    app: AppState,
    question: Question,
    Query(query): Query<LatestQuery>,
) -> Result<Response> {
    let now = app.clock.now();
    let version = match query.at {
        // The sample at the moment itself is in the answer.
        Some(at) => {
            let version = Version::of_past(&*app.store, now, &query.metric, at.saturating_add_micros(1)).await?;
            with_expectation(&app, version, &query.metric).await?
        }
        None => None,
    };
    question
        .answer(
            version,
            within_limit(query::latest::latest(&*app.store, &app.streams, now, &query)),
        )
        .await
}

/// States depend on the rhythm that was learned by now, besides what is stored.
async fn with_expectation(app: &AppState, version: Option<Version>, metric: &str) -> Result<Option<Version>> {
    let (Some(mut version), Some(metric)) = (version, app.store.metric_by_name(metric).await?) else {
        return Ok(None);
    };
    version.add(&format!("{:?}", app.streams.expectation(&metric)));
    Ok(Some(version))
}
