//! `[csv."NAME"]`: what the columns of a table mean. `watchroom ingest` takes the same keys as options.

use std::collections::BTreeMap;

use super::section::Section;
use crate::ingest::csv::{Layout, LongTarget, NullMark, Options, TimeFormat};

/// What the columns of a table mean, as it is written in the configuration or on the command line.
#[derive(Clone, PartialEq, Eq, Debug, Default, clap::Args)]
pub struct CsvSource {
    /// The columns that make up the time; their cells are joined by a space
    #[arg(long, value_name = "A[,B]", value_delimiter = ',')]
    pub time_columns: Vec<String>,
    /// How the time is written, in strftime's directives; without it RFC 3339 and YYYY-MM-DD HH:MM:SS (with or without the seconds) are understood
    ///
    /// Where the format has a part for each time column, with spaces between, cells of digits get their lost leading
    /// zeros back: 5 means 00:05 in a column written %H%M.
    #[arg(long, value_name = "FORMAT")]
    pub time_format: Option<String>,
    /// The zone of times without an offset: an IANA name such as Atlantic/Canary, or an offset such as -07:00
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    pub timezone: Option<String>,
    /// A cell that means "no value", compared as a number if it is one; may be repeated
    #[arg(long, value_name = "V", allow_hyphen_values = true)]
    pub null: Vec<String>,
    /// What is behind a column's name in the name of its quality flags; a flag other than zero makes null
    #[arg(long, value_name = "SUFFIX", allow_hyphen_values = true)]
    pub quality_suffix: Option<String>,
    /// What stands before the names of metrics that are named by columns
    #[arg(long, value_name = "TEXT")]
    pub prefix: Option<String>,
    /// The metric whose channels the columns are, or the channels of a long table
    #[arg(long, value_name = "NAME")]
    pub metric: Option<String>,
    /// The columns of a table with one sample per row; without --metric each channel is a metric
    #[arg(long, value_name = "TIME,CHANNEL,VALUE", value_delimiter = ',')]
    pub long: Vec<String>,
    /// A column to leave out; may be repeated
    #[arg(long, value_name = "COLUMN")]
    pub skip: Vec<String>,
}

/// A key that cannot be used as it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WrongKey {
    /// The key, as in the configuration.
    pub key: &'static str,
    /// What is wrong with it.
    pub message: String,
}

impl CsvSource {
    /// Puts what is said here in place of what is said there.
    #[must_use]
    pub fn over(self, other: &Self) -> Self {
        let list = |mine: Vec<String>, other: &Vec<String>| if mine.is_empty() { other.clone() } else { mine };
        let text = |mine: Option<String>, other: &Option<String>| mine.or_else(|| other.clone());
        Self {
            time_columns: list(self.time_columns, &other.time_columns),
            time_format: text(self.time_format, &other.time_format),
            timezone: text(self.timezone, &other.timezone),
            null: list(self.null, &other.null),
            quality_suffix: text(self.quality_suffix, &other.quality_suffix),
            prefix: text(self.prefix, &other.prefix),
            metric: text(self.metric, &other.metric),
            long: list(self.long, &other.long),
            skip: list(self.skip, &other.skip),
        }
    }

    /// Checks what can be checked without a table.
    pub fn options(&self) -> Result<Options, WrongKey> {
        let (time_columns, layout) = match self.long.as_slice() {
            [] if self.time_columns.is_empty() => {
                return wrong("time_columns", "is missing; name the columns that make up the time");
            }
            [] => (self.time_columns.clone(), self.wide_layout()?),
            _ if !self.time_columns.is_empty() => {
                return wrong(
                    "time_columns",
                    "does not go with long, which names the time column itself",
                );
            }
            [time, channel, value] => (vec![time.clone()], self.long_layout(channel, value)?),
            columns => {
                let message = format!(
                    "names {} columns; name the time, the channel and the value",
                    columns.len()
                );
                return wrong("long", &message);
            }
        };
        if let Some(metric) = &self.metric {
            shared::metric::check_metric_name(metric).or_else(|error| wrong("metric", &error.to_string()))?;
        }
        if self.quality_suffix.as_deref() == Some("") {
            return wrong("quality_suffix", "is empty; every column would be its own flag");
        }
        let zone = self.timezone.as_deref();
        TimeFormat::new(None, zone, time_columns.len()).or_else(|error| wrong("timezone", &error))?;
        let time_format = TimeFormat::new(self.time_format.as_deref(), zone, time_columns.len());
        Ok(Options {
            time_format: time_format.or_else(|error| wrong("time_format", &error))?,
            time_columns,
            nulls: self.null.iter().map(|text| NullMark::new(text)).collect(),
            quality_suffix: self.quality_suffix.clone(),
            skipped: self.skip.clone(),
            layout,
        })
    }

