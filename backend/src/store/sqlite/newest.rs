//! The newest time of each channel of a metric, kept in the same transaction as the samples.
//!
//! Samples are never deleted and times of a channel only ever rise in here, so this stays right through late data and
//! rewrites: the samples themselves are always read from their rows.

use shared::time::Timestamp;

use super::super::row::Row;
use super::super::{Error, Result};
use super::packed::moment;

/// Bytes of a run: time `i64`, first channel `u32`, number of channels `u32`; little-endian.
const RUN_BYTES: usize = 16;

/// More channels than any metric has.
const MAX_CHANNELS: usize = 1 << 24;

/// The newest time of each channel; `None` for channels that have no sample yet.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Newest(Vec<Option<Timestamp>>);

impl Newest {
    /// Takes note of a row.
    pub(super) fn note(&mut self, time: Timestamp, row: &Row) {
        let n_channels = row
            .len()
            .checked_sub(1)
            .map_or(0, |last| row.channel(last) as usize + 1);
        if self.0.len() < n_channels {
            self.0.resize(n_channels, None);
        }
        for position in 0..row.len() {
            let newest = &mut self.0[row.channel(position) as usize];
            *newest = (*newest).max(Some(time));
        }
    }

    /// Takes note of all that another one knows.
    pub(super) fn merge(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), None);
        }
        for (ours, theirs) in self.0.iter_mut().zip(&other.0) {
            *ours = (*ours).max(*theirs);
        }
    }

    /// The channels that have a sample by rising index, with the time of their newest.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, Timestamp)> + '_ {
        (0_u32..)
            .zip(&self.0)
            .filter_map(|(channel, time)| Some((channel, (*time)?)))
    }

    /// Runs of neighboring channels with the same time.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut runs: Vec<(Timestamp, u32, u32)> = Vec::new();
        for (channel, time) in self.iter() {
            match runs.last_mut() {
                Some((run_time, first, count)) if *run_time == time && *first + *count == channel => *count += 1,
                _ => runs.push((time, channel, 1)),
            }
        }
        let mut bytes = Vec::with_capacity(runs.len() * RUN_BYTES);
        for (time, first, count) in runs {
            bytes.extend_from_slice(&time.as_micros().to_le_bytes());
            bytes.extend_from_slice(&first.to_le_bytes());
            bytes.extend_from_slice(&count.to_le_bytes());
        }
        bytes
    }

    /// The inverse of [`Newest::to_bytes`].
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let corrupt = || Error::Corrupt("the newest times of a metric are damaged".to_owned());
        let (runs, []) = bytes.as_chunks::<RUN_BYTES>() else {
            return Err(corrupt());
        };
        let mut newest = Self::default();
        for run in runs {
            let [t0, t1, t2, t3, t4, t5, t6, t7, f0, f1, f2, f3, c0, c1, c2, c3] = *run;
            let time = moment(i64::from_le_bytes([t0, t1, t2, t3, t4, t5, t6, t7]))?;
            let first = u32::from_le_bytes([f0, f1, f2, f3]) as usize;
            let count = u32::from_le_bytes([c0, c1, c2, c3]) as usize;
            let end = first.saturating_add(count);
            // Runs rise and do not overlap; the bound keeps a damaged blob from asking for all of the memory.
            if first < newest.0.len() || MAX_CHANNELS < end {
                return Err(corrupt());
            }
            newest.0.resize(first, None);
            newest.0.resize(end, Some(time));
        }
        Ok(newest)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn newest_times_survive_their_bytes(times in prop::collection::vec(prop::option::of(0_i64..3), 0..30)) {
            let newest = Newest(times.iter().map(|time| time.and_then(Timestamp::from_micros)).collect());
            let read = Newest::from_bytes(&newest.to_bytes()).unwrap();
            prop_assert!(read.iter().eq(newest.iter()));
        }

        #[test]
        fn no_blob_makes_reading_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let read = Newest::from_bytes(&bytes);
            prop_assert!(!bytes.len().is_multiple_of(RUN_BYTES) == matches!(read, Err(Error::Corrupt(_))) || read.is_err());
        }
    }

    #[test]
    fn a_thousand_channels_of_one_frame_are_one_run() {
        let newest = Newest(vec![Some(Timestamp::EPOCH); 1855]);
        assert_eq!(newest.to_bytes().len(), RUN_BYTES);
    }
}
