//! Which metric and channels a rule looks at.

use super::super::duration;
use super::super::key::Key;
use super::super::section::Section;
use super::Known;
use crate::alarms::rule::Watch;

/// Of all kinds but expressions.
pub(in crate::config) const WATCH_KEYS: &[Key] = &[
    Key::required("metric", "name", "The metric."),
    Key::optional(
        "channels",
        "[label, …]",
        "all",
        "The channels that count, by their labels; where they have none, by their numbers as text: `[\"17\"]`.",
    ),
    Key::optional(
        "at_least",
        "whole number, or \"all\"",
        "1; of a heartbeat \"all\"",
        "How many of the channels must fulfil the condition.",
    ),
    Key::optional(
        "no_data",
        "duration such as \"5m\", or \"never\"",
        "three intervals of the metric",
        "After how long without a sample a channel is silent. A rule without a channel that speaks says NO DATA, and so does \
         one that fired by a channel that fell silent. Null and NaN are no numbers: with nothing else for so long a rule is \
         UNKNOWN.",
    ),
];

/// How many intervals a channel may be silent.
const INTERVALS: i64 = 3;

pub(super) fn read(section: &mut Section<'_>, known: Known<'_>, is_heartbeat: bool) -> Option<Watch> {
    let metric = section.required("metric", "the name of a metric", |text| {
        shared::metric::check_metric_name(text).map(|()| text)
    });
    let channels: Vec<String> = section
        .texts("channels")
        .into_iter()
        .map(|(text, _)| text.to_owned())
        .collect();
    let at_least = if section.is_text("at_least") {
        section.parsed("at_least", "a whole number, or \"all\"", |text| match text {
            "all" => Ok(u32::MAX),
            _ => Err(format!("{text:?} is not known here; write a whole number, or \"all\"")),
        })
    } else {
        section.integer("at_least", 1..=1_000_000)
    };
    let silence_micros = silence(section, known, metric, is_heartbeat);
    let metric = metric?;
    let properties = known.metrics.get(metric);
    Some(Watch {
        metric: metric.to_owned(),
        channels,
        at_least: at_least.unwrap_or(if is_heartbeat { u32::MAX } else { 1 }),
        silence_micros,
        unit: properties.map(|properties| properties.unit.clone()).unwrap_or_default(),
    })
}

/// After how long a metric is silent; `None` for never, or where a mistake is noted.
pub(super) fn silence(
    section: &mut Section<'_>,
    known: Known<'_>,
    metric: Option<&str>,
    is_heartbeat: bool,
) -> Option<i64> {
    let says_never = section.is_text("no_data") && section.text("no_data") == Some("never");
    if says_never {
        if is_heartbeat {
            section.add_at(
                "no_data",
                "a heartbeat that waits for ever says nothing; write a duration such as \"5m\"",
            );
        }
        return None;
    }
    if section.has("no_data") {
        return section.parsed(
            "no_data",
            "a duration such as \"5m\", or \"never\"",
            duration::parse_micros,
        );
    }
    let metric = metric?;
    let interval = known
        .metrics
        .get(metric)
        .and_then(|properties| properties.interval_micros);
    if interval.is_none() {
        section.add_at(
            "no_data",
            &format!(
                "is missing: it is not configured how often samples of {metric:?} come; write interval in \
                 [metrics.{metric:?}], or here for how long they may be missing, such as \"5m\""
            ),
        );
    }
    interval.map(|interval| interval.saturating_mul(INTERVALS))
}
