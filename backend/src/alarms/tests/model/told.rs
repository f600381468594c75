//! What a rule makes of its condition: delays, `unless`, latching, and what somebody has seen.

use shared::alarm::AlarmState;

use super::rules::{Kind, Spec};

/// A rule under way.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) spec: Spec,
    pub(super) state: AlarmState,
    pub(super) latched: Option<AlarmState>,
    pub(super) is_acknowledged: bool,
    pub(super) is_watched: bool,
    /// What happened, with the second.
    pub(super) happened: Vec<String>,
    has_spoken: bool,
    acknowledged_urgency: u8,
    /// A warning or more; an alarm.
    levels: [Level; 2],
}

/// Whether something is so, once it was said to be for long enough.
#[derive(Clone, Debug, Default)]
struct Level {
    is_on: bool,
    /// What was said since it last changed or nothing could be said, and as of when.
    said: Vec<(i64, bool)>,
}

impl Level {
    /// Since when the other thing is said without a break.
    fn other_since(&self) -> Option<i64> {
        let other = self.said.iter().rev().take_while(|(_, holds)| *holds != self.is_on);
        other.last().map(|(as_of, _)| *as_of)
    }

    fn turn_if_due(&mut self, spec: &Spec, as_of: i64) {
        let wait = if self.is_on { spec.clear_delay } else { spec.delay };
        if self.other_since().is_some_and(|since| since + wait <= as_of) {
            self.is_on = !self.is_on;
            self.said.clear();
        }
    }
}

const fn is_blind(state: AlarmState) -> bool {
    matches!(state, AlarmState::NoData | AlarmState::Unknown)
}

impl Told {
    pub(super) fn new(spec: Spec) -> Self {
        Self {
            spec,
            state: AlarmState::Unknown,
            latched: None,
            is_acknowledged: false,
            is_watched: true,
            happened: Vec::new(),
            has_spoken: false,
            acknowledged_urgency: 0,
            levels: [Level::default(), Level::default()],
        }
    }

    /// Whether it fires, to other rules.
    pub(super) fn fires(&self) -> Option<bool> {
        match self.state {
            _ if !self.is_watched => None,
            AlarmState::Ok => Some(false),
            AlarmState::Warning | AlarmState::Alarm => Some(true),
            AlarmState::NoData if matches!(self.spec.kind, Kind::Heartbeat) => Some(true),
            AlarmState::NoData | AlarmState::Unknown => None,
        }
    }

    /// Takes in what the condition says as of a moment that is known at a second.
    pub(super) fn judge(&mut self, raw: AlarmState, is_watched: bool, as_of: i64, second: i64) {
        if !is_watched {
            self.levels = [Level::default(), Level::default()];
            if self.is_watched {
                (self.is_watched, self.is_acknowledged) = (false, false);
                self.state = AlarmState::Unknown;
                self.happened.push(format!("{second} not watched"));
            }
            return;
        }
        if !self.is_watched {
            self.is_watched = true;
            self.happened.push(format!("{second} watched"));
        }
        let before = self.levels.iter().map(|level| level.is_on).collect::<Vec<_>>();
        for level in &mut self.levels {
            level.turn_if_due(&self.spec, as_of);
        }
        if self
            .levels
            .iter()
            .zip(before)
            .any(|(level, before)| level.is_on != before)
        {
            self.say_levels(second);
        }
        let is_firing_silence = matches!(self.spec.kind, Kind::Heartbeat) && raw == AlarmState::NoData;
        if is_blind(raw) && !is_firing_silence {
            // Of what comes late, only the end says that nothing is known.
            if as_of == second {
                self.levels.iter_mut().for_each(|level| level.said.clear());
                self.say(raw, second);
            }
            return;
        }
        let holds = [raw != AlarmState::Ok, raw == AlarmState::Alarm || is_firing_silence];
        for (level, holds) in self.levels.iter_mut().zip(holds) {
            level.said.push((as_of, holds));
            level.turn_if_due(&self.spec, as_of);
        }
        self.say_levels(second);
    }

    /// Says what is sure. While nothing was known, that is nothing before all delays are over.
    fn say_levels(&mut self, second: i64) {
        let is_open = self.levels.iter().any(|level| level.other_since().is_some());
        if is_blind(self.state) && is_open {
            return;
        }
        let [warning, alarm] = &self.levels;
        let state = match (warning.is_on, alarm.is_on) {
            (_, true) if self.spec.level() == AlarmState::NoData => AlarmState::NoData,
            (_, true) => AlarmState::Alarm,
            (true, false) => AlarmState::Warning,
            (false, false) => AlarmState::Ok,
        };
        self.say(state, second);
    }

    fn say(&mut self, state: AlarmState, second: i64) {
        if self.state == state && self.has_spoken {
            return;
        }
        (self.state, self.has_spoken) = (state, true);
        self.happened.push(format!("{second} {state:?}"));
        let urgency = |state: Option<AlarmState>| state.map_or(0, AlarmState::urgency);
        if self.spec.latch && state != AlarmState::Unknown && urgency(self.latched) < state.urgency() {
            self.latched = Some(state);
        }
        if self.is_acknowledged && state == AlarmState::Ok {
            (self.is_acknowledged, self.latched) = (false, None);
        } else if self.acknowledged_urgency < state.urgency() {
            self.is_acknowledged = false;
        }
    }

    /// Somebody has seen it; where there is nothing to see, that is refused.
    pub(super) fn acknowledge(&mut self) {
        if self.state == AlarmState::Ok || !self.is_watched {
            self.latched = None;
        } else {
            self.is_acknowledged = true;
            self.acknowledged_urgency = self.state.urgency();
        }
    }
}
