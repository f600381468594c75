//! What handlers take in: extractors whose rejections are the one error envelope.

use std::time::Duration;

use axum::body::BodyDataStream;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;

use super::error::Error;
use crate::app::AppState;
use crate::ingest::admission::Admitted;
use crate::telemetry::Refusal;

/// How long the next piece of a body may take to come.
const MAX_SILENCE: Duration = Duration::from_secs(30);

/// For how long the rest of a refused body is read and forgotten, so that its sender gets to read the answer.
const MAX_DRAIN: Duration = Duration::from_secs(5);

/// The query string as a type. Unknown, missing and malformed parameters are named.
#[derive(Debug)]
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<AppState> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &AppState) -> Result<Self, Error> {
        match axum::extract::Query::<T>::try_from_uri(&parts.uri) {
            Ok(axum::extract::Query(query)) => Ok(Self(query)),
            Err(rejection) => {
                let text = rejection.body_text();
                let reason = text
                    .strip_prefix("Failed to deserialize query string: ")
                    .unwrap_or(&text);
                Err(Error::BadQueryString(format!(
                    "the query string is not understood: {reason}"
                )))
            }
        }
    }
}

/// A body, unpacked, as long as [`crate::ingest::admission`] lets it in. It keeps its place there until it is dropped.
#[derive(Debug)]
pub(super) struct Payload {
    pub(super) bytes: Vec<u8>,
    _admitted: Admitted,
}

impl FromRequest<AppState> for Payload {
    type Rejection = Error;

    async fn from_request(request: Request, app: &AppState) -> Result<Self, Error> {
        let (parts, body) = request.into_parts();
        let mut body = body.into_data_stream();
        let read = read(&parts.headers, &mut body, app).await;
        let refusal = match &read {
            Err(Error::BodyTooLarge { .. }) => Some(Refusal::TooLarge),
            Err(Error::Overloaded(_)) => Some(Refusal::Overload),
            _ => None,
        };
        if let Some(refusal) = refusal {
            app.telemetry.ingest.refuse(refusal);
            drain(body, app.admission.bounds().body_bytes).await;
        }
        read
    }
}

async fn read(headers: &HeaderMap, body: &mut BodyDataStream, app: &AppState) -> Result<Payload, Error> {
    // A layer has unpacked gzip and taken the header off, and the length with it.
    if let Some(found) = header_text(headers, &header::CONTENT_ENCODING)
        && !found.eq_ignore_ascii_case("identity")
    {
        let expected = "packed with gzip or not packed";
        return Err(Error::UnsupportedMediaType { expected, found });
    }
    let limit_bytes = app.admission.bounds().body_bytes;
    let mut admitted = app.admission.admit()?;
    let mut taken = 0;
    let mut hold = |admitted: &mut Admitted, n_bytes: usize| {
        if n_bytes > limit_bytes {
            return Err(Error::BodyTooLarge { limit_bytes });
        }
        if n_bytes > taken {
            admitted.hold(n_bytes - taken)?;
            taken = n_bytes;
        }
        Ok(())
    };
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok());
    let declared = declared.map_or(0, |length| length.parse().unwrap_or(0));
    hold(&mut admitted, declared)?;
    let mut bytes = Vec::with_capacity(declared);
    while let Some(piece) = tokio::time::timeout(MAX_SILENCE, body.next())
        .await
        .map_err(|_elapsed| Error::BadBody(format!("no more of it came within {} s", MAX_SILENCE.as_secs())))?
    {
        let piece = piece.map_err(|error| Error::BadBody(error.to_string()))?;
        hold(&mut admitted, bytes.len() + piece.len())?;
        bytes.extend_from_slice(&piece);
    }
    admitted.take_turn().await;
    Ok(Payload {
        bytes,
        _admitted: admitted,
    })
}

/// Reads on without keeping anything. A sender that is cut off in the middle of its body may never see the answer.
async fn drain(mut body: BodyDataStream, limit_bytes: usize) {
    let reading = async {
        let mut n_bytes = 0;
        while let Some(Ok(piece)) = body.next().await {
            n_bytes += piece.len();
            if n_bytes > limit_bytes {
                break;
            }
        }
    };
    // Whoever is slower than this must do without.
    let _elapsed = tokio::time::timeout(MAX_DRAIN, reading).await;
}

/// A body that says that it is JSON; not parsed yet.
#[derive(Debug)]
pub(super) struct JsonPayload(pub(super) Payload);

impl FromRequest<AppState> for JsonPayload {
    type Rejection = Error;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Error> {
        let found =
            header_text(request.headers(), &header::CONTENT_TYPE).unwrap_or_else(|| "without a type".to_owned());
        let essence = found.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if essence != "application/json" {
            let expected = "JSON with the header content-type: application/json";
            return Err(Error::UnsupportedMediaType { expected, found });
        }
        Payload::from_request(request, state).await.map(Self)
    }
}

/// A header as text, cut short; `None` where it is missing.
fn header_text(headers: &HeaderMap, name: &header::HeaderName) -> Option<String> {
    let value = headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).chars().take(100).collect())
}
