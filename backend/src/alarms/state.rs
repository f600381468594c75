//! How a rule stands: all that must outlive a restart.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use shared::alarm::{AlarmState, Note};
use shared::value::Value;

use super::channels::{Channels, NEVER};
use super::judge::{Outcome, Why};
use super::rule::{Condition, Rule};

/// The most samples of evidence that are kept.
pub const MAX_EVIDENCE: usize = 8;

/// How a rule stands.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct RuleState {
    /// Up to when it has been evaluated.
    pub clock: i64,
    /// When it was first watched.
    pub began: i64,
    /// What it says.
    pub state: AlarmState,
    /// Since when.
    pub since: i64,
    /// Whether that was ever noted.
    pub is_noted: bool,
    /// What its condition says, before delays.
    pub outcome: Outcome,
    /// Whether it has been a warning, or more, for long enough.
    pub warning: Switch,
    /// Whether it has been an alarm for long enough.
    pub alarm: Switch,
    /// The most urgent state since somebody has seen it.
    pub latched: Option<AlarmState>,
    /// Who has seen it.
    pub acknowledged: Option<Note>,
    /// How urgent it was then.
    pub acknowledged_urgency: u8,
    /// Until when it is out of sight.
    pub shelved: Option<Note>,
    /// What is known of it.
    pub known_issue: Option<Note>,
    /// Why it is not watched.
    pub disabled: Option<String>,
    /// When its state changed last, no more than the flap control needs.
    pub changes: VecDeque<i64>,
    /// Whether it changes too often to be told.
    pub flapping: bool,
    /// The state that people were told last; `None` before the first time, or where they are to be told again.
    pub told: Option<AlarmState>,
    /// The samples that decided, by the time at which they did.
    pub evidence: Vec<Decisive>,
    /// Its channels.
    pub channels: Channels,
    /// The channel that decides whether it is watched.
    pub unless: Newest,
    /// What its expression is worth.
    pub expression: Option<bool>,
    /// The rule that keeps its expression from being told; empty if none does.
    pub unknown_rule: String,
    /// When the clock alone will change something next, if it does.
    #[serde(skip)]
    pub deadline: Option<i64>,
}

impl RuleState {
    /// Of a rule that is watched from now on.
    pub fn new(rule: &Rule, now: i64) -> Self {
        let channels = match &rule.condition {
            Condition::Samples { test, .. } => Channels::new(test),
            Condition::Expression { .. } => Channels::default(),
        };
        Self {
            clock: now,
            began: now,
            state: AlarmState::Unknown,
            since: now,
            is_noted: false,
            outcome: Outcome::unknown(Why::NotYet),
            warning: Switch::default(),
            alarm: Switch::default(),
            latched: None,
            acknowledged: None,
            acknowledged_urgency: 0,
            shelved: None,
            known_issue: None,
            disabled: None,
            changes: VecDeque::new(),
            flapping: false,
            told: None,
            evidence: Vec::new(),
            channels,
            unless: Newest::default(),
            expression: None,
            unknown_rule: String::new(),
            deadline: Some(now),
        }
    }

    /// What other rules make of it: whether it fires; `None` where that cannot be told.
    pub fn fires(&self, rule: &Rule) -> Option<bool> {
        match self.state {
            _ if self.disabled.is_some() => None,
            AlarmState::Ok => Some(false),
            AlarmState::Warning | AlarmState::Alarm => Some(true),
            AlarmState::NoData if rule.is_heartbeat() => Some(true),
            AlarmState::NoData | AlarmState::Unknown => None,
        }
    }
}

/// A condition with delays: it must hold, or not hold, for a time before that counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Switch {
    /// What counts.
    pub on: bool,
    /// Since when the condition says otherwise.
    pub pending: Option<i64>,
}

/// How long a [`Switch`] waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Delays {
    /// Before it is on, in microseconds.
    pub on: i64,
    /// Before it is off, in microseconds.
    pub off: i64,
}

impl Switch {
    /// When it will turn if the condition goes on saying otherwise.
    pub fn turns_at(&self, delays: Delays) -> Option<i64> {
        let delay = if self.on { delays.off } else { delays.on };
        self.pending.map(|since| since.saturating_add(delay))
    }

    /// Lets time pass in which the condition said what it said before; tells whether it turned.
    pub fn pass(&mut self, at: i64, delays: Delays) -> bool {
        let turns = self.turns_at(delays).is_some_and(|moment| moment <= at);
        if turns {
            self.on = !self.on;
            self.pending = None;
        }
        turns
    }

    /// Takes in what the condition says from now on; tells whether it turned.
    pub fn feed(&mut self, holds: bool, at: i64, delays: Delays) -> bool {
        if holds == self.on {
            self.pending = None;
            return false;
        }
        self.pending.get_or_insert(at);
        self.pass(at, delays)
    }
}

/// The newest sample of a channel.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Newest {
    /// When it was taken.
    pub time: i64,
    /// The same, or when it came if that was earlier.
    pub heard: i64,
    /// What it was.
    pub value: Value,
}

impl Default for Newest {
    fn default() -> Self {
        Self {
            time: NEVER,
            heard: NEVER,
            value: Value::NULL,
        }
    }
}

/// A sample that had a part in a decision.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Decisive {
    /// When it was taken.
    pub time: i64,
    /// Its channel.
    pub channel: Option<u32>,
    /// Its value.
    pub value: Value,
    /// Which part.
    pub part: Part,
}

/// The part of a sample in a decision.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The one before.
    Before,
    /// The first with which the condition held.
    First,
    /// The condition held again.
    Again,
    /// With it, or before it, the delay was over.
    DelayOver,
    /// The condition did not hold any more, and had to for a while.
    Clearing,
}
