//! `[streams.NAME]`: which deliveries are expected, and from when on they are late.

use std::collections::BTreeMap;
use std::sync::Arc;

use shared::metric::check_metric_name;

use super::duration;
use super::key::Key;
use super::section::{Section, not_blank};
use crate::streams::{Rule, Rules};

/// Of some streams.
pub(super) const KEYS: &[Key] = &[
    Key::required(
        "metrics",
        "list of texts",
        "Which metrics: names, or the beginning of names and a `*`, such as `\"dome.*\"`. A name wins over patterns, a longer pattern \
         over a shorter one.",
    ),
    Key::optional(
        "source",
        "text",
        "what their names begin with",
        "Whom they come from: the clocks of sources are watched.",
    ),
    Key::optional(
        "interval",
        "duration such as \"60s\"",
        "that of the metric, else learned",
        "How often a sample of a channel is expected.",
    ),
    Key::optional(
        "warn_after",
        "duration such as \"90s\"",
        "two intervals",
        "From which age on a sample is late.",
    ),
    Key::optional(
        "fail_after",
        "duration such as \"5m\"",
        "three intervals",
        "From which age on a sample is stale; not shorter than `warn_after`.",
    ),
    Key::optional(
        "expected",
        "`true` or `false`",
        "`true`",
        "Whether silence is told. Metrics that no table names are expected once their rhythm is known, unless they ended \
         more than a day before the server started.",
    ),
];

const DURATION: &str = "a duration such as \"60s\"";

pub(super) fn read(sections: Vec<(&str, Section<'_>)>) -> Rules {
    let mut rules = Rules::default();
    // Which table named a metric, so that the second to do so can say it.
    let mut named = BTreeMap::new();
    for (name, mut section) in sections {
        let metrics = section.required_texts("metrics", "\"dome.*\"");
        let rule = Arc::new(read_rule(&mut section));
        for (pattern, offset) in metrics {
            if let Err(message) = check_pattern(pattern) {
                section.add(offset, "metrics", &message);
            } else if !rules.add(pattern, &rule) {
                let other = named.get(pattern).copied().unwrap_or(name);
                let message = format!("{pattern:?} is named by [streams.{other:?}] already; name it once");
                section.add(offset, "metrics", &message);
            }
            named.entry(pattern).or_insert(name);
        }
        section.finish();
    }
    rules
}

fn read_rule(section: &mut Section<'_>) -> Rule {
    let source = section.parsed("source", "a text", not_blank);
    let mut duration = |key| section.parsed(key, DURATION, duration::parse_micros);
    let interval = duration("interval");
    let (warn_after, fail_after) = (duration("warn_after"), duration("fail_after"));
    let expected = section.flag("expected").unwrap_or(true);
    for (key, after) in [("warn_after", warn_after), ("fail_after", fail_after)] {
        if let (Some(after), Some(interval)) = (after, interval)
            && after < interval
        {
            section.add_at(
                key,
                "is shorter than interval: every sample would be too old before the next one is due",
            );
        }
    }
    if let (Some(warn_after), Some(fail_after)) = (warn_after, fail_after)
        && fail_after < warn_after
    {
        section.add_at(
            "fail_after",
            "is shorter than warn_after; a sample is late before it is stale",
        );
    }
    Rule {
        source: source.map(str::to_owned),
        interval_micros: interval,
        warn_after_micros: warn_after,
        fail_after_micros: fail_after,
        expected,
    }
}

/// A name of a metric, or the beginning of one and a `*`.
fn check_pattern(pattern: &str) -> Result<(), String> {
    let beginning = match pattern.strip_suffix('*') {
        // All metrics there are.
        Some("") => return Ok(()),
        Some(beginning) => beginning,
        None => pattern,
    };
    if let Some((beginning, _)) = beginning.split_once('*') {
        return Err(format!(
            "{pattern:?} has a `*` that is not its end; write \"{beginning}*\", or the names one by one"
        ));
    }
    check_metric_name(beginning).map_err(|error| error.to_string())
}
