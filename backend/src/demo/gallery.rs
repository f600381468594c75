//! Sources that have stopped, so that the gallery can show what that looks like: one a few minutes before the start,
//! others more than a night before it.

use shared::time::Timestamp;
use shared::value::Value;

use super::noise::{bell, hash, index, pick, unit, wander};
use super::simulation::{Sent, SimulatedMetric, Simulation, numbered, time_of};
use crate::store::Channels;

/// As many as the modules of the camera, so that it can be seen as one.
const N_CHANNELS: usize = 265;

/// Ended ten minutes before the start: long enough to be stale, and in the present night all the same.
const STOPPED: Sent = Sent::Before {
    from: 6 * 60,
    until: 10,
};

/// Ended more than the longest night before the start.
const PAST: Sent = Sent::Before {
    from: 36 * 60,
    until: 30 * 60,
};

const METRICS: [(&str, Sent); 4] = [
    ("gallery.stopped", STOPPED),
    ("gallery.stopped_state", STOPPED),
    ("gallery.past", PAST),
    ("gallery.past_state", PAST),
];

/// The sources.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gallery;

impl Simulation for Gallery {
    fn what(&self) -> &'static str {
        "sources that have stopped"
    }

    fn metrics(&self) -> Vec<SimulatedMetric> {
        let metric = |(name, sent)| SimulatedMetric {
            name,
            labels: numbered(N_CHANNELS),
            sent,
        };
        METRICS.map(metric).into()
    }

    fn arrival(&self, metric: usize, minute: i64) -> Timestamp {
        let delay = 300_000 + pick(hash(key(metric, N_CHANNELS), minute), 900_000);
        time_of(minute).saturating_add_micros(delay)
    }

    fn frame(&self, metric: usize, minute: i64) -> Option<(Channels, Vec<Value>)> {
        let is_state = metric % 2 == 1;
        let value = |channel: usize| {
            let key = key(metric, channel);
            if is_state {
                // A state lasts a quarter of an hour.
                index(hash(key, minute.div_euclid(15)), 3) as f64
            } else {
                let number =
                    18.0 + 3.0 * unit(hash(key, -1)) + 1.5 * wander(key, minute, 90) + 0.2 * bell(hash(key, minute));
                (number * 64.0).round() / 64.0
            }
        };
        let values = (0..N_CHANNELS).map(|channel| Value::number(value(channel))).collect();
        Some((Channels::Dense, values))
    }
}

fn key(metric: usize, channel: usize) -> u64 {
    ((0x100 + metric as u64) << 32) + channel as u64
}
