//! States of rules as people read them: a sign, a word, a colour; never the colour alone.

use leptos::prelude::*;
use shared::alarm::{AlarmState, AlarmStatus};

use crate::dom::view;
use crate::format;

/// The states that somebody has to look at, the most urgent first.
pub const NOT_OK: [AlarmState; 4] = [
    AlarmState::Alarm,
    AlarmState::NoData,
    AlarmState::Warning,
    AlarmState::Unknown,
];

/// The sign of a state, different in its shape from all others.
pub const fn sign(state: AlarmState) -> &'static str {
    match state {
        AlarmState::Ok => "✓",
        AlarmState::Warning => "●",
        AlarmState::Alarm => "▲",
        AlarmState::NoData => "◌",
        AlarmState::Unknown => "?",
    }
}

/// The word of a state.
pub const fn word(state: AlarmState) -> &'static str {
    match state {
        AlarmState::Ok => "OK",
        AlarmState::Warning => "WARNING",
        AlarmState::Alarm => "ALARM",
        AlarmState::NoData => "NO DATA",
        AlarmState::Unknown => "UNKNOWN",
    }
}

/// Sign and word.
pub fn badge(state: AlarmState) -> AnyView {
    view! {
        <span class="state" data-alarm=state.as_str()>
            <span aria-hidden="true">{sign(state)}</span>
            {word(state)}
        </span>
    }
    .into_any()
}

/// The more urgent of what a rule says and what it has latched.
pub fn worst(alarm: &AlarmStatus) -> AlarmState {
    match alarm.latched {
        Some(latched) if latched.urgency() > alarm.state.urgency() => latched,
        _ => alarm.state,
    }
}

/// The most urgent state of some rules, of those that are watched and not out of sight; OK where there is none.
pub fn worst_of<'a>(alarms: impl Iterator<Item = &'a AlarmStatus>) -> AlarmState {
    alarms
        .filter(|alarm| alarm.disabled.is_none() && alarm.shelved.is_none())
        .map(worst)
        .max_by_key(|state| state.urgency())
        .unwrap_or(AlarmState::Ok)
}

/// What people have done about a rule, or what they have to do, in a few words; `near` writes times.
pub fn standing(alarm: &AlarmStatus, near: &dyn Fn(i64) -> String) -> String {
    let until = |until_us: Option<i64>| until_us.map_or_else(String::new, |us| format!(" until {}", near(us)));
    if let Some(reason) = &alarm.disabled {
        return format!("not watched: {reason}");
    }
    if let Some(note) = &alarm.shelved {
        return format!("shelved by {}{}", note.by, until(note.until_us));
    }
    if let Some(note) = &alarm.known_issue {
        return format!("known issue{}", until(note.until_us));
    }
    if let Some(note) = &alarm.acknowledged {
        return format!("acknowledged by {}", note.by);
    }
    match (alarm.state, alarm.latched) {
        (AlarmState::Ok, Some(latched)) => format!("was {}, clears when acknowledged", word(latched)),
        (AlarmState::Ok, None) => String::new(),
        _ if alarm.flapping => "not acknowledged, flapping".to_owned(),
        _ => "not acknowledged".to_owned(),
    }
}

/// The value that decided, with its unit; a dash where there is none.
pub fn value_text(alarm: &AlarmStatus) -> String {
    if alarm.value.is_null() {
        return format::NO_VALUE.to_owned();
    }
    format!("{} {}", format::value(alarm.value), alarm.unit)
        .trim_end()
        .to_owned()
}

/// Where a rule belongs and which channel decided: `Camera › Pixels › pixel 1203`.
pub fn place_text(alarm: &AlarmStatus) -> String {
    let mut parts = alarm.system.clone();
    if alarm.channel.is_some() {
        parts.push(if alarm.channels > 1 {
            format!("{} and {} more", channel_name(alarm), alarm.channels - 1)
        } else {
            channel_name(alarm)
        });
    }
    parts.join(" › ")
}

/// The channel as it is called; a bare number is said to be a channel's.
pub fn channel_name(alarm: &AlarmStatus) -> String {
    let label = &alarm.channel_label;
    if label.is_empty() || label.bytes().all(|digit| digit.is_ascii_digit()) {
        let number = alarm.channel.unwrap_or_default();
        return format!("channel {number}");
    }
    label.clone()
}

#[cfg(test)]
pub mod tests {
    use shared::alarm::Note;

    use super::*;

    /// A rule of which all is well.
    pub fn alarm(rule: &str, state: AlarmState) -> AlarmStatus {
        AlarmStatus {
            rule: rule.to_owned(),
            title: rule.to_owned(),
            system: Vec::new(),
            owner: String::new(),
            state,
            since_us: 0,
            latched: None,
            acknowledged: None,
            shelved: None,
            known_issue: None,
            disabled: None,
            flapping: false,
            value: shared::value::Value::NULL,
            unit: String::new(),
            detail: String::new(),
            channel: None,
            channel_label: String::new(),
            channels: 0,
            metrics: Vec::new(),
            limits: Vec::new(),
        }
    }

    /// Something that somebody said, until the first minute after the epoch.
    pub fn note(by: &str) -> Option<Note> {
        Some(Note {
            by: by.to_owned(),
            comment: "seen".to_owned(),
            at_us: 0,
            until_us: Some(60_000_000),
        })
    }

    #[test]
    fn a_group_is_as_bad_as_the_worst_that_is_in_sight() {
        let mut all = [alarm("a", AlarmState::Warning), alarm("b", AlarmState::Alarm)];
        assert_eq!(worst_of(all.iter()), AlarmState::Alarm);
        all[1].shelved = note("shift");
        assert_eq!(worst_of(all.iter()), AlarmState::Warning);
        all[0].disabled = Some("not observing".to_owned());
        assert_eq!(worst_of(all.iter()), AlarmState::Ok);
        all[0].disabled = None;
        all[0].state = AlarmState::Ok;
        all[0].latched = Some(AlarmState::NoData);
        assert_eq!(worst_of(all.iter()), AlarmState::NoData);
    }

    #[test]
    fn what_was_done_is_said_in_a_few_words() {
        let mut rule = alarm("a", AlarmState::Alarm);
        let told = |rule: &AlarmStatus| standing(rule, &|time_us| format!("{} s", time_us / 1_000_000));
        assert_eq!(told(&rule), "not acknowledged");
        rule.acknowledged = note("Ada");
        assert_eq!(told(&rule), "acknowledged by Ada");
        rule.shelved = note("Bo");
        assert_eq!(told(&rule), "shelved by Bo until 60 s");
        rule = alarm("a", AlarmState::Ok);
        rule.latched = Some(AlarmState::Alarm);
        assert_eq!(told(&rule), "was ALARM, clears when acknowledged");
    }

    #[test]
    fn a_place_names_the_channel_and_how_many_more_there_are() {
        let mut rule = alarm("a", AlarmState::Alarm);
        rule.system = vec!["Camera".to_owned(), "Pixels".to_owned()];
        rule.channel = Some(3);
        rule.channel_label = "3".to_owned();
        rule.channels = 4;
        assert_eq!(place_text(&rule), "Camera › Pixels › channel 3 and 3 more");
        rule.channel_label = "pixel 3 · module 0".to_owned();
        rule.channels = 1;
        assert_eq!(place_text(&rule), "Camera › Pixels › pixel 3 · module 0");
    }
}
