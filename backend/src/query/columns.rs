//! Columns of time, and what is summed up in one.
//!
//! A range is cut into the columns of a plot. Edges lie on whole buckets, so that a pyramid of buckets can answer without
//! touching raw samples: a bucket is `base`·4^k microseconds wide, aligned to the epoch, where `base` is the expected
//! interval of the metric. The widest bucket that is at most half an ideal column is taken (or one microsecond where even
//! the base is wider than that), and each inner edge is the bucket edge nearest to the ideal one. So an edge lies within a
//! quarter of a column of its ideal place; the outer edges are those of the range; every moment of the range lies in
//! exactly one column. Where columns are narrower than a microsecond some fall together, and are one.

use shared::query::envelope::ColumnSeries;
use shared::time::TimeRange;

use crate::pyramid::summary::Summary;

/// The base width of buckets where no interval is known: one second.
pub const DEFAULT_BASE_MICROS: i64 = 1_000_000;

/// A range cut into columns.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Columns {
    /// Rising; the first is the start of the range, the last its end. Column i is `edges[i]..edges[i + 1]`.
    edges: Vec<i64>,
    bucket_micros: i64,
}

impl Columns {
    /// Cuts a range into `count` columns (at least one) on buckets of `base_micros`·4^k (above zero).
    pub fn cut(range: TimeRange, count: u32, base_micros: i64) -> Self {
        let count = i128::from(count.max(1));
        let (start, end) = (
            i128::from(range.start().as_micros()),
            i128::from(range.end().as_micros()),
        );
        let bucket_micros = bucket_micros(range, count, base_micros);
        let bucket = i128::from(bucket_micros);
        let mut edges = vec![range.start().as_micros()];
        for column in 1..count {
            // Both over `count`: the ideal edge is a fraction of a microsecond.
            let ideal = start * count + (end - start) * column;
            let nearest = (2 * ideal + bucket * count).div_euclid(2 * bucket * count) * bucket;
            let previous = edges.last().copied().map_or(start, i128::from);
            if let Ok(edge) = i64::try_from(nearest)
                && previous < nearest
                && nearest < end
            {
                edges.push(edge);
            }
        }
        edges.push(range.end().as_micros());
        Self { edges, bucket_micros }
    }

    /// The width of the buckets that the inner edges lie on: the base times a power of four, or one microsecond.
    pub fn bucket_micros(&self) -> i64 {
        self.bucket_micros
    }

    /// How many columns there are: at most as many as were asked for, at least one.
    pub fn len(&self) -> usize {
        self.edges.len() - 1
    }

    /// Never.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The first microsecond of a column, and the first after it.
    pub fn edges(&self, column: usize) -> (i64, i64) {
        (self.edges[column], self.edges[column + 1])
    }

    /// The edges around all columns that a part of the range touches; `None` where it touches none.
    pub fn around(&self, from_us: i64, to_us: i64) -> Option<(i64, i64)> {
        let last = self.edges.len() - 1;
        let (from_us, to_us) = (from_us.max(self.edges[0]), to_us.min(self.edges[last]));
        if to_us <= from_us {
            return None;
        }
        let start = self.edges.partition_point(|edge| *edge <= from_us) - 1;
        let end = self.edges.partition_point(|edge| *edge < to_us);
        Some((self.edges[start], self.edges[end]))
    }

    /// The column of a moment in the range that is not before column `from`.
    pub fn find_from(&self, from: usize, time_us: i64) -> usize {
        let mut column = from;
        while column + 1 < self.len() && self.edges[column + 1] <= time_us {
            column += 1;
        }
        column
    }
}

/// The width of the buckets that the edges lie on.
fn bucket_micros(range: TimeRange, count: i128, base_micros: i64) -> i64 {
    let length = i128::from(range.micros());
    let base = base_micros.max(1);
    // At most half a column: bucket <= length / count / 2.
    let fits = |bucket: i64| i128::from(bucket) * 2 * count <= length;
    if !fits(base) {
        return 1;
    }
    let mut bucket = base;
    while let Some(wider) = bucket.checked_mul(4)
        && fits(wider)
    {
        bucket = wider;
    }
    bucket
}

/// Appends a summary as a column of a channel.
pub fn push_to_channel(series: &mut ColumnSeries, edges: (i64, i64), summary: &Summary) {
    push_shared(series, edges, summary);
    series.first.push(summary.first);
    series.last.push(summary.last);
}

/// Appends a summary as a column of the band.
pub fn push_to_band(series: &mut ColumnSeries, edges: (i64, i64), summary: &Summary) {
    push_shared(series, edges, summary);
    series.min_channel.push(summary.min.channel);
    series.max_channel.push(summary.max.channel);
}

