//! How many answers are computed at the same time: more of them than the machine has cores make none come sooner, but each
//! holds unpacked tiles and its answer in memory until it is done.

use std::sync::Arc;
use std::thread;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Answers under way per core: one computes while another waits for the store.
const PER_CORE: usize = 2;

/// Where requests queue, first come, first served. A request whose client goes away leaves the queue.
#[derive(Clone, Debug)]
pub struct Turns(Arc<Semaphore>);

impl Turns {
    /// As many at a time as suit this machine.
    pub fn of_machine() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self::new(cores * PER_CORE)
    }

    /// So many at a time, one at the least.
    pub fn new(at_a_time: usize) -> Self {
        Self(Arc::new(Semaphore::new(at_a_time.clamp(1, Semaphore::MAX_PERMITS))))
    }

    /// Waits for a turn, which ends when it is dropped. `None` would mean that the queue was closed, which nobody does.
    pub async fn take(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0).acquire_owned().await.ok()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_turn_comes_when_one_before_has_ended_or_has_given_up() {
        let turns = Turns::new(1);
        let first = turns.take().await;
        let gives_up = turns.take();
        assert!(gives_up.now_or_never().is_none());
        let mut waits = Box::pin(turns.take());
        assert!(waits.as_mut().now_or_never().is_none());
        drop(first);
        assert!(waits.await.is_some());
    }
}
