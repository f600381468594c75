//! How often samples come, learned from the samples themselves.
//!
//! The interval is the median of the last waits between samples of the *busiest* channel, the one with the shortest
//! waits. A median, because one gap, or some samples sent twice in a row, are not the rhythm. Waits are counted between
//! samples in the order of time; late ones say nothing.

/// How many waits the median is taken of.
const RECENT: usize = 15;

/// After how many waits it is believed.
const ENOUGH: usize = 4;

/// How many intervals the busiest channel may be silent until another takes its place.
const SILENT_INTERVALS: i64 = 8;

/// How many much shorter waits of other channels make one of them the busiest.
const CHALLENGES: u8 = 4;

/// What one frame says of the rhythm.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Waits {
    /// How long the busiest channel had waited, if it is part of the frame.
    pub(super) of_busiest: Option<i64>,
    /// The shortest wait of all its channels, and the channel.
    pub(super) shortest: Option<(i64, u32)>,
    /// How long ago the busiest channel spoke last, seen from this frame.
    pub(super) busiest_silent: Option<i64>,
}

/// The rhythm of a metric.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Rhythm {
    busiest: Option<u32>,
    waits: [i64; RECENT],
    /// How many of them there ever were, of this channel.
    n_waits: usize,
    challenges: u8,
    /// The middle one of the waits of this channel.
    middle: i64,
    /// The same, once there were enough; of the channel before for as long as there are not.
    interval: Option<i64>,
}

impl Rhythm {
    /// The channel whose waits are counted.
    pub(super) fn busiest(&self) -> Option<u32> {
        self.busiest
    }

    /// The interval in microseconds; `None` before there were enough waits.
    pub(super) fn interval_micros(&self) -> Option<i64> {
        self.interval
    }

    /// Takes note of a frame.
    pub(super) fn note(&mut self, waits: Waits) {
        if let Some(wait) = waits.of_busiest {
            self.push(wait);
            self.challenges = self.challenges.saturating_sub(1);
        }
        let Some((wait, channel)) = waits.shortest.filter(|(_, channel)| Some(*channel) != self.busiest) else {
            return;
        };
        let limit = self.middle.saturating_mul(SILENT_INTERVALS);
        if self.busiest.is_none() || waits.busiest_silent.is_some_and(|silent| limit < silent) {
            self.follow(channel, wait);
        } else if wait.saturating_mul(2) <= self.middle {
            self.challenges += 1;
            if self.challenges >= CHALLENGES {
                self.follow(channel, wait);
            }
        }
    }

    /// Counts the waits of this channel from now on. The interval stays until enough of them are known.
    fn follow(&mut self, channel: u32, wait: i64) {
        self.busiest = Some(channel);
        self.n_waits = 0;
        self.challenges = 0;
        self.push(wait);
    }

    fn push(&mut self, wait: i64) {
        self.waits[self.n_waits % RECENT] = wait;
        self.n_waits += 1;
        let mut sorted = self.waits;
        let known = &mut sorted[..self.n_waits.min(RECENT)];
        known.sort_unstable();
        self.middle = known[known.len() / 2];
        if self.n_waits >= ENOUGH {
            self.interval = Some(self.middle);
        }
    }
}
