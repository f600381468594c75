//! What clients of InfluxDB ask besides writing: whether the server lives, and that their database be there.

use axum::Json;
use axum::body::to_bytes;
use axum::extract::{FromRequest as _, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use shared::route;
use utoipa::{IntoParams, ToSchema};

use super::error::{Error, Result};
use super::extract::Query;
use super::openapi::{OPERATIONS, ServerErrors, StatementErrors};
use crate::app::AppState;
use crate::ingest::influxql::{self, Statement};

/// The database whose metrics have no prefix, as has a request that names none.
const DEFAULT_DB: &str = "watchroom";

/// Between the database and the rest of a metric's name.
const DB_SEPARATOR: char = '/';

/// 1.8 is the version that has both ways to write, `/write` and `/api/v2/write`; clients read it to know what they may send.
const VERSION: HeaderValue = HeaderValue::from_static(concat!("1.8.0-watchroom.", env!("CARGO_PKG_VERSION")));

/// What stands before the names of all metrics of a database, or of a bucket.
pub(super) fn prefix(db: &str) -> String {
    match db {
        "" | DEFAULT_DB => String::new(),
        db => format!("{db}{DB_SEPARATOR}"),
    }
}

/// Says nothing but that somebody is there, and in `x-influxdb-version` what they understand.
#[utoipa::path(
    get,
    path = route::PING,
    tag = OPERATIONS,
    responses((status = 204, description = "Somebody is there."), ServerErrors),
)]
pub(super) async fn get_ping() -> Response {
    let build = HeaderValue::from_static("Watchroom");
    (
        StatusCode::NO_CONTENT,
        [("x-influxdb-version", VERSION), ("x-influxdb-build", build)],
    )
        .into_response()
}

/// The parameters that mean something here. Others (user, password, epoch, …) are accepted.
#[derive(Debug, Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
#[schema(as = Statements)]
pub(super) struct Parameters {
    /// The statements, with semicolons between them.
    #[param(example = "SHOW DATABASES")]
    q: Option<String>,
    /// The database that statements without one are about.
    #[param(example = "watchroom")]
    db: Option<String>,
}

/// InfluxDB's answer to statements.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatementResults)]
pub(super) struct Answer {
    results: Vec<Given>,
}

/// InfluxDB's answer to one statement.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatementResult)]
struct Given {
    statement_id: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    series: Vec<Table>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messages: Vec<Remark>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatementTable)]
struct Table {
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'static str,
    columns: &'static [&'static str],
    values: Vec<Vec<serde_json::Value>>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatementMessage)]
struct Remark {
    level: &'static str,
    text: &'static str,
}

/// Answers the statements that clients of InfluxDB send when they connect; all of a request or none.
///
/// `CREATE DATABASE`, `CREATE RETENTION POLICY`, `SHOW DATABASES`, `SHOW MEASUREMENTS` and `SHOW RETENTION POLICIES`.
#[utoipa::path(
    get,
    path = route::STATEMENTS,
    tag = OPERATIONS,
    params(Parameters),
    responses((status = 200, description = "One result per statement.", body = Answer), StatementErrors),
)]
pub(super) async fn run_statements(
    app: AppState,
    Query(address): Query<Parameters>,
    request: Request,
) -> Result<Response> {
    let Parameters { mut q, mut db } = address;
    let content_type = request.headers().get(header::CONTENT_TYPE);
    if content_type.is_some_and(|found| found.as_bytes().starts_with(b"application/x-www-form-urlencoded")) {
        let form = axum::Form::<Parameters>::from_request(request, &app).await;
        let axum::Form(form) = form.map_err(|rejection| Error::BadBody(rejection.body_text()))?;
        q = form.q.or(q);
        db = form.db.or(db);
    }
    let statements = influxql::parse(&q.unwrap_or_default())?;
    let db = db.unwrap_or_default();
    let mut results = Vec::with_capacity(statements.len());
    for (statement_id, statement) in statements.into_iter().enumerate() {
        let (series, messages) = answer(&app, statement, &db).await?;
        results.push(Given {
            statement_id,
            series,
            messages,
        });
    }
    Ok(([("x-influxdb-version", VERSION)], Json(Answer { results })).into_response())
}

