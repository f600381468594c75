//! Live updates over real sockets: whatever happens to them, what a client holds is what HTTP answers.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use fastrand::Rng;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value as Json;
use shared::live::{Position, Question};
use shared::metric::ChannelSelection;
use shared::query::envelope::EnvelopeQuery;
use shared::query::raster::{RasterQuery, Statistic};
use shared::time::Timestamp;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::app::{NOW, TestApp};
use crate::watched_store::serve;
use client::{LiveClient, PATIENCE, Server, Socket, connect};
use proxy::Proxy;

pub(crate) mod client;
mod proxy;

mod broken;

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn envelope(channels: ChannelSelection, columns: u32) -> Question {
    Question::Envelope(EnvelopeQuery {
        metric: "hall.temperature".to_owned(),
        channels,
        from: time("2026-11-20T12:00:00Z"),
        to: time("2026-11-21T12:00:00Z"),
        columns,
    })
}

fn raster(stat: Statistic, columns: u32) -> Question {
    Question::Raster(RasterQuery {
        metric: "hall.temperature".to_owned(),
        from: time("2026-11-20T12:00:00Z"),
        to: time("2026-11-21T12:00:00Z"),
        columns,
        rows: 3,
        stat,
        value_min: None,
        value_max: None,
        log: false,
    })
}

/// Every kind of question, some that begin with samples and end with columns.
fn questions() -> Vec<Question> {
    vec![
        envelope(ChannelSelection::Band, 400),
        envelope(ChannelSelection::Band, 20),
        envelope(ChannelSelection::All, 200),
        envelope(ChannelSelection::List(vec![1]), 30),
        raster(Statistic::Max, 50),
        raster(Statistic::Last, 300),
        raster(Statistic::Density, 40),
        Question::Latest("hall.temperature".to_owned()),
    ]
}

fn server(router: &Router) -> Server {
    Arc::new(Mutex::new(router.clone()))
}

