//! What handlers take in: extractors whose rejections are the one error envelope.

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;

use super::error::Error;
use crate::app::AppState;

/// The most bytes that a body may have, unpacked.
pub(super) const MAX_BODY_BYTES: usize = 64 << 20;

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

/// The body, unpacked, at most [`MAX_BODY_BYTES`].
#[derive(Debug)]
pub(super) struct Payload(pub(super) Bytes);

impl FromRequest<AppState> for Payload {
    type Rejection = Error;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Error> {
        // A layer has unpacked gzip and taken the header off.
        if let Some(found) = header_text(request.headers(), &header::CONTENT_ENCODING)
            && !found.eq_ignore_ascii_case("identity")
        {
            let expected = "packed with gzip or not packed";
            return Err(Error::UnsupportedMediaType { expected, found });
        }
        let body = Bytes::from_request(request, state).await;
        body.map(Self).map_err(|rejection| match rejection {
            BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => Error::BodyTooLarge {
                limit_bytes: MAX_BODY_BYTES,
            },
            other => Error::BadBody(other.body_text()),
        })
    }
}

/// A body that says that it is JSON; not parsed yet.
#[derive(Debug)]
pub(super) struct JsonPayload(pub(super) Bytes);

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
        let Payload(body) = Payload::from_request(request, state).await?;
        Ok(Self(body))
    }
}

/// A header as text, cut short; `None` where it is missing.
fn header_text(headers: &HeaderMap, name: &header::HeaderName) -> Option<String> {
    let value = headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).chars().take(100).collect())
}
