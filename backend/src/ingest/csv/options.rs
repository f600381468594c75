//! What a table means.

use shared::value::Value;

use super::time::TimeFormat;
use crate::ingest::excerpt::excerpt;

/// What the columns of a table mean.
#[derive(Clone, PartialEq, Debug)]
pub struct Options {
    /// The columns that make up the time, by name; their cells are joined by a space.
    pub time_columns: Vec<String>,
    /// How the time is written.
    pub time_format: TimeFormat,
    /// Cells that mean "no value", beside empty ones.
    pub nulls: Vec<NullMark>,
    /// What stands behind a column's name in the name of its quality column, such as `_qc`.
    ///
    /// A flag other than zero makes the value null; an empty flag does not.
    pub quality_suffix: Option<String>,
    /// Columns to leave out, by name.
    pub skipped: Vec<String>,
    /// Where metrics, channels and values stand.
    pub layout: Layout,
}

/// Where metrics, channels and values stand in a table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Layout {
    /// Every other column is a metric of its own: the prefix and the column's name.
    Metrics {
        /// Stands before each metric's name; may be empty.
        prefix: String,
    },
    /// Every other column is a channel of one metric, labelled by the column's name.
    Channels {
        /// The metric.
        metric: String,
    },
    /// Each row is one sample: a column names the channel, another holds the value; further columns are left out.
    Long {
        /// The column that names the channel.
        channel: String,
        /// The column that holds the value.
        value: String,
        /// What the channels belong to.
        target: LongTarget,
    },
}

/// What the channels of a long table belong to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LongTarget {
    /// They are channels of one metric.
    Metric(String),
    /// Each is a metric of its own: this prefix and the channel's name.
    MetricPerChannel(String),
}

/// A cell that means "no value".
#[derive(Clone, PartialEq, Debug)]
pub struct NullMark {
    text: String,
    number: Option<f64>,
}

impl NullMark {
    /// A number is compared as a number, so that -9999.9 also stands for -9999.90; anything else as text.
    pub fn new(text: &str) -> Self {
        Self {
            text: text.trim().to_owned(),
            number: text.trim().parse().ok(),
        }
    }

    fn is_text(&self, cell: &str) -> bool {
        self.text == cell
    }

    #[expect(clippy::float_cmp, reason = "both are read from text; the mark is meant exactly")]
    fn is_number(&self, number: f64) -> bool {
        self.number
            .is_some_and(|mark| mark == number || (mark.is_nan() && number.is_nan()))
    }
}

/// Reads a cell: a number, `nan`, `inf`, a mark for null, or nothing, which is null.
pub(super) fn parse_cell(cell: &str, nulls: &[NullMark]) -> Result<Value, String> {
    if cell.is_empty() || nulls.iter().any(|mark| mark.is_text(cell)) {
        return Ok(Value::NULL);
    }
    let number: f64 = cell.parse().map_err(|_not_a_number| {
        format!(
            "{} is not a number; name it as a null if it means no value",
            excerpt(cell)
        )
    })?;
    if number.is_infinite() && cell.contains(|letter: char| letter.is_ascii_digit()) {
        return Err(format!("{} is beyond the floats of 64 bits", excerpt(cell)));
    }
    if nulls.iter().any(|mark| mark.is_number(number)) {
        return Ok(Value::NULL);
    }
    Ok(Value::number(number))
}

/// The name of the metric that a column is: lower-cased, each run outside `[a-z0-9.]` one `_`, trimmed.
pub fn metric_name(prefix: &str, header: &str) -> String {
    let (title, _) = title_and_unit(header);
    let mut name = String::new();
    for letter in title.chars().flat_map(char::to_lowercase) {
        if letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '.' {
            name.push(letter);
        } else if !name.ends_with('_') {
            name.push('_');
        }
    }
    format!("{prefix}{}", name.trim_matches('_'))
}

/// A header such as `Air Temperature [deg C]` in two; the unit is empty where there are no brackets at its end.
pub(super) fn title_and_unit(header: &str) -> (&str, &str) {
    let inside = header.strip_suffix(']').and_then(|start| start.rsplit_once('['));
    match inside {
        Some((title, unit)) if !title.trim().is_empty() => (title.trim(), unit.trim()),
        _ => (header.trim(), ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_metrics_come_from_headers() {
        for (header, name) in [
            ("dw_solar", "p.dw_solar"),
            ("Avg Wind Speed @ 3m [m/s]", "p.avg_wind_speed_3m"),
            ("Global Horiz (tracker) [W/m^2]", "p.global_horiz_tracker"),
            ("  Ä°C.x--y ", "p.c.x_y"),
            ("[V]", "p.v"),
            ("***", "p."),
        ] {
            assert_eq!(metric_name("p.", header), name);
        }
        assert_eq!(title_and_unit("Air Temperature [deg C]"), ("Air Temperature", "deg C"));
        assert_eq!(title_and_unit("a [b] c"), ("a [b] c", ""));
    }

    #[test]
    fn cells_are_numbers_or_null() {
        let nulls = [NullMark::new("-9999.9"), NullMark::new("---")];
        let cell = |text: &str| parse_cell(text, &nulls);
        for null in ["", "-9999.9", "-9999.90", "-9.9999e3", "---"] {
            assert_eq!(cell(null), Ok(Value::NULL), "{null:?}");
        }
        assert_eq!(cell("-9999.8"), Ok(Value::number(-9999.8)));
        assert_eq!(cell("NaN"), Ok(Value::NAN));
        assert_eq!(cell("-inf"), Ok(Value::number(f64::NEG_INFINITY)));
        assert!(cell("1e999").unwrap_err().contains("beyond"));
        assert!(cell("1,5").unwrap_err().contains("is not a number"));
        assert_eq!(parse_cell("nan", &[NullMark::new("NaN")]), Ok(Value::NULL));
    }
}
