//! The only code that fetches. Every answer is typed, every failure is a sentence for people.
//!
//! A request is aborted when the future that waits for it is dropped.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use gloo_net::http::{Request, Response};
use serde::de::DeserializeOwned;
use shared::compact;
use shared::dashboard::{DashboardFile, DashboardFiles, Dashboards};
use shared::error::ApiError;
use shared::live::{POSITION_HEADER, Position};
use shared::metric::Metrics;
use shared::query::envelope::{Envelope, EnvelopeQuery};
use shared::query::geometry::Geometry;
use shared::query::latest::Latest;
use shared::query::nights::{Nights, NightsQuery};
use shared::query::raster::{Density, Raster, RasterQuery};
use shared::query::samples::{Samples, SamplesQuery};
use shared::query::sky::{Sky, SkyQuery};
use shared::route;
use shared::time::Timestamp;
use web_sys::RequestCache;

use crate::browser::clock::machine_micros;
use crate::browser::location::base_uri;

mod alarms;

pub mod url;

pub use alarms::{act, alarm_card, alarm_history, alarms, outbox, retry, streams};

/// Why there is no answer.
#[derive(Clone, PartialEq, Debug)]
pub enum ApiFailure {
    /// The server refused, with its reason and the HTTP status.
    Server(ApiError, u16),
    /// The server was not reached.
    Network(String),
    /// The answer was not understood: page and server may be of different versions.
    Decode(String),
}

impl fmt::Display for ApiFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(error, _) => write!(f, "{error}"),
            Self::Network(_) => f.write_str("the server cannot be reached; check that it runs and try again"),
            Self::Decode(reason) => {
                write!(
                    f,
                    "the answer was not understood ({reason}); reload the page to match the server's version"
                )
            }
        }
    }
}

/// All metrics with what is known of them.
pub async fn metrics() -> Result<Metrics, ApiFailure> {
    get(route::METRICS.to_owned()).await
}

/// The site and all dashboards.
pub async fn dashboards() -> Result<Dashboards, ApiFailure> {
    get(route::DASHBOARDS.to_owned()).await
}

/// The file that a dashboard was made of; empty for one that is no more.
pub async fn dashboard_file(dashboard: &str) -> Result<DashboardFile, ApiFailure> {
    let all: DashboardFiles = get(route::DASHBOARD_FILES.to_owned()).await?;
    let file = all.files.into_iter().find(|file| file.dashboard == dashboard);
    Ok(file.unwrap_or_default())
}

/// An answer with the position from before it was read, from which a subscription to the same question goes on; without
/// one where the server did not say it.
pub type Positioned<T> = Result<(T, Option<Position>), ApiFailure>;

/// The envelope of channels, or of the band, over a range.
pub async fn envelope(query: &EnvelopeQuery) -> Positioned<Envelope> {
    get_positioned(url::envelope(query)).await
}

/// The values of all channels of a metric over a range: time x channel.
pub async fn raster(query: &RasterQuery) -> Positioned<Raster> {
    get_positioned(url::raster(query)).await
}

/// How many samples of all channels of a metric lie at which value over a range: time x value.
pub async fn density(query: &RasterQuery) -> Positioned<Density> {
    get_positioned(url::raster(query)).await
}

/// The newest sample of each channel of a metric.
pub async fn latest(metric: &str) -> Positioned<Latest> {
    get_positioned(url::latest(metric)).await
}

/// A page of raw samples.
pub async fn samples(query: &SamplesQuery) -> Result<Samples, ApiFailure> {
    get(url::samples_page(query)).await
}

/// The newest sample of each channel of a metric at a moment; now without one.
pub async fn latest_at(metric: &str, at: Option<Timestamp>) -> Result<Latest, ApiFailure> {
    get(url::latest_at(metric, at)).await
}

/// Where the pixels of a camera are.
pub async fn geometry(name: &str) -> Result<Geometry, ApiFailure> {
    get(url::geometry(name)).await
}

/// Nights that hold data.
pub async fn nights(query: &NightsQuery) -> Result<Nights, ApiFailure> {
    get(url::nights(query)).await
}

/// What light there is over the site.
pub async fn sky(query: &SkyQuery) -> Result<Sky, ApiFailure> {
    get(url::sky(query)).await
}

/// How long the server may take to say that it lives, in milliseconds.
const HEALTH_TIMEOUT_MS: u32 = 1_500;

/// Asks whether the server lives; answers within [`HEALTH_TIMEOUT_MS`].
pub async fn health() -> Result<(), ApiFailure> {
    soon(route::HEALTH).await
}

/// Asks whether the server has its store; answers as soon.
pub async fn ready() -> Result<(), ApiFailure> {
    soon(route::READY).await
}

async fn soon(path: &'static str) -> Result<(), ApiFailure> {
    let signal = web_sys::AbortSignal::timeout_with_u32(HEALTH_TIMEOUT_MS);
    exchange(path, &signal).await.map(drop)
}

/// One question to the server and what came of it, for those who judge the connection and the clock.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Exchange {
    /// When it was sent, by this machine's clock, in microseconds.
    pub sent_us: i64,
    /// When the answer came or the wait ended, by this machine's clock, in microseconds.
    pub ended_us: i64,
    /// The server's clock in its answer, rounded down to a second, in microseconds; `None` where the answer may have
    /// come out of a cache.
    pub server_us: Option<i64>,
    /// Whether the server answered, be it with an error.
    pub reached: bool,
}

