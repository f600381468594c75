//! The columns of a raster: buckets of one width, or single frames where they are few.

use shared::query::latest::STALE_INTERVALS;
use shared::time::TimeRange;

use crate::query::columns::DEFAULT_BASE_MICROS;

/// What is known of all that a range holds.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Overview {
    /// How many frames.
    pub(super) n_frames: u64,
    /// How many finite samples.
    pub(super) n_finite: u64,
    /// The least and the greatest of them.
    pub(super) extremes: Option<(f64, f64)>,
}

impl Overview {
    /// Adds all that is known of a later part.
    pub(super) fn add_all(&mut self, later: &Self) {
        self.n_frames += later.n_frames;
        if let Some((least, greatest)) = later.extremes {
            self.add(later.n_finite, least, greatest);
        }
    }

    /// Adds finite samples.
    pub(super) fn add(&mut self, count: u64, least: f64, greatest: f64) {
        self.n_finite += count;
        let (min, max) = self.extremes.unwrap_or((least, greatest));
        self.extremes = Some((
            if least < min { least } else { min },
            if max < greatest { greatest } else { max },
        ));
    }
}

/// What a column is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Cut {
    /// One frame.
    Frames,
    /// A bucket this wide, in microseconds.
    Buckets(i64),
}

/// How to cut a range into about `count` columns; the module [`super`] says by which rules.
pub(super) fn choose(
    range: TimeRange,
    count: u32,
    interval_micros: Option<i64>,
    n_channels: usize,
    overview: &Overview,
) -> Cut {
    let n_frames = overview.n_frames;
    let most = 2 * u64::from(count);
    let are_full = n_frames.saturating_mul(n_channels as u64) <= overview.n_finite.saturating_mul(2);
    if 0 < n_frames && n_frames <= most && are_full {
        return Cut::Frames;
    }
    let base = interval_micros.unwrap_or(DEFAULT_BASE_MICROS).max(1);
    let mut width = finest_width(range, count, base);
    let finest_of_base = finest_quarter(base);
    // Without a known interval the range itself is the widest: it lies in one or two such buckets.
    let widest = if interval_micros.is_some() {
        base
    } else {
        range.micros()
    };
    while 0 < n_frames && n_frames < n_touched(range, width) && width < widest {
        let wider = if width < finest_of_base {
            Some(finest_of_base)
        } else {
            width.checked_mul(4)
        };
        let Some(wider) = wider else { break };
        width = wider;
    }
    Cut::Buckets(width)
}

/// The finest of the widths `base`·4^k that cuts a range into at most twice `count` columns. Where none of those is a
/// whole number of microseconds and fine enough for half of `count`, the width that makes just about `count`.
pub(super) fn finest_width(range: TimeRange, count: u32, base_micros: i64) -> i64 {
    let count = u64::from(count.max(1));
    let mut width = finest_quarter(base_micros.max(1));
    while 2 * count < n_touched(range, width) {
        let Some(wider) = width.checked_mul(4) else { break };
        width = wider;
    }
    if 2 * n_touched(range, width) < count {
        let micros = range.micros().unsigned_abs();
        width = i64::try_from(micros.div_ceil(count)).unwrap_or(width).max(1);
    }
    width
}

/// A width divided by four as often as it stays whole.
fn finest_quarter(mut width: i64) -> i64 {
    while width % 4 == 0 && 0 < width {
        width /= 4;
    }
    width.max(1)
}

/// How many buckets of a width a range touches.
fn n_touched(range: TimeRange, width: i64) -> u64 {
    let (first, last) = touched(range, width);
    (last - first).unsigned_abs() + 1
}

/// The numbers of the first and of the last bucket of a width that a range touches.
fn touched(range: TimeRange, width: i64) -> (i64, i64) {
    let (start, end) = (range.start().as_micros(), range.end().as_micros());
    (start.div_euclid(width), (end - 1).div_euclid(width))
}

