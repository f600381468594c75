//! Line protocol, as clients of InfluxDB 1.x and 2.x send it.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use super::error::{Error, Result};
use super::extract::{Payload, Query};
use super::frames::{count, listed, partial_write};
use super::influx;
use crate::app::AppState;
use crate::ingest::Received;
use crate::ingest::admission::PART_VALUES;
use crate::ingest::line_protocol::{self, Options, Precision};

/// How many mistakes the message itself tells; clients often show nothing else.
const TOLD: usize = 3;

/// What clients of 1.x say about their lines. Other parameters (user, retention policy, …) mean nothing here.
#[derive(Debug, Deserialize)]
pub(super) struct WriteQuery {
    #[serde(default)]
    db: String,
    #[serde(default)]
    precision: String,
}

/// What clients of 2.x say. The organisation means nothing here.
#[derive(Debug, Deserialize)]
pub(super) struct BucketQuery {
    #[serde(default)]
    bucket: String,
    #[serde(default)]
    precision: String,
}

/// Stores good lines and names the others. Answers after the store's commit.
pub(super) async fn write_lines(app: AppState, Query(query): Query<WriteQuery>, body: Payload) -> Result<Response> {
    write(&app, &query.db, &query.precision, body).await
}

/// The same for a bucket, which is a database; clients may add the name of a retention policy to it.
pub(super) async fn write_bucket(app: AppState, Query(query): Query<BucketQuery>, body: Payload) -> Result<Response> {
    let bucket = query.bucket.strip_suffix("/autogen").unwrap_or(&query.bucket);
    write(&app, bucket.trim_end_matches('/'), &query.precision, body).await
}

async fn write(app: &AppState, db: &str, precision: &str, body: Payload) -> Result<Response> {
    let precision = match precision {
        "" => Precision::default(),
        text => text
            .parse()
            .map_err(|error| Error::BadQueryString(format!("precision: {error}")))?,
    };
    let options = Options {
        prefix: influx::prefix(db),
        precision,
    };
    let parts = line_protocol::parts(&body.bytes, &options, PART_VALUES);
    let received = app.writer.receive(parts).await?;
    if received.n_rejected == 0 {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(partial_write(message(&received), received))
}

/// Begins with the words by which clients know that there is no use in sending the same again.
fn message(received: &Received) -> String {
    let told = received.rejected.iter().take(TOLD);
    let told: Vec<String> = told
        .map(|error| format!("line {}: {}", error.position, error.message))
        .collect();
    let more = if received.n_rejected > told.len() {
        format!("; {} with their line", listed(received, "all of them"))
    } else {
        String::new()
    };
    format!(
        "partial write: {} stored, {}: {}{more}",
        count(received.accepted, "sample"),
        count(received.n_rejected, "mistake"),
        told.join("; ")
    )
}
