//! Whether the server lives, and whether it can answer.

use axum::Json;
use serde::Serialize;

use super::error::Result;
use crate::app::AppState;

/// That it lives, in the words that clients of InfluxDB 2.x understand.
#[derive(Serialize)]
pub(super) struct Health {
    name: &'static str,
    status: &'static str,
    version: &'static str,
}

/// How it is.
#[derive(Serialize)]
pub(super) struct Status {
    status: &'static str,
}

/// Answers as long as the process does.
pub(super) async fn get_health() -> Json<Health> {
    Json(Health {
        name: "watchroom",
        status: "pass",
        version: env!("CARGO_PKG_VERSION"),
    })
}

/// Answers 200 while the store does, else 503.
pub(super) async fn get_ready(app: AppState) -> Result<Json<Status>> {
    app.store.ping().await?;
    Ok(Json(Status { status: "ready" }))
}
