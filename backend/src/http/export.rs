//! Raw samples as a file.
//!
//! The answer is streamed. A failure after its begin cuts the connection, so that no client can take the part that came
//! for the whole: chunked transfer has an end that can be missing. HTTP/1.0 has none, and is refused.

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Version, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::{StreamExt as _, TryStreamExt as _, future, stream};
use shared::query::export::{ExportFormat, ExportQuery};
use shared::route;
use tower_http::compression::Predicate;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType};

use super::error::{Error, Result};
use super::extract::Query;
use super::openapi::{ExportedFile, MetricErrors, QUERIES};
use crate::app::AppState;
use crate::query::export::{Export, Part};

/// Raw samples as a file: one row per sample with time, channel, label, value and arrival time.
///
/// The answer is streamed. A failure after its begin cuts the connection, so that a part is never taken for the whole.
#[utoipa::path(
    get,
    path = route::EXPORT,
    tag = QUERIES,
    params(ExportQuery),
    responses(ExportedFile, MetricErrors),
)]
pub(super) async fn get_export(app: AppState, version: Version, Query(query): Query<ExportQuery>) -> Result<Response> {
    if version < Version::HTTP_11 {
        return Err(Error::NeedsHttp11);
    }
    let export = Export::new(&*app.store, &query).await?;
    let disposition = disposition(&export.file_name());
    let media_type = export.format().media_type();
    let mut parts = export.stream(std::sync::Arc::clone(&app.store));
    // A store that is down is told as such, while there is a status to say it with.
    let first = parts.try_next().await?;
    let request = tracing::Span::current();
    let rest = parts.inspect_err(move |error| {
        request.in_scope(|| tracing::error!(%error, "an export was cut short: {error}"));
    });
    let parts = stream::iter(first.map(Ok)).chain(rest);
    let bytes = parts.try_filter_map(|Part { bytes, .. }| future::ok((!bytes.is_empty()).then(|| Bytes::from(bytes))));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CONTENT_DISPOSITION, disposition),
        // Not into a file of nginx first.
        (
            header::HeaderName::from_static("x-accel-buffering"),
            HeaderValue::from_static("no"),
        ),
    ];
    Ok((headers, Body::from_stream(bytes)).into_response())
}

/// Names the file to save: in ASCII, and for who understands it in full.
fn disposition(file_name: &str) -> HeaderValue {
    let ascii: String = file_name.chars().map(|c| if c.is_ascii() { c } else { '_' }).collect();
    let mut text = format!("attachment; filename=\"{ascii}\"");
    if ascii != file_name {
        let encoded = file_name.bytes().map(|byte| {
            if byte.is_ascii_alphanumeric() || b"._-".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        });
        text = format!("{text}; filename*=UTF-8''{}", encoded.collect::<String>());
    }
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("attachment"))
}

/// Which answers are worth packing: not a Parquet file, which is packed inside.
pub(super) fn not_packed_already() -> impl Predicate {
    DefaultPredicate::new().and(NotForContentType::const_new(ExportFormat::Parquet.media_type()))
}
