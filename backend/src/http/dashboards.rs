//! The site and its dashboards.

use axum::response::Response;

use super::form::Form;
use crate::app::AppState;

pub(super) async fn list_dashboards(app: AppState, form: Form) -> Response {
    form.answer(&app.dashboards)
}
