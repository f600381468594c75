//! Answers as Nagios gets them.

use insta::assert_snapshot;
use shared::alarm::Note;

use super::*;

const NOW_US: i64 = 1_000_000_000;

fn alarm(rule: &str, state: AlarmState, system: &[&str]) -> AlarmStatus {
    AlarmStatus {
        rule: rule.to_owned(),
        title: format!("{rule} is wrong"),
        system: system.iter().copied().map(str::to_owned).collect(),
        owner: String::new(),
        state,
        since_us: 0,
        latched: None,
        acknowledged: None,
        shelved: None,
        known_issue: None,
        disabled: None,
        flapping: false,
        value: 24.9.into(),
        unit: "°C".to_owned(),
        detail: "limit 24".to_owned(),
        channel: None,
        channel_label: String::new(),
        channels: 1,
        metrics: Vec::new(),
        limits: vec![24.0],
    }
}

fn note(by: &str) -> Note {
    Note {
        by: by.to_owned(),
        comment: "we | know".to_owned(),
        at_us: 0,
        until_us: None,
    }
}

fn list() -> AlarmList {
    let mut no_data = alarm("drive", AlarmState::NoData, &["Drive"]);
    no_data.value = shared::value::Value::NULL;
    no_data.detail = "silent for 9 min".to_owned();
    let shelved = AlarmStatus {
        shelved: Some(note("anna")),
        ..alarm("fan", AlarmState::Alarm, &["Camera", "Cooling"])
    };
    let acknowledged = AlarmStatus {
        acknowledged: Some(note("bo")),
        ..alarm("pacta hot", AlarmState::Warning, &["Camera", "Pixels"])
    };
    AlarmList {
        now_us: NOW_US,
        evaluated_us: Some(NOW_US),
        alarms: vec![
            no_data,
            shelved,
            acknowledged,
            alarm("dome", AlarmState::Ok, &["Dome"]),
            alarm("sum", AlarmState::Unknown, &["Camera"]),
        ],
        dead_letters: 0,
    }
}

fn stream(metric: &str, state: Freshness, last_us: Option<i64>) -> StreamStatus {
    StreamStatus {
        metric: metric.to_owned(),
        title: metric.to_owned(),
        source: String::new(),
        state,
        last_us,
        since_us: None,
        interval_s: None,
        learned: false,
        expected: true,
        fresh: 0,
        late: 0,
        stale: 0,
        never: 0,
    }
}

fn streams() -> Streams {
    Streams {
        now_us: NOW_US,
        streams: vec![
            stream("a.fresh", Freshness::Fresh, Some(NOW_US - 2_500_000)),
            stream("a.late", Freshness::Late, Some(NOW_US - 100_000_000)),
            stream("a.stale", Freshness::Stale, Some(NOW_US - 600_000_000)),
            stream("a.never", Freshness::Never, None),
        ],
        sources: Vec::new(),
    }
}

fn told(check: &str, list: &AlarmList) -> String {
    let Answer {
        status,
        text,
        performance,
    } = answer(check, None, list, &streams());
    let performance = if performance.is_empty() {
        performance
    } else {
        format!(" | {performance}")
    };
    format!("{} {text}{performance}", status.code())
}

#[test]
fn checks_are_rules_systems_streams_or_all() {
    let list = list();
    let checks = [
        "drive",
        "fan",
        "pacta hot",
        "dome",
        "sum",
        "Camera",
        "Camera/Pixels",
        "Dome",
        "all",
        "a.fresh",
        "a.late",
        "a.stale",
        "a.never",
        "camera",
        "Camera/x|y",
    ];
    let told: Vec<String> = checks.iter().map(|check| told(check, &list)).collect();
    assert_snapshot!(told.join("\n"), @r#"
    2 NO DATA drive is wrong, silent for 9 min
    0 ALARM fan is wrong: 24.9 °C, limit 24, shelved by anna: we / know | fan=24.9
    1 WARNING pacta hot is wrong: 24.9 °C, limit 24, acknowledged by bo | 'pacta hot'=24.9
    0 OK dome is wrong: 24.9 °C, limit 24 | dome=24.9
    3 UNKNOWN sum is wrong: 24.9 °C, limit 24 | sum=24.9
    1 Camera: 2 of 3 rules: WARNING pacta hot is wrong, UNKNOWN sum is wrong | ok=0;;;0;3 unknown=1;;;0;3 warning=1;;;0;3 no_data=0;;;0;3 alarm=1;;;0;3
    1 Camera/Pixels: 1 of 1 rules: WARNING pacta hot is wrong | ok=0;;;0;1 unknown=0;;;0;1 warning=1;;;0;1 no_data=0;;;0;1 alarm=0;;;0;1
    0 Dome: nothing is wrong with 1 rules | ok=1;;;0;1 unknown=0;;;0;1 warning=0;;;0;1 no_data=0;;;0;1 alarm=0;;;0;1
    2 all: 3 of 5 rules: NO DATA drive is wrong, WARNING pacta hot is wrong, UNKNOWN sum is wrong | ok=1;;;0;5 unknown=1;;;0;5 warning=1;;;0;5 no_data=1;;;0;5 alarm=1;;;0;5
    0 a.fresh is fresh | age=2.5s;;;0
    1 a.late is late: no data for 100 s | age=100.0s;;;0
    2 a.stale is silent: no data for 10 min | age=600.0s;;;0
    3 a.never has never had data
    3 there is no rule, system or stream "camera"; did you mean "Camera"?
    3 there is no rule, system or stream "Camera/x/y"; did you mean "Camera"?
    "#);
}

#[test]
fn rules_that_nobody_evaluates_are_unknown_and_never_ok() {
    let mut list = list();
    list.evaluated_us = Some(NOW_US - 61_000_000);
    let mut lines = vec![told("dome", &list), told("all", &list), told("a.fresh", &list)];
    list.evaluated_us = None;
    lines.push(told("all", &list));
    list.alarms.clear();
    lines.push(told("all", &list));
    assert_snapshot!(lines.join("\n"), @r"
    3 the rules have not been evaluated for 61 s
    3 the rules have not been evaluated for 61 s
    0 a.fresh is fresh | age=2.5s;;;0
    3 the rules have not been evaluated yet
    3 no rules are configured
    ");
}

#[test]
fn silence_is_never_told_as_a_value_beyond_a_limit() {
    let text = answer("drive", None, &list(), &streams()).text;
    assert!(!text.contains("above") && !text.contains("limit"), "{text}");
    assert!(text.contains("NO DATA"), "{text}");
}
