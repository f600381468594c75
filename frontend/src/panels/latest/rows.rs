//! The rows of the panel: what they say, and in which order.

use std::cmp::Ordering;
use std::sync::Arc;

use shared::dashboard::Severity;
use shared::display::MetricDisplay;
use shared::metric::MetricInfo;
use shared::order::sort_positions;
use shared::query::latest::{Ages, Freshness, Latest};
use shared::time::{MICROS_PER_SEC, Timestamp};
use shared::value::Value;

use crate::format;
use crate::panels::latest::bars::Ends;
use crate::panels::latest::feed::POLL;

/// All rows, and what they share.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Rows {
    /// All rows, in the order of metrics and channels.
    pub all: Vec<Row>,
    /// The ends of the bars, by metric: few, and no map of a type of its own.
    pub ends: Vec<(Arc<str>, Ends)>,
}

impl Rows {
    /// The ends of the bar of a row.
    pub fn ends_of(&self, row: &Row) -> Option<Ends> {
        let found = self.ends.iter().rfind(|(metric, _)| *metric == row.metric);
        found.map(|(_, ends)| *ends)
    }
}

/// The newest sample of one channel.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    /// The metric by name.
    pub metric: Arc<str>,
    /// Its title.
    pub title: Arc<str>,
    /// The channel by number.
    pub channel: u32,
    /// Its label; empty for the only channel of a metric.
    pub label: Arc<str>,
    /// The unit; empty for a pure number.
    pub unit: Arc<str>,
    /// The newest value.
    pub value: Value,
    /// What the value is called, for states; empty for others.
    pub word: String,
    /// What the value means, by the limits and states of the metric.
    pub severity: Severity,
    /// When it was taken; `None` if there never was one.
    pub time: Option<Timestamp>,
    /// By which its age is judged; `None` where no rhythm is known.
    pub ages: Option<Ages>,
}

impl Row {
    /// What its age means at `now`. The panel asks each [`POLL`]; what is younger cannot be expected in it.
    pub fn freshness(&self, now: Timestamp) -> Freshness {
        self.age_micros(now).map_or(Freshness::Never, |age| {
            let age_s = age as f64 / MICROS_PER_SEC as f64;
            Freshness::from_age(age_s - POLL.as_secs_f64(), self.ages)
        })
    }

    /// Its age in microseconds; `None` if there never was a sample.
    pub fn age_micros(&self, now: Timestamp) -> Option<i64> {
        self.time.map(|time| now.micros_since(time))
    }

    /// Its age for people.
    pub fn age_text(&self, now: Timestamp) -> String {
        self.age_micros(now)
            .map_or_else(|| format::NO_VALUE.to_owned(), format::age)
    }

    /// Its value for people, without the unit.
    pub fn value_text(&self) -> String {
        if self.time.is_none() {
            format::NO_VALUE.to_owned()
        } else if self.word.is_empty() {
            format::value(self.value)
        } else {
            self.word.clone()
        }
    }

    /// Metric and channel in one name.
    pub fn name(&self, is_alone: bool) -> String {
        match (&*self.label, is_alone) {
            ("", _) => self.title.as_ref().to_owned(),
            (label, true) => label.to_owned(),
            (label, false) => format!("{} · {label}", self.title),
        }
    }

    /// Freshness and, where it is a warning or an alarm, severity, in words.
    pub fn state_text(&self, now: Timestamp) -> String {
        let freshness = self.freshness(now).as_str();
        if self.severity >= Severity::Warning {
            format!("{} · {freshness}", self.severity.as_str())
        } else {
            freshness.to_owned()
        }
    }