fn push_shared(series: &mut ColumnSeries, (start_us, end_us): (i64, i64), summary: &Summary) {
    series.start_us.push(start_us);
    series.end_us.push(end_us);
    series.count.push(summary.count);
    series.min.push(summary.min.value);
    series.max.push(summary.max.value);
    series.mean.push(summary.mean());
    series.min_us.push(summary.min.time_us);
    series.max_us.push(summary.max.time_us);
}

/// Sums up finite samples, or buckets of them, that come by rising time, column by column.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Cursor {
    column: usize,
    summary: Option<Summary>,
}

impl Cursor {
    /// Adds a sample of the range, or what lies in one column from this time on. Gives the column before with its
    /// summary where this one begins a new one.
    pub fn add(&mut self, columns: &Columns, time_us: i64, added: Summary) -> Option<(usize, Summary)> {
        let column = columns.find_from(self.column, time_us);
        match &mut self.summary {
            Some(summary) if column == self.column => {
                summary.add_later(&added);
                None
            }
            _ => {
                let done = self.summary.replace(added);
                let before = std::mem::replace(&mut self.column, column);
                done.map(|summary| (before, summary))
            }
        }
    }

    /// The last column, if there was any sample.
    pub fn finish(self) -> Option<(usize, Summary)> {
        self.summary.map(|summary| (self.column, summary))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use shared::time::Timestamp;

    use super::*;

    fn range(start: i64, end: i64) -> TimeRange {
        TimeRange::new(
            Timestamp::from_micros(start).unwrap(),
            Timestamp::from_micros(end).unwrap(),
        )
        .unwrap()
    }

    #[test]
    fn a_day_in_a_thousand_columns_lies_on_sixteen_second_buckets() {
        let columns = Columns::cut(range(0, 86_400_000_000), 1000, 1_000_000);
        assert_eq!(columns.len(), 1000);
        assert_eq!(columns.edges(0), (0, 80_000_000));
        assert_eq!(columns.edges(1), (80_000_000, 176_000_000));
        assert_eq!(columns.edges(999).1, 86_400_000_000);
    }

    #[test]
    fn columns_narrower_than_a_microsecond_fall_together() {
        let columns = Columns::cut(range(-2, 3), 100, 60_000_000);
        assert_eq!(columns.edges, [-2, -1, 0, 1, 2, 3]);
    }

    #[test]
    fn all_of_time_can_be_cut() {
        let columns = Columns::cut(TimeRange::ALL, 16_384, i64::MAX);
        assert_eq!(columns.len(), 16_384);
        assert_eq!(Columns::cut(TimeRange::ALL, 1, 1).len(), 1);
    }

    proptest! {
        #[test]
        fn edges_rise_and_stay_within_a_quarter_column(
            start in -1_i64 << 50..1_i64 << 50,
            length in prop_oneof![1_i64..1000, 1_i64..1 << 50],
            count in prop_oneof![1_u32..20, 1_u32..16_384],
            base in prop_oneof![1_i64..100, 1_i64..100_000_000],
        ) {
            let columns = Columns::cut(range(start, start + length), count, base);
            prop_assert!(columns.edges.is_sorted_by(|left, right| left < right));
            prop_assert_eq!((columns.edges[0], columns.edges[columns.len()]), (start, start + length));
            prop_assert!(columns.len() <= count as usize);
            let width = length as f64 / f64::from(count);
            if 4.0 <= width {
                prop_assert_eq!(columns.len(), count as usize);
                for (column, edge) in columns.edges.iter().enumerate() {
                    let ideal = length as f64 * column as f64 / f64::from(count);
                    prop_assert!(((edge - start) as f64 - ideal).abs() <= width / 4.0 + 0.001 * width);
                }
            }
        }

        #[test]
        fn around_a_part_are_the_columns_that_it_touches_and_no_others(
            length in 1_i64..500, count in 1_u32..40, from in -20_i64..520, span in 0_i64..100
        ) {
            let columns = Columns::cut(range(0, length), count, 1);
            let touched: Vec<(i64, i64)> = (0..columns.len())
                .map(|column| columns.edges(column))
                .filter(|(start, end)| *start < from + span && from < *end && 0 < span)
                .collect();
            let expected = touched.first().zip(touched.last()).map(|(first, last)| (first.0, last.1));
            prop_assert_eq!(columns.around(from, from + span), expected);
        }

        #[test]
        fn a_moment_is_found_in_its_column(
            start in -1000_i64..1000, length in 1_i64..500, count in 1_u32..40, base in 1_i64..50, offset in 0_i64..500
        ) {
            let columns = Columns::cut(range(start, start + length), count, base);
            let time = start + offset % length;
            let (column_start, column_end) = columns.edges(columns.find_from(0, time));
            prop_assert!(column_start <= time && time < column_end);
        }
    }
}
