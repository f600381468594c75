//! Whether the server lives, and whether it can answer.

use axum::Json;
use serde::Serialize;
use shared::route;
use utoipa::ToSchema;

use super::error::Result;
use super::openapi::{OPERATIONS, ServerErrors};
use crate::app::AppState;

/// How it is.
#[derive(Serialize, ToSchema)]
pub(super) struct Status {
    /// A word.
    status: &'static str,
}

/// Whether the server lives: answers as long as the process does.
#[utoipa::path(
    get,
    path = route::HEALTH,
    tag = OPERATIONS,
    responses((status = 200, description = "It does.", body = Status), ServerErrors),
)]
pub(super) async fn get_health() -> Json<Status> {
    Json(Status { status: "ok" })
}

/// Whether the server can answer queries: 200 while the store answers, else 503.
#[utoipa::path(
    get,
    path = route::READY,
    tag = OPERATIONS,
    responses((status = 200, description = "It can.", body = Status), ServerErrors),
)]
pub(super) async fn get_ready(app: AppState) -> Result<Json<Status>> {
    app.store.ping().await?;
    Ok(Json(Status { status: "ready" }))
}
