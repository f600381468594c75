//! What is noted of what happens, and who hears of it.

use shared::alarm::{AlarmEvent, AlarmEventKind, AlarmState, Note};

use super::state::RuleState;
use super::step::{Happening, Step};

impl Step<'_> {
    /// Ends what ends by itself.
    pub(super) fn expire(&mut self, at: i64) {
        let is_over = |note: &Option<Note>| {
            let until = note.as_ref().and_then(|note| note.until_us);
            until.is_some_and(|until| until <= at)
        };
        if is_over(&self.state.shelved) {
            self.unshelve(at, "", "the time is over".to_owned());
        }
        if is_over(&self.state.known_issue) {
            self.end_known_issue(at, "", "the time is over".to_owned());
        }
    }

    pub(super) fn unshelve(&mut self, at: i64, by: &str, text: String) {
        self.state.shelved = None;
        let (from, tell) = (self.state.state, self.is_to_be_told());
        self.happen(AlarmEventKind::Unshelved, from, at, text, by, tell);
    }

    pub(super) fn end_known_issue(&mut self, at: i64, by: &str, text: String) {
        self.state.known_issue = None;
        // Loudly: what was seen must be seen again.
        (self.state.acknowledged, self.state.told) = (None, None);
        let (from, tell) = (self.state.state, self.is_to_be_told());
        self.happen(AlarmEventKind::KnownIssueEnded, from, at, text, by, tell);
    }

    /// Whether what the rule says is news for people.
    pub(super) fn is_to_be_told(&self) -> bool {
        let RuleState {
            state,
            told,
            shelved,
            known_issue,
            disabled,
            flapping,
            ..
        } = &*self.state;
        let is_hidden = shelved.is_some() || known_issue.is_some() || disabled.is_some() || *flapping;
        !is_hidden && *state != told.unwrap_or(AlarmState::Ok)
    }

    pub(super) fn happen(
        &mut self,
        kind: AlarmEventKind,
        from: AlarmState,
        at: i64,
        text: String,
        by: &str,
        tell: bool,
    ) {
        let tell = tell && !self.is_quiet;
        if tell {
            self.state.told = Some(self.state.state);
        }
        let event = AlarmEvent {
            time_us: at,
            rule: self.rule.name.clone(),
            kind,
            state: self.state.state,
            text,
            by: by.to_owned(),
        };
        self.happened.push(Happening {
            event,
            from,
            tell,
            is_known: false,
        });
    }
}