    /// A sign for the state: severity is never colour alone.
    pub fn sign(&self, now: Timestamp) -> &'static str {
        match (self.severity, self.freshness(now)) {
            (_, Freshness::Never) => "◌",
            (Severity::Alarm, _) => "▲",
            (Severity::Warning, _) => "◆",
            (_, Freshness::Stale) => "△",
            (_, Freshness::Late) => "◐",
            (_, Freshness::Fresh) => "●",
        }
    }

    /// How bad it is: an alarm is worse than silence, silence worse than a warning, a warning worse than what is late.
    fn badness(&self, now: Timestamp) -> u8 {
        match (self.severity, self.freshness(now)) {
            (_, Freshness::Never) => 5,
            (Severity::Alarm, _) => 6,
            (_, Freshness::Stale) => 4,
            (Severity::Warning, _) => 3,
            (_, Freshness::Late) => 2,
            (_, Freshness::Fresh) => u8::from(self.value.finite().is_none()),
        }
    }
}

/// The rows of one metric.
pub fn rows_of(latest: &Latest, metric: Option<&MetricInfo>, display: &MetricDisplay) -> Vec<Row> {
    let name: Arc<str> = latest.metric.as_str().into();
    let title: Arc<str> = metric.map_or(latest.metric.as_str(), |metric| &metric.title).into();
    let unit: Arc<str> = metric.map_or("", |metric| metric.unit.as_str()).into();
    let is_scalar = latest.channels.len() == 1;
    let row = |channel: &shared::query::latest::LatestChannel| {
        let (word, severity) = meaning(channel.value, display);
        Row {
            metric: Arc::clone(&name),
            title: Arc::clone(&title),
            channel: channel.channel,
            label: if is_scalar { "" } else { channel.label.as_str() }.into(),
            unit: Arc::clone(&unit),
            value: channel.value,
            word,
            severity,
            time: channel.time_us.map(Timestamp::saturating_from_micros),
            ages: metric.and_then(MetricInfo::ages),
        }
    };
    latest.channels.iter().map(row).collect()
}

/// The name of a state, empty for other values, and what the value means.
#[expect(
    clippy::float_cmp,
    reason = "states are whole numbers, and other values have no name"
)]
pub fn meaning(value: Value, display: &MetricDisplay) -> (String, Severity) {
    let Some(number) = value.finite() else {
        return (String::new(), Severity::None);
    };
    let state = display.states.iter().find(|state| state.value as f64 == number);
    let of_limits = display.limits.severity_of(number);
    state.map_or_else(
        || (String::new(), of_limits),
        |state| (state.label.clone(), state.severity.max(of_limits)),
    )
}

/// What the rows are sorted by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Column {
    /// The title of the metric.
    Name,
    /// The label of the channel.
    Channel,
    /// The value.
    Value,
    /// The age.
    Age,
    /// The state, the worst at the top.
    State,
}

impl Column {
    /// All columns in their order on the screen.
    pub const ALL: [Self; 5] = [Self::Name, Self::Channel, Self::Value, Self::Age, Self::State];

    /// Its class in the style sheet.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Name => "latest__name",
            Self::Channel => "latest__channel",
            Self::Value => "latest__value",
            Self::Age => "latest__age",
            Self::State => "latest__state",
        }
    }

    /// What it is headed with.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Name => "Metric",
            Self::Channel => "Channel",
            Self::Value => "Value",
            Self::Age => "Age",
            Self::State => "State",
        }
    }

    /// Whether it tells rows apart: metrics if there are several, channels if there are any.
    pub fn is_of_use(self, rows: &[Row]) -> bool {
        match self {
            Self::Name => {
                rows.windows(2).any(|pair| pair[0].metric != pair[1].metric) || !Self::Channel.is_of_use(rows)
            }
            Self::Channel => rows.iter().any(|row| !row.label.is_empty()),
            _ => true,
        }
    }
}

/// An order of rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sorting {
    /// What they are sorted by.
    pub column: Column,
    /// From the last to the first.
    pub is_descending: bool,
}

impl Sorting {
    /// The worst at the top.
    pub const WORST_FIRST: Self = Self {
        column: Column::State,
        is_descending: true,
    };

    /// The order after a click on a column's head: by that column, and the other way round at a second click. The
    /// greatest value, the oldest and the worst come first at the first click, names from A.
    #[must_use]
    pub fn after_click(self, column: Column) -> Self {
        let is_descending = if self.column == column {
            !self.is_descending
        } else {
            !matches!(column, Column::Name | Column::Channel)
        };
        Self { column, is_descending }
    }
}

