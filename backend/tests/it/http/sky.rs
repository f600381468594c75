use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use insta::assert_snapshot;
use shared::compact;
use shared::query::sky::{Light, Sky};

use crate::app::TestApp;

const SITE: &str = "[site]\nname = \"LST-1\"\nlatitude = 28.7617\nlongitude = -17.8914\nelevation = 2200\n";
const NIGHT: &str = "/api/v1/sky?from=2026-11-20T12:00:00Z&to=2026-11-21T12:00:00Z";

#[tokio::test]
async fn the_light_of_a_night_is_told_where_the_site_has_a_place() {
    let app = TestApp::with_config(SITE);
    let answer = app.get(NIGHT).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let sky: Sky = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(sky.sun.len(), 9);
    assert_eq!(sky.sun[4].light, Light::Night);
    assert_eq!(sky.moon.len(), 1);
    assert!(
        answer
            .text()
            .starts_with(r#"{"sun":[{"start_us":1795176000000000,"end_us":"#)
    );
    let dashboards = app.get("/api/v1/dashboards").await.json();
    assert_eq!(dashboards["site"]["has_sky"], true);

    let compact = Request::get(NIGHT).header(header::ACCEPT, compact::MEDIA_TYPE);
    let packed = app.send(compact.body(Body::empty()).unwrap()).await;
    assert_eq!(compact::from_bytes::<Sky>(&packed.body).unwrap(), sky);

    let etag = answer.header(header::ETAG);
    let again = Request::get(NIGHT).header(header::IF_NONE_MATCH, etag);
    let again = app.send(again.body(Body::empty()).unwrap()).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn without_a_place_and_for_too_long_a_range_it_is_said_what_to_change() {
    let app = TestApp::new();
    assert_eq!(app.get("/api/v1/dashboards").await.json()["site"]["has_sky"], false);
    assert_snapshot!(app.get(NIGHT).await.told(), @r#"
    404 Not Found
    {"code":"unknown_place","message":"it is not known where the site is; set latitude and longitude of [site] in the configuration","details":{}}
    "#);
    let app = TestApp::with_config(SITE);
    let of = async |from: &str, to: &str| app.get(&format!("/api/v1/sky?from={from}&to={to}")).await.told();
    assert_snapshot!(of("2026-11-20T12:00:00Z", "2026-12-30T12:00:01Z").await, @r#"
    422 Unprocessable Entity
    {"code":"span_too_long","message":"the range spans 40 days, the sky is told for at most 40; ask for a shorter one","details":{"limit_days":"40"}}
    "#);
    assert!(
        of("2026-11-20T12:00:00Z", "2026-12-30T12:00:00Z")
            .await
            .starts_with("200 OK")
    );
    assert!(
        of("2026-11-20T12:00:00Z", "2026-11-20T12:00:00Z")
            .await
            .contains("reversed_range")
    );
    assert!(of("2026-11-20T12:00:00Z", "").await.starts_with("400 Bad Request"));
}
