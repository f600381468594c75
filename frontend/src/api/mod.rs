//! The only code that fetches. Every answer is typed, every failure is a sentence for people.
//!
//! A request is aborted when the future that waits for it is dropped.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use futures::future::join;
use leptos::prelude::window;
use serde::de::DeserializeOwned;
use shared::compact::{self, NotCompact};
use shared::dashboard::{DashboardFile, DashboardFiles, Dashboards};
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
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, RequestCache, RequestInit, Response};

use crate::browser::clock::machine_micros;
use crate::browser::location::base_uri;

mod alarms;

pub mod url;

pub use alarms::{act, alarm_card, alarm_history, alarms, outbox, retry, streams};

/// Why there is no answer.
#[derive(Clone, PartialEq, Debug)]
pub enum ApiFailure {
    /// The server refused, for this reason.
    Server(String),
    /// The server was not reached.
    Network,
    /// The answer was not understood: page and server may be of different versions.
    Decode(NotCompact),
}

impl fmt::Display for ApiFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(reason) => f.write_str(reason),
            Self::Network => f.write_str("the server cannot be reached; check that it runs and try again"),
            Self::Decode(reason) => {
                write!(
                    f,
                    "the answer was not understood ({reason}); reload the page to match the server's version"
                )
            }
        }
    }
}

/// The site and all dashboards, and all metrics with what is known of them; asked for side by side.
pub async fn dashboards_and_metrics() -> (Result<Dashboards, ApiFailure>, Result<Metrics, ApiFailure>) {
    let ask = |path: &str| get_bytes(path.to_owned());
    let (dashboards, metrics) = join(ask(route::DASHBOARDS), ask(route::METRICS)).await;
    let dashboards = dashboards.and_then(|(bytes, _)| read(&bytes));
    (dashboards, metrics.and_then(|(bytes, _)| read(&bytes)))
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
    compact::from_bytes(bytes).map_err(ApiFailure::Decode)
}

/// Apart from [`get`], so that it exists once and not for every type.
async fn get_bytes(path: String) -> Positioned<Vec<u8>> {
    let abort = AbortOnDrop::new();
    let response = exchange(&path, &abort.0.signal()).await?;
    let position = header(&response, POSITION_HEADER).and_then(|text| position_of(&text));
    Ok((body(&response).await?, position))
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
    let request = request(None);
    request.set_cache(cache);
    request.set_signal(Some(signal));
    let outcome = send(&uri, &request).await;
    let ended_us = machine_micros();
    let response = match outcome {
        Ok(response) => response,
        Err(failure) => {
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
            return Err(failure);
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

/// A request for the compact form, which sends JSON if there is any.
fn request(json: Option<&str>) -> RequestInit {
    let request = RequestInit::new();
    // Refused only for names and values that are none.
    if let Ok(headers) = Headers::new() {
        let _ = headers.set("accept", compact::MEDIA_TYPE);
        if let Some(json) = json {
            let _ = headers.set("content-type", "application/json");
            request.set_method("POST");
            request.set_body(&json.into());
        }
        request.set_headers(&headers);
    }
    request
}

/// What the server, or a gateway before it, answers.
async fn send(uri: &str, request: &RequestInit) -> Result<Response, ApiFailure> {
    settled(window().fetch_with_str_and_init(uri, request))
        .await
        .map(JsCast::unchecked_into)
}

/// All bytes of an answer.
async fn body(response: &Response) -> Result<Vec<u8>, ApiFailure> {
    let bytes = response.array_buffer().map_err(|_refused| ApiFailure::Network)?;
    Ok(js_sys::Uint8Array::new(&settled(bytes).await?).to_vec())
}

/// Once for all that the browser does meanwhile.
async fn settled(promise: js_sys::Promise) -> Result<JsValue, ApiFailure> {
    JsFuture::from(promise).await.map_err(|_refused| ApiFailure::Network)
}

fn header(response: &Response, name: &str) -> Option<String> {
    response.headers().get(name).ok().flatten()
}

/// An `ApiError` as the compact form writes it: its word, its sentence, and its details, a map that is read as a list.
type Refusal = (String, String, Vec<(String, String)>);

async fn failure_of(response: Response, reached: bool) -> ApiFailure {
    let body = body(&response).await.unwrap_or_default();
    // A gateway says it in a form of its own.
    let is_ours = header(&response, "content-type").as_deref() == Some(compact::MEDIA_TYPE);
    match compact::from_bytes::<Refusal>(&body) {
        Ok((_, reason, _)) if is_ours => ApiFailure::Server(reason),
        _ if !reached => ApiFailure::Network,
        _ => ApiFailure::Server(format!(
            "the server answered {} {}",
            response.status(),
            response.status_text()
        )),
    }
}

/// The `Date` header.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a date in milliseconds is a whole number far below 2^53"
)]
fn server_micros(response: &Response) -> Option<i64> {
    let millis = js_sys::Date::parse(&header(response, "date")?);
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
    use std::collections::BTreeMap;

    use shared::error::ApiError;

    use super::*;

    #[test]
    fn a_refusal_is_read_as_the_server_writes_it() {
        let error = ApiError {
            code: "unknown_metric".to_owned(),
            message: "there is no metric \"hv\"".to_owned(),
            details: BTreeMap::from([("metric".to_owned(), "hv".to_owned())]),
        };
        let (code, message, details): Refusal = compact::from_bytes(&compact::to_bytes(&error).unwrap()).unwrap();
        assert_eq!((code, message), (error.code, error.message));
        assert_eq!(BTreeMap::from_iter(details), error.details);
    }

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
