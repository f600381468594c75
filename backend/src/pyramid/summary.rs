//! What is known of some finite samples: count, sum, extremes with time and channel, first and last.

/// What is known of at least one finite sample.
///
/// Samples are added by rising time, and within a time by rising channel. Of equal extremes the first in that order
/// stays; -0 and +0 are equal.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Summary {
    /// How many.
    pub count: u64,
    /// Their sum.
    pub sum: Sum,
    /// The first of them; zero and without meaning in a band.
    pub first: f64,
    /// The last of them; zero and without meaning in a band.
    pub last: f64,
    /// The least.
    pub min: Extreme,
    /// The greatest.
    pub max: Extreme,
}

/// A least or greatest value, where and when it was first.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Extreme {
    /// The value.
    pub value: f64,
    /// When, in microseconds since the epoch.
    pub time_us: i64,
    /// Where.
    pub channel: u32,
}

/// A sum of finite numbers that does not overflow: as soon as it would, it goes on scaled down by 2^64.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Sum {
    /// The sum, or the sum divided by 2^64; finite.
    pub value: f64,
    /// Which of the two.
    pub scaled: bool,
}

/// 2^-64 and 2^64: exact for all but the smallest of numbers, which do not matter beside one that overflows.
const DOWN: f64 = 1.0 / 18_446_744_073_709_551_616.0;
const UP: f64 = 18_446_744_073_709_551_616.0;

impl Sum {
    /// The sum of one number.
    pub const fn new(value: f64) -> Self {
        Self { value, scaled: false }
    }

    /// The sum of both.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let value = self.value + other.value;
        if !self.scaled && !other.scaled && value.is_finite() {
            return Self { value, scaled: false };
        }
        Self {
            value: self.scaled_down() + other.scaled_down(),
            scaled: true,
        }
    }

    fn scaled_down(self) -> f64 {
        if self.scaled { self.value } else { self.value * DOWN }
    }

    fn divided_by(self, count: u64) -> f64 {
        let mean = self.value / count as f64;
        if self.scaled { mean * UP } else { mean }
    }
}

impl Extreme {
    /// Whether it comes before another one of the same value.
    fn is_before(&self, other: &Self) -> bool {
        (self.time_us, self.channel) < (other.time_us, other.channel)
    }
}

impl Summary {
    /// The summary of one finite sample.
    pub fn new(time_us: i64, channel: u32, value: f64) -> Self {
        let extreme = Extreme {
            value,
            time_us,
            channel,
        };
        Self {
            count: 1,
            sum: Sum::new(value),
            first: value,
            last: value,
            min: extreme,
            max: extreme,
        }
    }

    /// Adds samples none of which is earlier than those before, or at the same time on a lower channel.
    pub fn add_later(&mut self, later: &Self) {
        self.count += later.count;
        self.sum = self.sum.plus(later.sum);
        self.last = later.last;
        // Strictly: of equal extremes the first stays.
        if later.min.value < self.min.value {
            self.min = later.min;
        }
        if self.max.value < later.max.value {
            self.max = later.max;
        }
    }

    /// Adds samples of other channels in the same span of time. First and last mean nothing after that.
    pub fn add_beside(&mut self, other: &Self) {
        let replaces = |theirs: &Extreme, ours: &Extreme| theirs.value == ours.value && theirs.is_before(ours);
        let (min, max) = (
            if replaces(&other.min, &self.min) {
                other.min
            } else {
                self.min
            },
            if replaces(&other.max, &self.max) {
                other.max
            } else {
                self.max
            },
        );
        self.add_later(other);
        // Where the values are equal the earlier one of the two stays.
        if min.value == self.min.value {
            self.min = min;
        }
        if max.value == self.max.value {
            self.max = max;
        }
    }

    /// The mean: finite, and never beyond the extremes.
    pub fn mean(&self) -> f64 {
        self.sum.divided_by(self.count).clamp(self.min.value, self.max.value)
    }
}

/// Adds a later summary to one that may be there.
pub(crate) fn add_later(summary: &mut Option<Summary>, later: Summary) {
    match summary {
        Some(summary) => summary.add_later(&later),
        None => *summary = Some(later),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_mean_of_huge_numbers_is_finite() {
        let mut summary = Summary::new(0, 0, f64::MAX);
        for value in [f64::MAX, f64::MAX, f64::MAX / 2.0] {
            summary.add_later(&Summary::new(0, 0, value));
        }
        assert_eq!(summary.mean(), f64::MAX * 0.875);
    }

    proptest! {
        #[test]
        fn channels_beside_each_other_are_as_all_in_order(
            samples in prop::collection::btree_map((0_i64..5, 0_u32..4), -2_i32..3, 1..20)
        ) {
            let mut in_order: Option<Summary> = None;
            for ((time_us, channel), value) in &samples {
                add_later(&mut in_order, Summary::new(*time_us, *channel, f64::from(*value)));
            }
            let mut beside: Option<Summary> = None;
            for channel in [2, 0, 3, 1] {
                let mut of_channel: Option<Summary> = None;
                for ((time_us, _), value) in samples.iter().filter(|((_, of), _)| *of == channel) {
                    add_later(&mut of_channel, Summary::new(*time_us, channel, f64::from(*value)));
                }
                match (&mut beside, of_channel) {
                    (Some(beside), Some(of_channel)) => beside.add_beside(&of_channel),
                    (beside, of_channel) => *beside = beside.or(of_channel),
                }
            }
            let (in_order, beside) = (in_order.unwrap(), beside.unwrap());
            prop_assert_eq!((in_order.count, in_order.min, in_order.max), (beside.count, beside.min, beside.max));
            prop_assert_eq!(in_order.mean(), beside.mean());
        }
    }
}
