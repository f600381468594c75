//! What a rule keeps of each channel, in flat arrays: a metric has thousands.
//!
//! Samples come in any order. The newest of a channel by its time decides; an older one only takes its place among the
//! last values. A sample whose time is ahead of the clock counts as heard now, so that a wrong clock of a source cannot
//! hide its silence.

use std::borrow::Cow;
use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use shared::value::Value;

use super::rule::Test;

/// No time.
pub const NEVER: i64 = i64::MIN;

/// What is said of a channel by its last number.
pub mod level {
    /// The condition does not hold.
    pub const OK: u8 = 0;
    /// It is a warning.
    pub const WARNING: u8 = 1;
    /// It is an alarm.
    pub const ALARM: u8 = 2;
    /// There are not enough values to tell.
    pub const OPEN: u8 = 3;
}

/// The most values of all channels of a rule that are kept, for rules that look back.
pub const MAX_KEPT: usize = 1 << 16;

/// The channels of a rule's metric.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Channels {
    /// When the newest sample was taken.
    pub time: Packed,
    /// The same, or when it came if that was earlier.
    pub heard: Packed,
    /// As `heard`, of the newest sample that is a number.
    pub number_heard: Packed,
    /// The newest number, as bits of a [`Value`]; null before the first.
    pub value: Packed,
    /// One of [`level`], by the newest number.
    pub level: Packed,
    /// The last numbers of each channel, where the rule looks back.
    pub ring: Ring,
}

/// A list of numbers that is stored as text: eight bytes each, little-endian, packed with gzip, in base64. Times of one
/// frame are the same and take hardly any room.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Packed(pub Vec<i64>);

impl Serialize for Packed {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = self.0.iter().flat_map(|number| number.to_le_bytes()).collect();
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&bytes).map_err(serde::ser::Error::custom)?;
        let packed = packed.finish().map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(&BASE64_STANDARD.encode(packed))
    }
}

impl<'de> Deserialize<'de> for Packed {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let packed = BASE64_STANDARD
            .decode(text.as_bytes())
            .map_err(serde::de::Error::custom)?;
        let mut bytes = Vec::new();
        let unpacked = GzDecoder::new(packed.as_slice()).read_to_end(&mut bytes);
        unpacked.map_err(serde::de::Error::custom)?;
        let (numbers, rest) = bytes.as_chunks::<8>();
        if rest.is_empty() {
            Ok(Self(numbers.iter().copied().map(i64::from_le_bytes).collect()))
        } else {
            Err(serde::de::Error::custom("a packed list has a broken end"))
        }
    }
}

/// The last numbers of each channel by rising time.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Ring {
    /// How many are kept of each channel.
    pub depth: usize,
    /// How many there are.
    count: Packed,
    /// `depth` times for each channel.
    time: Packed,
    /// `depth` values for each channel, as bits.
    value: Packed,
}

impl Ring {
    fn grow(&mut self, n_channels: usize) {
        self.count.0.resize(n_channels, 0);
        self.time.0.resize(n_channels * self.depth, 0);
        self.value.0.resize(n_channels * self.depth, 0);
    }

    fn count(&self, channel: usize) -> usize {
        usize::try_from(self.count.0[channel]).unwrap_or(0)
    }

    /// Whether there are as many numbers of a channel as are kept.
    pub fn is_full(&self, channel: usize) -> bool {
        0 < self.depth && self.count(channel) == self.depth
    }

    /// The times of a channel, the oldest first.
    pub fn times(&self, channel: usize) -> &[i64] {
        let start = channel * self.depth;
        &self.time.0[start..start + self.count(channel)]
    }

    /// The numbers of a channel, the oldest first.
    pub fn numbers(&self, channel: usize) -> impl DoubleEndedIterator<Item = f64> + Clone {
        let start = channel * self.depth;
        let bits = &self.value.0[start..start + self.count(channel)];
        bits.iter().map(|bits| f64::from_bits(bits.cast_unsigned()))
    }

    /// Puts a number at its time; one that is there already at this time is replaced, one that is older than all of
    /// a full ring is left out.
    fn put(&mut self, channel: usize, time: i64, number: f64) {
        let place = self.times(channel).partition_point(|kept| *kept < time);
        let at = channel * self.depth + place;
        if place < self.count(channel) && self.time.0[at] == time {
            self.value.0[at] = number.to_bits().cast_signed();
        } else {
            self.insert(channel, place, time, number);
        }
    }

    /// The same, beside others of this time; only the very same number is there once.
    fn put_beside(&mut self, channel: usize, time: i64, number: f64) {
        let bits = number.to_bits().cast_signed();
        let place = self.times(channel).partition_point(|kept| *kept < time);
        let (start, count) = (channel * self.depth, self.count(channel));
        let mut same = (start + place..start + count).take_while(|at| self.time.0[*at] == time);
        if !same.any(|at| self.value.0[at] == bits) {
            self.insert(channel, place, time, number);
        }
    }

