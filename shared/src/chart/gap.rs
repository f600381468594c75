//! Where a line must not be drawn: silence longer than the rhythm of a metric explains.

use crate::order::median;
use crate::query::envelope::ColumnSeries;
use crate::query::latest::STALE_INTERVALS;
use crate::time::MICROS_PER_SEC;

/// The longest distance in time that a line may bridge.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GapRule {
    longest_us: i64,
}

impl GapRule {
    /// A line bridges up to [`STALE_INTERVALS`] intervals of `interval_s` seconds.
    ///
    /// Without a known interval the middle distance between the given times stands for it; without that, all is bridged.
    pub fn new(interval_s: Option<f64>, times_us: impl Fn() -> Vec<i64>) -> Self {
        let known = interval_s.filter(|seconds| seconds.is_finite() && *seconds > 0.0);
        let interval = match known {
            Some(seconds) => Some(seconds * MICROS_PER_SEC as f64),
            None => middle_distance(times_us()).map(|micros| micros as f64),
        };
        let longest_us = interval.map_or(i64::MAX, |micros| whole(micros * STALE_INTERVALS));
        Self { longest_us }
    }

    /// The rhythm that it goes by, in microseconds; nothing where none is known.
    pub fn interval_us(self) -> i64 {
        if self.longest_us == i64::MAX {
            0
        } else {
            whole(self.longest_us as f64 / STALE_INTERVALS)
        }
    }

    /// Whether the silence between two times is a gap.
    pub const fn is_gap(self, before_us: i64, after_us: i64) -> bool {
        after_us.saturating_sub(before_us) > self.longest_us
    }

    /// Whether the silence between two neighbouring columns is certainly a gap.
    pub fn is_gap_between(self, columns: &ColumnSeries, before: usize, after: usize) -> bool {
        match (last_known(columns, before), first_known(columns, after)) {
            (Some(before_us), Some(after_us)) => self.is_gap(before_us, after_us),
            _ => false,
        }
    }
}

/// The latest moment at which a column may hold its last sample; the very moment where the column tells it.
fn last_known(columns: &ColumnSeries, at: usize) -> Option<i64> {
    let (min_us, max_us) = (*columns.min_us.get(at)?, *columns.max_us.get(at)?);
    match columns.count.get(at)? {
        1 => Some(min_us),
        2 if min_us != max_us => Some(min_us.max(max_us)),
        _ => columns.end_us.get(at).copied(),
    }
}

/// The earliest moment at which a column may hold its first sample; the very moment where the column tells it.
fn first_known(columns: &ColumnSeries, at: usize) -> Option<i64> {
    let (min_us, max_us) = (*columns.min_us.get(at)?, *columns.max_us.get(at)?);
    match columns.count.get(at)? {
        1 | 2 => Some(min_us.min(max_us)),
        _ => columns.start_us.get(at).copied(),
    }
}

fn middle_distance(times_us: Vec<i64>) -> Option<i64> {
    let mut distances: Vec<i64> = times_us
        .windows(2)
        .map(|pair| pair[1].saturating_sub(pair[0]))
        .collect();
    median(&mut distances)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a cast of a float stops at the ends of i64"
)]
fn whole(micros: f64) -> i64 {
    micros as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_intervals_are_bridged_and_more_are_not() {
        let rule = GapRule::new(Some(60.0), Vec::new);
        assert!(!rule.is_gap(0, 180_000_000));
        assert!(rule.is_gap(0, 180_000_001));
    }

    #[test]
    fn the_middle_distance_stands_for_an_unknown_interval() {
        let rule = GapRule::new(None, || vec![0, 10, 20, 30, 100, 110]);
        assert!(!rule.is_gap(0, 30));
        assert!(rule.is_gap(30, 100));
        assert!(!GapRule::new(None, || vec![5]).is_gap(0, i64::MAX));
        assert!(!GapRule::new(Some(f64::NAN), Vec::new).is_gap(0, 1));
    }

    #[test]
    fn columns_count_by_the_samples_they_are_known_to_hold() {
        let columns = ColumnSeries {
            start_us: vec![0, 100, 300],
            end_us: vec![100, 200, 400],
            count: vec![5, 1, 9],
            min_us: vec![20, 190, 310],
            max_us: vec![40, 190, 390],
            ..ColumnSeries::default()
        };
        // From the end of the first column to the one sample of the second; from there to the start of the third.
        let rule = GapRule { longest_us: 95 };
        assert!(!rule.is_gap_between(&columns, 0, 1));
        assert!(rule.is_gap_between(&columns, 1, 2));
        assert!(!rule.is_gap_between(&columns, 2, 3));
    }
}
