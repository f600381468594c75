use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use insta::assert_snapshot;
use shared::compact;
use shared::query::geometry::Geometry;
use watchroom::config::Config;

use crate::app::TestApp;

const TABLE: &str = "pixel_id,x_m,y_m,area_m2,module_id\n1,1.7320508,0,2.5980762,4\n0,0,0,2.5980762,3\n";

fn config(folder: &std::path::Path, table: &str) -> Result<Config, String> {
    let file = folder.join("watchroom.toml");
    std::fs::write(&file, "[geometries.pair]\nfile = \"pair.csv\"\n").unwrap();
    std::fs::write(folder.join("pair.csv"), table).unwrap();
    Config::load_with(&file, []).map_err(|mistakes| mistakes.to_string().replace(&*folder.to_string_lossy(), "DIR"))
}

#[tokio::test]
async fn a_camera_is_read_from_the_table_beside_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let app = TestApp::configured(config(folder.path(), TABLE).unwrap());
    let uri = "/api/v1/geometry?name=pair";
    let answer = app.get(uri).await;
    assert_snapshot!(answer.told(), @r#"
    200 OK
    {"name":"pair","x_m":[0.0,1.7320508],"y_m":[0.0,0.0],"module":[3,4],"radius_m":0.9999999978150533,"corner_deg":30.0}
    "#);
    let compact = Request::get(uri).header(header::ACCEPT, compact::MEDIA_TYPE);
    let packed = app.send(compact.body(Body::empty()).unwrap()).await;
    let from_json: Geometry = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(compact::from_bytes::<Geometry>(&packed.body).unwrap(), from_json);

    let again = Request::get(uri).header(header::IF_NONE_MATCH, answer.header(header::ETAG));
    let again = app.send(again.body(Body::empty()).unwrap()).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);

    assert_snapshot!(app.get("/api/v1/geometry?name=pairs").await.told(), @r#"
    404 Not Found
    {"code":"unknown_geometry","message":"there is no geometry \"pairs\"; did you mean \"pair\"?","details":{"name":"pairs","nearest":"pair"}}
    "#);
}

#[tokio::test]
async fn a_broken_table_is_a_mistake_of_the_configuration_with_both_places() {
    let folder = tempfile::tempdir().unwrap();
    let told = config(folder.path(), "pixel_id,x_m,y_m,area_m2,module_id\n0,0,0,big,3\n").unwrap_err();
    assert_snapshot!(told, @r#"DIR/watchroom.toml:2:8: geometries."pair".file: pair.csv:2: area_m2 must be a number, not "big""#);
}
