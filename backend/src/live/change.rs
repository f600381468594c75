//! What a write has changed, as far as open questions need to know it.

use shared::time::{TimeRange, Timestamp};

use crate::query::dirty::Dirty;
use crate::store::{Channels, Frame, MetricId};

/// How many channels a change names; where more are touched, it says all.
const MAX_CHANNELS: usize = 16;

/// Something that has changed in a metric.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// The metric.
    pub metric_id: MetricId,
    /// Where its samples have changed.
    pub range: TimeRange,
    /// Of which channels.
    pub channels: Touched,
    /// Whether samples were deleted; otherwise some were written or replaced.
    pub removed: bool,
}

/// The channels of a change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Touched {
    /// Any of them.
    All,
    /// These, rising; a bounded number.
    Few(Vec<u32>),
}

impl Touched {
    fn of(frame: &Frame) -> Self {
        let n = frame.values.len();
        match &frame.channels {
            _ if MAX_CHANNELS < n => Self::All,
            Channels::Dense => Self::Few((0..u32::try_from(n).unwrap_or(u32::MAX)).collect()),
            Channels::Sparse(channels) => Self::Few(channels.clone()),
        }
    }

    /// Adds those of another change.
    pub fn add(&mut self, other: &Self) {
        let Self::Few(channels) = self else { return };
        match other {
            Self::Few(others) if channels == others => {}
            Self::Few(others) => {
                channels.extend(others);
                channels.sort_unstable();
                channels.dedup();
                if MAX_CHANNELS < channels.len() {
                    *self = Self::All;
                }
            }
            Self::All => *self = Self::All,
        }
    }

    /// Whether any of these is among them.
    pub fn touch(&self, wanted: &[u32]) -> bool {
        match self {
            Self::All => true,
            Self::Few(channels) => wanted.iter().any(|channel| channels.binary_search(channel).is_ok()),
        }
    }
}

impl Change {
    /// What the frames of a batch change: few ranges per metric, whatever the number of frames.
    pub fn of_frames(frames: &[Frame]) -> Vec<Self> {
        let mut changes = Vec::new();
        for frames in frames.chunk_by(|left, right| left.metric_id == right.metric_id) {
            let Some(first) = frames.first() else { continue };
            let mut channels = Touched::of(first);
            let mut dirty = Dirty::default();
            for frame in frames {
                if channels != Touched::All {
                    channels.add(&Touched::of(frame));
                }
                let time_us = frame.time.as_micros();
                dirty.add(time_us, time_us + 1);
            }
            changes.extend(Self::of_ranges(first.metric_id, &dirty, &channels, false));
        }
        changes
    }

    /// What a deletion of samples before a moment changes.
    pub fn of_deletion(metric_id: MetricId, before: Timestamp) -> Option<Self> {
        let range = TimeRange::new(Timestamp::MIN, before).ok()?;
        Some(Self {
            metric_id,
            range,
            channels: Touched::All,
            removed: true,
        })
    }

    /// One change per range.
    pub fn of_ranges(
        metric_id: MetricId,
        dirty: &Dirty,
        channels: &Touched,
        removed: bool,
    ) -> impl Iterator<Item = Self> {
        let at = Timestamp::saturating_from_micros;
        let ranges = dirty.ranges().iter();
        let ranges = ranges.filter_map(move |(from_us, to_us)| TimeRange::new(at(*from_us), at(*to_us)).ok());
        ranges.map(move |range| Self {
            metric_id,
            range,
            channels: channels.clone(),
            removed,
        })
    }
}

#[cfg(test)]
mod tests {
    use shared::value::Value;

    use super::*;

    fn frame(metric: u32, time_us: i64, channels: Channels, n: usize) -> Frame {
        let time = Timestamp::saturating_from_micros(time_us);
        Frame {
            metric_id: MetricId(metric),
            time,
            arrival: time,
            channels,
            values: vec![Value::NULL; n],
        }
    }

    #[test]
    fn a_batch_is_few_changes_per_metric() {
        let frames = [
            frame(1, 10, Channels::Sparse(vec![7]), 1),
            frame(1, 11, Channels::Sparse(vec![3, 7]), 2),
            frame(1, 900, Channels::Dense, 2),
            frame(2, 10, Channels::Dense, 1855),
        ];
        let told: Vec<_> = Change::of_frames(&frames)
            .into_iter()
            .map(|change| {
                let range = change.range;
                (
                    change.metric_id.0,
                    range.start().as_micros(),
                    range.end().as_micros(),
                    change.channels,
                )
            })
            .collect();
        let few = Touched::Few(vec![0, 1, 3, 7]);
        let expected = [
            (1, 10, 12, few.clone()),
            (1, 900, 901, few.clone()),
            (2, 10, 11, Touched::All),
        ];
        assert_eq!(told, expected);
        assert!(few.touch(&[5, 3]) && !few.touch(&[2]) && Touched::All.touch(&[2]));
    }

    #[test]
    fn many_channels_are_all() {
        let mut touched = Touched::Few(Vec::new());
        for channel in 0..=MAX_CHANNELS {
            touched.add(&Touched::Few(vec![u32::try_from(channel).unwrap()]));
        }
        assert_eq!(touched, Touched::All);
    }
}
