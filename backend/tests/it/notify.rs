//! Telling others, by real servers on loopback that fail in every way: a mail server in Python, and HTTP by hand.
//!
//! The mail server is aiosmtpd, a Python package, which `cargo xtask test` gets.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use insta::assert_snapshot;
use serde_json::Value as Json;
use shared::alarm::AlarmState;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use watchroom::notify::Secret;
use watchroom::notify::delivery::Delivery;
use watchroom::notify::notice::Notice;
use watchroom::notify::settings::{Hook, Mail, Receiver, Tls, Way};
use watchroom::notify::transport::{Failure, Message, of_within};

/// The folder of the packages below the cache; the same name is in `xtask/src/tools/python.rs`.
const SMTP_SERVER: &str = "smtp-server-1";

/// How long a message may take here.
const TIMEOUT: Duration = Duration::from_secs(3);

fn notice() -> Notice {
    Notice {
        site: "LST-1".to_owned(),
        time_zone: "Atlantic/Canary".to_owned(),
        rule: "pacta-hot".to_owned(),
        title: "PACTA temperature <too> high".to_owned(),
        system: vec!["Camera".to_owned()],
        owner: String::new(),
        state: AlarmState::Alarm,
        before: AlarmState::Ok,
        at_us: 1_784_603_568_000_000,
        value: Some(24.9),
        unit: "°C".to_owned(),
        detail: "limit 24".to_owned(),
        channel: String::new(),
        channels: 1,
        guidance: "Ring the expert.".to_owned(),
        link: String::new(),
        page: String::new(),
    }
}

fn message() -> Message {
    Message::single(&Delivery::new("crew", notice(), 0))
}

async fn send(way: Way) -> Result<(), Failure> {
    let receiver = Receiver {
        name: "crew".to_owned(),
        way,
        digest_after: 5,
        digest_window_micros: 600_000_000,
    };
    of_within(&receiver, TIMEOUT).send(&message()).await
}

/// What became of it, without what another machine would say otherwise.
fn outcome(sent: &Result<(), Failure>) -> String {
    match sent {
        Ok(()) => "sent".to_owned(),
        Err(Failure::Refused(_)) => "given up".to_owned(),
        Err(Failure::Later {
            retry_after_micros: Some(micros),
            ..
        }) => format!("later, not before {} s", micros / 1_000_000),
        Err(Failure::Later { .. }) => "later".to_owned(),
    }
}

fn why(sent: &Result<(), Failure>) -> &str {
    match sent {
        Ok(()) => "",
        Err(Failure::Refused(why) | Failure::Later { why, .. }) => why,
    }
}

/// The mail server; ends when it is dropped.
struct MailServer {
    process: Child,
    _stdin: ChildStdin,
    told: BufReader<ChildStdout>,
    ports: Json,
}

fn here(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/notify").join(file)
}

