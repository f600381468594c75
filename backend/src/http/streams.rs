//! Which deliveries are silent.

use axum::response::Response;
use shared::query::streams::Streams;
use shared::route;

use super::error::Result;
use super::form::Form;
use super::hanging::within_limit;
use super::openapi::{QUERIES, ServerErrors};
use crate::app::AppState;
use crate::query;

/// Every metric with the state of its delivery, and every source with the state of its clock.
///
/// A stream is fresh, late or stale by its interval: the configured one, else the one its samples came in. Where channels
/// are many, states are counted once a second.
#[utoipa::path(
    get,
    path = route::STREAMS,
    tag = QUERIES,
    responses((status = 200, description = "All streams and all sources, by name.", body = Streams), ServerErrors),
)]
pub(super) async fn get_streams(app: AppState, form: Form) -> Result<Response> {
    let answer = async {
        // What is in memory is right only as long as the store takes samples.
        app.store.ping().await?;
        query::Result::Ok(app.streams.answer(&*app.store).await?)
    };
    Ok(form.answer(&*within_limit(answer).await?))
}
