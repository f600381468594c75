//! The data set N1855: what benches and trials run on, the same on every machine.
//!
//! A camera of 1855 pixels and 265 modules and ten scalar quantities, from a fixed seed, at one sample a minute or a
//! second or any whole number of seconds. Beside a slow swing, drift and sensor noise it has what makes real archives hard:
//!
//! * one-sample spikes, one in about ninety frames, in one channel, up or down;
//! * two gaps a night, of five to fifteen minutes, in which a metric has no row;
//! * a module of seven pixels that sends null for the better part of an hour each night;
//! * channels whose sensor is broken: they read NaN all the time;
//! * blocks of five minutes that arrive some minutes late, and so out of order.
//!
//! A value depends on metric, channel and second alone: an archive at one sample a minute is every sixtieth frame of that
//! at one a second (gaps included; a spike is there where its second is).

use shared::time::{MICROS_PER_SEC, Timestamp};

mod values;

pub mod text;

pub mod batches;

pub use batches::Batches;
pub use values::{Quantity, Site};

/// 2024-06-01T12:00:00Z: the first night begins here unless told otherwise.
pub const START_SECONDS: i64 = 1_717_243_200;

/// Seconds in a night.
pub const SECONDS_PER_NIGHT: i64 = 86_400;

/// Which part of the data set is made, and how it is named.
#[derive(Clone, PartialEq, Debug)]
pub struct Plan {
    /// What comes before the name of each metric.
    pub prefix: String,
    /// Which quantities; in this order within a batch.
    pub quantities: Vec<Quantity>,
    /// The first second, since 1970.
    pub start: i64,
    /// The second after the last.
    pub end: i64,
    /// Seconds between frames, at least one. Frames lie on its multiples.
    pub interval: i64,
}

impl Plan {
    /// The name of a quantity's metric.
    pub fn metric(&self, quantity: Quantity) -> String {
        format!("{}.{}", self.prefix, quantity.name())
    }

    /// How many frames there are at the most: without gaps.
    pub fn most_frames(&self) -> i64 {
        let each = (self.end - self.start).max(0) / self.interval.max(1);
        each * i64::try_from(self.quantities.len()).unwrap_or(i64::MAX)
    }
}

/// The samples of one quantity at one time.
#[derive(Clone, PartialEq, Debug)]
pub struct MockFrame {
    /// Of what.
    pub quantity: Quantity,
    /// When it was measured, in seconds since 1970.
    pub second: i64,
    /// When it came in.
    pub arrival: Timestamp,
    /// One value per channel.
    pub values: Vec<shared::value::Value>,
}

impl MockFrame {
    /// When it was measured.
    pub fn time(&self) -> Timestamp {
        Timestamp::saturating_from_micros(self.second.saturating_mul(MICROS_PER_SEC))
    }
}
