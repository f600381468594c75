//! From the rows of a table to frames.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use shared::time::Timestamp;
use shared::value::Value;

use super::options::{Layout, LongTarget, Options, metric_name, parse_cell, title_and_unit};
use super::record::Record;
use crate::ingest::excerpt::excerpt;
use crate::ingest::{IncomingChannels, IncomingFrame};
use crate::store::MetricProperties;

/// Turns records into frames, by the columns of one header.
pub(super) struct Rows {
    options: Options,
    n_columns: usize,
    time: Vec<usize>,
    columns: Columns,
    /// What the header says of the metrics; for a long table grows with its channels.
    pub(super) metrics: BTreeMap<String, MetricProperties>,
}

enum Columns {
    Metrics(Vec<Column>),
    Channels {
        metric: String,
        labels: Arc<[String]>,
        columns: Vec<Column>,
    },
    Long {
        channel: usize,
        value: Column,
        target: LongTarget,
        metric_of: HashMap<String, String>,
    },
}

/// A column of values.
struct Column {
    index: usize,
    /// Its name in errors, and the metric where it is one of its own.
    header: String,
    metric: String,
    /// Where its quality flags stand.
    quality: Option<usize>,
}

impl Rows {
    /// Finds the columns that the options name; the error says which is missing and what there is.
    pub(super) fn new(header: &Record, options: &Options) -> Result<Self, String> {
        let names: Vec<&str> = header.fields().collect();
        let finder = Finder { names: &names, options };
        let time = options.time_columns.iter().map(|name| finder.find(name));
        let time: Vec<usize> = time.collect::<Result<_, _>>()?;
        for name in &options.skipped {
            finder.find(name)?;
        }
        let mut metrics = BTreeMap::new();
        let columns = match &options.layout {
            Layout::Metrics { prefix } => {
                let columns = finder.value_columns(&time, prefix)?;
                for column in &columns {
                    if column.metric == *prefix {
                        return Err(format!(
                            "no metric can be named after column {}; skip it",
                            excerpt(&column.header)
                        ));
                    }
                    if metrics
                        .insert(column.metric.clone(), properties(&column.header))
                        .is_some()
                    {
                        return Err(format!(
                            "two columns would both be metric {}; skip one, such as {}",
                            excerpt(&column.metric),
                            excerpt(&column.header)
                        ));
                    }
                }
                Columns::Metrics(columns)
            }
            Layout::Channels { metric } => {
                let columns = finder.value_columns(&time, "")?;
                Columns::Channels {
                    metric: metric.clone(),
                    labels: columns.iter().map(|column| column.header.clone()).collect(),
                    columns,
                }
            }
            Layout::Long { channel, value, target } => {
                let index = finder.find(value)?;
                Columns::Long {
                    channel: finder.find(channel)?,
                    value: finder.column(index, ""),
                    target: target.clone(),
                    metric_of: HashMap::new(),
                }
            }
        };
        Ok(Self {
            options: options.clone(),
            n_columns: names.len(),
            time,
            columns,
            metrics,
        })
    }

    /// Adds the frames of a row, or none if anything in it is wrong. Gives back how many values they hold.
    pub(super) fn read(&mut self, row: &Record, line: usize, frames: &mut Vec<IncomingFrame>) -> Result<usize, String> {
        if row.len() != self.n_columns {
            return Err(format!(
                "it has {} fields where the header has {}",
                row.len(),
                self.n_columns
            ));
        }
        let cells: Vec<&str> = self.time.iter().map(|index| row.field(*index)).collect();
        let time = self.options.time_format.parse(&cells)?;
        match &mut self.columns {
            Columns::Metrics(columns) => {
                let n_before = frames.len();
                for column in &*columns {
                    match column.value(row, &self.options) {
                        Ok(value) => frames.push(scalar(line, column.metric.clone(), time, value)),
                        Err(message) => {
                            frames.truncate(n_before);
                            return Err(message);
                        }
                    }
                }
                Ok(columns.len())
            }
            Columns::Channels {
                metric,
                labels,
                columns,
            } => {
                let values = columns.iter().map(|column| column.value(row, &self.options));
                frames.push(IncomingFrame {
                    position: line,
                    metric: metric.clone(),
                    time: Some(time),
                    channels: IncomingChannels::Labels(Arc::clone(labels)),
                    values: values.collect::<Result<_, _>>()?,
                });
                Ok(columns.len())
            }
            Columns::Long {
                channel,
                value,
                target,
                metric_of,
            } => {
                let value = value.value(row, &self.options)?;
                let channel = row.field(*channel);
                if channel.is_empty() {
                    return Err("the channel is empty".to_owned());
                }
                frames.push(match target {
                    LongTarget::Metric(metric) => IncomingFrame {
                        channels: IncomingChannels::Labels(Arc::new([channel.to_owned()])),
                        ..scalar(line, metric.clone(), time, value)
                    },
                    LongTarget::MetricPerChannel(prefix) => {
                        let metric = match metric_of.get(channel) {
                            Some(metric) => metric.clone(),
                            None => new_metric(prefix, channel, metric_of, &mut self.metrics)?,
                        };
                        scalar(line, metric, time, value)
                    }
                });
                Ok(1)
            }
        }
    }
}

