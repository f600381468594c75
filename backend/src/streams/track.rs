//! What is known of one metric: when each of its channels spoke last, and in which rhythm.

use shared::query::latest::Freshness;
use shared::time::Timestamp;

use super::expectation::Expectation;
use super::rhythm::{Rhythm, Waits};
use crate::store::{Channels, Frame};

/// Earlier than all moments: the channel never spoke.
const NEVER: i64 = i64::MIN;

/// How many channels are in which state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Counts {
    pub(super) fresh: u32,
    pub(super) late: u32,
    pub(super) stale: u32,
    pub(super) never: u32,
}

/// What is known of one metric.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Track {
    pub(super) title: String,
    /// As the configuration or the store has it.
    pub(super) interval_micros: Option<i64>,
    pub(super) n_channels: usize,
    /// When each channel was heard last, in microseconds, or [`NEVER`]: the time of its newest sample, or its arrival
    /// where that was before. A clock that is ahead must not make a silent source look alive.
    heard: Vec<i64>,
    /// The time of the newest sample of any channel.
    newest: Option<i64>,
    rhythm: Rhythm,
}

impl Track {
    /// The time of the newest sample of any channel, in microseconds.
    pub(super) fn newest_us(&self) -> Option<i64> {
        self.newest
    }

    /// When any channel was heard last, in microseconds.
    pub(super) fn heard_us(&self) -> Option<i64> {
        self.heard.iter().copied().max().filter(|heard| *heard != NEVER)
    }

    /// The interval that was learned, in microseconds.
    pub(super) fn learned_micros(&self) -> Option<i64> {
        self.rhythm.interval_micros()
    }

    /// Takes over what another track of the metric has learned, where this one has not.
    pub(super) fn learn_from(&mut self, other: &Self) {
        if self.rhythm.interval_micros().is_none() {
            self.rhythm = other.rhythm.clone();
        }
    }

    /// Takes note of a frame that has come in.
    pub(super) fn note(&mut self, frame: &Frame) {
        self.note_time(frame.time);
        let heard = frame.time.min(frame.arrival).as_micros();
        let mut waits = Waits::default();
        let busiest = self.rhythm.busiest();
        let before = busiest.and_then(|channel| self.heard_by(channel as usize));
        waits.busiest_silent = before.map(|before| heard.saturating_sub(before));
        match &frame.channels {
            Channels::Dense => {
                let n_values = u32::try_from(frame.values.len()).unwrap_or(u32::MAX);
                for channel in 0..n_values {
                    self.hear(channel, heard, busiest, &mut waits);
                }
            }
            Channels::Sparse(channels) => {
                for channel in channels {
                    self.hear(*channel, heard, busiest, &mut waits);
                }
            }
        }
        self.rhythm.note(waits);
    }

    /// Takes note of a sample that the store has. It says nothing of the rhythm: what was before it is not known.
    pub(super) fn restore(&mut self, channel: u32, time: Timestamp, arrival: Timestamp) {
        self.note_time(time);
        let heard = time.min(arrival).as_micros();
        let slot = self.slot(channel);
        *slot = (*slot).max(heard);
    }

    fn note_time(&mut self, time: Timestamp) {
        self.newest = self.newest.max(Some(time.as_micros()));
    }

    fn heard_by(&self, channel: usize) -> Option<i64> {
        self.heard.get(channel).copied().filter(|heard| *heard != NEVER)
    }

    fn slot(&mut self, channel: u32) -> &mut i64 {
        let index = channel as usize;
        if self.heard.len() <= index {
            self.heard.resize(index + 1, NEVER);
        }
        &mut self.heard[index]
    }

    fn hear(&mut self, channel: u32, heard: i64, busiest: Option<u32>, waits: &mut Waits) {
        let slot = self.slot(channel);
        let before = std::mem::replace(slot, (*slot).max(heard));
        if before == NEVER || heard <= before {
            return;
        }
        let wait = heard - before;
        if busiest == Some(channel) {
            waits.of_busiest = Some(wait);
        }
        if waits.shortest.is_none_or(|(shortest, _)| wait < shortest) {
            waits.shortest = Some((wait, channel));
        }
    }

    /// In which states the channels are.
    pub(super) fn counts(&self, now: Timestamp, expectation: &Expectation) -> Counts {
        let now_us = now.as_micros();
        // In a frame of all channels they were all heard at once.
        let mut last = (NEVER, Freshness::Never);
        let mut counts = Counts::default();
        for heard in &self.heard {
            if last.0 != *heard {
                let age = now_us.saturating_sub(*heard);
                let state = if *heard == NEVER {
                    Freshness::Never
                } else {
                    expectation.freshness(age)
                };
                last = (*heard, state);
            }
            let count = match last.1 {
                Freshness::Fresh => &mut counts.fresh,
                Freshness::Late => &mut counts.late,
                Freshness::Stale => &mut counts.stale,
                Freshness::Never => &mut counts.never,
            };
            *count += 1;
        }
        let silent = self.n_channels.saturating_sub(self.heard.len());
        counts.never = counts.never.saturating_add(u32::try_from(silent).unwrap_or(u32::MAX));
        counts
    }
}
