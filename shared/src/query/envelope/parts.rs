//! How an envelope is read: in one pass, whatever the order of its fields.
//!
//! What serde derives for a tagged enum first keeps all of the answer in a buffer of generic values, which costs the page
//! several times the memory of the answer, and code for both ways of reading.

use serde::Deserialize;

use super::{ColumnSeries, Envelope, SampleSeries};
use crate::value::Value;

#[derive(Deserialize)]
pub(super) struct EnvelopeParts {
    kind: Kind,
    metric: String,
    unit: String,
    series: Vec<SeriesParts>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Columns,
    Samples,
}

/// The fields of both kinds of series.
#[derive(Default, Deserialize)]
#[serde(default)]
struct SeriesParts {
    channel: Option<u32>,
    label: String,
    start_us: Vec<i64>,
    end_us: Vec<i64>,
    count: Vec<u64>,
    min: Vec<f64>,
    max: Vec<f64>,
    first: Vec<f64>,
    last: Vec<f64>,
    mean: Vec<f64>,
    min_us: Vec<i64>,
    max_us: Vec<i64>,
    min_channel: Vec<u32>,
    max_channel: Vec<u32>,
    time_us: Vec<i64>,
    value: Vec<Value>,
}

impl TryFrom<EnvelopeParts> for Envelope {
    type Error = &'static str;

    fn try_from(parts: EnvelopeParts) -> Result<Self, Self::Error> {
        let EnvelopeParts {
            kind,
            metric,
            unit,
            series,
        } = parts;
        Ok(match kind {
            Kind::Columns => Self::Columns {
                metric,
                unit,
                series: series.into_iter().map(SeriesParts::columns).collect::<Result<_, _>>()?,
            },
            Kind::Samples => Self::Samples {
                metric,
                unit,
                series: series.into_iter().map(SeriesParts::samples).collect::<Result<_, _>>()?,
            },
        })
    }
}

impl SeriesParts {
    fn columns(self) -> Result<ColumnSeries, &'static str> {
        let n = self.start_us.len();
        let needed = [
            self.end_us.len(),
            self.count.len(),
            self.min.len(),
            self.max.len(),
            self.mean.len(),
            self.min_us.len(),
            self.max_us.len(),
        ];
        let optional = [
            self.first.len(),
            self.last.len(),
            self.min_channel.len(),
            self.max_channel.len(),
        ];
        if needed.iter().any(|len| *len != n) || optional.iter().any(|len| *len != n && *len != 0) {
            return Err("the arrays of a series must all have one entry per column");
        }
        Ok(ColumnSeries {
            channel: self.channel,
            label: self.label,
            start_us: self.start_us,
            end_us: self.end_us,
            count: self.count,
            min: self.min,
            max: self.max,
            first: self.first,
            last: self.last,
            mean: self.mean,
            min_us: self.min_us,
            max_us: self.max_us,
            min_channel: self.min_channel,
            max_channel: self.max_channel,
        })
    }

    fn samples(self) -> Result<SampleSeries, &'static str> {
        if self.time_us.len() != self.value.len() {
            return Err("the arrays of a series must all have one entry per sample");
        }
        Ok(SampleSeries {
            channel: self.channel.ok_or("a series of samples needs its channel")?,
            label: self.label,
            time_us: self.time_us,
            value: self.value,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Envelope {
        Envelope::Columns {
            metric: "hv".to_owned(),
            unit: "V".to_owned(),
            series: vec![ColumnSeries {
                channel: Some(3),
                label: "3".to_owned(),
                start_us: vec![0],
                end_us: vec![60],
                count: vec![2],
                min: vec![1.5],
                max: vec![2.5],
                first: vec![1.5],
                last: vec![2.5],
                mean: vec![2.0],
                min_us: vec![0],
                max_us: vec![30],
                ..ColumnSeries::default()
            }],
        }
    }

    #[test]
    fn both_kinds_survive_their_json() {
        let samples = Envelope::Samples {
            metric: "hv".to_owned(),
            unit: "V".to_owned(),
            series: vec![SampleSeries {
                channel: 3,
                label: "3".to_owned(),
                time_us: vec![0, 1, 2],
                value: vec![1.5.into(), Value::NULL, Value::NAN],
            }],
        };
        for envelope in [columns(), samples] {
            let json = serde_json::to_string(&envelope).unwrap();
            assert_eq!(serde_json::from_str::<Envelope>(&json).unwrap(), envelope);
        }
    }

    #[test]
    fn the_kind_may_come_last() {
        let json = r#"{"series":[],"unit":"V","metric":"hv","kind":"samples"}"#;
        assert!(matches!(serde_json::from_str(json), Ok(Envelope::Samples { .. })));
    }

    #[test]
    fn arrays_of_unequal_length_are_refused() {
        let json = serde_json::to_string(&columns()).unwrap().replace("[60]", "[60,120]");
        let error = serde_json::from_str::<Envelope>(&json).unwrap_err().to_string();
        assert!(error.contains("one entry per column"), "{error}");
    }
}
