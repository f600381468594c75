//! A client as the page is one: it asks over HTTP, subscribes, takes in increments, and comes back when it was cut off.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use futures_util::{SinkExt as _, StreamExt as _};
use serde::de::DeserializeOwned;
use shared::compact;
use shared::live::{ClientMessage, Heartbeat, POSITION_HEADER, Part, Position, Question, ServerMessage, Subscription};
use shared::query::raster::Statistic;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tower::ServiceExt as _;

/// How long anything may take; a test that hung would say less.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) type Socket = WebSocketStream<TcpStream>;

/// The server that is asked over HTTP; another one after a restart.
pub(crate) type Server = Arc<Mutex<Router>>;

pub(crate) struct LiveClient {
    server: Server,
    /// Where the socket is opened: the server, or a proxy before it.
    address: SocketAddr,
    pub(crate) questions: Vec<Question>,
    pub(crate) held: BTreeMap<u32, (Part, Position)>,
    pub(crate) n_increments: usize,
    pub(crate) n_connections: usize,
    pub(crate) n_asked_anew: usize,
}

pub(crate) async fn connect(address: SocketAddr) -> Option<Socket> {
    let stream = TcpStream::connect(address).await.ok()?;
    let opened = tokio_tungstenite::client_async(format!("ws://{address}/api/v1/live"), stream).await;
    opened.ok().map(|(socket, _)| socket)
}

async fn get<T: DeserializeOwned>(router: Router, uri: &str) -> (T, Position) {
    let request = Request::get(uri).header(header::ACCEPT, compact::MEDIA_TYPE);
    let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "{uri}");
    let position = response.headers()[POSITION_HEADER].to_str().unwrap().parse().unwrap();
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (compact::from_bytes(&bytes).unwrap(), position)
}

/// What HTTP answers to a question.
pub(crate) async fn ask(router: Router, question: &Question) -> (Part, Position) {
    match question {
        Question::Envelope(query) => {
            let channels = serde_json::to_value(&query.channels).unwrap();
            let uri = format!(
                "/api/v1/envelope?metric={}&channels={}&from={}&to={}&columns={}",
                query.metric,
                channels.as_str().unwrap(),
                query.from,
                query.to,
                query.columns
            );
            let (answer, position) = get(router, &uri).await;
            (Part::Envelope(answer), position)
        }
        Question::Raster(query) => {
            let uri = format!(
                "/api/v1/raster?metric={}&from={}&to={}&columns={}&rows={}&stat={}",
                query.metric,
                query.from,
                query.to,
                query.columns,
                query.rows,
                query.stat.as_str()
            );
            if query.stat == Statistic::Density {
                let (answer, position) = get(router, &uri).await;
                (Part::Density(answer), position)
            } else {
                let (answer, position) = get(router, &uri).await;
                (Part::Raster(answer), position)
            }
        }
        Question::Latest(metric) => {
            let (answer, position) = get(router, &format!("/api/v1/latest?metric={metric}")).await;
            (Part::Latest(answer), position)
        }
        Question::Alarms | Question::Streams => panic!("not asked in these tests"),
    }
}

impl LiveClient {
    pub(crate) fn new(server: &Server, address: SocketAddr, questions: Vec<Question>) -> Self {
        Self {
            server: Arc::clone(server),
            address,
            questions,
            held: BTreeMap::new(),
            n_increments: 0,
            n_connections: 0,
            n_asked_anew: 0,
        }
    }

    fn router(&self) -> Router {
        self.server.lock().unwrap().clone()
    }

    async fn ask_anew(&mut self, id: u32) {
        let answer = ask(self.router(), &self.questions[id as usize]).await;
        self.held.insert(id, answer);
        self.n_asked_anew += 1;
    }

    async fn subscribe(&self, socket: &mut Socket) -> bool {
        let subscriptions = (0..).zip(&self.questions).map(|(id, question)| Subscription {
            id,
            question: question.clone(),
            since: self.held.get(&id).map(|(_, position)| *position),
        });
        let message = ClientMessage::Subscribe(subscriptions.collect());
        let bytes = Bytes::from(compact::to_bytes(&message).unwrap());
        socket.send(Message::Binary(bytes)).await.is_ok()
    }

    /// Listens until a heartbeat says that all up to a position is told; comes back as often as it is cut off.
    pub(crate) async fn follow_until(&mut self, done: impl Fn(Heartbeat) -> bool) {
        let following = async {
            loop {
                if self.follow(&done).await {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let followed = tokio::time::timeout(PATIENCE, following).await;
        assert!(followed.is_ok(), "the client is never told everything");
    }

    /// On one connection; whether it came to its end.
    async fn follow(&mut self, done: &impl Fn(Heartbeat) -> bool) -> bool {
        for id in 0..u32::try_from(self.questions.len()).unwrap() {
            if !self.held.contains_key(&id) {
                self.ask_anew(id).await;
            }
        }
        let connecting = tokio::time::timeout(Duration::from_secs(2), connect(self.address));
        let Ok(Some(mut socket)) = connecting.await else {
            return false;
        };
        self.n_connections += 1;
        if !self.subscribe(&mut socket).await {
            return false;
        }
        // Who hears nothing for 3 s is cut off.
        while let Ok(Some(Ok(message))) = tokio::time::timeout(Duration::from_secs(3), socket.next()).await {
            let Message::Binary(bytes) = message else { continue };
            match compact::from_bytes(&bytes).unwrap() {
                ServerMessage::Heartbeat(heartbeat) => {
                    if done(heartbeat) {
                        return true;
                    }
                }
                ServerMessage::Increment(increment) => {
                    self.n_increments += 1;
                    let (id, position) = (increment.id, increment.position);
                    let (part, at) = self.held.get_mut(&id).unwrap();
                    *at = position;
                    if increment.apply_to(&self.questions[id as usize], part).is_err() {
                        self.ask_anew(id).await;
                    }
                }
                ServerMessage::Resync { id, .. } => {
                    self.ask_anew(id).await;
                    if !self.subscribe(&mut socket).await {
                        return false;
                    }
                }
                ServerMessage::Refused { id, error } => panic!("{id}: {error}"),
            }
        }
        false
    }

    /// What it holds is what HTTP answers.
    pub(crate) async fn check(&self) {
        for (id, question) in (0..).zip(&self.questions) {
            let (whole, _) = ask(self.router(), question).await;
            assert_eq!(self.held[&id].0, whole, "{question:?}");
        }
    }
}
