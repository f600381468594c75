//! What the server tells of itself at `GET /metrics`, in the words of Prometheus.
//!
//! Whoever does something worth counting holds the handles of its group ([`Ingest`], [`StoreFigures`], [`Live`], …); all
//! of them are registered here, so that names and units stand in one place. Handles are cheap to clone and to move, and
//! every label has few values, or a bound on them: what is told stays small however much is stored.

use std::fmt;
use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::{prometheus_text, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use shared::time::{MICROS_PER_SEC, Timestamp};

mod cache;
mod http;
mod ingest;
mod measured;
mod store;

pub use cache::CacheFigures;
pub use http::HttpFigures;
pub use ingest::{Ingest, IngestPath, Refusal};
pub use measured::MeasuredStore;
pub use store::{Operation, StoreFigures};

/// What every name begins with, apart from those that Prometheus gives to all processes.
const PREFIX: &str = "watchroom";

/// A number of something that goes up and down, by one label.
type ByLabel = Family<[(&'static str, String); 1], Gauge>;

/// How many of something are in each state.
#[derive(Clone, Debug, Default)]
pub struct ByState(ByLabel);

impl ByState {
    /// So many are in this state now.
    pub fn set(&self, state: &str, count: u64) {
        let gauge = self.0.get_or_create_owned(&[("state", state.to_owned())]);
        gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
    }
}

/// Who looks on, and what they are sent.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// How many viewers are connected.
    pub viewers: Gauge,
    /// How many increments were sent to them.
    pub increments: Counter,
    /// How often a viewer had to ask anew, because what it had could not be completed.
    pub resyncs: Counter,
}

/// What is on its way to people and other systems.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    /// How many deliveries wait, for the first or for another try.
    pub waiting: Gauge,
    /// How many were given up.
    pub dead_letters: Gauge,
}

/// All that is told.
pub struct Telemetry {
    registry: Registry,
    /// What comes in.
    pub ingest: Ingest,
    /// What the store does.
    pub store: StoreFigures,
    /// Decoded tiles in memory.
    pub tile_cache: CacheFigures,
    /// Whole answers in memory.
    pub answer_cache: CacheFigures,
    /// What is asked over HTTP.
    pub http: HttpFigures,
    /// Who looks on.
    pub live: Live,
    /// Alarms by state, in the words of their list.
    pub alarms: ByState,
    /// Deliveries of alarms.
    pub outbox: Outbox,
    /// Streams by state.
    pub streams: ByState,
    /// How far behind its samples a source delivers, by source.
    lags: Family<[(&'static str, String); 1], Gauge<f64, AtomicU64>>,
}

impl fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telemetry").finish_non_exhaustive()
    }
}

/// In which form it is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exposition {
    /// `OpenMetrics` 1.0, which Prometheus asks for.
    OpenMetrics,
    /// The older text format, for all others.
    Text,
}

impl Exposition {
    /// The type of the answer.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Text => prometheus_text::CONTENT_TYPE,
        }
    }
}

impl Telemetry {
    /// Nothing has happened yet. `started` is when the process began.
    pub fn new(started: Timestamp) -> Self {
        let mut registry = Registry::default();
        let start: Gauge<f64, AtomicU64> = Gauge::default();
        start.set(started.as_micros() as f64 / MICROS_PER_SEC as f64);
        registry.register_with_unit(
            "process_start_time",
            "When the process started, since the Unix epoch",
            Unit::Seconds,
            start,
        );
        let ours = registry.sub_registry_with_prefix(PREFIX);
        ours.register(
            "build",
            "Which program runs",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );
        let ingest = Ingest::registered(ours);
        let store = StoreFigures::registered(ours);
        let [tile_cache, answer_cache] = cache::registered(ours);
        let http = HttpFigures::registered(ours);
        let (live, outbox) = (Live::default(), Outbox::default());
        ours.register("live_viewers", "Viewers that are connected", live.viewers.clone());
        ours.register(
            "live_increments",
            "Changed parts of answers that were sent to viewers",
            live.increments.clone(),
        );
        ours.register(
            "live_resyncs",
            "How often a viewer had to ask anew",
            live.resyncs.clone(),
        );
        ours.register(
            "outbox_deliveries",
            "Deliveries of alarms that wait to be sent",
            outbox.waiting.clone(),
        );
        ours.register(
            "outbox_dead_letters",
            "Deliveries of alarms that were given up",
            outbox.dead_letters.clone(),
        );
        let (alarms, streams) = (ByState::default(), ByState::default());
        ours.register("alarms", "Alarm rules in each state", alarms.0.clone());
        ours.register(
            "streams",
            "Expected streams in each state of delivery",
            streams.0.clone(),
        );
        let lags = Family::default();
        ours.register_with_unit(
            "ingest_lag",
            "Arrival minus time of the newest sample of a source; negative where its clock is ahead",
            Unit::Seconds,
            Family::clone(&lags),
        );
        Self {
            registry,
            ingest,
            store,
            tile_cache,
            answer_cache,
            http,
            live,
            alarms,
            outbox,
            streams,
            lags,
        }
    }

    /// How far behind its samples a source delivers, in seconds. Whoever calls this bounds the number of sources.
    pub fn set_lag(&self, source: &str, lag_s: f64) {
        self.lags
            .get_or_create_owned(&[("source", source.to_owned())])
            .set(lag_s);
    }

    /// All of it as text.
    pub fn told(&self, exposition: Exposition) -> String {
        let mut told = String::new();
        let written = match exposition {
            Exposition::OpenMetrics => text::encode(&mut told, &self.registry),
            Exposition::Text => prometheus_text::encode(&mut told, &self.registry),
        };
        // Writing into a text cannot fail.
        debug_assert!(written.is_ok());
        told
    }
}

#[cfg(test)]
mod tests;
