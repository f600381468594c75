//! Where tiles lie, and which of them answer for a range.
//!
//! The width of the finest buckets, the *unit*, is the expected interval of the metric times a power of four, such that
//! a unit holds about one frame. So all buckets are buckets on which [`crate::query::columns`] cuts columns, and a tile of
//! samples holds a few hundred frames, whatever was said or not said about the interval.

use shared::time::{TimeRange, Timestamp};

use crate::store::tiles::{TileSpan, TileState};

/// Buckets, and units of samples, in a tile.
pub(crate) const BUCKETS: u16 = 256;

/// The level of samples.
pub(crate) const SAMPLES: u8 = 0;

/// The finest level of buckets: sixteen units each.
pub(crate) const FINEST: u8 = 2;

/// No tile is longer than this: about twenty years.
const MAX_SPAN_MICROS: i64 = 20 * 366 * shared::time::MICROS_PER_DAY;

/// The lattice of tiles of one metric.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Grid {
    unit_micros: i64,
    /// [`SAMPLES`], then [`FINEST`] and all coarser levels.
    spans: Vec<TileSpan>,
}

/// A tile that is wholly or in part in a range.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Step {
    /// Its level.
    pub(crate) level: u8,
    /// Where it starts.
    pub(crate) start_us: i64,
    /// The part that is asked for; whole buckets of its level.
    pub(crate) from_us: i64,
    /// The end of that part.
    pub(crate) to_us: i64,
}

/// How a range is answered: tiles by rising time without overlap, then raw samples after the sealed moment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
    pub(crate) tail: Option<(i64, i64)>,
}

impl Grid {
    /// A lattice on buckets of `base_micros`·4^n for frames that come every `frame_micros`, both above zero.
    pub(crate) fn new(base_micros: i64, frame_micros: i64) -> Self {
        let mut unit_micros = base_micros;
        while unit_micros < frame_micros / 2
            && unit_micros
                .checked_mul(4 * 256)
                .is_some_and(|span| span < MAX_SPAN_MICROS)
        {
            unit_micros *= 4;
        }
        while frame_micros.saturating_mul(2) <= unit_micros && unit_micros % 4 == 0 {
            unit_micros /= 4;
        }
        Self::with_unit(unit_micros)
    }

    fn with_unit(unit_micros: i64) -> Self {
        let tile = |units: i64| unit_micros.checked_mul(units)?.checked_mul(i64::from(BUCKETS));
        let mut spans = vec![TileSpan {
            level: SAMPLES,
            span_micros: tile(1).unwrap_or(i64::MAX / 4),
        }];
        let (mut level, mut units) = (FINEST, 16_i64);
        while let Some(span_micros) = tile(units)
            && span_micros <= MAX_SPAN_MICROS
        {
            spans.push(TileSpan { level, span_micros });
            (level, units) = (level + 1, units * 4);
        }
        Self { unit_micros, spans }
    }

    /// The lattice by which a store keeps tiles, if its buckets fit to columns on `base_micros`.
    pub(crate) fn of_state(state: &TileState, base_micros: i64) -> Option<Self> {
        let span_micros = state.spans.first().filter(|span| span.level == SAMPLES)?.span_micros;
        let grid = Self::with_unit(span_micros / i64::from(BUCKETS));
        let (fine, coarse) = (grid.unit_micros.min(base_micros), grid.unit_micros.max(base_micros));
        let fits = 0 < fine && coarse % fine == 0 && is_power_of_four(coarse / fine);
        (fits && grid.spans == state.spans).then_some(grid)
    }

    /// The lattice by which a store keeps tiles that stand for samples, whatever is said of the metric by now.
    pub(crate) fn standing(state: &TileState) -> Option<Self> {
        let span_micros = state.spans.first().filter(|span| span.level == SAMPLES)?.span_micros;
        let grid = Self::with_unit(span_micros / i64::from(BUCKETS));
        (grid.spans == state.spans).then_some(grid)
    }

    /// The same with tiles a quarter as long, if there is such a one.
    pub(crate) fn finer(&self) -> Option<Self> {
        (self.unit_micros % 4 == 0).then(|| Self::with_unit(self.unit_micros / 4))
    }

    /// What the store has to know.
    pub(crate) fn spans(&self) -> &[TileSpan] {
        &self.spans
    }

    /// The span of a tile of a level that there is.
    pub(crate) fn span(&self, level: u8) -> TileSpan {
        let found = self.spans.iter().find(|span| span.level == level);
        found.copied().unwrap_or(self.spans[0])
    }

    /// The coarsest level.
    pub(crate) fn top(&self) -> u8 {
        self.spans.last().map_or(SAMPLES, |span| span.level)
    }

    /// The width of a bucket of a level.
    pub(crate) fn bucket_micros(&self, level: u8) -> i64 {
        self.span(level).span_micros / i64::from(BUCKETS)
    }

    /// The next finer level.
    pub(crate) fn below(level: u8) -> u8 {
        if level <= FINEST { SAMPLES } else { level - 1 }
    }

    /// The level whose buckets make up columns on buckets of this width.
    pub(crate) fn level_for(&self, bucket_micros: i64) -> u8 {
        let levels = self.spans.iter().skip(1).rev().map(|span| span.level);
        let fitting = levels.into_iter().find(|level| {
            let own = self.bucket_micros(*level);
            own <= bucket_micros && bucket_micros % own == 0
        });
        fitting.unwrap_or(SAMPLES)
    }

    /// The moment up to which tiles of samples may be derived when the newest frame is at `newest`.
    pub(crate) fn sealed(&self, newest: Timestamp) -> Timestamp {
        Timestamp::saturating_from_micros(self.spans[0].start_of(newest.as_micros()))
    }