    fn wide_layout(&self) -> Result<Layout, WrongKey> {
        match (&self.metric, &self.prefix) {
            (Some(_), Some(_)) => wrong("prefix", "does not go with metric, which is the whole name"),
            (Some(metric), None) => Ok(Layout::Channels { metric: metric.clone() }),
            (None, prefix) => Ok(Layout::Metrics {
                prefix: prefix.clone().unwrap_or_default(),
            }),
        }
    }

    fn long_layout(&self, channel: &str, value: &str) -> Result<Layout, WrongKey> {
        let target = match (&self.metric, &self.prefix) {
            (Some(_), Some(_)) => return wrong("prefix", "does not go with metric, which is the whole name"),
            (Some(metric), None) => LongTarget::Metric(metric.clone()),
            (None, prefix) => LongTarget::MetricPerChannel(prefix.clone().unwrap_or_default()),
        };
        Ok(Layout::Long {
            channel: channel.to_owned(),
            value: value.to_owned(),
            target,
        })
    }
}

fn wrong<T>(key: &'static str, message: &str) -> Result<T, WrongKey> {
    Err(WrongKey {
        key,
        message: message.to_owned(),
    })
}

/// Reads all tables' descriptions by name; mistakes are noted.
pub(super) fn read(sections: Vec<(&str, Section<'_>)>) -> BTreeMap<String, CsvSource> {
    let named = sections.into_iter();
    named
        .map(|(name, section)| (name.to_owned(), read_one(section)))
        .collect()
}

fn read_one(mut section: Section<'_>) -> CsvSource {
    let source = CsvSource {
        time_columns: texts(&mut section, "time_columns"),
        time_format: section.text("time_format").map(str::to_owned),
        timezone: section.text("timezone").map(str::to_owned),
        null: texts(&mut section, "null"),
        quality_suffix: section.text("quality_suffix").map(str::to_owned),
        prefix: section.text("prefix").map(str::to_owned),
        metric: section.text("metric").map(str::to_owned),
        long: texts(&mut section, "long"),
        skip: texts(&mut section, "skip"),
    };
    if let Err(wrong) = source.options() {
        section.add_at(wrong.key, &wrong.message);
    }
    section.finish();
    source
}

fn texts(section: &mut Section<'_>, key: &'static str) -> Vec<String> {
    section
        .texts(key)
        .into_iter()
        .map(|(text, _)| text.to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn source() -> CsvSource {
        CsvSource {
            time_columns: vec!["time".to_owned()],
            ..CsvSource::default()
        }
    }

    #[track_caller]
    fn mistake(source: &CsvSource) -> String {
        let wrong = source.options().unwrap_err();
        format!("{}: {}", wrong.key, wrong.message)
    }

    #[test]
    fn keys_that_do_not_go_together_are_told() {
        let long = ["time", "channel", "value"].map(str::to_owned).to_vec();
        assert_snapshot!(mistake(&CsvSource::default()), @"time_columns: is missing; name the columns that make up the time");
        assert_snapshot!(mistake(&CsvSource { long: long.clone(), ..source() }), @"time_columns: does not go with long, which names the time column itself");
        assert_snapshot!(mistake(&CsvSource { long: long[..2].to_vec(), ..CsvSource::default() }), @"long: names 2 columns; name the time, the channel and the value");
        let metric = Some("hv".to_owned());
        assert_snapshot!(mistake(&CsvSource { metric, prefix: Some("site.".to_owned()), ..source() }), @"prefix: does not go with metric, which is the whole name");
        assert_snapshot!(mistake(&CsvSource { metric: Some(String::new()), ..source() }), @"metric: a metric needs a name");
        assert_snapshot!(mistake(&CsvSource { timezone: Some("Mars".to_owned()), ..source() }), @r#"timezone: "Mars" is not a time zone; write an IANA name such as Atlantic/Canary, or an offset such as -07:00"#);
        assert_snapshot!(mistake(&CsvSource { time_format: Some("%H".to_owned()), ..source() }), @r#"time_format: the time format "%H" cannot be used: date required to parse datetime: year required to parse date"#);
        assert_snapshot!(mistake(&CsvSource { quality_suffix: Some(String::new()), ..source() }), @"quality_suffix: is empty; every column would be its own flag");
    }

    #[test]
    fn the_command_line_wins_over_the_configuration_key_by_key() {
        let configured = CsvSource {
            null: vec!["-1".to_owned()],
            prefix: Some("site.".to_owned()),
            ..source()
        };
        let asked = CsvSource {
            prefix: Some("other.".to_owned()),
            ..CsvSource::default()
        };
        let expected = CsvSource {
            prefix: Some("other.".to_owned()),
            ..configured.clone()
        };
        assert_eq!(asked.over(&configured), expected);
    }
}
