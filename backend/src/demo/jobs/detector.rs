//! The two detectors whose data the jobs search.

use crate::demo::noise::{bell, hash, wander};

/// A detector.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Detector {
    pub(super) label: &'static str,
    key: u64,
    /// How far it can hear on average, in Mpc.
    range: f64,
}

pub(super) const DETECTORS: [Detector; 2] = [
    Detector {
        label: "H1",
        key: 0xa000,
        range: 152.0,
    },
    Detector {
        label: "L1",
        key: 0xa001,
        range: 161.0,
    },
];

/// At how many frequencies the noise is told.
pub(super) const N_FREQUENCIES: usize = 96;

/// The frequency of a point of the noise, in Hz: 10 to 2000 in equal ratios.
pub(super) fn frequency(index: usize) -> f64 {
    let fraction = index as f64 / (N_FREQUENCIES - 1) as f64;
    rounded(10.0 * 200.0_f64.powf(fraction))
}

impl Detector {
    /// Whether it observes: most of the time, for hours on end.
    pub(super) fn observes(&self, minute: i64) -> bool {
        wander(self.key, minute, 240) + 0.5 * wander(self.key, minute, 47) > -0.55
    }

    /// How far it can hear, in Mpc.
    pub(super) fn range(&self, minute: i64) -> f64 {
        let drift = 0.06 * wander(self.key + 0x100, minute, 400) + 0.008 * bell(hash(self.key + 0x100, minute));
        rounded(self.range * (1.0 + drift))
    }

    /// Its noise at a frequency, in 1e-24 per square root of Hz: shaken from below, grained from above, with two lines
    /// between; far more of it while it does not observe.
    pub(super) fn noise(&self, index: usize, minute: i64) -> f64 {
        let frequency = frequency(index);
        let shaking = 4_000.0 * (10.0 / frequency).powi(4) * (1.0 + 0.3 * wander(self.key + 0x200, minute, 120));
        let grains = 4.0 * (1.0 + (frequency / 300.0).powi(2)).sqrt();
        let line = |at: f64, height: f64| height * (-((frequency / at).ln() / 0.02).powi(2)).exp();
        let key = ((self.key + 0x300) << 32) + index as u64;
        let flicker = 1.0 + 0.12 * bell(hash(key, minute));
        let unrest = if self.observes(minute) { 1.0 } else { 25.0 };
        let sum = shaking.hypot(grains) + line(60.0, 60.0) + line(500.0, 300.0);
        rounded(sum * flicker * unrest)
    }
}

/// In steps that 32-bit floats hold exactly.
fn rounded(number: f64) -> f64 {
    (number * 64.0).round() / 64.0
}
