//! Sorting and medians in few instructions: the standard library's are compiled anew for each type, four kilobytes each,
//! which the page has to load.

use std::cmp::Ordering;

/// The positions 0 to `n` in order; equal ones stay as they are.
pub fn positions(n: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    sort_positions(&mut order, compare);
    order
}

/// Sorts positions by what they stand for; equal ones stay in their order.
pub fn sort_positions(order: &mut Vec<usize>, compare: &mut dyn FnMut(usize, usize) -> Ordering) {
    // Runs of sorted positions are joined by twos, each time twice as long.
    let n = order.len();
    let mut length = 1;
    while length < n {
        let mut joined = Vec::with_capacity(n);
        for runs in order.chunks(2 * length) {
            let (mut left, mut right) = runs.split_at(length.min(runs.len()));
            while let ([one, left_rest @ ..], [other, right_rest @ ..]) = (left, right) {
                if compare(*other, *one).is_lt() {
                    joined.push(*other);
                    right = right_rest;
                } else {
                    joined.push(*one);
                    left = left_rest;
                }
            }
            joined.extend_from_slice(left);
            joined.extend_from_slice(right);
        }
        *order = joined;
        length *= 2;
    }
}

/// Sorts values; equal ones stay in their order.
pub fn sort_by<T: Clone>(values: &mut Vec<T>, mut compare: impl FnMut(&T, &T) -> Ordering) {
    let order = positions(values.len(), &mut |one, other| compare(&values[one], &values[other]));
    *values = order.into_iter().map(|position| values[position].clone()).collect();
}

/// The value that as many are below as above, the upper one of two; `None` of none. Changes their order.
pub fn median(values: &mut [i64]) -> Option<i64> {
    let middle = values.len() / 2;
    let mut rest = values;
    let mut wanted = middle;
    while rest.len() > 1 {
        let pivot = rest[(rest.len() - 1) / 2];
        let (mut low, mut high) = (0, rest.len() - 1);
        loop {
            while rest[low] < pivot {
                low += 1;
            }
            while rest[high] > pivot {
                high -= 1;
            }
            if low >= high {
                break;
            }
            rest.swap(low, high);
            low += 1;
            high -= 1;
        }
        // Below `split` nothing is above the pivot, from there on nothing below it.
        let split = high + 1;
        if wanted < split {
            rest = &mut rest[..split];
        } else {
            wanted -= split;
            rest = &mut rest[split..];
        }
    }
    rest.get(wanted).copied()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn values_are_sorted_and_equal_ones_stay(values in proptest::collection::vec((0_u8..20, any::<u16>()), 0..200)) {
            let mut expected = values.clone();
            expected.sort_by_key(|value| value.0);
            let mut sorted = values;
            sort_by(&mut sorted, |one, other| one.0.cmp(&other.0));
            prop_assert_eq!(sorted, expected);
        }

        #[test]
        fn the_median_is_that_of_the_sorted_values(values in proptest::collection::vec(-9_i64..9, 0..100)) {
            let mut expected = values.clone();
            expected.sort_unstable();
            let mut values = values;
            prop_assert_eq!(median(&mut values), expected.get(expected.len() / 2).copied());
        }
    }
}
