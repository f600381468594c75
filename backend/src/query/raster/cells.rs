//! The cells of time x channel: one statistic of the finite samples of each.

use shared::query::raster::{BlankCells, CellValues, Raster, Statistic};
use shared::value::Value;

use super::columns::Columns;
use crate::pyramid::summary::{Sum, Summary};
use crate::pyramid::tile::{Bucket, Part};

/// Samples beside each other in one column, or in none: the column, and how many they are.
pub(super) type Run = (Option<usize>, usize);

/// What takes in all that is stored in a range. What comes of one channel comes by rising time.
pub(super) trait Sink: Send {
    /// A stored sample.
    fn sample(&mut self, column: usize, channel: u32, value: Value);

    /// Stored samples of one column and channel.
    #[inline]
    fn samples(&mut self, column: usize, channel: u32, values: impl Iterator<Item = Value>)
    where
        Self: Sized,
    {
        values.for_each(|value| self.sample(column, channel, value));
    }

    /// Stored samples, as [`Value::to_narrow_bits`] has them, run by run; `false` from those who want them one by one.
    fn narrow(&mut self, _channel: u32, _values: &[u32], _runs: &[Run]) -> bool {
        false
    }

    /// A bucket that lies in one column.
    fn bucket(&mut self, column: usize, channel: u32, bucket: &Bucket);

    /// What of a bucket it needs.
    fn part(&self) -> Part;

    /// That part of a bucket with so many finite samples; the number has no meaning where there is none.
    fn number(&mut self, column: usize, channel: u32, count: u32, number: f64);
}

/// Which channels make up which row: neighbors, the same number of them in each row or one more.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Rows {
    /// The row of each channel from `first_channel` on.
    row_of_channel: Vec<u32>,
    first_channel: u32,
    first: Vec<u32>,
    last: Vec<u32>,
}

impl Rows {
    /// All channels of a metric in at most so many rows.
    pub(super) fn fold(n_channels: u32, at_most: u32) -> Self {
        let n_rows = n_channels.min(at_most);
        let mut rows = Self::default();
        for row in 0..n_rows {
            let edge = |row: u32| u64::from(row) * u64::from(n_channels) / u64::from(n_rows);
            let edge = |row: u32| u32::try_from(edge(row)).unwrap_or(n_channels);
            let (first, end) = (edge(row), edge(row + 1));
            rows.first.push(first);
            rows.last.push(end - 1);
            rows.row_of_channel.resize(end as usize, row);
        }
        rows
    }

    /// A row for each of these channels.
    pub(super) fn each(channels: std::ops::Range<u32>) -> Self {
        Self {
            row_of_channel: (0..channels.end.saturating_sub(channels.start)).collect(),
            first_channel: channels.start,
            first: channels.clone().collect(),
            last: channels.collect(),
        }
    }

    fn len(&self) -> usize {
        self.first.len()
    }

    /// `None` for a channel that came into being since.
    fn of(&self, channel: u32) -> Option<usize> {
        let index = channel.checked_sub(self.first_channel)?;
        self.row_of_channel.get(index as usize).map(|row| *row as usize)
    }
}

/// How the samples of a cell become one number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fold {
    Mean,
    Min,
    Max,
    Last,
}

impl Fold {
    /// `None` for a density, which is none.
    pub(super) fn of(statistic: Statistic) -> Option<Self> {
        match statistic {
            Statistic::Mean => Some(Self::Mean),
            Statistic::Min => Some(Self::Min),
            Statistic::Max => Some(Self::Max),
            Statistic::Last => Some(Self::Last),
            Statistic::Density => None,
        }
    }
}

/// What is known of the finite samples of a cell, as far as its statistic needs it: millions of these are in memory at once.
#[derive(Clone, Copy, Debug)]
struct Cell {
    /// The sum, or the value that the statistic has taken.
    value: f64,
    /// How many samples; for the last one its channel, plus one. Zero as long as there is none. [`SCALED`] with it tells
    /// that the sum is scaled.
    weight: u64,
}

/// More samples than this there are not.
const SCALED: u64 = 1 << 63;

