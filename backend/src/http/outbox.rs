//! What waits to be told to people, what was given up, and another try.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use shared::outbox::Outbox;
use shared::route;

use super::error::{Error, Result};
use super::form::Form;
use super::openapi::{DeliveryErrors, OPERATIONS, QUERIES, ServerErrors};
use crate::app::AppState;
use crate::notify;

/// Messages that wait or are being sent, and dead letters: messages that were given up, with the reason.
#[utoipa::path(
    get,
    path = route::OUTBOX,
    tag = QUERIES,
    responses((status = 200, description = "The oldest waiting one and the newest dead letter first.", body = Outbox), ServerErrors),
)]
pub(super) async fn list_outbox(app: AppState, form: Form) -> Result<Response> {
    let outbox = notify::list(app.store.records(), &app.config.notify, app.clock.now()).await?;
    Ok(form.answer(&outbox))
}

/// Sends a dead letter again, or what waits at once.
#[utoipa::path(
    post,
    path = route::OUTBOX_RETRY,
    tag = OPERATIONS,
    params(("id" = String, Path, description = "Its `id` in the outbox.")),
    responses((status = 204, description = "It is tried again within a second."), DeliveryErrors),
)]
pub(super) async fn retry_delivery(app: AppState, Path(id): Path<String>) -> Result<StatusCode> {
    if notify::retry(app.store.records(), &id, app.clock.now()).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        // As it is given, but no more of it than makes sense.
        Err(Error::UnknownDelivery(id.chars().take(64).collect()))
    }
}
