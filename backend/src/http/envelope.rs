//! The envelope of channels, or of the band.

use axum::response::Response;
use shared::query::envelope::{Envelope, EnvelopeQuery};
use shared::route;

use super::error::Result;
use super::extract::Query;
use super::openapi::{MetricErrors, NotModified, QUERIES};
use super::revalidate::Question;
use crate::app::AppState;
use crate::query;
use crate::query::version::Version;

/// The envelope of channels, or of the band, over a range: what a plot of so many pixels needs, with no extreme lost.
///
/// Every sample of the range is in exactly one column. Edges of columns are given as they are. Columns without a finite
/// sample are left out. Only finite values enter count, extremes and mean.
#[utoipa::path(
    get,
    path = route::ENVELOPE,
    tag = QUERIES,
    params(EnvelopeQuery),
    responses((status = 200, description = "Columns, or the samples themselves where they are few.", body = Envelope), NotModified, MetricErrors),
)]
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
