//! An answer that is asked for again and again, and whether it still holds.

use std::sync::Arc;

use shared::time::Timestamp;

use crate::api::ApiFailure;

/// What was told last. A failure leaves the answer as it was: it is the last thing known, and since when is told.
#[derive(Clone, PartialEq, Debug)]
pub struct Feed<T> {
    /// The last answer; `None` before the first.
    pub answer: Option<Arc<T>>,
    /// When that came, by the server's clock.
    pub told: Option<Timestamp>,
    /// Why there is no newer one; `None` while all is well.
    pub failure: Option<String>,
}

impl<T> Default for Feed<T> {
    fn default() -> Self {
        Self {
            answer: None,
            told: None,
            failure: None,
        }
    }
}

impl<T> Feed<T> {
    /// Takes in what came of a question.
    pub fn take(&mut self, outcome: Result<T, ApiFailure>, now: Timestamp) {
        match outcome {
            Ok(answer) => {
                *self = Self {
                    answer: Some(Arc::new(answer)),
                    told: Some(now),
                    failure: None,
                }
            }
            Err(failure) => self.failure = Some(failure.to_string()),
        }
    }

    /// Since when nothing is known any more; `None` while it is, and where it never was.
    pub fn lost_since(&self) -> Option<Timestamp> {
        self.told.filter(|_| self.failure.is_some())
    }
}
