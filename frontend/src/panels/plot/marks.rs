//! What is marked in a panel besides its lines: levels, events, strips, with the data that came.

use std::sync::Arc;

use shared::chart::event::{EventMarks, Events};
use shared::chart::limit::LimitMark;
use shared::chart::scale::Side;
use shared::chart::shape::{PlotLine, Shape};
use shared::chart::strip::{Stretch, StripMarks, stretches};
use shared::dashboard::{Axis, Event, LimitLine, LimitValue, Line, Severity, Strip};
use shared::display::{Limits, MetricDisplay};
use shared::metric::MetricInfo;
use shared::query::envelope::Envelope;

use super::data::{Ask, Slot, event_channels, strip_channel};
use crate::format;

/// A level, or the levels of a metric.
#[derive(Clone, PartialEq, Debug)]
pub struct PanelLimit {
    /// Its name in links and in the page.
    pub key: String,
    /// Its name for people.
    pub label: String,
    /// What it means to be beyond the worst of its levels.
    pub severity: Severity,
    /// The levels that are known.
    pub marks: Vec<LimitMark>,
    /// Why there are none.
    pub failure: Option<String>,
}

/// The events of a metric.
#[derive(Clone, PartialEq, Debug)]
pub struct PanelEvent {
    /// Its name in links and in the page.
    pub key: String,
    /// The metric by name.
    pub metric: String,
    /// Its name for people.
    pub label: String,
    /// The unit of its values.
    pub unit: String,
    /// Which colour of the palette it has, counted from 0.
    pub color: usize,
    /// All that are known; `None` until they are there.
    pub events: Option<Arc<Events>>,
    /// Why there are no data, or why they are not the newest.
    pub failure: Option<String>,
}

impl PanelEvent {
    /// How they are drawn; `None` until they are there.
    pub fn marks(&self) -> Option<EventMarks<'_>> {
        Some(EventMarks {
            label: &self.label,
            color: self.color,
            events: self.events.as_deref()?,
            is_faded: false,
        })
    }
}

/// The strip of a metric.
#[derive(Clone, PartialEq, Debug)]
pub struct PanelStrip {
    /// Its name in links and in the page.
    pub key: String,
    /// The metric by name.
    pub metric: String,
    /// Its name for people.
    pub label: String,
    /// Which colour of the palette it has, counted from 0.
    pub color: usize,
    /// What is known; `None` until it is there.
    pub stretches: Option<Arc<Vec<Stretch>>>,
    /// Why there are no data, or why they are not the newest.
    pub failure: Option<String>,
}

impl PanelStrip {
    /// How it is drawn: an empty row until its data are there, so that nothing moves when they come.
    pub fn marks(&self) -> StripMarks<'_> {
        StripMarks {
            label: &self.label,
            color: self.color,
            stretches: self.stretches.as_ref().map_or(&[], |stretches| stretches.as_slice()),
            is_faded: false,
        }
    }
}

/// The levels of the dashboard.
pub fn limits_of_panel(lines: &[LimitLine], slots: &[Slot]) -> Vec<PanelLimit> {
    let limit = |line: &LimitLine| {
        let (value, failure) = match &line.at {
            LimitValue::Value(value) => (Some(*value), None),
            LimitValue::Metric(metric) => {
                let ask = Ask::Greatest { metric: metric.clone() };
                let slot = slots.iter().find(|slot| slot.ask == ask);
                let value = slot.and_then(Slot::envelope).and_then(|envelope| greatest(envelope));
                (value, slot.and_then(|slot| slot.failure.clone()))
            }
        };
        PanelLimit {
            key: format!("{}:limit", line.label),
            label: line.label.clone(),
            severity: line.severity,
            marks: value.into_iter().map(|value| mark(line, value)).collect(),
            failure,
        }
    };
    lines.iter().map(limit).collect()
}

fn mark(line: &LimitLine, value: f64) -> LimitMark {
    let number = format::number(value);
    LimitMark {
        value,
        label: if line.label.is_empty() {
            number
        } else {
            format!("{} {number}", line.label)
        },
        severity: line.severity,
        axis: Axis::Left,
        beyond: None,
    }
}

fn greatest(envelope: &Envelope) -> Option<f64> {
    match envelope {
        Envelope::Columns { series, .. } => {
            let all = series.iter().flat_map(|series| series.max.iter().copied());
            all.reduce(f64::max)
        }
        Envelope::Samples { series, .. } => {
            let all = series.iter().flat_map(|series| series.value.iter());
            all.filter_map(|value| value.finite()).reduce(f64::max)
        }
    }
}

