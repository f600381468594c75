//! What a line says at a moment: the nearest sample or column, with its exact values and times.

use super::gap::GapRule;
use super::shape::{PlotLine, Shape};
use crate::query::envelope::{ColumnSeries, SampleSeries};
use crate::value::Value;

/// What a line says at a moment.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Picked {
    /// One stored sample.
    Sample {
        /// When it was taken, in microseconds since the epoch.
        time_us: i64,
        /// Its value; null and NaN are values too.
        value: Value,
    },
    /// A column of several samples.
    Column {
        /// Where it starts, in microseconds since the epoch.
        start_us: i64,
        /// The first microsecond after it.
        end_us: i64,
        /// How many finite samples it holds, at least two.
        count: u64,
        /// The mean of them.
        mean: f64,
        /// The least of them.
        min: Extreme,
        /// The greatest of them.
        max: Extreme,
    },
}

/// The least or the greatest value of a column.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Extreme {
    /// When it was taken first, in microseconds since the epoch.
    pub time_us: i64,
    /// The value, in the metric's unit.
    pub value: f64,
    /// On which channel; only in a band.
    pub channel: Option<u32>,
}

impl Picked {
    /// The moment it stands for: that of the sample, or the middle of the column.
    pub const fn time_us(&self) -> i64 {
        match *self {
            Self::Sample { time_us, .. } => time_us,
            Self::Column { start_us, end_us, .. } => start_us + (end_us - start_us) / 2,
        }
    }
}

/// The sample or column of a line nearest to a moment.
///
/// Between two samples that the line joins it is always the nearer one. Where nothing is joined, in gaps and beyond the
/// ends, only what lies within `reach_us` microseconds is found.
pub fn pick(line: &PlotLine<'_>, time_us: i64, reach_us: i64) -> Option<Picked> {
    let gaps = line.gap_rule();
    match line.shape {
        Shape::Samples(samples) => pick_sample(samples, gaps, time_us, reach_us),
        Shape::Columns(columns) | Shape::Band(columns) => {
            let at = pick_column(columns, gaps, time_us, reach_us)?;
            column(columns, at)
        }
    }
}

fn pick_sample(samples: &SampleSeries, gaps: GapRule, time_us: i64, reach_us: i64) -> Option<Picked> {
    let after = samples.time_us.partition_point(|time| *time < time_us);
    let before = after.checked_sub(1);
    let sample_at = |at: usize| Some((*samples.time_us.get(at)?, *samples.value.get(at)?));
    let (before, after) = (before.and_then(sample_at), sample_at(after));
    let is_joined = before
        .zip(after)
        .is_some_and(|(before, after)| !gaps.is_gap(before.0, after.0));
    let distance = |sample: &(i64, Value)| (sample.0 - time_us).abs();
    let (nearest_us, value) = before
        .into_iter()
        .chain(after)
        .filter(|sample| is_joined || distance(sample) <= reach_us)
        .min_by_key(distance)?;
    Some(Picked::Sample {
        time_us: nearest_us,
        value,
    })
}

/// The column that holds the moment, else the nearest one.
fn pick_column(columns: &ColumnSeries, gaps: GapRule, time_us: i64, reach_us: i64) -> Option<usize> {
    let after = columns.end_us.partition_point(|end_us| *end_us <= time_us);
    if columns.start_us.get(after).is_some_and(|start_us| *start_us <= time_us) {
        return Some(after);
    }
    let before = after.checked_sub(1);
    let after = (after < columns.start_us.len()).then_some(after);
    let is_joined = before
        .zip(after)
        .is_some_and(|(before, after)| !gaps.is_gap_between(columns, before, after));
    let distance = |at: &usize| {
        let (Some(start_us), Some(end_us)) = (columns.start_us.get(*at), columns.end_us.get(*at)) else {
            return i64::MAX;
        };
        (start_us - time_us).max(time_us - end_us)
    };
    before
        .into_iter()
        .chain(after)
        .filter(|at| is_joined || distance(at) <= reach_us)
        .min_by_key(distance)
}

fn column(columns: &ColumnSeries, at: usize) -> Option<Picked> {
    let min = Extreme {
        time_us: *columns.min_us.get(at)?,
        value: *columns.min.get(at)?,
        channel: columns.min_channel.get(at).copied(),
    };
    let max = Extreme {
        time_us: *columns.max_us.get(at)?,
        value: *columns.max.get(at)?,
        channel: columns.max_channel.get(at).copied(),
    };
    let count = *columns.count.get(at)?;
    if count == 1 && min.channel.is_none() {
        return Some(Picked::Sample {
            time_us: min.time_us,
            value: min.value.into(),
        });
    }
    Some(Picked::Column {
        start_us: *columns.start_us.get(at)?,
        end_us: *columns.end_us.get(at)?,
        count,
        mean: *columns.mean.get(at)?,
        min,
        max,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::Axis;

    fn line(shape: Shape<'_>) -> PlotLine<'_> {
        PlotLine {
            shape,
            color: 0,
            axis: Axis::Left,
            interval_s: Some(10e-6),
            is_faded: false,
        }
    }

    #[track_caller]
    fn check_sample(time_us: i64, expected: Option<(i64, Value)>) {
        let samples = SampleSeries {
            time_us: vec![0, 10, 30, 100],
            value: vec![1.0.into(), 2.0.into(), Value::NULL, 4.0.into()],
            ..SampleSeries::default()
        };
        let picked = pick(&line(Shape::Samples(&samples)), time_us, 5);
        let expected = expected.map(|(time_us, value)| Picked::Sample { time_us, value });
        assert_eq!(picked, expected, "at {time_us}");
    }

    #[test]
    fn between_joined_samples_the_nearer_one_is_found() {
        check_sample(4, Some((0, 1.0.into())));
        check_sample(6, Some((10, 2.0.into())));
        check_sample(19, Some((10, 2.0.into())));
        check_sample(21, Some((30, Value::NULL)));
    }

    #[test]
    fn in_gaps_and_beyond_the_ends_only_what_is_near_is_found() {
        check_sample(35, Some((30, Value::NULL)));
        check_sample(36, None);
        check_sample(95, Some((100, 4.0.into())));
        check_sample(-5, Some((0, 1.0.into())));
        check_sample(-6, None);
        check_sample(106, None);
    }

    #[test]
    fn a_column_tells_its_extremes_and_a_single_sample_is_told_as_such() {
        let columns = ColumnSeries {
            start_us: vec![0, 100],
            end_us: vec![100, 200],
            count: vec![4, 1],
            min: vec![-1.0, 7.0],
            max: vec![5.0, 7.0],
            first: vec![0.0, 7.0],
            last: vec![0.0, 7.0],
            mean: vec![1.0, 7.0],
            min_us: vec![20, 150],
            max_us: vec![60, 150],
            ..ColumnSeries::default()
        };
        let line = line(Shape::Columns(&columns));
        let extreme = |time_us, value| Extreme {
            time_us,
            value,
            channel: None,
        };
        let expected = Picked::Column {
            start_us: 0,
            end_us: 100,
            count: 4,
            mean: 1.0,
            min: extreme(20, -1.0),
            max: extreme(60, 5.0),
        };
        assert_eq!(pick(&line, 99, 0), Some(expected));
        let expected = Picked::Sample {
            time_us: 150,
            value: 7.0.into(),
        };
        assert_eq!(pick(&line, 100, 0), Some(expected));
        assert_eq!(pick(&line, 250, 49), None);
        assert_eq!(pick(&line, 250, 50), Some(expected));
    }
}
