//! One step of one rule: what comes in, what it says then, what happened. Pure: the same steps give the same states.
//!
//! Two clocks meet here. A sample is judged by when it was taken: delays count from there, and samples that come together
//! are gone through by rising time, each time as a whole and with the delays that are over by then, so that a block that
//! comes late says what it would have said on time. A sample that is older than what is known of its channel is judged as
//! of now: what was said then is said. Other rules are known as of now alone.
//!
//! What happens is dated by the server's clock, when it could be known. Deadlines (a delay, a silence, the end of a shelf)
//! are dated exactly, however seldom the clock is looked at.

use std::sync::Arc;

use shared::alarm::{AlarmEvent, AlarmEventKind, AlarmState};
use shared::value::Value;

use super::channels::Channels;
use super::evidence;
use super::judge::{Judged, Outcome, Why, judge};
use super::rule::{Condition, Rule, Unless};
use super::state::{Delays, RuleState, Switch};
use crate::store::Channels as FrameChannels;

/// What comes in.
#[derive(Debug)]
pub enum Input<'a> {
    /// Nothing; time has passed.
    Clock,
    /// Samples.
    Frames(&'a [Heard<'a>]),
    /// What its expression is worth, which stands in its state already.
    Others,
}

/// Samples of a metric that the rule looks at.
#[derive(Clone, Copy, Debug)]
pub struct Heard<'a> {
    /// Whether they say if the rule is watched, rather than what it says.
    pub is_unless: bool,
    /// When they were taken.
    pub time: i64,
    /// When they came.
    pub arrival: i64,
    /// Which channels.
    pub channels: &'a FrameChannels,
    /// One value per channel.
    pub values: &'a [Value],
}

/// What the store knows of the metrics of a rule.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Binding {
    /// Of its metric; `None` if there is no such metric.
    pub watched: Option<Selection>,
    /// The channel that says whether it is watched; `None` if there is none.
    pub unless_channel: Option<u32>,
}

/// Which channels of a metric count.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Selection {
    /// How many there are.
    pub n_channels: usize,
    /// Those that count, rising; all of them without it.
    pub selected: Option<Vec<u32>>,
    /// What they are called; of a metric once for all rules.
    pub labels: Arc<[String]>,
}

/// Something that happened.
#[derive(Clone, PartialEq, Debug)]
pub struct Happening {
    /// What, as it goes into the history.
    pub event: AlarmEvent,
    /// The state before.
    pub from: AlarmState,
    /// Whether people are to be told.
    pub tell: bool,
    /// Whether it is in the history already.
    pub is_known: bool,
}

/// A step of a rule.
#[derive(Debug)]
pub struct Step<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// What its metrics are in the store.
    pub binding: &'a Binding,
    /// How it stands.
    pub state: &'a mut RuleState,
    /// What happened.
    pub happened: &'a mut Vec<Happening>,
    /// Whether nobody is to be told: the past is gone through again.
    pub is_quiet: bool,
}

