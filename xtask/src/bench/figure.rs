//! Figures: what was measured beside what it should be, what others reach, and what the machine allows.

use super::Bench;
use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};
use std::fs;
use std::path::PathBuf;

/// Which way is better.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Better {
    /// As for rates.
    Higher,
    /// As for times and sizes.
    Lower,
}

/// One figure.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Figure {
    /// What was measured; unique in its section.
    pub(super) name: String,
    /// The result, in `unit`.
    pub(super) value: f64,
    /// Its unit.
    pub(super) unit: &'static str,
    better: Better,
    target: Option<f64>,
    peers: Vec<(String, f64)>,
    limit: Option<(String, f64)>,
}

impl Figure {
    /// A figure of which more is better.
    pub(super) fn rate(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self {
            name: name.into(),
            value,
            unit,
            better: Better::Higher,
            target: None,
            peers: Vec::new(),
            limit: None,
        }
    }

    /// A figure of which less is better.
    pub(super) fn cost(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self {
            better: Better::Lower,
            ..Self::rate(name, value, unit)
        }
    }

    /// What it should be.
    pub(super) fn target(self, target: f64) -> Self {
        Self {
            target: Some(target),
            ..self
        }
    }

    /// What another program reaches, in the same unit; one of several.
    pub(super) fn peer(mut self, name: impl Into<String>, value: f64) -> Self {
        self.peers.push((name.into(), value));
        self
    }

    /// What the machine allows, in the same unit.
    pub(super) fn limit(self, name: impl Into<String>, value: f64) -> Self {
        Self {
            limit: Some((name.into(), value)),
            ..self
        }
    }

    /// Whether the target is reached.
    fn reached(&self) -> Option<bool> {
        self.target.map(|target| match self.better {
            Better::Higher => target <= self.value,
            Better::Lower => self.value <= target,
        })
    }

    fn cells(&self, before: Option<f64>) -> [String; 6] {
        let named = |(name, value): &(String, f64)| format!("{name} {}", digits(*value));
        let peers: Vec<String> = self.peers.iter().map(named).collect();
        let sign = match self.better {
            Better::Higher => "≥",
            Better::Lower => "≤",
        };
        let mark = match self.reached() {
            Some(true) => " reached",
            Some(false) => " MISSED",
            None => "",
        };
        let target = self
            .target
            .map_or_else(String::new, |target| format!("{sign} {}{mark}", digits(target)));
        [
            self.name.clone(),
            format!("{} {}", digits(self.value), self.unit),
            target,
            peers.join(", "),
            self.limit.as_ref().map_or_else(String::new, named),
            before.map_or_else(String::new, digits),
        ]
    }

    /// The row of a table in Markdown: name, target, value, peers, limit.
    pub(super) fn markdown(&self) -> String {
        let [name, value, target, peers, limit, _] = self.cells(None);
        let target = target.replace(" reached", "").replace(" MISSED", "");
        let value = match self.reached() {
            Some(false) => value,
            Some(true) | None => format!("**{}**", value.trim_end()),
        };
        format!("| {name} | {target} | {value} | {peers} | {limit} |")
    }

    fn to_json(&self) -> Value {
        let mut json = Map::new();
        json.insert("name".to_owned(), json!(self.name));
        json.insert("value".to_owned(), json!(self.value));
        json.insert("unit".to_owned(), json!(self.unit));
        if let Some(target) = self.target {
            json.insert("target".to_owned(), json!(target));
            json.insert("reached".to_owned(), json!(self.reached()));
        }
        let named = |(name, value): &(String, f64)| json!({"name": name, "value": value});
        if !self.peers.is_empty() {
            json.insert("peers".to_owned(), self.peers.iter().map(named).collect());
        }
        if let Some(limit) = &self.limit {
            json.insert("limit".to_owned(), named(limit));
        }
        Value::Object(json)
    }
}

/// A number with three digits that count.
fn digits(value: f64) -> String {
    let size = value.abs();
    let places = match size {
        _ if size >= 100.0 || size == 0.0 => 0,
        _ if size >= 10.0 => 1,
        _ if size >= 1.0 => 2,
        _ if size >= 0.1 => 3,
        _ => 4,
    };
    format!("{value:.places$}")
}

/// The figures of a section as a table. `before` is what [`read`] gave.
pub(super) fn table(figures: &[Figure], before: &Value, section: &str) -> String {
    let earlier = |figure: &Figure| {
        let of_section = before.get("sections")?.get(section)?.as_array()?;
        let same = |old: &&Value| old["name"] == figure.name.as_str() && old["unit"] == figure.unit;
        of_section.iter().find(same)?.get("value")?.as_f64()
    };
    let heads = ["figure", "measured", "target", "beside it", "limit", "last time"].map(str::to_owned);
    let mut rows = vec![heads];
    rows.extend(figures.iter().map(|figure| figure.cells(earlier(figure))));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 6] = std::array::from_fn(width);
    let line = |row: &[String; 6]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        format!("  {}", cells.collect::<Vec<_>>().join("  "))
            .trim_end()
            .to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Where figures are kept.
pub(super) fn file(bench: &Bench<'_>) -> PathBuf {
    let name = format!("bench/figures-{}.json", bench.scale.name);
    bench.workspace.target.join(name)
}

/// The figures of the runs before, or nothing.
pub(super) fn read(bench: &Bench<'_>) -> Result<Value> {
    let file = file(bench);
    if !file.exists() {
        return Ok(Value::Null);
    }
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is no JSON; remove it", file.display()))
}

/// Keeps figures; those of sections that were not measured stay.
pub(super) fn write(bench: &Bench<'_>, sections: &[(&str, Vec<Figure>)]) -> Result<()> {
    let mut all = read(bench)?;
    if !all.is_object() {
        all = json!({"sections": {}});
    }
    for (name, figures) in sections {
        all["sections"][*name] = figures.iter().map(Figure::to_json).collect();
    }
    let file = file(bench);
    let text = serde_json::to_string_pretty(&all)?;
    fs::write(&file, text + "\n").with_context(|| format!("cannot write {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_tells_targets_peers_limits_and_what_was_before() {
        let figures = [
            Figure::rate("frames", 1.234_5, "M/s")
                .target(1.0)
                .peer("InfluxDB", 0.25)
                .peer("another", 0.5),
            Figure::cost("query", 51.26, "ms").target(5.0).limit("memory", 0.012_34),
        ];
        let before = json!({"sections": {"ingest": [{"name": "query", "unit": "ms", "value": 49.0}]}});
        let expected = "  figure  measured  target        beside it      limit          last time\n  \
                          frames  1.23 M/s  ≥ 1.00 reached  InfluxDB 0.250, another 0.500\n  \
                          query   51.3 ms   ≤ 5.00 MISSED                  memory 0.0123  49.0";
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&table(&figures, &before, "ingest")), words(expected));
    }
}
