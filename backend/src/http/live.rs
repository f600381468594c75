//! Live updates over a WebSocket.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::{HeaderMap, HeaderName, Uri, header};
use axum::response::Response;
use futures_util::{SinkExt as _, StreamExt as _};
use shared::route;

use super::error::{Error, Result};
use super::openapi::{OPERATIONS, ServerErrors};
use crate::app::{App, AppState};
use crate::live::session::{self, End, Incoming};
use crate::live::step::Outgoing;
use crate::live::{MAX_CLIENTS, Seat};

/// The longest message of a client, in bytes: its subscriptions.
const MAX_MESSAGE_BYTES: usize = 1 << 20;

/// How many bytes of a client are read at once. It says little, and each has room for them as long as it is there.
const READ_BUFFER_BYTES: usize = 1 << 12;

/// How many bytes may wait for a slow client; a message that is longer waits alone.
const WRITE_BUFFER_BYTES: usize = 1 << 17;

const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// A WebSocket with live updates: the client says which questions stay open, and gets what changes in their answers.
///
/// Each answer to `envelope`, `raster` and `latest` carries a position in its header `watchroom-position`. Subscribe to
/// the same question with it, as JSON in a text message: `{"subscribe":[{"id":1,"question":{"envelope":{"metric":"…",
/// "channels":"band","from":"…Z","to":"…Z","columns":600}},"since":{"epoch":…,"sequence":…}}]}`. What comes
/// is one `heartbeat` each second, and an `increment` when something has changed, at most ten a second for each question:
/// `part` takes the place of all that the client holds with a start from `from_us` on and before `to_us`. Without `since`
/// the first increment is all of the answer. After a `resync` ask over HTTP anew and subscribe with the position that you
/// get. A client that was cut off resumes each question with the position of its last answer or increment.
#[utoipa::path(
    get,
    path = route::LIVE,
    tag = OPERATIONS,
    responses(
        (status = 101, description = "From here on messages: `ClientMessage` from the client, `ServerMessage` to it."),
        (status = 400, description = "No handshake of a WebSocket.", body = shared::error::ApiError),
        (status = 403, description = "The page of another site asks.", body = shared::error::ApiError),
        ServerErrors,
    ),
)]
pub(super) async fn get_live(
    app: AppState,
    headers: HeaderMap,
    upgrade: std::result::Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response> {
    let upgrade = upgrade.map_err(|rejection| Error::NoWebSocket(rejection.body_text()))?;
    check_origin(&headers)?;
    let AppState(app) = app;
    let seat = app
        .live
        .take_seat()
        .ok_or(Error::TooManyClients { limit: MAX_CLIENTS })?;
    let upgrade = upgrade
        .max_message_size(MAX_MESSAGE_BYTES)
        .max_frame_size(MAX_MESSAGE_BYTES)
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES);
    Ok(upgrade.on_upgrade(move |socket| serve(app, seat, socket)))
}

/// Browsers let any site open a WebSocket to any other. Only pages of this one may: what they read is not public.
fn check_origin(headers: &HeaderMap) -> Result<()> {
    let Some(origin) = headers.get(header::ORIGIN) else {
        // No browser.
        return Ok(());
    };
    let host_of = |text: &str| text.parse::<Uri>().ok()?.host().map(str::to_ascii_lowercase);
    let origin = origin.to_str().ok().and_then(host_of);
    let names = [header::HOST, FORWARDED_HOST];
    let mut own = names.iter().filter_map(|name| headers.get(name));
    if origin.is_some() && own.any(|host| host.to_str().ok().and_then(host_of) == origin) {
        return Ok(());
    }
    Err(Error::ForeignOrigin)
}

async fn serve(app: Arc<App>, seat: Seat, socket: WebSocket) {
    let (out, incoming) = socket.split();
    let out = out.with(|message: Outgoing| std::future::ready(Ok::<_, axum::Error>(message_of(message))));
    let incoming = incoming.map(|message| message.map(incoming_of));
    let ended = session::serve(Arc::clone(&app.live), out, incoming, || app.dashboards().revision).await;
    match ended {
        End::Gone | End::Stopped => tracing::debug!("a live client has gone: {ended:?}"),
        End::Silent | End::Misunderstood => tracing::info!("a live client was let go of: {ended:?}"),
    }
    drop(seat);
}

fn message_of(outgoing: Outgoing) -> Message {
    match outgoing {
        Outgoing::Binary(bytes) => Message::Binary(bytes.into()),
        Outgoing::Text(text) => Message::Text(text.into()),
        Outgoing::Ping => Message::Ping(Bytes::new()),
        Outgoing::Close(reason) => Message::Close(Some(CloseFrame {
            code: close_code::AWAY,
            reason: reason.into(),
        })),
    }
}

fn incoming_of(message: Message) -> Incoming {
    match message {
        Message::Binary(bytes) => Incoming::Binary(bytes.into()),
        Message::Text(text) => Incoming::Text(text.as_str().to_owned()),
        Message::Ping(_) | Message::Pong(_) => Incoming::Pong,
        Message::Close(_) => Incoming::Close,
    }
}
