//! Which rules are listed under which heading, and how systems stand as a whole.

use shared::alarm::{AlarmState, AlarmStatus};
use shared::order::sort_by;

use crate::components::alarm_state::worst;
use crate::state::address::Show;

/// Between the parts of a system in the address.
const SEPARATOR: char = '/';

/// Whether a rule is listed under a heading.
pub fn is_shown(alarm: &AlarmStatus, show: Show) -> bool {
    match show {
        Show::Active => alarm.is_active(),
        Show::Acknowledged => {
            alarm.acknowledged.is_some()
                && alarm.shelved.is_none()
                && alarm.disabled.is_none()
                && worst(alarm) != AlarmState::Ok
        }
        Show::Shelved => alarm.shelved.is_some(),
        Show::KnownIssues => alarm.known_issue.is_some(),
        Show::All => true,
        Show::History => false,
    }
}

/// The name of a system in the address.
pub fn path_of(system: &[String]) -> String {
    system.join(&SEPARATOR.to_string())
}

/// Whether a rule belongs to a system or to a part of it; all belong to the one without a name.
pub fn is_of(alarm: &AlarmStatus, system: &str) -> bool {
    let path = path_of(&alarm.system);
    system.is_empty()
        || path
            .strip_prefix(system)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(SEPARATOR))
}

/// A system and how it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct System {
    /// Its name from the whole to the part.
    pub parts: Vec<String>,
    /// The most urgent state of its rules that are watched and not shelved.
    pub worst: AlarmState,
    /// How many of its rules need somebody.
    pub active: usize,
    /// How many rules it has, those of its parts included.
    pub rules: usize,
}

/// All systems and their parts, each before its parts, by name.
pub fn systems(alarms: &[AlarmStatus]) -> Vec<System> {
    let mut systems: Vec<System> = Vec::new();
    for alarm in alarms {
        for depth in 1..=alarm.system.len() {
            let parts = &alarm.system[..depth];
            let known = systems.iter().position(|system| system.parts == parts);
            let known = known.unwrap_or_else(|| {
                systems.push(System {
                    parts: parts.to_vec(),
                    worst: AlarmState::Ok,
                    active: 0,
                    rules: 0,
                });
                systems.len() - 1
            });
            let system = &mut systems[known];
            system.rules += 1;
            system.active += usize::from(alarm.is_active());
            let counts = alarm.disabled.is_none() && alarm.shelved.is_none();
            if counts && worst(alarm).urgency() > system.worst.urgency() {
                system.worst = worst(alarm);
            }
        }
    }
    sort_by(&mut systems, |one, other| one.parts.cmp(&other.parts));
    systems
}

/// What is said where nothing is listed.
pub fn nothing_text(alarms: &[AlarmStatus], is_evaluated: bool, show: Show) -> String {
    let count = |show: Show| alarms.iter().filter(|alarm| is_shown(alarm, show)).count();
    match show {
        _ if alarms.is_empty() => "No rule is configured".to_owned(),
        Show::Active if !is_evaluated => "The rules have not been evaluated yet".to_owned(),
        Show::Active => {
            let rules = alarms.len();
            let told = [
                (count(Show::Acknowledged), "acknowledged"),
                (count(Show::Shelved), "shelved"),
                (count(Show::KnownIssues), "explained by a known issue"),
                (
                    alarms.iter().filter(|alarm| alarm.disabled.is_some()).count(),
                    "not watched at present",
                ),
            ];
            let told: Vec<String> = told
                .into_iter()
                .filter(|(count, _)| *count > 0)
                .map(|(count, what)| format!("{count} {what}"))
                .collect();
            if told.is_empty() {
                format!("{rules} rules, nothing to see: all OK")
            } else {
                format!("{rules} rules, nothing that needs somebody: {}", told.join(", "))
            }
        }
        Show::Acknowledged => "No alarm that is not over has been acknowledged".to_owned(),
        Show::Shelved => "No rule is shelved".to_owned(),
        Show::KnownIssues => "No issue is known".to_owned(),
        Show::All | Show::History => "No rule belongs to this system".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::alarm_state::tests::{alarm, note};

    fn of(rule: &str, state: AlarmState, system: &[&str]) -> AlarmStatus {
        AlarmStatus {
            system: system.iter().map(ToString::to_string).collect(),
            ..alarm(rule, state)
        }
    }

    #[test]
    fn each_rule_is_listed_where_it_is_looked_for() {
        let mut rule = alarm("a", AlarmState::Alarm);
        let told = |rule: &AlarmStatus| -> Vec<&str> {
            let shown = Show::ALL.into_iter().filter(|show| is_shown(rule, *show));
            shown.map(Show::as_str).collect()
        };
        assert_eq!(told(&rule), ["active", "all"]);
        rule.acknowledged = note("Ada");
        assert_eq!(told(&rule), ["acknowledged", "all"]);
        rule.known_issue = note("Bo");
        assert_eq!(told(&rule), ["acknowledged", "known-issues", "all"]);
        rule.shelved = note("Cy");
        assert_eq!(told(&rule), ["shelved", "known-issues", "all"]);
        assert_eq!(told(&alarm("b", AlarmState::Ok)), ["all"]);
    }

    #[test]
    fn a_system_is_as_bad_as_its_worst_part() {
        let mut shelved = of("c", AlarmState::Alarm, &["Drive", "Azimuth"]);
        shelved.shelved = note("shift");
        let all = [
            of("a", AlarmState::Ok, &["Camera", "Pixels"]),
            of("b", AlarmState::NoData, &["Camera", "Modules"]),
            of("d", AlarmState::Warning, &["Camera"]),
            shelved,
            of("e", AlarmState::Alarm, &[]),
        ];
        let told: Vec<String> = systems(&all)
            .iter()
            .map(|system| {
                let (path, worst) = (path_of(&system.parts), system.worst.as_str());
                format!("{path} {worst} {}/{}", system.active, system.rules)
            })
            .collect();
        assert_eq!(
            told,
            [
                "Camera no_data 2/3",
                "Camera/Modules no_data 1/1",
                "Camera/Pixels ok 0/1",
                "Drive ok 0/1",
                "Drive/Azimuth ok 0/1"
            ]
        );
        let of_camera = all.iter().filter(|alarm| is_of(alarm, "Camera")).count();
        assert_eq!(
            (of_camera, all.iter().filter(|alarm| is_of(alarm, "Cam")).count()),
            (3, 0)
        );
        assert_eq!(all.iter().filter(|alarm| is_of(alarm, "")).count(), 5);
    }

    #[test]
    fn nothing_is_called_ok_that_is_not() {
        let text = |alarms: &[AlarmStatus], is_evaluated| nothing_text(alarms, is_evaluated, Show::Active);
        let mut all = vec![alarm("a", AlarmState::Ok), alarm("b", AlarmState::Ok)];
        assert_eq!(text(&all, true), "2 rules, nothing to see: all OK");
        assert_eq!(text(&all, false), "The rules have not been evaluated yet");
        assert_eq!(text(&[], true), "No rule is configured");
        all[0].state = AlarmState::Alarm;
        all[0].acknowledged = note("Ada");
        all[1].disabled = Some("not observing".to_owned());
        assert_eq!(
            text(&all, true),
            "2 rules, nothing that needs somebody: 1 acknowledged, 1 not watched at present"
        );
    }
}