impl Step<'_> {
    /// Goes on to `now` by the server's clock, which never goes back, and takes in what comes then.
    pub fn run(&mut self, now: i64, input: &Input<'_>) {
        let now = now.max(self.state.clock);
        while let Some(deadline) = self.state.deadline.filter(|deadline| *deadline <= now) {
            let deadline = deadline.max(self.state.clock);
            self.evaluate(deadline, deadline);
            self.finish(deadline);
        }
        match input {
            Input::Clock => {
                self.state.clock = now;
                return;
            }
            Input::Frames(frames) => self.take(frames, now),
            Input::Others => {}
        }
        self.evaluate(now, now);
        self.finish(now);
    }

    /// Takes samples in by rising time.
    fn take(&mut self, frames: &[Heard<'_>], now: i64) {
        let mut order: Vec<&Heard<'_>> = frames.iter().collect();
        order.sort_by_key(|frame| frame.time);
        let is_expression = matches!(self.rule.condition, Condition::Expression { .. });
        let mut moments = order.chunk_by(|left, right| left.time == right.time).peekable();
        while let Some(moment) = moments.next() {
            let mut is_new = false;
            for frame in moment {
                is_new |= if frame.is_unless {
                    self.take_unless(frame)
                } else {
                    self.take_watched(frame)
                };
            }
            let as_of = moment.first().map_or(now, |frame| frame.time.min(now));
            // The last one of those that come on time is judged with the clock.
            let is_last = moments.peek().is_none() && as_of == now;
            if is_new && !is_last && !is_expression {
                self.evaluate(as_of, now);
            }
        }
    }

    /// Whether something of a channel that counts is newer than what was known of it, or is another value.
    fn take_watched(&mut self, frame: &Heard<'_>) -> bool {
        let Condition::Samples { test, .. } = &self.rule.condition else {
            return false;
        };
        self.make_room();
        let selected = self
            .binding
            .watched
            .as_ref()
            .and_then(|watched| watched.selected.as_deref());
        let channels = &mut self.state.channels;
        let n_channels = channels.len();
        let mut is_new = false;
        for (position, value) in frame.values.iter().enumerate() {
            let channel = match frame.channels {
                FrameChannels::Dense => position,
                FrameChannels::Sparse(channels) => channels[position] as usize,
            };
            if channel < n_channels {
                let is_newest = channels.take(test, channel, frame.time, *value, frame.arrival);
                is_new |= is_newest && selected.is_none_or(|selected| counts(selected, channel));
            }
        }
        is_new
    }

    fn take_unless(&mut self, frame: &Heard<'_>) -> bool {
        let position = self.binding.unless_channel.and_then(|channel| match frame.channels {
            FrameChannels::Dense => Some(channel as usize),
            FrameChannels::Sparse(channels) => channels.binary_search(&channel).ok(),
        });
        let value = position.and_then(|position| frame.values.get(position));
        let newest = &mut self.state.unless;
        match value {
            Some(value) if newest.time <= frame.time => {
                let before = (newest.time, newest.heard, newest.value);
                newest.time = frame.time;
                newest.heard = newest.heard.max(frame.time.min(frame.arrival));
                newest.value = *value;
                before != (newest.time, newest.heard, newest.value)
            }
            _ => false,
        }
    }

    /// Judges the rule as of a moment; what happens then happens at the clock `at`, which is not earlier.
    fn evaluate(&mut self, as_of: i64, at: i64) {
        self.make_room();
        let judged = self.judge(as_of);
        let next = judged.next;
        self.expire(at);
        let disabled = self.disabled(as_of);
        if disabled.is_some() {
            self.state.outcome = judged.outcome;
            self.disable(disabled, at);
        } else {
            self.enable(at);
            self.watch(judged.outcome, as_of, at);
        }
        self.calm(at);
        self.state.deadline = next;
    }

    /// Makes room for the channels that the metric has.
    fn make_room(&mut self) {
        if let (Condition::Samples { test, .. }, Some(watched)) = (&self.rule.condition, &self.binding.watched)
            && !Channels::are_too_many(watched.n_channels, test)
        {
            self.state.channels.grow(watched.n_channels);
        }
    }

    /// Finds out when the clock alone will change something next.
    pub(super) fn finish(&mut self, now: i64) {
        let state = &mut *self.state;
        state.clock = now;
        let delays = delays(self.rule);
        let unless_ends = self.rule.unless.as_ref().and_then(|unless| {
            let ends = state.unless.heard.checked_add(unless.silence_micros?)?;
            (now < ends).then_some(ends)
        });
        let ends = |note: &Option<shared::alarm::Note>| note.as_ref().and_then(|note| note.until_us);
        let calms = self.rule.flap.filter(|_| state.flapping);
        let moments = [
            state.deadline,
            state.warning.turns_at(delays),
            state.alarm.turns_at(delays),
            ends(&state.shelved),
            ends(&state.known_issue),
            calms.and_then(|flap| state.changes.back()?.checked_add(flap.within_micros)),
            unless_ends,
        ];
        state.deadline = moments.into_iter().flatten().min();
    }

    fn judge(&self, as_of: i64) -> Judged {
        let told = |outcome| Judged { outcome, next: None };
        match &self.rule.condition {
            Condition::Samples { watch, test } => match &self.binding.watched {
                None => told(Outcome::unknown(Why::NoMetric)),
                Some(watched) if Channels::are_too_many(watched.n_channels, test) => {
                    told(Outcome::unknown(Why::TooMany))
                }
                Some(watched) => {
                    let RuleState { channels, began, .. } = &*self.state;
                    judge(watch, test, channels, watched.selected.as_deref(), as_of, *began)
                }
            },
            Condition::Expression { level, .. } => {
                let mut outcome = Outcome::unknown(Why::Nothing);
                match self.state.expression {
                    Some(true) => outcome.state = level.state(),
                    Some(false) => outcome.state = AlarmState::Ok,
                    None if self.state.unknown_rule.is_empty() => outcome.why = Why::NotYet,
                    None => outcome.why = Why::Rule(self.state.unknown_rule.clone()),
                }
                told(outcome)
            }
        }
    }

    /// Why the rule is not watched as of a moment.
    fn disabled(&self, as_of: i64) -> Option<String> {
        if self.rule.disabled.is_some() {
            return self.rule.disabled.clone();
        }
        let Unless {
            of,
            reason,
            silence_micros,
            ..
        } = self.rule.unless.as_ref()?;
        let newest = &self.state.unless;
        let is_silent = silence_micros.is_some_and(|limit| newest.heard.saturating_add(limit) <= as_of);
        // NaN is beyond every limit; but who says nothing must not silence an alarm.
        let number = newest
            .value
            .as_number()
            .filter(|number| !is_silent && !number.is_nan())?;
        of.holds(number).then(|| reason.clone())
    }

    fn disable(&mut self, why: Option<String>, at: i64) {
        let state = &mut *self.state;
        (state.warning, state.alarm) = (Switch::default(), Switch::default());
        if state.disabled == why {
            return;
        }
        let from = state.state;
        let text = why.clone().unwrap_or_default();
        state.disabled = why;
        (state.state, state.since) = (AlarmState::Unknown, at);
        state.acknowledged = None;
        state.evidence.clear();
        // Who was told of an alarm will hear of the next one again.
        state.told = None;
        self.happen(AlarmEventKind::Disabled, from, at, text, "", false);
    }

    fn enable(&mut self, at: i64) {
        if self.state.disabled.take().is_some() {
            self.state.since = at;
            let from = self.state.state;
            self.happen(AlarmEventKind::Enabled, from, at, String::new(), "", false);
        }
    }

    /// Lets delays pass, and takes what the condition says.
    fn watch(&mut self, outcome: Outcome, as_of: i64, at: i64) {
        let delays = delays(self.rule);
        let state = &mut *self.state;
        let is_over = state.warning.pass(as_of, delays) | state.alarm.pass(as_of, delays);
        if is_over {
            self.settle_switches(at);
        }
        let state = &mut *self.state;
        let level = match outcome.state {
            AlarmState::Ok => 0,
            AlarmState::Warning => 1,
            AlarmState::Alarm => 2,
            // Silence is what it looks for.
            AlarmState::NoData if self.rule.is_heartbeat() => 2,
            AlarmState::NoData | AlarmState::Unknown => {
                // Of what comes late, only the end says that nothing is known.
                if as_of == at {
                    (state.warning.pending, state.alarm.pending) = (None, None);
                    let blind = outcome.state;
                    evidence::note(state, &outcome, is_over);
                    state.outcome = outcome;
                    self.settle(blind, at);
                }
                return;
            }
        };
        let turned = state.warning.feed(1 <= level, as_of, delays) | state.alarm.feed(2 <= level, as_of, delays);
        evidence::note(state, &outcome, is_over || turned && 0 < delays.on);
        state.outcome = outcome;
        self.settle_switches(at);
    }

    fn settle_switches(&mut self, at: i64) {
        let state = &*self.state;
        let is_open = state.warning.pending.is_some() || state.alarm.pending.is_some();
        let is_blind = matches!(state.state, AlarmState::NoData | AlarmState::Unknown);
        // After silence nothing is said before it is sure.
        if is_blind && is_open {
            return;
        }
        let settled = if state.alarm.on {
            self.rule.worst_state()
        } else if state.warning.on {
            AlarmState::Warning
        } else {
            AlarmState::Ok
        };
        self.settle(settled, at);
    }

    fn settle(&mut self, settled: AlarmState, at: i64) {
        let state = &mut *self.state;
        let from = state.state;
        if from == settled && state.is_noted {
            return;
        }
        if from != settled {
            (state.state, state.since) = (settled, at);
        }
        // Also what a rule says first goes into the history; but it is no change.
        let is_first = !std::mem::replace(&mut state.is_noted, true);
        if self.rule.latch && !matches!(settled, AlarmState::Ok | AlarmState::Unknown) {
            let is_worse = state
                .latched
                .is_none_or(|latched| latched.urgency() < settled.urgency());
            if is_worse {
                state.latched = Some(settled);
            }
        }
        if state.acknowledged.is_some() {
            if settled == AlarmState::Ok {
                (state.acknowledged, state.latched) = (None, None);
            } else if state.acknowledged_urgency < settled.urgency() {
                state.acknowledged = None;
            }
        }
        // The change that is one too many is told as that.
        let would_tell = self.is_to_be_told();
        let begins_to_flap = !is_first && self.count_change(at);
        let text = super::words::happened(self.rule, self.binding, self.state);
        self.happen(AlarmEventKind::State, from, at, text, "", would_tell && !begins_to_flap);
        if begins_to_flap {
            let text = super::words::flapping(self.rule);
            self.happen(AlarmEventKind::Flapping, settled, at, text, "", would_tell);
        }
    }

    /// Counts a change, and says whether with it the rule begins to flap.
    fn count_change(&mut self, at: i64) -> bool {
        let Some(flap) = self.rule.flap else { return false };
        let state = &mut *self.state;
        state.changes.push_back(at);
        let is_old = |change: &i64| change.saturating_add(flap.within_micros) <= at;
        while state.changes.front().is_some_and(is_old) || flap.changes + 1 < state.changes.len() {
            state.changes.pop_front();
        }
        let begins = !state.flapping && flap.changes < state.changes.len();
        state.flapping |= begins;
        begins
    }

    /// Ends flapping when nothing has changed for long enough.
    fn calm(&mut self, at: i64) {
        let Some(flap) = self.rule.flap.filter(|_| self.state.flapping) else {
            // Without flap control in the configuration any more, it is over.
            self.state.flapping = false;
            return;
        };
        let last = self.state.changes.back().copied().unwrap_or(i64::MIN);
        if last.saturating_add(flap.within_micros) <= at {
            self.state.flapping = false;
            let (from, tell) = (self.state.state, self.is_to_be_told());
            self.happen(AlarmEventKind::Steady, from, at, String::new(), "", tell);
        }
    }
}

/// Whether a channel is among those that count, which are rising.
fn counts(selected: &[u32], channel: usize) -> bool {
    u32::try_from(channel).is_ok_and(|channel| selected.binary_search(&channel).is_ok())
}

/// How long the rule waits.
pub(super) fn delays(rule: &Rule) -> Delays {
    Delays {
        on: rule.delay_micros,
        off: rule.clear_delay_micros,
    }
}
