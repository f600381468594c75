//! What each channel of a metric said at a moment, and what is told of all of them together.

use shared::query::latest::{Ages, Freshness, Latest};
use shared::time::{MICROS_PER_SEC, Timestamp};
use shared::value::Value;

use crate::format;

/// What a channel said.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Reading {
    /// A finite number or an infinity, which is as young as it should be.
    Value(f64),
    /// The same, but too old to be true at the moment that is shown.
    Old(f64),
    /// The sensor said that it has no value.
    Null,
    /// Not a number.
    Nan,
    /// No sample at all in the range, or ever.
    Never,
}

impl Reading {
    /// The number, also if it is old.
    pub const fn number(self) -> Option<f64> {
        match self {
            Self::Value(number) | Self::Old(number) => Some(number),
            Self::Null | Self::Nan | Self::Never => None,
        }
    }

    /// In words.
    pub fn text(self) -> String {
        match self {
            Self::Value(value) => format::number(value),
            Self::Old(value) => format!("{}, too old", format::number(value)),
            Self::Null => "null".to_owned(),
            Self::Nan => "NaN".to_owned(),
            Self::Never => "no data".to_owned(),
        }
    }
}

/// What all channels of a metric said at a moment.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Readings {
    /// By the number of the channel.
    pub by_channel: Vec<(Reading, Option<Timestamp>)>,
}

impl Readings {
    /// Of an answer about `at`. Samples before `start` are none; older than a few intervals they are old.
    pub fn new(latest: &Latest, at: Timestamp, start: Timestamp, ages: Option<Ages>) -> Self {
        let mut by_channel = Vec::with_capacity(latest.channels.len());
        for channel in &latest.channels {
            let Ok(number) = usize::try_from(channel.channel) else {
                continue;
            };
            if by_channel.len() <= number {
                by_channel.resize(number + 1, (Reading::Never, None));
            }
            let time = channel.time_us.map(Timestamp::saturating_from_micros);
            if let Some(time) = time.filter(|time| *time >= start) {
                by_channel[number] = (reading(channel.value, at.micros_since(time), ages), Some(time));
            }
        }
        Self { by_channel }
    }

    /// What a channel said.
    pub fn get(&self, channel: u32) -> (Reading, Option<Timestamp>) {
        let found = usize::try_from(channel)
            .ok()
            .and_then(|channel| self.by_channel.get(channel));
        found.copied().unwrap_or((Reading::Never, None))
    }

    /// Whether there are values and all of them are old, as of a source that stopped.
    pub fn are_old(&self) -> bool {
        let mut values = self.by_channel.iter().filter(|(reading, _)| reading.number().is_some());
        let is_old = |(reading, _): &(Reading, Option<Timestamp>)| matches!(reading, Reading::Old(_));
        values.next().is_some_and(is_old) && values.all(is_old)
    }

    /// The least and the greatest finite value that is not old, or of all where all are; `positive` leaves the others
    /// out.
    pub fn extremes(&self, positive: bool) -> Option<(f64, f64)> {
        let are_old = self.are_old();
        let values = self.by_channel.iter().filter_map(|(reading, _)| match *reading {
            Reading::Value(value) => Some(value),
            Reading::Old(value) if are_old => Some(value),
            _ => None,
        });
        let values = values.filter(|value| value.is_finite() && (*value > 0.0 || !positive));
        values.fold(None, |extremes, value| {
            let (least, greatest) = extremes.unwrap_or((value, value));
            Some((least.min(value), greatest.max(value)))
        })
    }

    /// Least, greatest and mean of the finite values that are not old, and how many others there are.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        let mut sum = 0.0;
        for ((reading, _), channel) in self.by_channel.iter().zip(0_u32..) {
            match *reading {
                Reading::Value(value) if value.is_finite() => {
                    summary.n_values += 1;
                    sum += value;
                    if summary.min.is_none_or(|(least, _)| value < least) {
                        summary.min = Some((value, channel));
                    }
                    if summary.max.is_none_or(|(greatest, _)| value > greatest) {
                        summary.max = Some((value, channel));
                    }
                }
                Reading::Value(_) => summary.n_infinite += 1,
                Reading::Old(_) => summary.n_old += 1,
                Reading::Null => summary.n_null += 1,
                Reading::Nan => summary.n_nan += 1,
                Reading::Never => summary.n_never += 1,
            }
        }
        summary.mean = (summary.n_values > 0).then(|| sum / summary.n_values as f64);
        summary
    }
}

