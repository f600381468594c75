//! All samples of one metric at one time: what a store keeps as one row, and how a later frame changes it.
//!
//! Every store uses this one merge, so that "the later write wins, channel by channel" means the same in all of them.

use shared::time::Timestamp;
use shared::value::Value;

use super::{ChannelFilter, ChannelSample, Channels, Error, Frame, FrameRead, Result};

/// The samples of one metric at one time by rising channel; at least one.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Row {
    /// Which channels. Never `Sparse` for channels 0 to n-1.
    pub(crate) channels: Channels,
    /// One value per channel.
    pub(crate) values: Vec<Value>,
    /// When the values came in.
    pub(crate) arrivals: Arrivals,
}

/// When the values of a row came in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Arrivals {
    /// All at once.
    Together(Timestamp),
    /// One moment per channel, not all the same.
    Each(Vec<Timestamp>),
}

impl Row {
    /// The row that a frame makes where nothing was written before; `None` for a frame without values.
    pub(crate) fn from_frame(frame: &Frame) -> Option<Self> {
        if frame.values.is_empty() {
            return None;
        }
        let channels = match &frame.channels {
            Channels::Dense => Channels::Dense,
            Channels::Sparse(channels) if is_dense(channels) => Channels::Dense,
            Channels::Sparse(channels) => Channels::Sparse(channels.clone()),
        };
        Some(Self {
            channels,
            values: frame.values.clone(),
            arrivals: Arrivals::Together(frame.arrival),
        })
    }

    /// The row after `newer` was written over it: its channels win, the others stay.
    #[must_use]
    pub(crate) fn merged_with(&self, newer: &Self) -> Self {
        if newer.covers(self) {
            return newer.clone();
        }
        let mut merged: Vec<ChannelSample> = Vec::with_capacity(self.len() + newer.len());
        let mut older = self.samples().peekable();
        for sample in newer.samples() {
            while let Some(kept) = older.next_if(|kept| kept.channel < sample.channel) {
                merged.push(kept);
            }
            older.next_if(|replaced| replaced.channel == sample.channel);
            merged.push(sample);
        }
        merged.extend(older);
        Self::from_samples(&merged)
    }

    /// The row of these samples, which rise by channel.
    pub(crate) fn from_samples(samples: &[ChannelSample]) -> Self {
        let channels: Vec<u32> = samples.iter().map(|sample| sample.channel).collect();
        let first_arrival = samples.first().map_or(Timestamp::EPOCH, |sample| sample.arrival);
        let arrivals = if samples.iter().all(|sample| sample.arrival == first_arrival) {
            Arrivals::Together(first_arrival)
        } else {
            Arrivals::Each(samples.iter().map(|sample| sample.arrival).collect())
        };
        Self {
            channels: if is_dense(&channels) {
                Channels::Dense
            } else {
                Channels::Sparse(channels)
            },
            values: samples.iter().map(|sample| sample.value).collect(),
            arrivals,
        }
    }

    /// How many channels it has samples of.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// The channel at a position.
    pub(crate) fn channel(&self, position: usize) -> u32 {
        match &self.channels {
            Channels::Dense => u32::try_from(position).unwrap_or(u32::MAX),
            Channels::Sparse(channels) => channels[position],
        }
    }

    /// The sample at a position.
    pub(crate) fn sample(&self, position: usize) -> ChannelSample {
        ChannelSample {
            channel: self.channel(position),
            value: self.values[position],
            arrival: match &self.arrivals {
                Arrivals::Together(arrival) => *arrival,
                Arrivals::Each(arrivals) => arrivals[position],
            },
        }
    }

    /// All samples by rising channel.
    pub(crate) fn samples(&self) -> impl Iterator<Item = ChannelSample> + '_ {
        (0..self.len()).map(|position| self.sample(position))
    }

    /// The position of a channel.
    pub(crate) fn position(&self, channel: u32) -> Option<usize> {
        match &self.channels {
            Channels::Dense => usize::try_from(channel).ok().filter(|position| *position < self.len()),
            Channels::Sparse(channels) => channels.binary_search(&channel).ok(),
        }
    }

    /// The channels asked for, as a frame; `None` where the row has none of them.
    pub(crate) fn read(&self, time: Timestamp, filter: &ChannelFilter) -> Option<FrameRead> {
        let samples: Vec<ChannelSample> = match filter {
            ChannelFilter::All => self.samples().collect(),
            ChannelFilter::Only(channels) => channels
                .iter()
                .filter_map(|channel| self.position(*channel))
                .map(|position| self.sample(position))
                .collect(),
        };
        (!samples.is_empty()).then_some(FrameRead { time, samples })
    }

    /// Whether it has every channel of `other`.
    fn covers(&self, other: &Self) -> bool {
        match (&self.channels, &other.channels) {
            (Channels::Dense, Channels::Dense) => other.len() <= self.len(),
            (Channels::Dense, Channels::Sparse(theirs)) => {
                theirs.last().is_none_or(|last| (*last as usize) < self.len())
            }
            (Channels::Sparse(ours), Channels::Sparse(theirs)) => ours == theirs,
            (Channels::Sparse(_), Channels::Dense) => false,
        }
    }
}

