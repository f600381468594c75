//! Frames in JSON.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use shared::frame::{FramesBody, PartialWrite, Rejected, WriteAccepted};
use shared::route;

use super::error::Result;
use super::extract::JsonPayload;
use super::openapi::{WRITES, WriteErrors};
use crate::app::AppState;
use crate::ingest::writer::Outcome;
use crate::ingest::{LineError, Parsed, json_frames};

/// Stores frames: the samples of many channels of a metric at one time each.
///
/// Good frames are stored, bad ones are named; the answer comes after the commit. A metric appears with its first frame.
/// A sample that is there already is replaced. Without `channels`, `values` are those of channels 0, 1, 2, …; with them
/// both have the same length. A frame more than 24 h in the future is refused. The body may be packed with gzip, and is
/// at most 64 MiB unpacked.
#[utoipa::path(
    post,
    path = route::FRAMES,
    tag = WRITES,
    request_body(
        content = FramesBody,
        content_type = "application/json",
        example = json!({"frames": [
            {"metric": "dome.temperature", "time": "2026-11-20T03:12:48Z", "values": [12.5, null, 12.75]},
            {"metric": "dome.temperature", "time": "2026-11-20T03:13:48Z", "channels": [2], "values": [12.5]},
        ]}),
    ),
    responses((status = 200, description = "All frames are stored and will stay.", body = WriteAccepted), WriteErrors),
)]
pub(super) async fn write_frames(app: AppState, JsonPayload(body): JsonPayload) -> Result<Response> {
    let outcome = store(&app, json_frames::parse(&body)?).await?;
    let accepted = outcome.accepted;
    if outcome.rejected.is_empty() {
        return Ok(Json(WriteAccepted { accepted }).into_response());
    }
    let message = format!(
        "{} stored, {} rejected; the rejected ones are listed with their index in the request",
        count(accepted, "frame"),
        count(outcome.rejected.len(), "frame")
    );
    Ok(partial_write(message, outcome))
}

/// Stores what was parsed, and joins what the parser and the writer rejected.
pub(super) async fn store(app: &AppState, parsed: Parsed) -> Result<Outcome> {
    let mut outcome = app.writer.store(parsed.frames).await?;
    outcome.rejected.extend(parsed.errors);
    outcome.rejected.sort_by_key(|error| error.position);
    Ok(outcome)
}

/// Says which parts of a request are not stored.
pub(super) fn partial_write(message: String, outcome: Outcome) -> Response {
    let rejected = outcome
        .rejected
        .into_iter()
        .map(|LineError { position, message }| Rejected {
            index: position,
            message,
        });
    let body = PartialWrite {
        code: "partial_write".to_owned(),
        message,
        accepted: outcome.accepted,
        rejected: rejected.collect(),
    };
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

/// "1 frame", "2 frames".
pub(super) fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
