//! A server without a port, over a store in memory and a clock that stands still.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use serde_json::Value as Json;
use shared::time::Timestamp;
use tower::ServiceExt as _;
use watchroom::app::App;
use watchroom::clock::{Clock, ManualClock};
use watchroom::config::{Config, Source};
use watchroom::store::Store;
use watchroom::store::memory::MemoryStore;

/// What the clock of every test server shows.
pub(crate) const NOW: &str = "2026-11-20T22:00:00Z";

pub(crate) const CONFIG: &str = r#"
[site]
name = "Hilltop"
time_zone = "Atlantic/Canary"

[metrics."hall.temperature"]
title = "Hall temperature"
unit = "°C"
interval = "60s"
"#;

pub(crate) struct TestApp<S = MemoryStore> {
    pub(crate) router: Router,
    pub(crate) app: Arc<App>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) store: Arc<S>,
}

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Json {
        match serde_json::from_slice(&self.body) {
            Ok(json) => json,
            Err(error) => panic!("{error}: {:?}", self.text()),
        }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Status and body in two lines, for snapshots.
    pub(crate) fn told(&self) -> String {
        format!("{}\n{}", self.status, self.text())
    }
}

impl TestApp {
    pub(crate) fn new() -> Self {
        Self::with_config(CONFIG)
    }

    pub(crate) fn with_config(text: &str) -> Self {
        Self::build(text, Arc::new(MemoryStore::new()))
    }

    pub(crate) fn configured(config: Config) -> Self {
        Self::assemble(config, Arc::new(MemoryStore::new()))
    }
}

impl<S: Store> TestApp<S> {
    /// A server over a store that the test knows.
    pub(crate) fn over(store: Arc<S>) -> Self {
        Self::build(CONFIG, store)
    }

    /// A server of this configuration over a store that the test knows.
    pub(crate) fn build(text: &str, store: Arc<S>) -> Self {
        let main = Source {
            name: "watchroom.toml",
            text,
        };
        Self::assemble(Config::from_sources(main, &[]).unwrap(), store)
    }

    fn assemble(config: Config, store: Arc<S>) -> Self {
        Self::assemble_at(config, store, NOW.parse().unwrap())
    }

    /// The same at another moment: a server that was started later.
    pub(crate) fn over_at(store: Arc<S>, now: Timestamp) -> Self {
        let main = Source {
            name: "watchroom.toml",
            text: CONFIG,
        };
        Self::assemble_at(Config::from_sources(main, &[]).unwrap(), store, now)
    }

    fn assemble_at(config: Config, store: Arc<S>, now: Timestamp) -> Self {
        let clock = Arc::new(ManualClock::new(now));
        let shared_store: Arc<dyn Store> = Arc::<S>::clone(&store);
        let shared_clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(&clock);
        let app = Arc::new(App::new(config, shared_store, shared_clock).unwrap());
        Self {
            router: watchroom::http::router(Arc::clone(&app)),
            app,
            clock,
            store,
        }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.to_vec(),
        }
    }

    pub(crate) async fn get(&self, uri: &str) -> Answer {
        self.send(Request::get(uri).body(Body::empty()).unwrap()).await
    }

    /// Posts JSON.
    pub(crate) async fn post_json(&self, uri: &str, body: impl Into<Body>) -> Answer {
        let request = Request::post(uri).header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(body.into()).unwrap()).await
    }

    /// Posts text.
    pub(crate) async fn post(&self, uri: &str, body: impl Into<Body>) -> Answer {
        self.send(Request::post(uri).body(body.into()).unwrap()).await
    }

    /// Two channels of `hall.temperature`, one frame a minute from 21:00 on, and a null at 21:05.
    pub(crate) async fn with_an_hour_of_data(self) -> Self {
        let frames = (0..60).map(|minute| {
            let second = if minute == 5 {
                "null".to_owned()
            } else {
                format!("{}", f64::from(minute) / -2.0)
            };
            format!(
                r#"{{"metric":"hall.temperature","time":"2026-11-20T21:{minute:02}:00Z","values":[{minute},{second}]}}"#
            )
        });
        let body = format!(r#"{{"frames":[{}]}}"#, frames.collect::<Vec<_>>().join(","));
        let answer = self.post_json("/api/v1/frames", body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        self
    }
}
