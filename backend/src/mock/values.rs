//! The value of each channel in each second: a pure function, so that any part of any night can be made alone.

use shared::time::{MICROS_PER_SEC, Timestamp};
use shared::value::Value;

use super::{MockFrame, SECONDS_PER_NIGHT};
use crate::demo::noise::{bell, hash, signed, unit, wander};

/// How fine the sensors read: a power of two, so that 32-bit floats hold every value exactly.
const STEPS_PER_UNIT: f64 = 64.0;

/// Seconds in a block of frames that arrive together when they are late.
pub(super) const BLOCK_SECONDS: i64 = 300;

/// The longest time by which a frame comes late, in seconds after its block.
pub(super) const MAX_DELAY_SECONDS: i64 = 540;

/// Channels to a module.
const PIXELS_PER_MODULE: usize = 7;

/// How far a spike is above or below, in the quantity's unit.
const SPIKE: f64 = 40.0;

/// Keys of the noise.
mod key {
    pub(super) const OWN: u64 = 101;
    pub(super) const BROKEN: u64 = 102;
    pub(super) const GAP: u64 = 103;
    pub(super) const LOST: u64 = 104;
    pub(super) const SPIKE: u64 = 105;
    pub(super) const LATE: u64 = 106;
    pub(super) const WEATHER: u64 = 107;
}

/// What is measured.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Quantity {
    /// A temperature of each of 1855 pixels.
    Pixel,
    /// A temperature of each of 265 modules.
    Module,
    /// One of ten single temperatures, 0 to 9.
    Scalar(u8),
}

impl Quantity {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Pixel,
        Self::Module,
        Self::Scalar(0),
        Self::Scalar(1),
        Self::Scalar(2),
        Self::Scalar(3),
        Self::Scalar(4),
        Self::Scalar(5),
        Self::Scalar(6),
        Self::Scalar(7),
        Self::Scalar(8),
        Self::Scalar(9),
    ];

    /// Its name, without the prefix.
    pub fn name(self) -> String {
        match self {
            Self::Pixel => "pixel".to_owned(),
            Self::Module => "module".to_owned(),
            Self::Scalar(number) => format!("scalar_{number}"),
        }
    }

    /// How many channels it has.
    pub const fn n_channels(self) -> usize {
        match self {
            Self::Pixel => 1855,
            Self::Module => 265,
            Self::Scalar(_) => 1,
        }
    }

    const fn key(self) -> u64 {
        let number = match self {
            Self::Pixel => 1,
            Self::Module => 2,
            Self::Scalar(number) => 3 + number as u64,
        };
        number << 40
    }

    /// Whether nothing is sent.
    fn is_gap(self, second: i64) -> bool {
        let (night, since) = night(second);
        (0..2).any(|which| {
            let chance = |what: i64| unit(hash(self.key() + key::GAP, night * 4 + which * 2 + what));
            let start = (which as f64 + 0.1 + 0.8 * chance(0)) * 43_200.0;
            let length = 300.0 + 600.0 * chance(1);
            (start..start + length).contains(&since)
        })
    }

    /// The channel with a spike, and how far it is off.
    fn spike(self, second: i64) -> Option<(usize, f64)> {
        let chance = |what: i64| hash(self.key() + key::SPIKE, second * 2 + what);
        (unit(chance(0)) < 1.0 / 90.0).then(|| {
            let place = chance(1);
            let size = if place & 1 == 0 { SPIKE } else { -SPIKE };
            (index(place >> 1, self.n_channels()), size)
        })
    }

    /// When the frame of a second comes in: within a second or so, or with its whole block some minutes after its end.
    fn arrival(self, second: i64) -> Timestamp {
        let block = second.div_euclid(BLOCK_SECONDS);
        let chance = hash(self.key() + key::LATE, block);
        let micros = if unit(chance) < 0.02 {
            let after = 1 + i64::try_from(chance & 0xff).unwrap_or(0) * (MAX_DELAY_SECONDS - 1) / 256;
            ((block + 1) * BLOCK_SECONDS + after) * MICROS_PER_SEC
        } else {
            second * MICROS_PER_SEC + 400_000 + i64::try_from(hash(chance, second) & 0x7_ffff).unwrap_or(0)
        };
        Timestamp::saturating_from_micros(micros)
    }
}

/// What does not change about each channel.
#[derive(Clone, PartialEq, Debug)]
pub struct Site {
    own: Vec<(Quantity, Vec<Channel>)>,
}

/// A channel's offset; `None` where its sensor is broken.
type Channel = Option<f64>;

impl Site {
    /// The site; the same one always.
    pub fn new() -> Self {
        let channel = |quantity: Quantity, channel: i64| {
            // Of the first hundred one at least, so that the 265 modules have some too.
            let chance = hash(quantity.key() + key::BROKEN, channel);
            let broken = quantity.n_channels() > 1 && (unit(chance) < 0.004 || channel == 63);
            (!broken).then(|| 20.0 + 3.0 * signed(hash(quantity.key() + key::OWN, channel)))
        };
        let channels = |quantity: Quantity| {
            let all = (0..).take(quantity.n_channels());
            (quantity, all.map(|index| channel(quantity, index)).collect())
        };
        Self {
            own: Quantity::ALL.map(channels).to_vec(),
        }
    }

