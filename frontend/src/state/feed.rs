//! An answer that is asked for again and again, and whether it still holds.

use std::sync::Arc;

use shared::time::Timestamp;

use crate::api::ApiFailure;
use crate::state::connection::Link;

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

    /// The same as far as the way to the server proves it: a question that hangs fails only after a long time.
    #[must_use]
    pub fn proven_by(mut self, link: Link) -> Self {
        let doubt = match link {
            // Without the line it is asked for over HTTP.
            Link::Connecting | Link::Connected | Link::Polled | Link::CutOff { .. } => return self,
            // What the server says of itself it cannot judge by what was stored.
            Link::StoreDown { .. } => "the store cannot be reached",
            Link::Unproven { .. } => "the connection is being checked",
            Link::Lost { .. } | Link::Unreachable => "the server cannot be reached",
        };
        self.failure = self.failure.or_else(|| Some(doubt.to_owned()));
        self
    }

    /// Since when nothing is known any more; `None` while it is, and where it never was.
    pub fn lost_since(&self) -> Option<Timestamp> {
        self.told.filter(|_| self.failure.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_proven_any_more_is_not_shown_as_if_it_were() {
        let since = Timestamp::EPOCH;
        let mut feed = Feed::default();
        feed.take(Ok(7), since);
        assert_eq!(feed.clone().proven_by(Link::Connected), feed);
        let doubtful = [
            Link::Unproven { since },
            Link::StoreDown { since },
            Link::Lost { since },
            Link::Unreachable,
        ];
        for link in doubtful {
            let doubtful = feed.clone().proven_by(link);
            assert_eq!(
                (doubtful.answer.as_deref(), doubtful.lost_since()),
                (Some(&7), Some(since))
            );
        }
        feed.take(Err(ApiFailure::Network), since);
        assert_eq!(feed.answer.as_deref(), Some(&7));
        assert!(feed.lost_since().is_some());
        feed.take(Ok(8), since);
        assert_eq!(feed.failure, None);
    }
}
