//! Line protocol, as clients of InfluxDB 1.x and 2.x send it.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use shared::route;
use utoipa::IntoParams;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

use super::error::{Error, Result};
use super::extract::{Payload, Query};
use super::frames::{count, listed, partial_write};
use super::influx;
use super::openapi::{WRITES, WriteErrors};
use crate::app::AppState;
use crate::ingest::Received;
use crate::ingest::admission::PART_VALUES;
use crate::ingest::line_protocol::{self, Options, Precision};
use crate::telemetry::IngestPath;

/// How many mistakes the message itself tells; clients often show nothing else.
const TOLD: usize = 3;

/// What clients of 1.x say about their lines. Other parameters (user, retention policy, …) mean nothing here.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct WriteQuery {
    #[serde(default)]
    /// The database. One other than `watchroom` is the beginning of its metrics' names: `db/`.
    #[param(required = false, example = "watchroom")]
    db: String,
    #[serde(default)]
    /// The unit of the times in the lines.
    #[param(required = false, schema_with = precisions)]
    precision: String,
}

/// What `precision` may be, as a schema.
fn precisions() -> Schema {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(["ns", "n", "us", "u", "µ", "ms", "s", "m", "h"]))
        .description(Some("The unit of the times in the lines."))
        .default(Some("ns".into()))
        .examples([serde_json::Value::from("s")])
        .into()
}

/// What clients of 2.x say. The organisation means nothing here.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct BucketQuery {
    /// The bucket, which is a database; `/autogen` at its end is dropped.
    #[serde(default)]
    #[param(required = false, example = "watchroom")]
    bucket: String,
    /// The unit of the times in the lines.
    #[serde(default)]
    #[param(required = false, schema_with = precisions)]
    precision: String,
}

/// Stores lines of InfluxDB's line protocol, as Telegraf and the clients of InfluxDB 1.x send it.
///
/// Good lines are stored, bad ones are named; the answer comes after the commit. A metric is named by the measurement, a
/// point and the field (the measurement alone where the field is `value`); its channels are the sets of tags. The body
/// may be packed with gzip. Other parameters that InfluxDB knows are ignored.
#[utoipa::path(
    post,
    path = route::WRITE,
    tag = WRITES,
    params(WriteQuery),
    request_body(content = String, content_type = "text/plain", example = "weather,mast=north temp=3.5,rh=81i 1795144368"),
    responses((status = 204, description = "All lines are stored and will stay."), WriteErrors),
)]
pub(super) async fn write_lines(app: AppState, Query(query): Query<WriteQuery>, body: Payload) -> Result<Response> {
    write(&app, IngestPath::Write, &query.db, &query.precision, body).await
}

/// Stores lines of InfluxDB's line protocol, as Telegraf and the clients of InfluxDB 2.x send it.
///
/// As `/write`, with a bucket for the database. The organization and other parameters that InfluxDB knows are ignored.
#[utoipa::path(
    post,
    path = route::WRITE_BUCKET,
    tag = WRITES,
    params(BucketQuery),
    request_body(content = String, content_type = "text/plain", example = "weather,mast=north temp=3.5,rh=81i 1795144368"),
    responses((status = 204, description = "All lines are stored and will stay."), WriteErrors),
)]
pub(super) async fn write_bucket(app: AppState, Query(query): Query<BucketQuery>, body: Payload) -> Result<Response> {
    let bucket = query.bucket.strip_suffix("/autogen").unwrap_or(&query.bucket);
    let db = bucket.trim_end_matches('/');
    write(&app, IngestPath::WriteBucket, db, &query.precision, body).await
}

async fn write(app: &AppState, path: IngestPath, db: &str, precision: &str, body: Payload) -> Result<Response> {
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
    app.telemetry.ingest.note(path, received.accepted, received.n_rejected);
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