/// The columns of a range by rising time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Columns {
    pub(super) start_us: Vec<i64>,
    pub(super) end_us: Vec<i64>,
    /// The width of the buckets and the number of the first, if the columns are buckets.
    buckets: Option<(i64, i64)>,
}

impl Columns {
    /// All buckets of a width that the range touches, the outer ones cut at its ends.
    pub(super) fn buckets(range: TimeRange, width: i64) -> Self {
        let (first, last) = touched(range, width);
        let (start, end) = (range.start().as_micros(), range.end().as_micros());
        let starts = (first..=last).map(|number| number.saturating_mul(width).max(start));
        let ends = (first..=last).map(|number| (number + 1).saturating_mul(width).min(end));
        Self {
            start_us: starts.collect(),
            end_us: ends.collect(),
            buckets: Some((width, first)),
        }
    }

    /// One column per frame, at these times of the range, which rise. Each ends with the next, or after one interval where
    /// the next is further than three intervals. Where no interval is known, the middle distance between two frames
    /// stands for it.
    pub(super) fn frames(range: TimeRange, times_us: Vec<i64>, interval_micros: Option<i64>) -> Self {
        let mut distances: Vec<i64> = times_us.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let middle = distances.len() / 2;
        let interval = interval_micros
            .or_else(|| (!distances.is_empty()).then(|| *distances.select_nth_unstable(middle).1))
            .unwrap_or(DEFAULT_BASE_MICROS)
            .max(1);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a cast of a float stops at the ends of i64"
        )]
        let longest = (interval as f64 * STALE_INTERVALS) as i64;
        let end_of = |index: usize| {
            let start_us = times_us[index];
            let next = times_us.get(index + 1).copied();
            let next = next.filter(|next| next - start_us <= longest);
            next.unwrap_or(start_us.saturating_add(interval))
                .min(range.end().as_micros())
        };
        Self {
            end_us: (0..times_us.len()).map(end_of).collect(),
            start_us: times_us,
            buckets: None,
        }
    }

    /// Some of them, which lie beside each other.
    pub(super) fn only(&self, places: std::ops::Range<usize>) -> Self {
        let number = i64::try_from(places.start).unwrap_or(i64::MAX);
        Self {
            buckets: self.buckets.map(|(width, first)| (width, first.saturating_add(number))),
            start_us: self.start_us.get(places.clone()).unwrap_or_default().to_vec(),
            end_us: self.end_us.get(places).unwrap_or_default().to_vec(),
        }
    }

    /// Those that a range touches.
    pub(super) fn touched_by(&self, from_us: i64, to_us: i64) -> std::ops::Range<usize> {
        let start = self.end_us.partition_point(|end_us| *end_us <= from_us);
        let end = self.start_us.partition_point(|start_us| *start_us < to_us);
        start..end.max(start)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.start_us.len()
    }

    /// How wide the buckets are, if they are buckets.
    pub(super) fn bucket_us(&self) -> Option<i64> {
        self.buckets.map(|(width, _)| width)
    }

    /// The column of a sample or of a bucket that starts at a moment; `None` out of the range, and for a frame that came
    /// since the frames were looked up.
    pub(super) fn find(&self, time_us: i64) -> Option<usize> {
        match self.buckets {
            Some((width, first)) => {
                let column = usize::try_from(time_us.div_euclid(width) - first).ok()?;
                (self.start_us.first().is_some_and(|start| *start <= time_us)
                    && self.end_us.get(column).is_some_and(|end| time_us < *end))
                .then_some(column)
            }
            None => self.start_us.binary_search(&time_us).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use shared::time::Timestamp;

    use super::*;

    const MINUTE: i64 = 60_000_000;

    fn range(start: i64, end: i64) -> TimeRange {
        let at = |micros| Timestamp::from_micros(micros).unwrap();
        TimeRange::new(at(start), at(end)).unwrap()
    }

    fn overview(n_frames: u64, n_finite: u64) -> Overview {
        Overview {
            n_frames,
            n_finite,
            extremes: None,
        }
    }

    #[test]
    fn a_night_once_a_minute_is_cut_by_four_minutes_and_two_hours_of_it_by_frames() {
        let night = range(0, 1440 * MINUTE);
        let chosen = choose(night, 600, Some(MINUTE), 10, &overview(1440, 14_400));
        assert_eq!(chosen, Cut::Buckets(4 * MINUTE));
        let hours = range(0, 120 * MINUTE);
        let chosen = choose(hours, 600, Some(MINUTE), 10, &overview(120, 1200));
        assert_eq!(chosen, Cut::Frames);
    }

    #[test]
    fn where_every_channel_speaks_for_itself_no_column_is_narrower_than_the_interval() {
        let hours = range(0, 120 * MINUTE);
        let chosen = choose(hours, 600, Some(MINUTE), 10, &overview(1100, 1100));
        assert_eq!(chosen, Cut::Buckets(15_000_000));
        let chosen = choose(hours, 600, Some(MINUTE), 10, &overview(100, 100));
        assert_eq!(chosen, Cut::Buckets(MINUTE));
        let chosen = choose(hours, 600, None, 10, &overview(100, 100));
        assert_eq!(chosen, Cut::Buckets(256_000_000));
    }

    #[test]
    fn a_frame_is_painted_up_to_the_next_but_not_across_a_gap() {
        let columns = Columns::frames(range(0, 1000), vec![10, 40, 50, 200], Some(20));
        assert_eq!(columns.start_us, [10, 40, 50, 200]);
        assert_eq!(columns.end_us, [40, 50, 70, 220]);
        let unknown = Columns::frames(range(0, 1000), vec![0, 10, 20, 900], None);
        assert_eq!(unknown.end_us, [10, 20, 30, 910]);
        assert_eq!(Columns::frames(range(0, 1000), vec![5], None).end_us, [1000]);
        assert_eq!((unknown.find(10), unknown.find(11)), (Some(1), None));
    }

    #[test]
    fn all_of_time_can_be_cut() {
        for (count, base) in [(1, 1), (16_384, i64::MAX), (1, i64::MAX), (16_384, 1)] {
            let width = finest_width(TimeRange::ALL, count, base);
            let columns = Columns::buckets(TimeRange::ALL, width);
            assert!(
                (1..=2 * count as usize).contains(&columns.len()),
                "{count} {base} {width}"
            );
        }
    }

    proptest! {
        #[test]
        fn columns_are_between_half_and_twice_as_many_and_every_moment_is_in_one(
            start in -1_i64 << 50..1_i64 << 50,
            length in prop_oneof![1_i64..1000, 1_i64..1 << 50],
            count in prop_oneof![1_u32..20, 1_u32..16_384],
            base in prop_oneof![1_i64..100, 1_i64..100_000_000, (1_i64..100).prop_map(|secs| secs * 1_000_000)],
            offset in any::<u64>(),
        ) {
            let range = range(start, start + length);
            let width = finest_width(range, count, base);
            let columns = Columns::buckets(range, width);
            prop_assert!(columns.len() <= 2 * count as usize);
            // No column is narrower than a microsecond.
            let at_least = u64::from(count).min(length.unsigned_abs());
            prop_assert!(at_least <= 2 * columns.len() as u64, "{} of {count}", columns.len());
            prop_assert_eq!((columns.start_us[0], columns.end_us[columns.len() - 1]), (start, start + length));
            for column in 1..columns.len() {
                prop_assert_eq!(columns.start_us[column], columns.end_us[column - 1]);
                prop_assert_eq!(columns.start_us[column] % width, 0);
            }
            let time = start + i64::try_from(offset % length.unsigned_abs()).unwrap();
            let found = columns.find(time).unwrap();
            prop_assert!(columns.start_us[found] <= time && time < columns.end_us[found]);
            prop_assert_eq!((columns.find(start - 1), columns.find(start + length)), (None, None));
        }
    }
}