/// The same; statements may stand in a form, too.
#[utoipa::path(
    post,
    path = route::STATEMENTS,
    tag = OPERATIONS,
    params(Parameters),
    request_body(content = Option<Parameters>, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "One result per statement.", body = Answer), StatementErrors),
)]
pub(super) async fn run_posted_statements(
    app: AppState,
    address: Query<Parameters>,
    request: Request,
) -> Result<Response> {
    run_statements(app, address, request).await
}

async fn answer(app: &AppState, statement: Statement, db: &str) -> Result<(Vec<Table>, Vec<Remark>)> {
    const KEPT: Remark = Remark {
        level: "warning",
        text: "acknowledged, but this does not make Watchroom delete anything",
    };
    let table = match statement {
        Statement::CreateDatabase {
            asks_for_retention: asks,
        }
        | Statement::CreateRetentionPolicy {
            asks_for_deletion: asks,
        } => return Ok((Vec::new(), if asks { vec![KEPT] } else { Vec::new() })),
        Statement::ShowDatabases => names("databases", databases(app).await?),
        Statement::ShowMeasurements { database } => names(
            "measurements",
            measurements(app, database.as_deref().unwrap_or(db)).await?,
        ),
        Statement::ShowRetentionPolicies => Table {
            name: "",
            columns: &["name", "duration", "shardGroupDuration", "replicaN", "default"],
            values: vec![vec![
                "autogen".into(),
                "0s".into(),
                "168h0m0s".into(),
                1.into(),
                true.into(),
            ]],
        },
    };
    // InfluxDB leaves out a table without rows.
    let table = Some(table).filter(|table| !table.values.is_empty());
    Ok((table.into_iter().collect(), Vec::new()))
}

fn names(of: &'static str, names: Vec<String>) -> Table {
    Table {
        name: of,
        columns: &["name"],
        values: names.into_iter().map(|name| vec![name.into()]).collect(),
    }
}

/// The default one, and every prefix of a metric's name.
async fn databases(app: &AppState) -> Result<Vec<String>> {
    let metrics = app.store.metrics().await?;
    let prefixes = metrics.iter().filter_map(|metric| metric.name.split_once(DB_SEPARATOR));
    let mut databases: Vec<String> = prefixes.map(|(db, _)| db.to_owned()).collect();
    databases.push(DEFAULT_DB.to_owned());
    databases.sort_unstable();
    databases.dedup();
    Ok(databases)
}

/// The metrics of a database without its prefix. Their names do not tell where a measurement ends and its field begins.
async fn measurements(app: &AppState, db: &str) -> Result<Vec<String>> {
    let prefix = prefix(db);
    let metrics = app.store.metrics().await?;
    let names = metrics.iter().filter_map(|metric| metric.name.strip_prefix(&prefix));
    let mut names: Vec<String> = names
        .filter(|name| !(prefix.is_empty() && name.contains(DB_SEPARATOR)))
        .map(str::to_owned)
        .collect();
    names.sort_unstable();
    Ok(names)
}

/// What of an error is repeated under another name.
#[derive(Deserialize)]
struct Said<'a> {
    #[serde(borrow)]
    message: &'a RawValue,
}

/// Clients of InfluxDB 1.x read `error`, those of 2.x `code` and `message`: an error gets all three.
pub(super) async fn name_errors(request: Request, next: Next) -> Response {
    /// Far more than any error has.
    const MAX_BYTES: usize = 16 << 20;

    let response = next.run(request).await;
    if response.status().is_success() {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, MAX_BYTES).await else {
        return Error::Panic("an error could not be read".to_owned()).into_response();
    };
    let said = std::str::from_utf8(&body).ok().and_then(|text| {
        let said: Said<'_> = serde_json::from_str(text).ok()?;
        Some(format!(
            "{{\"error\":{},{}",
            said.message.get(),
            text.strip_prefix('{')?
        ))
    });
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert("x-influxdb-version", VERSION);
    match said {
        Some(said) => Response::from_parts(parts, said.into()),
        None => Response::from_parts(parts, body.into()),
    }
}
