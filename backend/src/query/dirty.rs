//! A small set of ranges of time.

/// The most ranges of one set: more of them become one.
const MAX_RANGES: usize = 8;

/// Ranges of time in microseconds since the epoch, half-open, that rise and do not touch; a bounded number of them. What
/// was added is always covered; where ranges had to be joined, what lies between them is, too.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Dirty(Vec<(i64, i64)>);

impl Dirty {
    /// Adds a range; an empty one adds nothing.
    pub fn add(&mut self, from_us: i64, to_us: i64) {
        if to_us <= from_us {
            return;
        }
        let start = self.0.partition_point(|(_, end_us)| *end_us < from_us);
        let end = self.0.partition_point(|(start_us, _)| *start_us <= to_us).max(start);
        let touched = &self.0[start..end];
        let from_us = touched.first().map_or(from_us, |(start_us, _)| from_us.min(*start_us));
        let to_us = touched.last().map_or(to_us, |(_, end_us)| to_us.max(*end_us));
        self.0.splice(start..end, [(from_us, to_us)]);
        if MAX_RANGES < self.0.len() {
            self.join_nearest();
        }
    }

    fn join_nearest(&mut self) {
        let gaps = self.0.windows(2).map(|pair| pair[1].0.saturating_sub(pair[0].1));
        if let Some((place, _)) = gaps.enumerate().min_by_key(|(_, gap)| *gap) {
            let (_, end_us) = self.0.remove(place + 1);
            self.0[place].1 = end_us;
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The ranges, by rising time.
    pub fn ranges(&self) -> &[(i64, i64)] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranges_that_touch_are_one_and_the_nearest_are_joined() {
        let mut dirty = Dirty::default();
        dirty.add(10, 20);
        dirty.add(20, 30);
        dirty.add(5, 5);
        dirty.add(50, 60);
        assert_eq!(dirty.ranges(), [(10, 30), (50, 60)]);
        for start in [100, 200, 300, 400, 500, 600, 700] {
            dirty.add(start, start + 50);
        }
        assert_eq!(dirty.ranges().len(), MAX_RANGES);
        assert_eq!(dirty.ranges()[0], (10, 60));
    }

    proptest! {
        #[test]
        fn all_that_was_added_is_covered_in_order(
            added in prop::collection::vec((0_i64..1000, 0_i64..50), 0..60)
        ) {
            let mut dirty = Dirty::default();
            for (start, length) in &added {
                dirty.add(*start, start + length);
            }
            prop_assert!(dirty.ranges().len() <= MAX_RANGES);
            prop_assert!(dirty.ranges().windows(2).all(|pair| pair[0].1 < pair[1].0));
            for (start, length) in added {
                for at in start..start + length {
                    prop_assert!(dirty.ranges().iter().any(|(from, to)| (*from..*to).contains(&at)));
                }
            }
        }
    }
}
