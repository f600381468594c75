use shared::display::{Limits, StateName};

use super::*;

fn at(secs: i64) -> Timestamp {
    Timestamp::saturating_from_micros(secs * MICROS_PER_SEC)
}

fn row(label: &str, value: Value, time: Option<i64>) -> Row {
    let limits = Limits {
        high_warning: Some(8.0),
        high_alarm: Some(9.0),
        ..Limits::default()
    };
    let display = MetricDisplay {
        limits,
        ..MetricDisplay::default()
    };
    Row {
        metric: "hv".into(),
        title: "High voltage".into(),
        channel: 0,
        label: label.into(),
        unit: "V".into(),
        value,
        word: String::new(),
        severity: meaning(value, &display).1,
        time: time.map(at),
        ages: Some(Ages::of_interval(60.0)),
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
fn check_order(rows: &[Row], filter: &str, sorting: Sorting, expected: &[&str]) {
    let order = order(rows, filter, sorting, at(1_000));
    let names: Vec<&str> = order.iter().map(|position| &*rows[*position].label).collect();
    assert_eq!(names, expected);
}

#[track_caller]
fn check(filter: &str, sorting: Sorting, expected: &[&str]) {
    check_order(&rows(), filter, sorting, expected);
}

#[test]
fn the_worst_stand_at_the_top() {
    let worst_first = ["hv 1", "hv 4", "hv 2", "hv 3", "hv 10", "hv 9"];
    check("", Sorting::WORST_FIRST, &worst_first);
}

#[test]
fn an_alarm_is_worse_than_silence_and_a_warning_is_not() {
    let mut rows = rows();
    rows.push(row("warned", 8.5.into(), Some(1_000)));
    rows.push(row("alarmed", 9.5.into(), Some(1_000)));
    rows.push(row("at its limit", 8.0.into(), Some(1_000)));
    let expected = [
        "alarmed",
        "hv 1",
        "hv 4",
        "hv 2",
        "warned",
        "hv 3",
        "hv 10",
        "hv 9",
        "at its limit",
    ];
    check_order(&rows, "", Sorting::WORST_FIRST, &expected);
    assert_eq!(
        summary(&rows, at(1_000)),
        "1 alarm · 1 warning · 1 never · 2 stale · 1 late · 5 fresh"
    );
}

#[test]
fn names_count_their_numbers() {
    let sorting = Sorting::WORST_FIRST.after_click(Column::Channel);
    check("", sorting, &["hv 1", "hv 2", "hv 3", "hv 4", "hv 9", "hv 10"]);
    check("V 1", sorting, &["hv 1", "hv 10"]);
    check("stale", sorting, &["hv 2", "hv 4"]);
    check("high VOLT", sorting, &["hv 1", "hv 2", "hv 3", "hv 4", "hv 9", "hv 10"]);
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

#[test]
fn states_have_names_and_what_they_mean() {
    let display = MetricDisplay {
        states: vec![StateName {
            value: 2,
            label: "busy".to_owned(),
            severity: Severity::Warning,
        }],
        ..MetricDisplay::default()
    };
    assert_eq!(meaning(2.0.into(), &display), ("busy".to_owned(), Severity::Warning));
    assert_eq!(meaning(2.5.into(), &display), (String::new(), Severity::None));
    assert_eq!(meaning(Value::NULL, &display), (String::new(), Severity::None));
}

#[test]
fn columns_that_tell_nothing_apart_are_left_out() {
    let of_use = |rows: &[Row]| Column::ALL.map(|column| column.is_of_use(rows));
    let mut rows = rows();
    assert_eq!(of_use(&rows), [false, true, true, true, true]);
    rows[0].metric = "other".into();
    assert_eq!(of_use(&rows), [true, true, true, true, true]);
    assert_eq!(of_use(&[row("", 1.0.into(), None)]), [true, false, true, true, true]);
}
