//! Raw samples, page by page.

use axum::response::Response;
use shared::query::samples::SamplesQuery;

use super::error::Result;
use super::extract::Query;
use super::revalidate::Question;
use crate::app::AppState;
use crate::query;
use crate::query::version::Version;

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
