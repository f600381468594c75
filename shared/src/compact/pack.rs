//! How long arrays are written in the compact form, so that they are short once compressed and quick to read.
//!
//! Numbers are written as planes of bytes: the lowest byte of each, then the next byte of each, up to the highest. Measured
//! values share sign, exponent and the first digits, so that the upper planes are almost nothing once compressed; number by
//! number the same bytes are told apart by nothing. Times are written as steps from one to the next.

use serde::{Serialize, Serializer};

/// Numbers as planes of bytes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Planes(Vec<u8>);

impl Serialize for Planes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl Planes {
    /// Of numbers of four bytes.
    pub(crate) fn of_u32s(numbers: impl ExactSizeIterator<Item = u32>) -> Self {
        Self::of(numbers.map(u32::to_le_bytes))
    }

    /// Of numbers of eight bytes.
    pub(crate) fn of_u64s(numbers: impl ExactSizeIterator<Item = u64>) -> Self {
        Self::of(numbers.map(u64::to_le_bytes))
    }

    /// Of numbers none of which is NaN, in four bytes each where every one of them is exact in so many, else in eight.
    pub(crate) fn of_f64s(numbers: &[f64]) -> Self {
        if numbers.iter().all(|number| is_narrow(*number)) {
            Self::of_u32s(numbers.iter().map(|number| narrow(*number).to_bits()))
        } else {
            Self::of_u64s(numbers.iter().map(|number| number.to_bits()))
        }
    }

    fn of<const WIDTH: usize>(numbers: impl ExactSizeIterator<Item = [u8; WIDTH]>) -> Self {
        let n = numbers.len();
        let mut bytes = vec![0; n * WIDTH];
        for (index, number) in numbers.enumerate() {
            for (plane, byte) in number.into_iter().enumerate() {
                bytes[plane * n + index] = byte;
            }
        }
        Self(bytes)
    }
}

/// Whether a number is exact in four bytes.
pub(crate) fn is_narrow(number: f64) -> bool {
    f64::from(narrow(number)).to_bits() == number.to_bits()
}

/// The number in four bytes.
#[expect(clippy::cast_possible_truncation, reason = "asked for where it is exact")]
pub(crate) fn narrow(number: f64) -> f32 {
    number as f32
}

/// So many numbers are put together, or looked at, in one call: a browser makes code quick while it is called again and
/// again, and not while it runs.
pub(crate) const AT_ONCE: usize = 4096;

/// The numbers of four bytes in these planes.
pub(crate) fn u32s(planes: &[u8]) -> Vec<u32> {
    let n = planes.len() / 4;
    let mut numbers = vec![0; n];
    for (part, numbers) in numbers.chunks_mut(AT_ONCE).enumerate() {
        put_together(numbers, planes, n, part * AT_ONCE);
    }
    numbers
}

/// Those from one of the `n` on.
#[inline(never)]
fn put_together(numbers: &mut [u32], planes: &[u8], n: usize, from: usize) {
    let plane = |plane: usize| planes.get(plane * n + from..).unwrap_or_default();
    let bytes = plane(0).iter().zip(plane(1)).zip(plane(2).iter().zip(plane(3)));
    for (number, ((first, second), (third, fourth))) in numbers.iter_mut().zip(bytes) {
        *number = u32::from_le_bytes([*first, *second, *third, *fourth]);
    }
}

/// The numbers of eight bytes in these planes.
pub(crate) fn u64s(planes: &[u8]) -> Vec<u64> {
    let (low, high) = planes.split_at(planes.len() / 8 * 4);
    let numbers = u32s(low).into_iter().zip(u32s(high));
    numbers
        .map(|(low, high)| u64::from(high) << 32 | u64::from(low))
        .collect()
}

/// So many numbers, each of four bytes or each of eight; `None` where these are not the planes of so many.
pub(crate) fn f64s(planes: &[u8], n: usize) -> Option<Vec<f64>> {
    if planes.len() == 4 * n {
        let numbers = u32s(planes).into_iter();
        Some(numbers.map(|bits| f64::from(f32::from_bits(bits))).collect())
    } else if planes.len() == 8 * n {
        Some(u64s(planes).into_iter().map(f64::from_bits).collect())
    } else {
        None
    }
}

/// The first number and then the steps from each to the next.
pub(crate) fn steps(numbers: impl Iterator<Item = i64>) -> Vec<i64> {
    let mut before = 0;
    let step = |number: i64| number.wrapping_sub(std::mem::replace(&mut before, number));
    numbers.map(step).collect()
}

/// The inverse of [`steps`].
pub(crate) fn numbers_of_steps(mut steps: Vec<i64>) -> Vec<i64> {
    let mut number = 0_i64;
    for step in &mut steps {
        number = number.wrapping_add(*step);
        *step = number;
    }
    steps
}

/// The steps from start to end to next start to next end: of columns side by side every other one is zero.
pub(crate) fn steps_of_spans(start: &[i64], end: &[i64]) -> Vec<i64> {
    steps(start.iter().zip(end).flat_map(|(start, end)| [*start, *end]))
}

/// The starts and the ends, as many of one as of the other.
pub(crate) fn spans_of_steps(steps: Vec<i64>) -> (Vec<i64>, Vec<i64>) {
    let numbers = numbers_of_steps(steps);
    let pairs = numbers.chunks_exact(2);
    pairs.map(|pair| (pair[0], pair[1])).unzip()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_narrow_where_all_of_them_are_exact_so() {
        let narrow = Planes::of_f64s(&[0.5, -0.0, f64::from(f32::MAX)]);
        assert_eq!(narrow.0.len(), 12);
        assert_eq!(Planes::of_f64s(&[0.5, 0.1]).0.len(), 16);
        assert_eq!(Planes::of_f64s(&[1e300]).0.len(), 8);
        assert_eq!(f64s(&narrow.0, 3).unwrap(), [0.5, -0.0, f64::from(f32::MAX)]);
        assert_eq!(f64s(&narrow.0, 2), None);
        assert_eq!(f64s(&[], 0), Some(Vec::new()));
    }

    #[test]
    fn columns_side_by_side_are_widths_and_zeros() {
        assert_eq!(
            steps_of_spans(&[100, 160, 300], &[160, 220, 360]),
            [100, 60, 0, 60, 80, 60]
        );
    }

    proptest! {
        #[test]
        fn what_was_packed_is_read_again(
            numbers in prop::collection::vec(any::<f64>().prop_filter("no NaN", |number| !number.is_nan()), 0..40),
            narrow in prop::collection::vec(any::<f32>().prop_filter("no NaN", |number| !number.is_nan()), 0..40),
            words in prop::collection::vec(any::<u64>(), 0..40),
            times in prop::collection::vec(any::<i64>(), 0..40),
        ) {
            prop_assert_eq!(f64s(&Planes::of_f64s(&numbers).0, numbers.len()), Some(numbers));
            let widened: Vec<f64> = narrow.iter().copied().map(f64::from).collect();
            let planes = Planes::of_f64s(&widened);
            prop_assert_eq!(planes.0.len(), 4 * narrow.len());
            prop_assert_eq!(f64s(&planes.0, narrow.len()), Some(widened));
            prop_assert_eq!(u64s(&Planes::of_u64s(words.iter().copied()).0), words);
            prop_assert_eq!(numbers_of_steps(steps(times.iter().copied())), times.clone());
            let ends: Vec<i64> = times.iter().rev().copied().collect();
            prop_assert_eq!(spans_of_steps(steps_of_spans(&times, &ends)), (times, ends));
        }
    }
}
