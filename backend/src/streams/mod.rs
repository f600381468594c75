//! Silence: which deliveries are expected, which of them are late or stale, and how far sources' clocks can be trusted.
//!
//! A [`Watch`] is told of every frame that was stored ([`Watch::note`]) and keeps, in memory, when each channel was heard
//! last. At start it takes over what the store knows ([`Watch::restore`]). Nothing is counted while data come in: states
//! are counted when somebody asks, large numbers of them at most once a second.
//!
//! Ages are judged by what is configured for a stream, else by the interval of the metric, else by the interval that its
//! samples came in so far (`rhythm.rs`). A sample from the future, of a clock that is ahead, is as old as its arrival.
//!
//! A stream is *expected* where a `[streams]` table says so or, without one, where its rhythm is known and it spoke
//! within a day before the server started, or since. Nobody is to be told of a run that ended last year.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use shared::query::latest::Freshness;
use shared::query::streams::{StreamStatus, Streams};
use shared::time::{MICROS_PER_DAY, MICROS_PER_SEC, Timestamp};
use tokio::sync::OnceCell;

use crate::clock::Clock;
use crate::store::{self, Frame, MetricId, Store, StoredMetric};
use crate::telemetry::Telemetry;

mod clock;
mod drift;
mod expectation;
pub mod keep;
mod restore;
mod rhythm;
mod track;

pub use expectation::{Expectation, Rule, Rules, source_of};

use clock::Clocks;
use track::Track;

/// From so many channels on, states are counted at most once in [`COUNTED_EVERY`].
const MANY_CHANNELS: usize = 20_000;

/// How often the states of many channels are counted.
const COUNTED_EVERY: Duration = Duration::from_secs(1);

/// A stream whose last sample was older than this when the server started has ended, unless it is slower still.
const ENDED_MICROS: i64 = MICROS_PER_DAY;

/// Watches all streams of a server.
#[derive(Debug)]
pub struct Watch {
    rules: Rules,
    clock: Arc<dyn Clock>,
    started: Timestamp,
    known: RwLock<Known>,
    clocks: Mutex<Clocks>,
    restored: OnceCell<()>,
    /// Metrics that others have written to, or that nothing is known of yet: the store is asked about them.
    touched: Mutex<BTreeSet<MetricId>>,
    counted: Mutex<Option<(Instant, Arc<Streams>)>>,
}

/// The metrics that were met.
#[derive(Debug, Default)]
struct Known {
    by_id: BTreeMap<MetricId, Arc<Stream>>,
    by_name: BTreeMap<String, Arc<Stream>>,
}

/// The stream of a metric.
#[derive(Debug)]
struct Stream {
    name: String,
    source: Arc<str>,
    rule: Option<Arc<Rule>>,
    track: Mutex<Track>,
}

impl Stream {
    fn track(&self) -> MutexGuard<'_, Track> {
        self.track.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn expectation(&self, track: &Track) -> Expectation {
        Expectation::new(self.rule.as_deref(), track.interval_micros, track.learned_micros())
    }
}

impl Watch {
    /// Watches by these rules, from now on.
    pub fn new(rules: Rules, clock: Arc<dyn Clock>) -> Self {
        Self {
            rules,
            started: clock.now(),
            clock,
            known: RwLock::default(),
            clocks: Mutex::default(),
            restored: OnceCell::new(),
            touched: Mutex::default(),
            counted: Mutex::default(),
        }
    }

    /// Takes note of a metric as the store has it now.
    pub fn describe(&self, metric: &StoredMetric) {
        let stream = self.stream_of(metric);
        let mut track = stream.track();
        track.title.clone_from(&metric.properties.title);
        track.interval_micros = metric.properties.interval_micros;
        track.n_channels = metric.channel_labels.len();
    }

    /// Takes note of frames that were stored here, sorted by metric and time.
    pub fn note(&self, frames: &[Frame]) {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        for frames in frames.chunk_by(|left, right| left.metric_id == right.metric_id) {
            let Some(first) = frames.first() else { continue };
            let Some(stream) = known.by_id.get(&first.metric_id) else {
                self.touch(first.metric_id);
                continue;
            };
            let mut track = stream.track();
            for frame in frames {
                track.note(frame);
            }
            drop(track);
            let times: Vec<i64> = frames.iter().map(|frame| frame.time.as_micros()).collect();
            self.clocks()
                .note(&stream.source, first.metric_id, &times, first.arrival);
        }
    }

    /// Takes note that somebody else has written samples of a metric: the store is asked for them when it matters.
    pub fn touch(&self, metric_id: MetricId) {
        self.touched().insert(metric_id);
    }

    /// When samples of a metric are expected.
    pub fn expectation(&self, metric: &StoredMetric) -> Expectation {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let stream = known.by_id.get(&metric.id);
        let learned = stream.and_then(|stream| stream.track().learned_micros());
        let rule = self.rules.find(&metric.name).map(|rule| &**rule);
        Expectation::new(rule, metric.properties.interval_micros, learned)
    }

    /// How it stands with all streams; asks the store for what is not known yet.
    pub async fn answer(&self, store: &dyn Store) -> store::Result<Arc<Streams>> {
        self.restore(store).await?;
        self.catch_up(store).await?;
        Ok(self.current())
    }