/// What is told of all channels together.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Summary {
    /// The least value and its channel, the first of equals.
    pub min: Option<(f64, u32)>,
    /// The greatest value and its channel, the first of equals.
    pub max: Option<(f64, u32)>,
    /// The mean of all values.
    pub mean: Option<f64>,
    /// Channels with a finite value.
    pub n_values: usize,
    /// With an infinity.
    pub n_infinite: usize,
    /// With a value that is too old.
    pub n_old: usize,
    /// Without a value, by their own word.
    pub n_null: usize,
    /// Not a number.
    pub n_nan: usize,
    /// Without a sample.
    pub n_never: usize,
}

impl Summary {
    /// How many channels there are of what is no value, in words; empty for none.
    pub fn missing(&self) -> String {
        let kinds = [
            (self.n_old, "too old"),
            (self.n_null, "null"),
            (self.n_nan, "NaN"),
            (self.n_infinite, "infinite"),
            (self.n_never, "without data"),
        ];
        let told: Vec<String> = kinds
            .into_iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, kind)| format!("{n} {kind}"))
            .collect();
        told.join(", ")
    }
}

fn reading(value: Value, age_micros: i64, terms: Option<Ages>) -> Reading {
    let Some(number) = value.as_number() else {
        return Reading::Null;
    };
    if number.is_nan() {
        return Reading::Nan;
    }
    let age_s = age_micros as f64 / MICROS_PER_SEC as f64;
    // Without a rhythm nothing is ever overdue.
    let is_old = terms.is_some() && Freshness::from_age(age_s, terms) == Freshness::Stale;
    if is_old {
        Reading::Old(number)
    } else {
        Reading::Value(number)
    }
}

#[cfg(test)]
mod tests {
    use shared::query::latest::LatestChannel;

    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::saturating_from_micros(secs * MICROS_PER_SEC)
    }

    fn latest(samples: &[(u32, Option<i64>, Value)]) -> Latest {
        let channels = samples.iter().map(|(channel, secs, value)| LatestChannel {
            channel: *channel,
            label: channel.to_string(),
            time_us: secs.map(|secs| secs * MICROS_PER_SEC),
            value: *value,
            age_s: None,
            state: Freshness::Fresh,
        });
        Latest {
            metric: "hv".to_owned(),
            now_us: 0,
            channels: channels.collect(),
        }
    }

    #[test]
    fn value_old_null_nan_and_nothing_stay_apart() {
        let latest = latest(&[
            (0, Some(990), 5.0.into()),
            (1, Some(800), 6.0.into()),
            (2, Some(990), Value::NULL),
            (3, Some(990), Value::NAN),
            (4, None, Value::NULL),
            (5, Some(10), 7.0.into()),
        ]);
        let readings = Readings::new(&latest, at(1000), at(100), Some(Ages::of_interval(60.0)));
        let told: Vec<Reading> = readings.by_channel.iter().map(|(reading, _)| *reading).collect();
        let expected = [
            Reading::Value(5.0),
            Reading::Old(6.0),
            Reading::Null,
            Reading::Nan,
            Reading::Never,
            Reading::Never,
        ];
        assert_eq!(told, expected);
        assert_eq!(readings.get(77), (Reading::Never, None));
        assert_eq!(readings.summary().missing(), "1 too old, 1 null, 1 NaN, 2 without data");
    }

    #[test]
    fn without_a_rhythm_nothing_is_old() {
        let latest = latest(&[(0, Some(1), 5.0.into())]);
        let readings = Readings::new(&latest, at(1_000_000), at(0), None);
        assert_eq!(readings.get(0).0, Reading::Value(5.0));
    }

    #[test]
    fn of_a_source_that_stopped_the_old_values_count() {
        let latest = latest(&[
            (0, Some(1), 5.0.into()),
            (1, Some(2), 7.0.into()),
            (2, None, Value::NULL),
        ]);
        let readings = Readings::new(&latest, at(1_000_000), at(0), Some(Ages::of_interval(60.0)));
        assert!(readings.are_old());
        assert_eq!(readings.extremes(false), Some((5.0, 7.0)));
        assert!(!Readings::default().are_old());
    }

    #[test]
    fn extremes_are_those_of_finite_values_with_the_first_channel() {
        let latest = latest(&[
            (0, Some(1), (-3.0).into()),
            (1, Some(1), 4.0.into()),
            (2, Some(1), f64::INFINITY.into()),
            (3, Some(1), 4.0.into()),
        ]);
        let readings = Readings::new(&latest, at(1), at(0), Some(Ages::of_interval(60.0)));
        let summary = readings.summary();
        assert_eq!((summary.min, summary.max), (Some((-3.0, 0)), Some((4.0, 1))));
        assert_eq!(summary.n_infinite, 1);
        assert_eq!(readings.extremes(false), Some((-3.0, 4.0)));
        assert_eq!(readings.extremes(true), Some((4.0, 4.0)));
    }
}
