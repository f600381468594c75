//! What people do about alarms.

use shared::alarm::{AlarmAction, AlarmActionKind, AlarmEventKind, AlarmState, Note};
use shared::time::{MICROS_PER_DAY, Timestamp};

use super::step::Step;

/// The longest that a rule may be shelved.
const MAX_SHELF_MICROS: i64 = 7 * MICROS_PER_DAY;

/// The longest that an issue may be known.
const MAX_ISSUE_MICROS: i64 = 366 * MICROS_PER_DAY;

/// The longest name, and the longest comment, in bytes.
const MAX_NAME: usize = 100;
const MAX_COMMENT: usize = 4_000;

/// Why an action is not done.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ActionError {
    /// There is no such rule.
    #[error("there is no alarm {name:?}{}", nearest.as_ref().map_or_else(String::new, |nearest| format!("; did you mean {nearest:?}?")))]
    UnknownRule {
        /// What was asked for.
        name: String,
        /// What was probably meant.
        nearest: Option<String>,
    },
    /// It makes no sense as it is written.
    #[error("{0}")]
    Wrong(String),
    /// It makes no sense as the rule stands.
    #[error("{0}")]
    Untimely(String),
}

impl Step<'_> {
    /// Does what a person does at the clock `now`, up to which the rule has been run.
    pub fn act(&mut self, now: i64, action: &AlarmAction) -> Result<(), ActionError> {
        let note = note(now, action)?;
        match action.action {
            AlarmActionKind::Acknowledge => self.acknowledge(now, note),
            AlarmActionKind::Shelve => {
                self.state.shelved = Some(note.clone());
                self.note_down(AlarmEventKind::Shelved, now, note);
                Ok(())
            }
            AlarmActionKind::Unshelve if self.state.shelved.is_none() => Err(untimely("it is not shelved")),
            AlarmActionKind::Unshelve => {
                self.unshelve(now, &note.by, note.comment);
                Ok(())
            }
            AlarmActionKind::KnownIssue => {
                self.state.known_issue = Some(note.clone());
                self.note_down(AlarmEventKind::KnownIssue, now, note);
                Ok(())
            }
            AlarmActionKind::EndKnownIssue if self.state.known_issue.is_none() => {
                Err(untimely("no issue of it is known"))
            }
            AlarmActionKind::EndKnownIssue => {
                self.end_known_issue(now, &note.by, note.comment);
                Ok(())
            }
        }?;
        self.finish(now);
        Ok(())
    }

    fn acknowledge(&mut self, now: i64, note: Note) -> Result<(), ActionError> {
        let state = &mut *self.state;
        if state.state == AlarmState::Ok {
            if state.latched.take().is_none() {
                return Err(untimely("there is nothing to acknowledge: it is OK"));
            }
        } else if state.disabled.is_some() {
            if state.latched.take().is_none() {
                return Err(untimely("there is nothing to acknowledge: it is not watched"));
            }
        } else {
            state.acknowledged = Some(note.clone());
            state.acknowledged_urgency = state.state.urgency();
        }
        self.note_down(AlarmEventKind::Acknowledged, now, note);
        Ok(())
    }

    fn note_down(&mut self, kind: AlarmEventKind, now: i64, note: Note) {
        let from = self.state.state;
        self.happen(kind, from, now, note.comment, &note.by, false);
    }
}

fn untimely(message: &str) -> ActionError {
    ActionError::Untimely(message.to_owned())
}

fn note(now: i64, action: &AlarmAction) -> Result<Note, ActionError> {
    let wrong = |message: String| Err(ActionError::Wrong(message));
    let (by, comment) = (action.by.trim(), action.comment.trim());
    for (name, text, limit) in [("by", by, MAX_NAME), ("comment", comment, MAX_COMMENT)] {
        if text.is_empty() {
            return wrong(format!("`{name}` is empty"));
        }
        if limit < text.len() {
            return wrong(format!("`{name}` is longer than {limit} bytes"));
        }
    }
    let longest = match action.action {
        AlarmActionKind::Shelve => Some(MAX_SHELF_MICROS),
        AlarmActionKind::KnownIssue => Some(MAX_ISSUE_MICROS),
        AlarmActionKind::Acknowledge | AlarmActionKind::Unshelve | AlarmActionKind::EndKnownIssue => None,
    };
    let until_us = match (longest, action.until.map(Timestamp::as_micros)) {
        (None, None) => None,
        (None, Some(_)) => return wrong("`until` has no meaning for this action".to_owned()),
        (Some(_), None) => return wrong("`until` is missing".to_owned()),
        (Some(_), Some(until)) if until <= now => return wrong("`until` is over already".to_owned()),
        (Some(longest), Some(until)) if longest < until - now => {
            let days = longest / MICROS_PER_DAY;
            return wrong(format!("`until` is more than {days} days away"));
        }
        (Some(_), until) => until,
    };
    Ok(Note {
        by: by.to_owned(),
        comment: comment.to_owned(),
        at_us: now,
        until_us,
    })
}
