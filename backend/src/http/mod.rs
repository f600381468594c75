//! The URL map. Handlers extract, call a capability and wrap; one file per resource.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use shared::route;

use crate::app::{App, AppState};

mod health;

/// Everything that the server answers.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route(route::HEALTH, get(health::get_health))
        .with_state(AppState(app))
}
