//! The envelope of channels, or of the band.

use axum::Json;
use shared::query::envelope::{Envelope, EnvelopeQuery};

use super::error::Result;
use super::extract::Query;
use crate::app::AppState;
use crate::query;

pub(super) async fn get_envelope(app: AppState, Query(query): Query<EnvelopeQuery>) -> Result<Json<Envelope>> {
    Ok(Json(query::envelope::envelope(&app.pyramid, &query).await?))
}
