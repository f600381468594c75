use shared::metric::ChannelSelection;
use shared::query::envelope::{ColumnSeries, SampleSeries};
use shared::value::Value;

use super::*;
use crate::panels::plot::data::Answer;

fn answered(ask: Ask, envelope: Envelope) -> Slot {
    Slot {
        answer: Some(Answer::Envelope(Arc::new(envelope))),
        ..Slot::open(ask)
    }
}

fn samples(values: &[Value]) -> Envelope {
    let series = SampleSeries {
        time_us: (0_i64..).map(|at| at * 1_000_000).take(values.len()).collect(),
        value: values.to_vec(),
        ..SampleSeries::default()
    };
    Envelope::Samples {
        metric: "m".to_owned(),
        unit: String::new(),
        series: vec![series],
    }
}

#[test]
fn a_limit_may_be_the_greatest_value_of_a_metric() {
    let line = |at| LimitLine {
        label: "most".to_owned(),
        at,
        severity: Severity::Ok,
    };
    let lines = [line(LimitValue::Value(7.5)), line(LimitValue::Metric("m".to_owned()))];
    let told = |slots: &[Slot]| -> Vec<Vec<String>> {
        let marks = |limit: &PanelLimit| limit.marks.iter().map(|mark| mark.label.clone()).collect();
        limits_of_panel(&lines, slots).iter().map(marks).collect()
    };
    assert_eq!(told(&[]), [vec!["most 7.5".to_owned()], vec![]]);
    let columns = Envelope::Columns {
        metric: "m".to_owned(),
        unit: String::new(),
        series: vec![ColumnSeries {
            max: vec![3.0, 9.0, 4.0],
            ..ColumnSeries::default()
        }],
    };
    let ask = Ask::Greatest { metric: "m".to_owned() };
    assert_eq!(told(&[answered(ask, columns)])[1], ["most 9"]);
}

#[test]
fn the_limits_of_a_metric_tint_what_lies_beyond_them() {
    let line = |metric: &str, axis| Line {
        metric: metric.to_owned(),
        channels: ChannelSelection::All,
        label: String::new(),
        axis,
    };
    let display = |metric: &str| MetricDisplay {
        metric: metric.to_owned(),
        limits: Limits {
            low_alarm: (metric == "t").then_some(-5.0),
            high_warning: (metric != "none").then_some(30.0),
            ..Limits::default()
        },
        ..MetricDisplay::default()
    };
    let lines = [line("t", Axis::Right), line("t", Axis::Left), line("none", Axis::Left)];
    let limits = limits_of_metrics(&lines, display, |_| None);
    assert_eq!(limits.len(), 1);
    assert_eq!(
        (limits[0].label.as_str(), limits[0].severity),
        ("limits", Severity::Alarm)
    );
    let told: Vec<_> = limits[0]
        .marks
        .iter()
        .map(|mark| (mark.value, mark.axis, mark.beyond, mark.severity))
        .collect();
    assert_eq!(
        told,
        [
            (-5.0, Axis::Right, Some(Side::Below), Severity::Alarm),
            (30.0, Axis::Right, Some(Side::Above), Severity::Warning)
        ]
    );
    let two = limits_of_metrics(&[line("t", Axis::Left), line("u", Axis::Left)], display, |_| None);
    let labels: Vec<&str> = two.iter().map(|limit| limit.label.as_str()).collect();
    assert_eq!(labels, ["limits of t", "limits of u"]);
}

#[test]
fn events_and_strips_are_read_from_the_same_answer_as_lines() {
    let slot = answered(
        Ask::Envelope {
            metric: "m".to_owned(),
            channels: ChannelSelection::All,
        },
        samples(&[0.0.into(), 1.0.into(), Value::NULL, 2.0.into()]),
    );
    let slots = [slot];
    let event = Event {
        metric: "m".to_owned(),
        label: "spike".to_owned(),
    };
    let events = panel_events(&[event], &slots, |_| None, 3);
    assert_eq!((events[0].label.as_str(), events[0].color), ("spike", 3));
    assert_eq!(events[0].events.as_ref().unwrap().moments.len(), 2);
    let strip = Strip {
        metric: "m".to_owned(),
        label: String::new(),
    };
    let strips = panel_strips(&[strip], &slots, |_| None, 0);
    assert_eq!(strips[0].label, "m");
    assert_eq!(strips[0].stretches.as_ref().unwrap().len(), 3);
}