/// Names the metric that a channel of a long table is.
fn new_metric(
    prefix: &str,
    channel: &str,
    metric_of: &mut HashMap<String, String>,
    metrics: &mut BTreeMap<String, MetricProperties>,
) -> Result<String, String> {
    let metric = metric_name(prefix, channel);
    if metric == prefix {
        return Err(format!("no metric can be named after channel {}", excerpt(channel)));
    }
    if metrics.contains_key(&metric) {
        return Err(format!(
            "channel {} and another one would both be metric {}",
            excerpt(channel),
            excerpt(&metric)
        ));
    }
    metrics.insert(metric.clone(), properties(channel));
    metric_of.insert(channel.to_owned(), metric.clone());
    Ok(metric)
}

fn scalar(line: usize, metric: String, time: Timestamp, value: Value) -> IncomingFrame {
    IncomingFrame {
        position: line,
        metric,
        time: Some(time),
        channels: IncomingChannels::Dense,
        values: vec![value],
    }
}

fn properties(header: &str) -> MetricProperties {
    let (title, unit) = title_and_unit(header);
    MetricProperties {
        title: title.to_owned(),
        unit: unit.to_owned(),
        ..MetricProperties::default()
    }
}

impl Column {
    fn value(&self, row: &Record, options: &Options) -> Result<Value, String> {
        let in_column = |message| format!("column {}: {message}", excerpt(&self.header));
        let value = parse_cell(row.field(self.index), &options.nulls).map_err(in_column)?;
        let Some(quality) = self.quality else {
            return Ok(value);
        };
        let flag = row.field(quality);
        if flag.is_empty() {
            return Ok(value);
        }
        match flag.parse::<f64>() {
            Ok(0.0) => Ok(value),
            Ok(_) => Ok(Value::NULL),
            Err(_) => Err(in_column(format!("its quality flag {} is not a number", excerpt(flag)))),
        }
    }
}

/// Finds columns by name.
struct Finder<'a> {
    names: &'a [&'a str],
    options: &'a Options,
}

impl Finder<'_> {
    fn find(&self, name: &str) -> Result<usize, String> {
        let mut found = (0..self.names.len()).filter(|index| self.names[*index] == name.trim());
        match (found.next(), found.next()) {
            (Some(index), None) => Ok(index),
            (Some(_), Some(_)) => Err(format!("the header has column {} twice", excerpt(name))),
            (None, _) => Err(format!(
                "the header has no column {}; its columns are {}",
                excerpt(name),
                excerpt(&self.names.join(", "))
            )),
        }
    }

    /// All columns that hold values: not the time, not skipped, not quality flags.
    fn value_columns(&self, time: &[usize], prefix: &str) -> Result<Vec<Column>, String> {
        let is_value = |index: &usize| {
            let name = self.names[*index];
            !time.contains(index)
                && !self.options.skipped.iter().any(|skipped| skipped.trim() == name)
                && !self.is_quality(name)
        };
        let columns: Vec<Column> = (0..self.names.len())
            .filter(is_value)
            .map(|index| self.column(index, prefix))
            .collect();
        if columns.is_empty() {
            return Err("the header has no column of values beside the time".to_owned());
        }
        Ok(columns)
    }

    /// A quality column is one whose name is another column's and the suffix.
    fn is_quality(&self, name: &str) -> bool {
        let suffix = self.options.quality_suffix.as_deref();
        let of = suffix.and_then(|suffix| name.strip_suffix(suffix));
        of.is_some_and(|of| self.names.contains(&of))
    }

    fn column(&self, index: usize, prefix: &str) -> Column {
        let header = self.names[index];
        let suffix = self.options.quality_suffix.as_deref();
        let quality = suffix.and_then(|suffix| {
            let name = format!("{header}{suffix}");
            self.names.iter().position(|other| *other == name)
        });
        Column {
            index,
            header: header.to_owned(),
            metric: metric_name(prefix, header),
            quality,
        }
    }
}
