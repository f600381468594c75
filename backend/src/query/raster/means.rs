//! A density that counts means: of each channel and column one, as soon as the channel is in a later column.

use shared::value::Value;

use super::cells::{Run, Sink};
use super::columns::Overview;
use super::density::Counts;
use crate::pyramid::summary::Sum;
use crate::pyramid::tile::{Bucket, Part};

/// How many means are counted at once.
const AT_ONCE: usize = 256;

/// Counts means of single channels in single columns. What comes of a channel comes by rising time, so that of each one
/// column is open at a time, and nothing else of millions of cells is in memory.
pub(super) struct Means {
    counts: Counts,
    /// By channel.
    open: Vec<Open>,
    /// The extremes of all samples.
    min: f64,
    max: f64,
    /// Means that wait to be counted: their columns, and what they are.
    columns: Vec<u32>,
    values: Vec<f64>,
}

/// What is known of a channel in the column where it is.
#[derive(Clone, Copy, Debug)]
struct Open {
    column: usize,
    /// Of the finite samples.
    sum: Sum,
    /// How many they are.
    count: u64,
    /// Whether there are samples, finite or not.
    holds: bool,
}

impl Open {
    fn at(column: usize) -> Self {
        Self {
            column,
            sum: Sum::new(0.0),
            count: 0,
            holds: false,
        }
    }

    fn add(&mut self, sum: Sum, count: u64) {
        self.sum = self.sum.plus(sum);
        self.count += count;
        self.holds = true;
    }
}

impl Means {
    pub(super) fn new(counts: Counts, n_channels: u32, overview: &Overview) -> Self {
        let (min, max) = overview.extremes.unwrap_or((f64::MIN, f64::MAX));
        Self {
            counts,
            open: vec![Open::at(0); n_channels as usize],
            min,
            max,
            columns: Vec::with_capacity(AT_ONCE),
            values: Vec::with_capacity(AT_ONCE),
        }
    }

    /// All that was counted.
    pub(super) fn finish(mut self) -> Counts {
        for channel in 0..self.open.len() {
            self.close(channel);
        }
        self.count_waiting();
        self.counts
    }

    /// The channel in this column; `None` for a channel that came into being since.
    #[inline]
    fn open(&mut self, column: usize, channel: u32) -> Option<&mut Open> {
        let channel = channel as usize;
        if self.open.get(channel)?.column != column {
            self.close(channel);
            *self.open.get_mut(channel)? = Open::at(column);
        }
        self.open.get_mut(channel)
    }

    fn close(&mut self, channel: usize) {
        if let Some(open) = self.open.get(channel).copied().filter(|open| open.holds) {
            self.count(open.column, (open.count != 0).then(|| open.sum.mean(open.count)));
        }
    }

    #[inline]
    fn count(&mut self, column: usize, mean: Option<f64>) {
        let (Some(mean), Ok(number)) = (mean, u32::try_from(column)) else {
            self.counts.add(column, None);
            return;
        };
        self.columns.push(number);
        // Rounding must not put a mean beyond the extremes of its samples.
        self.values.push(mean.clamp(self.min, self.max));
        if self.values.len() == AT_ONCE {
            self.count_waiting();
        }
    }

    fn count_waiting(&mut self) {
        self.counts.add_all(&self.columns, &self.values);
        self.columns.clear();
        self.values.clear();
    }
}

impl Sink for Means {
    #[inline]
    fn sample(&mut self, column: usize, channel: u32, value: Value) {
        let Some(open) = self.open(column, channel) else { return };
        match value.finite() {
            Some(value) => open.add(Sum::new(value), 1),
            None => open.holds = true,
        }
    }

    fn narrow(&mut self, channel: u32, values: &[u32], runs: &[Run]) -> bool {
        let mut rest = values;
        for (column, n_values) in runs {
            let (in_run, later) = rest.split_at(rest.len().min(*n_values));
            rest = later;
            let Some(column) = column else { continue };
            let Some(open) = self.open(*column, channel) else { break };
            if open.sum.scaled {
                for bits in in_run {
                    self.sample(*column, channel, Value::from_narrow_bits(*bits));
                }
                continue;
            }
            // So few and so small ones do not overflow, and zero added to a sum that began with zero changes nothing.
            let (mut sum, mut count) = (open.sum.value, 0);
            for bits in in_run {
                let value = f64::from(f32::from_bits(*bits));
                let is_finite = value.abs() < f64::INFINITY;
                sum += if is_finite { value } else { 0.0 };
                count += u64::from(is_finite);
            }
            open.sum.value = sum;
            open.count += count;
            open.holds |= !in_run.is_empty();
        }
        true
    }

    fn bucket(&mut self, column: usize, channel: u32, bucket: &Bucket) {
        let Some(open) = self.open(column, channel) else { return };
        match &bucket.summary {
            Some(summary) => open.add(summary.sum, summary.count),
            None => open.holds = true,
        }
    }

    fn part(&self) -> Part {
        Part::Sum
    }

    #[inline]
    fn number(&mut self, column: usize, channel: u32, count: u32, number: f64) {
        let Some(open) = self.open(column, channel) else { return };
        match count {
            0 => open.holds = true,
            count => open.add(Sum::new(number), u64::from(count)),
        }
    }
}
