//! What a panel shows, as CSV: numbers that read back as the same numbers, times in UTC.
//!
//! Null is nothing between the commas, NaN is `NaN` and infinities are `Infinity` and `-Infinity`, as in the server's own
//! exports.

use std::fmt::Write as _;

use shared::chart::shape::Shape;
use shared::query::envelope::ColumnSeries;
use shared::time::{TimeRange, Timestamp};
use shared::value::Value;

use crate::browser::number::text_of;

/// A table that grows field by field.
#[derive(Clone, Default, Debug)]
pub struct Csv {
    text: String,
    is_within_row: bool,
}

impl Csv {
    /// A table with a first line of names.
    pub fn with_header(names: &str) -> Self {
        Self {
            text: format!("{names}\n"),
            is_within_row: false,
        }
    }

    /// The next field, with quotes where it needs them.
    pub fn field(&mut self, text: &str) {
        self.begin_field();
        if text.contains([',', '"', '\n', '\r']) {
            self.text.push('"');
            self.text.push_str(&text.replace('"', "\"\""));
            self.text.push('"');
        } else {
            self.text.push_str(text);
        }
    }

    /// A number with all its digits; nothing for null.
    pub fn value(&mut self, value: Value) {
        self.begin_field();
        if let Some(number) = value.as_number() {
            self.text.push_str(&text_of(number));
        }
    }

    /// A number with all its digits; nothing where there is none.
    pub fn number(&mut self, number: Option<f64>) {
        self.value(number.into());
    }

    /// A whole number; nothing where there is none.
    pub fn count(&mut self, count: Option<u64>) {
        self.begin_field();
        if let Some(count) = count {
            // Writing to a String cannot fail.
            let _ = write!(self.text, "{count}");
        }
    }

    /// A time of microseconds since the epoch; nothing where there is none.
    pub fn time(&mut self, time_us: Option<i64>) {
        self.begin_field();
        if let Some(time_us) = time_us {
            let _ = write!(self.text, "{}", Timestamp::saturating_from_micros(time_us));
        }
    }

    /// Ends the row.
    pub fn end_row(&mut self) {
        self.text.push('\n');
        self.is_within_row = false;
    }

    /// The whole table.
    pub fn finish(self) -> String {
        self.text
    }

    fn begin_field(&mut self) {
        if self.is_within_row {
            self.text.push(',');
        }
        self.is_within_row = true;
    }
}

/// One drawn line.
#[derive(Clone, Copy, Debug)]
pub struct CsvLine<'a> {
    /// The metric by name.
    pub metric: &'a str,
    /// The unit of its values.
    pub unit: &'a str,
    /// Its data.
    pub shape: Shape<'a>,
}

const OF_ALL: &str = "metric,unit,channel,label";
const OF_COLUMNS: &str = "start,end,count,min,max,first,last,mean,min_time,max_time,min_channel,max_channel";

