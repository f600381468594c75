//! Panels over time: `timeseries` and `channels`, with the limits and events that both may have.

use shared::dashboard::{Axis, Channels, Event, LimitLine, LimitValue, Line, PlotLimits, Strip, Timeseries};
use shared::metric::ChannelSelection;

use super::{Metric, read_metric};
use crate::config::display::{SEVERITIES, SEVERITY};
use crate::config::key::Key;
use crate::config::scale::{NOT_LOGARITHMIC, read_ends};
use crate::config::section::Section;
use crate::config::word::one_of;

/// Of `timeseries`, besides [`AXIS_KEYS`].
pub(in crate::config) const TIMESERIES_KEYS: &[Key] = &[
    Key::required(
        "lines",
        "[{ metric, channels, label, axis }, …]",
        "What is drawn, first at the bottom; at most 64.",
    ),
    Key::optional(
        "strips",
        "[{ metric, label }, …]",
        "none",
        "On or off, as strips under the lines: on where channel 0 of the metric is not zero, unknown in gaps.",
    ),
];

/// Of `channels`, besides [`AXIS_KEYS`].
pub(in crate::config) const CHANNELS_KEYS: &[Key] = &[Metric::KEY];

/// Of both.
pub(in crate::config) const AXIS_KEYS: &[Key] = &[
    Key::optional(
        "log",
        "true or false",
        "false",
        "Whether the left axis is logarithmic; values that are not positive are marked at its lower edge.",
    ),
    Key::optional("low", "number", "by the data", "The lower end of the left axis."),
    Key::optional("high", "number", "by the data", "The upper end of the left axis."),
    Key::optional(
        "limits",
        "[{ label, value or metric, severity }, …]",
        "none",
        "Level lines on the left axis. The limits of the metric itself are drawn besides.",
    ),
    Key::optional(
        "events",
        "[{ metric, label }, …]",
        "none",
        "Moments that are marked by upright strokes: each finite sample of the metric that is not zero.",
    ),
];

/// Of each of `lines`.
pub(in crate::config) const LINE_KEYS: &[Key] = &[
    Metric::KEY,
    Key::optional(
        "channels",
        "\"all\", \"band\" or channels such as \"0,3\"",
        "\"all\"",
        "A line for each channel, one band over all of them, or lines for some.",
    ),
    Key::optional(
        "label",
        "text",
        "the metric's title, or the channel's label",
        "What the legend says.",
    ),
    Key::optional("axis", "\"left\" or \"right\"", "\"left\"", "On which axis it is read."),
];

/// Of each of `strips`, and of each of `events`.
pub(in crate::config) const NAMED_KEYS: &[Key] = &[
    Metric::KEY,
    Key::optional("label", "text", "the metric's title", "What it is called."),
];

/// Of each of `limits`.
pub(in crate::config) const LIMIT_KEYS: &[Key] = &[
    Key::required("label", "text", "What it is called."),
    Key::optional("value", "number", "`metric`", "Where it lies, in the unit of the axis."),
    Key::optional(
        "metric",
        "name of a metric",
        "`value`",
        "It lies at the greatest value that this metric has in the visible range. Write this or `value`.",
    ),
    Key::optional("severity", SEVERITY, "\"none\"", "What it means to be beyond it."),
];

/// More lines cannot be told apart, and each asks the server for its own.
const MAX_LINES: usize = 64;

pub(super) fn read_timeseries(panel: &mut Section<'_>) -> Timeseries {
    let sections = panel.required_list("lines", "{ metric = \"dome.temperature\" }");
    if sections.len() > MAX_LINES {
        let message = format!(
            "there are {}; a panel may have {MAX_LINES} lines: more cannot be told apart. Show all channels of a metric with \
             channels = \"band\", or with a panel of the type \"channels\" or \"heatmap\"",
            sections.len()
        );
        panel.add_at("lines", &message);
    }
    Timeseries {
        lines: sections.into_iter().filter_map(read_line).collect(),
        strips: read_named(panel, "strips", |metric, label| Strip { metric, label }),
        limits: read_axis(panel),
    }
}

pub(super) fn read_channels(panel: &mut Section<'_>) -> Option<Channels> {
    let metric = read_metric(panel);
    let limits = read_axis(panel);
    Some(Channels {
        metric: metric?,
        limits,
    })
}

fn read_line(mut line: Section<'_>) -> Option<Line> {
    let metric = read_metric(&mut line);
    let channels = line.parsed("channels", CHANNELS, str::parse::<ChannelSelection>);
    let label = line.text("label").unwrap_or_default().to_owned();
    let axis = line.parsed("axis", "\"left\" or \"right\"", |text| {
        one_of(text, &[("left", Axis::Left), ("right", Axis::Right)])
    });
    line.finish();
    Some(Line {
        metric: metric?,
        channels: channels.unwrap_or_default(),
        label,
        axis: axis.unwrap_or_default(),
    })
}

const CHANNELS: &str = "a text such as \"all\", \"band\" or \"0,3\"";

fn read_axis(panel: &mut Section<'_>) -> PlotLimits {
    let log = panel.flag("log").unwrap_or_default();
    let (low, high) = read_ends(panel);
    if log && low.is_some_and(|low| low <= 0.0) {
        panel.add_at("low", NOT_LOGARITHMIC);
    }
    PlotLimits {
        log,
        low,
        high,
        lines: panel.list("limits").into_iter().filter_map(read_limit).collect(),
        events: read_named(panel, "events", |metric, label| Event { metric, label }),
    }
}

fn read_limit(mut limit: Section<'_>) -> Option<LimitLine> {
    let label = limit.required_text("label");
    let value = limit.number("value");
    let metric = limit.parsed("metric", "the name of a metric", super::parse_metric_name);
    let severity = limit.parsed("severity", SEVERITY, |text| one_of(text, &SEVERITIES));
    match (limit.has("value"), limit.has("metric")) {
        (true, true) => limit.add_at("metric", "stands beside value; write one of the two"),
        (false, false) => limit.add_here("says nowhere where it lies; write value = 30.0 or metric = \"dome.maximum\""),
        _ => {}
    }
    limit.finish();
    Some(LimitLine {
        label: label?.to_owned(),
        at: value.map(LimitValue::Value).or(metric.map(LimitValue::Metric))?,
        severity: severity.unwrap_or_default(),
    })
}

fn read_named<T>(panel: &mut Section<'_>, key: &'static str, make: impl Fn(String, String) -> T) -> Vec<T> {
    let read = |mut section: Section<'_>| {
        let metric = read_metric(&mut section);
        let label = section.text("label").unwrap_or_default().to_owned();
        section.finish();
        Some(make(metric?, label))
    };
    panel.list(key).into_iter().filter_map(read).collect()
}
