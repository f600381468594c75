//! What is marked besides the lines: limits, events, strips; and axes that run otherwise.

use insta::assert_snapshot;

use super::*;
use crate::chart::event::{EventMarks, Events};
use crate::chart::limit::LimitMark;
use crate::chart::plot::LeftAxis;
use crate::chart::scale::Side;
use crate::chart::strip::{StripMarks, stretches};
use crate::chart::value_axis::ValueTick;
use crate::dashboard::Severity;

fn limit(value: f64, label: &str, severity: Severity, beyond: Option<Side>) -> LimitMark {
    LimitMark {
        value,
        label: format!("{label} {value}"),
        severity,
        axis: Axis::Left,
        beyond,
    }
}

fn log() -> LeftAxis {
    LeftAxis::Values {
        is_log: true,
        low: None,
        high: None,
    }
}

/// What was drawn in some of the colours, and all texts.
fn in_colors(scene: &Scene, colors: &[&str]) -> String {
    let text = scene.to_text();
    let is_told = |line: &&str| colors.iter().any(|color| line.contains(color));
    text.lines().filter(is_told).collect::<Vec<_>>().join("\n")
}

#[test]
fn near_limits_are_lines_with_tinted_parts_beyond_and_far_ones_are_arrows() {
    let series = samples(&[(0, 10.0.into()), (5, 20.0.into())]);
    let mut data = data(vec![line(Shape::Samples(&series), Axis::Left)]);
    data.limits = vec![
        limit(22.0, "warning >", Severity::Warning, Some(Side::Above)),
        limit(24.0, "alarm >", Severity::Alarm, Some(Side::Above)),
        limit(500.0, "far >", Severity::Alarm, None),
        limit(15.0, "target", Severity::None, None),
    ];
    let drawn = draw(&data);
    assert_snapshot!(in_colors(&drawn, &["alarm", "warning", "target", "background*"]));
    let axis = Plot::new(layout(200, 110), &data).left.unwrap();
    assert!(axis.scale.bounds().1 < 30.0, "{axis:?}");
}

#[test]
fn a_logarithmic_axis_marks_what_is_not_positive_at_its_lower_edge() {
    let series = samples(&[
        (0, 1.0.into()),
        (5, 100.0.into()),
        (10, 0.0.into()),
        (15, 10.0.into()),
        (20, (-3.0).into()),
    ]);
    let mut data = data(vec![line(Shape::Samples(&series), Axis::Left)]);
    data.left = log();
    assert_snapshot!(in_colors(&draw(&data), &["series-", "right middle"]));
}

#[test]
fn a_logarithmic_band_reaches_down_to_the_edge_where_its_least_is_not_positive() {
    let frame = |start, low: f64, high: f64| (start, 50, [0.0, low, high, 0.0]);
    let series = columns(&[frame(0, 1.0, 100.0), frame(10, -2.0, 10.0), frame(20, 1.0, 10.0)]);
    let mut data = data(vec![line(Shape::Band(&series), Axis::Left)]);
    data.left = log();
    assert_snapshot!(in_colors(&draw(&data), &["series-"]));
}

#[test]
fn what_lies_beyond_a_fixed_axis_is_marked_at_its_edge() {
    let series = columns(&[(0, 9, [5.0, -20.0, 30.0, 5.0]), (10, 9, [5.0, 4.0, 6.0, 5.0])]);
    let mut data = data(vec![line(Shape::Columns(&series), Axis::Left)]);
    data.left = LeftAxis::Values {
        is_log: false,
        low: Some(0.0),
        high: Some(10.0),
    };
    let drawn = draw(&data);
    let n_marks = drawn
        .marks
        .iter()
        .filter(|mark| matches!(mark, Mark::Polygon { .. }))
        .count();
    assert_eq!(n_marks, 2, "{}", drawn.to_text());
}

#[test]
fn events_are_upright_strokes_and_named_where_there_is_room() {
    let times: Vec<(i64, Value)> = [5, 50].map(|second| (second, 1.0.into())).to_vec();
    let events = Events::of(Shape::Samples(&samples(&times)), None);
    let mut data = data(Vec::new());
    data.events = vec![EventMarks {
        label: "trip",
        color: 1,
        events: &events,
        is_faded: false,
    }];
    assert_snapshot!(in_colors(&draw(&data), &["series-2"]));
}

