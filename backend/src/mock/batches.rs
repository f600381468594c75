//! The frames of a plan in the order in which they arrive, in batches of bounded size.

use super::values::{BLOCK_SECONDS, MAX_DELAY_SECONDS};
use super::{MockFrame, Plan, Site};

/// About how many values a batch has; it never ends within a block of five minutes.
const VALUES_PER_BATCH: usize = 500_000;

/// Batches of frames by rising arrival.
#[derive(Debug)]
pub struct Batches {
    plan: Plan,
    site: Site,
    /// Where the next block begins.
    next: i64,
    /// Late frames that have not arrived yet.
    late: Vec<MockFrame>,
}

impl Batches {
    /// All frames of a plan.
    pub fn new(plan: Plan) -> Self {
        Self {
            next: plan.start,
            site: Site::new(),
            late: Vec::new(),
            plan,
        }
    }

    /// Makes the frames up to the end of a block, in the order of arrival, after those that arrived late before.
    fn block(&mut self, batch: &mut Vec<MockFrame>) {
        let end = (self.next.div_euclid(BLOCK_SECONDS) * BLOCK_SECONDS + BLOCK_SECONDS).min(self.plan.end);
        let step = self.plan.interval.max(1);
        let first = self.next.div_euclid(step) * step;
        let mut second = if first < self.next { first + step } else { first };
        let mut block = std::mem::take(&mut self.late);
        while second < end {
            let frames = self
                .plan
                .quantities
                .iter()
                .filter_map(|quantity| self.site.frame(*quantity, second));
            block.extend(frames);
            second += step;
        }
        self.next = end;
        block.sort_by_key(|frame| frame.arrival);
        // What comes in after this block comes with a later one; at the end of the plan everything comes.
        let until = if end < self.plan.end {
            end
        } else {
            end + MAX_DELAY_SECONDS + BLOCK_SECONDS
        };
        let until = shared::time::Timestamp::saturating_from_micros((until + 1) * shared::time::MICROS_PER_SEC);
        self.late = block.split_off(block.partition_point(|frame| frame.arrival < until));
        batch.append(&mut block);
    }
}

impl Iterator for Batches {
    type Item = Vec<MockFrame>;

    fn next(&mut self) -> Option<Vec<MockFrame>> {
        let mut batch = Vec::new();
        while self.next < self.plan.end
            && batch.iter().map(|frame: &MockFrame| frame.values.len()).sum::<usize>() < VALUES_PER_BATCH
        {
            self.block(&mut batch);
        }
        (!batch.is_empty()).then_some(batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mock::{Quantity, START_SECONDS};

    #[test]
    fn every_frame_comes_once_and_by_rising_arrival() {
        let quantities = vec![Quantity::Module, Quantity::Scalar(0)];
        let plan = Plan {
            prefix: "mock".to_owned(),
            quantities: quantities.clone(),
            start: START_SECONDS + 17,
            end: START_SECONDS + 43_000,
            interval: 10,
        };
        let frames: Vec<MockFrame> = Batches::new(plan).flatten().collect();
        assert!(frames.is_sorted_by_key(|frame| frame.arrival));
        let site = Site::new();
        let seconds = (START_SECONDS + 20..START_SECONDS + 43_000).step_by(10);
        let mut expected: Vec<(Quantity, i64)> = seconds
            .flat_map(|second| quantities.iter().map(move |quantity| (*quantity, second)))
            .filter(|(quantity, second)| site.frame(*quantity, *second).is_some())
            .collect();
        let mut got: Vec<(Quantity, i64)> = frames.iter().map(|frame| (frame.quantity, frame.second)).collect();
        expected.sort_unstable();
        got.sort_unstable();
        assert_eq!(got, expected);
        // Some come out of order, or the data set would be too easy.
        let of_one = frames.iter().filter(|frame| frame.quantity == Quantity::Module);
        assert!(!of_one.is_sorted_by_key(|frame| frame.second));
    }
}
