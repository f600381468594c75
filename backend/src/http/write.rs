//! Line protocol, as clients of InfluxDB 1.x send it.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use super::error::{Error, Result};
use super::extract::{Payload, Query};
use super::frames::{count, partial_write, store};
use crate::app::AppState;
use crate::ingest::line_protocol::{self, Options, Precision};

/// The database whose metrics have no prefix, as has a request that names none.
const DEFAULT_DB: &str = "watchroom";

/// What clients say about their lines. Other parameters of InfluxDB (user, retention policy, …) mean nothing here.
#[derive(Debug, Deserialize)]
pub(super) struct WriteQuery {
    #[serde(default)]
    db: String,
    #[serde(default)]
    precision: String,
}

/// Stores good lines and names the others. Answers after the store's commit.
pub(super) async fn write_lines(
    app: AppState,
    Query(query): Query<WriteQuery>,
    Payload(body): Payload,
) -> Result<Response> {
    let precision = match query.precision.as_str() {
        "" => Precision::default(),
        text => text
            .parse()
            .map_err(|error| Error::BadQueryString(format!("precision: {error}")))?,
    };
    let prefix = match query.db.as_str() {
        "" | DEFAULT_DB => String::new(),
        db => format!("{db}/"),
    };
    let parsed = line_protocol::parse(&body, &Options { prefix, precision });
    let outcome = store(&app, parsed).await?;
    if outcome.rejected.is_empty() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let message = format!(
        "{} stored, {}; they are listed with their line",
        count(outcome.accepted, "sample"),
        count(outcome.rejected.len(), "mistake")
    );
    Ok(partial_write(message, outcome))
}
