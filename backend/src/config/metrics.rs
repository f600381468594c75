//! `[metrics."NAME"]`: what is known of a metric besides its samples.

use std::collections::BTreeMap;

use shared::metric::{MetricKind, check_metric_name};

use super::section::Section;
use super::{duration, keep, suggestion};
use crate::retention::Keep;
use crate::store::MetricProperties;

pub(super) fn read(sections: Vec<(&str, Section<'_>)>) -> (BTreeMap<String, MetricProperties>, BTreeMap<String, Keep>) {
    let mut metrics = BTreeMap::new();
    let mut kept = BTreeMap::new();
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
            kept.insert(name.to_owned(), keep);
        }
        section.finish();
        metrics.insert(name.to_owned(), properties);
    }
    (metrics, kept)
}

const KIND: &str = "\"gauge\", \"counter\" or \"state\"";

fn parse_kind(text: &str) -> Result<MetricKind, String> {
    match text {
        "gauge" => Ok(MetricKind::Gauge),
        "counter" => Ok(MetricKind::Counter),
        "state" => Ok(MetricKind::State),
        _ => {
            let hint = suggestion::hint(text, ["gauge", "counter", "state"]);
            Err(format!("{text:?} is not a kind of metric{hint}"))
        }
    }
}
