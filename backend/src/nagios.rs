//! What Nagios and Icinga are told of a check: a rule, a system with all below it, a stream, or `all`.
//!
//! | here | there |
//! |---|---|
//! | OK, fresh; not watched, shelved or a known issue, which is said | 0, OK |
//! | WARNING; a stream that is late | 1, WARNING |
//! | ALARM; NO DATA; a stream that is stale | 2, CRITICAL, and the text says which |
//! | UNKNOWN; a stream that never spoke; no such check; the store or the evaluation is down | 3, UNKNOWN |

use std::fmt::Write as _;

use shared::alarm::{AlarmList, AlarmState, AlarmStatus};
use shared::query::latest::Freshness;
use shared::query::streams::{StreamStatus, Streams};

use crate::alarms::rule::Rule;
use crate::nearest::nearest;

/// The check that is about every rule.
pub const ALL: &str = "all";

/// When the last evaluation is so long ago, nobody knows how it stands.
const MAX_SILENCE_MICROS: i64 = 60 * 1_000_000;

/// How many rules a text names.
const MAX_NAMED: usize = 5;

/// The states of Nagios, by their exit codes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// 0.
    Ok = 0,
    /// 1.
    Warning = 1,
    /// 2.
    Critical = 2,
    /// 3.
    Unknown = 3,
}

impl Status {
    /// The exit code.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The status of an exit code.
    pub fn from_code(code: u64) -> Option<Self> {
        [Self::Ok, Self::Warning, Self::Critical, Self::Unknown]
            .into_iter()
            .find(|status| u64::from(status.code()) == code)
    }

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// How it stands with a check.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// In the words of Nagios.
    pub status: Status,
    /// In one line, without `|`.
    pub text: String,
    /// Performance data, as plugins write them behind a `|`; empty if there are none.
    pub performance: String,
}

impl Answer {
    /// That nobody knows, and why.
    pub fn unknown(why: &str) -> Self {
        Self::new(Status::Unknown, why, String::new())
    }

    /// What a server has said, in one line.
    pub fn line(text: &str, performance: &str) -> Self {
        Self::new(Status::Unknown, text, performance.to_owned())
    }

    fn new(status: Status, text: &str, performance: String) -> Self {
        Self {
            status,
            text: plain(text),
            performance: plain(&performance),
        }
    }
}

/// How it stands with the check of a name; rules come before systems, those before streams. `rule` is the one of this name,
/// if there is one.
pub fn answer(check: &str, rule: Option<&Rule>, list: &AlarmList, streams: &Streams) -> Answer {
    let limits = rule.map(ranges).unwrap_or_default();
    let rule = list.alarms.iter().find(|alarm| alarm.rule == check);
    let below: Vec<&AlarmStatus> = list.alarms.iter().filter(|alarm| is_below(alarm, check)).collect();
    let is_about_rules = rule.is_some() || !below.is_empty() || check == ALL;
    if is_about_rules && let Some(why) = outdated(list) {
        return Answer::unknown(&why);
    }
    if let Some(rule) = rule {
        return of_rule(rule, &limits);
    }
    if is_about_rules {
        return of_rules(check, &below);
    }
    if let Some(stream) = streams.streams.iter().find(|stream| stream.metric == check) {
        return of_stream(stream, streams.now_us);
    }
    let rules = list.alarms.iter().map(|alarm| alarm.rule.as_str());
    let metrics = streams.streams.iter().map(|stream| stream.metric.as_str());
    let systems = list
        .alarms
        .iter()
        .flat_map(|alarm| alarm.system.iter().map(String::as_str));
    let check: String = check.chars().take(100).collect();
    let hint = nearest(&check, rules.chain(systems).chain(metrics).chain([ALL]));
    let hint = hint.map_or_else(String::new, |hint| format!("; did you mean {hint:?}?"));
    Answer::unknown(&format!("there is no rule, system or stream {check:?}{hint}"))
}

/// Whether a rule belongs to `all`, to a system by its path (`Camera/Pixels`) or by one of its words.
fn is_below(alarm: &AlarmStatus, check: &str) -> bool {
    let path = || {
        let parts: Vec<&str> = check.split('/').collect();
        parts.len() <= alarm.system.len() && parts.iter().zip(&alarm.system).all(|(part, of)| part == of)
    };
    check == ALL || alarm.system.iter().any(|part| part == check) || path()
}

fn outdated(list: &AlarmList) -> Option<String> {
    match list.evaluated_us {
        _ if list.alarms.is_empty() => Some("no rules are configured".to_owned()),
        None => Some("the rules have not been evaluated yet".to_owned()),
        Some(at) if MAX_SILENCE_MICROS < list.now_us - at => Some(format!(
            "the rules have not been evaluated for {}",
            age_text(list.now_us - at)
        )),
        Some(_) => None,
    }
}

/// What a rule counts as, and why that is not what it says; empty where it is.
fn counted(alarm: &AlarmStatus) -> (Status, String) {
    let status = match alarm.state {
        AlarmState::Ok => Status::Ok,
        AlarmState::Warning => Status::Warning,
        AlarmState::Alarm | AlarmState::NoData => Status::Critical,
        AlarmState::Unknown => Status::Unknown,
    };
    let quiet = match (&alarm.disabled, &alarm.shelved, &alarm.known_issue) {
        (Some(why), ..) => format!("not watched: {why}"),
        (None, Some(note), _) => format!("shelved by {}: {}", note.by, note.comment),
        (None, None, Some(note)) => format!("known issue of {}: {}", note.by, note.comment),
        (None, None, None) => return (status, String::new()),
    };
    (Status::Ok, quiet)
}

