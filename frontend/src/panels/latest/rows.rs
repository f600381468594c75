//! The rows of the table: what they say, and in which order.

use std::cmp::Ordering;
use std::sync::Arc;

use shared::metric::MetricInfo;
use shared::query::latest::{Freshness, Latest};
use shared::time::{MICROS_PER_SEC, Timestamp};
use shared::value::Value;

use crate::panels::latest::POLL;

/// The newest sample of one channel.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    /// What stands in the first column.
    pub name: Arc<str>,
    /// The unit; empty for a pure number.
    pub unit: Arc<str>,
    /// The newest value.
    pub value: Value,
    /// When it was taken; `None` if there never was one.
    pub time: Option<Timestamp>,
    /// Seconds between expected samples; `None` where no rhythm is known.
    pub interval_s: Option<f64>,
}

impl Row {
    /// What its age means at `now`. The table asks each [`POLL`]; what is younger cannot be expected in it.
    pub fn state(&self, now: Timestamp) -> Freshness {
        self.age_micros(now).map_or(Freshness::Never, |age| {
            let age_s = age as f64 / MICROS_PER_SEC as f64;
            Freshness::from_age(age_s - POLL.as_secs_f64(), self.interval_s)
        })
    }

    /// Its age in microseconds; `None` if there never was a sample.
    pub fn age_micros(&self, now: Timestamp) -> Option<i64> {
        self.time.map(|time| now.micros_since(time))
    }
}

/// The rows of one metric. A metric of one channel goes by its title, the channels of others by their labels, with the
/// title before them where the table has more than one metric.
pub fn rows_of(latest: &Latest, metric: Option<&MetricInfo>, is_alone: bool) -> Vec<Row> {
    let title = metric.map_or(latest.metric.as_str(), |metric| metric.title.as_str());
    let unit: Arc<str> = metric.map_or("", |metric| metric.unit.as_str()).into();
    let is_scalar = latest.channels.len() == 1;
    latest
        .channels
        .iter()
        .map(|channel| Row {
            name: if is_scalar {
                title.into()
            } else if is_alone {
                channel.label.as_str().into()
            } else {
                format!("{title} · {}", channel.label).into()
            },
            unit: Arc::clone(&unit),
            value: channel.value,
            time: channel.time_us.map(Timestamp::saturating_from_micros),
            interval_s: metric.and_then(|metric| metric.interval_s),
        })
        .collect()
}

/// What the rows are sorted by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Column {
    /// The name.
    Name,
    /// The value.
    Value,
    /// The age.
    Age,
    /// The state, the worst at the top.
    State,
}

impl Column {
    /// All columns that can be sorted by, in their order on the screen.
    pub const ALL: [Self; 4] = [Self::Name, Self::Value, Self::Age, Self::State];

    /// Its class in the style sheet.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Name => "latest__name",
            Self::Value => "latest__value",
            Self::Age => "latest__age",
            Self::State => "latest__state",
        }
    }

    /// What it is headed with.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Name => "Channel",
            Self::Value => "Value",
            Self::Age => "Age",
            Self::State => "State",
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
            column != Column::Name
        };
        Self { column, is_descending }
    }
}

/// The positions of the rows that contain `filter` (in any case of the letters A to Z), sorted. Equal rows keep their order.
pub fn order(rows: &[Row], filter: &str, sorting: Sorting, now: Timestamp) -> Vec<usize> {
    let filter = filter.trim().to_ascii_lowercase();
    let mut order: Vec<usize> = rows
        .iter()
        .enumerate()
        .filter(|(_, row)| filter.is_empty() || row.name.to_ascii_lowercase().contains(&filter))
        .map(|(position, _)| position)
        .collect();
    let compare = |a: &Row, b: &Row| match sorting.column {
        Column::Name => compare_names(&a.name, &b.name),
        Column::Value => compare_values(a.value, b.value),
        // The oldest is the one that never spoke.
        Column::Age => compare_ages(a, b),
        Column::State => badness(a, now)
            .cmp(&badness(b, now))
            .then_with(|| compare_ages_of_the_bad(a, b, now)),
    };
    order.sort_by(|a, b| {
        let ordering = compare(&rows[*a], &rows[*b]);
        if sorting.is_descending {
            ordering.reverse()
        } else {
            ordering
        }
    });
    order
}

/// First by state; among equals a channel without a number is worse than one with.
fn badness(row: &Row, now: Timestamp) -> (Freshness, bool) {
    (row.state(now), row.value.finite().is_none())
}

/// Fresh channels differ by less than their interval, which means nothing; they stay in the order of their channels.
fn compare_ages_of_the_bad(a: &Row, b: &Row, now: Timestamp) -> Ordering {
    if a.state(now) == Freshness::Fresh {
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

/// How many rows are in each state.
pub fn summary(rows: &[Row], now: Timestamp) -> String {
    let count = |state| rows.iter().filter(|row| row.state(now) == state).count();
    let parts = [Freshness::Never, Freshness::Stale, Freshness::Late, Freshness::Fresh]
        .into_iter()
        .map(|state| (count(state), state))
        .filter(|(n, _)| *n > 0)
        .map(|(n, state)| format!("{} {}", crate::format::count(n as u64), state.as_str()));
    parts.collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::saturating_from_micros(secs * MICROS_PER_SEC)
    }

    fn row(name: &str, value: Value, time: Option<i64>) -> Row {
        Row {
            name: name.into(),
            unit: "V".into(),
            value,
            time: time.map(at),
            interval_s: Some(60.0),
        }
    }

    fn rows() -> Vec<Row> {
        vec![
            row("hv 9", 3.0.into(), Some(1_000)),
            row("hv 10", Value::NULL, Some(1_000)),
            row("hv 2", 5.0.into(), Some(700)),
            row("hv 1", Value::NULL, None),
            row("hv 3", Value::NAN, Some(860)),
            row("hv 4", 1.0.into(), Some(600)),
        ]
    }

    #[track_caller]
    fn check(filter: &str, sorting: Sorting, expected: &[&str]) {
        let rows = rows();
        let order = order(&rows, filter, sorting, at(1_000));
        let names: Vec<&str> = order.iter().map(|position| &*rows[*position].name).collect();
        assert_eq!(names, expected);
    }

    #[test]
    fn the_worst_stand_at_the_top() {
        let worst_first = ["hv 1", "hv 4", "hv 2", "hv 3", "hv 10", "hv 9"];
        check("", Sorting::WORST_FIRST, &worst_first);
    }

    #[test]
    fn names_count_their_numbers() {
        let sorting = Sorting::WORST_FIRST.after_click(Column::Name);
        check("", sorting, &["hv 1", "hv 2", "hv 3", "hv 4", "hv 9", "hv 10"]);
        check("V 1", sorting, &["hv 1", "hv 10"]);
    }

    #[test]
    fn the_greatest_value_comes_first_and_nothing_last() {
        let sorting = Sorting::WORST_FIRST.after_click(Column::Value);
        check("", sorting, &["hv 2", "hv 9", "hv 4", "hv 10", "hv 1", "hv 3"]);
    }

    #[test]
    fn a_second_click_turns_the_order_round() {
        let sorting = Sorting::WORST_FIRST.after_click(Column::Age);
        assert!(sorting.is_descending);
        assert!(!sorting.after_click(Column::Age).is_descending);
        check("", sorting, &["hv 1", "hv 4", "hv 2", "hv 3", "hv 9", "hv 10"]);
    }

    #[test]
    fn every_state_is_counted() {
        assert_eq!(summary(&rows(), at(1_000)), "1 never · 2 stale · 1 late · 2 fresh");
    }
}