/// The positions of the rows that contain `filter` (in any case of the letters A to Z), sorted. Equal rows keep their
/// order.
pub fn order(rows: &[Row], filter: &str, sorting: Sorting, now: Timestamp) -> Vec<usize> {
    let filter = filter.trim().to_ascii_lowercase();
    let contains = |text: &str| text.to_ascii_lowercase().contains(&filter);
    let is_wanted =
        |row: &Row| filter.is_empty() || contains(&row.title) || contains(&row.label) || contains(&row.state_text(now));
    let mut order: Vec<usize> = (0..rows.len()).filter(|at| is_wanted(&rows[*at])).collect();
    sort_positions(&mut order, &mut |a, b| {
        let ordering = compare(&rows[a], &rows[b], sorting.column, now);
        if sorting.is_descending {
            ordering.reverse()
        } else {
            ordering
        }
    });
    order
}

fn compare(a: &Row, b: &Row, column: Column, now: Timestamp) -> Ordering {
    match column {
        Column::Name => compare_names(&a.title, &b.title),
        Column::Channel => compare_names(&a.label, &b.label),
        Column::Value => compare_values(a.value, b.value),
        // The oldest is the one that never spoke.
        Column::Age => compare_ages(a, b),
        Column::State => a
            .badness(now)
            .cmp(&b.badness(now))
            .then_with(|| compare_ages_of_the_bad(a, b, now)),
    }
}

/// Fresh channels differ by less than their interval, which means nothing; they stay in the order of their channels.
fn compare_ages_of_the_bad(a: &Row, b: &Row, now: Timestamp) -> Ordering {
    if a.freshness(now) == Freshness::Fresh && b.freshness(now) == Freshness::Fresh {
        Ordering::Equal
    } else {
        compare_ages(a, b)
    }
}

fn compare_ages(a: &Row, b: &Row) -> Ordering {
    let time = |row: &Row| row.time.unwrap_or(Timestamp::MIN);
    time(b).cmp(&time(a))
}

/// Null and NaN come before all numbers, so that with the greatest first they stand at the end.
fn compare_values(a: Value, b: Value) -> Ordering {
    let key = |value: Value| value.as_number().filter(|number| !number.is_nan());
    match (key(a), key(b)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
    }
}

/// Numbers in names count as numbers: 9 before 10.
fn compare_names(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let (a_digits, b_digits) = (leading_digits(a), leading_digits(b));
        if a_digits > 0 && b_digits > 0 {
            let number = |text: &str, n: usize| text[..n].parse::<u64>().unwrap_or(u64::MAX);
            let ordering = number(a, a_digits).cmp(&number(b, b_digits));
            if ordering != Ordering::Equal {
                return ordering;
            }
            (a, b) = (&a[a_digits..], &b[b_digits..]);
            continue;
        }
        let (mut a_rest, mut b_rest) = (a.chars(), b.chars());
        match (a_rest.next(), b_rest.next()) {
            (Some(x), Some(y)) if x == y => (a, b) = (a_rest.as_str(), b_rest.as_str()),
            (x, y) => return x.cmp(&y),
        }
    }
}

fn leading_digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// How many rows are how bad, and how fresh.
pub fn summary(rows: &[Row], now: Timestamp) -> String {
    let mut parts = Vec::new();
    let mut add = |n: usize, word: &str| {
        if n > 0 {
            parts.push(format!("{} {word}", format::count(n as u64)));
        }
    };
    for severity in [Severity::Alarm, Severity::Warning] {
        add(
            rows.iter().filter(|row| row.severity == severity).count(),
            severity.as_str(),
        );
    }
    for freshness in [Freshness::Never, Freshness::Stale, Freshness::Late, Freshness::Fresh] {
        let n = rows.iter().filter(|row| row.freshness(now) == freshness).count();
        add(n, freshness.as_str());
    }
    parts.join(" · ")
}

#[cfg(test)]
mod tests;
