//! The site and its dashboards.

use axum::Json;
use shared::dashboard::Dashboards;

use crate::app::AppState;

pub(super) async fn list_dashboards(app: AppState) -> Json<Dashboards> {
    Json(app.dashboards.clone())
}