type Observer = Rc<dyn Fn(Exchange)>;

thread_local! {
    static OBSERVER: RefCell<Option<Observer>> = const { RefCell::new(None) };
}

/// Has `observer` told of every exchange from now on.
pub fn observe(observer: impl Fn(Exchange) + 'static) {
    OBSERVER.with(|cell| *cell.borrow_mut() = Some(Rc::new(observer)));
}

fn report(exchange: Exchange) {
    let observer = OBSERVER.with(|cell| cell.borrow().clone());
    if let Some(observer) = observer {
        observer(exchange);
    }
}

async fn get<T: DeserializeOwned>(path: String) -> Result<T, ApiFailure> {
    let (bytes, _) = get_bytes(path).await?;
    read(&bytes)
}

async fn get_positioned<T: DeserializeOwned>(path: String) -> Positioned<T> {
    let (bytes, position) = get_bytes(path).await?;
    Ok((read(&bytes)?, position))
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiFailure> {
    compact::from_bytes(bytes).map_err(|error| ApiFailure::Decode(error.to_string()))
}

/// Apart from [`get`], so that it exists once and not for every type.
async fn get_bytes(path: String) -> Positioned<Vec<u8>> {
    let abort = AbortOnDrop::new();
    let response = exchange(&path, &abort.0.signal()).await?;
    let position = response
        .headers()
        .get(POSITION_HEADER)
        .and_then(|text| position_of(&text));
    let bytes = response.binary().await;
    let bytes = bytes.map_err(|error| ApiFailure::Network(error.to_string()))?;
    Ok((bytes, position))
}

/// `epoch.sequence`
fn position_of(text: &str) -> Option<Position> {
    let (epoch, sequence) = text.split_once('.')?;
    Some(Position {
        epoch: epoch.parse().ok()?,
        sequence: sequence.parse().ok()?,
    })
}

async fn exchange(path: &str, signal: &web_sys::AbortSignal) -> Result<Response, ApiFailure> {
    let sent_us = machine_micros();
    let uri = format!("{}{}", base_uri(), path.trim_start_matches('/'));
    // Out of a cache it would prove nothing.
    let is_proof_of_life = path == route::HEALTH || path == route::READY;
    let cache = if is_proof_of_life {
        RequestCache::NoStore
    } else {
        RequestCache::Default
    };
    let outcome = Request::get(&uri)
        .header("accept", compact::MEDIA_TYPE)
        .cache(cache)
        .abort_signal(Some(signal))
        .send()
        .await;
    let ended_us = machine_micros();
    let response = match outcome {
        Ok(response) => response,
        Err(error) => {
            // An abort of our own says nothing about the server; a timeout does.
            let timed_out = ended_us - sent_us >= i64::from(HEALTH_TIMEOUT_MS) * 1_000;
            if !signal.aborted() || timed_out {
                report(Exchange {
                    sent_us,
                    ended_us,
                    server_us: None,
                    reached: false,
                });
            }
            return Err(ApiFailure::Network(error.to_string()));
        }
    };
    // A gateway before the server that does not reach it answers in its place.
    let reached = !matches!(response.status(), 502 | 504);
    report(Exchange {
        sent_us,
        ended_us,
        server_us: server_micros(&response).filter(|_| is_proof_of_life && reached),
        reached,
    });
    if response.ok() {
        Ok(response)
    } else {
        Err(failure_of(response, reached).await)
    }
}

async fn failure_of(response: Response, reached: bool) -> ApiFailure {
    let status = response.status();
    let body = response.binary().await.unwrap_or_default();
    // A gateway says it in a form of its own.
    let is_ours = response.headers().get("content-type").as_deref() == Some(compact::MEDIA_TYPE);
    match compact::from_bytes::<ApiError>(&body) {
        Ok(error) if is_ours => ApiFailure::Server(error, status),
        _ if !reached => ApiFailure::Network(format!("the gateway answered {status}")),
        _ => ApiFailure::Server(
            ApiError {
                code: "unknown".to_owned(),
                message: format!("the server answered {status} {}", response.status_text()),
                details: std::collections::BTreeMap::new(),
            },
            status,
        ),
    }
}

/// The `Date` header.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a date in milliseconds is a whole number far below 2^53"
)]
fn server_micros(response: &Response) -> Option<i64> {
    let millis = js_sys::Date::parse(&response.headers().get("date")?);
    millis.is_finite().then_some(millis as i64 * 1_000)
}

struct AbortOnDrop(web_sys::AbortController);

impl AbortOnDrop {
    fn new() -> Self {
        Self(web_sys::AbortController::new().unwrap_or_else(|_| wasm_bindgen::throw_str("fetches cannot be aborted")))
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_from_its_header() {
        let position = Position {
            epoch: 1_764_361_000_000_000,
            sequence: 42,
        };
        assert_eq!(position_of("1764361000000000.42"), Some(position));
        assert_eq!(position_of("42"), None);
        assert_eq!(position_of("1.x"), None);
    }
}
