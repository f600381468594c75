//! The site and its dashboards.

use axum::response::Response;
use shared::dashboard::{Dashboard, DashboardFile, DashboardFiles, Dashboards};
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

/// The files that the dashboards were made of, for those who edit them: the page arranges panels and hands back the file
/// to commit.
#[utoipa::path(
    get,
    path = route::DASHBOARD_FILES,
    tag = QUERIES,
    responses((status = 200, description = "In the order of the dashboards.", body = DashboardFiles), ServerErrors),
)]
pub(super) async fn list_dashboard_files(app: AppState, form: Form) -> Response {
    let of = |dashboard: &Dashboard| DashboardFile {
        dashboard: dashboard.id.clone(),
        text: dashboard.source.clone(),
    };
    form.answer(&DashboardFiles {
        files: app.dashboards().dashboards.iter().map(of).collect(),
    })
}