/// The levels of the metrics of some lines themselves, each metric once, on the axis of its first line.
pub fn limits_of_metrics(
    lines: &[Line],
    display: impl Fn(&str) -> MetricDisplay,
    metric: impl Fn(&str) -> Option<MetricInfo>,
) -> Vec<PanelLimit> {
    let mut limits: Vec<(String, PanelLimit)> = Vec::new();
    for line in lines {
        if limits.iter().any(|(metric, _)| *metric == line.metric) {
            continue;
        }
        let marks = marks_of(&display(&line.metric).limits, line.axis);
        if !marks.is_empty() {
            let limit = PanelLimit {
                key: format!("{}:limits", line.metric),
                label: "limits".to_owned(),
                severity: marks.iter().map(|mark| mark.severity).max().unwrap_or_default(),
                marks,
                failure: None,
            };
            limits.push((line.metric.clone(), limit));
        }
    }
    if limits.len() > 1 {
        for (name, limit) in &mut limits {
            let title = metric(name).map_or_else(|| name.clone(), |metric| metric.title);
            limit.label = format!("limits of {title}");
        }
    }
    limits.into_iter().map(|(_, limit)| limit).collect()
}

fn marks_of(limits: &Limits, axis: Axis) -> Vec<LimitMark> {
    let all = [
        (limits.low_alarm, Severity::Alarm, Side::Below, "alarm <"),
        (limits.low_warning, Severity::Warning, Side::Below, "warning <"),
        (limits.high_warning, Severity::Warning, Side::Above, "warning >"),
        (limits.high_alarm, Severity::Alarm, Side::Above, "alarm >"),
    ];
    let mark = |(value, severity, beyond, word): (Option<f64>, Severity, Side, &str)| {
        let value = value?;
        Some(LimitMark {
            value,
            label: format!("{word} {}", format::number(value)),
            severity,
            axis,
            beyond: Some(beyond),
        })
    };
    all.into_iter().filter_map(mark).collect()
}

/// The events of a panel; their colours go on after `n_colors`.
pub fn panel_events(
    events: &[Event],
    slots: &[Slot],
    metric: impl Fn(&str) -> Option<MetricInfo>,
    n_colors: usize,
) -> Vec<PanelEvent> {
    let event = |(at, event): (usize, &Event)| {
        let info = metric(&event.metric);
        let n_channels = info.as_ref().map_or(1, |info| info.channels);
        let slot = slot_of(slots, &event.metric, &event_channels(n_channels));
        PanelEvent {
            key: format!("{}:events", event.metric),
            metric: event.metric.clone(),
            label: named(&event.label, info.as_ref(), &event.metric),
            unit: info.map(|info| info.unit).unwrap_or_default(),
            color: n_colors + at,
            events: slot
                .and_then(Slot::envelope)
                .map(|envelope| Arc::new(events_of(envelope))),
            failure: slot.and_then(|slot| slot.failure.clone()),
        }
    };
    events.iter().enumerate().map(event).collect()
}

fn events_of(envelope: &Envelope) -> Events {
    // One channel is all there is, or the band tells which it was.
    match envelope {
        Envelope::Columns { series, .. } => {
            let all = series.iter().map(|series| Events::of(Shape::Columns(series), None));
            all.reduce(Events::joined).unwrap_or_default()
        }
        Envelope::Samples { series, .. } => {
            let all = series.iter().map(|series| Events::of(Shape::Samples(series), None));
            all.reduce(Events::joined).unwrap_or_default()
        }
    }
}

/// The strips of a panel; their colours go on after `n_colors`.
pub fn panel_strips(
    strips: &[Strip],
    slots: &[Slot],
    metric: impl Fn(&str) -> Option<MetricInfo>,
    n_colors: usize,
) -> Vec<PanelStrip> {
    let strip = |(at, strip): (usize, &Strip)| {
        let info = metric(&strip.metric);
        let slot = slot_of(slots, &strip.metric, &strip_channel());
        let interval_s = info.as_ref().and_then(|info| info.interval_s);
        PanelStrip {
            key: format!("{}:strip", strip.metric),
            metric: strip.metric.clone(),
            label: named(&strip.label, info.as_ref(), &strip.metric),
            color: n_colors + at,
            stretches: slot
                .and_then(Slot::envelope)
                .map(|envelope| Arc::new(stretches_of(envelope, interval_s))),
            failure: slot.and_then(|slot| slot.failure.clone()),
        }
    };
    strips.iter().enumerate().map(strip).collect()
}

fn stretches_of(envelope: &Envelope, interval_s: Option<f64>) -> Vec<Stretch> {
    // Other channels may have been asked for by lines of the same metric.
    let shape = match envelope {
        Envelope::Columns { series, .. } => series
            .iter()
            .find(|series| series.channel == Some(0))
            .map(Shape::Columns),
        Envelope::Samples { series, .. } => series.iter().find(|series| series.channel == 0).map(Shape::Samples),
    };
    let line = shape.map(|shape| PlotLine {
        shape,
        color: 0,
        axis: Axis::Left,
        interval_s,
        is_faded: false,
    });
    line.map(|line| stretches(&line)).unwrap_or_default()
}

fn slot_of<'a>(slots: &'a [Slot], metric: &str, channels: &shared::metric::ChannelSelection) -> Option<&'a Slot> {
    slots.iter().find(|slot| slot.ask.holds(metric, channels))
}

fn named(label: &str, info: Option<&MetricInfo>, metric: &str) -> String {
    match info {
        _ if !label.is_empty() => label.to_owned(),
        Some(info) => info.title.clone(),
        None => metric.to_owned(),
    }
}

#[cfg(test)]
mod tests;
