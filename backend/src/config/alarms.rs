//! `[alarms.NAME]`: when somebody has to know, and what they are told then.

use std::collections::{BTreeMap, BTreeSet};

use super::key::Key;
use super::section::Section;
use super::word::{listed, one_of};
use super::{duration, markdown, suggestion};
use crate::alarms::expression;
use crate::alarms::rule::{Condition, Flap, Level, Rule};
use crate::store::MetricProperties;

mod kinds;
mod unless;
mod watch;

pub(super) use kinds::{KINDS, Kind, WARNING_KEYS};
pub(super) use unless::UNLESS_KEYS;
pub(super) use watch::WATCH_KEYS;

/// What the readers of rules know of metrics.
#[derive(Clone, Copy, Debug)]
struct Known<'a> {
    metrics: &'a BTreeMap<String, MetricProperties>,
    displays: &'a [shared::display::MetricDisplay],
}

/// Of every rule.
pub(super) const KEYS: &[Key] = &[
    Key::required(
        "title",
        "text",
        "What is wrong when it fires: `PACTA temperature too high`.",
    ),
    Key::required("kind", "a word", "When it fires; see below."),
    Key::optional(
        "severity",
        "\"warning\" or \"alarm\"",
        "\"alarm\"",
        "How bad that is. A heartbeat without it says NO DATA.",
    ),
    Key::optional(
        "system",
        "[text, …]",
        "none",
        "Where it belongs, from the whole to the part: `[\"Camera\", \"Pixels\"]`. Alarms are counted by it.",
    ),
    Key::optional("owner", "text", "nobody", "Who cares."),
    Key::optional(
        "guidance",
        "text in Markdown",
        "none",
        "What to do. Raw HTML and images are left out.",
    ),
    Key::optional("link", "web address", "none", "Where more is written."),
    Key::optional(
        "delay",
        "duration such as \"2m\"",
        "none",
        "For how long the condition must hold before the rule fires, by the times of the samples. Between two samples the \
         older one holds, so it should be longer than the metric's interval.",
    ),
    Key::optional(
        "clear_delay",
        "duration such as \"2m\"",
        "none",
        "For how long the condition must not hold before the rule is OK again.",
    ),
    Key::optional(
        "latch",
        "true or false",
        "false",
        "Whether it stays on the list, also when it is OK again, until somebody has acknowledged it.",
    ),
    Key::optional(
        "flap",
        "{ changes, within }",
        "none",
        "When it changes too often to be told; it is told again when nothing has changed for the same time.",
    ),
    Key::optional(
        "unless",
        "{ metric, above, below, states, reason }",
        "none",
        "When it is not watched, by the newest value of a channel.",
    ),
    Key::optional(
        "disabled",
        "text",
        "it is watched",
        "Why it is not watched at all: `the sensor is away for repair`.",
    ),
];

/// Of `flap`.
pub(super) const FLAP_KEYS: &[Key] = &[
    Key::required("changes", "whole number", "More changes of its state than this …"),
    Key::required("within", "duration such as \"10m\"", "… in this time."),
];

const LEVELS: [(&str, Level); 2] = [("warning", Level::Warning), ("alarm", Level::Alarm)];

/// The most changes that flap control counts.
const MAX_CHANGES: usize = 100;

