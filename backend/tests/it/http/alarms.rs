use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use insta::assert_snapshot;
use serde_json::json;
use shared::alarm::{AlarmCard, AlarmHistory, AlarmList, AlarmState};
use shared::compact;
use shared::time::{TimeRange, Timestamp};
use watchroom::store::memory::MemoryStore;

use crate::app::{NOW, TestApp};

const CONFIG: &str = r#"
[metrics."hall.temperature"]
unit = "°C"
interval = "60s"
[alarms.hall-warm]
title = "Hall too warm"
kind = "threshold"
metric = "hall.temperature"
above = 50
warning = { above = 40 }
system = ["Hall", "Air"]
owner = "facility"
guidance = "Open **the door**. <script>alert(1)</script>"
link = "https://example.org/hall"
[alarms.hall-cold]
title = "Hall too cold"
kind = "threshold"
metric = "hall.temperature"
below = -100
[alarms.hall-lost]
title = "No such thing"
kind = "heartbeat"
metric = "hall.nothing"
no_data = "5m"
"#;

/// What the clock of the server shows.
fn now() -> i64 {
    let now: Timestamp = NOW.parse().unwrap();
    now.as_micros()
}

/// Stores what both channels of the hall's temperature show now.
async fn measure(app: &TestApp, values: [f64; 2]) {
    let frames = json!({"frames": [{"metric": "hall.temperature", "time": NOW, "values": values}]});
    let answer = app.post_json("/api/v1/frames", frames.to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
}

async fn evaluated() -> TestApp {
    let app = TestApp::with_config(CONFIG).with_an_hour_of_data().await;
    app.app.alarms.round(&*app.app.store, now()).await.unwrap();
    app
}

#[tokio::test]
async fn alarms_are_listed_by_urgency_in_both_forms() {
    let app = evaluated().await;
    let answer = app.get("/api/v1/alarms").await;
    let list: AlarmList = serde_json::from_slice(&answer.body).unwrap();
    let told: Vec<_> = list
        .alarms
        .iter()
        .map(|alarm| (alarm.rule.as_str(), alarm.state))
        .collect();
    let expected = [
        ("hall-warm", AlarmState::Alarm),
        ("hall-lost", AlarmState::Unknown),
        ("hall-cold", AlarmState::Ok),
    ];
    assert_eq!(told, expected);
    assert_eq!(list.now_us, now());
    assert_eq!(list.evaluated_us, Some(now()));
    let warm = &list.alarms[0];
    assert_eq!(warm.channel, Some(0));
    assert_eq!(warm.value.as_number(), Some(59.0));
    assert_eq!((warm.detail.as_str(), warm.unit.as_str()), ("limit 50", "°C"));
    assert_eq!(warm.metrics, ["hall.temperature"]);
    assert_eq!(warm.limits, [40.0, 50.0]);
    let compact = Request::get("/api/v1/alarms").header(header::ACCEPT, compact::MEDIA_TYPE);
    let packed = app.send(compact.body(Body::empty()).unwrap()).await;
    assert_eq!(compact::from_bytes::<AlarmList>(&packed.body).unwrap(), list);
}

#[tokio::test]
async fn a_card_tells_all_that_helps_to_judge() {
    let app = evaluated().await;
    let answer = app.get("/api/v1/alarms/hall-warm").await;
    let card: AlarmCard = serde_json::from_slice(&answer.body).unwrap();
    assert_snapshot!(
        card.condition,
        @"any channel of hall.temperature warning > 40 °C; alarm > 50 °C, no data after 3 min"
    );
    assert_snapshot!(card.guidance_html, @"<p>Open <strong>the door</strong>. alert(1)</p>");
    assert_eq!(card.link, "https://example.org/hall");
    assert!(!card.evidence.is_empty());
    assert_eq!(card.events[0].state, AlarmState::Alarm);
    assert_snapshot!(app.get("/api/v1/alarms/hall-warn").await.told(), @r#"
    404 Not Found
    {"code":"unknown_alarm","message":"there is no alarm \"hall-warn\"; did you mean \"hall-warm\"?","details":{"nearest":"hall-warm"}}
    "#);
}

#[tokio::test]
async fn the_history_has_spans_cut_to_the_range() {
    let app = evaluated().await;
    let uri = "/api/v1/alarms/history?from=2026-11-20T20:00:00Z&to=2026-11-21T22:00:00Z";
    let history: AlarmHistory = serde_json::from_slice(&app.get(uri).await.body).unwrap();
    let rules: Vec<_> = history.ribbons.iter().map(|ribbon| ribbon.rule.as_str()).collect();
    assert_eq!(rules, ["hall-cold", "hall-lost", "hall-warm"], "{history:?}");
    for ribbon in &history.ribbons {
        for span in &ribbon.spans {
            assert!(span.from_us < span.to_us && span.to_us <= now(), "{ribbon:?}");
        }
    }
    let one = app.get(&format!("{uri}&rule=hall-warm")).await;
    let one: AlarmHistory = serde_json::from_slice(&one.body).unwrap();
    assert!(one.events.iter().all(|event| event.rule == "hall-warm"));
    assert_snapshot!(app.get(&format!("{uri}&rule=hall")).await.status, @"404 Not Found");
    let reversed = "/api/v1/alarms/history?from=2026-11-21T20:00:00Z&to=2026-11-20T22:00:00Z";
    assert_eq!(app.get(reversed).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn what_people_do_is_kept_and_what_makes_no_sense_is_told() {
    let app = evaluated().await;
    let act = async |rule: &str, body: serde_json::Value| {
        let uri = format!("/api/v1/alarms/{rule}/actions");
        app.post_json(&uri, body.to_string()).await
    };
    let done = act(
        "hall-warm",
        json!({"action": "acknowledge", "by": "anna", "comment": "on my way"}),
    )
    .await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text());
    assert_eq!(done.json()["acknowledged"]["by"], "anna");
    let until = "2026-11-20T23:00:00Z";
    let done = act(
        "hall-cold",
        json!({"action": "shelve", "by": "bert", "comment": "door open", "until": until}),
    )
    .await;
    assert_eq!(done.json()["shelved"]["comment"], "door open");
    for (rule, body, told) in [
        (
            "hall-cold",
            json!({"action": "acknowledge", "by": "a", "comment": "b"}),
            "409 Conflict untimely_action",
        ),
        (
            "hall-warm",
            json!({"action": "unshelve", "by": "a", "comment": "b"}),
            "409 Conflict untimely_action",
        ),
        (
            "hall-warm",
            json!({"action": "acknowledge", "by": " ", "comment": "b"}),
            "400 Bad Request bad_action",
        ),
        (
            "hall-warm",
            json!({"action": "shelve", "by": "a", "comment": "b"}),
            "400 Bad Request bad_action",
        ),
        (
            "hall-warm",
            json!({"action": "sleep", "by": "a", "comment": "b"}),
            "400 Bad Request bad_json",
        ),
        (
            "hall",
            json!({"action": "acknowledge", "by": "a", "comment": "b"}),
            "404 Not Found unknown_alarm",
        ),
    ] {
        let refused = act(rule, body.clone()).await;
        let code = refused.json()["code"].as_str().unwrap_or_default().to_owned();
        assert_eq!(format!("{} {code}", refused.status), told, "{body}");
    }
    let card = app.get("/api/v1/alarms/hall-warm").await.json();
    assert_eq!(card["events"][0]["kind"], "acknowledged");
    assert_eq!(card["events"][0]["text"], "on my way");
    // Another server on the same store knows all of it.
    let other = watchroom::alarms::Alarms::new(app.app.config.alarms.clone(), now());
    other.round(&*app.app.store, now() + 20_000_000).await.unwrap();
    let warm = other.status("hall-warm").unwrap();
    assert_eq!(warm.acknowledged.map(|note| note.by), Some("anna".to_owned()));
    assert!(other.status("hall-cold").unwrap().shelved.is_some());
}

#[tokio::test]
async fn what_another_server_writes_is_judged_by_the_one_that_evaluates() {
    let store = Arc::new(MemoryStore::new());
    let other = TestApp::build(CONFIG, Arc::clone(&store)).with_an_hour_of_data().await;
    let app = TestApp::build(CONFIG, store);
    let state = async |app: &TestApp| {
        app.app.alarms.round(&*app.app.store, now()).await.unwrap();
        let list: AlarmList = serde_json::from_slice(&app.get("/api/v1/alarms").await.body).unwrap();
        let warm = list.alarms.iter().find(|alarm| alarm.rule == "hall-warm").unwrap();
        warm.state
    };
    assert_eq!(state(&app).await, AlarmState::Alarm);
    measure(&other, [20.0, 20.0]).await;
    assert_eq!(state(&app).await, AlarmState::Alarm, "nobody has told yet");
    let metric = app.app.store.metric_by_name("hall.temperature").await.unwrap().unwrap();
    let written: Timestamp = NOW.parse().unwrap();
    let range = TimeRange::new(written, written.saturating_add_micros(1)).unwrap();
    app.app.alarms.feed.hear(metric.id, range);
    assert_eq!(state(&app).await, AlarmState::Ok);
}

#[tokio::test]
async fn what_is_stored_while_the_rules_are_restored_is_judged() {
    let app = TestApp::with_config(CONFIG).with_an_hour_of_data().await;
    let state = async |now: i64| {
        app.app.alarms.round(&*app.app.store, now).await.unwrap();
        app.app.alarms.status("hall-warm").unwrap().state
    };
    // When the first round begins; nobody listens then, and it takes a while to read the past.
    let began = now() + 1_000_000;
    app.clock.advance_micros(1_000_001);
    measure(&app, [20.0, 20.0]).await;
    assert_eq!(state(began).await, AlarmState::Alarm);
    assert_eq!(state(began + 1_000_000).await, AlarmState::Ok);
}

#[tokio::test]
async fn what_a_server_stored_last_and_did_not_judge_is_judged_by_the_next() {
    let store = Arc::new(MemoryStore::new());
    let app = TestApp::build(CONFIG, Arc::clone(&store)).with_an_hour_of_data().await;
    // What came just before the last round, and was stored just after it.
    app.app.alarms.round(&*app.app.store, now() + 5_000_000).await.unwrap();
    assert_eq!(app.app.alarms.status("hall-warm").unwrap().state, AlarmState::Alarm);
    measure(&app, [20.0, 20.0]).await;
    // Killed: the next one has no more than the store.
    let next = TestApp::build(CONFIG, store);
    next.app
        .alarms
        .round(&*next.app.store, now() + 30_000_000)
        .await
        .unwrap();
    assert_eq!(next.app.alarms.status("hall-warm").unwrap().state, AlarmState::Ok);
}

#[tokio::test]
async fn what_is_gone_through_again_after_a_restart_happened_once() {
    let store = Arc::new(MemoryStore::new());
    let app = TestApp::build(CONFIG, Arc::clone(&store)).with_an_hour_of_data().await;
    // Warm on time, and silent after that.
    measure(&app, [70.0, 20.0]).await;
    for second in (0..1_000).step_by(10) {
        app.app
            .alarms
            .round(&*app.app.store, now() + second * 1_000_000)
            .await
            .unwrap();
    }
    let silent = app.app.alarms.status("hall-warm").unwrap();
    assert_eq!(silent.state, AlarmState::NoData);
    let events = async |app: &TestApp| {
        let card = app
            .app
            .alarms
            .card(&*app.app.store, "hall-warm")
            .await
            .unwrap()
            .unwrap();
        card.events
    };
    let before = events(&app).await;
    let next = TestApp::build(CONFIG, store);
    next.app
        .alarms
        .round(&*next.app.store, now() + 1_030_000_000)
        .await
        .unwrap();
    assert_eq!(next.app.alarms.status("hall-warm").unwrap(), silent);
    assert_eq!(events(&next).await, before);
}
