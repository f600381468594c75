//! Two real servers on one database, each with a viewer: what is written through one is seen through the other, whichever
//! of them is killed, and what happens to an alarm is told to others once.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;

use crate::command::{Running, Site};
use crate::live::client::{PATIENCE, Socket, connect};
use crate::secantus::TestDatabase;
use crate::test_server::{Durability, TestServer};

/// Longer than a change takes to become a message.
const QUIET: Duration = Duration::from_secs(3);

fn config(store: &str, hook: SocketAddr) -> String {
    format!(
        r#"
[server]
listen = "127.0.0.1:0"
[store]
url = "{store}"
[alarms.hot]
title = "Too hot"
kind = "threshold"
metric = "hall.temperature"
above = 30
no_data = "1d"
[notify.receivers.crew]
kind = "webhook"
url = "http://{hook}/"
[[notify.routes]]
receivers = ["crew"]
states = ["alarm"]
"#
    )
}

/// Somebody who is told of alarms: the state in each message, in their order.
struct Crew {
    address: SocketAddr,
    told: Arc<Mutex<Vec<String>>>,
}

impl Crew {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let told = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&told);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let message = take_post(stream).await;
                let states = message["notices"].as_array().unwrap().iter();
                let states = states.map(|notice| notice["state"].as_str().unwrap().to_owned());
                heard.lock().unwrap().extend(states);
            }
        });
        Self { address, told }
    }

    /// Waits for so many messages, and that there are no more.
    async fn were_told(&self, expected: &[&str]) {
        let all_told = async {
            while self.told.lock().unwrap().len() < expected.len() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, all_told).await;
        tokio::time::sleep(QUIET).await;
        assert_eq!(*self.told.lock().unwrap(), expected);
        in_time.unwrap();
    }
}

/// Reads the body of a request, and is content with it.
async fn take_post(mut stream: TcpStream) -> Json {
    let mut request = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if length.unwrap().parse::<usize>().unwrap() <= body.len() {
                let answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                stream.write_all(answer.as_bytes()).await.unwrap();
                return serde_json::from_str(body).unwrap();
            }
        }
        assert!(0 < stream.read_buf(&mut request).await.unwrap(), "{text}");
    }
}

/// Somebody who looks at one of the servers.
struct Viewer {
    socket: Socket,
    last: Json,
}

impl Viewer {
    async fn of(server: &Running) -> Self {
        Self::since(server, &Json::Null).await
    }

    /// One that has been told up to a position.
    async fn since(server: &Running, position: &Json) -> Self {
        let mut viewer = Self {
            socket: connect(server.address.parse().unwrap()).await.unwrap(),
            last: Json::Null,
        };
        viewer.subscribe(position).await;
        viewer
    }

    /// Subscribes to the newest value, from a position on, and to the alarms.
    async fn subscribe(&mut self, since: &Json) {
        let subscribe = json!({"subscribe": [
            {"id": 1, "question": {"latest": "hall.temperature"}, "since": since},
            {"id": 2, "question": "alarms"},
        ]});
        let message = Message::Text(subscribe.to_string().into());
        self.socket.send(message).await.unwrap();
    }

    /// Waits for a message of a kind that is as expected, and gives it.
    async fn hears(&mut self, what: &str, kind: &str, is_expected: impl Fn(&Json) -> bool) -> Json {
        let heard = async {
            loop {
                let message = self.socket.next().await.unwrap().unwrap();
                let Message::Text(text) = message else { continue };
                let message: Json = serde_json::from_str(&text).unwrap();
                if is_expected(&message[kind]) {
                    return message[kind].clone();
                }
                // A server that has just begun to listen to the other one cannot tell what it missed before.
                if message.get("resync").is_some() {
                    self.subscribe(&Json::Null).await;
                }
                if message.get("heartbeat").is_none() {
                    self.last = message;
                }
            }
        };
        let heard = tokio::time::timeout(PATIENCE, heard).await;
        let Ok(heard) = heard else {
            panic!("{what} was not heard; the last was {:#}", self.last);
        };
        heard
    }

    /// Waits until the newest value is this one; gives the position at which it is.
    async fn hears_value(&mut self, value: f64) -> Json {
        let what = format!("the value {value}");
        let is_it = |increment: &Json| increment["part"]["latest"]["channels"][0]["value"] == value;
        self.hears(&what, "increment", is_it).await["position"].clone()
    }

    async fn hears_state(&mut self, state: &str) {
        let is_it = |increment: &Json| increment["part"]["alarms"]["alarms"][0]["state"] == state;
        self.hears(state, "increment", is_it).await;
    }
}

fn write(server: &Running, value: f64) {
    server.write_now("hall.temperature", value);
}

async fn check(store: &str) {
    let crew = Crew::start().await;
    let sites = [(); 2].map(|()| Site::with_config(&config(store, crew.address)));
    let [one, two] = [&sites[0], &sites[1]].map(|site| Running::start(&mut site.serve()));
    write(&one, 20.0);
    let (mut at_one, mut at_two) = (Viewer::of(&one).await, Viewer::of(&two).await);
    for viewer in [&mut at_one, &mut at_two] {
        viewer.hears_value(20.0).await;
    }

    // Samples, both ways.
    write(&two, 21.0);
    at_one.hears_value(21.0).await;
    write(&one, 22.0);
    at_two.hears_value(22.0).await;

    // A change of an alarm, whoever evaluates.
    write(&two, 40.0);
    for viewer in [&mut at_one, &mut at_two] {
        viewer.hears_state("alarm").await;
    }
    crew.were_told(&["alarm"]).await;

    // One is killed; the other goes on, with the alarms too, and tells nobody again of what they know.
    let position = {
        write(&two, 39.0);
        at_one.hears_value(39.0).await
    };
    drop(one);
    write(&two, 23.0);
    at_two.hears_value(23.0).await;
    at_two.hears_state("ok").await;
    crew.were_told(&["alarm", "ok"]).await;

    // It is back: its viewer cannot go on from a position of its former life, and gets all of it.
    let one = Running::start(&mut sites[0].serve());
    let mut at_one = Viewer::since(&one, &position).await;
    at_one.hears("a resync", "resync", |resync| resync["id"] == 1).await;
    at_one.subscribe(&Json::Null).await;
    at_one.hears_value(23.0).await;
    write(&one, 41.0);
    at_two.hears_value(41.0).await;
    for viewer in [&mut at_one, &mut at_two] {
        viewer.hears_state("alarm").await;
    }
    crew.were_told(&["alarm", "ok", "alarm"]).await;

    // Now the one that evaluates is killed: what has fallen to it falls to the other, when its lease is over.
    drop(two);
    write(&one, 24.0);
    at_one.hears_value(24.0).await;
    at_one.hears_state("ok").await;
    crew.were_told(&["alarm", "ok", "alarm", "ok"]).await;
    write(&one, 42.0);
    at_one.hears_state("alarm").await;
    crew.were_told(&["alarm", "ok", "alarm", "ok", "alarm"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_on_one_postgres_are_one_to_their_viewers() {
    let server = TestServer::start(Durability::Forgetful);
    let database = server.database().await;
    check(&database.url).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_on_one_mongodb_are_one_to_their_viewers() {
    let database = TestDatabase::new();
    check(&database.url).await;
}
