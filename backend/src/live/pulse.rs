//! Whether the store answers: asked each second for all clients, as long as there are any.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::pyramid::Pyramid;

/// How often the store is asked.
const PERIOD: Duration = Duration::from_secs(1);

/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Whether the store answered when it was asked last.
#[derive(Debug)]
pub(super) struct Pulse(AtomicBool);

impl Default for Pulse {
    fn default() -> Self {
        Self(AtomicBool::new(true))
    }
}

impl Pulse {
    pub(super) fn is_ok(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Asks the store again and again, until it is dropped.
    pub(super) async fn feel(&self, pyramid: Arc<Pyramid>) {
        loop {
            let answered = tokio::time::timeout(PATIENCE, pyramid.store().ping()).await;
            let is_ok = matches!(answered, Ok(Ok(())));
            if self.0.swap(is_ok, Ordering::Relaxed) != is_ok {
                tracing::info!(
                    is_ok,
                    "live updates: the store {}",
                    if is_ok { "answers again" } else { "does not answer" }
                );
            }
            tokio::time::sleep(PERIOD).await;
        }
    }
}
