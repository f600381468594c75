//! The cells of time x value: how many samples lie where.

use shared::query::raster::{Density, DensityOf};
use shared::value::Value;

use super::cells::{Run, Sink, runs};
use super::columns::Columns;
use crate::pyramid::summary::Sum;
use crate::pyramid::tile::{Bucket, Part};

/// Steps of value, all equally wide or, logarithmically, of equal ratios.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Bins {
    /// The lower end of the lowest.
    pub(super) min: f64,
    /// The upper end of the highest, not below `min`.
    pub(super) max: f64,
    /// How many.
    pub(super) count: u32,
    /// Whether they are equal ratios; then `min` is positive.
    pub(super) is_log: bool,
}

/// Where a value lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    Below,
    In(usize),
    Above,
}

impl Bins {
    /// Where a finite value lies. The upper end is in the last bin; where both ends are equal, their value is in the
    /// middle one.
    #[inline]
    pub(super) fn place(&self, value: f64) -> Place {
        let Self {
            min,
            max,
            count,
            is_log,
        } = *self;
        if value < min {
            return Place::Below;
        }
        if max < value {
            return Place::Above;
        }
        let count = f64::from(count);
        let span = max - min;
        // Multiplied first, so that a value on an edge is in the bin above it wherever that can be told.
        let steps = (value - min) * count;
        let position = if span <= 0.0 {
            count / 2.0
        } else if is_log {
            (value.ln() - min.ln()) / (max.ln() - min.ln()) * count
        } else if steps.is_finite() && span.is_finite() {
            steps / span
        } else {
            // Ends so far apart that their distance is no number.
            (value / 4.0 - min / 4.0) / (max / 4.0 - min / 4.0) * count
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and the number of bins, and the fraction does not matter"
        )]
        let bin = position as usize;
        Place::In(bin.min(self.count.saturating_sub(1) as usize))
    }
}

/// How many values lie in no bin.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Outside {
    pub(super) below: u64,
    pub(super) above: u64,
}

/// How many values are placed at once.
const AT_ONCE: usize = 256;

/// Bins that are found by one multiplication and one division, which never overflow: nearly all that there are. They are
/// found of many values at once, without a branch.
#[derive(Clone, Copy, Debug)]
struct Plain {
    min: f64,
    max: f64,
    span: f64,
    count: f64,
}

impl Plain {
    fn of(bins: &Bins) -> Option<Self> {
        let plain = Self {
            min: bins.min,
            max: bins.max,
            span: bins.max - bins.min,
            count: f64::from(bins.count),
        };
        (!bins.is_log && 0.0 < plain.span && (plain.span * plain.count).is_finite()).then_some(plain)
    }

    /// The slot of a value of any kind: where [`Bins::place`] places it.
    #[inline]
    fn slot(&self, value: f64) -> u32 {
        let last = self.count - 1.0;
        let position = (value - self.min) * self.count / self.span;
        let slot = if position < last { position } else { last };
        let slot = if value < self.min { self.count } else { slot };
        let slot = if self.max < value { self.count + 1.0 } else { slot };
        let slot = if value.abs() < f64::INFINITY {
            slot
        } else {
            self.count + 2.0
        };
        #[expect(
            clippy::cast_possible_truncation,
            reason = "between 0 and the number of slots, and the fraction does not matter"
        )]
        let slot = slot as i32;
        slot.cast_unsigned()
    }
}

/// Slots of a column behind its bins: values below them, values above them, and samples that are not finite.
const MORE_SLOTS: usize = 3;

/// Bins x columns of counts.
pub(super) struct Counts {
    bins: Option<Bins>,
    plain: Option<Plain>,
    n_bins: usize,
    n_columns: usize,
    /// Column by column its slots: what comes one after the other lies in few columns.
    by_column: Vec<u32>,
}

