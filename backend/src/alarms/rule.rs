//! What a rule says. Read from the configuration ([`crate::config`]), and judged in [`super::judge`].

use shared::alarm::AlarmState;

use super::expression::Expression;

/// A rule of the configuration.
#[derive(Clone, PartialEq, Debug)]
pub struct Rule {
    /// Its name in the configuration.
    pub name: String,
    /// What is wrong when it fires.
    pub title: String,
    /// Where it belongs, from the whole to the part.
    pub system: Vec<String>,
    /// Who cares; empty if nobody is named.
    pub owner: String,
    /// What to do, as HTML; empty if nothing is written.
    pub guidance_html: String,
    /// Where more is written; empty or a web address.
    pub link: String,
    /// When it fires.
    pub condition: Condition,
    /// For how long the condition must hold before the rule fires, in microseconds.
    pub delay_micros: i64,
    /// For how long it must not hold before the rule clears, in microseconds.
    pub clear_delay_micros: i64,
    /// From when on single changes are not told any more.
    pub flap: Option<Flap>,
    /// Whether it stays on the list until somebody has seen it.
    pub latch: bool,
    /// When it is not watched.
    pub unless: Option<Unless>,
    /// Why it is not watched at all; `None` where it is.
    pub disabled: Option<String>,
}

impl Rule {
    /// The metrics that it looks at, by name.
    pub fn metrics(&self) -> Vec<&str> {
        match &self.condition {
            Condition::Samples { watch, .. } => vec![&watch.metric],
            Condition::Expression { .. } => Vec::new(),
        }
    }

    /// Whether silence is what it looks for: then NO DATA is its condition holding.
    pub fn is_heartbeat(&self) -> bool {
        matches!(
            self.condition,
            Condition::Samples {
                test: Test::Heartbeat { .. },
                ..
            }
        )
    }

    /// What it says at its worst: a heartbeat without a severity says NO DATA.
    pub fn worst_state(&self) -> AlarmState {
        match &self.condition {
            Condition::Samples {
                test: Test::Heartbeat { level: None },
                ..
            } => AlarmState::NoData,
            _ => AlarmState::Alarm,
        }
    }

    /// From where to where a value, or the mean of some, is no warning and no alarm; ends may be infinite. `None` of what it
    /// never is, and of rules about something else.
    pub fn within(&self) -> [Option<(f64, f64)>; 2] {
        let Condition::Samples { test, .. } = &self.condition else {
            return [None, None];
        };
        match test {
            Test::Threshold { warning, alarm } => [warning, alarm].map(|band| band.map(|band| (band.low, band.high))),
            Test::Mean { level, range, .. } | Test::OfLast { level, range, .. } => {
                let range = Some((range.low, range.high));
                match level {
                    Level::Warning => [range, None],
                    Level::Alarm => [None, range],
                }
            }
            _ => [None, None],
        }
    }

    /// The limits that it draws on the axes of its metrics.
    pub fn limits(&self) -> Vec<f64> {
        let ends = self.within().into_iter().flatten().flat_map(|(low, high)| [low, high]);
        ends.filter(|end| end.is_finite()).collect()
    }
}

/// How bad it is when a rule fires.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Level {
    /// Somebody should know.
    Warning,
    /// Somebody must act.
    #[default]
    Alarm,
}

impl Level {
    /// The state of a rule that fires.
    pub const fn state(self) -> AlarmState {
        match self {
            Self::Warning => AlarmState::Warning,
            Self::Alarm => AlarmState::Alarm,
        }
    }
}

/// When a rule fires.
#[derive(Clone, PartialEq, Debug)]
pub enum Condition {
    /// By the samples of a metric.
    Samples {
        /// What is looked at.
        watch: Watch,
        /// What is asked of each channel.
        test: Test,
    },
    /// By other rules.
    Expression {
        /// How bad it is.
        level: Level,
        /// Which of them.
        expression: Expression,
    },
}

/// What a rule looks at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Watch {
    /// The metric by name.
    pub metric: String,
    /// The labels of the channels; all of them if empty.
    pub channels: Vec<String>,
    /// How many of them must fulfil the condition; more than there are means all of them.
    pub at_least: u32,
    /// After how long without a sample a channel is silent, in microseconds; `None` where silence means nothing.
    pub silence_micros: Option<i64>,
    /// The unit of its values.
    pub unit: String,
}

