//! One frame per metric and time.

use std::collections::HashMap;

use shared::time::Timestamp;
use shared::value::Value;

use crate::store::{Channels, Frame, MetricId};

/// A frame to write, and how many incoming frames it was made of.
#[derive(Debug)]
pub(super) struct Merged {
    pub(super) frame: Frame,
    pub(super) n_sources: usize,
}

/// Joins frames of the same metric and time, sorted by metric and time. Where two name the same channel, the later wins.
pub(super) fn merge(frames: Vec<Frame>) -> Vec<Merged> {
    let mut places: HashMap<(MetricId, Timestamp), usize> = HashMap::with_capacity(frames.len());
    let mut groups: Vec<Vec<Frame>> = Vec::with_capacity(frames.len());
    for frame in frames {
        let place = *places.entry((frame.metric_id, frame.time)).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.push(frame),
            None => groups.push(vec![frame]),
        }
    }
    let mut merged: Vec<Merged> = groups.into_iter().filter_map(join).collect();
    merged.sort_by_key(|merged| (merged.frame.metric_id, merged.frame.time));
    merged
}

/// Joins frames of one metric and time; `None` for none.
fn join(mut group: Vec<Frame>) -> Option<Merged> {
    let n_sources = group.len();
    let mut last = group.pop()?;
    if !group.is_empty() {
        let mut samples: Vec<(u32, Value)> = Vec::new();
        for frame in group.iter().chain([&last]) {
            match &frame.channels {
                Channels::Dense => samples.extend((0..).zip(frame.values.iter().copied())),
                Channels::Sparse(channels) => {
                    samples.extend(channels.iter().copied().zip(frame.values.iter().copied()));
                }
            }
        }
        // Stable, so that among equal channels the order stays that of the frames.
        samples.sort_by_key(|(channel, _)| *channel);
        samples.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            if same {
                earlier.1 = later.1;
            }
            same
        });
        (last.channels, last.values) = split(samples);
    }
    Some(Merged { frame: last, n_sources })
}

/// Channels and values of samples that rise by channel; dense where no channel is left out.
pub(super) fn split(samples: Vec<(u32, Value)>) -> (Channels, Vec<Value>) {
    let is_dense = (0..).zip(&samples).all(|(index, (channel, _))| index == *channel);
    let (channels, values) = samples.into_iter().unzip();
    let channels = if is_dense {
        Channels::Dense
    } else {
        Channels::Sparse(channels)
    };
    (channels, values)
}
