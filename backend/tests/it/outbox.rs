//! What the real binary tells others, over its death, to a receiver on loopback that is slow or fails.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::command::{Running, Site};

/// Far longer than anything takes here; reached only by a failure.
const PATIENCE: Duration = Duration::from_mins(1);

const OUTBOX: &str = "/api/v1/outbox";

/// What a receiver does with a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Behaviour {
    /// Takes it, and says so.
    Take,
    /// 500: it is to be tried again.
    Fail,
    /// 404: it is not to be tried again.
    Refuse,
    /// Reads it and says nothing, until whoever sent it is gone.
    Hang,
}

/// A message as it came.
#[derive(Clone, Debug)]
struct Got {
    /// The same for whatever is the same message, by the header that tells it.
    id: String,
    rule: String,
    behaviour: Behaviour,
}

/// A receiver of webhooks.
struct Receiver {
    address: SocketAddr,
    behaviour: Arc<Mutex<Behaviour>>,
    got: Arc<Mutex<Vec<Got>>>,
}

impl Receiver {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let receiver = Self {
            address: listener.local_addr().unwrap(),
            behaviour: Arc::new(Mutex::new(Behaviour::Take)),
            got: Arc::default(),
        };
        let (behaviour, got) = (Arc::clone(&receiver.behaviour), Arc::clone(&receiver.got));
        // It ends with the tests.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (behaviour, got) = (Arc::clone(&behaviour), Arc::clone(&got));
                std::thread::spawn(move || receive(stream.unwrap(), *behaviour.lock().unwrap(), &got));
            }
        });
        receiver
    }

    fn be(&self, behaviour: Behaviour) {
        *self.behaviour.lock().unwrap() = behaviour;
    }

    fn got(&self) -> MutexGuard<'_, Vec<Got>> {
        self.got.lock().unwrap()
    }

    /// Waits until what came is as expected.
    #[track_caller]
    fn wait_for(&self, expected: impl Fn(&[Got]) -> bool) {
        let start = Instant::now();
        while !expected(&self.got()) {
            assert!(start.elapsed() < PATIENCE, "{:#?}", self.got());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// A configuration with so many rules about as many metrics, that tells it of their alarms.
    fn config(&self, n_rules: usize) -> String {
        let address = self.address;
        let rule = |index| {
            format!(
                "[alarms.r{index}]\ntitle = \"R\"\nkind = \"threshold\"\nmetric = \"m{index}\"\nabove = 30\nno_data = \"1d\"\n"
            )
        };
        let rules: String = (0..n_rules).map(rule).collect();
        format!(
            "[server]\nlisten = \"127.0.0.1:0\"\n[store]\nurl = \"sqlite:night.db\"\n{rules}\
             [notify.receivers.crew]\nkind = \"webhook\"\nurl = \"http://{address}/in\"\ndigest_after = 1000\n\
             [[notify.routes]]\nreceivers = [\"crew\"]\nstates = [\"alarm\"]\n"
        )
    }
}

/// Takes one message. Whoever sends it may be killed at every point.
fn receive(stream: TcpStream, behaviour: Behaviour, got: &Mutex<Vec<Got>>) {
    let mut stream = BufReader::new(stream);
    let (mut id, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            if line == "\r\n" {
                break;
            }
            continue;
        };
        match name.to_lowercase().as_str() {
            "x-watchroom-delivery" => value.clone_into(&mut id),
            "content-length" => length = value.parse().unwrap(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    if stream.read_exact(&mut body).is_err() {
        return;
    }
    let body: Json = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        (&body["id"], &body["kind"]),
        (&Json::from(id.as_str()), &"notice".into())
    );
    let rule = body["notices"][0]["rule"].as_str().unwrap().to_owned();
    let status = match behaviour {
        Behaviour::Take => "200 OK",
        Behaviour::Fail => "500 Oops",
        Behaviour::Refuse => "404 Not Here",
        Behaviour::Hang => {
            got.lock().unwrap().push(Got { id, rule, behaviour });
            let _gone = std::io::copy(&mut stream, &mut std::io::sink());
            return;
        }
    };
    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let _gone = stream.get_mut().write_all(answer.as_bytes());
    got.lock().unwrap().push(Got { id, rule, behaviour });
}

fn state_of(server: &Running, rule: &str, state: &str) {
    let is_so = |list: &Json| {
        let alarms = list["alarms"].as_array().unwrap();
        alarms
            .iter()
            .any(|alarm| alarm["rule"] == rule && alarm["state"] == state)
    };
    server.wait_for("/api/v1/alarms", is_so);
}

/// Sends what waits or was given up again.
fn retry(server: &Running, id: &str) -> String {
    let answer = server.request(&format!("POST {OUTBOX}/{id}/retry"), "");
    answer
        .lines()
        .next()
        .unwrap()
        .trim_start_matches("HTTP/1.1 ")
        .to_owned()
}

#[test]
fn what_a_killed_server_was_telling_is_told_by_the_next_under_the_same_key() {
    const MARKER: usize = 4;
    let receiver = Receiver::start();
    let site = Site::with_config(&receiver.config(MARKER + 1));
    // What the receiver does when the server is killed; without it the server is killed when the frame is acknowledged.
    let deaths = [
        Some(Behaviour::Hang),
        Some(Behaviour::Fail),
        None,
        Some(Behaviour::Take),
    ];
    for (index, death) in deaths.into_iter().enumerate() {
        let (rule, metric) = (format!("r{index}"), format!("m{index}"));
        receiver.be(death.unwrap_or(Behaviour::Hang));
        let n_got = receiver.got().len();
        let server = Running::start(&mut site.serve());
        server.write_now(&metric, 20.0);
        state_of(&server, &rule, "ok");
        server.write_now(&metric, 31.0);
        if death.is_some() {
            // This one, or what was left by the death before.
            receiver.wait_for(|got| n_got < got.len());
        }
        // Killed, not stopped.
        drop(server);
    }

    receiver.be(Behaviour::Take);
    let server = Running::start(&mut site.serve());
    let is_told = |got: &[Got]| {
        let taken = got.iter().filter(|got| got.behaviour == Behaviour::Take);
        taken.map(|got| &got.rule).collect::<BTreeSet<_>>().len() == MARKER
    };
    let start = Instant::now();
    while !is_told(&receiver.got()) {
        assert!(start.elapsed() < PATIENCE, "{:#?}", receiver.got());
        // What failed need not wait.
        for waiting in server.get_json(OUTBOX)["pending"].as_array().unwrap() {
            retry(&server, waiting["id"].as_str().unwrap());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    server.wait_for(OUTBOX, |outbox| outbox["pending"] == Json::Array(Vec::new()));
    let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for got in &*receiver.got() {
        ids.entry(got.rule.clone()).or_default().insert(got.id.clone());
    }
    // Each under one key, however often it came.
    assert!(ids.values().all(|ids| ids.len() == 1), "{ids:?}");
    let keys: BTreeSet<&String> = ids.values().flatten().collect();
    assert_eq!(keys.len(), MARKER, "{ids:?}");
    let n_told = receiver.got().len();

    // Neither a stop nor a kill is a reason to tell again; what comes after them is told.
    server.stop();
    drop(Running::start(&mut site.serve()));
    let server = Running::start(&mut site.serve());
    server.write_now(&format!("m{MARKER}"), 20.0);
    state_of(&server, &format!("r{MARKER}"), "ok");
    server.write_now(&format!("m{MARKER}"), 31.0);
    let marker = format!("r{MARKER}");
    receiver.wait_for(|got| got.iter().any(|got| got.rule == marker));
    server.wait_for(OUTBOX, |outbox| outbox["pending"] == Json::Array(Vec::new()));
    assert_eq!(receiver.got().len(), n_told + 1, "{:#?}", receiver.got());
}

#[test]
fn a_dead_letter_outlives_a_kill_and_is_sent_again_when_somebody_wants_it() {
    let receiver = Receiver::start();
    let site = Site::with_config(&receiver.config(2));
    receiver.be(Behaviour::Refuse);
    let server = Running::start(&mut site.serve());
    server.write_now("m0", 20.0);
    state_of(&server, "r0", "ok");
    server.write_now("m0", 31.0);
    let is_dead = |outbox: &Json| outbox["dead_letters"].as_array().is_some_and(|dead| dead.len() == 1);
    let before = server.wait_for(OUTBOX, is_dead)["dead_letters"][0].clone();
    assert_eq!((&before["receiver"], &before["attempts"]), (&"crew".into(), &1.into()));
    assert_eq!(before["error"], "it answers 404 Not Found");
    assert_eq!(before["next_try_us"], Json::Null);
    drop(server);

    let server = Running::start(&mut site.serve());
    let dead = server.wait_for(OUTBOX, is_dead)["dead_letters"][0].clone();
    assert_eq!(dead, before);
    server.wait_for("/api/v1/alarms", |list| list["dead_letters"] == 1);
    assert_eq!(retry(&server, "nothing"), "404 Not Found");
    receiver.be(Behaviour::Take);
    let id = dead["id"].as_str().unwrap();
    assert_eq!(retry(&server, id), "204 No Content");
    receiver.wait_for(|got| got.len() == 2);
    let is_empty = |outbox: &Json| {
        let none = Json::Array(Vec::new());
        outbox["pending"] == none && outbox["dead_letters"] == none
    };
    server.wait_for(OUTBOX, is_empty);
    let ids: BTreeSet<String> = receiver.got().iter().map(|got| got.id.clone()).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert_eq!(retry(&server, id), "404 Not Found");

    // Also what waits for its next try, and the receiver has a pause.
    receiver.be(Behaviour::Fail);
    server.write_now("m1", 20.0);
    state_of(&server, "r1", "ok");
    server.write_now("m1", 31.0);
    let is_waiting = |outbox: &Json| outbox["pending"][0]["error"] == "it answers 500 Internal Server Error";
    let waiting = server.wait_for(OUTBOX, is_waiting)["pending"][0].clone();
    receiver.be(Behaviour::Take);
    assert_eq!(retry(&server, waiting["id"].as_str().unwrap()), "204 No Content");
    server.wait_for(OUTBOX, is_empty);
    assert_eq!(receiver.got().last().map(|got| got.behaviour), Some(Behaviour::Take));
}