impl Counts {
    /// Without bins where there is no finite sample that could lie in one.
    pub(super) fn new(bins: Option<Bins>, n_bins: u32, n_columns: usize) -> Self {
        let n_bins = n_bins as usize;
        Self {
            bins,
            plain: bins.as_ref().and_then(Plain::of),
            n_bins,
            n_columns,
            by_column: vec![0; (n_bins + MORE_SLOTS) * n_columns],
        }
    }

    /// Counts a finite value, or notes that there is a sample without one.
    #[inline]
    pub(super) fn add(&mut self, column: usize, value: Option<f64>) {
        let n_bins = self.n_bins;
        let slot = match value.map(|value| self.bins.map(|bins| bins.place(value))) {
            Some(Some(Place::In(bin))) => bin,
            Some(Some(Place::Below)) => n_bins,
            // The first sample may come while the question is answered; there is no bin for it yet.
            Some(Some(Place::Above) | None) => n_bins + 1,
            None => n_bins + 2,
        };
        let slots = self.slots_mut(column);
        slots[slot] += 1;
        limit_not_finite(slots);
    }

    /// Counts many finite values, each in its column.
    pub(super) fn add_all(&mut self, columns: &[u32], values: &[f64]) {
        let Some(plain) = self.plain else {
            for (column, value) in columns.iter().zip(values) {
                self.add(*column as usize, Some(*value));
            }
            return;
        };
        let mut slots = [0; AT_ONCE];
        for (columns, values) in columns.chunks(AT_ONCE).zip(values.chunks(AT_ONCE)) {
            for (slot, value) in slots.iter_mut().zip(values) {
                *slot = plain.slot(*value);
            }
            let n_slots = self.n_bins + MORE_SLOTS;
            for (column, slot) in columns.iter().zip(&slots) {
                self.by_column[*column as usize * n_slots + *slot as usize] += 1;
            }
        }
    }

    fn slots(&self, column: usize) -> &[u32] {
        let n_slots = self.n_bins + MORE_SLOTS;
        &self.by_column[column * n_slots..(column + 1) * n_slots]
    }

    #[inline]
    fn slots_mut(&mut self, column: usize) -> &mut [u32] {
        let n_slots = self.n_bins + MORE_SLOTS;
        &mut self.by_column[column * n_slots..(column + 1) * n_slots]
    }

    /// How many values of each column lie in no bin.
    pub(super) fn outside(&self) -> impl Iterator<Item = Outside> + '_ {
        (0..self.n_columns).map(|column| {
            let slots = self.slots(column);
            Outside {
                below: u64::from(slots[self.n_bins]),
                above: u64::from(slots[self.n_bins + 1]),
            }
        })
    }

    /// Whether a column holds samples, but none that is finite.
    fn is_blank(&self, column: usize) -> bool {
        let slots = self.slots(column);
        slots
            .split_last()
            .is_some_and(|(not_finite, finite)| *not_finite != 0 && finite.iter().all(|count| *count == 0))
    }

    /// The answer of counts in the same bins, whose columns lie beside each other and are these.
    pub(super) fn finish(parts: &[Self], columns: Columns, of: DensityOf, ends: (Option<f64>, Option<f64>)) -> Density {
        let n_bins = parts.first().map_or(0, |part| part.n_bins);
        let n_columns = columns.len();
        let mut counts = vec![0; n_bins * n_columns];
        let mut first = 0;
        for part in parts {
            // Some columns at once, so that what is read and what is written is near.
            for from in (0..part.n_columns).step_by(COLUMNS_AT_ONCE) {
                let until = part.n_columns.min(from + COLUMNS_AT_ONCE);
                let slots: Vec<&[u32]> = (from..until).map(|column| part.slots(column)).collect();
                for (bin, row) in counts.chunks_exact_mut(n_columns.max(1)).enumerate() {
                    for (count, slots) in row[first + from..].iter_mut().zip(&slots) {
                        *count = slots[bin];
                    }
                }
            }
            first += part.n_columns;
        }
        let is_blank: Vec<bool> = parts
            .iter()
            .flat_map(|part| (0..part.n_columns).map(|column| part.is_blank(column)))
            .collect();
        let outside = || parts.iter().flat_map(Self::outside);
        Density {
            bucket_us: columns.bucket_us(),
            start_us: columns.start_us,
            end_us: columns.end_us,
            value_min: ends.0,
            value_max: ends.1,
            below: outside().map(|outside| outside.below).sum(),
            above: outside().map(|outside| outside.above).sum(),
            of,
            blanks: runs(is_blank.len(), |column| is_blank[column]).collect(),
            counts,
        }
    }
}

