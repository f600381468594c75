//! Whether the server lives, and whether it can answer.

use std::time::Duration;

use axum::Json;
use serde::Serialize;
use shared::route;
use utoipa::ToSchema;

use super::error::Result;
use super::hanging;
use super::openapi::{OPERATIONS, ServerErrors};
use crate::app::AppState;

/// How long the store may take to say that it is there. Pages without a live line ask each second.
const PATIENCE: Duration = Duration::from_secs(1);

/// That it lives, in the words that clients of InfluxDB 2.x understand.
#[derive(Serialize, ToSchema)]
pub(super) struct Health {
    /// Who.
    name: &'static str,
    /// `pass`.
    status: &'static str,
    /// Of the server.
    version: &'static str,
}

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
    responses((status = 200, description = "It does.", body = Health), ServerErrors),
)]
pub(super) async fn get_health() -> Json<Health> {
    Json(Health {
        name: "watchroom",
        status: "pass",
        version: env!("CARGO_PKG_VERSION"),
    })
}

/// Whether the server can answer queries: 200 while the store answers, else 503.
#[utoipa::path(
    get,
    path = route::READY,
    tag = OPERATIONS,
    responses((status = 200, description = "It can.", body = Status), ServerErrors),
)]
pub(super) async fn get_ready(app: AppState) -> Result<Json<Status>> {
    hanging::within(PATIENCE, async { Ok(app.store.ping().await?) }).await?;
    Ok(Json(Status { status: "ready" }))
}