const NOTHING: Cell = Cell { value: 0.0, weight: 0 };

impl Cell {
    #[inline]
    fn add(&mut self, fold: Fold, channel: u32, value: f64) {
        match fold {
            Fold::Mean => self.add_sum(Sum::new(value), 1),
            Fold::Min if self.weight == 0 || value < self.value => self.take(value, 1),
            Fold::Max if self.weight == 0 || self.value < value => self.take(value, 1),
            Fold::Last if self.weight <= u64::from(channel) + 1 => self.take(value, u64::from(channel) + 1),
            Fold::Min | Fold::Max | Fold::Last => {}
        }
    }

    fn take(&mut self, value: f64, weight: u64) {
        (self.value, self.weight) = (value, weight);
    }

    #[inline]
    fn add_sum(&mut self, sum: Sum, count: u64) {
        let all = self.sum().plus(sum);
        let count = self.count() + count;
        (self.value, self.weight) = (all.value, if all.scaled { count | SCALED } else { count });
    }

    fn merge(&mut self, fold: Fold, channel: u32, summary: &Summary) {
        match fold {
            Fold::Mean => self.add_sum(summary.sum, summary.count),
            Fold::Min => self.add(fold, channel, summary.min.value),
            Fold::Max => self.add(fold, channel, summary.max.value),
            Fold::Last => self.add(fold, channel, summary.last),
        }
    }

    const fn sum(&self) -> Sum {
        Sum {
            value: self.value,
            scaled: SCALED <= self.weight,
        }
    }

    const fn count(&self) -> u64 {
        self.weight & !SCALED
    }

    fn value(&self, fold: Fold) -> Option<f64> {
        match (fold, self.weight) {
            (_, 0) => None,
            (Fold::Mean, _) => Some(self.sum().mean(self.count())),
            _ => Some(self.value),
        }
    }
}

/// Rows x columns of cells.
pub(super) struct Cells {
    fold: Fold,
    rows: Rows,
    n_columns: usize,
    /// Row by row.
    by_row: Vec<Cell>,
    /// Which cells hold a sample that is not finite.
    not_finite: Vec<bool>,
}

impl Cells {
    pub(super) fn new(fold: Fold, rows: Rows, n_columns: usize) -> Self {
        let n_cells = rows.len() * n_columns;
        Self {
            fold,
            rows,
            n_columns,
            by_row: vec![NOTHING; n_cells],
            not_finite: vec![false; n_cells],
        }
    }

    /// The answer of cells with the same rows, whose columns lie beside each other and are these.
    pub(super) fn finish(parts: Vec<Self>, columns: Columns) -> Raster {
        let rows = parts.first().map_or_else(Rows::default, |part| part.rows.clone());
        let mut values = Vec::with_capacity(rows.len() * columns.len());
        let mut blanks: Vec<BlankCells> = Vec::new();
        let mut is_blank = Vec::with_capacity(columns.len());
        for (number, row) in (0_u32..).zip(0..rows.len()) {
            is_blank.clear();
            for part in &parts {
                let (cells, not_finite) = part.row(row);
                values.extend(cells.iter().map(|cell| cell.value(part.fold).unwrap_or(f64::NAN)));
                let pairs = cells.iter().zip(not_finite);
                is_blank.extend(pairs.map(|(cell, not_finite)| *not_finite && cell.weight == 0));
            }
            let runs = runs(is_blank.len(), |column| is_blank[column]);
            blanks.extend(runs.map(|[first, last]| [number, first, last]));
        }
        // They take more memory than all that follows.
        drop(parts);
        Raster {
            bucket_us: columns.bucket_us(),
            start_us: columns.start_us,
            end_us: columns.end_us,
            row_first: rows.first,
            row_last: rows.last,
            cells: CellValues::narrowest(values),
            blanks,
        }
    }

    /// Gives the value of each cell that has one, and which cells have none but hold samples: column and value.
    pub(super) fn give(&self, mut sink: impl FnMut(usize, Option<f64>)) {
        for (cells, not_finite) in (0..self.rows.len()).map(|row| self.row(row)) {
            for (column, (cell, not_finite)) in cells.iter().zip(not_finite).enumerate() {
                let value = cell.value(self.fold);
                if value.is_some() || *not_finite {
                    sink(column, value);
                }
            }
        }
    }

