//! How an envelope is written and read: in JSON in one pass, whatever the order of its fields; in the compact form field
//! by field, none left out.
//!
//! What serde derives for a tagged enum first keeps all of the answer in a buffer of generic values, which costs the page
//! several times the memory of the answer, and code for both ways of reading.

use serde::{Deserialize, Serialize, Serializer};

use super::{ColumnSeries, Envelope, SampleSeries};
use crate::value::Value;

#[derive(Deserialize)]
pub(super) struct EnvelopeParts {
    kind: Kind,
    metric: String,
    unit: String,
    series: Vec<SeriesParts>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
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

/// An envelope as JSON has it, with the series of either kind.
#[derive(Serialize)]
struct Json<'a, S> {
    metric: &'a str,
    unit: &'a str,
    kind: Kind,
    series: &'a [S],
}

/// An envelope as the compact form has it: the fields of [`EnvelopeParts`] in their order.
#[derive(Serialize)]
struct Compact<'a> {
    kind: Kind,
    metric: &'a str,
    unit: &'a str,
    series: Vec<CompactSeries<'a>>,
}

/// The fields of [`SeriesParts`] in their order.
#[derive(Default, Serialize)]
struct CompactSeries<'a> {
    channel: Option<u32>,
    label: &'a str,
    start_us: &'a [i64],
    end_us: &'a [i64],
    count: &'a [u64],
    min: &'a [f64],
    max: &'a [f64],
    first: &'a [f64],
    last: &'a [f64],
    mean: &'a [f64],
    min_us: &'a [i64],
    max_us: &'a [i64],
    min_channel: &'a [u32],
    max_channel: &'a [u32],
    time_us: &'a [i64],
    value: &'a [Value],
}

impl Serialize for Envelope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Columns { metric, unit, series } => write(
                serializer,
                Kind::Columns,
                metric,
                unit,
                series,
                CompactSeries::of_columns,
            ),
            Self::Samples { metric, unit, series } => write(
                serializer,
                Kind::Samples,
                metric,
                unit,
                series,
                CompactSeries::of_samples,
            ),
        }
    }
}

fn write<'a, S: Serializer, T: Serialize>(
    serializer: S,
    kind: Kind,
    metric: &'a str,
    unit: &'a str,
    series: &'a [T],
    compact: impl Fn(&'a T) -> CompactSeries<'a>,
) -> Result<S::Ok, S::Error> {
    if serializer.is_human_readable() {
        let json = Json {
            metric,
            unit,
            kind,
            series,
        };
        return json.serialize(serializer);
    }
    let series = series.iter().map(compact).collect();
    let compact = Compact {
        kind,
        metric,
        unit,
        series,
    };
    compact.serialize(serializer)
}

impl<'a> CompactSeries<'a> {
    fn of_columns(series: &'a ColumnSeries) -> Self {
        Self {
            channel: series.channel,
            label: &series.label,
            start_us: &series.start_us,
            end_us: &series.end_us,
            count: &series.count,
            min: &series.min,
            max: &series.max,
            first: &series.first,
            last: &series.last,
            mean: &series.mean,
            min_us: &series.min_us,
            max_us: &series.max_us,
            min_channel: &series.min_channel,
            max_channel: &series.max_channel,
            time_us: &[],
            value: &[],
        }
    }

    fn of_samples(series: &'a SampleSeries) -> Self {
        Self {
            channel: Some(series.channel),
            label: &series.label,
            time_us: &series.time_us,
            value: &series.value,
            ..Self::default()
        }
    }
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
    fn both_kinds_survive_both_forms() {
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
            let bytes = crate::compact::to_bytes(&envelope).unwrap();
            assert_eq!(crate::compact::from_bytes::<Envelope>(&bytes).unwrap(), envelope);
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
