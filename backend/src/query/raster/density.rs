//! The cells of time x value: how many samples lie where.

use shared::query::raster::{Density, DensityOf};
use shared::value::Value;

use super::cells::{Sink, runs};
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

/// Bins x columns of counts.
pub(super) struct Counts {
    bins: Option<Bins>,
    n_columns: usize,
    /// Bin by bin.
    by_bin: Vec<u32>,
    /// How many values of each column lie below and above the bins.
    outside: Vec<Outside>,
    /// Which columns hold a sample that is not finite.
    not_finite: Vec<bool>,
}

impl Counts {
    /// Without bins where there is no finite sample that could lie in one.
    pub(super) fn new(bins: Option<Bins>, n_bins: u32, n_columns: usize) -> Self {
        Self {
            bins,
            n_columns,
            by_bin: vec![0; n_bins as usize * n_columns],
            outside: vec![Outside::default(); n_columns],
            not_finite: vec![false; n_columns],
        }
    }

    /// Counts a finite value, or notes that there is a sample without one.
    #[inline]
    pub(super) fn add(&mut self, column: usize, value: Option<f64>) {
        let Some(value) = value else {
            self.not_finite[column] = true;
            return;
        };
        match self.bins.map(|bins| bins.place(value)) {
            Some(Place::In(bin)) => self.by_bin[bin * self.n_columns + column] += 1,
            Some(Place::Below) => self.outside[column].below += 1,
            // The first sample may come while the question is answered; there is no bin for it yet.
            Some(Place::Above) | None => self.outside[column].above += 1,
        }
    }

    /// Those of columns beside each other, of the same bins.
    pub(super) fn joined(mut parts: Vec<Self>) -> Self {
        if parts.len() == 1
            && let Some(only) = parts.pop()
        {
            return only;
        }
        let bins = parts.first().and_then(|part| part.bins);
        let n_columns = parts.iter().map(|part| part.n_columns).sum();
        let n_bins = parts
            .iter()
            .filter_map(|part| part.by_bin.len().checked_div(part.n_columns))
            .max();
        let mut by_bin = Vec::with_capacity(n_columns * n_bins.unwrap_or(0));
        for bin in 0..n_bins.unwrap_or(0) {
            for part in &parts {
                by_bin.extend_from_slice(&part.by_bin[bin * part.n_columns..(bin + 1) * part.n_columns]);
            }
        }
        Self {
            bins,
            n_columns,
            by_bin,
            outside: parts.iter().flat_map(|part| part.outside.iter().copied()).collect(),
            not_finite: parts.iter().flat_map(|part| part.not_finite.iter().copied()).collect(),
        }
    }

    /// How many values of each column lie in no bin.
    pub(super) fn outside(&self) -> &[Outside] {
        &self.outside
    }

    pub(super) fn finish(self, columns: Columns, of: DensityOf, ends: (Option<f64>, Option<f64>)) -> Density {
        let n_bins = self.by_bin.len().checked_div(self.n_columns).unwrap_or(0);
        let bin = |bin: usize| &self.by_bin[bin * self.n_columns..(bin + 1) * self.n_columns];
        let mut is_blank = self.not_finite.clone();
        for (column, is_blank) in is_blank.iter_mut().enumerate() {
            *is_blank &=
                self.outside[column] == Outside::default() && (0..n_bins).all(|number| bin(number)[column] == 0);
        }
        Density {
            bucket_us: columns.bucket_us(),
            start_us: columns.start_us,
            end_us: columns.end_us,
            value_min: ends.0,
            value_max: ends.1,
            below: self.outside.iter().map(|outside| outside.below).sum(),
            above: self.outside.iter().map(|outside| outside.above).sum(),
            of,
            blanks: runs(self.n_columns, |column| is_blank[column]).collect(),
            counts: self.by_bin,
        }
    }
}

impl Sink for Counts {
    #[inline]
    fn sample(&mut self, column: usize, _channel: u32, value: Value) {
        self.add(column, value.finite());
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

    proptest! {
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
