//! How far the clocks of sources can be trusted, told from arrival minus sample time.
//!
//! That difference is the delay of the way minus how far the source's clock is ahead. Delays jump about, but never below
//! what the way takes; so the *least* of them in each short window is what is looked at.
//!
//! To compare like with like, steps and drift are told from one metric of a source, its *reference*: the first that came
//! in, until it falls silent. A step is a jump of the level that stays for [`STAYS`] windows with data and that begins
//! with one jump of the same size between two neighboring samples. So neither a batch of old samples is a step (the level
//! comes back with the next sample of now), nor a backlog that shrinks sample by sample (it has no jump). After a pause,
//! samples that go on where they stopped are a backlog too, however long that lasts.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use shared::query::streams::{ClockStep, SourceClock};
use shared::time::{MICROS_PER_SEC, Timestamp};

use super::drift::Drift;
use crate::store::MetricId;

/// Of how many sources clocks are watched at the most.
const MAX_SOURCES: usize = 1000;

/// How long a window is by arrival, in microseconds.
const WINDOW_MICROS: i64 = 10 * MICROS_PER_SEC;

/// How many windows are kept, and over which the least delay is told: five minutes where data come all the time.
const N_WINDOWS: usize = 30;

/// For how many windows a new level must stay to be one.
const STAYS: usize = 3;

/// How many windows before them the level is compared with, and the fewest.
const BASE: std::ops::RangeInclusive<usize> = 3..=12;

/// A smaller jump is no step, in microseconds.
const MIN_STEP_MICROS: i64 = MICROS_PER_SEC;

/// By how much the windows of one level may differ at least, in microseconds.
const MIN_TOLERANCE_MICROS: i64 = MICROS_PER_SEC / 2;

/// A level that jumps about more than this is none, in microseconds, such as while old samples are sent in quick motion.
const MAX_SPREAD_MICROS: i64 = 3 * WINDOW_MICROS;

/// The tolerance in units of how much the level jumps about anyway (the median of its deviations).
const TOLERANCE: i64 = 6;

/// How long a reference may be silent until another metric takes its place: this long, and three of its intervals.
const MAX_SILENCE_MICROS: i64 = 300 * MICROS_PER_SEC;

/// The clocks of all sources.
#[derive(Debug, Default)]
pub(super) struct Clocks {
    sources: BTreeMap<Arc<str>, Source>,
}

/// What is known of one source.
#[derive(Debug)]
struct Source {
    reference: Reference,
    /// The least delays of all its metrics, by window.
    least: VecDeque<Window>,
    /// Arrival and delay of the newest sample among those that came in last.
    newest: (i64, i64),
    step: Option<ClockStep>,
}

/// The metric that steps and drift are told from.
#[derive(Debug)]
struct Reference {
    metric_id: MetricId,
    /// Time and arrival of the last sample, in the order of arrival.
    last: (i64, i64),
    /// The last waits between samples that are in order, by their time.
    waits: VecDeque<i64>,
    windows: VecDeque<Window>,
    drift: Drift,
}

/// What came in within a short time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Window {
    /// Which one: arrival over [`WINDOW_MICROS`].
    number: i64,
    /// The least delay, in microseconds.
    delay: i64,
    /// The largest jump of the delay from one sample to the next.
    jump: Option<Jump>,
}

/// How the delay changed between two neighboring samples.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Jump {
    /// By how much it rose, in microseconds.
    by: i64,
    /// From one sample's time to the next's.
    time: i64,
    /// From one sample's arrival to the next's.
    arrival: i64,
    /// When it was.
    at: i64,
}

impl Clocks {
    /// Takes note of samples of a metric, by rising time, that came in together.
    pub(super) fn note(&mut self, source: &Arc<str>, metric_id: MetricId, times: &[i64], arrival: Timestamp) {
        let (Some(newest), arrival) = (times.last(), arrival.as_micros()) else {
            return;
        };
        let Some(known) = self.sources.get_mut(source) else {
            if self.sources.len() < MAX_SOURCES {
                let mut new = Source::new(metric_id, *newest, arrival);
                new.note(metric_id, times, arrival);
                self.sources.insert(Arc::clone(source), new);
            }
            return;
        };
        known.note(metric_id, times, arrival);
    }

    /// How it stands with each source, by name.
    pub(super) fn told(&self) -> Vec<SourceClock> {
        let sources = self.sources.iter();
        sources.map(|(name, source)| source.told(name)).collect()
    }

    /// Arrival minus sample time of the newest sample of each source, in seconds.
    pub(super) fn lags(&self) -> impl Iterator<Item = (&str, f64)> {
        let sources = self.sources.iter();
        sources.map(|(name, source)| (&**name, secs(source.newest.1)))
    }
}

impl Source {
    fn new(metric_id: MetricId, time: i64, arrival: i64) -> Self {
        Self {
            reference: Reference::new(metric_id, time, arrival),
            least: VecDeque::new(),
            newest: (arrival, arrival.saturating_sub(time)),
            step: None,
        }
    }

    fn note(&mut self, metric_id: MetricId, times: &[i64], arrival: i64) {
        let Some(newest) = times.last() else { return };
        let delay = arrival.saturating_sub(*newest);
        self.newest = match self.newest {
            (same, before) if same == arrival => (arrival, before.min(delay)),
            _ => (arrival, delay),
        };
        put(&mut self.least, arrival, delay, None);
        if metric_id != self.reference.metric_id {
            if self.reference.is_silent(arrival) {
                self.reference = Reference::new(metric_id, *newest, arrival);
            } else {
                return;
            }
        }
        for time in times {
            if let Some(by) = self.reference.note(*time, arrival) {
                self.step = Some(ClockStep {
                    at_us: arrival,
                    // A clock that jumps ahead makes samples look as if they came sooner.
                    by_s: -secs(by),
                });
                // What was before is another level: the least of both would be of neither.
                let recent = arrival.div_euclid(WINDOW_MICROS) - i64::try_from(STAYS).unwrap_or(0);
                self.least.retain(|window| recent <= window.number);
            }
        }
    }

