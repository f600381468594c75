//! Whether the store answers: asked each second for all clients, as long as there are any.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::store::Store;

/// How often the store is asked.
const PERIOD: Duration = Duration::from_secs(1);

/// How long it may take to answer: with the period, and with a client that is told at once, no more than 2.5 s pass
/// until everybody knows that it does not.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Whether the store answered when it was asked last.
#[derive(Debug)]
pub(super) struct Pulse(watch::Sender<bool>);

impl Default for Pulse {
    fn default() -> Self {
        Self(watch::Sender::new(true))
    }
}

impl Pulse {
    pub(super) fn is_ok(&self) -> bool {
        *self.0.borrow()
    }

    /// Hears of each change.
    pub(super) fn listen(&self) -> watch::Receiver<bool> {
        self.0.subscribe()
    }

    /// Asks the store again and again, until it is dropped.
    pub(super) async fn feel(&self, store: &dyn Store) {
        let mut period = interval(PERIOD);
        // A store that has kept us waiting is asked a whole period after it was asked last.
        period.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            period.tick().await;
            let answered = timeout(PATIENCE, store.ping()).await;
            let is_ok = matches!(answered, Ok(Ok(())));
            let has_changed = self
                .0
                .send_if_modified(|known| std::mem::replace(known, is_ok) != is_ok);
            if has_changed {
                tracing::info!(
                    is_ok,
                    "live updates: the store {}",
                    if is_ok { "answers again" } else { "does not answer" }
                );
            }
        }
    }
}
