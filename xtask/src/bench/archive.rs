//! The archives that are asked, and the nights in them.

use super::server::Site;
use super::{Bench, report};
use anyhow::{Context as _, Result};
use std::time::{Duration, Instant};

/// A night of the data set: from noon to noon UTC.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Night {
    /// Its first moment.
    pub(super) from: String,
    /// The moment after its last.
    pub(super) to: String,
}

impl Night {
    /// A night by its number from 0; the first begins on 2024-06-01, as `watchroom mock` has it.
    pub(super) fn new(number: u32) -> Self {
        let noon = |number| format!("{}T12:00:00Z", date(number));
        Self {
            from: noon(number),
            to: noon(number + 1),
        }
    }

    /// As parameters of a question.
    pub(super) fn range(&self) -> String {
        format!("from={}&to={}", self.from, self.to)
    }
}

/// A date so many days after 2024-06-01.
pub(super) fn date(days: u32) -> String {
    let (mut year, mut month, mut day) = (2024, 6, days + 1);
    loop {
        let length = match month {
            2 if year % 4 == 0 => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        if day <= length {
            return format!("{year}-{month:02}-{day:02}");
        }
        day -= length;
        (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    }
}

/// A moment after 2024-05 by its time since the epoch, in RFC 3339 to the millisecond.
pub(super) fn moment(since_epoch: Duration) -> String {
    /// When 2024-06-01 began.
    const FIRST_DAY_SECS: u64 = 1_717_200_000;
    let (secs, millis) = (
        since_epoch.as_secs().saturating_sub(FIRST_DAY_SECS),
        since_epoch.subsec_millis(),
    );
    let date = date(u32::try_from(secs / 86_400).unwrap_or(0));
    let (hour, minute, second) = (secs / 3600 % 24, secs / 60 % 60, secs % 60);
    format!("{date}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// An archive with all that is derived from it.
#[derive(Debug)]
pub(super) struct Archive<'a> {
    /// Where it is.
    pub(super) site: Site<'a>,
    /// How long deriving took.
    pub(super) derived: Duration,
}

impl<'a> Archive<'a> {
    /// Makes one by calls of `watchroom mock`, each with its arguments.
    pub(super) fn make(bench: &'a Bench<'a>, name: &str, what: &str, mocks: &[&[&str]]) -> Result<Self> {
        report::doing(&format!("Making the archive {name}: {what}"));
        let site = Site::new(bench, name, None)?;
        for mock in mocks {
            let told = site.run(&[&["mock"], *mock].concat())?;
            report::text(&format!("  {}", told.trim()));
        }
        let start = Instant::now();
        site.run(&["store", "rebuild"])?;
        let derived = start.elapsed();
        Ok(Self { site, derived })
    }

    /// How many values a metric has, and how many bytes each takes: raw, and derived.
    pub(super) fn sizes(&self, metric: &str) -> Result<Sizes> {
        let info = self.site.run(&["store", "info"])?;
        let line = info.lines().find(|line| line.split_whitespace().next() == Some(metric));
        let numbers = line.map(|line| {
            line.split_whitespace()
                .skip(1)
                .map(str::parse)
                .collect::<Result<Vec<f64>, _>>()
        });
        let numbers = numbers.with_context(|| format!("`store info` does not know {metric}"))?;
        match numbers.with_context(|| format!("`store info` says of {metric} what is no number"))?[..] {
            [
                _channels,
                _frames,
                raw_bytes,
                raw_per_value,
                _derived,
                derived_per_value,
            ] => Ok(Sizes {
                values: raw_bytes / raw_per_value,
                raw_per_value,
                derived_per_value,
            }),
            _ => anyhow::bail!("`store info` has other columns than six"),
        }
    }
}

/// What a metric takes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Sizes {
    /// How many values there are.
    pub(super) values: f64,
    /// Bytes of raw rows per value.
    pub(super) raw_per_value: f64,
    /// Bytes of tiles per value.
    pub(super) derived_per_value: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nights_follow_the_calendar() {
        let dates = [0, 30, 272, 273, 365, 1369, 1370].map(date);
        let expected = [
            "2024-06-01",
            "2024-07-01",
            "2025-02-28",
            "2025-03-01",
            "2025-06-01",
            "2028-03-01",
            "2028-03-02",
        ];
        assert_eq!(dates, expected);
    }

    #[test]
    fn a_moment_is_written_as_the_server_reads_it() {
        let first = moment(Duration::from_millis(1_717_200_000_250));
        assert_eq!(first, "2024-06-01T00:00:00.250Z");
        assert_eq!(moment(Duration::from_secs(1_790_000_000)), "2026-09-21T14:13:20.000Z");
    }
}
