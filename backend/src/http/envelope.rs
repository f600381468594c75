//! The envelope of channels, or of the band.

use axum::response::Response;
use shared::query::envelope::EnvelopeQuery;

use super::error::Result;
use super::extract::Query;
use super::revalidate::Question;
use crate::app::AppState;
use crate::query;
use crate::query::version::Version;

pub(super) async fn get_envelope(
    app: AppState,
    question: Question,
    Query(query): Query<EnvelopeQuery>,
) -> Result<Response> {
    let version = Version::of_past(&*app.store, app.clock.now(), &query.metric, query.to).await?;
    question
        .answer(version, query::envelope::envelope(&app.pyramid, &query))
        .await
}