    /// How it stands with the streams that are known; does not ask the store.
    pub fn current(&self) -> Arc<Streams> {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, streams)) = &*counted
            && at.elapsed() < COUNTED_EVERY
            && MANY_CHANNELS < n_channels(streams)
        {
            return Arc::clone(streams);
        }
        let streams = Arc::new(self.count());
        *counted = Some((Instant::now(), Arc::clone(&streams)));
        streams
    }

    /// Tells how many expected streams are in which state, and how far behind sources are.
    pub fn tell(&self, telemetry: &Telemetry) {
        let streams = self.current();
        let expected = streams.streams.iter().filter(|stream| stream.expected);
        let mut counts = [0; 4];
        for stream in expected {
            counts[stream.state as usize] += 1;
        }
        for (state, count) in [Freshness::Fresh, Freshness::Late, Freshness::Stale, Freshness::Never]
            .into_iter()
            .zip(counts)
        {
            telemetry.streams.set(state.as_str(), count);
        }
        for (source, lag_s) in self.clocks().lags() {
            telemetry.set_lag(source, lag_s);
        }
    }

    fn count(&self) -> Streams {
        let now = self.clock.now();
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let met: Vec<Arc<Stream>> = known.by_name.values().map(Arc::clone).collect();
        let missing = self
            .rules
            .named()
            .filter(|(name, _)| !known.by_name.contains_key(*name));
        let mut streams: Vec<StreamStatus> = missing.map(|(name, rule)| never_met(name, rule)).collect();
        drop(known);
        let n_missing = streams.len();
        streams.extend(met.iter().map(|stream| self.status(stream, now)));
        if 0 < n_missing {
            streams.sort_by(|left, right| left.metric.cmp(&right.metric));
        }
        Streams {
            now_us: now.as_micros(),
            streams,
            sources: self.clocks().told(),
        }
    }

    fn status(&self, stream: &Stream, now: Timestamp) -> StreamStatus {
        let track = stream.track();
        let expectation = stream.expectation(&track);
        let counts = track.counts(now, &expectation);
        let heard = track.heard_us();
        let state = heard.map_or(Freshness::Never, |heard| {
            expectation.freshness(now.as_micros().saturating_sub(heard))
        });
        let is_overdue = matches!(state, Freshness::Late | Freshness::Stale);
        StreamStatus {
            metric: stream.name.clone(),
            title: if track.title.is_empty() {
                stream.name.clone()
            } else {
                track.title.clone()
            },
            source: stream.source.to_string(),
            state,
            last_us: track.newest_us(),
            since_us: heard
                .filter(|_| is_overdue)
                .map(|heard| heard.saturating_add(expectation.due_micros())),
            interval_s: expectation.interval_micros.map(secs),
            learned: expectation.learned,
            expected: match &stream.rule {
                Some(rule) => rule.expected,
                None => expectation.is_known() && self.is_going_on(heard, &expectation),
            },
            fresh: counts.fresh,
            late: counts.late,
            stale: counts.stale,
            never: counts.never,
        }
    }

    /// Whether a stream had not ended when the server started.
    fn is_going_on(&self, heard: Option<i64>, expectation: &Expectation) -> bool {
        let ended = ENDED_MICROS.max(expectation.stale_micros().unwrap_or(0));
        heard.is_some_and(|heard| self.started.as_micros().saturating_sub(heard) < ended)
    }

    fn stream_of(&self, metric: &StoredMetric) -> Arc<Stream> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(stream) = known.by_id.get(&metric.id) {
            return Arc::clone(stream);
        }
        let rule = self.rules.find(&metric.name).map(Arc::clone);
        let configured = rule.as_ref().and_then(|rule| rule.source.as_deref());
        let stream = Arc::new(Stream {
            name: metric.name.clone(),
            source: configured.unwrap_or_else(|| source_of(&metric.name)).into(),
            rule,
            track: Mutex::default(),
        });
        known.by_id.insert(metric.id, Arc::clone(&stream));
        known.by_name.insert(metric.name.clone(), Arc::clone(&stream));
        stream
    }

    fn find(&self, metric_id: MetricId) -> Option<Arc<Stream>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.by_id.get(&metric_id).map(Arc::clone)
    }

    fn clocks(&self) -> MutexGuard<'_, Clocks> {
        self.clocks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn touched(&self) -> MutexGuard<'_, BTreeSet<MetricId>> {
        self.touched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A metric that is configured, and that nobody has sent yet.
fn never_met(name: &str, rule: &Rule) -> StreamStatus {
    let source = rule.source.as_deref().unwrap_or_else(|| source_of(name));
    StreamStatus {
        metric: name.to_owned(),
        title: name.to_owned(),
        source: source.to_owned(),
        state: Freshness::Never,
        last_us: None,
        since_us: None,
        interval_s: rule.interval_micros.map(secs),
        learned: false,
        expected: rule.expected,
        fresh: 0,
        late: 0,
        stale: 0,
        never: 0,
    }
}

fn n_channels(streams: &Streams) -> usize {
    let of_stream = |stream: &StreamStatus| (stream.fresh + stream.late + stream.stale + stream.never) as usize;
    streams.streams.iter().map(of_stream).sum()
}

fn secs(micros: i64) -> f64 {
    micros as f64 / MICROS_PER_SEC as f64
}

#[cfg(test)]
mod tests;
