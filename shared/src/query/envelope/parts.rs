//! How an envelope is written and read: in JSON in one pass, whatever the order of its fields; in the compact form field
//! by field, none left out, numbers as planes of bytes and times as steps.
//!
//! What serde derives for a tagged enum first keeps all of the answer in a buffer of generic values, which costs the page
//! several times the memory of the answer, and code for both ways of reading.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{ColumnSeries, Envelope, SampleSeries};
use crate::compact::pack::{Planes, f64s, numbers_of_steps, spans_of_steps, steps, steps_of_spans, u32s, u64s};
use crate::value::Value;

/// What is wrong with an answer that was read.
type Refusal = &'static str;

const UNEQUAL: Refusal = "the arrays of a series must all have one entry per column";

#[derive(Deserialize)]
struct EnvelopeParts<S> {
    kind: Kind,
    metric: String,
    unit: String,
    series: Vec<S>,
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

/// An envelope as it is written, with the series of either kind in either form.
#[derive(Serialize)]
struct Written<'a, S> {
    metric: &'a str,
    unit: &'a str,
    kind: Kind,
    series: S,
}

/// A series of either kind in the compact form, with its label held as `L` and its numbers as `P`.
#[derive(Default, Serialize, Deserialize)]
struct CompactSeries<L, P> {
    channel: Option<u32>,
    label: L,
    columns: Vec<i64>,
    count: Vec<u64>,
    min: P,
    max: P,
    first: P,
    last: P,
    mean: P,
    /// The times of the extremes, from the start of their column on.
    min_after: Vec<i64>,
    max_after: Vec<i64>,
    min_channel: Vec<u32>,
    max_channel: Vec<u32>,
    times: Vec<i64>,
    values: P,
}

impl Serialize for Envelope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Columns { metric, unit, series } => {
                let kind = Kind::Columns;
                write(serializer, kind, metric, unit, series, CompactSeries::of_columns)
            }
            Self::Samples { metric, unit, series } => {
                let kind = Kind::Samples;
                write(serializer, kind, metric, unit, series, CompactSeries::of_samples)
            }
        }
    }
}

fn write<'a, S: Serializer, T: Serialize>(
    serializer: S,
    kind: Kind,
    metric: &'a str,
    unit: &'a str,
    series: &'a [T],
    compact: impl Fn(&'a T) -> CompactSeries<&'a str, Planes>,
) -> Result<S::Ok, S::Error> {
    if serializer.is_human_readable() {
        let json = Written {
            metric,
            unit,
            kind,
            series,
        };
        return json.serialize(serializer);
    }
    let series: Vec<_> = series.iter().map(compact).collect();
    (kind, metric, unit, series).serialize(serializer)
}

impl<'a> CompactSeries<&'a str, Planes> {
    fn of_columns(series: &'a ColumnSeries) -> Self {
        let after_start = |times_us: &[i64]| {
            let pairs = times_us.iter().zip(&series.start_us);
            pairs
                .map(|(time_us, start_us)| time_us.wrapping_sub(*start_us))
                .collect()
        };
        Self {
            channel: series.channel,
            label: &series.label,
            columns: steps_of_spans(&series.start_us, &series.end_us),
            count: series.count.clone(),
            min: Planes::of_f64s(&series.min),
            max: Planes::of_f64s(&series.max),
            first: Planes::of_f64s(&series.first),
            last: Planes::of_f64s(&series.last),
            mean: Planes::of_f64s(&series.mean),
            min_after: after_start(&series.min_us),
            max_after: after_start(&series.max_us),
            min_channel: series.min_channel.clone(),
            max_channel: series.max_channel.clone(),
            ..Self::default()
        }
    }

    fn of_samples(series: &'a SampleSeries) -> Self {
        Self {
            channel: Some(series.channel),
            label: &series.label,
            times: steps(series.time_us.iter().copied()),
            values: planes_of_values(&series.value),
            ..Self::default()
        }
    }
}

fn planes_of_values(values: &[Value]) -> Planes {
    let narrow: Option<Vec<u32>> = values.iter().map(|value| value.to_narrow_bits()).collect();
    match narrow {
        Some(narrow) => Planes::of_u32s(narrow.into_iter()),
        None => Planes::of_u64s(values.iter().map(|value| value.to_bits())),
    }
}

fn values_of_planes(planes: &[u8], n: usize) -> Option<Vec<Value>> {
    if planes.len() == 4 * n {
        Some(u32s(planes).into_iter().map(Value::from_narrow_bits).collect())
    } else if planes.len() == 8 * n {
        Some(u64s(planes).into_iter().map(Value::from_bits).collect())
    } else {
        None
    }
}

impl<'de> Deserialize<'de> for Envelope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let envelope = if deserializer.is_human_readable() {
            Self::of_parts(EnvelopeParts::<SeriesParts>::deserialize(deserializer)?)
        } else {
            Self::of_compact(EnvelopeParts::<CompactSeries<String, &[u8]>>::deserialize(
                deserializer,
            )?)
        };
        envelope.map_err(D::Error::custom)
    }
}

impl Envelope {
    fn of_compact(parts: EnvelopeParts<CompactSeries<String, &[u8]>>) -> Result<Self, Refusal> {
        let mut series = Vec::with_capacity(parts.series.len());
        for compact in parts.series {
            series.push(compact.unpacked().ok_or(UNEQUAL)?);
        }
        Self::of_parts(EnvelopeParts {
            kind: parts.kind,
            metric: parts.metric,
            unit: parts.unit,
            series,
        })
    }

    fn of_parts(parts: EnvelopeParts<SeriesParts>) -> Result<Self, Refusal> {
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

impl CompactSeries<String, &[u8]> {
    /// `None` where the arrays do not fit together.
    fn unpacked(self) -> Option<SeriesParts> {
        let (start_us, end_us) = spans_of_steps(self.columns);
        let time_us = numbers_of_steps(self.times);
        let n = start_us.len();
        let numbers = |planes: &[u8]| f64s(planes, n);
        let optional = |planes: &[u8]| {
            if planes.is_empty() {
                Some(Vec::new())
            } else {
                numbers(planes)
            }
        };
        let after_start = |mut times_us: Vec<i64>| {
            for (time_us, start_us) in times_us.iter_mut().zip(&start_us) {
                *time_us = time_us.wrapping_add(*start_us);
            }
            times_us
        };
        Some(SeriesParts {
            channel: self.channel,
            label: self.label,
            count: self.count,
            min: numbers(self.min)?,
            max: numbers(self.max)?,
            first: optional(self.first)?,
            last: optional(self.last)?,
            mean: numbers(self.mean)?,
            min_us: after_start(self.min_after),
            max_us: after_start(self.max_after),
            min_channel: self.min_channel,
            max_channel: self.max_channel,
            value: values_of_planes(self.values, time_us.len())?,
            start_us,
            end_us,
            time_us,
        })
    }
}

impl SeriesParts {
    fn columns(self) -> Result<ColumnSeries, Refusal> {
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
            return Err(UNEQUAL);
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

    fn samples(self) -> Result<SampleSeries, Refusal> {
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
        let mut wide = samples.clone();
        if let Envelope::Samples { series, .. } = &mut wide {
            series[0].value[0] = 0.1.into();
        }
        for envelope in [columns(), samples, wide] {
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