impl MailServer {
    fn start() -> Self {
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let cache = cache.filter(|folder| folder.is_absolute());
        let cache = cache.or_else(|| std::env::home_dir().map(|home| home.join(".cache")));
        let packages = cache.unwrap().join("watchroom").join(SMTP_SERVER);
        assert!(
            packages.is_dir(),
            "{} is missing; `cargo xtask test test` gets it",
            packages.display()
        );
        let mut process = Command::new("python3")
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("PYTHONPATH", packages)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .args([here("smtp_server.py"), here("certificate.pem"), here("key.pem")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = process.stdin.take().unwrap();
        let mut server = Self {
            told: BufReader::new(process.stdout.take().unwrap()),
            process,
            _stdin: stdin,
            ports: Json::Null,
        };
        server.ports = server.next_line();
        server
    }

    /// The next line that it says.
    fn next_line(&mut self) -> Json {
        let mut line = String::new();
        self.told.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    fn mail(&self, way: &str, tls: Tls) -> Mail {
        Mail {
            host: "localhost".to_owned(),
            port: u16::try_from(self.ports[way].as_u64().unwrap()).unwrap(),
            tls,
            ca_file: None,
            login: None,
            from: "Wall <wall@example.org>".to_owned(),
            to: vec!["crew@example.org".to_owned(), "Chief <chief@example.org>".to_owned()],
        }
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _gone = self.process.kill();
        let _waited = self.process.wait();
    }
}

fn wall_with(password: &str) -> (String, Secret) {
    ("wall".to_owned(), Secret::Text(password.to_owned()))
}

#[tokio::test]
async fn mails_arrive_in_clear_and_by_tls_as_they_are_meant() {
    let mut server = MailServer::start();
    let plain = server.mail("plain", Tls::None);
    let starttls = Mail {
        login: Some(wall_with("open sesame")),
        ca_file: Some(here("certificate.pem")),
        ..server.mail("starttls", Tls::StartTls)
    };
    let tls = Mail {
        login: Some(wall_with("open sesame")),
        ca_file: Some(here("certificate.pem")),
        ..server.mail("tls", Tls::Tls)
    };
    for (mail, is_protected) in [(plain, false), (starttls, true), (tls, true)] {
        let sent = send(Way::Mail(mail)).await;
        assert_eq!(sent, Ok(()));
        let got = server.next_line();
        assert_eq!(got["from"], "wall@example.org");
        assert_eq!(got["to"], serde_json::json!(["crew@example.org", "chief@example.org"]));
        assert_eq!(got["tls"], is_protected, "{}", got["way"]);
        assert_eq!(got["login"], is_protected, "{}", got["way"]);
        let text = got["text"].as_str().unwrap();
        assert!(
            text.contains(&format!("Message-ID: <{}@example.org>", message().id)),
            "{text}"
        );
        assert!(text.contains("Subject: [LST-1] ALARM"), "{text}");
    }
}

/// Mails to servers that fail, by what they do.
async fn ways(server: &MailServer) -> Vec<(&'static str, Mail)> {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let refusing = Mail {
        port: nobody.port(),
        ..server.mail("plain", Tls::None)
    };
    let no_name = Mail {
        host: "mail.invalid".to_owned(),
        ..server.mail("plain", Tls::None)
    };
    let wrong_password = Mail {
        login: Some(wall_with("hush hush")),
        ca_file: Some(here("certificate.pem")),
        ..server.mail("starttls", Tls::StartTls)
    };
    let no_login = Mail {
        ca_file: Some(here("certificate.pem")),
        ..server.mail("starttls", Tls::StartTls)
    };
    let no_password = Mail {
        login: Some(("wall".to_owned(), Secret::File(here("no-such-file")))),
        ..server.mail("plain", Tls::None)
    };
    vec![
        ("nobody listens", refusing),
        ("no such name", no_name),
        ("says nothing", server.mail("silent", Tls::None)),
        ("closes at once", server.mail("closing", Tls::None)),
        ("451 to the receiver", server.mail("busy", Tls::None)),
        ("550 to the receiver", server.mail("reject_receiver", Tls::None)),
        ("554 to the text", server.mail("reject_text", Tls::None)),
        ("takes it and drops", server.mail("drop", Tls::None)),
        ("has no TLS", server.mail("plain", Tls::StartTls)),
        ("has no TLS from the start", server.mail("plain", Tls::Tls)),
        ("is not trusted", server.mail("tls", Tls::Tls)),
        ("535 to the password", wrong_password),
        ("530 without a log-in", no_login),
        ("the password is not there", no_password),
    ]
}

#[tokio::test]
async fn whatever_a_mail_server_does_is_tried_again_or_given_up_as_it_is_written() {
    let server = MailServer::start();
    let mut told = Vec::new();
    for (what, mail) in ways(&server).await {
        let sent = send(Way::Mail(mail)).await;
        assert!(!why(&sent).contains("hush"), "{sent:?}");
        assert!(sent.is_ok() || !why(&sent).is_empty(), "{what}");
        told.push(format!("{what}: {}", outcome(&sent)));
    }
    assert_snapshot!(told.join("\n"), @r"
    nobody listens: later
    no such name: later
    says nothing: later
    closes at once: later
    451 to the receiver: later
    550 to the receiver: given up
    554 to the text: given up
    takes it and drops: later
    has no TLS: later
    has no TLS from the start: later
    is not trusted: later
    535 to the password: later
    530 without a log-in: later
    the password is not there: later
    ");
}

/// What a web server does with a request.
#[derive(Clone, Copy)]
enum Behaviour {
    /// Answers this, and closes.
    Answer(&'static str),
    /// Takes the connection and says nothing.
    Hang,
    /// Closes when the request is there.
    Drop,
    /// Closes in the middle of its answer.
    CutOff,
    /// Answers letter by letter, and never ends.
    Drip,
    /// Answers with a body without end.
    Flood,
}

/// Serves one request, and gives it back.
async fn serve_once(listener: TcpListener, behaviour: Behaviour) -> String {
    let (mut stream, _) = listener.accept().await.unwrap();
    let request = read_request(&mut stream).await;
    // Whoever has gone does not read it.
    match behaviour {
        Behaviour::Answer(answer) => {
            let _gone = stream.write_all(answer.as_bytes()).await;
        }
        Behaviour::Hang => tokio::time::sleep(TIMEOUT * 2).await,
        Behaviour::Drop => {}
        Behaviour::CutOff => {
            let _gone = stream.write_all(b"HTTP/1.1 500 Oops\r\nContent-Le").await;
        }
        Behaviour::Drip => {
            for byte in b"HTTP/1.1 200 OK".iter().cycle() {
                if stream.write_all(&[*byte]).await.is_err() {
                    break;
                }
                tokio::time::sleep(TIMEOUT / 10).await;
            }
        }
        Behaviour::Flood => {
            let head = b"HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n";
            let mut left = stream.write_all(head).await;
            while left.is_ok() {
                left = stream.write_all(b"5\r\nno no\r\n").await;
            }
        }
    }
    request
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let n_read = stream.read(&mut buffer).await.unwrap_or(0);
        bytes.extend_from_slice(&buffer[..n_read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            assert!(0 < n_read, "{text}");
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if length.unwrap_or(0) <= body.len() || n_read == 0 {
            return text;
        }
    }
}

fn hook(url: &str) -> Hook {
    Hook {
        url: Secret::Text(url.to_owned()),
        header: None,
        hmac: None,
    }
}

/// What is done, by its name in the list of outcomes.
const BEHAVIOURS: [(&str, Behaviour); 17] = [
    (
        "200",
        Behaviour::Answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    ),
    ("204", Behaviour::Answer("HTTP/1.1 204 No Content\r\n\r\n")),
    (
        "302 elsewhere",
        Behaviour::Answer("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"),
    ),
    (
        "400",
        Behaviour::Answer("HTTP/1.1 400 Bad\r\nContent-Length: 10\r\n\r\nno_service"),
    ),
    ("404", Behaviour::Answer("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")),
    (
        "408",
        Behaviour::Answer("HTTP/1.1 408 Slow\r\nContent-Length: 0\r\n\r\n"),
    ),
    (
        "429",
        Behaviour::Answer("HTTP/1.1 429 Many\r\nContent-Length: 0\r\n\r\n"),
    ),
    (
        "429 with a time",
        Behaviour::Answer("HTTP/1.1 429 Many\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n"),
    ),
    (
        "429 with a time without end",
        Behaviour::Answer("HTTP/1.1 429 Many\r\nRetry-After: 99999999\r\nContent-Length: 0\r\n\r\n"),
    ),
    (
        "500",
        Behaviour::Answer("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"),
    ),
    (
        "503 with a time",
        Behaviour::Answer("HTTP/1.1 503 Down\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"),
    ),
    ("no HTTP", Behaviour::Answer("220 hello\r\n")),
    ("hangs", Behaviour::Hang),
    ("drops", Behaviour::Drop),
    ("cuts off", Behaviour::CutOff),
    ("drips", Behaviour::Drip),
    ("400 without end", Behaviour::Flood),
];

#[tokio::test]
async fn whatever_a_webhook_answers_is_tried_again_or_given_up_as_it_is_written() {
    let mut told = Vec::new();
    for (what, behaviour) in BEHAVIOURS {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hush", listener.local_addr().unwrap());
        let server = tokio::spawn(serve_once(listener, behaviour));
        let sent = send(Way::Slack(hook(&url))).await;
        assert!(!why(&sent).contains("hush"), "{sent:?}");
        assert!(why(&sent).len() < 1000, "{sent:?}");
        told.push(format!("{what}: {}", outcome(&sent)));
        server.abort();
    }
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for (what, url) in [
        ("nobody listens", format!("http://{nobody}/hush")),
        ("no such name", "http://chat.invalid/hush".to_owned()),
        ("no address", "hush".to_owned()),
    ] {
        let sent = send(Way::Slack(hook(&url))).await;
        assert!(!why(&sent).contains("hush"), "{sent:?}");
        told.push(format!("{what}: {}", outcome(&sent)));
    }
    let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/hush", plain.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = plain.accept().await.unwrap();
        let _gone = stream.write_all(b"HTTP/1.1 400 Bad\r\n\r\n").await;
    });
    told.push(format!("has no TLS: {}", outcome(&send(Way::Slack(hook(&url))).await)));
    server.abort();
    assert_snapshot!(told.join("\n"), @r"
    200: sent
    204: sent
    302 elsewhere: given up
    400: given up
    404: given up
    408: later
    429: later
    429 with a time: later, not before 120 s
    429 with a time without end: later, not before 3600 s
    500: later
    503 with a time: later, not before 7 s
    no HTTP: later
    hangs: later
    drops: later
    cuts off: later
    drips: later
    400 without end: given up
    nobody listens: later
    no such name: later
    no address: given up
    has no TLS: later
    ");
}

#[tokio::test]
async fn a_webhook_gets_all_of_it_signed_and_slack_gets_words() {
    let mut requests = Vec::new();
    for is_slack in [true, false] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/in", listener.local_addr().unwrap());
        let ok = Behaviour::Answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        let server = tokio::spawn(serve_once(listener, ok));
        let way = if is_slack {
            Way::Slack(hook(&url))
        } else {
            Way::Webhook(Hook {
                header: Some(("X-Token".to_owned(), Secret::Text("open sesame".to_owned()))),
                hmac: Some(Secret::Text("key".to_owned())),
                ..hook(&url)
            })
        };
        assert_eq!(send(way).await, Ok(()));
        requests.push(server.await.unwrap());
    }
    let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /in HTTP/1.1"), "{head}");
    let slack: Json = serde_json::from_str(body).unwrap();
    let text = slack["text"].as_str().unwrap();
    assert!(
        text.starts_with("*[LST-1] ALARM PACTA temperature &lt;too&gt; high: 24.9 °C*"),
        "{text}"
    );
    let (head, body) = requests[1].split_once("\r\n\r\n").unwrap();
    let head = head.to_lowercase();
    assert!(head.contains("x-token: open sesame"), "{head}");
    assert!(
        head.contains(&format!("x-watchroom-delivery: {}", message().id)),
        "{head}"
    );
    let (_, signature) = head.split_once("x-watchroom-signature: sha256=").unwrap();
    assert_eq!(signature.lines().next().unwrap().len(), 64);
    let json: Json = serde_json::from_str(body).unwrap();
    assert_eq!(json["kind"], "notice");
    assert_eq!(json["notices"][0]["rule"], "pacta-hot");
    assert_eq!(json["notices"][0]["value"], 24.9);
    assert_eq!(json["notices"][0]["state"], "alarm");
}
