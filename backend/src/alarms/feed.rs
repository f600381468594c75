//! What the writer hands over: frames that rules look at, after they are durable; and where other servers on the same
//! database wrote. Bounded: when evaluation does not keep up the frames are forgotten here, and read from the store.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use shared::time::TimeRange;
use tokio::sync::Notify;

use crate::store::{Frame, MetricId};

/// How many values may wait.
const MAX_VALUES: usize = 2_000_000;

/// How many stretches of other servers may wait.
const MAX_STRETCHES: usize = 1_000;

/// Frames on their way from the writer to the rules.
#[derive(Debug, Default)]
pub struct Feed {
    waiting: Mutex<Waiting>,
    came: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    /// Metrics that rules look at.
    wanted: BTreeSet<MetricId>,
    /// Metrics that no rule looks at.
    unwanted: BTreeSet<MetricId>,
    taken: Taken,
    n_values: usize,
    /// Whether anybody reads.
    is_open: bool,
}

/// What was waiting.
#[derive(Debug, Default)]
pub struct Taken {
    /// Frames of metrics that rules look at, in the order in which they were stored.
    pub frames: Vec<Frame>,
    /// Whether some came of which it is not known if rules look at them.
    pub is_catalogue_old: bool,
    /// Where other servers wrote samples of metrics that rules look at: to be read from the store.
    pub elsewhere: Vec<(MetricId, TimeRange)>,
    /// Whether some of it was forgotten.
    pub is_cut: bool,
}

impl Feed {
    /// Offers frames that have been stored.
    pub fn offer(&self, frames: &[Frame]) {
        let mut waiting = self.lock();
        if !waiting.is_open {
            return;
        }
        let mut is_news = false;
        for frame in frames {
            if waiting.unwanted.contains(&frame.metric_id) {
                continue;
            }
            is_news = true;
            // Frames of unknown metrics are kept until it is known whether somebody wants them.
            waiting.taken.is_catalogue_old |= !waiting.wanted.contains(&frame.metric_id);
            waiting.n_values += frame.values.len() + 16;
            if waiting.n_values > MAX_VALUES {
                waiting.taken.frames = Vec::new();
                waiting.taken.is_cut = true;
            } else {
                waiting.taken.frames.push(frame.clone());
            }
        }
        drop(waiting);
        if is_news {
            self.came.notify_one();
        }
    }

    /// Hears that another server stored samples of a metric, taken in this range.
    pub fn hear(&self, metric_id: MetricId, range: TimeRange) {
        let mut waiting = self.lock();
        if !waiting.is_open || waiting.unwanted.contains(&metric_id) {
            return;
        }
        waiting.taken.is_catalogue_old |= !waiting.wanted.contains(&metric_id);
        if waiting.taken.elsewhere.len() < MAX_STRETCHES {
            waiting.taken.elsewhere.push((metric_id, range));
        } else {
            waiting.taken.elsewhere = Vec::new();
            waiting.taken.is_cut = true;
        }
        drop(waiting);
        self.came.notify_one();
    }

    /// Hears that samples may have been stored of which nobody told.
    pub fn lose_track(&self) {
        let mut waiting = self.lock();
        waiting.taken.is_cut |= waiting.is_open;
        drop(waiting);
        self.came.notify_one();
    }

    /// Takes what is waiting.
    pub fn take(&self) -> Taken {
        let mut waiting = self.lock();
        waiting.n_values = 0;
        std::mem::take(&mut waiting.taken)
    }

    /// Says which metrics there are, and which of them rules look at. Frames are kept from now on.
    pub fn want(&self, all: impl IntoIterator<Item = MetricId>, wanted: impl IntoIterator<Item = MetricId>) {
        let mut waiting = self.lock();
        waiting.wanted = wanted.into_iter().collect();
        let unwanted = all.into_iter().filter(|id| !waiting.wanted.contains(id)).collect();
        waiting.unwanted = unwanted;
        waiting.is_open = true;
    }

    /// Keeps nothing any more.
    pub fn close(&self) {
        *self.lock() = Waiting::default();
    }

    /// Has whoever waits look at once.
    pub fn wake(&self) {
        self.came.notify_one();
    }

    /// Waits until something came.
    pub async fn wait(&self) {
        self.came.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use shared::time::Timestamp;
    use shared::value::Value;

    use super::*;
    use crate::store::Channels;

    fn frame(metric: u32, n_values: usize) -> Frame {
        Frame {
            metric_id: MetricId(metric),
            time: Timestamp::EPOCH,
            arrival: Timestamp::EPOCH,
            channels: Channels::Dense,
            values: vec![Value::NULL; n_values],
        }
    }

    #[test]
    fn only_what_somebody_wants_or_may_want_is_kept() {
        let feed = Feed::default();
        feed.offer(&[frame(1, 1)]);
        assert!(feed.take().frames.is_empty());
        feed.want([MetricId(1), MetricId(2)], [MetricId(1)]);
        feed.offer(&[frame(1, 1), frame(2, 1)]);
        let taken = feed.take();
        assert_eq!(
            (taken.frames.len(), taken.is_catalogue_old, taken.is_cut),
            (1, false, false)
        );
        feed.offer(&[frame(3, 1)]);
        let taken = feed.take();
        assert_eq!(
            (taken.frames.len(), taken.is_catalogue_old, taken.is_cut),
            (1, true, false)
        );
    }

    #[test]
    fn what_other_servers_write_is_heard_up_to_a_bound() {
        let feed = Feed::default();
        let range = TimeRange::new(Timestamp::EPOCH, Timestamp::EPOCH.saturating_add_micros(1)).unwrap();
        feed.hear(MetricId(1), range);
        feed.lose_track();
        let taken = feed.take();
        assert!(taken.elsewhere.is_empty() && !taken.is_cut, "nobody reads yet");
        feed.want([MetricId(1), MetricId(2)], [MetricId(1)]);
        feed.hear(MetricId(1), range);
        feed.hear(MetricId(2), range);
        assert_eq!(feed.take().elsewhere, [(MetricId(1), range)]);
        for _ in 0..=MAX_STRETCHES {
            feed.hear(MetricId(1), range);
        }
        assert!(feed.take().is_cut);
        feed.lose_track();
        assert!(feed.take().is_cut);
    }

    #[test]
    fn what_is_too_much_is_forgotten_and_said_to_be() {
        let feed = Feed::default();
        feed.want([MetricId(1)], [MetricId(1)]);
        for _ in 0..5 {
            feed.offer(&[frame(1, MAX_VALUES / 3)]);
        }
        let taken = feed.take();
        assert!(taken.is_cut && taken.frames.len() <= 2);
        assert!(!feed.take().is_cut);
    }
}
