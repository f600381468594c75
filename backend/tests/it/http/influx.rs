//! What clients of InfluxDB send and expect, request by request; `clients.rs` does the same with the clients themselves.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use insta::assert_snapshot;

use crate::app::TestApp;

async fn ask(app: &TestApp, statement: &str) -> String {
    let encoded: String = statement
        .bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect();
    app.get(&format!("/query?db=lab&q={encoded}")).await.told()
}

/// So many lines, one after the other.
fn joined(n_lines: u32, line: impl Fn(u32) -> String) -> String {
    (0..n_lines).map(line).collect::<Vec<_>>().concat()
}

#[tokio::test]
async fn a_ping_tells_a_version_and_nothing_else() {
    let app = TestApp::new();
    for method in ["GET", "HEAD"] {
        let request = Request::builder().method(method).uri("/ping");
        let answer = app.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
        assert_eq!(answer.header("x-influxdb-version"), "1.8.0-watchroom.0.1.0");
        assert_eq!(answer.text(), "");
    }
}

#[tokio::test]
async fn statements_get_the_answers_of_influxdb() {
    let app = TestApp::new();
    let lines = "weather,mast=north temp=3.5 1795208400\nrain value=1 1795208400\n";
    for uri in ["/write?db=lab&precision=s", "/write?precision=s"] {
        assert_eq!(app.post(uri, lines).await.status, StatusCode::NO_CONTENT);
    }
    let mut answers = Vec::new();
    for statement in [
        "CREATE DATABASE \"lab\"",
        "CREATE RETENTION POLICY \"1s\" ON \"lab\" DURATION INF REPLICATION 1",
        "CREATE DATABASE lab WITH DURATION 30d",
        "SHOW DATABASES",
        "SHOW RETENTION POLICIES ON lab",
        "SHOW MEASUREMENTS",
        "SHOW MEASUREMENTS ON watchroom; SHOW MEASUREMENTS ON empty",
        "SELECT mean(temp) FROM weather",
        "SHOW DATABASES; DROP DATABASE lab",
        "",
    ] {
        answers.push(ask(&app, statement).await);
    }
    assert_snapshot!(answers.join("\n"), @r#"
    200 OK
    {"results":[{"statement_id":0}]}
    200 OK
    {"results":[{"statement_id":0}]}
    200 OK
    {"results":[{"statement_id":0,"messages":[{"level":"warning","text":"acknowledged, but this does not make Watchroom delete anything"}]}]}
    200 OK
    {"results":[{"statement_id":0,"series":[{"name":"databases","columns":["name"],"values":[["lab"],["watchroom"]]}]}]}
    200 OK
    {"results":[{"statement_id":0,"series":[{"columns":["name","duration","shardGroupDuration","replicaN","default"],"values":[["autogen","0s","168h0m0s",1,true]]}]}]}
    200 OK
    {"results":[{"statement_id":0,"series":[{"name":"measurements","columns":["name"],"values":[["rain"],["weather.temp"]]}]}]}
    200 OK
    {"results":[{"statement_id":0,"series":[{"name":"measurements","columns":["name"],"values":[["rain"],["weather.temp"]]}]},{"statement_id":1}]}
    400 Bad Request
    {"error":"\"SELECT mean(temp) FROM weather\" cannot be answered, for Watchroom has no query language; ask GET /api/v1/envelope for charts, /api/v1/samples for raw samples, /api/v1/latest for the newest, and /api/v1/metrics for what there is","code":"bad_statement","message":"\"SELECT mean(temp) FROM weather\" cannot be answered, for Watchroom has no query language; ask GET /api/v1/envelope for charts, /api/v1/samples for raw samples, /api/v1/latest for the newest, and /api/v1/metrics for what there is","details":{}}
    400 Bad Request
    {"error":"\"DROP DATABASE lab\" is not a statement that can be answered; of InfluxDB's statements Watchroom knows CREATE DATABASE, CREATE RETENTION POLICY, SHOW DATABASES, SHOW MEASUREMENTS and SHOW RETENTION POLICIES","code":"bad_statement","message":"\"DROP DATABASE lab\" is not a statement that can be answered; of InfluxDB's statements Watchroom knows CREATE DATABASE, CREATE RETENTION POLICY, SHOW DATABASES, SHOW MEASUREMENTS and SHOW RETENTION POLICIES","details":{}}
    400 Bad Request
    {"error":"there is no statement; of InfluxDB's statements Watchroom knows CREATE DATABASE, CREATE RETENTION POLICY, SHOW DATABASES, SHOW MEASUREMENTS and SHOW RETENTION POLICIES","code":"bad_statement","message":"there is no statement; of InfluxDB's statements Watchroom knows CREATE DATABASE, CREATE RETENTION POLICY, SHOW DATABASES, SHOW MEASUREMENTS and SHOW RETENTION POLICIES","details":{}}
    "#);
}

#[tokio::test]
async fn statements_may_come_in_a_form_or_in_the_address() {
    let app = TestApp::new();
    let form = Request::post("/query").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let form = form.body(Body::from("q=SHOW+MEASUREMENTS+ON+x&db=y")).unwrap();
    assert_snapshot!(app.send(form).await.told(), @r#"
    200 OK
    {"results":[{"statement_id":0}]}
    "#);
    // With a type for a body that is not there, as ligo-scald sends it.
    assert_snapshot!(app.post_json("/query?q=%20CREATE%20DATABASE%20%22mydb%22", "").await.told(), @r#"
    200 OK
    {"results":[{"statement_id":0}]}
    "#);
}

#[tokio::test]
async fn a_bucket_is_a_database() {
    let app = TestApp::new();
    for (bucket, precision) in [("watchroom", "ns"), ("lab", "us"), ("lab%2Fautogen", "ms"), ("", "s")] {
        let uri = format!("/api/v2/write?org=site&bucket={bucket}&precision={precision}");
        let time = match precision {
            "ns" => "1795208400000000001",
            "us" => "1795208400000001",
            "ms" => "1795208400002",
            _ => "1795208401",
        };
        let request = Request::post(uri).header(header::AUTHORIZATION, "Token secret");
        let answer = app
            .send(request.body(Body::from(format!("a value=1 {time}"))).unwrap())
            .await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text());
    }
    let mut samples = Vec::new();
    for metric in ["a", "lab/a"] {
        let uri = format!("/api/v1/samples?metric={metric}&from=2026-11-20T21:00:00Z&to=2026-11-20T22:00:00Z");
        for sample in app.get(&uri).await.json()["samples"].as_array().unwrap() {
            samples.push(format!("{metric} {} {}", sample["time_us"], sample["value"]));
        }
    }
    assert_snapshot!(samples.join("\n"), @"
    a 1795208400000000 1.0
    a 1795208401000000 1.0
    lab/a 1795208400000001 1.0
    lab/a 1795208400002000 1.0
    ");
    assert_snapshot!(app.post("/api/v2/write?bucket=lab", "a value=1 1\nnonsense\n").await.told(), @r#"
    400 Bad Request
    {"error":"partial write: 1 sample stored, 1 mistake: line 2: the line has no fields; write measurement,tag=value field=1.5 time","code":"partial_write","message":"partial write: 1 sample stored, 1 mistake: line 2: the line has no fields; write measurement,tag=value field=1.5 time","accepted":1,"rejected":[{"index":2,"message":"the line has no fields; write measurement,tag=value field=1.5 time"}]}
    "#);
}

#[tokio::test]
async fn a_tag_that_never_ends_is_stopped_at_the_limit() {
    let app = TestApp::with_config("[ingest]\nchannels_per_metric = 100\nmetrics = 3\n");
    let lines = joined(5000, |run| format!("rate,run={run} value={run} 1795208400\n"));
    let answer = app.post("/write?precision=s", lines).await;
    let told = answer.json();
    assert_eq!(told["accepted"], 100);
    assert_eq!(told["rejected"].as_array().unwrap().len(), 1000);
    assert_snapshot!(told["error"].as_str().unwrap(), @r#"partial write: 100 samples stored, 4900 mistakes: line 101: metric "rate" would have 101 channels; the limit is 100; a tag that never ends, such as the number of a run, makes a channel of each of its values: write it as a field, or raise ingest.channels_per_metric; line 102: metric "rate" would have 101 channels; the limit is 100; a tag that never ends, such as the number of a run, makes a channel of each of its values: write it as a field, or raise ingest.channels_per_metric; line 103: metric "rate" would have 101 channels; the limit is 100; a tag that never ends, such as the number of a run, makes a channel of each of its values: write it as a field, or raise ingest.channels_per_metric; the first 1000 are listed with their line"#);
    // What is known goes on being stored.
    assert_eq!(
        app.post("/write", "rate,run=99 value=1").await.status,
        StatusCode::NO_CONTENT
    );
    let metrics = joined(5, |name| format!("m{name} value=1\n"));
    let answer = app.post("/write", metrics).await;
    assert_snapshot!(answer.json()["error"].as_str().unwrap(), @"partial write: 2 samples stored, 3 mistakes: line 3: there are already 3 metrics, which is the limit; give what varies a channel, not a metric of its own, or raise ingest.metrics; line 4: there are already 3 metrics, which is the limit; give what varies a channel, not a metric of its own, or raise ingest.metrics; line 5: there are already 3 metrics, which is the limit; give what varies a channel, not a metric of its own, or raise ingest.metrics");
}

#[tokio::test]
async fn only_the_first_thousand_mistakes_are_listed() {
    let app = TestApp::new();
    let mut lines = "nonsense\n".repeat(70_000);
    lines.push_str("a value=1 1795208400000000000\n");
    let told = app.post("/write", lines).await.json();
    assert_eq!(told["accepted"], 1);
    let rejected = told["rejected"].as_array().unwrap();
    assert_eq!(rejected.len(), 1000);
    assert_eq!(rejected[999]["index"], 1000);
    assert_snapshot!(told["message"].as_str().unwrap(), @"partial write: 1 sample stored, 70000 mistakes: line 1: the line has no fields; write measurement,tag=value field=1.5 time; line 2: the line has no fields; write measurement,tag=value field=1.5 time; line 3: the line has no fields; write measurement,tag=value field=1.5 time; the first 1000 are listed with their line");
}

#[tokio::test]
async fn lines_without_a_time_have_all_arrived_at_once() {
    let app = TestApp::new();
    // More than are stored at a time.
    let mut lines = joined(70_000, |n| format!("count value={n}\n"));
    lines.push_str("other value=1\n");
    assert_eq!(app.post("/write", lines).await.status, StatusCode::NO_CONTENT);
    let uri = "/api/v1/samples?metric=count&from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z";
    let samples = app.get(uri).await.json();
    assert_eq!(samples["samples"].as_array().unwrap().len(), 1);
    assert_eq!(samples["samples"][0]["value"], 69_999.0);
}
