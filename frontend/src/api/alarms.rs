//! What rules say, and what people do about it.

use js_sys::{JSON, Object, Reflect};
use shared::alarm::{AlarmAction, AlarmActionKind, AlarmCard, AlarmHistory, AlarmHistoryQuery, AlarmList};
use shared::query::streams::Streams;
use web_sys::RequestInit;

use super::url::{QueryWriter, path_part};
use super::{ApiFailure, failure_of, get, request, send, settled};
use crate::browser::location::base_uri;

/// What the rules say now.
pub async fn alarms() -> Result<AlarmList, ApiFailure> {
    get(ALARMS.to_owned()).await
}

/// All that helps to judge one rule.
pub async fn alarm_card(rule: &str) -> Result<AlarmCard, ApiFailure> {
    get(format!("{ALARMS}/{}", path_part(rule))).await
}

/// What rules said over a range.
pub async fn alarm_history(query: &AlarmHistoryQuery) -> Result<AlarmHistory, ApiFailure> {
    let writer = QueryWriter::new(&format!("{ALARMS}/history"))
        .pair("from", &query.from.to_string())
        .pair("to", &query.to.to_string());
    let writer = match &query.rule {
        Some(rule) => writer.pair("rule", rule),
        None => writer,
    };
    get(writer.finish()).await
}

/// Which deliveries are silent.
pub async fn streams() -> Result<Streams, ApiFailure> {
    get(STREAMS.to_owned()).await
}

/// Does something about a rule; done only when it returns without a failure.
pub async fn act(rule: &str, action: &AlarmAction) -> Result<(), ApiFailure> {
    let uri = format!(
        "{}{}/{}/actions",
        base_uri(),
        ALARMS.trim_start_matches('/'),
        path_part(rule)
    );
    sent(&uri, &request(Some(&body_of(action)))).await.map(drop)
}

/// Messages that were given up, as [`shared::outbox::Outbox`] in JSON, which the browser reads.
pub async fn outbox() -> Result<String, ApiFailure> {
    sent(&outbox_uri(""), &RequestInit::new()).await
}

/// Has a message sent again.
pub async fn retry(id: &str) -> Result<(), ApiFailure> {
    let request = RequestInit::new();
    request.set_method("POST");
    sent(&outbox_uri(&format!("/{id}/retry")), &request).await.map(drop)
}

fn outbox_uri(more: &str) -> String {
    format!("{}api/v1/outbox{more}", base_uri())
}

/// Sends a request and gives the text of the answer.
async fn sent(uri: &str, request: &RequestInit) -> Result<String, ApiFailure> {
    let answer = send(uri, request).await?;
    if answer.ok() {
        let text = answer.text().map_err(|_refused| ApiFailure::Network)?;
        return Ok(settled(text).await?.as_string().unwrap_or_default());
    }
    let reached = !matches!(answer.status(), 502 | 504);
    Err(failure_of(answer, reached).await)
}

/// By the browser's own writer of JSON: the page has none.
fn body_of(action: &AlarmAction) -> String {
    let body = Object::new();
    let until = action.until.map(|until| until.to_string());
    let word = Some(word_of(action.action).to_owned());
    let fields = [
        ("action", word),
        ("by", Some(action.by.clone())),
        ("comment", Some(action.comment.clone())),
        ("until", until),
    ];
    for (key, value) in fields {
        if let Some(value) = value {
            // Fails only for objects that are frozen.
            let _ = Reflect::set(&body, &key.into(), &value.into());
        }
    }
    JSON::stringify(&body).map(String::from).unwrap_or_default()
}

const fn word_of(action: AlarmActionKind) -> &'static str {
    match action {
        AlarmActionKind::Acknowledge => "acknowledge",
        AlarmActionKind::Shelve => "shelve",
        AlarmActionKind::Unshelve => "unshelve",
        AlarmActionKind::KnownIssue => "known_issue",
        AlarmActionKind::EndKnownIssue => "end_known_issue",
    }
}

const ALARMS: &str = "/api/v1/alarms";
const STREAMS: &str = "/api/v1/streams";