/// How many columns are turned into rows at once.
const COLUMNS_AT_ONCE: usize = 16;

/// Of samples that are not finite it is enough to know that there are some; nothing else bounds how many there are.
#[inline]
fn limit_not_finite(slots: &mut [u32]) {
    if let Some(not_finite) = slots.last_mut() {
        *not_finite = (*not_finite).min(1);
    }
}

impl Sink for Counts {
    #[inline]
    fn sample(&mut self, column: usize, _channel: u32, value: Value) {
        self.add(column, value.finite());
    }

    fn narrow(&mut self, _channel: u32, values: &[u32], runs: &[Run]) -> bool {
        let Some(plain) = self.plain else { return false };
        let mut slots = [0; AT_ONCE];
        let mut placed: &[u32] = &[];
        let mut rest = values;
        for (column, n_values) in runs {
            let mut n_left = *n_values;
            while 0 < n_left {
                if placed.is_empty() {
                    let (values, later) = rest.split_at(rest.len().min(AT_ONCE));
                    if values.is_empty() {
                        break;
                    }
                    for (slot, bits) in slots.iter_mut().zip(values) {
                        *slot = plain.slot(f64::from(f32::from_bits(*bits)));
                    }
                    (placed, rest) = (&slots[..values.len()], later);
                }
                let (in_run, later) = placed.split_at(placed.len().min(n_left));
                (placed, n_left) = (later, n_left - in_run.len());
                let Some(column) = column else { continue };
                let counts = self.slots_mut(*column);
                for slot in in_run {
                    counts[*slot as usize] += 1;
                }
                limit_not_finite(counts);
            }
        }
        true
    }

    /// A bucket counts once, by its mean.
    fn bucket(&mut self, column: usize, _channel: u32, bucket: &Bucket) {
        self.add(column, bucket.summary.map(|summary| summary.mean()));
    }

    fn part(&self) -> Part {
        Part::Sum
    }

