//! What a line is drawn from, and how far its values reach.

use std::ops::Range;

use super::gap::GapRule;
use crate::dashboard::Axis;
use crate::query::envelope::{ColumnSeries, SampleSeries};
use crate::time::TimeRange;

/// The data of one line, borrowed from an answer.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Shape<'a> {
    /// The stored samples of a channel.
    Samples(&'a SampleSeries),
    /// The columns of a channel.
    Columns(&'a ColumnSeries),
    /// The columns over all channels of a metric.
    Band(&'a ColumnSeries),
}

/// One line of a plot.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct PlotLine<'a> {
    /// Its data.
    pub shape: Shape<'a>,
    /// Which colour of the palette it has, counted from 0.
    pub color: usize,
    /// On which axis it is read.
    pub axis: Axis,
    /// Seconds between expected samples; `None` where no rhythm is known.
    pub interval_s: Option<f64>,
    /// Whether it steps back behind another line that is pointed out.
    pub is_faded: bool,
}

impl Shape<'_> {
    /// The entries that a range shows any part of.
    pub fn visible(&self, range: TimeRange) -> Range<usize> {
        let (start, end) = (range.start().as_micros(), range.end().as_micros());
        let (first, last) = match self {
            Self::Samples(samples) => (
                samples.time_us.partition_point(|time| *time < start),
                samples.time_us.partition_point(|time| *time < end),
            ),
            Self::Columns(columns) | Self::Band(columns) => (
                columns.end_us.partition_point(|column_end| *column_end <= start),
                columns.start_us.partition_point(|column_start| *column_start < end),
            ),
        };
        first..last.max(first)
    }

    /// The least and the greatest positive finite value in a range, as a logarithmic axis can show them; `None` if it
    /// holds none. Of a column that reaches below, the least positive value that it tells counts.
    pub fn positive_extent(&self, range: TimeRange) -> Option<(f64, f64)> {
        let visible = self.visible(range);
        let positive = |value: &f64| *value > 0.0 && value.is_finite();
        let pairs = |value: f64| (value, value);
        match self {
            Self::Samples(samples) => {
                let values = samples.value.get(visible)?.iter().filter_map(|value| value.finite());
                extent_of(values.filter(positive).map(pairs))
            }
            Self::Columns(columns) | Self::Band(columns) => extent_of(
                [&columns.min, &columns.mean, &columns.max]
                    .into_iter()
                    .filter_map(|values| values.get(visible.clone()))
                    .flatten()
                    .copied()
                    .filter(positive)
                    .map(pairs),
            ),
        }
    }

    /// The least and the greatest finite value in a range; `None` if it holds none.
    ///
    /// A column that lies only partly in the range counts whole.
    pub fn extent(&self, range: TimeRange) -> Option<(f64, f64)> {
        let visible = self.visible(range);
        match self {
            Self::Samples(samples) => {
                let values = samples.value.get(visible)?;
                extent_of(
                    values
                        .iter()
                        .filter_map(|value| value.finite())
                        .map(|value| (value, value)),
                )
            }
            Self::Columns(columns) | Self::Band(columns) => {
                let (min, max) = (columns.min.get(visible.clone())?, columns.max.get(visible)?);
                extent_of(min.iter().copied().zip(max.iter().copied()))
            }
        }
    }

    /// How many finite samples the visible entries stand for.
    pub fn sample_count(&self, range: TimeRange) -> u64 {
        let visible = self.visible(range);
        match self {
            Self::Samples(samples) => samples.value.get(visible).map_or(0, |values| values.len() as u64),
            Self::Columns(columns) | Self::Band(columns) => {
                columns.count.get(visible).map_or(0, |counts| counts.iter().sum())
            }
        }
    }
}

/// Up to so many visible samples, the joined neighbours outside the range count for the axis: lines to them are long.
const FEW: usize = 8;

