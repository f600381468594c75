//! Viewers that never read what they are sent: nothing is kept for them, nobody else waits for them, and after a while
//! they are let go of.

#![cfg(target_os = "linux")]

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value as Json, json};
use shared::time::Timestamp;
use tokio::net::TcpSocket;
use tokio_tungstenite::tungstenite::Message;
use watchroom::clock::{Clock as _, SystemClock};

use crate::command::{Running, Site};
use crate::live::client::{PATIENCE, Socket, connect};

const CONFIG: &str = "[server]\nlisten = \"127.0.0.1:0\"\n[store]\nurl = \"memory:\"\n";

const CHANNELS: usize = 1855;

/// Viewers that never read.
const N_STUCK: usize = 10;

/// Changes that are told to all viewers, each of about a megabyte.
const ROUNDS: u32 = 60;

const FRAMES_PER_ROUND: u32 = 20;

/// How much more memory the server may take for all of them; what is sent to each is some fifty times as much as there
/// is for each here.
const MOST_KIB: u64 = 100 << 10;

/// A client whose side of the connection takes only a few kilobytes, and says that it wants to hear a question.
async fn stuck(address: SocketAddr, question: &Json) -> Socket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let stream = socket.connect(address).await.unwrap();
    let (mut socket, _) = tokio_tungstenite::client_async(format!("ws://{address}/api/v1/live"), stream)
        .await
        .unwrap();
    subscribe(&mut socket, question).await;
    socket
}

async fn subscribe(socket: &mut Socket, question: &Json) {
    let message = json!({"subscribe": [{"id": 1, "question": question}]}).to_string();
    socket.send(Message::Text(message.into())).await.unwrap();
}

/// Reads until the newest value is this one.
async fn hears(socket: &mut Socket, value: u32) {
    let heard = async {
        loop {
            let Message::Text(text) = socket.next().await.unwrap().unwrap() else {
                continue;
            };
            let message: Json = serde_json::from_str(&text).unwrap();
            if message["increment"]["part"]["latest"]["channels"][0]["value"] == f64::from(value) {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, heard).await.unwrap();
}

/// Writes the frames of a round: many channels for those who do not read, and one for the one who does.
fn write(server: &Running, from: Timestamp, round: u32) {
    let at = |frame: u32| from.saturating_add_micros(i64::from(round * FRAMES_PER_ROUND + frame) * 100_000);
    let values = vec![f64::from(round) + 0.5; CHANNELS];
    let mut frames: Vec<Json> = (0..FRAMES_PER_ROUND)
        .map(|frame| json!({"metric": "camera.current", "time": at(frame).to_string(), "values": values}))
        .collect();
    frames.push(json!({"metric": "hall.temperature", "time": at(0).to_string(), "values": [round]}));
    let answer = server.request("POST /api/v1/frames", &json!({ "frames": frames }).to_string());
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

fn memory_kib(server: &Running) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn n_viewers(server: &Running) -> usize {
    let metrics = server.request("GET /metrics", "");
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix("watchroom_live_viewers "));
    line.unwrap().trim().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn viewers_that_never_read_cost_no_memory_hold_nobody_up_and_are_let_go_of() {
    let site = Site::with_config(CONFIG);
    let server = Running::start(&mut site.serve());
    let address: SocketAddr = server.address.parse().unwrap();
    let from = SystemClock.now();
    write(&server, from, 0);
    let mut reader = connect(address).await.unwrap();
    subscribe(&mut reader, &json!({"latest": "hall.temperature"})).await;
    hears(&mut reader, 0).await;

    let to = from.saturating_add_micros(250_000_000);
    let question = json!({"envelope": {
        "metric": "camera.current", "channels": "all", "from": from.to_string(), "to": to.to_string(), "columns": 250,
    }});
    // One who reads shows what it takes to tell anybody.
    let mut attentive = connect(address).await.unwrap();
    subscribe(&mut attentive, &question).await;
    let attentive = tokio::spawn(async move {
        let mut n_bytes = 0;
        while let Some(Ok(message)) = attentive.next().await {
            n_bytes += message.len();
            if n_bytes > 10 << 20 {
                break;
            }
        }
        n_bytes
    });
    write(&server, from, 1);
    hears(&mut reader, 1).await;
    let before = memory_kib(&server);

    let mut sockets = Vec::new();
    for _ in 0..N_STUCK {
        sockets.push(stuck(address, &question).await);
    }
    for round in 2..ROUNDS {
        write(&server, from, round);
        // While others are waited for it would not come for a long time.
        hears(&mut reader, round).await;
    }
    assert!(N_STUCK < n_viewers(&server), "they were still there meanwhile");
    let after = memory_kib(&server);
    assert!(after < before + MOST_KIB, "{before} KiB before, {after} KiB after");
    assert!(
        10 << 20 < attentive.await.unwrap(),
        "too little was told to hold anybody up"
    );

    let all_gone = async {
        while 1 < n_viewers(&server) {
            // The one who reads is there all the time.
            while let Ok(message) = tokio::time::timeout(Duration::from_millis(100), reader.next()).await {
                message.unwrap().unwrap();
            }
        }
    };
    tokio::time::timeout(PATIENCE, all_gone).await.unwrap();
    write(&server, from, ROUNDS);
    hears(&mut reader, ROUNDS).await;
    // To here, so that they are not closed by their own end.
    drop(sockets);
}
