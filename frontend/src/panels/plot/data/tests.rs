use shared::dashboard::{Axis, Event, LimitLine, PlotLimits, Severity, Strip};
use shared::time::Timestamp;

use super::*;

fn told(spec: &PlotSpec) -> Vec<String> {
    let n_channels = |metric: &str| if metric == "trips" { 4 } else { 1 };
    let tell = |ask: &Ask| match ask {
        Ask::Envelope { metric, channels } => format!("{metric} {channels}"),
        Ask::Greatest { metric } => format!("greatest {metric}"),
        Ask::Extremes { metric } => format!("extremes {metric}"),
        Ask::Cells(cells) => format!("cells {}", cells.metric),
    };
    asks_of(spec, &spec.lines, n_channels).iter().map(tell).collect()
}

fn lines(lines: &[(&str, &str)]) -> PlotSpec {
    let line = |(metric, channels): &(&str, &str)| Line {
        metric: (*metric).to_owned(),
        channels: channels.parse().unwrap(),
        label: String::new(),
        axis: Axis::Left,
    };
    PlotSpec {
        lines: lines.iter().map(line).collect(),
        ..PlotSpec::default()
    }
}

#[test]
fn lines_of_one_metric_are_one_question() {
    assert_eq!(
        told(&lines(&[("hv", "3,4"), ("t", "all"), ("hv", "4,9")])),
        ["hv 3,4,9", "t all"]
    );
    assert_eq!(told(&lines(&[("hv", "3"), ("hv", "all"), ("hv", "5")])), ["hv all"]);
}

#[test]
fn a_band_is_a_question_of_its_own() {
    assert_eq!(
        told(&lines(&[("hv", "band"), ("hv", "412"), ("hv", "band")])),
        ["hv band", "hv 412"]
    );
}

#[test]
fn limits_events_and_strips_are_asked_for() {
    let event = |metric: &str| Event {
        metric: metric.to_owned(),
        label: String::new(),
    };
    let limit = |at| LimitLine {
        label: String::new(),
        at,
        severity: Severity::None,
    };
    let spec = PlotSpec {
        limits: PlotLimits {
            lines: vec![
                limit(LimitValue::Value(3.0)),
                limit(LimitValue::Metric("most".to_owned())),
            ],
            events: vec![event("trips"), event("spike")],
            ..PlotLimits::default()
        },
        strips: vec![Strip {
            metric: "hv".to_owned(),
            label: String::new(),
        }],
        ..lines(&[("hv", "3")])
    };
    assert_eq!(told(&spec), ["hv 3,0", "trips band", "spike all", "greatest most"]);
    // It is of the range itself, whatever the rhythm.
    let ask = Ask::Greatest {
        metric: "most".to_owned(),
    };
    let query = envelope_query(
        &ask,
        Wanted {
            range: minutes(6),
            columns: 600,
            rows: 200,
        },
        Some(60.0),
    );
    assert_eq!(
        (query.columns, query.from, query.to),
        (1, minutes(6).start(), minutes(6).end())
    );
}

fn minutes(minutes: i64) -> TimeRange {
    TimeRange::new(
        Timestamp::EPOCH,
        Timestamp::EPOCH.saturating_add_micros(minutes * 60_000_000),
    )
    .unwrap()
}

#[test]
fn a_short_range_is_asked_for_with_its_neighbours() {
    let ask = Ask::Envelope {
        metric: "hv".to_owned(),
        channels: ChannelSelection::All,
    };
    let query = |range| {
        envelope_query(
            &ask,
            Wanted {
                range,
                columns: 600,
                rows: 200,
            },
            Some(60.0),
        )
    };
    let short = query(minutes(6));
    assert_eq!(
        (short.from.as_micros(), short.to.as_micros()),
        (-180_000_000, 540_000_000)
    );
    assert_eq!(short.columns, 1200);
    let night = query(minutes(1440));
    assert_eq!((night.from, night.columns), (Timestamp::EPOCH, 600));
}

#[test]
fn an_answer_that_failed_for_another_range_leaves_no_picture() {
    let envelope = || {
        Answer::Envelope(Arc::new(Envelope::Samples {
            metric: "hv".to_owned(),
            unit: String::new(),
            series: Vec::new(),
        }))
    };
    let mut slot = Slot::open(Ask::Greatest {
        metric: "hv".to_owned(),
    });
    let failed = || Err(ApiFailure::Network("gone".to_owned()));
    slot.take(minutes(5), Ok(envelope()));
    slot.take(minutes(5), failed());
    assert!(
        slot.answer.is_some() && slot.failure.is_some(),
        "the same picture is still true"
    );
    slot.take(minutes(6), failed());
    assert!(slot.answer.is_none() && slot.asked == Some(minutes(6)) && slot.range == Some(minutes(5)));
}
