//! When something was on: stretches of time under the lines.

use super::gap::GapRule;
use super::scale::TimeScale;
use super::shape::{PlotLine, Shape};

/// What is known of a stretch of time.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum OnOff {
    /// Not zero all the time.
    On,
    /// Zero all the time.
    Off,
    /// Both: a column holds samples of either kind.
    Mixed,
}

/// A stretch of time of one state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stretch {
    /// Its first microsecond since the epoch.
    pub start_us: i64,
    /// The first microsecond after it.
    pub end_us: i64,
    /// What was then.
    pub state: OnOff,
}

/// The strip of a metric, as it is drawn.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct StripMarks<'a> {
    /// What it is called.
    pub label: &'a str,
    /// Which colour of the palette it has, counted from 0.
    pub color: usize,
    /// By rising time; what lies between them is unknown.
    pub stretches: &'a [Stretch],
    /// Whether it steps back behind what is pointed out.
    pub is_faded: bool,
}

/// The stretches that a channel was on or off, by rising time and apart; neighbours of the same state are one.
///
/// A sample counts until the next one or, where that is beyond a gap, for one interval. After a null or a NaN nothing is
/// known until the next sample.
pub fn stretches(line: &PlotLine<'_>) -> Vec<Stretch> {
    let gaps = line.gap_rule();
    let mut stretches = Stretches(Vec::new());
    match line.shape {
        Shape::Samples(samples) => {
            for (at, (time_us, value)) in samples.time_us.iter().zip(&samples.value).enumerate() {
                let Some(value) = value.finite() else { continue };
                let state = if value == 0.0 { OnOff::Off } else { OnOff::On };
                stretches.push(*time_us, end_of(*time_us, samples.time_us.get(at + 1), gaps), state);
            }
        }
        Shape::Columns(columns) | Shape::Band(columns) => {
            for at in 0..columns.start_us.len() {
                let (Some(start_us), Some(end_us)) = (columns.start_us.get(at), columns.end_us.get(at)) else {
                    break;
                };
                let zero = |values: &[f64]| values.get(at).is_none_or(|value| *value == 0.0);
                let state = match (zero(&columns.min), zero(&columns.max)) {
                    (true, true) => OnOff::Off,
                    (false, false) => OnOff::On,
                    _ => OnOff::Mixed,
                };
                let next_us = columns.start_us.get(at + 1);
                let end_us = if gaps.is_gap_between(columns, at, at + 1) {
                    *end_us
                } else {
                    next_us.copied().unwrap_or(*end_us)
                };
                stretches.push(*start_us, end_us, state);
            }
        }
    }
    stretches.0
}

/// How long a sample counts.
fn end_of(time_us: i64, next_us: Option<&i64>, gaps: GapRule) -> i64 {
    match next_us {
        Some(next_us) if !gaps.is_gap(time_us, *next_us) => *next_us,
        _ => {
            let end_us = time_us.saturating_add(gaps.interval_us());
            next_us.map_or(end_us, |next_us| end_us.min(*next_us))
        }
    }
}

struct Stretches(Vec<Stretch>);

impl Stretches {
    fn push(&mut self, start_us: i64, end_us: i64, state: OnOff) {
        match self.0.last_mut() {
            Some(last) if last.state == state && last.end_us >= start_us => last.end_us = end_us,
            _ if end_us > start_us => self.0.push(Stretch {
                start_us,
                end_us,
                state,
            }),
            _ => {}
        }
    }
}

