//! The samples that a card shows: which ones had a part in the last decision.

use shared::alarm::AlarmState;

use super::channels::NEVER;
use super::judge::Outcome;
use super::state::{Decisive, MAX_EVIDENCE, Part, RuleState};

/// Keeps the samples that a card shows.
pub(super) fn note(state: &mut RuleState, outcome: &Outcome, is_delay_over: bool) {
    let holds = |outcome: &Outcome| matches!(outcome.state, AlarmState::Warning | AlarmState::Alarm);
    let sample = |outcome: &Outcome, part: Part| Decisive {
        time: outcome.time,
        channel: outcome.channel,
        value: outcome.value,
        part,
    };
    let is_fresh = state.evidence.last().is_none_or(|last| last.time != outcome.time);
    if outcome.time == NEVER || !(is_fresh || is_delay_over) {
        return;
    }
    let part = match (holds(&state.outcome), holds(outcome)) {
        (false, false) => return,
        (true, false) => Part::Clearing,
        (false, true) if !matches!(state.state, AlarmState::Warning | AlarmState::Alarm) => {
            state.evidence.clear();
            if state.outcome.time != NEVER {
                state.evidence.push(sample(&state.outcome, Part::Before));
            }
            Part::First
        }
        (_, true) if is_delay_over => Part::DelayOver,
        (_, true) => Part::Again,
    };
    if state.evidence.len() == MAX_EVIDENCE {
        state.evidence.pop();
    }
    state.evidence.push(sample(outcome, part));
}
