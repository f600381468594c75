//! Answers that are made by somebody else and go out whole: alarms, streams.

use std::sync::Arc;

use tokio::sync::watch;

/// The newest answer to a question that has one answer for all, and who waits for the next.
///
/// Whoever makes the answer sends it whole each time it has changed, as often as it likes: clients get the newest at most
/// ten times a second, and who comes later gets it at once.
#[derive(Debug)]
pub struct Broadcast<T>(watch::Sender<Option<Arc<T>>>);

impl<T> Default for Broadcast<T> {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl<T> Broadcast<T> {
    /// Tells a new answer.
    pub fn send(&self, answer: T) {
        self.0.send_replace(Some(Arc::new(answer)));
    }

    /// The newest answer; `None` before the first.
    pub fn newest(&self) -> Option<Arc<T>> {
        self.0.borrow().clone()
    }

    /// What tells of each new answer.
    pub fn listen(&self) -> watch::Receiver<Option<Arc<T>>> {
        self.0.subscribe()
    }
}
