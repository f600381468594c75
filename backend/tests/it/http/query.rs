use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use insta::assert_snapshot;
use serde::de::DeserializeOwned;
use shared::compact;
use shared::error::ApiError;
use shared::metric::Metrics;
use shared::query::envelope::Envelope;
use shared::query::latest::Latest;

use crate::app::TestApp;

const HOUR: &str = "from=2026-11-20T21:00:00Z&to=2026-11-20T22:00:00Z";

async fn told(app: &TestApp, uri: &str) -> String {
    app.get(uri).await.told()
}

#[tokio::test]
async fn metrics_are_listed_with_what_is_known_of_them() {
    let app = TestApp::new();
    assert_snapshot!(told(&app, "/api/v1/metrics").await, @r#"
    200 OK
    {"metrics":[]}
    "#);
    let app = app.with_an_hour_of_data().await;
    assert_snapshot!(told(&app, "/api/v1/metrics").await, @r#"
    200 OK
    {"metrics":[{"name":"hall.temperature","title":"Hall temperature","unit":"°C","kind":"gauge","channels":2,"interval_s":60.0,"late_after_s":120.0,"stale_after_s":180.0,"first":"2026-11-20T21:00:00Z","last":"2026-11-20T21:59:00Z"}]}
    "#);
}

#[tokio::test]
async fn dashboards_come_with_their_site() {
    assert_snapshot!(told(&TestApp::new(), "/api/v1/dashboards").await, @r#"
    200 OK
    {"site":{"name":"Hilltop","time_zone":"Atlantic/Canary","day_start_minutes":720,"has_sky":false,"shifts":[]},"dashboards":[],"displays":[],"broken":[],"revision":0}
    "#);
}

#[tokio::test]
async fn an_envelope_is_columns_or_the_samples_themselves() {
    let app = TestApp::new().with_an_hour_of_data().await;
    let envelope =
        async |rest: &str| told(&app, &format!("/api/v1/envelope?metric=hall.temperature&{HOUR}&{rest}")).await;
    assert_snapshot!(envelope("columns=3").await, @r#"
    200 OK
    {"metric":"hall.temperature","unit":"°C","kind":"columns","series":[{"channel":0,"label":"0","start_us":[1795208400000000,1795209600000000,1795210800000000],"end_us":[1795209600000000,1795210800000000,1795212000000000],"count":[20,20,20],"min":[0.0,20.0,40.0],"max":[19.0,39.0,59.0],"first":[0.0,20.0,40.0],"last":[19.0,39.0,59.0],"mean":[9.5,29.5,49.5],"min_us":[1795208400000000,1795209600000000,1795210800000000],"max_us":[1795209540000000,1795210740000000,1795211940000000]},{"channel":1,"label":"1","start_us":[1795208400000000,1795209600000000,1795210800000000],"end_us":[1795209600000000,1795210800000000,1795212000000000],"count":[19,20,20],"min":[-9.5,-19.5,-29.5],"max":[-0.0,-10.0,-20.0],"first":[-0.0,-10.0,-20.0],"last":[-9.5,-19.5,-29.5],"mean":[-4.868421052631579,-14.75,-24.75],"min_us":[1795209540000000,1795210740000000,1795211940000000],"max_us":[1795208400000000,1795209600000000,1795210800000000]}]}
    "#);
    assert_snapshot!(envelope("columns=3&channels=band").await, @r#"
    200 OK
    {"metric":"hall.temperature","unit":"°C","kind":"columns","series":[{"channel":null,"label":"","start_us":[1795208400000000,1795209600000000,1795210800000000],"end_us":[1795209600000000,1795210800000000,1795212000000000],"count":[39,40,40],"min":[-9.5,-19.5,-29.5],"max":[19.0,39.0,59.0],"mean":[2.5,7.375,12.375],"min_us":[1795209540000000,1795210740000000,1795211940000000],"max_us":[1795209540000000,1795210740000000,1795211940000000],"min_channel":[1,1,1],"max_channel":[0,0,0]}]}
    "#);
    assert_snapshot!(envelope("columns=100&channels=1").await.chars().take(600).collect::<String>(), @r#"
    200 OK
    {"metric":"hall.temperature","unit":"°C","kind":"samples","series":[{"channel":1,"label":"1","time_us":[1795208400000000,1795208460000000,1795208520000000,1795208580000000,1795208640000000,1795208700000000,1795208760000000,1795208820000000,1795208880000000,1795208940000000,1795209000000000,1795209060000000,1795209120000000,1795209180000000,1795209240000000,1795209300000000,1795209360000000,1795209420000000,1795209480000000,1795209540000000,1795209600000000,1795209660000000,1795209720000000,1795209780000000,1795209840000000,1795209900000000,1795209960000000,1795210020000000,1795210080000
    "#);
}

#[tokio::test]
async fn the_latest_samples_as_of_a_moment_are_those_that_were_not_stale_then() {
    let app = TestApp::new().with_an_hour_of_data().await;
    let at = async |at: &str| told(&app, &format!("/api/v1/latest?metric=hall.temperature&at={at}")).await;
    assert_snapshot!(at("2026-11-20T21:05:30Z").await, @r#"
    200 OK
    {"metric":"hall.temperature","now_us":1795208730000000,"channels":[{"channel":0,"label":"0","time_us":1795208700000000,"value":5.0,"age_s":30.0,"state":"fresh"},{"channel":1,"label":"1","time_us":1795208700000000,"value":null,"age_s":30.0,"state":"fresh"}]}
    "#);
    assert_snapshot!(at("2026-11-20T20:59:59Z").await, @r#"
    200 OK
    {"metric":"hall.temperature","now_us":1795208399000000,"channels":[{"channel":0,"label":"0","time_us":null,"value":null,"age_s":null,"state":"never"},{"channel":1,"label":"1","time_us":null,"value":null,"age_s":null,"state":"never"}]}
    "#);
    assert_snapshot!(at("tonight").await, @r#"
    400 Bad Request
    {"code":"bad_query","message":"the query string is not understood: at: \"tonight\" is not a time: it is too short; write it like 2026-11-20T03:12:48Z","details":{}}
    "#);
}

#[tokio::test]
async fn the_latest_samples_carry_their_age() {
    let app = TestApp::new().with_an_hour_of_data().await;
    assert_snapshot!(told(&app, "/api/v1/latest?metric=hall.temperature").await, @r#"
    200 OK
    {"metric":"hall.temperature","now_us":1795212000000000,"channels":[{"channel":0,"label":"0","time_us":1795211940000000,"value":59.0,"age_s":60.0,"state":"fresh"},{"channel":1,"label":"1","time_us":1795211940000000,"value":-29.5,"age_s":60.0,"state":"fresh"}]}
    "#);
}

#[tokio::test]
async fn samples_come_page_by_page() {
    let app = TestApp::new().with_an_hour_of_data().await;
    let first = app
        .get(&format!("/api/v1/samples?metric=hall.temperature&{HOUR}&limit=3"))
        .await;
    assert_snapshot!(first.told(), @r#"
    200 OK
    {"samples":[{"channel":0,"time_us":1795208400000000,"arrival_us":1795212000000000,"value":0.0},{"channel":1,"time_us":1795208400000000,"arrival_us":1795212000000000,"value":-0.0},{"channel":0,"time_us":1795208460000000,"arrival_us":1795212000000000,"value":1.0}],"next":"1795208460000000.0"}
    "#);
    let cursor = first.json()["next"].as_str().unwrap().to_owned();
    let uri = format!("/api/v1/samples?metric=hall.temperature&channels=1&{HOUR}&limit=59&cursor={cursor}");
    let rest = app.get(&uri).await.json();
    assert_eq!(rest["samples"].as_array().unwrap().len(), 59);
    assert!(rest["next"].is_null());
    // A null is a sample: the sensor said that it has no value.
    assert!(rest["samples"][4]["value"].is_null());
}

#[tokio::test]
async fn nights_follow_the_sites_clock() {
    let app = TestApp::new().with_an_hour_of_data().await;
    assert_snapshot!(told(&app, "/api/v1/nights?metric=hall.temperature").await, @r#"
    200 OK
    {"nights":[{"date":"2026-11-20","start":"2026-11-20T12:00:00Z","end":"2026-11-21T12:00:00Z","frames":60,"completeness":0.1}],"newest":"2026-11-20"}
    "#);
    assert_snapshot!(told(&app, "/api/v1/nights?before=2026-11-20").await, @r#"
    200 OK
    {"nights":[],"newest":"2026-11-20"}
    "#);
}

#[tokio::test]
async fn bad_questions_are_refused_with_what_to_change() {
    let app = TestApp::new().with_an_hour_of_data().await;
    let mut answers = Vec::new();
    for query in [
        "envelope?metric=hall.temprature&from=2026-11-20T21:00:00Z&to=2026-11-20T22:00:00Z&columns=100",
        "envelope?metric=hall.temperature&channels=0,2&from=2026-11-20T21:00:00Z&to=2026-11-20T22:00:00Z&columns=100",
        "envelope?metric=hall.temperature&channels=a&from=2026-11-20T21:00:00Z&to=2026-11-20T22:00:00Z&columns=100",
        "envelope?metric=hall.temperature&from=2026-11-20T22:00:00Z&to=2026-11-20T21:00:00Z&columns=100",
        "envelope?metric=hall.temperature&from=yesterday&to=2026-11-20T21:00:00Z&columns=100",
        "envelope?metric=hall.temperature&from=2026-11-20T21:00:00Z&columns=100",
        "envelope?metric=hall.temperature&from=2026-11-20T21:00:00Z&to=2026-11-20T22:00:00Z&columns=0",
        "envelope?metric=hall.temperature&from=2026-11-20T21:00:00Z&to=2026-11-20T22:00:00Z&columns=4000000000",
        "envelope?metric=hall.temperature&from=2026-11-20T21:00:00Z&to=2026-11-20T22:00:00Z&columns=-1",
        "envelope?metric=hall.temperature&from=0000-01-01T00:00:00Z&to=9999-01-01T00:00:00Z&columns=100",
        "envelope?metric=hall.temperature&from=2026-11-20T21:00:00Z&to=2026-11-20T22:00:00Z&columns=9&colour=red",
        "latest?metric=elsewhere",
        "latest",
        "samples?metric=hall.temperature&from=2026-11-20T21:00:00Z&to=2026-11-20T22:00:00Z&limit=0",
        "samples?metric=hall.temperature&from=2026-11-20T21:00:00Z&to=2026-11-20T22:00:00Z&limit=100001",
        "samples?metric=hall.temperature&from=2026-11-20T21:00:00Z&to=2026-11-20T22:00:00Z&cursor=zzz",
        "samples?metric=hall.temperature&channels=band&from=2026-11-20T21:00:00Z&to=2026-11-20T22:00:00Z",
        "nights?metric=hall.temperature,elsewhere",
        "nights?limit=0",
        "nights?before=tomorrow",
    ] {
        let answer = app.get(&format!("/api/v1/{query}")).await;
        assert!(answer.status.is_client_error(), "{query}");
        answers.push(answer.told());
    }
    assert_snapshot!(answers.join("\n"), @r#"
    404 Not Found
    {"code":"unknown_metric","message":"there is no metric \"hall.temprature\"; did you mean \"hall.temperature\"?","details":{"metric":"hall.temprature","nearest":"hall.temperature"}}
    404 Not Found
    {"code":"unknown_channel","message":"metric \"hall.temperature\" has no channel 2; its channels are 0 to 1","details":{"channels":"2","metric":"hall.temperature"}}
    400 Bad Request
    {"code":"bad_query","message":"the query string is not understood: channels: \"a\" is not a channel index; write channels as all, band or indices such as 0,3","details":{}}
    422 Unprocessable Entity
    {"code":"reversed_range","message":"the range must end after it starts, but it goes from 2026-11-20T22:00:00Z to 2026-11-20T21:00:00Z","details":{}}
    400 Bad Request
    {"code":"bad_query","message":"the query string is not understood: from: \"yesterday\" is not a time: it is too short; write it like 2026-11-20T03:12:48Z","details":{}}
    400 Bad Request
    {"code":"bad_query","message":"the query string is not understood: missing field `to`","details":{}}
    422 Unprocessable Entity
    {"code":"too_many_columns","message":"columns must be 1 to 16384, not 0","details":{"limit":"16384"}}
    422 Unprocessable Entity
    {"code":"too_many_columns","message":"columns must be 1 to 16384, not 4000000000","details":{"limit":"16384"}}
    400 Bad Request
    {"code":"bad_query","message":"the query string is not understood: columns: invalid digit found in string","details":{}}
    422 Unprocessable Entity
    {"code":"span_too_long","message":"the range spans 3652060 days, at most 110000 can be asked for at once; ask for a shorter one","details":{"limit_days":"110000"}}
    400 Bad Request
    {"code":"bad_query","message":"the query string is not understood: colour: unknown field `colour`, expected one of `metric`, `channels`, `from`, `to`, `columns`","details":{}}
    404 Not Found
    {"code":"unknown_metric","message":"there is no metric \"elsewhere\"","details":{"metric":"elsewhere"}}
    400 Bad Request
    {"code":"bad_query","message":"the query string is not understood: missing field `metric`","details":{}}
    422 Unprocessable Entity
    {"code":"limit_out_of_range","message":"limit must be 1 to 100000, not 0","details":{"limit":"100000"}}
    422 Unprocessable Entity
    {"code":"limit_out_of_range","message":"limit must be 1 to 100000, not 100001","details":{"limit":"100000"}}
    422 Unprocessable Entity
    {"code":"bad_cursor","message":"\"zzz\" is not a cursor of this query; start again without it","details":{}}
    422 Unprocessable Entity
    {"code":"band_has_no_samples","message":"the band has no samples of its own; ask for channels=all or for indices such as 0,3","details":{}}
    404 Not Found
    {"code":"unknown_metric","message":"there is no metric \"elsewhere\"","details":{"metric":"elsewhere"}}
    422 Unprocessable Entity
    {"code":"limit_out_of_range","message":"limit must be 1 to 4000, not 0","details":{"limit":"4000"}}
    400 Bad Request
    {"code":"bad_query","message":"the query string is not understood: before: \"tomorrow\" is not a date; write it like 2026-11-20","details":{}}
    "#);
}

/// Asks in both forms, and checks that they say the same.
async fn same_in_both_forms<T: DeserializeOwned + PartialEq + std::fmt::Debug>(
    app: &TestApp,
    uri: &str,
    status: StatusCode,
) {
    let compact = Request::get(uri)
        .header(header::ACCEPT, compact::MEDIA_TYPE)
        .body(Body::empty())
        .unwrap();
    let (json, compact) = (app.get(uri).await, app.send(compact).await);
    assert_eq!((json.status, compact.status), (status, status), "{uri}");
    assert_eq!(compact.header(header::CONTENT_TYPE), compact::MEDIA_TYPE);
    assert_eq!(json.header(header::CONTENT_TYPE), "application/json");
    let from_json: T = serde_json::from_slice(&json.body).unwrap();
    let from_compact: T = compact::from_bytes(&compact.body).unwrap();
    assert_eq!(from_compact, from_json, "{uri}");
}

#[tokio::test]
async fn the_compact_form_says_what_json_says() {
    let app = TestApp::new().with_an_hour_of_data().await;
    let envelope = format!("/api/v1/envelope?metric=hall.temperature&{HOUR}");
    same_in_both_forms::<Metrics>(&app, "/api/v1/metrics", StatusCode::OK).await;
    same_in_both_forms::<Envelope>(&app, &format!("{envelope}&columns=3"), StatusCode::OK).await;
    same_in_both_forms::<Envelope>(&app, &format!("{envelope}&columns=60"), StatusCode::OK).await;
    same_in_both_forms::<Envelope>(&app, &format!("{envelope}&columns=3&channels=band"), StatusCode::OK).await;
    same_in_both_forms::<Latest>(&app, "/api/v1/latest?metric=hall.temperature", StatusCode::OK).await;
    same_in_both_forms::<ApiError>(&app, "/api/v1/latest?metric=hall.temperatur", StatusCode::NOT_FOUND).await;
    same_in_both_forms::<ApiError>(&app, "/api/v1/lates", StatusCode::NOT_FOUND).await;
}

#[tokio::test]
async fn an_error_in_the_compact_form_is_not_said_to_be_packed() {
    let app = TestApp::new();
    let unknown = format!("/api/v1/latest?metric={}", "x".repeat(150));
    let request = Request::get(unknown)
        .header(header::ACCEPT, compact::MEDIA_TYPE)
        .header(header::ACCEPT_ENCODING, "gzip, br")
        .body(Body::empty())
        .unwrap();
    let answer = app.send(request).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(answer.header(header::CONTENT_ENCODING), "");
    let error: ApiError = compact::from_bytes(&answer.body).unwrap();
    assert_eq!(error.code, "unknown_metric");
}
