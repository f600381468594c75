//! Alarms: what the rules of the configuration say, what people did about it, and why.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;
use crate::value::Value;

/// What a rule says now.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AlarmState {
    /// Its condition does not hold.
    Ok,
    /// Its condition holds, and the rule is a warning.
    Warning,
    /// Its condition holds, and the rule is an alarm.
    Alarm,
    /// What it is about is silent.
    NoData,
    /// It could not be evaluated: the store failed, a metric does not exist, a value is no number.
    Unknown,
}

impl AlarmState {
    /// All of them, by rising urgency.
    pub const ALL: [Self; 5] = [Self::Ok, Self::Unknown, Self::Warning, Self::NoData, Self::Alarm];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Alarm => "alarm",
            Self::NoData => "no_data",
            Self::Unknown => "unknown",
        }
    }

    /// How urgently it wants to be seen: 0 for [`AlarmState::Ok`], then unknown, warning, no data, alarm. The greatest of a
    /// group is the state of the group.
    pub const fn urgency(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Unknown => 1,
            Self::Warning => 2,
            Self::NoData => 3,
            Self::Alarm => 4,
        }
    }
}

/// The answer to `GET /api/v1/alarms`: every rule, the most urgent first, then the youngest.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlarmList {
    /// The server's clock, in microseconds since the epoch.
    pub now_us: i64,
    /// When the rules were evaluated last; `None` before the first time.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub evaluated_us: Option<i64>,
    /// All rules.
    pub alarms: Vec<AlarmStatus>,
    /// Deliveries that were given up, newest first; somebody has to look.
    pub dead_letters: u32,
}

/// One rule, and how it stands.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlarmStatus {
    /// The rule by its name in the configuration.
    pub rule: String,
    /// What is wrong when it fires: `PACTA temperature too high`.
    pub title: String,
    /// Where it belongs, from the whole to the part: `["Camera", "Pixels"]`.
    pub system: Vec<String>,
    /// Who cares; empty if nobody is named.
    pub owner: String,
    /// What it says now.
    pub state: AlarmState,
    /// Since when, in microseconds since the epoch.
    pub since_us: i64,
    /// The most urgent state since the last acknowledgement, of a rule that latches: it stays on the list until somebody
    /// has seen it. `None` where nothing is latched.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub latched: Option<AlarmState>,
    /// Who has seen it; gone when the state becomes more urgent than it was then.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub acknowledged: Option<Note>,
    /// Until when it is out of sight; it returns by itself.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub shelved: Option<Note>,
    /// What is known of it; loudly gone at its end.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub known_issue: Option<Note>,
    /// Why it is not watched at present (`not observing`); `None` while it is.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub disabled: Option<String>,
    /// It changes so often that single changes are not told any more.
    pub flapping: bool,
    /// The value that decided, as it was; null where there is none.
    #[cfg_attr(feature = "openapi", schema(value_type = crate::openapi::SampleValue))]
    pub value: Value,
    /// The unit of the value.
    pub unit: String,
    /// One line about it: `limit 24.0`, `needs TIB busy rate, silent 9 min`.
    pub detail: String,
    /// The channel that decided; `None` of a rule about something else.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub channel: Option<u32>,
    /// Its label; empty without a channel.
    pub channel_label: String,
    /// How many channels fulfil the condition.
    pub channels: u32,
    /// The metrics that it looks at, by name.
    pub metrics: Vec<String>,
    /// Limits that it draws on the axes of panels of its metrics.
    pub limits: Vec<f64>,
}

impl AlarmStatus {
    /// Whether it belongs on the list of what needs somebody: not OK or latched, watched, and neither shelved nor
    /// acknowledged nor a known issue.
    pub fn is_active(&self) -> bool {
        (self.state != AlarmState::Ok || self.latched.is_some())
            && self.disabled.is_none()
            && self.shelved.is_none()
            && self.acknowledged.is_none()
            && self.known_issue.is_none()
    }
}

/// What somebody said about an alarm.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Note {
    /// Who; of a known issue its owner.
    pub by: String,
    /// What.
    pub comment: String,
    /// When it was said, in microseconds since the epoch.
    pub at_us: i64,
    /// Until when it holds; `None` of an acknowledgement.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub until_us: Option<i64>,
}

