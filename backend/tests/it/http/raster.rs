use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use insta::assert_snapshot;
use serde::de::DeserializeOwned;
use shared::compact;
use shared::query::raster::{Density, Raster};

use crate::app::TestApp;

const HOUR: &str = "from=2026-11-20T21:00:00Z&to=2026-11-20T22:00:00Z";

async fn raster(app: &TestApp, rest: &str) -> String {
    let uri = format!("/api/v1/raster?metric=hall.temperature&{rest}");
    app.get(&uri).await.told()
}

#[tokio::test]
async fn a_raster_has_one_value_per_row_of_channels_and_column_of_time() {
    let app = TestApp::new().with_an_hour_of_data().await;
    assert_snapshot!(raster(&app, &format!("{HOUR}&columns=4&rows=400&stat=max")).await, @r#"
    200 OK
    {"start_us":[1795208400000000,1795208640000000,1795209600000000,1795210560000000,1795211520000000],"end_us":[1795208640000000,1795209600000000,1795210560000000,1795211520000000,1795212000000000],"row_first":[0,1],"row_last":[0,1],"values":[[3.0,19.0,35.0,51.0,59.0],[-0.0,-2.0,-10.0,-18.0,-26.0]],"bucket_us":960000000,"blanks":[]}
    "#);
    // Both channels in one row, and the ends of the range off the lattice.
    let off = "from=2026-11-20T21:01:30Z&to=2026-11-20T21:58:30Z";
    assert_snapshot!(raster(&app, &format!("{off}&columns=4&rows=1")).await, @r#"
    200 OK
    {"start_us":[1795208490000000,1795208640000000,1795209600000000,1795210560000000,1795211520000000],"end_us":[1795208640000000,1795209600000000,1795210560000000,1795211520000000,1795211910000000],"row_first":[0],"row_last":[1],"values":[[0.625,3.0483870967741935,6.875,10.875,13.75]],"bucket_us":960000000,"blanks":[]}
    "#);
}

#[tokio::test]
async fn where_frames_are_few_each_is_a_column_and_a_null_is_told_from_nothing() {
    let app = TestApp::new().with_an_hour_of_data().await;
    let four_frames = "from=2026-11-20T21:03:30Z&to=2026-11-20T21:07:30Z";
    assert_snapshot!(raster(&app, &format!("{four_frames}&columns=600&rows=400&stat=last")).await, @r#"
    200 OK
    {"start_us":[1795208640000000,1795208700000000,1795208760000000,1795208820000000],"end_us":[1795208700000000,1795208760000000,1795208820000000,1795208850000000],"row_first":[0,1],"row_last":[0,1],"values":[[4.0,5.0,6.0,7.0],[-2.0,null,-3.0,-3.5]],"bucket_us":null,"blanks":[[1,1,1]]}
    "#);
    let before = "from=2026-11-20T20:57:00Z&to=2026-11-20T20:59:00Z";
    assert_snapshot!(raster(&app, &format!("{before}&columns=2&rows=400&stat=mean")).await, @r#"
    200 OK
    {"start_us":[1795208220000000,1795208280000000],"end_us":[1795208280000000,1795208340000000],"row_first":[0,1],"row_last":[0,1],"values":[[null,null],[null,null]],"bucket_us":60000000,"blanks":[]}
    "#);
}

#[tokio::test]
async fn a_density_counts_the_samples_of_all_channels() {
    let app = TestApp::new().with_an_hour_of_data().await;
    assert_snapshot!(raster(&app, &format!("{HOUR}&columns=4&rows=3&stat=density")).await, @r#"
    200 OK
    {"start_us":[1795208400000000,1795208640000000,1795209600000000,1795210560000000,1795211520000000],"end_us":[1795208640000000,1795209600000000,1795210560000000,1795211520000000,1795212000000000],"value_min":-29.5,"value_max":59.0,"below":0,"above":0,"of":"samples","counts":[[3,15,16,16,8],[5,16,10,0,0],[0,0,6,16,8]],"bucket_us":960000000,"blanks":[]}
    "#);
    let ends = "value_min=-10&value_max=10";
    assert_snapshot!(raster(&app, &format!("{HOUR}&columns=4&rows=2&stat=density&{ends}")).await, @r#"
    200 OK
    {"start_us":[1795208400000000,1795208640000000,1795209600000000,1795210560000000,1795211520000000],"end_us":[1795208640000000,1795209600000000,1795210560000000,1795211520000000,1795212000000000],"value_min":-10.0,"value_max":10.0,"below":39,"above":49,"of":"samples","counts":[[3,15,1,0,0],[5,7,0,0,0]],"bucket_us":960000000,"blanks":[]}
    "#);
    let before = "from=2026-11-20T20:57:00Z&to=2026-11-20T20:59:00Z";
    assert_snapshot!(raster(&app, &format!("{before}&columns=1&rows=2&stat=density")).await, @r#"
    200 OK
    {"start_us":[1795208220000000,1795208280000000],"end_us":[1795208280000000,1795208340000000],"value_min":null,"value_max":null,"below":0,"above":0,"of":"samples","counts":[[0,0],[0,0]],"bucket_us":60000000,"blanks":[]}
    "#);
}

#[tokio::test]
async fn bad_questions_are_refused_with_what_to_change() {
    let app = TestApp::new().with_an_hour_of_data().await;
    let mut answers = Vec::new();
    for rest in [
        "columns=600",
        "columns=600&rows=400&stat=median",
        "columns=0&rows=400",
        "columns=600&rows=0",
        "columns=600&rows=20000",
        "columns=16000&rows=16000&stat=density",
        "columns=600&rows=400&value_min=3",
        "columns=600&rows=400&stat=density&value_min=3&value_max=2",
        "columns=600&rows=400&stat=density&value_max=inf",
        "columns=600&rows=400&channels=all",
    ] {
        let answer = app
            .get(&format!("/api/v1/raster?metric=hall.temperature&{HOUR}&{rest}"))
            .await;
        assert!(answer.status.is_client_error(), "{rest}");
        answers.push(answer.told());
    }
    assert_snapshot!(answers.join("\n"), @r#"
    400 Bad Request
    {"code":"bad_query","message":"the query string is not understood: missing field `rows`","details":{}}
    400 Bad Request
    {"code":"bad_query","message":"the query string is not understood: stat: unknown variant `median`, expected one of `mean`, `min`, `max`, `last`, `density`","details":{}}
    422 Unprocessable Entity
    {"code":"too_many_columns","message":"columns must be 1 to 16384, not 0","details":{"limit":"16384"}}
    422 Unprocessable Entity
    {"code":"too_many_rows","message":"rows must be 1 to 16384, not 0","details":{"limit":"16384"}}
    422 Unprocessable Entity
    {"code":"too_many_rows","message":"rows must be 1 to 16384, not 20000","details":{"limit":"16384"}}
    422 Unprocessable Entity
    {"code":"too_many_cells","message":"16000 rows x 16000 columns are more than 1500000 cells; ask for fewer columns or fewer rows","details":{"limit":"1500000"}}
    422 Unprocessable Entity
    {"code":"value_range_without_density","message":"value_min, value_max and log are for stat=density; leave them out","details":{}}
    422 Unprocessable Entity
    {"code":"bad_value_range","message":"value_min must be below value_max and both must be finite, and positive with log; they are 3 and 2","details":{}}
    422 Unprocessable Entity
    {"code":"bad_value_range","message":"value_min must be below value_max and both must be finite, and positive with log; they are not given and inf","details":{}}
    400 Bad Request
    {"code":"bad_query","message":"the query string is not understood: channels: unknown field `channels`, expected one of `metric`, `from`, `to`, `columns`, `rows`, `stat`, `value_min`, `value_max`, `log`","details":{}}
    "#);
}

/// Asks in both forms, and checks that they say the same.
async fn same_in_both_forms<T: DeserializeOwned + PartialEq + std::fmt::Debug>(app: &TestApp, rest: &str) {
    let uri = format!("/api/v1/raster?metric=hall.temperature&{HOUR}&{rest}");
    let compact = Request::get(&uri)
        .header(header::ACCEPT, compact::MEDIA_TYPE)
        .body(Body::empty())
        .unwrap();
    let (json, compact) = (app.get(&uri).await, app.send(compact).await);
    assert_eq!((json.status, compact.status), (StatusCode::OK, StatusCode::OK), "{uri}");
    assert_eq!(compact.header(header::CONTENT_TYPE), compact::MEDIA_TYPE);
    let from_json: T = serde_json::from_slice(&json.body).unwrap();
    let from_compact: T = compact::from_bytes(&compact.body).unwrap();
    assert_eq!(from_compact, from_json, "{uri}");
}

#[tokio::test]
async fn the_compact_form_says_what_json_says() {
    let app = TestApp::new().with_an_hour_of_data().await;
    for rest in ["columns=4&rows=2&stat=mean", "columns=60&rows=2&stat=min"] {
        same_in_both_forms::<Raster>(&app, rest).await;
    }
    same_in_both_forms::<Density>(&app, "columns=4&rows=20&stat=density").await;
}
