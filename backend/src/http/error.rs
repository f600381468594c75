//! The one shape of an error, and the only place that knows status codes.
//!
//! An error of the client is told in full. One of the server is told in a word; its cause travels with the response, and
//! [`super::observe`] logs it once, with the request that it belongs to.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use shared::error::ApiError;

use crate::alarms::actions::ActionError;
use crate::alarms::service::Refused;
use crate::ingest::admission::Overloaded;
use crate::ingest::influxql;
use crate::ingest::json_frames::BodyError;
use crate::ingest::writer::WriteFailed;
use crate::{query, store};

/// After how many seconds a client may try again where the store cannot be reached.
const RETRY_AFTER_SECS: HeaderValue = HeaderValue::from_static("5");

/// After how many seconds where too much is under way.
const OVERLOAD_SECS: HeaderValue = HeaderValue::from_static("1");

/// Why a request is not answered as asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("there is nothing at {path}{}", did_you_mean(*nearest))]
    UnknownRoute {
        path: String,
        nearest: Option<&'static str>,
    },
    #[error("{path} does not know the method {method}")]
    MethodNotAllowed { method: String, path: String },
    #[error("there is no delivery {0:?}; it was sent meanwhile, or never was there")]
    UnknownDelivery(String),
    #[error("{0}")]
    BadQueryString(String),
    #[error("the body is larger than {limit_bytes} bytes; send it in parts, or raise ingest.body_limit")]
    BodyTooLarge { limit_bytes: usize },
    #[error("{0}")]
    Overloaded(#[from] Overloaded),
    #[error("the body could not be read: {0}")]
    BadBody(String),
    #[error("the body must be {expected}; it is {found}")]
    UnsupportedMediaType { expected: &'static str, found: String },
    #[error("{0}")]
    BadJson(#[from] BodyError),
    #[error("{0}")]
    Statement(#[from] influxql::Error),
    #[error("{0}")]
    Query(query::Error),
    #[error(
        "an export needs HTTP/1.1, in which a file that was cut short can be told; in nginx: proxy_http_version 1.1"
    )]
    NeedsHttp11,
    #[error("the answer took longer than {limit_secs} s; ask for a shorter range or fewer channels")]
    TooSlow { limit_secs: u64 },
    #[error("{0}")]
    Action(#[from] ActionError),
    #[error("the store failed: {0}")]
    Store(#[from] store::Error),
    #[error("the store failed: {0}")]
    Write(#[from] WriteFailed),
    #[error("live updates come over a WebSocket: {0}")]
    NoWebSocket(String),
    #[error("the page of another site may not listen; a proxy must pass the header Host or X-Forwarded-Host on")]
    ForeignOrigin,
    #[error("there are {limit} live clients already; close some, or try again later")]
    TooManyClients { limit: usize },
    #[error("a request panicked: {0}")]
    Panic(String),
}

/// What a handler gives.
pub(super) type Result<T> = std::result::Result<T, Error>;

impl From<query::Error> for Error {
    fn from(error: query::Error) -> Self {
        match error {
            query::Error::Store(error) => Self::Store(error),
            error => Self::Query(error),
        }
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Action(error) => Self::Action(error),
            Refused::Store(error) => Self::Store(error),
        }
    }
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |nearest| format!("; did you mean {nearest}?"))
}

impl Error {
    fn status(&self) -> StatusCode {
        match self {
            Self::UnknownRoute { .. } | Self::UnknownDelivery(_) | Self::Action(ActionError::UnknownRule { .. }) => {
                StatusCode::NOT_FOUND
            }
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::BadQueryString(_)
            | Self::BadBody(_)
            | Self::BadJson(_)
            | Self::Statement(_)
            | Self::NoWebSocket(_)
            | Self::Action(ActionError::Wrong(_)) => StatusCode::BAD_REQUEST,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Query(error) => query_status(error),
            Self::Action(ActionError::Untimely(_)) => StatusCode::CONFLICT,
            Self::NeedsHttp11 => StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            Self::ForeignOrigin => StatusCode::FORBIDDEN,
            Self::TooSlow { .. } | Self::Overloaded(_) | Self::TooManyClients { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Store(error) => store_status(error),
            Self::Write(failed) => store_status(&failed.source),
            Self::Panic(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::UnknownRoute { .. } => "unknown_route",
            Self::UnknownDelivery(_) => "unknown_delivery",
            Self::MethodNotAllowed { .. } => "method_not_allowed",
            Self::BadQueryString(_) => "bad_query",
            Self::BodyTooLarge { .. } => "body_too_large",
            Self::Overloaded(_) => "overloaded",
            Self::BadBody(_) => "bad_body",
            Self::UnsupportedMediaType { .. } => "unsupported_media_type",
            Self::BadJson(_) => "bad_json",
            Self::Statement(_) => "bad_statement",
            Self::Query(error) => query_code(error),
            Self::Action(ActionError::UnknownRule { .. }) => "unknown_alarm",
            Self::Action(ActionError::Wrong(_)) => "bad_action",
            Self::Action(ActionError::Untimely(_)) => "untimely_action",
            Self::NeedsHttp11 => "needs_http_1_1",
            Self::TooSlow { .. } => "too_slow",
            Self::NoWebSocket(_) => "no_websocket",
            Self::ForeignOrigin => "foreign_origin",
            Self::TooManyClients { .. } => "too_many_clients",
            Self::Store(error) => store_code(error),
            Self::Write(failed) => store_code(&failed.source),
            Self::Panic(_) => "internal",
        }
    }

    /// What the client is told. A server's error says no more than that, and what of the request is stored.
    fn message(&self) -> String {
        match self {
            Self::Store(error) if store_status(error) == StatusCode::SERVICE_UNAVAILABLE => {
                "the store is unavailable; try again shortly".to_owned()
            }
            Self::Store(_) => "the store failed; the log of the server says more".to_owned(),
            Self::Write(failed) => format!(
                "the store failed; {} frames of this request are stored, send all of it again",
                failed.accepted
            ),
            Self::Panic(_) | Self::Query(query::Error::Unwritable(_)) => {
                "the server made a mistake; its log says more".to_owned()
            }
            told => told.to_string(),
        }
    }

    fn details(&self) -> BTreeMap<String, String> {
        let details: Vec<(&str, String)> = match self {
            Self::BodyTooLarge { limit_bytes } => vec![("limit_bytes", limit_bytes.to_string())],
            Self::BadJson(error) => vec![("line", error.line.to_string()), ("column", error.column.to_string())],
            Self::Query(error) => query_details(error),
            Self::Action(ActionError::UnknownRule {
                nearest: Some(nearest), ..
            }) => vec![("nearest", nearest.clone())],
            Self::TooManyClients { limit } => vec![("limit", limit.to_string())],
            Self::TooSlow { limit_secs } => vec![("limit_secs", limit_secs.to_string())],
            Self::Write(failed) => vec![("accepted", failed.accepted.to_string())],
            _ => Vec::new(),
        };
        details
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}

fn query_status(error: &query::Error) -> StatusCode {
    match error {
        query::Error::UnknownMetric { .. }
        | query::Error::UnknownChannel { .. }
        | query::Error::UnknownGeometry { .. }
        | query::Error::UnknownPlace => StatusCode::NOT_FOUND,
        query::Error::ReversedRange(_)
        | query::Error::SpanTooLong { .. }
        | query::Error::SkySpanTooLong { .. }
        | query::Error::TooManyColumns { .. }
        | query::Error::TooManyPoints { .. }
        | query::Error::TooManyRows { .. }
        | query::Error::TooManyCells { .. }
        | query::Error::TooMuchToRead { .. }
        | query::Error::BadValueRange { .. }
        | query::Error::ValueRangeWithoutDensity
        | query::Error::LimitOutOfRange { .. }
        | query::Error::BadCursor(_)
        | query::Error::BandHasNoSamples => StatusCode::UNPROCESSABLE_ENTITY,
        query::Error::Unwritable(_) => StatusCode::INTERNAL_SERVER_ERROR,
        query::Error::Store(error) => store_status(error),
    }
}

fn query_code(error: &query::Error) -> &'static str {
    match error {
        query::Error::UnknownMetric { .. } => "unknown_metric",
        query::Error::UnknownChannel { .. } => "unknown_channel",
        query::Error::ReversedRange(_) => "reversed_range",
        query::Error::UnknownGeometry { .. } => "unknown_geometry",
        query::Error::UnknownPlace => "unknown_place",
        query::Error::SpanTooLong { .. } | query::Error::SkySpanTooLong { .. } => "span_too_long",
        query::Error::TooManyColumns { .. } => "too_many_columns",
        query::Error::TooManyPoints { .. } => "too_many_points",
        query::Error::TooManyRows { .. } => "too_many_rows",
        query::Error::TooManyCells { .. } => "too_many_cells",
        query::Error::TooMuchToRead { .. } => "too_much_to_read",
        query::Error::BadValueRange { .. } => "bad_value_range",
        query::Error::ValueRangeWithoutDensity => "value_range_without_density",
        query::Error::LimitOutOfRange { .. } => "limit_out_of_range",
        query::Error::BadCursor(_) => "bad_cursor",
        query::Error::BandHasNoSamples => "band_has_no_samples",
        query::Error::Unwritable(_) => "internal",
        query::Error::Store(error) => store_code(error),
    }
}

fn query_details(error: &query::Error) -> Vec<(&'static str, String)> {
    match error {
        query::Error::UnknownMetric { name, nearest } => {
            let nearest = nearest.iter().map(|nearest| ("nearest", nearest.clone()));
            nearest.chain([("metric", name.clone())]).collect()
        }
        query::Error::UnknownChannel { metric, n_channels, .. } => {
            vec![("metric", metric.clone()), ("channels", n_channels.to_string())]
        }
        query::Error::UnknownGeometry { name, nearest } => {
            let nearest = nearest.iter().map(|nearest| ("nearest", nearest.clone()));
            nearest.chain([("name", name.clone())]).collect()
        }
        query::Error::SpanTooLong { .. } => vec![("limit_days", query::MAX_SPAN_DAYS.to_string())],
        query::Error::SkySpanTooLong { .. } => vec![("limit_days", crate::sky::MAX_DAYS.to_string())],
        query::Error::TooManyColumns { .. } => {
            vec![("limit", shared::query::envelope::MAX_COLUMNS.to_string())]
        }
        query::Error::TooManyPoints { .. } => vec![("limit", query::MAX_POINTS.to_string())],
        query::Error::TooManyRows { .. } => vec![("limit", shared::query::raster::MAX_ROWS.to_string())],
        query::Error::TooManyCells { .. } => vec![("limit", query::raster::MAX_CELLS.to_string())],
        query::Error::TooMuchToRead { .. } => vec![("limit", query::raster::MAX_READ.to_string())],
        query::Error::LimitOutOfRange { max, .. } => vec![("limit", max.to_string())],
        query::Error::ReversedRange(_)
        | query::Error::UnknownPlace
        | query::Error::BadValueRange { .. }
        | query::Error::ValueRangeWithoutDensity
        | query::Error::BadCursor(_)
        | query::Error::BandHasNoSamples
        | query::Error::Unwritable(_)
        | query::Error::Store(_) => Vec::new(),
    }
}

fn store_status(error: &store::Error) -> StatusCode {
    match error {
        store::Error::Unavailable(_) | store::Error::InUse(_) => StatusCode::SERVICE_UNAVAILABLE,
        store::Error::Corrupt(_) | store::Error::TooNew(_) | store::Error::Invalid(_) => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
        store::Error::ReadOnly(_) => StatusCode::FORBIDDEN,
    }
}

fn store_code(error: &store::Error) -> &'static str {
    match error {
        store::Error::Unavailable(_) | store::Error::InUse(_) => "store_unavailable",
        store::Error::Corrupt(_) | store::Error::TooNew(_) | store::Error::Invalid(_) => "store_failed",
        store::Error::ReadOnly(_) => "store_read_only",
    }
}

/// What a client is told of a query without an answer, whatever it came by.
pub(super) fn told(error: query::Error) -> ApiError {
    Error::from(error).told()
}

impl Error {
    fn told(&self) -> ApiError {
        ApiError {
            code: self.code().to_owned(),
            message: self.message(),
            details: self.details(),
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = self.status();
        let is_overload = matches!(self, Self::Overloaded(_));
        let body = self.told();
        let mut response = (status, Json(&body)).into_response();
        response.extensions_mut().insert(body);
        if status == StatusCode::SERVICE_UNAVAILABLE {
            let secs = if is_overload { OVERLOAD_SECS } else { RETRY_AFTER_SECS };
            response.headers_mut().insert(header::RETRY_AFTER, secs);
        }
        // A server that has too much to do must not spend its time on saying so in its log.
        if status.is_server_error() && !is_overload {
            response.extensions_mut().insert(Cause(Arc::new(self)));
        }
        response
    }
}

/// Why a response is an error of the server, for the log.
#[derive(Clone, Debug)]
pub(super) struct Cause(pub(super) Arc<Error>);
