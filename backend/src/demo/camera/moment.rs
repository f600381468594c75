//! What holds for the whole camera in one minute: day and night, weather, and what goes wrong.

use shared::time::Timestamp;

use super::geometry::{N_MODULES, N_PIXELS, Place};
use super::quantity::{Parts, Quantity};
use crate::demo::noise::{hash, index, pick, smooth, unit, wander};
use crate::demo::simulation::{MICROS_PER_MINUTE, time_of};

/// Minutes after noon UTC at which high voltage goes up, and down again, give or take a quarter of an hour.
const DUSK: i64 = 6 * 60 + 50;
const DAWN: i64 = 18 * 60 + 40;
/// How long that takes.
const RAMP: i64 = 15;

/// One minute of the simulation.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Moment {
    /// Minutes since 1970.
    pub(super) minute: i64,
    /// The night it belongs to, counted from 1970; nights go from noon to noon UTC.
    pub(super) night: i64,
    /// Minutes since the noon it began with, 0 to 1439.
    pub(super) minute_of_night: i64,
    /// High voltage: 0 off, 1 at its nominal value.
    pub(super) voltage: f64,
    /// How much the electronics have warmed up since, 0 to 1.
    pub(super) warmth: f64,
    /// Temperature outside, °C.
    pub(super) outside: f64,
    /// Humidity outside, %.
    pub(super) humidity: f64,
    /// Light of the night sky, 1 for a dark moonless one.
    pub(super) sky: f64,
    /// Where a bright star is.
    pub(super) star: Place,
    /// The direction in which the sky grows brighter, as a place on the camera's rim.
    pub(super) glow: Place,
}

/// Keys of the noise that belongs to no quantity.
mod key {
    pub(super) const SCHEDULE: u64 = 1;
    pub(super) const WEATHER: u64 = 2;
    pub(super) const HUMIDITY: u64 = 3;
    pub(super) const SKY: u64 = 4;
    pub(super) const STAR: u64 = 5;
    pub(super) const GAP: u64 = 6;
    pub(super) const DROPOUT: u64 = 7;
    pub(super) const TRIP: u64 = 8;
    pub(super) const DELAY: u64 = 9;
}

impl Moment {
    /// The minute that holds a time.
    pub fn new(minute: i64) -> Self {
        let night = (minute - 720).div_euclid(1440);
        let minute_of_night = (minute - 720).rem_euclid(1440);
        let shift = |which: i64| pick(hash(key::SCHEDULE, night * 2 + which), 31) - 15;
        let (dusk, dawn) = (DUSK + shift(0), DAWN + shift(1));
        let (since_dusk, since_dawn) = (minute_of_night - dusk, minute_of_night - dawn);
        let rise = |since: i64, minutes: i64| smooth(since as f64 / minutes as f64);
        let hour = (minute.rem_euclid(1440)) as f64 / 60.0;
        let day = ((hour - 15.0) / 24.0 * std::f64::consts::TAU).cos();
        let turn = minute_of_night as f64 / 1440.0 * std::f64::consts::TAU;
        let star_course = (minute_of_night as f64 - 780.0) / 200.0;
        Self {
            minute,
            night,
            minute_of_night,
            voltage: (since_dusk as f64 / RAMP as f64).clamp(0.0, 1.0)
                * (1.0 - since_dawn as f64 / RAMP as f64).clamp(0.0, 1.0),
            warmth: rise(since_dusk, 90) * (1.0 - rise(since_dawn, 90)),
            outside: 13.0
                + 4.5 * day
                + 3.0 * wander(key::WEATHER, minute, 2_900)
                + 0.6 * wander(key::WEATHER, minute, 170),
            humidity: 38.0 - 9.0 * day
                + 14.0 * wander(key::HUMIDITY, minute, 1_900)
                + 2.5 * wander(key::HUMIDITY, minute, 140),
            sky: 1.0 + 0.35 * wander(key::SKY, minute, 400) + 0.08 * wander(key::SKY, minute, 35),
            star: Place {
                x: star_course,
                y: 0.6 * wander(key::STAR, night, 2) + 0.25 * star_course,
            },
            glow: Place {
                x: turn.cos(),
                y: turn.sin(),
            },
        }
    }

    /// When its frames were taken.
    pub fn time(&self) -> Timestamp {
        time_of(self.minute)
    }

    /// When a quantity's frame comes in.
    pub fn arrival(&self, quantity: Quantity) -> Timestamp {
        self.time().saturating_add_micros(self.delay_micros(quantity))
    }

    /// Whether the night's observations run.
    pub(super) fn is_observing(&self) -> bool {
        self.voltage >= 1.0
    }

    /// Whether nothing is sent: twice a night the camera's readout is restarted; its trigger board keeps on once.
    pub(super) fn is_gap(&self, quantity: Quantity) -> bool {
        let in_gap = |which: i64| {
            let chance = |what: i64| hash(key::GAP, self.night * 4 + which * 2 + what);
            let (start, length) = (480 + which * 270 + pick(chance(0), 200), 5 + pick(chance(1), 10));
            (start..start + length).contains(&self.minute_of_night)
        };
        in_gap(0) || (in_gap(1) && quantity.parts() != Parts::Whole)
    }

    /// The module that sends nothing now: one each night, for the better part of an hour.
    pub(super) fn lost_module(&self) -> Option<usize> {
        let chance = |what: i64| hash(key::DROPOUT, self.night * 3 + what);
        let start = 560 + pick(chance(0), 420);
        let length = 40 + pick(chance(1), 30);
        (start..start + length)
            .contains(&self.minute_of_night)
            .then(|| index(chance(2), N_MODULES))
    }

    /// The pixel whose high voltage trips, for this one sample.
    pub(super) fn tripped_pixel(&self) -> Option<usize> {
        let chance = |what: i64| hash(key::TRIP, self.minute * 2 + what);
        (self.is_observing() && unit(chance(0)) < 1.0 / 90.0).then(|| index(chance(1), N_PIXELS))
    }

    /// How long after its time a frame comes in: a second or so, or some minutes when the sender had to try again.
    fn delay_micros(&self, quantity: Quantity) -> i64 {
        let sender = match quantity.parts() {
            Parts::Pixels => 0,
            Parts::Modules => 1,
            Parts::Whole => 2,
        };
        let chance = hash(key::DELAY + (sender << 8), self.minute.div_euclid(5));
        let network = 400_000 + pick(hash(key::DELAY + quantity.key(), self.minute), 1_100_000);
        if unit(chance) < 0.02 {
            // A block of five minutes comes at once, in the end.
            let block_end = (self.minute.div_euclid(5) + 1) * 5;
            (block_end - self.minute + 2 + pick(chance, 6)) * MICROS_PER_MINUTE + network
        } else {
            network
        }
    }
}
