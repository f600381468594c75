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
use crate::ingest::admission::PART_VALUES;
use crate::ingest::{LineError, Received, json_frames};
use crate::telemetry::IngestPath;

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
    let received = app
        .writer
        .receive(json_frames::parts(&body.bytes, PART_VALUES)?)
        .await?;
    let accepted = received.accepted;
    app.telemetry
        .ingest
        .note(IngestPath::Frames, accepted, received.n_rejected);
    if received.n_rejected == 0 {
        return Ok(Json(WriteAccepted { accepted }).into_response());
    }
    let message = format!(
        "{} stored, {} rejected; {} with their index in the request",
        count(accepted, "frame"),
        count(received.n_rejected, "frame"),
        listed(&received, "the rejected ones")
    );
    Ok(partial_write(message, received))
}

/// "they are listed", or how many of them are.
pub(super) fn listed(received: &Received, they: &str) -> String {
    if received.n_rejected > received.rejected.len() {
        format!("the first {} are listed", received.rejected.len())
    } else {
        format!("{they} are listed")
    }
}

/// Says which parts of a request are not stored.
pub(super) fn partial_write(message: String, received: Received) -> Response {
    let rejected = received
        .rejected
        .into_iter()
        .map(|LineError { position, message }| Rejected {
            index: position,
            message,
        });
    let body = PartialWrite {
        code: "partial_write".to_owned(),
        message,
        accepted: received.accepted,
        rejected: rejected.collect(),
    };
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

/// "1 frame", "2 frames".
pub(super) fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