/// Writes a frame of three channels at a minute of the night.
async fn write(app: &TestApp, minute: i64, values: &str) {
    let at = time("2026-11-20T12:00:00Z").saturating_add_micros(minute * 60_000_000);
    let body = format!(r#"{{"frames":[{{"metric":"hall.temperature","time":"{at}","values":{values}}}]}}"#);
    let answer = app.post_json("/api/v1/frames", body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
}

/// Writes frames on time, late ones, and ones that replace others.
async fn write_some(app: &TestApp, rng: &mut Rng, n: i64, pause: Duration) {
    for minute in 0..n {
        let minute = match rng.u8(0..10) {
            0 => rng.i64(0..=minute),
            1 => minute / 2,
            _ => minute,
        };
        let value = |rng: &mut Rng| {
            if rng.u8(0..12) == 0 {
                "null".to_owned()
            } else {
                (f64::from(rng.i32(-80..80)) / 4.0).to_string()
            }
        };
        let values = format!("[{},{},{}]", value(rng), value(rng), value(rng));
        write(app, minute, &values).await;
        tokio::time::sleep(pause).await;
    }
}

fn position(app: &TestApp) -> Position {
    app.app.live.hub.position()
}

#[tokio::test]
async fn what_a_client_holds_is_what_http_answers() {
    let app = TestApp::new();
    write(&app, 0, "[1,2,3]").await;
    let mut client = LiveClient::new(&server(&app.router), serve(app.router.clone()).await, questions());
    let (mut rng, last) = (Rng::with_seed(1), Mutex::new(None));
    let writing = async {
        write_some(&app, &mut rng, 300, Duration::from_millis(5)).await;
        *last.lock().unwrap() = Some(position(&app));
    };
    let done = |heartbeat: shared::live::Heartbeat| last.lock().unwrap().is_some_and(|last| heartbeat.position >= last);
    tokio::join!(writing, client.follow_until(done));
    client.check().await;
    assert_eq!(client.n_connections, 1);
    assert!(100 < client.n_increments, "{}", client.n_increments);
    // Once for each question at the beginning, and where samples have become columns.
    assert!(client.n_asked_anew <= 2 * questions().len(), "{}", client.n_asked_anew);
}

async fn send(socket: &mut Socket, message: &str) {
    socket.send(Message::Text(message.into())).await.unwrap();
}

/// The next message that is no heartbeat and no ping.
async fn next(socket: &mut Socket) -> Json {
    loop {
        let message = tokio::time::timeout(PATIENCE, socket.next())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        if let Message::Text(text) = message {
            let json: Json = serde_json::from_str(&text).unwrap();
            if json.get("heartbeat").is_none() {
                return json;
            }
        }
    }
}

const BAND: &str = r#"{"envelope":{"metric":"hall.temperature","channels":"band","from":"2026-11-20T12:00:00Z","to":"2026-11-21T12:00:00Z","columns":10}}"#;

#[tokio::test]
async fn a_script_speaks_json_and_is_told_the_whole_answer_first() {
    let app = TestApp::new();
    write(&app, 0, "[1,2,3]").await;
    let mut socket = connect(serve(app.router.clone()).await).await.unwrap();
    send(
        &mut socket,
        &format!(r#"{{"subscribe":[{{"id":7,"question":{BAND}}}]}}"#),
    )
    .await;
    let first = next(&mut socket).await;
    assert_eq!(first["increment"]["id"], 7);
    assert_eq!(
        first["increment"]["part"]["envelope"]["series"][0]["max"],
        serde_json::json!([3.0])
    );
    write(&app, 1, "[4,5,6]").await;
    let second = next(&mut socket).await;
    assert_eq!(
        second["increment"]["part"]["envelope"]["series"][0]["max"],
        serde_json::json!([6.0])
    );
    let rising = |message: &Json| message["increment"]["position"]["sequence"].as_u64().unwrap();
    assert!(rising(&first) < rising(&second));
}

#[tokio::test]
async fn what_http_would_refuse_is_refused_in_the_same_words() {
    let app = TestApp::new();
    write(&app, 0, "[1,2,3]").await;
    let mut socket = connect(serve(app.router.clone()).await).await.unwrap();
    let too_many = BAND.replace("\"columns\":10", "\"columns\":0");
    let unknown = BAND.replace("hall.temperature", "hall.temperatur");
    send(
        &mut socket,
        &format!(r#"{{"subscribe":[{{"id":1,"question":{too_many}}},{{"id":2,"question":{unknown}}},{{"id":3,"question":{BAND}}}]}}"#),
    )
    .await;
    let refused = next(&mut socket).await;
    let http = app
        .get("/api/v1/envelope?metric=hall.temperature&channels=band&from=2026-11-20T12:00:00Z&to=2026-11-21T12:00:00Z&columns=0")
        .await;
    assert_eq!(refused["refused"]["id"], 1);
    assert_eq!(refused["refused"]["error"], http.json());
    assert_eq!(next(&mut socket).await["refused"]["error"]["code"], "unknown_metric");
    assert_eq!(next(&mut socket).await["increment"]["id"], 3);
}

#[tokio::test]
async fn a_position_of_another_run_has_to_ask_anew() {
    let app = TestApp::new();
    write(&app, 0, "[1,2,3]").await;
    let mut socket = connect(serve(app.router.clone()).await).await.unwrap();
    let since = r#""since":{"epoch":5,"sequence":1}"#;
    send(
        &mut socket,
        &format!(r#"{{"subscribe":[{{"id":1,"question":{BAND},{since}}}]}}"#),
    )
    .await;
    assert_eq!(next(&mut socket).await["resync"]["id"], 1);
}

#[tokio::test]
async fn heartbeats_come_each_second_with_the_servers_clock() {
    let app = TestApp::new();
    let mut socket = connect(serve(app.router.clone()).await).await.unwrap();
    send(&mut socket, r#"{"subscribe":[]}"#).await;
    let mut n_heartbeats = 0;
    while n_heartbeats < 3 {
        let message = tokio::time::timeout(PATIENCE, socket.next())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        let Message::Text(text) = message else { continue };
        let json: Json = serde_json::from_str(&text).unwrap();
        let now: Timestamp = NOW.parse().unwrap();
        assert_eq!(json["heartbeat"]["now_us"], now.as_micros());
        assert_eq!(json["heartbeat"]["store_ok"], true);
        n_heartbeats += 1;
    }
}

#[tokio::test]
async fn what_is_no_message_ends_the_socket_with_a_reason() {
    let app = TestApp::new();
    let mut socket = connect(serve(app.router.clone()).await).await.unwrap();
    send(&mut socket, "hello").await;
    loop {
        let message = tokio::time::timeout(PATIENCE, socket.next())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        if let Message::Close(close) = message {
            assert!(close.unwrap().reason.contains("not understood"));
            return;
        }
    }
}

#[tokio::test]
async fn a_server_that_stops_says_so_to_everybody() {
    let app = TestApp::new();
    let address = serve(app.router.clone()).await;
    let mut sockets = Vec::new();
    for _ in 0..5 {
        sockets.push(connect(address).await.unwrap());
    }
    app.app.live.stop();
    for mut socket in sockets {
        loop {
            match tokio::time::timeout(PATIENCE, socket.next()).await.unwrap() {
                Some(Ok(Message::Close(close))) => {
                    assert_eq!(close.unwrap().reason.as_str(), "the server stops");
                    break;
                }
                Some(Ok(_)) => {}
                other => panic!("no farewell: {other:?}"),
            }
        }
    }
    tokio::time::timeout(PATIENCE, app.app.live.stopped()).await.unwrap();
}

#[tokio::test]
async fn viewers_of_the_same_share_one_question_and_none_is_left_behind() {
    let app = TestApp::new();
    write(&app, 0, "[1,2,3]").await;
    let address = serve(app.router.clone()).await;
    let mut sockets = Vec::new();
    for id in 0..20 {
        let mut socket = connect(address).await.unwrap();
        send(
            &mut socket,
            &format!(r#"{{"subscribe":[{{"id":{id},"question":{BAND}}}]}}"#),
        )
        .await;
        assert_eq!(next(&mut socket).await["increment"]["id"], id);
        sockets.push(socket);
    }
    assert_eq!((app.app.live.n_clients(), app.app.live.n_questions()), (20, 1));
    write(&app, 1, "[7,7,7]").await;
    for socket in &mut sockets {
        let told = next(socket).await;
        assert_eq!(
            told["increment"]["part"]["envelope"]["series"][0]["max"],
            serde_json::json!([7.0])
        );
    }
    drop(sockets);
    let gone = async {
        while app.app.live.n_clients() != 0 || app.app.live.n_questions() != 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.unwrap();
}

#[tokio::test]
async fn a_request_without_a_handshake_and_a_foreign_page_are_told_why_not() {
    let app = TestApp::new();
    let plain = app.get("/api/v1/live").await;
    assert_eq!(plain.status, StatusCode::BAD_REQUEST);
    assert_eq!(plain.json()["code"], "no_websocket");

    let address = serve(app.router.clone()).await;
    for (origin, is_welcome) in [
        (format!("http://{address}"), true),
        ("https://elsewhere.example".to_owned(), false),
    ] {
        let mut request = format!("ws://{address}/api/v1/live").into_client_request().unwrap();
        request.headers_mut().insert("origin", origin.parse().unwrap());
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let opened = tokio_tungstenite::client_async(request, stream).await;
        assert_eq!(opened.is_ok(), is_welcome, "{origin}");
    }
}
