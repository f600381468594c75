//! One question of one client: where it is, and what it has to be sent.

use std::sync::Arc;

use shared::error::ApiError;
use shared::live::{Question, ServerMessage};
use tokio::sync::Notify;

use super::Refusal;
use super::step::{Form, Outcome, Outgoing, Step};
use super::topic::Topic;

/// A question of a client.
#[derive(Debug)]
pub(super) struct Subscription {
    id: u32,
    pub(super) question: Question,
    state: State,
}

#[derive(Debug)]
enum State {
    /// It is told what changes after this number; all of the answer first where there is none.
    Open { topic: Arc<Topic>, at: Option<u64> },
    /// The store failed when it began; it is tried again.
    Unopened,
    /// It was told to ask anew, and has not come back yet.
    Lost,
    /// It was refused.
    Ended,
}

impl Subscription {
    /// A question that goes on after a number, or from the beginning. Each step of its answer wakes `ear`.
    pub(super) fn open(id: u32, question: Question, topic: Arc<Topic>, at: Option<u64>, ear: &Arc<Notify>) -> Self {
        topic.listen(ear);
        let state = State::Open { topic, at };
        Self { id, question, state }
    }

    /// A question that cannot be opened yet.
    pub(super) fn unopened(id: u32, question: Question) -> Self {
        let state = State::Unopened;
        Self { id, question, state }
    }

    /// One that has ended before it began.
    pub(super) fn ended(id: u32, question: Question) -> Self {
        let state = State::Ended;
        Self { id, question, state }
    }

    /// One that has to ask anew before it can begin.
    pub(super) fn lost(id: u32, question: Question) -> Self {
        let state = State::Lost;
        Self { id, question, state }
    }

    /// Whether it goes on by itself.
    pub(super) fn goes_on(&self) -> bool {
        matches!(self.state, State::Open { .. })
    }

    /// Whether it has to be tried to open it again.
    pub(super) fn is_unopened(&self) -> bool {
        matches!(self.state, State::Unopened)
    }

    /// The number up to which the client knows all that concerns this question, if that is before `until`.
    pub(super) fn behind(&self, until: u64) -> Option<u64> {
        match &self.state {
            State::Open { topic, at: Some(at) } if topic.is_stored() => {
                (topic.is_clean(*at, until.max(*at)) != Some(true)).then_some(*at)
            }
            State::Open { .. } | State::Ended => None,
            State::Lost | State::Unopened => Some(0),
        }
    }

    /// Where it is, if it goes on.
    pub(super) fn place(&self) -> Option<(Arc<Topic>, Option<u64>)> {
        match &self.state {
            State::Open { topic, at } => Some((Arc::clone(topic), *at)),
            State::Unopened | State::Lost | State::Ended => None,
        }
    }

    /// Takes the next step, and gives what has to be sent for it.
    pub(super) fn take(&mut self, next: Next, form: Form) -> Vec<Outgoing> {
        let State::Open { at, .. } = &mut self.state else {
            return Vec::new();
        };
        let step = match next {
            Next::Step(step) => step,
            Next::Nothing => return Vec::new(),
            Next::Lost => {
                self.state = State::Lost;
                let reason = "the server may have missed changes".to_owned();
                let id = self.id;
                return form
                    .message(&ServerMessage::Resync { id, reason })
                    .into_iter()
                    .collect();
            }
            Next::Refused(error) => return self.refuse(error, form),
        };
        match &step.outcome {
            Outcome::Increments(increments) => {
                *at = Some(step.to);
                let messages = increments.iter().map(|increment| increment.message(self.id, form));
                messages.flatten().collect()
            }
            Outcome::Refused(error) => self.refuse(error.clone(), form),
        }
    }

    /// Ends it.
    pub(super) fn refuse(&mut self, error: ApiError, form: Form) -> Vec<Outgoing> {
        self.state = State::Ended;
        let id = self.id;
        form.message(&ServerMessage::Refused { id, error })
            .into_iter()
            .collect()
    }
}

/// What comes next for somebody who has a question open.
pub(super) enum Next {
    Step(Arc<Step>),
    Nothing,
    Lost,
    Refused(ApiError),
}

/// The next step of somebody who is at a number of a topic.
pub(super) async fn next_step(topic: &Topic, at: Option<u64>) -> Next {
    let current = topic.current();
    if let Some(at) = at {
        if current.to <= at {
            // Track may have been lost without a step.
            return if topic.is_clean(at, at).is_none() {
                Next::Lost
            } else {
                Next::Nothing
            };
        }
        // Whoever is in the middle of a step may take all of it: it replaces the same by the same.
        match topic.is_clean(at, current.from.max(at)) {
            Some(true) => return Next::Step(current),
            Some(false) => {}
            None => return Next::Lost,
        }
    }
    match topic.catch_up(at).await {
        Ok(Some(step)) => Next::Step(step),
        Ok(None) => Next::Lost,
        Err(Refusal::Ended(error)) => Next::Refused(error),
        Err(Refusal::Later) => Next::Nothing,
    }
}
