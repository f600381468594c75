//! Where changes of stored samples are numbered and remembered, and open questions hear of them.
//!
//! A change is published after its write was committed. So who reads the position first and the store then has, in what
//! was read, all changes up to that position; what was written meanwhile is told later, and replaces the same by the
//! same.
//!
//! Memory is bounded: per metric the last changes are kept one by one, older ones joined. Any position of this run can be
//! gone on from, except from before a moment at which changes may have been missed ([`Hub::lose_track`]).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use shared::live::Position;
use shared::time::Timestamp;
use tokio::sync::Notify;

use super::change::Change;
use super::log::{Changed, Interest, Log};
use crate::store::MetricId;

/// The most changes that are remembered of one metric.
const MAX_OF_METRIC: usize = 64;

/// About how many are remembered of all.
const MAX_OF_ALL: usize = 65_536;

/// The changes of all metrics.
#[derive(Debug)]
pub struct Hub {
    epoch: i64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The number of the last change.
    sequence: u64,
    /// Positions before this one may miss changes.
    floor: u64,
    logs: HashMap<MetricId, Log>,
    listeners: HashMap<MetricId, Vec<Weak<Notify>>>,
}

impl Hub {
    /// The hub of a run that starts now, which is its epoch.
    pub fn new(now: Timestamp) -> Self {
        Self {
            epoch: now.as_micros(),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The position of the last change.
    pub fn position(&self) -> Position {
        self.at(self.state().sequence)
    }

    /// The position of a change of this run by its number.
    pub fn at(&self, sequence: u64) -> Position {
        Position {
            epoch: self.epoch,
            sequence,
        }
    }

    /// Tells what has changed in the store; it is committed.
    pub fn publish(&self, changes: impl IntoIterator<Item = Change>) {
        let mut state = self.state();
        for change in changes {
            let metric_id = change.metric_id;
            state.sequence += 1;
            let sequence = state.sequence;
            let at_most = (MAX_OF_ALL / (state.logs.len() + 1)).min(MAX_OF_METRIC);
            state.logs.entry(metric_id).or_default().push(sequence, change, at_most);
            state.wake(metric_id);
        }
    }

    /// Says that changes may have been missed: nothing from before can be gone on from.
    pub fn lose_track(&self) {
        let mut state = self.state();
        state.sequence += 1;
        state.floor = state.sequence;
        state.logs.clear();
        let metrics: Vec<MetricId> = state.listeners.keys().copied().collect();
        for metric_id in metrics {
            state.wake(metric_id);
        }
    }

    /// What has changed of an answer between two numbers of this run; `None` where that is not known any more.
    pub fn changed(&self, metric_id: MetricId, interest: &Interest, since: u64, until: u64) -> Option<Changed> {
        let state = self.state();
        if since < state.floor {
            return None;
        }
        let log = state.logs.get(&metric_id);
        Some(log.map_or_else(Changed::default, |log| log.since(since, until, interest)))
    }

    /// What wakes whoever waits for changes of a metric, until it is dropped.
    pub fn listen(&self, metric_id: MetricId) -> Arc<Notify> {
        let listener = Arc::new(Notify::new());
        let mut state = self.state();
        state
            .listeners
            .entry(metric_id)
            .or_default()
            .push(Arc::downgrade(&listener));
        // Those of questions that nobody asks any more.
        state.listeners.retain(|_, listeners| {
            listeners.retain(|listener| 0 < listener.strong_count());
            !listeners.is_empty()
        });
        listener
    }

    /// Whether something can be gone on from at this position.
    pub fn knows(&self, position: Position) -> bool {
        let state = self.state();
        position.epoch == self.epoch && state.floor <= position.sequence && position.sequence <= state.sequence
    }

    /// How many changes are remembered.
    pub fn n_remembered(&self) -> usize {
        self.state().logs.values().map(Log::len).sum()
    }
}

impl State {
    fn wake(&self, metric_id: MetricId) {
        for listener in self.listeners.get(&metric_id).into_iter().flatten() {
            if let Some(listener) = listener.upgrade() {
                // One that is not waiting finds it when it does.
                listener.notify_one();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use shared::time::TimeRange;

    use super::*;
    use crate::live::change::Touched;

    fn change(metric: u32, from_us: i64, to_us: i64, channels: Touched) -> Change {
        let at = Timestamp::saturating_from_micros;
        Change {
            metric_id: MetricId(metric),
            range: TimeRange::new(at(from_us), at(to_us)).unwrap(),
            channels,
            removed: false,
        }
    }

    fn all(range_us: (i64, i64)) -> Interest {
        Interest {
            range_us,
            channels: None,
        }
    }

    fn dirty(hub: &Hub, interest: &Interest, since: u64) -> Option<Vec<(i64, i64)>> {
        let changed = hub.changed(MetricId(1), interest, since, u64::MAX)?;
        Some(changed.dirty.ranges().to_vec())
    }

    #[test]
    fn changes_are_numbered_and_told_from_any_position_on() {
        let hub = Hub::new(Timestamp::EPOCH);
        assert_eq!(hub.position().sequence, 0);
        hub.publish([change(1, 10, 20, Touched::All), change(2, 0, 5, Touched::All)]);
        hub.publish([change(1, 40, 50, Touched::Few(vec![3]))]);
        assert_eq!(hub.position().sequence, 3);
        let everything = all((0, 100));
        assert_eq!(dirty(&hub, &everything, 0), Some(vec![(10, 20), (40, 50)]));
        assert_eq!(dirty(&hub, &everything, 1), Some(vec![(40, 50)]));
        assert_eq!(dirty(&hub, &everything, 3), Some(vec![]));
        assert_eq!(dirty(&hub, &all((15, 45)), 0), Some(vec![(15, 20), (40, 45)]));
        let other_channel = Interest {
            channels: Some(vec![4]),
            ..all((0, 100))
        };
        assert_eq!(dirty(&hub, &other_channel, 0), Some(vec![(10, 20)]));
        assert_eq!(
            hub.changed(MetricId(1), &everything, 0, 2)
                .map(|changed| changed.dirty.ranges().to_vec()),
            Some(vec![(10, 20)])
        );
    }

    #[test]
    fn what_may_have_been_missed_is_not_gone_on_from() {
        let hub = Hub::new(Timestamp::EPOCH);
        hub.publish([change(1, 10, 20, Touched::All)]);
        let before = hub.position();
        hub.lose_track();
        assert!(!hub.knows(before) && hub.knows(hub.position()));
        assert_eq!(dirty(&hub, &all((0, 100)), before.sequence), None);
        assert_eq!(dirty(&hub, &all((0, 100)), hub.position().sequence), Some(vec![]));
        let elsewhere = Position { epoch: 7, sequence: 2 };
        assert!(!hub.knows(elsewhere) && !hub.knows(hub.at(99)));
    }

    #[tokio::test]
    async fn who_waits_for_a_metric_is_woken_by_its_changes_alone() {
        use futures_util::FutureExt as _;

        let hub = Hub::new(Timestamp::EPOCH);
        let listener = hub.listen(MetricId(1));
        hub.publish([change(2, 10, 20, Touched::All)]);
        assert!(listener.notified().now_or_never().is_none());
        hub.publish([change(1, 10, 20, Touched::All)]);
        assert!(listener.notified().now_or_never().is_some());
        hub.lose_track();
        assert!(listener.notified().now_or_never().is_some());
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let hub = Hub::new(Timestamp::EPOCH);
        for round in 0..200 {
            hub.publish((0..3000).map(|metric| change(metric, round, round + 1, Touched::All)));
        }
        assert!(hub.n_remembered() <= MAX_OF_ALL + 2 * 3000, "{}", hub.n_remembered());
        assert_eq!(dirty(&hub, &all((0, 1000)), 0), Some(vec![(0, 200)]));
    }

    proptest! {
        #[test]
        fn nothing_that_changed_since_is_left_out(
            changes in prop::collection::vec((0_i64..5000, 1_i64..20, 0_u32..40), 1..300), since in 0_u64..300,
        ) {
            let hub = Hub::new(Timestamp::EPOCH);
            for (from, length, channel) in &changes {
                hub.publish([change(1, *from, from + length, Touched::Few(vec![*channel]))]);
            }
            let interest = Interest { range_us: (0, 10_000), channels: Some(vec![7, 8]) };
            let told = dirty(&hub, &interest, since).unwrap();
            for (number, (from, length, channel)) in (1_u64..).zip(changes) {
                if since < number && [7, 8].contains(&channel) {
                    prop_assert!(told.iter().any(|(start, end)| *start <= from && from + length <= *end));
                }
            }
            prop_assert!(hub.n_remembered() <= MAX_OF_METRIC);
        }
    }
}