    fn insert(&mut self, channel: usize, place: usize, time: i64, number: f64) {
        let (start, count) = (channel * self.depth, self.count(channel));
        let bits = number.to_bits().cast_signed();
        let at = start + place;
        if count < self.depth {
            self.time.0.copy_within(at..start + count, at + 1);
            self.value.0.copy_within(at..start + count, at + 1);
            (self.time.0[at], self.value.0[at]) = (time, bits);
            self.count.0[channel] += 1;
        } else if 0 < place {
            self.time.0.copy_within(start + 1..at, start);
            self.value.0.copy_within(start + 1..at, start);
            (self.time.0[at - 1], self.value.0[at - 1]) = (time, bits);
        }
    }
}

impl Channels {
    /// No channels yet, for a rule that asks this.
    pub fn new(test: &Test) -> Self {
        Self {
            ring: Ring {
                depth: test.depth(),
                ..Ring::default()
            },
            ..Self::default()
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.time.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.time.0.is_empty()
    }

    /// Whether so many channels of a rule that asks this are more than is kept.
    pub fn are_too_many(n_channels: usize, test: &Test) -> bool {
        n_channels.saturating_mul(test.depth()) > MAX_KEPT
    }

    /// Makes room for so many, which never spoke.
    pub fn grow(&mut self, n_channels: usize) {
        if self.len() < n_channels {
            for times in [&mut self.time, &mut self.heard, &mut self.number_heard] {
                times.0.resize(n_channels, NEVER);
            }
            self.value.0.resize(n_channels, Value::NULL.to_bits().cast_signed());
            self.level.0.resize(n_channels, i64::from(level::OPEN));
            self.ring.grow(n_channels);
        }
    }

    /// One of [`level`].
    pub fn level(&self, channel: usize) -> u8 {
        u8::try_from(self.level.0[channel]).unwrap_or(level::OPEN)
    }

    /// The newest number; null before the first.
    pub fn value(&self, channel: usize) -> Value {
        Value::from_bits(self.value.0[channel].cast_unsigned())
    }

    /// Whether a number is that of the newest sample of a channel. What is no number changes nothing.
    fn is_newest(&self, channel: usize, number: Option<f64>) -> bool {
        number.is_none_or(|number| {
            self.number_heard.0[channel] == self.heard.0[channel] && self.value(channel) == Value::number(number)
        })
    }

    /// Takes a sample in that came at `arrival`, and says whether nothing newer of its channel was known, nor the same.
    pub fn take(&mut self, test: &Test, channel: usize, time: i64, value: Value, arrival: i64) -> bool {
        let number = value.as_number().filter(|number| !number.is_nan());
        let heard = time.min(arrival);
        if let Test::Rate { .. } = test {
            // Anything is a sign of life. Those of a clock that is ahead are heard in one moment, and are as many.
            self.ring
                .put_beside(channel, heard, f64::from_bits(time.cast_unsigned()));
        } else if let Some(number) = number {
            self.ring.put(channel, time, number);
        }
        if time < self.time.0[channel] {
            if 0 < self.ring.depth {
                // By the last values alone.
                let newest = self.value(channel).as_number().unwrap_or(f64::NAN);
                self.level.0[channel] = i64::from(judge_channel(test, self, channel, newest));
            }
            return false;
        }
        if time == self.time.0[channel] && heard <= self.heard.0[channel] && self.is_newest(channel, number) {
            // What is gone through again after a restart was judged when it came.
            return false;
        }
        self.time.0[channel] = time;
        self.heard.0[channel] = self.heard.0[channel].max(heard);
        if let Some(number) = number {
            self.number_heard.0[channel] = self.heard.0[channel];
            self.value.0[channel] = Value::number(number).to_bits().cast_signed();
            self.level.0[channel] = i64::from(judge_channel(test, self, channel, number));
        }
        true
    }
}

/// What is said of a channel whose newest number, which is in already, is this.
fn judge_channel(test: &Test, channels: &Channels, channel: usize, number: f64) -> u8 {
    let was = channels.level(channel);
    let ring = &channels.ring;
    match test {
        Test::Threshold { warning, alarm } => {
            let is_out = |band: &Option<super::rule::Band>, level: u8| {
                band.is_some_and(|band| band.is_out(number, was != level::OPEN && level <= was))
            };
            if is_out(alarm, level::ALARM) {
                level::ALARM
            } else if is_out(warning, level::WARNING) {
                level::WARNING
            } else {
                level::OK
            }
        }
        Test::Mean { level, range, .. } => told(ring.is_full(channel), *level, || !range.contains(mean(ring, channel))),
        Test::OfLast {
            level, outside, range, ..
        } => told(ring.is_full(channel), *level, || {
            *outside <= count_outside(ring, channel, *range)
        }),
        Test::Step { level, most } => told(ring.is_full(channel), *level, || {
            step(ring, channel).is_some_and(|(before, last)| is_over((last - before).abs(), *most))
        }),
        Test::RelativeStep { level, factor } => told(ring.is_full(channel), *level, || {
            step(ring, channel).is_some_and(|(before, last)| !is_within_factor(before, last, *factor))
        }),
        Test::Change {
            level,
            most,
            per_micros,
            ..
        } => told(ring.is_full(channel), *level, || {
            is_too_fast(ring, channel, *per_micros, *most)
        }),
        Test::State { level, states } => {
            let is_one = states.iter().any(|(state, _)| super::rule::same(*state, number));
            told(true, *level, || is_one)
        }
        // Judged by the clock.
        Test::Heartbeat { .. } | Test::Rate { .. } => level::OK,
    }
}

/// Whether a size is above the most; one that is no number, as the difference of infinities, is not known to be within.
fn is_over(size: f64, most: f64) -> bool {
    size.is_nan() || most < size
}

fn told(is_enough: bool, level: super::rule::Level, holds: impl FnOnce() -> bool) -> u8 {
    if !is_enough {
        level::OPEN
    } else if !holds() {
        level::OK
    } else if level == super::rule::Level::Warning {
        level::WARNING
    } else {
        level::ALARM
    }
}

/// The mean of the last values.
pub fn mean(ring: &Ring, channel: usize) -> f64 {
    let numbers = ring.numbers(channel);
    numbers.clone().sum::<f64>() / numbers.count() as f64
}

/// How many of the last values are not inside a range.
pub fn count_outside(ring: &Ring, channel: usize, range: super::rule::OpenRange) -> usize {
    ring.numbers(channel).filter(|number| !range.contains(*number)).count()
}

/// The last value but one, and the last.
pub fn step(ring: &Ring, channel: usize) -> Option<(f64, f64)> {
    let mut numbers = ring.numbers(channel).rev();
    let last = numbers.next()?;
    Some((numbers.next()?, last))
}

/// Between the value before divided by a factor, and multiplied with it; the ends belong to it. Below zero the two
/// change places.
fn is_within_factor(before: f64, last: f64, factor: f64) -> bool {
    let (one, other) = (before / factor, before * factor);
    one.min(other) <= last && last <= one.max(other)
}

/// How fast the values change, from the oldest that is kept to the newest, per a time.
pub fn change(ring: &Ring, channel: usize, per_micros: i64) -> f64 {
    let times = ring.times(channel);
    let mut numbers = ring.numbers(channel);
    match (times.first(), times.last(), numbers.next(), numbers.next_back()) {
        (Some(first), Some(last), Some(from), Some(to)) if first < last => {
            (to - from) / (*last - *first) as f64 * per_micros as f64
        }
        _ => 0.0,
    }
}

/// Whether that is faster than the most. Multiplied rather than divided, so that the most itself is within.
fn is_too_fast(ring: &Ring, channel: usize, per_micros: i64, most: f64) -> bool {
    let (times, mut numbers) = (ring.times(channel), ring.numbers(channel));
    match (times.first(), times.last(), numbers.next(), numbers.next_back()) {
        (Some(first), Some(last), Some(from), Some(to)) if first < last => {
            is_over((to - from).abs() * per_micros as f64, most * (*last - *first) as f64)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(depth: usize, put: &[(i64, f64)]) -> Ring {
        let mut ring = Ring {
            depth,
            ..Ring::default()
        };
        ring.grow(2);
        for (time, number) in put {
            ring.put(1, *time, *number);
        }
        ring
    }

    #[test]
    fn the_last_values_are_those_with_the_last_times_in_whatever_order_they_came() {
        let kept = |put: &[(i64, f64)]| ring(3, put).numbers(1).collect::<Vec<_>>();
        assert_eq!(kept(&[(1, 1.0), (3, 3.0), (2, 2.0)]), [1.0, 2.0, 3.0]);
        assert_eq!(kept(&[(1, 1.0), (2, 2.0), (4, 4.0), (3, 3.0)]), [2.0, 3.0, 4.0]);
        assert_eq!(kept(&[(1, 1.0), (2, 2.0), (3, 3.0), (0, 0.0)]), [1.0, 2.0, 3.0]);
        assert_eq!(kept(&[(1, 1.0), (2, 2.0), (3, 3.0), (9, 9.0)]), [2.0, 3.0, 9.0]);
        assert_eq!(kept(&[(1, 1.0), (2, 2.0), (2, 5.0)]), [1.0, 5.0]);
    }

    #[test]
    fn what_is_packed_comes_back_bit_by_bit() {
        let mut channels = Channels::new(&Test::Step {
            level: super::super::rule::Level::Alarm,
            most: 1.0,
        });
        channels.grow(3);
        let test = Test::Heartbeat { level: None };
        channels.take(&test, 1, 5, Value::number(f64::INFINITY), 9);
        channels.take(&test, 2, 7, Value::NAN, 9);
        let written = serde_json::to_string(&channels).unwrap();
        assert_eq!(serde_json::from_str::<Channels>(&written).unwrap(), channels);
        assert!(serde_json::from_str::<Packed>("\"AAA=\"").is_err());
    }
}
