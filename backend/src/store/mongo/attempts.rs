//! Trying again what another server came between.

use std::time::Duration;

use super::super::{Error, Result};

/// How often a transaction is begun again.
const ATTEMPTS: u32 = 20;

/// The wait after the first failure; it doubles up to [`MAX_BACKOFF`].
const FIRST_BACKOFF: Duration = Duration::from_millis(2);

const MAX_BACKOFF: Duration = Duration::from_millis(200);

/// How often something may still be tried again.
#[derive(Debug)]
pub(super) struct Attempts {
    left: u32,
    backoff: Duration,
}

impl Attempts {
    pub(super) const fn new() -> Self {
        Self {
            left: ATTEMPTS,
            backoff: FIRST_BACKOFF,
        }
    }

    /// Waits before the next attempt; fails after the last. `reason` says what came between.
    pub(super) async fn wait(&mut self, reason: &str) -> Result<()> {
        self.left -= 1;
        if self.left == 0 {
            return Err(Error::Unavailable(format!(
                "other servers change the same data all the time: {reason}"
            )));
        }
        tracing::debug!("another server came between: {reason}");
        tokio::time::sleep(self.backoff).await;
        self.backoff = MAX_BACKOFF.min(self.backoff * 2);
        Ok(())
    }
}