    /// The frame of a quantity in a second; `None` in a gap.
    pub fn frame(&self, quantity: Quantity, second: i64) -> Option<MockFrame> {
        let (_, channels) = self.own.iter().find(|(of, _)| *of == quantity)?;
        if quantity.is_gap(second) {
            return None;
        }
        let phase = second.rem_euclid(SECONDS_PER_NIGHT) as f64 / SECONDS_PER_NIGHT as f64;
        let swing = 4.0 * (phase * std::f64::consts::TAU).cos() + 2.0 * wander(key::WEATHER, second, 21_000);
        let spike = quantity.spike(second);
        let lost = lost_module(quantity, second);
        let value = |(index, own): (usize, &Channel)| {
            if lost.is_some_and(|lost| index / PIXELS_PER_MODULE == lost) {
                return Value::NULL;
            }
            let Some(own) = own else { return Value::NAN };
            let noise = quantity.key() + index as u64;
            let drift = 0.4 * wander(noise, second, 5_700) + 0.12 * bell(hash(noise, second));
            let spike = spike.map_or(0.0, |(channel, size)| if channel == index { size } else { 0.0 });
            let reading = own + swing + drift + spike;
            Value::number((reading * STEPS_PER_UNIT).round() / STEPS_PER_UNIT)
        };
        Some(MockFrame {
            quantity,
            second,
            arrival: quantity.arrival(second),
            values: channels.iter().enumerate().map(value).collect(),
        })
    }
}

impl Default for Site {
    fn default() -> Self {
        Self::new()
    }
}

/// The module whose pixels are null now: one each night, for the better part of an hour.
fn lost_module(quantity: Quantity, second: i64) -> Option<usize> {
    if quantity != Quantity::Pixel {
        return None;
    }
    let (night, since) = night(second);
    let chance = |what: i64| hash(key::LOST, night * 3 + what);
    let start = unit(chance(0)) * 80_000.0;
    let length = 2_400.0 + 1_200.0 * unit(chance(1));
    let modules = Quantity::Pixel.n_channels() / PIXELS_PER_MODULE;
    (start..start + length)
        .contains(&since)
        .then(|| index(chance(2), modules))
}

/// The night of a second, counted from 1970, and the seconds since the noon UTC that it began with.
fn night(second: i64) -> (i64, f64) {
    let since_noon = second - SECONDS_PER_NIGHT / 2;
    let since = since_noon.rem_euclid(SECONDS_PER_NIGHT) as f64;
    (since_noon.div_euclid(SECONDS_PER_NIGHT), since)
}

fn index(hash: u64, n: usize) -> usize {
    usize::try_from(hash % n as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mock::START_SECONDS;

    fn one_night(quantity: Quantity, interval: usize) -> Vec<MockFrame> {
        let site = Site::new();
        let seconds = (START_SECONDS..START_SECONDS + SECONDS_PER_NIGHT).step_by(interval);
        seconds.filter_map(|second| site.frame(quantity, second)).collect()
    }

    #[test]
    fn values_never_change() {
        let frame = Site::new().frame(Quantity::Pixel, START_SECONDS + 7).unwrap();
        let all = frame.values.iter().map(|value| value.to_bits());
        let sum = all.fold(0_u64, |sum, bits| sum.rotate_left(1) ^ bits);
        insta::assert_snapshot!(format!("{:?} {} {sum:x}", &frame.values[..4], frame.arrival), @"[15.015625, 17.859375, 15.203125, 17.890625] 2024-06-01T12:00:07.865881Z 5f443bf3e236b6cd");
    }

    #[test]
    fn a_night_has_gaps_nulls_broken_channels_spikes_and_late_frames() {
        let frames = one_night(Quantity::Pixel, 60);
        assert!((1410..1431).contains(&frames.len()), "{} frames", frames.len());
        let count = |which: fn(&Value) -> bool| {
            let values = frames.iter().flat_map(|frame| &frame.values);
            values.filter(|value| which(value)).count()
        };
        let n_null = count(|value| value.is_null());
        assert!((7 * 39..=7 * 61).contains(&n_null), "{n_null} null");
        let n_nan = count(|value| value.as_number().is_some_and(f64::is_nan));
        assert!((1410..1431 * 20).contains(&n_nan), "{n_nan} NaN");
        let n_spikes = count(|value| value.finite().is_some_and(|value| !(0.0..45.0).contains(&value)));
        assert!((5..40).contains(&n_spikes), "{n_spikes} spikes");
        let late = |frame: &&MockFrame| frame.arrival.micros_since(frame.time()) > 2 * MICROS_PER_SEC;
        assert!((5..100).contains(&frames.iter().filter(late).count()));
    }

    #[test]
    fn thirty_two_bits_hold_every_value() {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "whether it loses anything is the question"
        )]
        let survives = |number: f64| f64::from(number as f32).to_bits() == number.to_bits();
        for quantity in [Quantity::Module, Quantity::Scalar(3)] {
            let frames = one_night(quantity, 600);
            let mut values = frames.iter().flat_map(|frame| &frame.values);
            assert!(values.all(|value| value.finite().is_none_or(survives)));
        }
    }
}
