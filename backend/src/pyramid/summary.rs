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

    /// The mean of so many numbers of this sum: finite.
    pub fn mean(self, count: u64) -> f64 {
        self.divided_by(count).clamp(f64::MIN, f64::MAX)
    }

    fn scaled_down(self) -> f64 {
        if self.scaled { self.value } else { self.value * DOWN }
    }

    fn divided_by(self, count: u64) -> f64 {
        let mean = self.value / count as f64;
        if self.scaled { mean * UP } else { mean }
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
    use super::*;

    #[test]
    fn the_mean_of_huge_numbers_is_finite() {
        let mut summary = Summary::new(0, 0, f64::MAX);
        for value in [f64::MAX, f64::MAX, f64::MAX / 2.0] {
            summary.add_later(&Summary::new(0, 0, value));
        }
        assert_eq!(summary.mean().to_bits(), (f64::MAX * 0.875).to_bits());
    }

    #[test]
    fn of_equal_extremes_the_first_stays() {
        let mut summary = Summary::new(1, 7, 0.0);
        for (time_us, channel, value) in [(1, 8, -0.0), (2, 0, 3.0), (3, 1, 3.0), (4, 2, 0.0)] {
            summary.add_later(&Summary::new(time_us, channel, value));
        }
        assert_eq!((summary.min.time_us, summary.min.channel), (1, 7));
        assert_eq!((summary.max.time_us, summary.max.channel), (2, 0));
    }
}