/// What is asked of each channel.
#[derive(Clone, PartialEq, Debug)]
pub enum Test {
    /// Its value lies outside a band.
    Threshold {
        /// The band whose outside is a warning.
        warning: Option<Band>,
        /// The band whose outside is an alarm.
        alarm: Option<Band>,
    },
    /// The mean of its last values is not inside a range.
    Mean {
        /// How bad it is.
        level: Level,
        /// How many values; with fewer it cannot be told.
        last: usize,
        /// The range.
        range: OpenRange,
    },
    /// Some of its last values are not inside a range.
    OfLast {
        /// How bad it is.
        level: Level,
        /// How many values are looked at; with fewer it cannot be told.
        last: usize,
        /// How many of them must not be inside.
        outside: usize,
        /// The range.
        range: OpenRange,
    },
    /// Its last value differs from the one before by more than this.
    Step {
        /// How bad it is.
        level: Level,
        /// The most.
        most: f64,
    },
    /// Its last value is not between the one before divided by, and multiplied with, this.
    RelativeStep {
        /// How bad it is.
        level: Level,
        /// The factor, at least 1.
        factor: f64,
    },
    /// It changes faster than this, up or down.
    Change {
        /// How bad it is.
        level: Level,
        /// The most, in units per [`Test::Change::per_micros`].
        most: f64,
        /// Per which time, in microseconds.
        per_micros: i64,
        /// Over how many of its last values, two at least.
        last: usize,
    },
    /// It is silent.
    Heartbeat {
        /// How bad it is; `None` says NO DATA.
        level: Option<Level>,
    },
    /// Fewer samples come than expected.
    Rate {
        /// How bad it is.
        level: Level,
        /// How many are expected.
        samples: usize,
        /// In which time, in microseconds.
        within_micros: i64,
    },
    /// It is in one of some states.
    State {
        /// How bad it is.
        level: Level,
        /// The states, by value, with their labels.
        states: Vec<(f64, String)>,
    },
}

impl Test {
    /// How many of the last values of a channel it needs; 0 where the newest is enough.
    pub fn depth(&self) -> usize {
        match self {
            Self::Mean { last, .. } | Self::OfLast { last, .. } | Self::Change { last, .. } => *last,
            Self::Step { .. } | Self::RelativeStep { .. } => 2,
            Self::Rate { samples, .. } => *samples,
            Self::Threshold { .. } | Self::Heartbeat { .. } | Self::State { .. } => 0,
        }
    }
}

/// A band with hysteresis: a value is out when it lies beyond `low` or `high`, and in again between `clear_low` and
/// `clear_high`. All four are in themselves. An end that is not there is infinite.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Band {
    /// Below it a value is out.
    pub low: f64,
    /// Above it a value is out.
    pub high: f64,
    /// Not below `low`.
    pub clear_low: f64,
    /// Not above `high`.
    pub clear_high: f64,
}

impl Band {
    /// Whether a value is out, for a channel that was out before or not.
    pub fn is_out(&self, value: f64, was_out: bool) -> bool {
        if was_out {
            !(self.clear_low <= value && value <= self.clear_high)
        } else {
            !(self.low <= value && value <= self.high)
        }
    }

    /// How far beyond the nearest end a value lies; negative inside.
    pub fn excess(&self, value: f64) -> f64 {
        (value - self.high).max(self.low - value)
    }
}

/// A range without its ends, which may be infinite.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct OpenRange {
    /// Not in it any more.
    pub low: f64,
    /// Not in it any more.
    pub high: f64,
}

impl OpenRange {
    /// Whether a value lies inside.
    pub fn contains(self, value: f64) -> bool {
        self.low < value && value < self.high
    }
}

/// From when on a rule flaps: when its state changes more than so many times in a time. It has calmed down when nothing
/// changed for as long.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Flap {
    /// More changes than this.
    pub changes: usize,
    /// In this time, in microseconds.
    pub within_micros: i64,
}

/// When a rule is not watched: while the newest value of a channel is outside a band, or one of some states. While that
/// channel is silent or has no number the rule is watched.
#[derive(Clone, PartialEq, Debug)]
pub struct Unless {
    /// The metric by name.
    pub metric: String,
    /// The label of the channel; the first one if empty.
    pub channel: String,
    /// Which values.
    pub of: UnlessValue,
    /// Why it is not watched then, such as `not observing`.
    pub reason: String,
    /// After how long without a sample it means nothing, in microseconds; `None` where it holds for ever.
    pub silence_micros: Option<i64>,
}

/// Values with which a rule is not watched.
#[derive(Clone, PartialEq, Debug)]
pub enum UnlessValue {
    /// Those beyond a band.
    Outside(Band),
    /// These.
    States(Vec<(f64, String)>),
}

impl UnlessValue {
    /// Whether a value is among them.
    pub fn holds(&self, value: f64) -> bool {
        match self {
            Self::Outside(band) => band.is_out(value, false),
            Self::States(states) => states.iter().any(|(state, _)| same(*state, value)),
        }
    }
}

/// Whether two numbers of states are the same.
#[expect(
    clippy::float_cmp,
    reason = "states are small whole numbers, which are stored exactly"
)]
pub(super) fn same(left: f64, right: f64) -> bool {
    left == right
}
