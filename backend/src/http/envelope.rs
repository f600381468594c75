//! The envelope of channels, or of the band.

use axum::response::Response;
use shared::query::envelope::EnvelopeQuery;

use super::error::Result;
use super::extract::Query;
use super::form::Form;
use crate::app::AppState;
use crate::query;

pub(super) async fn get_envelope(app: AppState, form: Form, Query(query): Query<EnvelopeQuery>) -> Result<Response> {
    Ok(form.answer(&query::envelope::envelope(&app.pyramid, &query).await?))
}
