use std::io::Write as _;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use insta::assert_snapshot;
use watchroom::store::{CatalogueStore as _, Store as _};

use crate::app::TestApp;

/// Everything that is stored, one line per sample.
async fn stored(app: &TestApp) -> String {
    let metrics = app.get("/api/v1/metrics").await.json();
    let mut lines = Vec::new();
    for metric in metrics["metrics"].as_array().unwrap() {
        let name = metric["name"].as_str().unwrap();
        let uri = format!("/api/v1/samples?metric={name}&from=1900-01-01T00:00:00Z&to=2100-01-01T00:00:00Z");
        let samples = app.get(&uri).await.json();
        for sample in samples["samples"].as_array().unwrap() {
            lines.push(format!(
                "{name} {} {} {}",
                sample["channel"], sample["time_us"], sample["value"]
            ));
        }
    }
    lines.join("\n")
}

#[tokio::test]
async fn good_frames_are_stored_and_counted() {
    let app = TestApp::new();
    let body = r#"{"frames":[
        {"metric":"a","time":"2026-11-20T21:00:00Z","values":[1.5,null,"NaN"]},
        {"metric":"a","time":"2026-11-20T22:00:00.5+01:00","channels":[4,1],"values":[4,1]}]}"#;
    assert_snapshot!(app.post_json("/api/v1/frames", body).await.told(), @r#"
    200 OK
    {"accepted":2}
    "#);
    assert_snapshot!(stored(&app).await, @r#"
    a 0 1795208400000000 1.5
    a 1 1795208400000000 null
    a 2 1795208400000000 "NaN"
    a 1 1795208400500000 1.0
    a 4 1795208400500000 4.0
    "#);
}

#[tokio::test]
async fn bad_frames_are_named_and_the_good_ones_kept() {
    let app = TestApp::new();
    let body = r#"{"frames":[
        {"metric":"a","time":"2026-11-20T21:00:00Z","values":[1]},
        {"metric":"a","time":"2026-11-22T22:00:00Z","values":[2]},
        {"metric":"a","time":"soon","values":[3]},
        {"metric":"a","time":"2026-11-20T21:00:00Z","values":"4"},
        {"metric":"","time":"2026-11-20T21:00:00Z","values":[5]},
        {"metric":"a","time":"2026-11-20T21:00:00Z","channels":[0,0],"values":[6,7]},
        {"metric":"a","time":"2026-11-20T21:00:00Z","channels":[0],"values":[8,9]},
        {"metric":"a","time":"2026-11-20T21:01:00Z","values":[10]}]}"#;
    assert_snapshot!(app.post_json("/api/v1/frames", body).await.told(), @r#"
    400 Bad Request
    {"code":"partial_write","message":"2 frames stored, 6 frames rejected; the rejected ones are listed with their index in the request","accepted":2,"rejected":[{"index":1,"message":"its time 2026-11-22T22:00:00Z is more than 24 h ahead of the server's clock, 2026-11-20T22:00:00Z; check the clock of the source"},{"index":2,"message":"\"soon\" is not a time: it is too short; write it like 2026-11-20T03:12:48Z"},{"index":3,"message":"invalid type: string \"4\", expected a sequence"},{"index":4,"message":"a metric needs a name"},{"index":5,"message":"channel 0 is named twice"},{"index":6,"message":"it names 1 channels but holds 2 values; there must be one value per channel"}]}
    "#);
    assert_snapshot!(stored(&app).await, @"
    a 0 1795208400000000 1.0
    a 0 1795208460000000 10.0
    ");
}

#[tokio::test]
async fn a_body_that_is_not_frames_is_refused_as_a_whole() {
    let app = TestApp::new();
    let mut answers = Vec::new();
    for body in [
        "",
        "{\n  \"frames\": [\n    {]\n}",
        "[]",
        r#"{"frame":[]}"#,
        "\u{0}\u{1}",
    ] {
        answers.push(app.post_json("/api/v1/frames", body).await.told());
    }
    let untyped = app.post("/api/v1/frames", r#"{"frames":[]}"#).await;
    answers.push(untyped.told());
    assert_snapshot!(answers.join("\n"), @r#"
    400 Bad Request
    {"code":"bad_json","message":"the body must be a JSON object {\"frames\":[…]}: EOF while parsing a value at line 1 column 0","details":{"column":"0","line":"1"}}
    400 Bad Request
    {"code":"bad_json","message":"the body must be a JSON object {\"frames\":[…]}: key must be a string at line 3 column 6","details":{"column":"6","line":"3"}}
    400 Bad Request
    {"code":"bad_json","message":"the body must be a JSON object {\"frames\":[…]}: invalid length 0, expected an object with the key `frames` at line 1 column 2","details":{"column":"2","line":"1"}}
    400 Bad Request
    {"code":"bad_json","message":"the body must be a JSON object {\"frames\":[…]}: unknown field `frame`, expected `frames` at line 1 column 8","details":{"column":"8","line":"1"}}
    400 Bad Request
    {"code":"bad_json","message":"the body must be a JSON object {\"frames\":[…]}: expected value at line 1 column 1","details":{"column":"1","line":"1"}}
    415 Unsupported Media Type
    {"code":"unsupported_media_type","message":"the body must be JSON with the header content-type: application/json; it is without a type","details":{}}
    "#);
    assert!(app.store.metrics().await.unwrap().is_empty());
}

#[tokio::test]
async fn line_protocol_is_stored() {
    let app = TestApp::new();
    let lines =
        "weather,station=north temperature=4.5,humidity=80i 1795208400000000000\nrain value=0.25 1795208460000000000\n";
    assert_eq!(app.post("/write", lines).await.status, StatusCode::NO_CONTENT);
    let seconds = app
        .post(
            "/write?db=lab&precision=s&u=someone&rp=default",
            "rain value=1 1795208400",
        )
        .await;
    assert_eq!(seconds.status, StatusCode::NO_CONTENT);
    let default = app
        .post("/write?db=watchroom&precision=ms", "rain value=2 1795208400000")
        .await;
    assert_eq!(default.status, StatusCode::NO_CONTENT);
    assert_snapshot!(stored(&app).await, @"
    lab/rain 0 1795208400000000 1.0
    rain 0 1795208400000000 2.0
    rain 0 1795208460000000 0.25
    weather.humidity 0 1795208400000000 80.0
    weather.temperature 0 1795208400000000 4.5
    ");
}

#[tokio::test]
async fn bad_lines_are_named_and_the_good_ones_kept() {
    let app = TestApp::new();
    let lines = "a value=1 1795208400\nnonsense\n# a comment\n\na value=2 1795208460\na value= 1795208520\na,b value=3 1795208580\na value=4 4000000000\n";
    assert_snapshot!(app.post("/write?precision=s", lines).await.told(), @r#"
    400 Bad Request
    {"error":"partial write: 2 samples stored, 4 mistakes: line 2: the line has no fields; write measurement,tag=value field=1.5 time; line 6: field \"value\": \"\" is not a number, an integer such as 3i, or a boolean; line 7: tag \"b\" has no value; write key=value; all of them are listed with their line","code":"partial_write","message":"partial write: 2 samples stored, 4 mistakes: line 2: the line has no fields; write measurement,tag=value field=1.5 time; line 6: field \"value\": \"\" is not a number, an integer such as 3i, or a boolean; line 7: tag \"b\" has no value; write key=value; all of them are listed with their line","accepted":2,"rejected":[{"index":2,"message":"the line has no fields; write measurement,tag=value field=1.5 time"},{"index":6,"message":"field \"value\": \"\" is not a number, an integer such as 3i, or a boolean"},{"index":7,"message":"tag \"b\" has no value; write key=value"},{"index":8,"message":"its time 2096-10-02T07:06:40Z is more than 24 h ahead of the server's clock, 2026-11-20T22:00:00Z; check the clock of the source"}]}
    "#);
    assert_snapshot!(stored(&app).await, @"
    a 0 1795208400000000 1.0
    a 0 1795208460000000 2.0
    ");
    assert_snapshot!(app.post("/write?precision=days", lines).await.told(), @r#"
    400 Bad Request
    {"error":"precision: \"days\" is not a precision; write ns, us, ms, s, m or h","code":"bad_query","message":"precision: \"days\" is not a precision; write ns, us, ms, s, m or h","details":{}}
    "#);
}

#[tokio::test]
async fn packed_bodies_are_unpacked_up_to_the_limit() {
    let app = TestApp::new();
    let send = async |encoding: &str, body: Vec<u8>| {
        let request = Request::post("/write?precision=s").header(header::CONTENT_ENCODING, encoding);
        app.send(request.body(Body::from(body)).unwrap()).await
    };
    let pack = |text: &[u8]| {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(text).unwrap();
        packer.finish().unwrap()
    };
    assert_eq!(
        send("gzip", pack(b"a value=1 1795208400")).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        send("identity", b"a value=2 1795208460".to_vec()).await.status,
        StatusCode::NO_CONTENT
    );
    assert_snapshot!(stored(&app).await, @"
    a 0 1795208400000000 1.0
    a 0 1795208460000000 2.0
    ");
    let bomb = pack(&vec![b' '; 65 << 20]);
    assert!(bomb.len() < 1 << 20);
    assert_snapshot!(send("gzip", bomb).await.told(), @r#"
    413 Payload Too Large
    {"error":"the body is larger than 67108864 bytes; send it in parts, or raise ingest.body_limit","code":"body_too_large","message":"the body is larger than 67108864 bytes; send it in parts, or raise ingest.body_limit","details":{"limit_bytes":"67108864"}}
    "#);
    assert_snapshot!(send("zstd", b"a value=3".to_vec()).await.told(), @r#"
    415 Unsupported Media Type
    {"error":"the body must be packed with gzip or not packed; it is zstd","code":"unsupported_media_type","message":"the body must be packed with gzip or not packed; it is zstd","details":{}}
    "#);
    assert_snapshot!(send("gzip", b"not gzip".to_vec()).await.status, @"400 Bad Request");
}

#[tokio::test]
async fn huge_bodies_are_refused() {
    let app = TestApp::new();
    let answer = app.post_json("/api/v1/frames", vec![b' '; (64 << 20) + 1]).await;
    assert_snapshot!(answer.told(), @r#"
    413 Payload Too Large
    {"code":"body_too_large","message":"the body is larger than 67108864 bytes; send it in parts, or raise ingest.body_limit","details":{"limit_bytes":"67108864"}}
    "#);
}

#[tokio::test]
async fn a_store_that_is_down_is_a_failure_and_never_an_empty_answer() {
    let app = TestApp::new().with_an_hour_of_data().await;
    app.store.close().await;
    let mut answers = Vec::new();
    for path in [
        "/ready",
        "/api/v1/metrics",
        "/api/v1/latest?metric=hall.temperature",
        "/api/v1/nights",
    ] {
        let answer = app.get(path).await;
        assert_eq!(answer.header(header::RETRY_AFTER), "5");
        answers.push(answer.told());
    }
    let body = r#"{"frames":[{"metric":"hall.temperature","time":"2026-11-20T21:00:00Z","values":[1]}]}"#;
    answers.push(app.post_json("/api/v1/frames", body).await.told());
    answers.push(app.post("/write", "a value=1").await.told());
    assert_snapshot!(answers.join("\n"), @r#"
    503 Service Unavailable
    {"code":"store_unavailable","message":"the store is unavailable; try again shortly","details":{}}
    503 Service Unavailable
    {"code":"store_unavailable","message":"the store is unavailable; try again shortly","details":{}}
    503 Service Unavailable
    {"code":"store_unavailable","message":"the store is unavailable; try again shortly","details":{}}
    503 Service Unavailable
    {"code":"store_unavailable","message":"the store is unavailable; try again shortly","details":{}}
    503 Service Unavailable
    {"code":"store_unavailable","message":"the store failed; 0 frames of this request are stored, send all of it again","details":{"accepted":"0"}}
    503 Service Unavailable
    {"error":"the store failed; 0 frames of this request are stored, send all of it again","code":"store_unavailable","message":"the store failed; 0 frames of this request are stored, send all of it again","details":{"accepted":"0"}}
    "#);
    assert_eq!(app.get("/health").await.status, StatusCode::OK);
}