/// The answer to `GET /api/v1/alarms/{rule}`: all that helps to judge it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlarmCard {
    /// How it stands.
    pub status: AlarmStatus,
    /// The rule in words: `max(camera.pacta) > 24.0 °C for 2 min, clears below 23.5`.
    pub condition: String,
    /// What to do, as HTML made from Markdown; empty if nothing is written.
    pub guidance_html: String,
    /// Where more is written; empty or a web address.
    pub link: String,
    /// The samples that decided, by rising time.
    pub evidence: Vec<Evidence>,
    /// When it fired before, newest first; at most [`MAX_OCCURRENCES`].
    pub earlier: Vec<Occurrence>,
    /// What happened to it and what was done, newest first; at most [`MAX_CARD_EVENTS`].
    pub events: Vec<AlarmEvent>,
}

/// The most occurrences on a card.
pub const MAX_OCCURRENCES: usize = 20;

/// The most events on a card.
pub const MAX_CARD_EVENTS: usize = 50;

/// A sample that a decision was made from.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Evidence {
    /// When it was taken, in microseconds since the epoch.
    pub time_us: i64,
    /// The label of its channel.
    pub channel_label: String,
    /// The value.
    #[cfg_attr(feature = "openapi", schema(value_type = crate::openapi::SampleValue))]
    pub value: Value,
    /// What it meant: `above the limit`, `still above: delay of 2 min over`.
    pub meaning: String,
}

/// A time in which a rule was not OK.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Occurrence {
    /// When it began, in microseconds since the epoch.
    pub from_us: i64,
    /// When it was OK again; `None` if it is not.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub to_us: Option<i64>,
    /// The most urgent state in it.
    pub worst: AlarmState,
    /// The channel that decided; empty without one.
    pub channel_label: String,
    /// Who acknowledged it and what they said.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub acknowledged: Option<Note>,
}

/// `GET /api/v1/alarms/history?from=…Z&to=…Z[&rule=R]`
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct AlarmHistoryQuery {
    /// The first moment of the range.
    #[cfg_attr(feature = "openapi", param(example = "2026-11-20T12:00:00Z"))]
    pub from: Timestamp,
    /// The first moment after it.
    #[cfg_attr(feature = "openapi", param(example = "2026-11-21T12:00:00Z"))]
    pub to: Timestamp,
    /// One rule by name; all without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

/// The answer: what each rule said over the range, and what people did.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlarmHistory {
    /// One per rule that has spans in the range, by name.
    pub ribbons: Vec<AlarmRibbon>,
    /// All that happened in the range by rising time, at most [`MAX_HISTORY_EVENTS`], the newest.
    pub events: Vec<AlarmEvent>,
}

/// The most events of one answer.
pub const MAX_HISTORY_EVENTS: usize = 2_000;

/// What a rule said over a range.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlarmRibbon {
    /// The rule.
    pub rule: String,
    /// Spans by rising time, cut to the range, not overlapping. Where there is none the rule was not evaluated: the server
    /// did not run, or the rule was not watched.
    pub spans: Vec<AlarmSpan>,
}

/// A span of one state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlarmSpan {
    /// Its first moment, in microseconds since the epoch.
    pub from_us: i64,
    /// The first moment after it.
    pub to_us: i64,
    /// The state.
    pub state: AlarmState,
}

/// Something that happened to a rule.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlarmEvent {
    /// When, in microseconds since the epoch.
    pub time_us: i64,
    /// The rule.
    pub rule: String,
    /// What.
    pub kind: AlarmEventKind,
    /// The state from then on.
    pub state: AlarmState,
    /// In words: `24.6 °C, limit 24.0, pixel 1203`, or what somebody said.
    pub text: String,
    /// Who did it; empty of what happened by itself.
    pub by: String,
}

/// What can happen to a rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AlarmEventKind {
    /// Its state changed.
    State,
    /// Somebody has seen it.
    Acknowledged,
    /// Somebody put it out of sight.
    Shelved,
    /// It came back, by itself or by hand.
    Unshelved,
    /// Somebody explained it for a time.
    KnownIssue,
    /// The explanation ended, by itself or by hand.
    KnownIssueEnded,
    /// It is not watched any more.
    Disabled,
    /// It is watched again.
    Enabled,
    /// It changes too often to be told.
    Flapping,
    /// It has calmed down.
    Steady,
}

/// `POST /api/v1/alarms/{rule}/actions`: something that a person does.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AlarmAction {
    /// What is done.
    pub action: AlarmActionKind,
    /// Who does it; not empty.
    pub by: String,
    /// Why; not empty.
    pub comment: String,
    /// Until when, for what ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// What a person can do about an alarm.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AlarmActionKind {
    /// I have seen it. Ends what is latched once the state is OK.
    Acknowledge,
    /// Out of sight until a moment, at most a week away.
    Shelve,
    /// Back into sight.
    Unshelve,
    /// Explained until a moment, at most a year away; `by` is its owner.
    KnownIssue,
    /// Not explained any more.
    EndKnownIssue,
}