/// The stretches as they fall on the pixels of the screen between two positions: left, right and state, by rising
/// position. A pixel that holds any of both states is mixed, so that nothing short is lost.
pub fn runs(stretches: &[Stretch], time: &TimeScale, left: f64, right: f64, dot: f64) -> Vec<(f64, f64, OnOff)> {
    let mut runs: Vec<(f64, f64, OnOff)> = Vec::new();
    let first = stretches.partition_point(|stretch| time.x_from_time(stretch.end_us) <= left);
    for stretch in stretches.iter().skip(first) {
        let start = (time.x_from_time(stretch.start_us).max(left) / dot).floor() * dot;
        if start >= right {
            break;
        }
        let end = ((time.x_from_time(stretch.end_us).min(right) / dot).round() * dot).max(start + dot);
        let mut start = start;
        // Where it shares pixels with what came before, those are of both.
        while let Some(last) = runs.last_mut().filter(|last| last.1 > start) {
            if last.2 == stretch.state {
                start = last.1;
                break;
            }
            let shared_end = (start + dot).min(last.1);
            if last.0 < start {
                last.1 = start;
                runs.push((start, shared_end, OnOff::Mixed));
            } else {
                last.2 = OnOff::Mixed;
            }
            start = shared_end;
        }
        if start < end {
            match runs.last_mut() {
                Some(last) if last.2 == stretch.state && last.1 >= start => last.1 = end,
                _ => runs.push((start, end, stretch.state)),
            }
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::Axis;
    use crate::query::envelope::{ColumnSeries, SampleSeries};
    use crate::time::{TimeRange, Timestamp};
    use crate::value::Value;

    fn told(shape: Shape<'_>) -> String {
        let line = PlotLine {
            shape,
            color: 0,
            axis: Axis::Left,
            interval_s: Some(10e-6),
            is_faded: false,
        };
        let tell = |stretch: &Stretch| format!("{}..{} {:?}", stretch.start_us, stretch.end_us, stretch.state);
        let told: Vec<String> = stretches(&line).iter().map(tell).collect();
        told.join(", ")
    }

    #[test]
    fn a_sample_counts_until_the_next_and_not_across_a_gap() {
        let samples = SampleSeries {
            time_us: vec![0, 10, 20, 30, 100, 110, 120],
            value: vec![
                1.0.into(),
                1.0.into(),
                0.0.into(),
                1.0.into(),
                0.0.into(),
                Value::NULL,
                1.0.into(),
            ],
            ..SampleSeries::default()
        };
        assert_eq!(
            told(Shape::Samples(&samples)),
            "0..20 On, 20..30 Off, 30..40 On, 100..110 Off, 120..130 On"
        );
    }

    #[test]
    fn columns_may_be_of_both_states() {
        let columns = ColumnSeries {
            start_us: vec![0, 100, 200, 900],
            end_us: vec![100, 200, 300, 1000],
            count: vec![9, 9, 9, 9],
            min: vec![1.0, 0.0, 0.0, 1.0],
            max: vec![1.0, 1.0, 0.0, 1.0],
            mean: vec![1.0, 0.5, 0.0, 1.0],
            min_us: vec![0, 100, 200, 900],
            max_us: vec![50, 150, 250, 950],
            ..ColumnSeries::default()
        };
        assert_eq!(
            told(Shape::Columns(&columns)),
            "0..100 On, 100..200 Mixed, 200..300 Off, 900..1000 On"
        );
    }

    #[test]
    fn what_is_shorter_than_a_pixel_is_not_lost() {
        let stretch = |start_us, end_us, state| Stretch {
            start_us,
            end_us,
            state,
        };
        let all = [
            stretch(0, 1_000, OnOff::Off),
            stretch(1_000, 1_003, OnOff::On),
            stretch(1_003, 2_000, OnOff::Off),
            stretch(5_000, 6_000, OnOff::On),
            stretch(6_000, 6_001, OnOff::Off),
            stretch(6_001, 6_002, OnOff::On),
            stretch(6_002, 7_000, OnOff::On),
        ];
        let end = Timestamp::from_micros(10_000).unwrap();
        let time = TimeScale::new(TimeRange::new(Timestamp::EPOCH, end).unwrap(), 0.0, 100.0);
        let told: Vec<String> = runs(&all, &time, 0.0, 100.0, 1.0)
            .iter()
            .map(|(left, right, state)| format!("{left}..{right} {state:?}"))
            .collect();
        assert_eq!(
            told.join(", "),
            "0..10 Off, 10..11 Mixed, 11..20 Off, 50..60 On, 60..61 Mixed, 61..70 On"
        );
    }
}