/// Reads the rules. `metrics` and `displays` are what the configuration says of metrics.
pub(super) fn read(
    sections: Vec<(&str, Section<'_>)>,
    metrics: &BTreeMap<String, MetricProperties>,
    displays: &[shared::display::MetricDisplay],
) -> Vec<Rule> {
    let known = Known { metrics, displays };
    let mut rules = BTreeMap::new();
    let mut sections = sections;
    for (name, section) in &mut sections {
        if !expression::is_name(name) {
            section.add_here("write the name with letters, digits, `-`, `_` and `.`, and not as \"and\", \"or\", \"not\" or \"history\"");
        }
        if let Some(rule) = read_rule(name, section, known) {
            rules.insert((*name).to_owned(), rule);
        }
    }
    let names: BTreeSet<&str> = sections.iter().map(|(name, _)| *name).collect();
    for (name, section) in &sections {
        check_expression(name, section, &rules, &names);
    }
    for (_, section) in sections {
        section.finish();
    }
    rules.into_values().collect()
}

fn read_rule(name: &str, section: &mut Section<'_>, known: Known<'_>) -> Option<Rule> {
    let title = section.required_text("title");
    let level = section.parsed("severity", &listed(&LEVELS), |text| one_of(text, &LEVELS));
    let kinds = KINDS.map(|kind| (kind.word, kind));
    let kind = section.required("kind", "what kind of rule it is", |text| one_of(text, &kinds));
    let condition = if let Some(kind) = kind {
        kind.read(section, level, known)
    } else {
        // Mistakes about keys that no kind has are told; those that some kind has may be right.
        kinds::know_all(section);
        None
    };
    let rule = Rule {
        name: name.to_owned(),
        title: title.unwrap_or_default().to_owned(),
        system: section
            .texts("system")
            .into_iter()
            .map(|(text, _)| text.to_owned())
            .collect(),
        owner: section.text("owner").unwrap_or_default().to_owned(),
        guidance_html: section.text("guidance").map(markdown::to_html).unwrap_or_default(),
        link: section
            .parsed("link", "a web address", web_address)
            .unwrap_or_default()
            .to_owned(),
        delay_micros: micros(section, "delay").unwrap_or(0),
        clear_delay_micros: micros(section, "clear_delay").unwrap_or(0),
        flap: section.table("flap").and_then(read_flap),
        latch: section.flag("latch").unwrap_or_default(),
        unless: section.table("unless").and_then(|table| unless::read(table, known)),
        disabled: section
            .parsed("disabled", "why it is not watched", super::section::not_blank)
            .map(str::to_owned),
        condition: condition?,
    };
    Some(rule)
}

fn micros(section: &mut Section<'_>, key: &'static str) -> Option<i64> {
    section.parsed(key, "a duration such as \"2m\"", duration::parse_micros)
}

fn web_address(text: &str) -> Result<&str, &'static str> {
    let is_safe = ["https://", "http://"].iter().any(|scheme| text.starts_with(scheme));
    if is_safe && !text.contains(char::is_whitespace) {
        Ok(text)
    } else {
        Err("is not a web address; write one that begins with https:// or http://")
    }
}

fn read_flap(mut table: Section<'_>) -> Option<Flap> {
    let changes = table.integer("changes", 1..=MAX_CHANGES);
    if changes.is_none() && !table.has("changes") {
        table.add_at("changes", "is missing; write a whole number");
    }
    let within_micros = table.required("within", "a duration such as \"10m\"", duration::parse_micros);
    table.finish();
    Some(Flap {
        changes: changes?,
        within_micros: within_micros?,
    })
}

/// An expression names rules that there are, and does not lead back to its own.
fn check_expression(name: &str, section: &Section<'_>, rules: &BTreeMap<String, Rule>, names: &BTreeSet<&str>) {
    let Some(Rule {
        condition: Condition::Expression { expression, .. },
        ..
    }) = rules.get(name)
    else {
        return;
    };
    for child in expression.rules() {
        if !names.contains(child) {
            let hint = suggestion::hint(child, names.iter().copied().filter(|other| *other != name));
            section.add_at("when", &format!("there is no [alarms.{child}]{hint}"));
        }
    }
    if let Some(cycle) = cycle(name, rules) {
        // Each cycle is told once, at its first rule.
        if cycle.iter().all(|other| name <= *other) {
            let path: Vec<&str> = cycle.iter().copied().chain([name]).collect();
            section.add_at("when", &format!("the rule leads back to itself: {}", path.join(" → ")));
        }
    }
}

/// The rules from `name` on that lead back to it; `None` if none do.
fn cycle<'a>(name: &'a str, rules: &'a BTreeMap<String, Rule>) -> Option<Vec<&'a str>> {
    let mut seen = BTreeSet::new();
    let mut ways = vec![vec![name]];
    while let Some(way) = ways.pop() {
        let last = way.last().copied().unwrap_or_default();
        let Some(Condition::Expression { expression, .. }) = rules.get(last).map(|rule| &rule.condition) else {
            continue;
        };
        for child in expression.rules() {
            if child == name {
                return Some(way);
            }
            if let Some((child, _)) = rules.get_key_value(child)
                && seen.insert(child.as_str())
            {
                let mut longer = way.clone();
                longer.push(child);
                ways.push(longer);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests;
