//! How long samples are kept, and the job that deletes older ones.
//!
//! `keep` is how long samples are kept, `keep_pyramid` how long their tiles are where that is longer: then the finest
//! tiles, which hold the samples without loss, stand for them ([`crate::pyramid`]). Whole days in UTC are deleted, so
//! that every sample stays at least as long as it is to be kept, and tiles are not derived again each hour for it.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use shared::time::{MICROS_PER_DAY, Timestamp};

mod job;

pub use job::{keep_pruning, learn, prune};

/// For how long something is kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Duration {
    /// So many microseconds, above zero.
    Micros(i64),
    /// For ever.
    Forever,
}

/// What is said of one metric, or of all.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Keep {
    /// How long samples are kept; `None` where nothing is said.
    pub samples: Option<Duration>,
    /// How long tiles are kept where that is longer; `None` where nothing is said.
    pub pyramid: Option<Duration>,
}

/// What is said of all metrics. Without anything said all is kept for ever.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Policy {
    /// What holds for metrics of which nothing else is said.
    pub default: Keep,
    /// By the name of the metric.
    pub metrics: BTreeMap<String, Keep>,
}

/// Before which moments a metric is forgotten.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Horizons {
    /// Samples before it go.
    pub samples: Timestamp,
    /// Tiles before it go, where they stand for samples; `None` where they go with their samples.
    pub pyramid: Option<Timestamp>,
}

impl Policy {
    /// How long the samples of a metric are kept.
    pub fn samples(&self, metric: &str) -> Duration {
        let own = self.metrics.get(metric).and_then(|keep| keep.samples);
        own.or(self.default.samples).unwrap_or(Duration::Forever)
    }

    /// What is to be forgotten of a metric now; `None` where all is kept.
    pub fn horizons(&self, metric: &str, now: Timestamp) -> Option<Horizons> {
        let own = self.metrics.get(metric).and_then(|keep| keep.pyramid);
        let samples = self.samples(metric);
        let Duration::Micros(micros) = samples else { return None };
        let pyramid = own.or(self.default.pyramid).filter(|pyramid| samples < *pyramid);
        Some(Horizons {
            samples: day_before(now, micros),
            pyramid: pyramid.map(|pyramid| match pyramid {
                Duration::Forever => Timestamp::MIN,
                Duration::Micros(micros) => day_before(now, micros),
            }),
        })
    }
}

/// The start of the day in UTC that lies so long before a moment.
fn day_before(now: Timestamp, micros: i64) -> Timestamp {
    let moment_us = now.saturating_add_micros(-micros).as_micros();
    Timestamp::saturating_from_micros(moment_us.div_euclid(MICROS_PER_DAY) * MICROS_PER_DAY)
}

/// Tells which samples come too late to be stored.
#[derive(Debug, Default)]
pub struct Gate {
    policy: Policy,
    /// Up to where tiles stand for samples, by the name of the metric.
    standing_until: RwLock<BTreeMap<String, Timestamp>>,
}

impl Gate {
    /// A gate that knows how long samples are kept.
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            standing_until: RwLock::default(),
        }
    }

    /// What it goes by.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Takes note that tiles of a metric stand for its samples up to a moment.
    pub fn stands_until(&self, metric: &str, until: Timestamp) {
        let mut standing = self.standing_until.write().unwrap_or_else(PoisonError::into_inner);
        standing.insert(metric.to_owned(), until);
    }

    /// Refuses a sample that is older than samples of its metric are kept.
    pub fn check(&self, metric: &str, time: Timestamp, now: Timestamp) -> Result<(), String> {
        if let Duration::Micros(micros) = self.policy.samples(metric)
            && micros < now.micros_since(time)
        {
            return Err(format!(
                "its time {time} is older than samples of {metric:?} are kept, {}; set a longer keep in the configuration",
                days(micros)
            ));
        }
        let standing = self.standing_until.read().unwrap_or_else(PoisonError::into_inner);
        match standing.get(metric) {
            Some(until) if time < *until => Err(format!(
                "its time {time} lies where samples of {metric:?} are forgotten, before {until}; \
                 what is kept of them cannot be added to"
            )),
            _ => Ok(()),
        }
    }
}

fn days(micros: i64) -> String {
    let days = micros as f64 / MICROS_PER_DAY as f64;
    format!("{days:.1} days").replace(".0 ", " ")
}

#[cfg(test)]
mod tests;