    fn number(&mut self, column: usize, _channel: u32, count: u32, sum: f64) {
        self.add(column, (count != 0).then(|| Sum::new(sum).mean(u64::from(count))));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place(min: f64, max: f64, count: u32, value: f64) -> Place {
        let is_log = false;
        Bins {
            min,
            max,
            count,
            is_log,
        }
        .place(value)
    }

    #[test]
    fn edges_belong_to_the_bin_above_them_and_the_last_to_the_bin_below() {
        let places = [-0.1, 0.0, 0.9, 1.0, 3.9, 4.0, 4.1].map(|value| place(0.0, 4.0, 4, value));
        let expected = [
            Place::Below,
            Place::In(0),
            Place::In(0),
            Place::In(1),
            Place::In(3),
            Place::In(3),
            Place::Above,
        ];
        assert_eq!(places, expected);
        // 1/49 x 49 is less than 1 where the division comes first.
        assert_eq!(place(0.0, 49.0, 49, 1.0), Place::In(1));
    }

    #[test]
    fn equal_values_are_in_the_middle_bin() {
        assert_eq!(place(3.0, 3.0, 7, 3.0), Place::In(3));
        assert_eq!(place(0.0, -0.0, 1, 0.0), Place::In(0));
        assert_eq!(place(3.0, 3.0, 7, 2.0), Place::Below);
    }

    #[test]
    fn the_ends_of_the_numbers_and_the_smallest_steps_have_bins() {
        let all = (f64::MIN, f64::MAX);
        let places = [f64::MIN, 0.0, f64::MAX].map(|value| place(all.0, all.1, 10, value));
        assert_eq!(places, [Place::In(0), Place::In(5), Place::In(9)]);
        let tiny = f64::from_bits(1);
        assert_eq!(place(0.0, tiny, 4, 0.0), Place::In(0));
        assert_eq!(place(0.0, tiny, 4, tiny), Place::In(3));
    }

    #[test]
    fn equal_ratios_have_a_bin_each() {
        let bins = Bins {
            min: 1.0,
            max: 1e4,
            count: 4,
            is_log: true,
        };
        let places = [0.0, 0.9, 1.0, 9.0, 11.0, 900.0, 1e4, 1.1e4].map(|value| bins.place(value));
        let expected = [
            Place::Below,
            Place::Below,
            Place::In(0),
            Place::In(0),
            Place::In(1),
            Place::In(2),
            Place::In(3),
            Place::Above,
        ];
        assert_eq!(places, expected);
    }

    /// Any ends and any value, and such as lie on an edge or beside it.
    fn any_places() -> impl Strategy<Value = (Bins, f64)> {
        let ends = prop_oneof![
            (-40_i32..40, 1_i32..60).prop_map(|(min, length)| (f64::from(min) / 4.0, f64::from(min + length) / 4.0)),
            (-1e9_f64..1e9, 0.0_f64..1e9).prop_map(|(min, length)| (min, min + length)),
            (any::<f64>(), any::<f64>()).prop_map(|(one, other)| (one.min(other), one.max(other))),
        ];
        (ends, 1_u32..5000, any::<u32>(), any::<f64>(), -2_i32..3, any::<bool>())
            .prop_filter("ends are finite", |((min, max), ..)| min.is_finite() && max.is_finite())
            .prop_map(|((min, max), count, edge, any, beside, is_any)| {
                let edge = min + (max - min) * f64::from(edge % (count + 1)) / f64::from(count);
                let mut value = if is_any { any } else { edge };
                for _ in 0..beside.abs() {
                    value = if beside < 0 { value.next_down() } else { value.next_up() };
                }
                let is_log = false;
                (
                    Bins {
                        min,
                        max,
                        count,
                        is_log,
                    },
                    value,
                )
            })
    }

    proptest! {
        #[test]
        fn plain_bins_place_every_value_as_all_bins_do((bins, value) in any_places()) {
            let Some(plain) = Plain::of(&bins) else { return Ok(()) };
            #[expect(clippy::cast_possible_truncation, reason = "as a sample of four bytes")]
            let narrow = f64::from(value as f32);
            for value in [value, narrow, bins.min, bins.max, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                let expected = match Value::number(value).finite().map(|value| bins.place(value)) {
                    Some(Place::In(bin)) => bin,
                    Some(Place::Below) => bins.count as usize,
                    Some(Place::Above) => bins.count as usize + 1,
                    None => bins.count as usize + 2,
                };
                prop_assert_eq!(plain.slot(value) as usize, expected);
            }
        }

        #[test]
        fn a_value_lies_between_the_edges_of_its_bin(
            mut ends in prop::array::uniform3(-1e9_f64..1e9), count in 1_u32..5000,
        ) {
            ends.sort_by(f64::total_cmp);
            let [min, value, max] = ends;
            prop_assume!(min < max);
            let Place::In(bin) = place(min, max, count, value) else {
                return Err(TestCaseError::fail("it lies between the ends"));
            };
            prop_assert!(bin < count as usize);
            let edge = |bin: usize| min + (max - min) * bin as f64 / f64::from(count);
            let slack = (max - min) * 1e-9;
            prop_assert!(edge(bin) - slack <= value && value <= edge(bin + 1) + slack);
        }
    }
}
