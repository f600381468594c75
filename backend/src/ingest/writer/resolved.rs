//! Frames whose metric and channels are numbers.

use shared::time::Timestamp;
use shared::value::Value;

use crate::store::{Channels, MetricId};

/// The channels of a frame in the order of its values.
#[derive(Debug)]
pub(super) enum Numbers {
    /// Channels 0 to n-1.
    Dense,
    /// This one.
    One(u32),
    /// These, each once.
    Many(Vec<u32>),
}

/// A frame whose metric and channels are numbers.
#[derive(Debug)]
pub(super) struct Resolved {
    pub(super) metric_id: MetricId,
    pub(super) time: Timestamp,
    /// Later frames have greater ones.
    pub(super) order: u32,
    pub(super) samples: Samples,
}

/// The samples of a frame. Most frames of line protocol have one, which needs no memory of its own.
#[derive(Debug)]
pub(super) enum Samples {
    One(u32, Value),
    Many(Channels, Vec<Value>),
}

impl Samples {
    /// One value per channel.
    pub(super) fn new(numbers: Numbers, values: Vec<Value>) -> Self {
        match (numbers, &*values) {
            (Numbers::One(channel), [value]) => Self::One(channel, *value),
            (Numbers::Dense, [value]) => Self::One(0, *value),
            (Numbers::Dense, _) => Self::Many(Channels::Dense, values),
            (Numbers::One(channel), _) => Self::rising(values.into_iter().map(|value| (channel, value)).collect()),
            (Numbers::Many(channels), _) => Self::rising(channels.into_iter().zip(values).collect()),
        }
    }

    fn rising(mut samples: Vec<(u32, Value)>) -> Self {
        samples.sort_unstable_by_key(|(channel, _)| *channel);
        let (channels, values) = split(samples);
        Self::Many(channels, values)
    }

    /// Appends the samples.
    pub(super) fn add_to(&self, samples: &mut Vec<(u32, Value)>) {
        match self {
            Self::One(channel, value) => samples.push((*channel, *value)),
            Self::Many(Channels::Dense, values) => samples.extend((0..).zip(values.iter().copied())),
            Self::Many(Channels::Sparse(channels), values) => {
                samples.extend(channels.iter().copied().zip(values.iter().copied()));
            }
        }
    }

    /// Channels and values by rising channel.
    pub(super) fn into_parts(self) -> (Channels, Vec<Value>) {
        match self {
            Self::One(0, value) => (Channels::Dense, vec![value]),
            Self::One(channel, value) => (Channels::Sparse(vec![channel]), vec![value]),
            Self::Many(channels, values) => (channels, values),
        }
    }
}

/// Channels and values of samples that rise by channel; dense where no channel is left out.
pub(super) fn split(samples: Vec<(u32, Value)>) -> (Channels, Vec<Value>) {
    let is_dense = (0..).zip(&samples).all(|(index, (channel, _))| index == *channel);
    if is_dense {
        return (Channels::Dense, samples.into_iter().map(|(_, value)| value).collect());
    }
    let (channels, values) = samples.into_iter().unzip();
    (Channels::Sparse(channels), values)
}