#[test]
fn no_event_is_named_across_the_name_of_a_level() {
    let times: Vec<(i64, Value)> = [5, 25].map(|second| (second, 1.0.into())).to_vec();
    let samples_of_events = samples(&times);
    let events = Events::of(Shape::Samples(&samples_of_events), None);
    let series = samples(&[(0, 10.0.into()), (5, 20.0.into())]);
    let mut data = data(vec![line(Shape::Samples(&series), Axis::Left)]);
    data.events = vec![EventMarks {
        label: "trip",
        color: 1,
        events: &events,
        is_faded: false,
    }];
    let n_named = |data: &PlotData<'_>| {
        draw(data)
            .to_text()
            .lines()
            .filter(|line| line.ends_with(": trip"))
            .count()
    };
    assert_eq!(n_named(&data), 2);
    data.limits = vec![limit(500.0, "far too much >", Severity::Alarm, None)];
    assert_eq!(n_named(&data), 1);
}

#[test]
fn many_events_in_a_pixel_are_one_stroke() {
    let times: Vec<i64> = (0..60_000).map(|milli| at(0) + milli * 1_000).collect();
    let series = SampleSeries {
        value: vec![1.0.into(); times.len()],
        time_us: times,
        ..SampleSeries::default()
    };
    let events = Events::of(Shape::Samples(&series), None);
    let mut data = data(Vec::new());
    data.events = vec![EventMarks {
        label: "trip",
        color: 1,
        events: &events,
        is_faded: false,
    }];
    let n_strokes = in_colors(&draw(&data), &["series-2"]).lines().count();
    assert!((140..=150).contains(&n_strokes), "{n_strokes} strokes on 144 pixels");
    assert_eq!(events.count(minute()).count, 60_000);
}

#[test]
fn a_strip_is_high_where_it_was_on_and_empty_where_that_is_unknown() {
    let values = [(0, 0.0), (5, 1.0), (10, 1.0), (15, 0.0), (40, 1.0)].map(|(second, value)| (second, value.into()));
    let series = samples(&values);
    let stretches = stretches(&line(Shape::Samples(&series), Axis::Left));
    let mut data = data(Vec::new());
    data.strips = vec![StripMarks {
        label: "locked",
        color: 2,
        stretches: &stretches,
        is_faded: false,
    }];
    let drawn = draw(&data);
    assert_snapshot!(in_colors(&drawn, &["series-3", "locked", "12:00"]));
    let with_strip = Plot::new(layout(200, 110), &data);
    data.strips.clear();
    let without = Plot::new(layout(200, 110), &data);
    assert_eq!((without.area.bottom - with_strip.area.bottom).round().to_string(), "15");
    assert_eq!(without.foot().to_string(), with_strip.foot().to_string());
}

#[test]
fn rows_have_names_and_long_ones_are_cut() {
    let name = |value: f64, label: &str| ValueTick {
        value,
        label: label.to_owned(),
    };
    let mut data = data(Vec::new());
    data.left = LeftAxis::Rows {
        low: 1.5,
        high: -0.5,
        names: vec![
            name(0.0, "busy"),
            name(1.0, "a name that is longer than any plot is wide"),
        ],
    };
    assert_snapshot!(in_colors(&draw(&data), &["right middle"]));
}

#[test]
fn every_mark_has_a_colour_of_the_palette() {
    let series = samples(&[(0, 10.0.into()), (5, 0.0.into())]);
    let events = Events::of(Shape::Samples(&series), None);
    let stretches = stretches(&line(Shape::Samples(&series), Axis::Left));
    let mut data = data(vec![line(Shape::Samples(&series), Axis::Left)]);
    data.limits = [Severity::None, Severity::Ok, Severity::Warning, Severity::Alarm]
        .map(|severity| limit(5.0, "limit", severity, Some(Side::Above)))
        .to_vec();
    data.events = vec![EventMarks {
        label: "trip",
        color: 1,
        events: &events,
        is_faded: true,
    }];
    data.strips = vec![StripMarks {
        label: "on",
        color: 2,
        stretches: &stretches,
        is_faded: true,
    }];
    for mark in draw(&data).marks {
        let (Mark::Path { color, .. }
        | Mark::Polygon { color, .. }
        | Mark::Rectangle { color, .. }
        | Mark::Circle { color, .. }
        | Mark::Text { color, .. }) = mark;
        // In a theme of reds alone, nothing else may appear.
        assert_eq!((color.green, color.blue), (0, 0), "{mark:?}");
    }
}