/// The samples or columns of lines that a range shows, one row each.
///
/// Where some lines are samples and others columns, a sample is a row with a `start` and a `value`. The `channel` of a
/// band is empty.
pub fn lines_csv(lines: &[CsvLine<'_>], range: TimeRange) -> String {
    let is_samples = |line: &CsvLine<'_>| matches!(line.shape, Shape::Samples(_));
    let has_columns = !lines.iter().all(is_samples);
    let has_samples = lines.iter().any(is_samples);
    let columns = match (has_columns, has_samples) {
        (false, _) => "time,value",
        (true, false) => OF_COLUMNS,
        (true, true) => &format!("{OF_COLUMNS},value"),
    };
    let mut csv = Csv::with_header(&format!("{OF_ALL},{columns}"));
    for line in lines {
        for at in line.shape.visible(range) {
            csv.field(line.metric);
            csv.field(line.unit);
            match line.shape {
                Shape::Samples(samples) => {
                    csv.count(Some(samples.channel.into()));
                    csv.field(&samples.label);
                    csv.time(samples.time_us.get(at).copied());
                    for _ in 1..if has_columns { OF_COLUMNS.split(',').count() } else { 1 } {
                        csv.field("");
                    }
                    csv.value(samples.value.get(at).copied().unwrap_or(Value::NULL));
                }
                Shape::Columns(columns) | Shape::Band(columns) => {
                    column_row(&mut csv, columns, at);
                    if has_samples {
                        csv.field("");
                    }
                }
            }
            csv.end_row();
        }
    }
    csv.finish()
}

fn column_row(csv: &mut Csv, columns: &ColumnSeries, at: usize) {
    csv.count(columns.channel.map(u64::from));
    csv.field(&columns.label);
    csv.time(columns.start_us.get(at).copied());
    csv.time(columns.end_us.get(at).copied());
    csv.count(columns.count.get(at).copied());
    let numbers = [&columns.min, &columns.max, &columns.first, &columns.last, &columns.mean];
    for of in numbers {
        csv.number(of.get(at).copied());
    }
    csv.time(columns.min_us.get(at).copied());
    csv.time(columns.max_us.get(at).copied());
    csv.count(columns.min_channel.get(at).copied().map(u64::from));
    csv.count(columns.max_channel.get(at).copied().map(u64::from));
}

#[cfg(test)]
mod tests {
    use shared::query::envelope::SampleSeries;

    use super::*;

    fn range() -> TimeRange {
        let at = Timestamp::saturating_from_micros;
        TimeRange::new(at(0), at(10_000_000)).unwrap()
    }

    fn samples() -> SampleSeries {
        let values = [
            Value::from(0.1 + 0.2),
            Value::NULL,
            Value::NAN,
            f64::NEG_INFINITY.into(),
        ];
        SampleSeries {
            channel: 3,
            label: "a, \"b\"".to_owned(),
            time_us: vec![0, 1_500_000, 2_000_000, 3_000_000, 99_000_000],
            value: values.into_iter().chain([7.0.into()]).collect(),
        }
    }

    fn band() -> ColumnSeries {
        ColumnSeries {
            start_us: vec![0],
            end_us: vec![2_000_000],
            count: vec![5],
            min: vec![-1.5],
            max: vec![1e300],
            mean: vec![0.25],
            min_us: vec![0],
            max_us: vec![1_000_000],
            min_channel: vec![7],
            max_channel: vec![8],
            ..ColumnSeries::default()
        }
    }

    #[test]
    fn samples_keep_null_nan_and_every_digit() {
        let samples = samples();
        let line = CsvLine {
            metric: "hv",
            unit: "V",
            shape: Shape::Samples(&samples),
        };
        let expected = "metric,unit,channel,label,time,value\n\
            hv,V,3,\"a, \"\"b\"\"\",1970-01-01T00:00:00Z,0.30000000000000004\n\
            hv,V,3,\"a, \"\"b\"\"\",1970-01-01T00:00:01.5Z,\n\
            hv,V,3,\"a, \"\"b\"\"\",1970-01-01T00:00:02Z,NaN\n\
            hv,V,3,\"a, \"\"b\"\"\",1970-01-01T00:00:03Z,-Infinity\n";
        assert_eq!(lines_csv(&[line], range()), expected);
    }

    #[test]
    fn every_row_has_as_many_fields_as_the_header() {
        let (samples, band) = (samples(), band());
        let line = |shape| CsvLine {
            metric: "hv",
            unit: "V",
            shape,
        };
        let samples = SampleSeries {
            label: "plain".to_owned(),
            ..samples
        };
        let shapes = [Shape::Samples(&samples), Shape::Band(&band)];
        for lines in [vec![line(shapes[1])], shapes.map(line).to_vec()] {
            let csv = lines_csv(&lines, range());
            let mut n_fields = csv.lines().map(|row| row.split(',').count());
            let of_header = n_fields.next().unwrap();
            assert!(n_fields.all(|n| n == of_header), "{csv}");
        }
    }

    #[test]
    fn numbers_read_back_as_they_were() {
        let mut csv = Csv::default();
        for number in [1e300, f64::MIN_POSITIVE, 0.1 + 0.2, -0.0] {
            csv.number(Some(number));
        }
        let read: Vec<f64> = csv.finish().split(',').map(|field| field.parse().unwrap()).collect();
        assert_eq!(
            read.iter().map(|number| number.to_bits()).collect::<Vec<_>>(),
            [1e300, f64::MIN_POSITIVE, 0.1 + 0.2, -0.0].map(f64::to_bits)
        );
    }
}
