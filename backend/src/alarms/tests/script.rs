//! Reads and runs a text such as
//!
//! ```text
//! rules
//! [alarms.hot]
//! …
//! end
//! metric m 4
//! sample m 3 = 24.6          at the present clock, or `at 20:00:30`; lines that begin with `and` come in the same moment
//! frame m = 1 2 null NaN
//! advance 30s
//! expect hot ALARM since 20:00:30, channel 3, value 24.6, latched ALARM, acknowledged by anna, shelved, known, flapping
//! expect hot NO DATA because silent
//! told hot ALARM             what people were told since the last such line, or `told nothing`
//! ack hot by anna: fan broken
//! shelve hot for 1h by anna: later
//! restart
//! ```
//!
//! The clock begins at 20:00:00 on 2026-11-20.

use std::fmt::Write as _;

use shared::alarm::{AlarmAction, AlarmActionKind, AlarmState};
use shared::time::Timestamp;
use shared::value::Value;

use super::run::Run;
use crate::config::duration::parse_micros;

const DAY: &str = "2026-11-20T";

/// Runs a script; a failure names the line, and tells how everything stands.
#[track_caller]
pub(super) fn check(name: &str, text: &str) {
    let mut lines = (1..).zip(text.lines());
    let mut rules = String::new();
    let mut run: Option<Run> = None;
    let mut batch: Vec<(String, i64, u32, Value)> = Vec::new();
    let mut metrics: Vec<(String, usize)> = Vec::new();
    while let Some((number, line)) = lines.next() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        if line == "rules" {
            for (_, line) in lines.by_ref().take_while(|(_, line)| line.trim() != "end") {
                rules.push_str(line);
                rules.push('\n');
            }
            continue;
        }
        let (is_joined, line) = line.strip_prefix("and ").map_or((false, line), |line| (true, line));
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        if verb == "metric" {
            let (metric, count) = rest.split_once(' ').unwrap_or((rest, "1"));
            metrics.push((metric.to_owned(), count.parse().unwrap()));
            if let Some(run) = &mut run {
                run.bind(&metrics);
            }
            continue;
        }
        let run = run.get_or_insert_with(|| Run::new(&rules, &metrics, clock("20:00:00")));
        // What comes in the same moment is collected until something else follows.
        if !is_joined && !batch.is_empty() {
            run.take(&batch);
            batch.clear();
        }
        let done = match verb {
            "sample" | "frame" => {
                batch.extend(samples(verb, rest, run.now()));
                Ok(())
            }
            "advance" => {
                run.advance(parse_micros(rest).unwrap());
                Ok(())
            }
            "restart" => {
                run.restart();
                Ok(())
            }
            "expect" => expect(run, rest),
            "told" => told(run, rest),
            _ => act(run, verb, rest),
        };
        if let Err(message) = done {
            panic!("{name}:{number}: {line}\n{message}\n\n{}", run.standing());
        }
    }
}

/// A time of the day as microseconds since the epoch.
fn clock(time: &str) -> i64 {
    let moment: Timestamp = format!("{DAY}{time}Z").parse().unwrap();
    moment.as_micros()
}

/// `m 3 = 24.6 at 20:00:30`, or `m = 1 2 null`.
fn samples(verb: &str, rest: &str, now: i64) -> Vec<(String, i64, u32, Value)> {
    let (what, values) = rest.split_once(" = ").unwrap();
    let (values, time) = values
        .split_once(" at ")
        .map_or((values, now), |(values, time)| (values, clock(time)));
    let (metric, first) = what.split_once(' ').unwrap_or((what, "0"));
    assert!(verb == "frame" || !values.trim().contains(' '), "{rest}");
    let values = values.split_whitespace().zip(first.parse::<u32>().unwrap()..);
    values
        .map(|(value, channel)| (metric.to_owned(), time, channel, parse_value(value)))
        .collect()
}

