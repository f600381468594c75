use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use shared::compact;

use crate::app::{Answer, TestApp};

const CLOSED: &str =
    "/api/v1/envelope?metric=hall.temperature&from=2026-11-20T08:00:00Z&to=2026-11-20T20:00:00Z&columns=60";

/// A frame a minute from 08:00 to 14:00, long before the tests' now.
async fn app() -> TestApp {
    let app = TestApp::new();
    let frames = (0..360).map(|minute| {
        let (hour, minute) = (8 + minute / 60, minute % 60);
        format!(r#"{{"metric":"hall.temperature","time":"2026-11-20T{hour:02}:{minute:02}:00Z","values":[{minute}]}}"#)
    });
    let body = format!(r#"{{"frames":[{}]}}"#, frames.collect::<Vec<_>>().join(","));
    assert_eq!(app.post_json("/api/v1/frames", body).await.status, StatusCode::OK);
    // The first question makes the first tiles.
    assert_eq!(app.get(CLOSED).await.header(header::ETAG), "");
    app
}

async fn again(app: &TestApp, uri: &str, etag: &str) -> Answer {
    let request = Request::get(uri).header(header::IF_NONE_MATCH, etag);
    app.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn an_answer_about_the_closed_past_is_confirmed_until_a_late_sample_comes() {
    let app = app().await;
    for uri in [
        CLOSED,
        "/api/v1/envelope?metric=hall.temperature&channels=band&from=2026-11-20T08:00:00Z&to=2026-11-20T13:59:00Z&columns=7",
        "/api/v1/raster?metric=hall.temperature&from=2026-11-20T08:00:00Z&to=2026-11-20T20:00:00Z&columns=60&rows=10",
        "/api/v1/samples?metric=hall.temperature&from=2026-11-20T08:00:00Z&to=2026-11-20T20:00:00Z&limit=1000",
        "/api/v1/nights?metric=hall.temperature&before=2026-11-20",
        "/api/v1/latest?metric=hall.temperature&at=2026-11-20T20:30:00Z",
    ] {
        let first = app.get(uri).await;
        assert_eq!(first.status, StatusCode::OK, "{uri}");
        assert_eq!(first.header(header::CACHE_CONTROL), "max-age=10, must-revalidate");
        assert!(first.header(header::VARY).contains("accept"), "{uri}");
        let etag = first.header(header::ETAG).to_owned();
        assert!(etag.starts_with("W/\""), "{uri}: {etag:?}");

        let confirmed = again(&app, uri, &etag).await;
        assert_eq!(confirmed.status, StatusCode::NOT_MODIFIED, "{uri}");
        assert!(confirmed.body.is_empty());
        assert_eq!(confirmed.header(header::ETAG), etag);
        assert_eq!(confirmed.header(header::CACHE_CONTROL), "max-age=10, must-revalidate");
        assert!(confirmed.header(header::VARY).contains("accept"), "{uri}");

        let late = r#"{"frames":[{"metric":"hall.temperature","time":"2026-11-20T09:00:30Z","values":[1e6]}]}"#;
        assert_eq!(app.post_json("/api/v1/frames", late).await.status, StatusCode::OK);
        let changed = again(&app, uri, &etag).await;
        assert_eq!(changed.status, StatusCode::OK, "{uri}");
        assert_ne!(changed.header(header::ETAG), etag);
    }
    let with_it = app.get(CLOSED).await.text();
    assert!(with_it.contains("1000000.0"), "{with_it}");
}

#[tokio::test]
async fn the_open_present_errors_and_exports_are_not_kept() {
    let app = app().await;
    for uri in [
        "/api/v1/envelope?metric=hall.temperature&from=2026-11-20T08:00:00Z&to=2026-11-20T21:30:00Z&columns=60",
        "/api/v1/envelope?metric=hall.temperature&from=2026-11-20T08:00:00Z&to=2026-11-20T20:00:00Z&columns=0",
        "/api/v1/samples?metric=hall.temperature&from=2026-11-20T08:00:00Z&to=2026-11-21T00:00:00Z",
        "/api/v1/nights?metric=hall.temperature",
        "/api/v1/nights?metric=hall.temperature&before=2026-11-21",
        "/api/v1/latest?metric=hall.temperature",
        "/api/v1/latest?metric=hall.temperature&at=2026-11-20T21:30:00Z",
        "/api/v1/export?metric=hall.temperature&from=2026-11-20T08:00:00Z&to=2026-11-20T20:00:00Z&format=csv",
    ] {
        let answer = app.get(uri).await;
        assert_eq!(answer.header(header::CACHE_CONTROL), "no-store", "{uri}");
        assert_eq!(answer.header(header::ETAG), "", "{uri}");
    }
}

#[tokio::test]
async fn what_an_answer_depends_on_is_one_line() {
    let app = app().await;
    let request = Request::get(CLOSED).header(header::ACCEPT_ENCODING, "gzip");
    let answer = app.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.header(header::CONTENT_ENCODING), "gzip");
    let lines: Vec<_> = answer.headers.get_all(header::VARY).iter().collect();
    assert_eq!(lines, ["accept, accept-encoding"]);
}

#[tokio::test]
async fn an_answer_that_is_kept_is_the_one_that_was_sent_and_gives_way_to_late_samples() {
    let app = app().await;
    let ask = async |encoding: &str| {
        let request = Request::get(CLOSED).header(header::ACCEPT_ENCODING, encoding);
        app.send(request.body(Body::empty()).unwrap()).await
    };
    let plain = ask("identity").await;
    assert_eq!(plain.header(header::CONTENT_ENCODING), "");
    for encoding in ["zstd", "br", "gzip"] {
        let (first, second) = (ask(encoding).await, ask(encoding).await);
        assert_eq!(first.header(header::CONTENT_ENCODING), encoding);
        assert_eq!(second.header(header::CONTENT_ENCODING), encoding);
        assert_eq!(first.header(header::ETAG), second.header(header::ETAG));
        assert_eq!(first.body, second.body);
        assert_eq!(second.header(header::CONTENT_TYPE), "application/json");
        assert_eq!(second.header(header::VARY), "accept, accept-encoding");
        assert!(second.body.len() < plain.body.len());
    }
    let again = ask("identity").await;
    assert_eq!(again.body, plain.body);
    let late = r#"{"frames":[{"metric":"hall.temperature","time":"2026-11-20T09:00:30Z","values":[1e6]}]}"#;
    assert_eq!(app.post_json("/api/v1/frames", late).await.status, StatusCode::OK);
    assert!(ask("identity").await.text().contains("1000000.0"));
}

#[tokio::test]
async fn questions_and_forms_have_tags_of_their_own() {
    let app = app().await;
    let json = app.get(CLOSED).await;
    let request = Request::get(CLOSED).header(header::ACCEPT, compact::MEDIA_TYPE);
    let packed = app.send(request.body(Body::empty()).unwrap()).await;
    let other = app.get(&CLOSED.replace("columns=60", "columns=61")).await;
    let tags = [&json, &packed, &other].map(|answer| answer.header(header::ETAG).to_owned());
    assert!(tags.iter().all(|tag| !tag.is_empty()));
    assert!(
        tags[0] != tags[1] && tags[0] != tags[2] && tags[1] != tags[2],
        "{tags:?}"
    );
    assert_eq!(again(&app, CLOSED, &tags[1]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn answers_say_where_live_updates_go_on_from_also_when_they_are_kept_or_confirmed() {
    let app = app().await;
    let position = |answer: &Answer| -> shared::live::Position {
        let told = answer.header(shared::live::POSITION_HEADER);
        told.parse().unwrap_or_else(|_| panic!("no position: {told:?}"))
    };
    let first = app.get(CLOSED).await;
    assert!(0 < position(&first).sequence);
    let elsewhere = r#"{"frames":[{"metric":"hall.temperature","time":"2026-11-20T21:00:30Z","values":[1]}]}"#;
    assert_eq!(app.post_json("/api/v1/frames", elsewhere).await.status, StatusCode::OK);
    let second = app.get(CLOSED).await;
    let confirmed = again(&app, CLOSED, second.header(header::ETAG)).await;
    assert_eq!(confirmed.status, StatusCode::NOT_MODIFIED);
    for answer in [second, confirmed] {
        assert_eq!(position(&answer).sequence, position(&first).sequence + 1);
    }
}