    /// How to answer for a range from buckets of `level` and finer ones, where tiles end at or before `sealed_us`.
    pub(crate) fn plan(&self, level: u8, range: TimeRange, sealed_us: i64) -> Plan {
        let mut plan = Plan::default();
        self.cover(
            &mut plan,
            level,
            (range.start().as_micros(), range.end().as_micros()),
            sealed_us,
        );
        plan
    }

    fn cover(&self, plan: &mut Plan, level: u8, (from_us, to_us): (i64, i64), sealed_us: i64) {
        if to_us <= from_us {
            return;
        }
        let span = self.span(level);
        let below = Self::below(level);
        // Samples need not be whole buckets.
        let width = if level == SAMPLES { 1 } else { self.bucket_micros(level) };
        let inner_from_us = (from_us + width - 1).div_euclid(width) * width;
        let inner_to_us = to_us.div_euclid(width) * width;
        if inner_to_us <= inner_from_us {
            return self.cover(plan, below, (from_us, to_us), sealed_us);
        }
        self.cover(plan, below, (from_us, inner_from_us), sealed_us);
        let mut at_us = inner_from_us;
        while at_us < inner_to_us {
            let start_us = span.start_of(at_us);
            let end_us = start_us + span.span_micros;
            if sealed_us < end_us {
                break;
            }
            let until_us = end_us.min(inner_to_us);
            plan.steps.push(Step {
                level,
                start_us,
                from_us: at_us,
                to_us: until_us,
            });
            at_us = until_us;
        }
        if level == SAMPLES {
            if at_us < to_us {
                plan.tail = Some((plan.tail.map_or(at_us, |(from_us, _)| from_us), to_us));
            }
        } else {
            self.cover(plan, below, (at_us, to_us), sealed_us);
        }
    }
}

fn is_power_of_four(number: i64) -> bool {
    0 < number && number.count_ones() == 1 && number.trailing_zeros().is_multiple_of(2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn range(start: i64, end: i64) -> TimeRange {
        let at = |micros| Timestamp::from_micros(micros).unwrap();
        TimeRange::new(at(start), at(end)).unwrap()
    }

    #[test]
    fn a_unit_holds_about_one_frame_whatever_was_said_about_the_interval() {
        let unit = |base: i64, frame: i64| Grid::new(base, frame).unit_micros;
        assert_eq!(unit(60_000_000, 60_000_000), 60_000_000);
        assert_eq!(unit(1_000_000, 60_000_000), 64_000_000);
        assert_eq!(unit(60_000_000, 1_000_000), 937_500);
        assert_eq!(unit(1_000_000, 999), 15_625);
        assert_eq!(unit(3, i64::MAX), Grid::new(3, i64::MAX / 7).unit_micros);
        assert_eq!(unit(i64::MAX, 1), i64::MAX);
    }

    #[test]
    fn a_year_at_one_hertz_in_1200_columns_takes_few_tiles() {
        let year = range(1_700_000_000_000_000, 1_731_536_000_000_000);
        let columns = crate::query::columns::Columns::cut(year, 1200, 1_000_000);
        let grid = Grid::new(1_000_000, 1_000_000);
        let level = grid.level_for(columns.bucket_micros());
        assert_eq!((level, grid.bucket_micros(level)), (6, 4_096_000_000));
        let plan = grid.plan(level, year, year.end().as_micros());
        assert_eq!(plan.steps.iter().filter(|step| step.level == level).count(), 30);
        assert!(plan.steps.len() < 60, "{}", plan.steps.len());
    }

    #[test]
    fn a_kept_grid_is_taken_as_long_as_it_fits_to_the_interval() {
        let grid = Grid::new(1_000_000, 60_000_000);
        let state = TileState::new(grid.spans(), Timestamp::EPOCH);
        assert_eq!(Grid::of_state(&state, 1_000_000), Some(grid.clone()));
        assert_eq!(Grid::of_state(&state, 256_000_000), Some(grid));
        assert_eq!(Grid::of_state(&state, 60_000_000), None);
        assert_eq!(Grid::of_state(&state, 2_000_000), None);
    }

    proptest! {
        #[test]
        fn a_plan_covers_each_moment_once_and_nothing_unsealed_by_tiles(
            unit in 1_i64..5, level in prop::sample::select(vec![0_u8, 2, 3, 4]),
            start in -200_000_i64..200_000, length in prop_oneof![1_i64..3000, 1_i64..400_000], sealed in -200_000_i64..400_000
        ) {
            let grid = Grid::with_unit(unit);
            let plan = grid.plan(level, range(start, start + length), sealed);
            let mut at = start;
            for step in &plan.steps {
                let span = grid.span(step.level).span_micros;
                let width = if step.level == SAMPLES { 1 } else { grid.bucket_micros(step.level) };
                prop_assert_eq!(step.from_us, at);
                prop_assert!(step.from_us < step.to_us && step.level <= level);
                prop_assert_eq!((step.start_us.rem_euclid(span), step.from_us.rem_euclid(width), step.to_us.rem_euclid(width)), (0, 0, 0));
                prop_assert!(step.start_us <= step.from_us && step.to_us <= step.start_us + span && step.start_us + span <= sealed);
                at = step.to_us;
            }
            if let Some((from, to)) = plan.tail {
                prop_assert_eq!(from, at);
                prop_assert!(sealed < grid.spans[0].start_of(from) + grid.spans[0].span_micros);
                at = to;
            }
            prop_assert_eq!(at, start + length);
        }
    }
}
