//! The newest time of each channel of a metric, which stores keep in the same transaction as the samples.
//!
//! Times of a channel only ever rise in here, or go when the channel's last sample is deleted, so this stays right through
//! late data and rewrites: the samples themselves are always read from their rows.

use shared::time::Timestamp;

use super::row::Row;

/// The newest time of each channel; `None` for channels that have no sample yet.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Newest(Vec<Option<Timestamp>>);

/// Neighboring channels with the same newest time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Run {
    /// The time.
    pub(crate) time: Timestamp,
    /// The first of the channels.
    pub(crate) first: u32,
    /// How many channels; at least one.
    pub(crate) count: u32,
}

/// More channels than any metric has.
const MAX_CHANNELS: usize = 1 << 24;

impl Newest {
    /// Takes note of a row.
    pub(crate) fn note(&mut self, time: Timestamp, row: &Row) {
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

    /// Forgets the channels of which nothing is left, where all samples before a moment are deleted.
    pub(crate) fn forget(&mut self, before: Timestamp) {
        for newest in &mut self.0 {
            *newest = newest.filter(|time| before <= *time);
        }
        let n_left = self.0.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        self.0.truncate(n_left);
    }

    /// Takes note of all that another one knows.
    pub(crate) fn merge(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), None);
        }
        for (ours, theirs) in self.0.iter_mut().zip(&other.0) {
            *ours = (*ours).max(*theirs);
        }
    }

    /// The channels that have a sample by rising index, with the time of their newest.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, Timestamp)> + '_ {
        (0_u32..)
            .zip(&self.0)
            .filter_map(|(channel, time)| Some((channel, (*time)?)))
    }

    /// The same as few runs as can be, rising.
    pub(crate) fn runs(&self) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for (channel, time) in self.iter() {
            match runs.last_mut() {
                Some(run) if run.time == time && run.first + run.count == channel => run.count += 1,
                _ => runs.push(Run {
                    time,
                    first: channel,
                    count: 1,
                }),
            }
        }
        runs
    }

    /// Appends a run; `None` where it does not lie after those before it or is longer than any metric.
    pub(crate) fn push_run(&mut self, run: Run) -> Option<()> {
        let first = run.first as usize;
        let end = first.saturating_add(run.count as usize);
        // The bound keeps damaged data from asking for all of the memory.
        if first < self.0.len() || MAX_CHANNELS < end {
            return None;
        }
        self.0.resize(first, None);
        self.0.resize(end, Some(run.time));
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    impl Newest {
        /// From the time of each channel.
        pub(crate) fn from_times(times: &[Option<i64>]) -> Self {
            Self(times.iter().map(|time| time.and_then(Timestamp::from_micros)).collect())
        }
    }

    proptest! {
        #[test]
        fn runs_tell_all_of_it(times in prop::collection::vec(prop::option::of(0_i64..3), 0..30)) {
            let newest = Newest::from_times(&times);
            let runs = newest.runs();
            let mut read = Newest::default();
            for run in &runs {
                read.push_run(*run).unwrap();
            }
            prop_assert!(read.iter().eq(newest.iter()));
            let joined = |pair: &[Run]| pair[0].first + pair[0].count == pair[1].first && pair[0].time == pair[1].time;
            prop_assert!(!runs.windows(2).any(joined), "as few as can be");
        }
    }

    #[test]
    fn runs_out_of_order_and_endless_ones_are_refused() {
        let run = |first, count| Run {
            time: Timestamp::EPOCH,
            first,
            count,
        };
        let mut newest = Newest::default();
        assert_eq!(newest.push_run(run(2, 3)), Some(()));
        assert_eq!(newest.push_run(run(4, 1)), None);
        assert_eq!(newest.push_run(run(5, u32::MAX)), None);
        assert_eq!(newest.iter().count(), 3);
    }

    #[test]
    fn a_thousand_channels_of_one_frame_are_one_run() {
        assert_eq!(Newest::from_times(&vec![Some(0); 1855]).runs().len(), 1);
    }
}
