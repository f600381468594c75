//! In which form an answer is written: JSON, or the compact form that the page asks for.

use axum::Json;
use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use shared::compact;
use shared::error::ApiError;

/// The form that a request asks for by its `Accept`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    Json,
    Compact,
}

impl Form {
    fn asked_for(headers: &HeaderMap) -> Self {
        let accepted = headers
            .get_all(header::ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok());
        let mut types = accepted.flat_map(|value| value.split(','));
        let is_compact = |media: &str| {
            media
                .split(';')
                .next()
                .is_some_and(|name| name.trim() == compact::MEDIA_TYPE)
        };
        if types.any(is_compact) {
            Self::Compact
        } else {
            Self::Json
        }
    }

    /// What answers in this form are called.
    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Compact => compact::MEDIA_TYPE,
        }
    }

    /// The answer in this form; `None` for what has none.
    pub(super) fn write<T: Serialize>(self, answer: &T) -> Option<Vec<u8>> {
        match self {
            Self::Json => serde_json::to_vec(answer).ok(),
            Self::Compact => compact::to_bytes(answer).ok(),
        }
    }

    /// The answer in this form.
    pub(super) fn answer<T: Serialize>(self, answer: &T) -> Response {
        let mut response = match self.write(answer) {
            // What has no compact form is written as JSON, and what cannot be written at all is said to be so.
            None => Json(answer).into_response(),
            Some(bytes) => ([(header::CONTENT_TYPE, self.media_type())], bytes).into_response(),
        };
        response
            .headers_mut()
            .append(header::VARY, HeaderValue::from_static("accept"));
        response
    }
}

impl<S: Sync> FromRequestParts<S> for Form {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::asked_for(&parts.headers))
    }
}

/// Errors come in the form that was asked for, too.
pub(super) async fn write_errors(request: Request, next: Next) -> Response {
    let form = Form::asked_for(request.headers());
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<ApiError>() {
        Some(error) if form == Form::Compact => {
            let mut written = form.answer(&error);
            *written.status_mut() = response.status();
            *written.extensions_mut() = std::mem::take(response.extensions_mut());
            // What tells of the other body is left out, also how that was packed.
            let of_body = [
                header::CONTENT_TYPE,
                header::CONTENT_LENGTH,
                header::CONTENT_ENCODING,
                header::TRANSFER_ENCODING,
                header::VARY,
            ];
            for (name, value) in response.headers() {
                if !of_body.contains(name) {
                    written.headers_mut().append(name, value.clone());
                }
            }
            written
        }
        _ => response,
    }
}
