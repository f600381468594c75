//! What the server tells of itself.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use shared::alarm::AlarmState;
use shared::route;

use super::openapi::{OPERATIONS, ServerErrors};
use crate::app::{App, AppState};
use crate::notify::delivery::{DEAD_LETTERS, OUTBOX};
use crate::telemetry::Exposition;

/// What the server tells of itself to Prometheus: what comes in and how late, what the store and the caches do, requests
/// by route, viewers, streams and alarms by state.
///
/// In `OpenMetrics` for who accepts it, as Prometheus does, else in the older text format.
#[utoipa::path(
    get,
    path = route::TELEMETRY,
    tag = OPERATIONS,
    responses(
        (
            status = 200,
            description = "Metrics of the server, one sample a line.",
            content((String = "application/openmetrics-text"), (String = "text/plain")),
        ),
        ServerErrors,
    ),
)]
pub(super) async fn get_telemetry(app: AppState, headers: HeaderMap) -> Response {
    let telemetry = &app.telemetry;
    telemetry.tile_cache.set_bytes(app.pyramid.cached_bytes());
    telemetry.answer_cache.set_bytes(app.answers.bytes());
    let n_viewers = i64::try_from(app.live.n_clients()).unwrap_or(i64::MAX);
    telemetry.live.viewers.set(n_viewers);
    app.streams.tell(telemetry);
    tell_alarms(&app);
    tell_outbox(&app).await;
    let exposition = exposition_for(&headers);
    let told = telemetry.told(exposition);
    let media_type = HeaderValue::from_static(exposition.media_type());
    let vary = HeaderValue::from_static("accept");
    ([(header::CONTENT_TYPE, media_type), (header::VARY, vary)], told).into_response()
}

/// How many rules are in each state.
fn tell_alarms(app: &App) {
    let list = app.alarms.list(app.clock.now().as_micros());
    for state in AlarmState::ALL {
        let count = list.alarms.iter().filter(|alarm| alarm.state == state).count();
        app.telemetry.alarms.set(state.as_str(), count as u64);
    }
}

/// How many messages wait, and how many were given up; while the store fails, what it said last.
async fn tell_outbox(app: &App) {
    let outbox = &app.telemetry.outbox;
    for (collection, gauge) in [(OUTBOX, &outbox.waiting), (DEAD_LETTERS, &outbox.dead_letters)] {
        if let Ok(records) = app.store.records().records(collection).await {
            gauge.set(i64::try_from(records.len()).unwrap_or(i64::MAX));
        }
    }
}

fn exposition_for(headers: &HeaderMap) -> Exposition {
    let mut accepted = headers.get_all(header::ACCEPT).iter();
    let open = |value: &HeaderValue| {
        let text = value.to_str().unwrap_or_default();
        text.contains("application/openmetrics-text")
    };
    if accepted.any(open) {
        Exposition::OpenMetrics
    } else {
        Exposition::Text
    }
}
