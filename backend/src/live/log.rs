//! What has changed in one metric, by the number of the change: exact for the last changes, coarser for older ones.

use super::change::{Change, Touched};
use crate::query::dirty::Dirty;

/// What a question is about, as far as changes go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Interest {
    /// The range of its answer, in microseconds since the epoch; half-open.
    pub range_us: (i64, i64),
    /// Its channels, where a change of others does not matter; `None` for all.
    pub channels: Option<Vec<u32>>,
}

/// What has changed of the answer to a question.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Changed {
    /// Where samples were written.
    pub dirty: Dirty,
    /// Whether samples were deleted.
    pub removed: bool,
}

impl Changed {
    /// Whether nothing has.
    pub fn is_empty(&self) -> bool {
        self.dirty.is_empty() && !self.removed
    }
}

#[derive(Clone, Debug)]
struct Entry {
    sequence: u64,
    from_us: i64,
    to_us: i64,
    channels: Touched,
    removed: bool,
}

/// The changes of a metric by rising number. Two that are joined have the number of the later one, and the range and
/// channels of both: who knows only the earlier one is told more than has changed since, never less.
#[derive(Clone, Debug, Default)]
pub(super) struct Log(Vec<Entry>);

impl Log {
    /// Adds a change; at most so many are kept, two at the least.
    pub(super) fn push(&mut self, sequence: u64, change: Change, at_most: usize) {
        self.0.push(Entry {
            sequence,
            from_us: change.range.start().as_micros(),
            to_us: change.range.end().as_micros(),
            channels: change.channels,
            removed: change.removed,
        });
        while at_most.max(2) < self.0.len() {
            self.join_two();
        }
    }

    /// Joins two neighbors of the older half: those between which the least time lies.
    fn join_two(&mut self) {
        let older = &self.0[..=(self.0.len() / 2).max(1)];
        let spread = |pair: &[Entry]| {
            let from_us = pair[0].from_us.max(pair[1].from_us);
            from_us.saturating_sub(pair[0].to_us.min(pair[1].to_us))
        };
        let nearest = older.windows(2).enumerate().min_by_key(|(_, pair)| spread(pair));
        let Some((place, _)) = nearest else { return };
        let earlier = self.0.remove(place);
        let later = &mut self.0[place];
        later.from_us = later.from_us.min(earlier.from_us);
        later.to_us = later.to_us.max(earlier.to_us);
        later.channels.add(&earlier.channels);
        later.removed |= earlier.removed;
    }

    /// What has changed of an answer after the change of this number.
    pub(super) fn since(&self, sequence: u64, until: u64, interest: &Interest) -> Changed {
        let mut changed = Changed::default();
        let first = self.0.partition_point(|entry| entry.sequence <= sequence);
        for entry in self.0[first..].iter().take_while(|entry| entry.sequence <= until) {
            let from_us = entry.from_us.max(interest.range_us.0);
            let to_us = entry.to_us.min(interest.range_us.1);
            let wanted = interest.channels.as_deref();
            if from_us < to_us && wanted.is_none_or(|wanted| entry.channels.touch(wanted)) {
                changed.dirty.add(from_us, to_us);
                changed.removed |= entry.removed;
            }
        }
        changed
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