    fn told(&self, name: &str) -> SourceClock {
        let newest = self.least.back().map_or(0, |window| window.number);
        let span = i64::try_from(N_WINDOWS).unwrap_or(0);
        let recent = self.least.iter().filter(|window| newest - span < window.number);
        SourceClock {
            source: name.to_owned(),
            delay_s: secs(recent.map(|window| window.delay).min().unwrap_or(self.newest.1)),
            drift_s_per_hour: self.reference.drift.secs_per_hour(),
            step: self.step,
        }
    }
}

impl Reference {
    fn new(metric_id: MetricId, time: i64, arrival: i64) -> Self {
        Self {
            metric_id,
            last: (time, arrival),
            waits: VecDeque::new(),
            windows: VecDeque::new(),
            drift: Drift::default(),
        }
    }

    /// The middle one of its waits; `None` before there are any.
    fn wait(&self) -> Option<i64> {
        median(self.waits.iter().copied().collect())
    }

    fn is_silent(&self, arrival: i64) -> bool {
        let three = self.wait().unwrap_or(0).saturating_mul(3);
        three.max(MAX_SILENCE_MICROS) < arrival.saturating_sub(self.last.1)
    }

    /// Takes note of a sample; gives by how much the delay rose for good, if that has just become clear.
    fn note(&mut self, time: i64, arrival: i64) -> Option<i64> {
        let delay = arrival.saturating_sub(time);
        let (last_time, last_arrival) = std::mem::replace(&mut self.last, (time, arrival));
        let jump = Jump {
            by: delay.saturating_sub(last_arrival.saturating_sub(last_time)),
            time: time.saturating_sub(last_time),
            arrival: arrival.saturating_sub(last_arrival),
            at: arrival,
        };
        let is_jump = MIN_STEP_MICROS <= jump.by.saturating_abs();
        if 0 < jump.time && !is_jump {
            push(&mut self.waits, jump.time, 9);
        }
        let number = arrival.div_euclid(WINDOW_MICROS);
        let is_closed = self.windows.back().is_some_and(|window| window.number < number);
        let step = if is_closed { self.find_step() } else { None };
        put(&mut self.windows, arrival, delay, is_jump.then_some(jump));
        self.drift.note(arrival, delay);
        step
    }

    /// Looks whether the last windows have a level of their own since one jump.
    fn find_step(&mut self) -> Option<i64> {
        let delays: Vec<i64> = self.windows.iter().map(|window| window.delay).collect();
        let n_before = delays.len().checked_sub(STAYS)?;
        let (before, after) = delays.split_at(n_before);
        if before.len() < *BASE.start() {
            return None;
        }
        let base = &before[before.len().saturating_sub(*BASE.end())..];
        let (old, new) = (median(base.to_vec())?, median(after.to_vec())?);
        let spread = median(base.iter().map(|delay| (delay - old).abs()).collect())?;
        let tolerance = (spread.saturating_mul(TOLERANCE)).max(MIN_TOLERANCE_MICROS);
        let by = new - old;
        let is_level = after.iter().all(|delay| (delay - new).abs() <= tolerance);
        let near = by.abs() / 4;
        let is_sure = spread <= MAX_SPREAD_MICROS && spread.saturating_mul(TOLERANCE) <= near;
        if !is_level || !is_sure || by.abs() < MIN_STEP_MICROS {
            return None;
        }
        let since = n_before.saturating_sub(1);
        let jumps = self.windows.iter().skip(since).filter_map(|window| window.jump);
        let jump = { jumps }.find(|jump| (jump.by - by).abs() <= near)?;
        if self.is_backlog(jump) {
            return None;
        }
        // From here on the new level is the one to compare with, and the drift goes on as if nothing had been.
        self.windows.drain(..n_before);
        for window in &mut self.windows {
            window.jump = None;
        }
        self.drift.shift_before(jump.at, by);
        Some(by)
    }

    /// Whether samples go on where they stopped, after a pause in which none came in.
    fn is_backlog(&self, jump: Jump) -> bool {
        let long = self.wait().unwrap_or(0).saturating_mul(2);
        0 < jump.by && (0..=long).contains(&jump.time) && long < jump.arrival
    }
}

/// Puts a delay into the window of its arrival. Arrivals rise, unless the server's own clock was set back: then they
/// belong to the last window.
fn put(windows: &mut VecDeque<Window>, arrival: i64, delay: i64, jump: Option<Jump>) {
    let number = arrival.div_euclid(WINDOW_MICROS);
    if let Some(window) = windows.back_mut().filter(|window| number <= window.number) {
        window.delay = window.delay.min(delay);
        let size = |jump: Option<Jump>| jump.map_or(0, |jump| jump.by.saturating_abs());
        if size(window.jump) < size(jump) {
            window.jump = jump;
        }
        return;
    }
    push(windows, Window { number, delay, jump }, N_WINDOWS);
}

fn push<T>(items: &mut VecDeque<T>, item: T, limit: usize) {
    if limit <= items.len() {
        items.pop_front();
    }
    items.push_back(item);
}

/// The middle one; of an even number the greater of the two.
fn median(mut numbers: Vec<i64>) -> Option<i64> {
    numbers.sort_unstable();
    numbers.get(numbers.len() / 2).copied()
}

fn secs(micros: i64) -> f64 {
    micros as f64 / MICROS_PER_SEC as f64
}

#[cfg(test)]
mod tests;
