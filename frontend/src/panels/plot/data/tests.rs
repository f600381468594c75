use shared::dashboard::{Axis, Event, LimitLine, PlotLimits, Severity, Strip};
use shared::query::envelope::Envelope;
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
    let failed = || Err(ApiFailure::Network);
    slot.take(minutes(5), Ok(envelope()));
    slot.take(minutes(5), failed());
    assert!(
        slot.answer.is_some() && slot.failure.is_some(),
        "the same picture is still true"
    );
    slot.take(minutes(6), failed());
    assert!(slot.answer.is_none() && slot.asked == Some(minutes(6)) && slot.range == Some(minutes(5)));
}

mod steps {
    use super::*;

    fn occasion(start_us: i64) -> Occasion {
        let at = Timestamp::saturating_from_micros;
        Occasion {
            wanted: Some(Wanted {
                range: TimeRange::new(at(start_us), at(start_us + 1_000)).unwrap(),
                columns: 100,
                rows: 50,
            }),
            retries: 0,
            refreshes: 0,
        }
    }

    #[track_caller]
    fn check(now: &Occasion, [has_new_asks, is_under_way, is_moving]: [bool; 3], expected: Step) {
        let asked = occasion(0);
        let standing = Standing {
            has_new_asks,
            is_under_way,
            is_moving,
        };
        assert_eq!(now.step(Some(&asked), standing), expected);
    }

    const ALL: Step = Step::Ask(Which::All);

    #[test]
    fn the_first_notch_of_a_wheel_is_asked_for_at_once_and_the_next_when_its_answers_have_come() {
        check(&occasion(1), [false, false, true], ALL);
        check(&occasion(1), [false, true, true], Step::Wait);
        check(&occasion(0), [false, true, true], Step::Rest);
    }

    #[test]
    fn at_rest_what_was_passed_is_let_go_of() {
        check(&occasion(1), [false, true, false], ALL);
        check(&occasion(0), [false, true, false], Step::Rest);
        check(&occasion(0), [false, false, false], Step::Rest);
    }

    #[test]
    fn a_refresh_joins_the_same_question_and_a_retry_does_not() {
        let refreshed = Occasion {
            refreshes: 1,
            ..occasion(0)
        };
        check(&refreshed, [false, true, false], Step::Join);
        check(&refreshed, [false, false, false], Step::Ask(Which::Unfed));
        let retried = Occasion {
            retries: 1,
            ..occasion(0)
        };
        check(&retried, [false, true, true], ALL);
    }

    #[test]
    fn new_questions_are_asked_without_asking_the_others_again() {
        check(&occasion(0), [true, false, false], Step::Ask(Which::Open));
        check(&occasion(1), [true, true, true], ALL);
        let standing = Standing {
            has_new_asks: true,
            is_under_way: false,
            is_moving: true,
        };
        assert_eq!(occasion(0).step(None, standing), ALL);
    }
}