fn word(state: AlarmState) -> &'static str {
    match state {
        AlarmState::Ok => "OK",
        AlarmState::Warning => "WARNING",
        AlarmState::Alarm => "ALARM",
        AlarmState::NoData => "NO DATA",
        AlarmState::Unknown => "UNKNOWN",
    }
}

/// `limits` are the ranges of performance data.
fn of_rule(alarm: &AlarmStatus, limits: &str) -> Answer {
    let (status, quiet) = counted(alarm);
    let mut text = format!("{} {}", word(alarm.state), alarm.title);
    // What was said last is not what it is now.
    let value = alarm.value.finite().filter(|_| alarm.state != AlarmState::NoData);
    if let Some(value) = value {
        // Writing into a text cannot fail.
        let _written = write!(
            text,
            ": {value}{}{}",
            if alarm.unit.is_empty() { "" } else { " " },
            alarm.unit
        );
    }
    let acknowledged = alarm
        .acknowledged
        .as_ref()
        .map(|note| format!("acknowledged by {}", note.by));
    let more = [Some(alarm.detail.clone()), Some(quiet), acknowledged];
    for more in more.into_iter().flatten().filter(|more| !more.is_empty()) {
        let _written = write!(text, ", {more}");
    }
    let performance = value.map_or_else(String::new, |value| format!("{}={value}{limits}", label(&alarm.rule)));
    Answer::new(status, &text, performance)
}

/// Beyond which values it is a warning, and critical, as performance data have it: `;~:22;~:24`.
fn ranges(rule: &Rule) -> String {
    let end = |end: f64, open: &str| {
        if end.is_finite() {
            end.to_string()
        } else {
            open.to_owned()
        }
    };
    let range = |range: Option<(f64, f64)>| match range {
        Some((low, high)) => format!(";{}:{}", end(low, "~"), end(high, "")),
        None => ";".to_owned(),
    };
    let text: String = rule.within().map(range).concat();
    text.trim_end_matches(';').to_owned()
}

fn of_rules(check: &str, alarms: &[&AlarmStatus]) -> Answer {
    let count = |state: AlarmState| alarms.iter().filter(|alarm| alarm.state == state).count();
    let mut wrong: Vec<(Status, &AlarmStatus)> = alarms
        .iter()
        .map(|alarm| (counted(alarm).0, *alarm))
        .filter(|(status, _)| *status != Status::Ok)
        .collect();
    // Critical comes before warning, and both before what nobody knows.
    wrong.sort_by_key(|(status, alarm)| {
        (
            *status == Status::Unknown,
            std::cmp::Reverse(status.code()),
            &alarm.rule,
        )
    });
    let status = wrong.first().map_or(Status::Ok, |(status, _)| *status);
    let mut text = match wrong.len() {
        0 => format!("{check}: nothing is wrong with {} rules", alarms.len()),
        n_wrong => format!("{check}: {n_wrong} of {} rules", alarms.len()),
    };
    for (index, (_, alarm)) in wrong.iter().take(MAX_NAMED).enumerate() {
        let between = if index == 0 { ": " } else { ", " };
        let _written = write!(text, "{between}{} {}", word(alarm.state), alarm.title);
    }
    if MAX_NAMED < wrong.len() {
        let _written = write!(text, " and {} more", wrong.len() - MAX_NAMED);
    }
    let performance = AlarmState::ALL.map(|state| format!("{}={};;;0;{}", state.as_str(), count(state), alarms.len()));
    Answer::new(status, &text, performance.join(" "))
}

fn of_stream(stream: &StreamStatus, now_us: i64) -> Answer {
    let silent = |what: &str| match stream.last_us {
        Some(last) => format!("{} is {what}: no data for {}", stream.metric, age_text(now_us - last)),
        None => format!("{} is {what}", stream.metric),
    };
    let (status, text) = match stream.state {
        Freshness::Fresh => (Status::Ok, format!("{} is fresh", stream.metric)),
        Freshness::Late => (Status::Warning, silent("late")),
        Freshness::Stale => (Status::Critical, silent("silent")),
        Freshness::Never => (Status::Unknown, format!("{} has never had data", stream.metric)),
    };
    let performance = stream.last_us.map_or_else(String::new, |last| {
        let age_s = (now_us - last).max(0) as f64 / 1e6;
        format!("age={age_s:.1}s;;;0")
    });
    Answer::new(status, &text, performance)
}

fn age_text(micros: i64) -> String {
    match micros.max(0) / 1_000_000 {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds @ 7200..172_800 => format!("{} h", seconds / 3600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

/// A name as performance data have it: without `=` and quotes, in quotes where it has spaces.
fn label(name: &str) -> String {
    let name = name.replace(['=', '\''], "_");
    if name.contains(' ') { format!("'{name}'") } else { name }
}

/// One line, without the sign that begins performance data.
fn plain(text: &str) -> String {
    text.replace('|', "/").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
