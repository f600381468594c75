//! Moments at which a metric was not zero.

use super::shape::Shape;
use crate::order::sort_by;
use crate::time::TimeRange;

/// The events of a metric, found in an answer.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Events {
    /// By rising time.
    pub moments: Vec<EventMoment>,
}

/// A moment with an event, or with the foremost of several in one column.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct EventMoment {
    /// When it was, in microseconds since the epoch.
    pub time_us: i64,
    /// What the metric was then; never zero.
    pub value: f64,
    /// On which channel; `None` where the metric has one only.
    pub channel: Option<u32>,
    /// How many events it stands for, at least.
    pub count: u64,
    /// Whether that is how many there are.
    pub is_exact: bool,
}

/// How many events there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EventCount {
    /// At least so many.
    pub count: u64,
    /// Whether there are no more.
    pub is_exact: bool,
}

impl Events {
    /// The events of one series of an answer: every finite sample that is not zero.
    ///
    /// Of a column its extremes are told, which are events wherever it holds one; how many more it holds is not.
    pub fn of(shape: Shape<'_>, channel: Option<u32>) -> Self {
        let mut moments = Vec::new();
        match shape {
            Shape::Samples(samples) => {
                for (time_us, value) in samples.time_us.iter().zip(&samples.value) {
                    if let Some(value) = value.finite().filter(|value| *value != 0.0) {
                        moments.push(EventMoment {
                            time_us: *time_us,
                            value,
                            channel,
                            count: 1,
                            is_exact: true,
                        });
                    }
                }
            }
            Shape::Columns(columns) | Shape::Band(columns) => {
                for at in 0..columns.start_us.len() {
                    let told = |times: &[i64], values: &[f64], channels: &[u32]| {
                        let value = values.get(at).copied().filter(|value| *value != 0.0)?;
                        Some(EventMoment {
                            time_us: *times.get(at)?,
                            value,
                            channel: channels.get(at).copied().or(channel),
                            count: 1,
                            is_exact: true,
                        })
                    };
                    let min = told(&columns.min_us, &columns.min, &columns.min_channel);
                    let max = told(&columns.max_us, &columns.max, &columns.max_channel);
                    let n_samples = columns.count.get(at).copied().unwrap_or(0);
                    let is_always_on = min
                        .zip(max)
                        .is_some_and(|(min, max)| min.value.signum() == max.value.signum());
                    let is_one = min
                        .zip(max)
                        .is_some_and(|(min, max)| min.time_us == max.time_us && min.channel == max.channel);
                    let mut of_column: Vec<EventMoment> = max.into_iter().chain(min.filter(|_| !is_one)).collect();
                    let n_told = of_column.len() as u64;
                    if let Some(first) = of_column.first_mut() {
                        first.is_exact = is_always_on || n_samples <= n_told;
                        if is_always_on {
                            first.count = n_samples.saturating_sub(n_told - 1).max(1);
                        }
                    }
                    sort_by(&mut of_column, |one, other| one.time_us.cmp(&other.time_us));
                    moments.extend(of_column);
                }
            }
        }
        Self { moments }
    }

    /// Those of several channels together.
    #[must_use]
    pub fn joined(mut self, other: Self) -> Self {
        self.moments.extend(other.moments);
        sort_by(&mut self.moments, |one, other| one.time_us.cmp(&other.time_us));
        self
    }

    /// Those in a range.
    pub fn visible(&self, range: TimeRange) -> &[EventMoment] {
        let place = |time_us: i64| self.moments.partition_point(|moment| moment.time_us < time_us);
        let (first, last) = (place(range.start().as_micros()), place(range.end().as_micros()));
        self.moments.get(first..last).unwrap_or_default()
    }

    /// How many there are in a range.
    pub fn count(&self, range: TimeRange) -> EventCount {
        let visible = self.visible(range);
        EventCount {
            count: visible.iter().map(|moment| moment.count).sum(),
            is_exact: visible.iter().all(|moment| moment.is_exact),
        }
    }
}

/// The events of a metric, as they are drawn.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct EventMarks<'a> {
    /// What they are called.
    pub label: &'a str,
    /// Which colour of the palette they have, counted from 0.
    pub color: usize,
    /// All that are known.
    pub events: &'a Events,
    /// Whether they step back behind what is pointed out.
    pub is_faded: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::envelope::{ColumnSeries, SampleSeries};
    use crate::value::Value;

    fn told(events: &Events) -> Vec<(i64, f64, u64, bool)> {
        let tell = |moment: &EventMoment| (moment.time_us, moment.value, moment.count, moment.is_exact);
        events.moments.iter().map(tell).collect()
    }

    #[test]
    fn samples_that_are_not_zero_are_events() {
        let samples = SampleSeries {
            time_us: vec![0, 10, 20, 30, 40],
            value: vec![0.0.into(), 1.0.into(), Value::NULL, (-2.0).into(), Value::NAN],
            ..SampleSeries::default()
        };
        let events = Events::of(Shape::Samples(&samples), None);
        assert_eq!(told(&events), [(10, 1.0, 1, true), (30, -2.0, 1, true)]);
    }

    #[test]
    fn columns_tell_the_foremost_and_whether_there_may_be_more() {
        let columns = ColumnSeries {
            start_us: vec![0, 100, 200, 300],
            end_us: vec![100, 200, 300, 400],
            count: vec![9, 9, 9, 1],
            min: vec![0.0, 0.0, 1.0, 4.0],
            max: vec![0.0, 3.0, 2.0, 4.0],
            mean: vec![0.0, 1.0, 1.5, 4.0],
            min_us: vec![0, 101, 230, 350],
            max_us: vec![0, 150, 210, 350],
            ..ColumnSeries::default()
        };
        let events = Events::of(Shape::Columns(&columns), None);
        assert_eq!(
            told(&events),
            [
                (150, 3.0, 1, false),
                (210, 2.0, 8, true),
                (230, 1.0, 1, true),
                (350, 4.0, 1, true)
            ]
        );
        let of = |from: i64, to: i64| {
            let time = |micros| crate::time::Timestamp::from_micros(micros).unwrap();
            events.count(TimeRange::new(time(from), time(to)).unwrap())
        };
        assert_eq!((of(0, 400).count, of(0, 400).is_exact), (11, false));
        assert_eq!((of(200, 400).count, of(200, 400).is_exact), (10, true));
    }
}
