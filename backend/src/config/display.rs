//! How a metric looks: the keys `limits`, `scale`, `states` and `place` of `[metrics."NAME"]`.

use std::collections::BTreeSet;

use shared::dashboard::Severity;
use shared::display::{CameraPart, Limits, MetricDisplay, Place, StateName};
use shared::metric::MetricKind;

use super::key::Key;
use super::section::{Section, not_blank};
use super::word::one_of;
use super::{scale, suggestion};

/// The words for what something means.
pub(super) const SEVERITIES: [(&str, Severity); 4] = [
    ("none", Severity::None),
    ("ok", Severity::Ok),
    ("warning", Severity::Warning),
    ("alarm", Severity::Alarm),
];

/// How a severity is written.
pub(super) const SEVERITY: &str = "\"none\", \"ok\", \"warning\" or \"alarm\"";

/// Of a metric.
pub(super) const KEYS: &[Key] = &[
    Key::optional(
        "limits",
        "{ low_alarm, low_warning, high_warning, high_alarm }",
        "none",
        "Values beyond which something is wrong. They are drawn in plots, and colour tiles, tables and numbers.",
    ),
    Key::optional(
        "scale",
        scale::VALUE,
        "\"viridis\"",
        "Its colours in heatmaps and in the camera; see [Scales](#scales).",
    ),
    Key::optional(
        "states",
        "[{ value, label, severity }, …]",
        "none",
        "What its values are called; only for `kind = \"state\"`.",
    ),
    Key::optional(
        "place",
        "{ geometry, part }",
        "none",
        "Where its channels are in a camera, for panels of the type `camera`.",
    ),
];

/// Of `limits`.
pub(super) const LIMITS_KEYS: &[Key] = &[
    Key::optional(
        "low_alarm",
        "number",
        "none",
        "Below it is an alarm; the limit itself is still within.",
    ),
    Key::optional("low_warning", "number", "none", "Below it is a warning."),
    Key::optional("high_warning", "number", "none", "Above it is a warning."),
    Key::optional("high_alarm", "number", "none", "Above it is an alarm."),
];

/// Of each of `states`.
pub(super) const STATE_KEYS: &[Key] = &[
    Key::required("value", "whole number", "The value."),
    Key::required("label", "text", "What it is called."),
    Key::optional("severity", SEVERITY, "\"none\"", "What it means."),
];

/// Of `place`.
pub(super) const PLACE_KEYS: &[Key] = &[
    Key::required(
        "geometry",
        "name",
        "The camera, a `[geometries.NAME]` of `watchroom.toml`.",
    ),
    Key::optional(
        "part",
        "\"pixel\" or \"module\"",
        "\"pixel\"",
        "What a channel is: the pixel or the module of the same number.",
    ),
];

/// Reads how a metric looks; `None` where nothing is said of it.
pub(super) fn read(
    name: &str,
    kind: MetricKind,
    geometries: &[&str],
    section: &mut Section<'_>,
) -> Option<MetricDisplay> {
    let display = MetricDisplay {
        metric: name.to_owned(),
        limits: section.table("limits").map(read_limits).unwrap_or_default(),
        scale: scale::read(section),
        states: read_states(section),
        place: section.table("place").and_then(|place| read_place(place, geometries)),
    };
    if !display.states.is_empty() && kind != MetricKind::State {
        section.add_at("states", "are for metrics of kind = \"state\"");
    }
    let says_nothing = MetricDisplay {
        metric: name.to_owned(),
        ..MetricDisplay::default()
    };
    (display != says_nothing).then_some(display)
}

fn read_limits(mut section: Section<'_>) -> Limits {
    let limits = Limits {
        low_alarm: section.number("low_alarm"),
        low_warning: section.number("low_warning"),
        high_warning: section.number("high_warning"),
        high_alarm: section.number("high_alarm"),
    };
    let rising = [
        ("low_alarm", limits.low_alarm),
        ("low_warning", limits.low_warning),
        ("high_warning", limits.high_warning),
        ("high_alarm", limits.high_alarm),
    ];
    let mut before: Option<(&str, f64)> = None;
    for (key, limit) in rising.into_iter().filter_map(|(key, limit)| Some((key, limit?))) {
        if let Some((lower, least)) = before
            && limit < least
        {
            section.add_at(key, &format!("is below {lower}, which is {least}"));
        }
        before = Some((key, limit));
    }
    section.finish();
    limits
}

fn read_states(section: &mut Section<'_>) -> Vec<StateName> {
    let mut values = BTreeSet::new();
    let mut states: Vec<StateName> = Vec::new();
    for mut state in section.list("states") {
        let value = state.integer("value", MIN_STATE..=MAX_STATE);
        if value.is_none() && !state.has("value") {
            state.add_at("value", "is missing; write a whole number");
        }
        let label = state.required("label", "what the state is called", not_blank);
        let severity = state.parsed("severity", SEVERITY, |text| one_of(text, &SEVERITIES));
        if let Some(value) = value
            && !values.insert(value)
        {
            state.add_at("value", &format!("another state has the value {value} too"));
        }
        if let (Some(value), Some(label)) = (value, label) {
            states.push(StateName {
                value,
                label: label.to_owned(),
                severity: severity.unwrap_or_default(),
            });
        }
        state.finish();
    }
    states.sort_by_key(|state| state.value);
    states
}

/// All whole numbers that a sample can hold exactly.
const MAX_STATE: i64 = 1 << 53;
const MIN_STATE: i64 = -MAX_STATE;

fn read_place(mut section: Section<'_>, geometries: &[&str]) -> Option<Place> {
    let geometry = section.required("geometry", "the name of a geometry", |name| {
        if geometries.contains(&name) {
            Ok(name)
        } else {
            let hint = suggestion::hint(name, geometries.iter().copied());
            Err(format!("there is no [geometries.{name}]{hint}"))
        }
    });
    let part = section.parsed("part", "\"pixel\" or \"module\"", |text| {
        one_of(text, &[("pixel", CameraPart::Pixel), ("module", CameraPart::Module)])
    });
    section.finish();
    Some(Place {
        geometry: geometry?.to_owned(),
        part: part.unwrap_or_default(),
    })
}
