//! One frame per metric and time.

use shared::time::Timestamp;
use shared::value::Value;

use super::resolved::{Resolved, split};
use crate::store::Frame;

/// A frame to write, and how many incoming frames it was made of.
#[derive(Debug)]
pub(super) struct Merged {
    pub(super) frame: Frame,
    pub(super) n_sources: usize,
}

/// Joins frames of the same metric and time, sorted by metric and time. Where two name the same channel, the later wins.
pub(super) fn merge(mut frames: Vec<Resolved>, arrival: Timestamp) -> Vec<Merged> {
    // Stable sorting is the quicker one here: what comes in is made of sorted runs.
    frames.sort_by_key(|frame| (frame.metric_id, frame.time, frame.order));
    let mut merged = Vec::new();
    let mut samples: Vec<(u32, Value)> = Vec::new();
    let mut frames = frames.into_iter().peekable();
    while let Some(first) = frames.next() {
        let (metric_id, time) = (first.metric_id, first.time);
        let mut n_sources = 1;
        samples.clear();
        while let Some(next) = frames.next_if(|next| (next.metric_id, next.time) == (metric_id, time)) {
            if n_sources == 1 {
                first.samples.add_to(&mut samples);
            }
            next.samples.add_to(&mut samples);
            n_sources += 1;
        }
        let (channels, values) = if n_sources == 1 {
            first.samples.into_parts()
        } else {
            split(latest(&mut samples))
        };
        let frame = Frame {
            metric_id,
            time,
            arrival,
            channels,
            values,
        };
        merged.push(Merged { frame, n_sources });
    }
    merged
}

/// The samples by rising channel; of several of one channel the last.
fn latest(samples: &mut Vec<(u32, Value)>) -> Vec<(u32, Value)> {
    // Stable, so that among equal channels the order stays that of the frames.
    samples.sort_by_key(|(channel, _)| *channel);
    samples.dedup_by(|later, earlier| {
        let same = later.0 == earlier.0;
        if same {
            earlier.1 = later.1;
        }
        same
    });
    std::mem::take(samples)
}
