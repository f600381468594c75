//! Line protocol, as clients of InfluxDB 1.x send it.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use shared::route;
use utoipa::IntoParams;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

use super::error::{Error, Result};
use super::extract::{Payload, Query};
use super::frames::{count, partial_write, store};
use super::openapi::{WRITES, WriteErrors};
use crate::app::AppState;
use crate::ingest::line_protocol::{self, Options, Precision};

/// The database whose metrics have no prefix, as has a request that names none.
const DEFAULT_DB: &str = "watchroom";

/// What clients say about their lines. Other parameters of InfluxDB (user, retention policy, …) mean nothing here.
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
