//! When a rule is not watched.

use super::super::key::Key;
use super::super::section::Section;
use super::{Known, kinds, watch};
use crate::alarms::rule::{Unless, UnlessValue};

/// Of `unless`.
pub(in crate::config) const UNLESS_KEYS: &[Key] = &[
    Key::required("metric", "name", "The metric whose newest value decides."),
    Key::optional("channel", "label", "the first", "The channel of it."),
    Key::optional(
        "above",
        "number",
        "none",
        "The rule is not watched while the value is above it.",
    ),
    Key::optional(
        "below",
        "number",
        "none",
        "The rule is not watched while the value is below it.",
    ),
    Key::optional(
        "states",
        "[label or number as text, …]",
        "none",
        "The rule is not watched while the value is one of these, in place of `above` and `below`.",
    ),
    Key::required("reason", "text", "What that means: `not observing`."),
    Key::optional(
        "no_data",
        "duration such as \"5m\", or \"never\"",
        "three intervals of the metric",
        "After how long without a sample the value means nothing any more, and the rule is watched.",
    ),
];

pub(super) fn read(mut table: Section<'_>, known: Known<'_>) -> Option<Unless> {
    let metric = table.required("metric", "the name of a metric", |text| {
        shared::metric::check_metric_name(text).map(|()| text)
    });
    let channel = table.text("channel").unwrap_or_default().to_owned();
    let states = table.has("states");
    let band = kinds::read_band(&mut table, false);
    let listed = kinds::read_states(&mut table, metric, known);
    let of = match (band, states) {
        (Some(_), true) => {
            table.add_at("states", "has no meaning beside above and below");
            None
        }
        (Some(band), false) => Some(UnlessValue::Outside(band)),
        (None, true) => Some(UnlessValue::States(listed)),
        (None, false) => {
            table.add_at("above", "is missing; write one of above, below and states");
            None
        }
    };
    let reason = table.required_text("reason");
    let silence_micros = watch::silence(&mut table, known, metric, false);
    table.finish();
    Some(Unless {
        metric: metric?.to_owned(),
        channel,
        of: of?,
        reason: reason?.to_owned(),
        silence_micros,
    })
}