fn parse_value(text: &str) -> Value {
    match text {
        "null" => Value::NULL,
        number => Value::number(number.parse().unwrap()),
    }
}

fn parse_state(text: &str) -> (AlarmState, &str) {
    let states = [
        ("OK", AlarmState::Ok),
        ("WARNING", AlarmState::Warning),
        ("ALARM", AlarmState::Alarm),
        ("NO DATA", AlarmState::NoData),
        ("UNKNOWN", AlarmState::Unknown),
    ];
    let found = states
        .iter()
        .find_map(|(word, state)| Some((*state, text.strip_prefix(word)?)));
    found.unwrap_or_else(|| panic!("{text:?} is no state"))
}

fn expect(run: &Run, rest: &str) -> Result<(), String> {
    let (name, rest) = rest.split_once(' ').unwrap();
    let status = run.status(name);
    let (state, rest) = parse_state(rest);
    let mut wrong = String::new();
    let mut compare = |what: &str, expected: &dyn std::fmt::Debug, found: &dyn std::fmt::Debug| {
        let (expected, found) = (format!("{expected:?}"), format!("{found:?}"));
        if expected != found {
            writeln!(wrong, "{what}: expected {expected}, found {found}").unwrap();
        }
    };
    compare("state", &state, &status.state);
    let (mut latched, mut acknowledged, mut shelved, mut known, mut flapping) = (None, None, false, false, false);
    let mut disabled = None;
    for part in rest.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (word, rest) = part.split_once(' ').unwrap_or((part, ""));
        match word {
            "since" => compare("since", &clock(rest), &status.since_us),
            "channel" => compare("channel", &rest, &status.channel_label),
            "channels" => compare("channels", &rest, &status.channels.to_string()),
            "value" => compare("value", &parse_value(rest), &status.value),
            "because" => compare("detail", &true, &status.detail.contains(rest)),
            "latched" => latched = Some(parse_state(rest).0),
            "acknowledged" => acknowledged = rest.strip_prefix("by "),
            "shelved" => shelved = true,
            "known" => known = true,
            "flapping" => flapping = true,
            "disabled" => disabled = Some(rest),
            _ => panic!("{part:?} is not understood"),
        }
    }
    compare("latched", &latched, &status.latched);
    let by = status.acknowledged.as_ref().map(|note| note.by.as_str());
    compare("acknowledged by", &acknowledged, &by);
    compare("shelved", &shelved, &status.shelved.is_some());
    compare("known issue", &known, &status.known_issue.is_some());
    compare("flapping", &flapping, &status.flapping);
    compare("disabled", &disabled, &status.disabled.as_deref());
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

fn told(run: &mut Run, rest: &str) -> Result<(), String> {
    let told = run.take_told().join(", ");
    let expected = if rest == "nothing" { "" } else { rest };
    if told == expected {
        Ok(())
    } else {
        Err(format!("people were told: {told}"))
    }
}

/// `ack hot by anna: comment`, `shelve hot for 1h by anna: comment`.
fn act(run: &mut Run, verb: &str, rest: &str) -> Result<(), String> {
    let action = match verb {
        "ack" => AlarmActionKind::Acknowledge,
        "shelve" => AlarmActionKind::Shelve,
        "unshelve" => AlarmActionKind::Unshelve,
        "know" => AlarmActionKind::KnownIssue,
        "unknow" => AlarmActionKind::EndKnownIssue,
        _ => panic!("{verb:?} is not understood"),
    };
    let (what, comment) = rest.split_once(": ").unwrap();
    let (what, by) = what.split_once(" by ").unwrap();
    let (name, lasting) = what
        .split_once(" for ")
        .map_or((what, None), |(name, time)| (name, Some(time)));
    let until = lasting.map(|time| Timestamp::saturating_from_micros(run.now() + parse_micros(time).unwrap()));
    let action = AlarmAction {
        action,
        by: by.to_owned(),
        comment: comment.to_owned(),
        until,
    };
    run.act(name, &action)
}
