//! What surrounds every request: its id, its log line, a bound on its time, and what happens when it panics.

use std::any::Any;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tracing::Instrument as _;

use super::error::{Cause, Error};
use crate::app::AppState;

/// The name of a request in the log and in its answer.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives the request an id, and logs how it ended: failures of the server as errors, of the client as information.
pub(super) async fn observe(request: Request, next: Next) -> Response {
    let id = request_id(&request);
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let span = tracing::info_span!("request", id, %method, path);
    let started = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let status = response.status();
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    span.in_scope(|| {
        if let Some(Cause(cause)) = response.extensions_mut().remove::<Cause>() {
            tracing::error!(status = status.as_u16(), duration_ms, error = %cause, "{method} {path} failed: {cause}");
        } else if status.is_client_error() {
            tracing::info!(
                status = status.as_u16(),
                duration_ms,
                "{method} {path} was refused with {status}"
            );
        } else {
            tracing::debug!(
                status = status.as_u16(),
                duration_ms,
                "{method} {path} answered in {duration_ms} ms"
            );
        }
    });
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// The id that a proxy gave, or the next number.
fn request_id(request: &Request) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);

    let given = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok());
    let sane = |id: &&str| {
        (1..=64).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    match given.filter(sane) {
        Some(id) => id.to_owned(),
        None => NEXT.fetch_add(1, Ordering::Relaxed).to_string(),
    }
}

/// Counts the request under its route, with the time until its answer began.
pub(super) async fn count(app: AppState, request: Request, next: Next) -> Response {
    // Whatever is no route of the API is one of the page's, or of nobody's: clients make up paths without end.
    let route = request.extensions().get::<MatchedPath>().cloned();
    let started = Instant::now();
    let response = next.run(request).await;
    let route = route.as_ref().map_or("page", MatchedPath::as_str);
    let status = response.status().as_u16();
    app.telemetry.http.note(route, status, started.elapsed());
    response
}

/// How long requests may take, in seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimeLimits {
    /// A question.
    pub(super) query_secs: u64,
    /// A write, from its first byte.
    pub(super) write_secs: u64,
}

/// What all servers allow.
pub(super) const TIME_LIMITS: TimeLimits = TimeLimits {
    query_secs: 30,
    write_secs: 300,
};

/// Ends requests that take too long. What a write has stored by then stays.
pub(super) async fn limit_time(State(limits): State<TimeLimits>, request: Request, next: Next) -> Response {
    let limit_secs = if request.method() == Method::POST {
        limits.write_secs
    } else {
        limits.query_secs
    };
    let answer = tokio::time::timeout(Duration::from_secs(limit_secs), next.run(request)).await;
    answer.unwrap_or_else(|_elapsed| Error::TooSlow { limit_secs }.into_response())
}

/// Answers of the API are about now and of their declared type.
pub(super) async fn mark_as_live(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    join_vary(headers);
    response
}

/// Makes one line of what an answer depends on: nginx before 1.23 sees only one, and would give one form for another.
fn join_vary(headers: &mut HeaderMap) {
    let lines: Vec<&[u8]> = headers
        .get_all(header::VARY)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    if let Ok(joined) = HeaderValue::from_bytes(&lines.join(&b", "[..]))
        && 1 < lines.len()
    {
        headers.insert(header::VARY, joined);
    }
}

/// The answer to a request whose handler panicked.
pub(super) fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let said = match panic.downcast::<String>() {
        Ok(said) => *said,
        Err(panic) => panic
            .downcast_ref::<&str>()
            .map_or_else(|| "without a word".to_owned(), |said| (*said).to_owned()),
    };
    Error::Panic(said).into_response()
}
