use shared::metric::MetricKind;
use shared::query::envelope::SampleSeries;

use super::*;
use crate::panels::plot::data::{Answer, asks_of};
use crate::panels::plot::spec::PlotSpec;

fn spec(channels: &str) -> PlotSpec {
    let line = |metric: &str, channels: &str| Line {
        metric: metric.to_owned(),
        channels: channels.parse().unwrap(),
        label: String::new(),
        axis: Axis::Left,
    };
    PlotSpec {
        lines: vec![line("hv", channels), line("t", "all")],
        ..PlotSpec::default()
    }
}

fn metric(name: &str) -> Option<MetricInfo> {
    let channels = match name {
        "hv" => 4,
        "t" => 1,
        _ => return None,
    };
    Some(MetricInfo {
        name: name.to_owned(),
        title: name.to_uppercase(),
        unit: "V".to_owned(),
        kind: MetricKind::Gauge,
        channels,
        interval_s: Some(60.0),
        late_after_s: Some(120.0),
        stale_after_s: Some(180.0),
        first: None,
        last: None,
    })
}

/// The panel's slots, the first with an answer of some channels, the second with a failure.
fn slots(spec: &PlotSpec, answered: &[u32], failure: Option<&str>) -> Vec<Slot> {
    let asks = asks_of(spec, &spec.lines, |_| 1);
    let mut slots: Vec<Slot> = asks.into_iter().map(Slot::open).collect();
    if !answered.is_empty() {
        slots[0].answer = Some(answer(answered));
    }
    slots[1].failure = failure.map(str::to_owned);
    slots
}

fn answer(channels: &[u32]) -> Answer {
    let series = channels.iter().map(|channel| SampleSeries {
        channel: *channel,
        label: format!("module {channel}"),
        ..SampleSeries::default()
    });
    Answer::Envelope(Arc::new(Envelope::Samples {
        metric: "hv".to_owned(),
        unit: "kV".to_owned(),
        series: series.collect(),
    }))
}

fn told(lines: &[PanelLine]) -> Vec<String> {
    let word = |line: &PanelLine| {
        let data = if line.shape().is_some() { "drawn" } else { "awaited" };
        format!("{} {} {} {} {data}", line.color, line.key, line.label, line.unit)
    };
    lines.iter().map(word).collect()
}

#[test]
fn colours_stay_while_answers_are_awaited() {
    let spec = spec("2,0");
    let awaited = panel_lines(&spec.lines, &slots(&spec, &[], None), metric);
    assert_eq!(
        told(&awaited),
        ["0 hv:2 2 V awaited", "1 hv:0 0 V awaited", "2 t:0 T V awaited"]
    );
    let drawn = panel_lines(&spec.lines, &slots(&spec, &[0, 2], None), metric);
    assert_eq!(
        told(&drawn),
        [
            "0 hv:2 module 2 kV drawn",
            "1 hv:0 module 0 kV drawn",
            "2 t:0 T V awaited"
        ]
    );
}

#[test]
fn a_failed_metric_leaves_the_others() {
    let spec = spec("all");
    let lines = panel_lines(&spec.lines, &slots(&spec, &[0], Some("no metric \"t\"")), metric);
    assert_eq!(told(&lines), ["0 hv:0 module 0 kV drawn", "1 t:0 T V awaited"]);
    assert!(lines[0].failure.is_none() && lines[1].failure.is_some());
    assert_eq!(units_of(lines.iter()), "kV, V");
}
