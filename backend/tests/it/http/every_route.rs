use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use insta::assert_snapshot;

use crate::app::TestApp;

#[tokio::test]
async fn health_and_readiness_are_told() {
    let app = TestApp::new();
    assert_snapshot!(app.get("/health").await.told(), @r#"
    200 OK
    {"name":"watchroom","status":"pass","version":"0.1.0"}
    "#);
    assert_snapshot!(app.get("/ready").await.told(), @r#"
    200 OK
    {"status":"ready"}
    "#);
}

#[tokio::test]
async fn unknown_paths_and_methods_get_the_error_envelope() {
    let app = TestApp::new();
    assert_snapshot!(app.get("/api/v1/metric").await.told(), @r#"
    404 Not Found
    {"code":"unknown_route","message":"there is nothing at /api/v1/metric; did you mean /api/v1/metrics?","details":{}}
    "#);
    assert_snapshot!(app.get("/api/v2/everything").await.told(), @r#"
    404 Not Found
    {"code":"unknown_route","message":"there is nothing at /api/v2/everything","details":{}}
    "#);
    let post = app.post("/api/v1/metrics", "").await;
    assert_snapshot!(post.told(), @r#"
    405 Method Not Allowed
    {"code":"method_not_allowed","message":"/api/v1/metrics does not know the method POST","details":{}}
    "#);
    assert_eq!(post.header(header::ALLOW), "GET,HEAD");
    assert_snapshot!(app.get("/write").await.told(), @r#"
    405 Method Not Allowed
    {"code":"method_not_allowed","message":"/write does not know the method GET","details":{}}
    "#);
}

#[tokio::test]
async fn answers_are_packed_never_cached_and_carry_the_requests_id() {
    let app = TestApp::new().with_an_hour_of_data().await;
    let uri = "/api/v1/envelope?metric=hall.temperature&from=2026-11-20T21:00:00Z&to=2026-11-20T22:00:00Z&columns=60";
    for (accepted, packed) in [
        ("gzip, br, zstd", "zstd"),
        ("br, gzip", "br"),
        ("gzip", "gzip"),
        ("identity", ""),
    ] {
        let request = Request::get(uri)
            .header(header::ACCEPT_ENCODING, accepted)
            .header("x-request-id", "shift-7");
        let answer = app.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header(header::CONTENT_ENCODING), packed);
        assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
        assert_eq!(answer.header("x-request-id"), "shift-7");
        assert_eq!(answer.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    }
    let forged = Request::get("/health")
        .header("x-request-id", "a b")
        .body(Body::empty())
        .unwrap();
    let answer = app.send(forged).await;
    assert!(answer.header("x-request-id").parse::<u64>().is_ok());
}

#[tokio::test]
async fn everything_stands_below_the_prefix() {
    let app = TestApp::with_config("[server]\nbase_path = \"/shift/wall\"\n");
    assert_eq!(app.get("/shift/wall/health").await.status, StatusCode::OK);
    assert_eq!(
        app.get("/shift/wall/api/v1/nights?limit=1").await.status,
        StatusCode::OK
    );
    for outside in ["/health", "/shift/health", "/shift/wallpaper", "/"] {
        assert_eq!(app.get(outside).await.status, StatusCode::NOT_FOUND, "{outside}");
    }
    for (bare, location) in [("/shift/wall", "/shift/wall/"), ("/shift/wall?a=1", "/shift/wall/?a=1")] {
        let answer = app.get(bare).await;
        assert_eq!(answer.status, StatusCode::PERMANENT_REDIRECT);
        assert_eq!(answer.header(header::LOCATION), location);
    }
}
