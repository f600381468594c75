//! What is simulated: sources that send a frame of each of their metrics every minute, the last nights and from now on.

use std::fmt;

use shared::time::Timestamp;
use shared::value::Value;

use crate::store::Channels;

mod live;
mod nights;

pub use live::run;
pub use nights::{Written, write_nights};

/// Microseconds in a minute.
pub(super) const MICROS_PER_MINUTE: i64 = 60_000_000;

/// The longest time by which a frame comes late.
pub(super) const MAX_DELAY_MICROS: i64 = 15 * MICROS_PER_MINUTE;

/// A simulated source. A pure function of metric and minute: no state and no stream of random numbers, so that any part
/// of any night can be made at any time, in any order, and is always the same.
pub trait Simulation: fmt::Debug + Send + Sync {
    /// What it is, such as `a camera`.
    fn what(&self) -> &'static str;

    /// What it measures. The methods below name a metric by its place in this list.
    fn metrics(&self) -> Vec<SimulatedMetric>;

    /// When the frame of a minute comes in: never before its time, and less than a quarter of an hour later.
    fn arrival(&self, metric: usize, minute: i64) -> Timestamp;

    /// The frame of a minute, which is counted from 1970; `None` in a gap.
    fn frame(&self, metric: usize, minute: i64) -> Option<(Channels, Vec<Value>)>;
}

/// A metric of a source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SimulatedMetric {
    /// Its name.
    pub name: &'static str,
    /// The labels of its channels.
    pub labels: Vec<String>,
    /// When it is sent.
    pub sent: Sent,
}

/// When a metric is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sent {
    /// In all nights and from now on.
    Always,
    /// Only for a while before the start, and never again.
    Before {
        /// How many minutes before the start it began.
        from: i64,
        /// How many minutes before the start it ended.
        until: i64,
    },
}

/// When the frame of a minute was taken.
pub(super) fn time_of(minute: i64) -> Timestamp {
    Timestamp::saturating_from_micros(minute * MICROS_PER_MINUTE)
}

/// The minute that holds a time, counted from 1970.
pub(super) fn minute_of(time: Timestamp) -> i64 {
    time.as_micros().div_euclid(MICROS_PER_MINUTE)
}

/// Labels that are the numbers of the channels.
pub(super) fn numbered(n_channels: usize) -> Vec<String> {
    (0..n_channels).map(|channel| channel.to_string()).collect()
}