/// The number as a 32-bit float, where nothing is lost by that; NaN is one.
pub(crate) fn f32_exactly(number: f64) -> Option<f32> {
    if number.is_nan() {
        return Some(f32::NAN);
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the next line takes it only if nothing was lost"
    )]
    let narrow = number as f32;
    (f64::from(narrow).to_bits() == number.to_bits()).then_some(narrow)
}

/// Whether these rising channels are 0 to n-1.
fn is_dense(channels: &[u32]) -> bool {
    channels.last().is_none_or(|last| *last as usize + 1 == channels.len())
}

/// Checks what the contract of [`super::FrameStore::write`] asks of a frame.
///
/// `channel_count` is the number of channels of the frame's metric, `None` where there is no such metric.
pub(crate) fn check_frame(frame: &Frame, channel_count: Option<usize>) -> Result<()> {
    let Some(channel_count) = channel_count else {
        return Err(Error::Invalid(format!("there is no metric {}", frame.metric_id.0)));
    };
    let beyond = match &frame.channels {
        Channels::Dense => channel_count < frame.values.len(),
        Channels::Sparse(channels) => {
            if channels.len() != frame.values.len() {
                return Err(Error::Invalid(format!(
                    "a frame of metric {} at {} has {} values for {} channels",
                    frame.metric_id.0,
                    frame.time,
                    frame.values.len(),
                    channels.len()
                )));
            }
            if !channels.is_sorted_by(|left, right| left < right) {
                return Err(Error::Invalid(format!(
                    "a frame of metric {} at {} names channels that do not rise",
                    frame.metric_id.0, frame.time
                )));
            }
            channels.last().is_some_and(|last| channel_count <= *last as usize)
        }
    };
    if beyond {
        return Err(Error::Invalid(format!(
            "a frame of metric {} at {} names a channel beyond the metric's {channel_count}",
            frame.metric_id.0, frame.time
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::super::MetricId;
    use super::*;

    fn frame(channels: &BTreeMap<u32, i32>, arrival: i64) -> Frame {
        Frame {
            metric_id: MetricId(1),
            time: Timestamp::EPOCH,
            arrival: Timestamp::saturating_from_micros(arrival),
            channels: Channels::Sparse(channels.keys().copied().collect()),
            values: channels.values().map(|value| f64::from(*value).into()).collect(),
        }
    }

    proptest! {
        #[test]
        fn the_later_write_wins_channel_by_channel(
            writes in prop::collection::vec(
                (prop::collection::btree_map(0_u32..12, any::<i32>(), 1..12), 0_i64..3), 1..6)
        ) {
            let mut expected: BTreeMap<u32, (f64, i64)> = BTreeMap::new();
            let mut row: Option<Row> = None;
            for (channels, arrival) in &writes {
                expected.extend(channels.iter().map(|(channel, value)| (*channel, (f64::from(*value), *arrival))));
                let newer = Row::from_frame(&frame(channels, *arrival)).unwrap();
                row = Some(row.map_or(newer.clone(), |older| older.merged_with(&newer)));
            }
            let row = row.unwrap();
            let got: BTreeMap<u32, (f64, i64)> = row
                .samples()
                .map(|sample| (sample.channel, (sample.value.finite().unwrap(), sample.arrival.as_micros())))
                .collect();
            prop_assert_eq!(got, expected);
            // The normal form: what is written in one go and in many is the same row.
            let samples: Vec<ChannelSample> = row.samples().collect();
            prop_assert_eq!(&row, &Row::from_samples(&samples));
        }
    }

    #[test]
    fn frames_that_break_the_contract_are_named() {
        let check = |channels: Channels, n_values: usize, channel_count: Option<usize>| {
            let frame = Frame {
                metric_id: MetricId(7),
                time: Timestamp::EPOCH,
                arrival: Timestamp::EPOCH,
                channels,
                values: vec![Value::NULL; n_values],
            };
            check_frame(&frame, channel_count).map_err(|error| error.to_string())
        };
        assert_eq!(check(Channels::Dense, 3, Some(3)), Ok(()));
        assert_eq!(check(Channels::Sparse(vec![0, 2]), 2, Some(3)), Ok(()));
        for (channels, n_values, channel_count) in [
            (Channels::Dense, 1, None),
            (Channels::Dense, 4, Some(3)),
            (Channels::Sparse(vec![3]), 1, Some(3)),
            (Channels::Sparse(vec![1, 1]), 2, Some(3)),
            (Channels::Sparse(vec![1]), 2, Some(3)),
        ] {
            let message = check(channels, n_values, channel_count).unwrap_err();
            assert!(message.contains("metric 7"), "{message}");
        }
    }
}
