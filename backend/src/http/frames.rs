//! Frames in JSON.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use shared::frame::{PartialWrite, Rejected, WriteAccepted};

use super::error::Result;
use super::extract::JsonPayload;
use crate::app::AppState;
use crate::ingest::admission::PART_VALUES;
use crate::ingest::{LineError, Received, json_frames};

/// Stores what is good and names the rest. Answers after the store's commit.
pub(super) async fn write_frames(app: AppState, JsonPayload(body): JsonPayload) -> Result<Response> {
    let received = app
        .writer
        .receive(json_frames::parts(&body.bytes, PART_VALUES)?)
        .await?;
    let accepted = received.accepted;
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