    /// The cells of a row, and which of them hold a sample that is not finite.
    fn row(&self, row: usize) -> (&[Cell], &[bool]) {
        // Without columns there are no cells, but rows all the same.
        let range = row * self.n_columns..(row + 1) * self.n_columns;
        (&self.by_row[range.clone()], &self.not_finite[range])
    }
}

/// The runs of columns for which something is so: first and last of each.
pub(super) fn runs(n_columns: usize, is_so: impl Fn(usize) -> bool) -> impl Iterator<Item = [u32; 2]> {
    let mut runs: Vec<[u32; 2]> = Vec::new();
    for (number, column) in (0_u32..).zip(0..n_columns) {
        if is_so(column) {
            match runs.last_mut() {
                Some([_, last]) if *last + 1 == number => *last = number,
                _ => runs.push([number, number]),
            }
        }
    }
    runs.into_iter()
}

impl Sink for Cells {
    #[inline]
    fn sample(&mut self, column: usize, channel: u32, value: Value) {
        let Some(row) = self.rows.of(channel) else { return };
        let index = row * self.n_columns + column;
        match value.finite() {
            Some(value) => self.by_row[index].add(self.fold, channel, value),
            None => self.not_finite[index] = true,
        }
    }

    #[inline]
    fn samples(&mut self, column: usize, channel: u32, values: impl Iterator<Item = Value>) {
        let Some(row) = self.rows.of(channel) else { return };
        let index = row * self.n_columns + column;
        let (fold, mut cell) = (self.fold, self.by_row[index]);
        for value in values {
            match value.finite() {
                Some(value) => cell.add(fold, channel, value),
                None => self.not_finite[index] = true,
            }
        }
        self.by_row[index] = cell;
    }

    #[inline]
    fn bucket(&mut self, column: usize, channel: u32, bucket: &Bucket) {
        let Some(row) = self.rows.of(channel) else { return };
        let index = row * self.n_columns + column;
        match &bucket.summary {
            Some(summary) => self.by_row[index].merge(self.fold, channel, summary),
            None => self.not_finite[index] = true,
        }
    }

    fn part(&self) -> Part {
        match self.fold {
            Fold::Mean => Part::Sum,
            Fold::Min => Part::Min,
            Fold::Max => Part::Max,
            Fold::Last => Part::Last,
        }
    }

    #[inline]
    fn number(&mut self, column: usize, channel: u32, count: u32, number: f64) {
        let Some(row) = self.rows.of(channel) else { return };
        let index = row * self.n_columns + column;
        let cell = &mut self.by_row[index];
        match self.fold {
            _ if count == 0 => self.not_finite[index] = true,
            Fold::Mean => cell.add_sum(Sum::new(number), u64::from(count)),
            fold => cell.add(fold, channel, number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_hold_all_channels_once_and_differ_by_one_at_most() {
        for (n_channels, at_most) in [(1855, 400), (7, 3), (3, 7), (1, 1), (20_000, 16_384), (0, 5)] {
            let rows = Rows::fold(n_channels, at_most);
            assert_eq!(rows.len(), n_channels.min(at_most) as usize);
            let mut next = 0;
            let mut sizes = Vec::new();
            for (row, (first, last)) in rows.first.iter().zip(&rows.last).enumerate() {
                assert_eq!(*first, next);
                assert!((*first..=*last).all(|channel| rows.of(channel) == Some(row)));
                sizes.push(last - first);
                next = last + 1;
            }
            assert_eq!((next, rows.of(n_channels)), (n_channels, None));
            assert!(sizes.iter().max().unwrap_or(&0) - sizes.iter().min().unwrap_or(&0) <= 1);
        }
    }

    #[test]
    fn runs_are_the_longest_there_are() {
        let so = [true, false, true, true, true, false, false, true];
        let found: Vec<[u32; 2]> = runs(so.len(), |column| so[column]).collect();
        assert_eq!(found, [[0, 0], [2, 4], [7, 7]]);
    }
}
