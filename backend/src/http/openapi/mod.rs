//! The document of the API: what each route takes and answers, from the comments and types of the handlers.
//!
//! Served as OpenAPI at [`route::OPENAPI`], and rendered for people at [`route::API_PAGE`]. Both name this server and
//! nothing else.

use std::sync::LazyLock;

use axum::Json;
use axum::http::HeaderMap;
use serde_json::{Value, json};
use shared::{alarm, compact, dashboard, error, frame, metric, outbox, query, route, time};
use utoipa::OpenApi as _;

use super::page::seen_base_path;
use crate::app::AppState;

mod errors;
mod file;
mod html;
mod page;

pub(super) use errors::{
    ActionErrors, AlarmErrors, DeliveryErrors, GeometryErrors, MetricErrors, NotModified, PlaceErrors, QueryErrors,
    ServerErrors, StatementErrors, WriteErrors,
};
pub(super) use file::ExportedFile;
pub(super) use page::{__path_get_api_page, get_api_page};

/// The tag of routes that answer in the compact form too.
pub(super) const QUERIES: &str = "Queries";
/// The tag of routes that store samples.
pub(super) const WRITES: &str = "Writes";
/// The tag of routes about the server itself.
pub(super) const OPERATIONS: &str = "Operations";

const INTRODUCTION: &str = "\
Times in parameters and single times in answers are RFC 3339 text; columns of times are integers, microseconds since \
1970-01-01T00:00:00Z, in fields named `*_us`. Ranges are half-open: `from` belongs to them, `to` does not.

An error is always an `ApiError` with a fitting status. 400 says that a request is not of the form written here, 422 that \
it is, but asks for what is not given: then the message names the limit and what to change. A store that is down is 503, \
never an empty answer.

Answers to queries, and their errors, come as JSON or, for `Accept: application/vnd.watchroom.v3+postcard`, in the \
compact form that the page asks for; JSON is the form that stays. Every answer carries an `x-request-id`, the one of the \
request if it had one.";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "Watchroom", description = INTRODUCTION),
    paths(
        super::metrics::list_metrics,
        super::envelope::get_envelope,
        super::raster::get_raster,
        super::latest::get_latest,
        super::streams::get_streams,
        super::samples::list_samples,
        super::export::get_export,
        super::nights::list_nights,
        super::geometry::get_geometry,
        super::sky::get_sky,
        super::alarms::list_alarms,
        super::alarms::get_alarm,
        super::alarms::get_alarm_history,
        super::alarms::act_on_alarm,
        super::dashboards::list_dashboards,
        super::dashboards::list_dashboard_files,
        super::nagios::get_nagios_status,
        super::outbox::list_outbox,
        super::outbox::retry_delivery,
        super::live::get_live,
        super::frames::write_frames,
        super::write::write_lines,
        super::write::write_bucket,
        super::influx::run_statements,
        super::influx::run_posted_statements,
        super::influx::get_ping,
        super::health::get_health,
        super::health::get_ready,
        super::telemetry::get_telemetry,
        get_openapi,
        get_api_page,
    ),
    components(schemas(
        alarm::AlarmAction,
        alarm::AlarmCard,
        alarm::AlarmHistory,
        alarm::AlarmList,
        alarm::AlarmStatus,
        dashboard::Dashboards,
        dashboard::DashboardFiles,
        error::ApiError,
        frame::FramesBody,
        frame::PartialWrite,
        frame::WriteAccepted,
        metric::Metrics,
        outbox::Outbox,
        query::envelope::Envelope,
        query::export::ExportFormat,
        query::geometry::Geometry,
        query::latest::Latest,
        query::nights::Nights,
        query::raster::Statistic,
        query::samples::Samples,
        query::sky::Sky,
        query::streams::Streams,
        time::Date,
        time::Timestamp,
    )),
    tags(
        (name = QUERIES, description = "Answers from the stored samples."),
        (name = WRITES, description = "Samples come in. A write is answered after its commit; what was acknowledged is kept."),
        (name = OPERATIONS, description = "The server itself."),
    ),
)]
struct Document;

/// This document. `servers` names the path under which the client sees the server.
#[utoipa::path(
    get,
    path = route::OPENAPI,
    tag = OPERATIONS,
    responses((status = 200, description = "An OpenAPI 3.1 document.", body = Object), ServerErrors),
)]
pub(super) async fn get_openapi(app: AppState, headers: HeaderMap) -> Json<Value> {
    let base_path = seen_base_path(&app.config.server.base_path, &headers);
    Json(document(&base_path))
}

/// The document for a client that sees the server under this path, which is empty or begins with a slash.
fn document(base_path: &str) -> Value {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
        // Never fails: the document is data with text as keys. Should it ever, its test sees it.
        let mut document = serde_json::to_value(Document::openapi()).unwrap_or_default();
        operations_mut(&mut document).for_each(name_the_compact_form);
        operations_mut(&mut document).for_each(finish_parameters);
        speak_json(&mut document);
        document
    });
    let mut document = DOCUMENT.clone();
    let url = if base_path.is_empty() { "/" } else { base_path };
    document["servers"] = json!([{ "url": url }]);
    document
}

/// Adds the compact form to all that a query answers in JSON.
fn name_the_compact_form(operation: &mut Value) {
    if operation["tags"] != json!([QUERIES]) {
        return;
    }
    let responses = operation.get_mut("responses").and_then(Value::as_object_mut);
    for (_, response) in responses.into_iter().flatten() {
        let content = response.get_mut("content").and_then(Value::as_object_mut);
        if let Some(content) = content.filter(|content| content.keys().eq(["application/json"])) {
            let bytes = json!({ "schema": { "type": "string", "format": "binary" } });
            content.insert(compact::MEDIA_TYPE.to_owned(), bytes);
        }
    }
}

/// Says of parameters what is lost where their schema is our own: what they are for, and that lists have commas.
fn finish_parameters(operation: &mut Value) {
    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
    for parameter in parameters.into_iter().flatten() {
        if parameter["description"].is_null() {
            parameter["description"] = parameter["schema"]["description"].clone();
        }
        let kinds = parameter["schema"]["type"].as_array();
        if kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind == "array")) {
            parameter["style"] = "form".into();
            parameter["explode"] = false.into();
        }
    }
}

fn operations_mut(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    let items = paths.into_iter().flatten().filter_map(|(_, item)| item.as_object_mut());
    items.flatten().map(|(_, operation)| operation)
}

/// Puts words of our comments into those of JSON: links, [`like this`], lead to code, and nothing is null there.
fn speak_json(value: &mut Value) {
    match value {
        Value::String(text) if text.contains('`') => {
            *text = text.replace("[`", "`").replace("`]", "`").replace("`None`", "null");
        }
        Value::String(text) if text == "u-int32" => "uint32".clone_into(text),
        Value::Array(items) => items.iter_mut().for_each(speak_json),
        Value::Object(fields) => fields.values_mut().for_each(speak_json),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
