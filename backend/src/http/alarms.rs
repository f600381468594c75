//! How alarms stand, and what people do about them.

use axum::extract::Path;
use axum::response::Response;
use shared::alarm::{AlarmAction, AlarmCard, AlarmHistory, AlarmHistoryQuery, AlarmList, AlarmStatus};
use shared::route;
use shared::time::TimeRange;

use super::error::{Error, Result};
use super::extract::{JsonPayload, Query};
use super::form::Form;
use super::openapi::{ActionErrors, AlarmErrors, QUERIES, ServerErrors};
use crate::alarms::actions::ActionError;
use crate::app::AppState;
use crate::ingest::json_frames::BodyError;
use crate::query;

/// How every rule of the configuration stands: the most urgent first, then the youngest.
#[utoipa::path(
    get,
    path = route::ALARMS,
    tag = QUERIES,
    responses((status = 200, description = "Every rule, also those that are OK.", body = AlarmList), ServerErrors),
)]
pub(super) async fn list_alarms(app: AppState, form: Form) -> Response {
    form.answer(&app.alarms.list(app.clock.now().as_micros()))
}

/// A rule in words, the samples that decided, earlier occurrences, what was done, and what to do.
#[utoipa::path(
    get,
    path = route::ALARM,
    tag = QUERIES,
    params(("rule" = String, Path, description = "The rule by its name in the configuration.", example = "pacta-hot")),
    responses((status = 200, description = "All that helps to judge it.", body = AlarmCard), AlarmErrors),
)]
pub(super) async fn get_alarm(app: AppState, form: Form, Path(rule): Path<String>) -> Result<Response> {
    match app.alarms.card(&*app.store, &rule).await? {
        Some(card) => Ok(form.answer(&card)),
        None => Err(unknown(&app, rule)),
    }
}

/// What each rule said over a range, and what people did.
#[utoipa::path(
    get,
    path = route::ALARM_HISTORY,
    tag = QUERIES,
    params(AlarmHistoryQuery),
    responses((status = 200, description = "Spans of states by rule, and events by rising time.", body = AlarmHistory), AlarmErrors),
)]
pub(super) async fn get_alarm_history(
    app: AppState,
    form: Form,
    Query(query): Query<AlarmHistoryQuery>,
) -> Result<Response> {
    let range = TimeRange::new(query.from, query.to).map_err(query::Error::ReversedRange)?;
    if let Some(rule) = &query.rule
        && app.alarms.status(rule).is_none()
    {
        return Err(unknown(&app, rule.clone()));
    }
    let history = app.alarms.history(&*app.store, range, query.rule.as_deref()).await?;
    Ok(form.answer(&history))
}

/// Acknowledges, shelves, or explains an alarm. When it is answered it is kept.
///
/// `until` is needed to shelve, at most a week, and for a known issue, at most a year. Both end by themselves, a known issue
/// loudly: whoever was told of the alarm is told again.
#[utoipa::path(
    post,
    path = route::ALARM_ACTIONS,
    tag = QUERIES,
    params(("rule" = String, Path, description = "The rule by its name in the configuration.", example = "pacta-hot")),
    request_body(
        content = AlarmAction,
        content_type = "application/json",
        example = json!({"action": "shelve", "by": "shift", "comment": "the fan is being replaced", "until": "2026-11-21T06:00:00Z"}),
    ),
    responses((status = 200, description = "How it stands now.", body = AlarmStatus), ActionErrors),
)]
pub(super) async fn act_on_alarm(
    app: AppState,
    form: Form,
    Path(rule): Path<String>,
    JsonPayload(body): JsonPayload,
) -> Result<Response> {
    let action: AlarmAction = serde_json::from_slice(&body.bytes).map_err(|error| BodyError {
        message: format!("the body is no action: {error}"),
        line: error.line(),
        column: error.column(),
    })?;
    let now = app.clock.now().as_micros();
    let status = app.alarms.act(&*app.store, now, &rule, &action).await?;
    Ok(form.answer(&status))
}

fn unknown(app: &AppState, name: String) -> Error {
    let nearest = app.alarms.nearest(&name);
    Error::Action(ActionError::UnknownRule { name, nearest })
}
