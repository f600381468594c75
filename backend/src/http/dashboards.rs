//! The site and its dashboards.

use axum::response::Response;
use shared::dashboard::Dashboards;
use shared::route;

use super::form::Form;
use super::openapi::{QUERIES, ServerErrors};
use crate::app::AppState;

/// The site, and all dashboards with their tabs and panels, as the page shows them.
///
/// They change with their files: `revision` counts how often, and `broken` tells of files that cannot be used as they are
/// now.
#[utoipa::path(
    get,
    path = route::DASHBOARDS,
    tag = QUERIES,
    responses((status = 200, description = "In the order of their files.", body = Dashboards), ServerErrors),
)]
pub(super) async fn list_dashboards(app: AppState, form: Form) -> Response {
    form.answer(&*app.dashboards())
}
