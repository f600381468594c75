//! `[metrics."NAME"]`: what is known of a metric besides its samples.

use std::collections::BTreeMap;

use shared::display::MetricDisplay;
use shared::metric::{MetricKind, check_metric_name};

use super::key::Key;
use super::section::Section;
use super::word::one_of;
use super::{display, duration, keep};
use crate::retention::Keep;
use crate::store::MetricProperties;

/// What the tables say.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    /// What the store keeps of a metric, by its name.
    pub(super) properties: BTreeMap<String, MetricProperties>,
    /// How long samples are kept, by name, where it is said.
    pub(super) kept: BTreeMap<String, Keep>,
    /// How metrics look, by rising name, where it is said.
    pub(super) displays: Vec<MetricDisplay>,
}

/// Of a metric, besides those of [`display`].
pub(super) const KEYS: &[Key] = &[
    Key::optional("title", "text", "the name", "What it is called in legends and tables."),
    Key::optional(
        "unit",
        "text",
        "none",
        "The unit of its values, as it is written on axes.",
    ),
    Key::optional(
        "kind",
        "\"gauge\", \"counter\" or \"state\"",
        "\"gauge\"",
        "A value that goes up and down, one that only rises, or a small set of numbered states.",
    ),
    Key::optional(
        "interval",
        "duration such as \"60s\"",
        "learned from the samples",
        "How often a sample is expected. Gaps are three intervals, ages are judged by it; until it is known, nothing counts as fresh.",
    ),
    Key::optional(
        "keep",
        "duration such as \"400d\", or \"forever\"",
        "as `[store]` says",
        "How long its samples are kept.",
    ),
    Key::optional(
        "keep_pyramid",
        "duration such as \"400d\", or \"forever\"",
        "as `[store]` says",
        "How long its curves are kept, not shorter than `keep`.",
    ),
];

/// `geometries` are the names of those that there are.
pub(super) fn read(sections: Vec<(&str, Section<'_>)>, geometries: &[&str]) -> Metrics {
    let mut metrics = Metrics::default();
    for (name, mut section) in sections {
        if let Err(error) = check_metric_name(name) {
            section.add_here(&error.to_string());
        }
        let properties = MetricProperties {
            title: section.text("title").unwrap_or_default().to_owned(),
            unit: section.text("unit").unwrap_or_default().to_owned(),
            kind: section.parsed("kind", KIND, parse_kind).unwrap_or_default(),
            interval_micros: section.parsed("interval", "a duration such as \"60s\"", duration::parse_micros),
        };
        let keep = keep::read(&mut section);
        if keep != Keep::default() {
            metrics.kept.insert(name.to_owned(), keep);
        }
        metrics
            .displays
            .extend(display::read(name, properties.kind, geometries, &mut section));
        section.finish();
        metrics.properties.insert(name.to_owned(), properties);
    }
    metrics.displays.sort_by(|left, right| left.metric.cmp(&right.metric));
    metrics
}

const KIND: &str = "\"gauge\", \"counter\" or \"state\"";

fn parse_kind(text: &str) -> Result<MetricKind, String> {
    let kinds = [
        ("gauge", MetricKind::Gauge),
        ("counter", MetricKind::Counter),
        ("state", MetricKind::State),
    ];
    one_of(text, &kinds)
}