impl PlotLine<'_> {
    /// The least and the greatest value that the line shows in a range; `None` if it shows none.
    pub fn extent(&self, range: TimeRange) -> Option<(f64, f64)> {
        let visible = self.shape.visible(range);
        let Shape::Samples(samples) = self.shape else {
            return self.shape.extent(range);
        };
        if visible.len() > FEW {
            return self.shape.extent(range);
        }
        let gaps = self.gap_rule();
        let joined = |before: usize, after: usize| {
            let time_at = |at: usize| samples.time_us.get(at).copied();
            let finite = |at: usize| samples.value.get(at).is_some_and(|value| value.finite().is_some());
            let near = time_at(before)
                .zip(time_at(after))
                .is_some_and(|(from, to)| !gaps.is_gap(from, to));
            near && finite(before) && finite(after)
        };
        let (mut first, mut end) = (visible.start, visible.end);
        if first > 0 && joined(first - 1, first) {
            first -= 1;
        }
        if visible.end > 0 && joined(visible.end - 1, visible.end) {
            end += 1;
        }
        let values = samples.value.get(first..end)?;
        extent_of(
            values
                .iter()
                .filter_map(|value| value.finite())
                .map(|value| (value, value)),
        )
    }

    /// What this line bridges.
    pub fn gap_rule(&self) -> GapRule {
        GapRule::new(self.interval_s, || match self.shape {
            Shape::Samples(samples) => samples.time_us.clone(),
            Shape::Columns(columns) | Shape::Band(columns) => columns.start_us.clone(),
        })
    }
}

/// The least and the greatest of all.
pub fn extent_of(extents: impl Iterator<Item = (f64, f64)>) -> Option<(f64, f64)> {
    extents.reduce(|(least, greatest), (min, max)| (least.min(min), greatest.max(max)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;
    use crate::value::Value;

    fn range(start: i64, end: i64) -> TimeRange {
        TimeRange::new(
            Timestamp::from_micros(start).unwrap(),
            Timestamp::from_micros(end).unwrap(),
        )
        .unwrap()
    }

    #[test]
    fn only_finite_values_in_the_range_count() {
        let samples = SampleSeries {
            time_us: vec![0, 10, 20, 30],
            value: vec![9.0.into(), 1.0.into(), f64::INFINITY.into(), Value::NULL],
            ..SampleSeries::default()
        };
        let shape = Shape::Samples(&samples);
        assert_eq!(shape.extent(range(5, 40)), Some((1.0, 1.0)));
        assert_eq!(shape.extent(range(15, 40)), None);
        assert_eq!(shape.visible(range(10, 20)), 1..2);
        assert_eq!(shape.visible(range(100, 200)), 4..4);
    }

    #[test]
    fn few_samples_bring_their_joined_neighbours() {
        let samples = SampleSeries {
            time_us: vec![0, 10, 20, 1000],
            value: [1.0, 2.0, 3.0, 9.0].map(Value::from).to_vec(),
            ..SampleSeries::default()
        };
        let line = PlotLine {
            shape: Shape::Samples(&samples),
            color: 0,
            axis: Axis::Left,
            interval_s: Some(10e-6),
            is_faded: false,
        };
        assert_eq!(line.extent(range(5, 15)), Some((1.0, 3.0)));
        assert_eq!(line.extent(range(12, 15)), Some((2.0, 3.0)));
        assert_eq!(line.extent(range(15, 500)), Some((2.0, 3.0)));
        assert_eq!(line.extent(range(100, 500)), None);
        assert_eq!(line.extent(range(2000, 3000)), None);
    }

    #[test]
    fn a_column_that_is_cut_counts_whole() {
        let columns = ColumnSeries {
            start_us: vec![0, 10, 20],
            end_us: vec![10, 20, 30],
            count: vec![1, 2, 3],
            min: vec![-5.0, 1.0, 2.0],
            max: vec![-5.0, 8.0, 9.0],
            ..ColumnSeries::default()
        };
        let shape = Shape::Columns(&columns);
        assert_eq!(shape.extent(range(15, 20)), Some((1.0, 8.0)));
        assert_eq!(
            (shape.sample_count(range(15, 21)), shape.sample_count(range(0, 10))),
            (5, 1)
        );
    }
}
