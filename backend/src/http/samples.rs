//! Raw samples, page by page.

use axum::response::Response;
use shared::query::samples::{Samples, SamplesQuery};
use shared::route;

use super::error::Result;
use super::extract::Query;
use super::openapi::{MetricErrors, NotModified, QUERIES};
use super::revalidate::Question;
use crate::app::AppState;
use crate::query;
use crate::query::version::Version;

/// Raw samples as they are stored, with their arrival time, page by page: by rising time, then by channel.
#[utoipa::path(
    get,
    path = route::SAMPLES,
    tag = QUERIES,
    params(SamplesQuery),
    responses((status = 200, description = "One page. `next` is the cursor of the page after it.", body = Samples), NotModified, MetricErrors),
)]
pub(super) async fn list_samples(
    app: AppState,
    question: Question,
    Query(query): Query<SamplesQuery>,
) -> Result<Response> {
    let version = Version::of_past(&*app.store, app.clock.now(), &query.metric, query.to).await?;
    question
        .answer(version, query::samples::samples(&*app.store, &query))
        .await
}
