//! All that a panel shows, with the data that came: what legend, drawing, readout and table go by.

use std::sync::Arc;

use shared::alarm::AlarmState;
use shared::chart::plot::{LeftAxis, PlotData};
use shared::dashboard::{Axis, Line, Severity};
use shared::display::MetricDisplay;
use shared::metric::MetricInfo;
use shared::time::{TimeRange, Timestamp};

use super::data::Slot;
use super::lines::{PanelLine, panel_lines, units_of};
use super::marks::{
    PanelEvent, PanelLimit, PanelStrip, limits_of_metrics, limits_of_panel, panel_events, panel_strips,
};
use super::spec::PlotSpec;
use super::watch::Watch;
use crate::format;
use crate::panels::cells::content::PanelCells;

/// What a panel shows.
#[derive(Clone, PartialEq, Debug)]
pub struct Content {
    /// The lines, in the order of the dashboard.
    pub lines: Vec<PanelLine>,
    /// The levels.
    pub limits: Vec<PanelLimit>,
    /// The events.
    pub events: Vec<PanelEvent>,
    /// The strips.
    pub strips: Vec<PanelStrip>,
    /// How the left axis runs.
    pub left: LeftAxis,
    /// The metric whose chosen channel is the last of the lines, if one is chosen.
    pub follows: Option<String>,
    /// The cells beneath the lines.
    pub cells: Option<PanelCells>,
    /// What the rules of alarms say about the metrics; `None` where no rule does.
    pub watch: Option<Arc<Watch>>,
}

/// A mark in front of a name, which says what it names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Swatch {
    /// A line of this colour, counted from 0.
    Line(usize),
    /// Strokes of this colour.
    Event(usize),
    /// A strip of this colour.
    Strip(usize),
    /// A level.
    Limit(Severity),
    /// Cells, which have many colours.
    Cells,
    /// What rules of alarms said.
    Alarm(AlarmState),
}

impl Swatch {
    /// Which kind it is, for the style sheet.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Line(_) => "line",
            Self::Event(_) => "event",
            Self::Strip(_) => "strip",
            Self::Limit(_) => "limit",
            Self::Cells => "cells",
            Self::Alarm(_) => "alarm",
        }
    }

    /// Its colour, for the style sheet: a number from 1, or a severity.
    pub fn color(self) -> String {
        match self {
            Self::Line(color) | Self::Event(color) | Self::Strip(color) => {
                (color % shared::chart::palette::SERIES_COLORS + 1).to_string()
            }
            Self::Limit(severity) => severity.as_str().to_owned(),
            Self::Cells => String::new(),
            Self::Alarm(state) => state.as_str().to_owned(),
        }
    }
}

/// One entry of the legend.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// Its name in links and in the page.
    pub key: String,
    /// Its name for people.
    pub label: String,
    /// The unit of a line.
    pub unit: String,
    /// What stands before it.
    pub swatch: Swatch,
    /// Why there are no data, or why they are not the newest.
    pub failure: Option<String>,
    /// What its name does not say by itself; empty for most.
    pub note: &'static str,
}

/// Of a column its extremes are known, and not how many of its samples were events.
const AT_LEAST: &str = "At least so many: where a column holds more than its two extremes, only these are counted; zoom in \
                        to count all";

impl Content {
    /// Everything of a panel with its lines and the answers so far.
    pub fn new(
        spec: &PlotSpec,
        lines: &[Line],
        slots: &[Slot],
        metric: impl Fn(&str) -> Option<MetricInfo>,
        display: impl Fn(&str) -> MetricDisplay,
    ) -> Self {
        let mut drawn = panel_lines(lines, slots, &metric);
        if let Some(chosen) = drawn.iter_mut().find(|line| is_chosen(spec, line)) {
            chosen.color = CHOSEN_COLOR;
        }
        let mut limits = limits_of_panel(&spec.limits.lines, slots);
        limits.extend(limits_of_metrics(lines, &display, &metric));
        let cells = spec
            .cells
            .as_ref()
            .map(|cells| PanelCells::new(cells, slots, &metric, &display));
        // Where there are lines, they say how far the axis reaches.
        let rows = cells.as_ref().filter(|_| spec.lines.is_empty());
        let left = rows.and_then(PanelCells::left_axis).unwrap_or(LeftAxis::Values {
            is_log: spec.limits.log,
            low: spec.limits.low,
            high: spec.limits.high,
        });
        let events = panel_events(&spec.limits.events, slots, &metric, drawn.len());
        let strips = panel_strips(&spec.strips, slots, &metric, drawn.len() + events.len());
        Self {
            lines: drawn,
            limits,
            events,
            strips,
            left,
            follows: spec.follows.clone(),
            cells,
            watch: None,
        }
    }

    /// What stands beside the title: the units of all lines, or that of the cells.
    pub fn unit(&self) -> String {
        match &self.cells {
            Some(cells) if self.lines.is_empty() => cells.unit(),
            _ => units_of(self.lines.iter()),
        }
    }

    /// Only what is not hidden.
    #[must_use]
    pub fn without(&self, is_hidden: impl Fn(&str) -> bool) -> Self {
        let mut shown = self.clone();
        shown.lines.retain(|line| !is_hidden(&line.key));
        shown.limits.retain(|limit| !is_hidden(&limit.key));
        shown.events.retain(|event| !is_hidden(&event.key));
        shown.strips.retain(|strip| !is_hidden(&strip.key));
        shown
    }

    /// The legend, in its order.
    pub fn entries(&self, range: Option<TimeRange>) -> Vec<Entry> {
        let lines = self.lines.iter().map(|line| Entry {
            key: line.key.clone(),
            label: line.label.clone(),
            unit: line.unit.clone(),
            swatch: Swatch::Line(line.color),
            failure: line.failure.clone(),
            note: "",
        });
        let events = self.events.iter().map(|event| {
            let (label, is_exact) = counted(event, range);
            Entry {
                key: event.key.clone(),
                label,
                unit: String::new(),
                swatch: Swatch::Event(event.color),
                failure: event.failure.clone(),
                note: if is_exact { "" } else { AT_LEAST },
            }
        });
        let strips = self.strips.iter().map(|strip| Entry {
            key: strip.key.clone(),
            label: strip.label.clone(),
            unit: String::new(),
            swatch: Swatch::Strip(strip.color),
            failure: strip.failure.clone(),
            note: "",
        });
        let limits = self.limits.iter().map(|limit| Entry {
            key: limit.key.clone(),
            label: limit.label.clone(),
            unit: String::new(),
            swatch: Swatch::Limit(limit.severity),
            failure: limit.failure.clone(),
            note: "",
        });
        lines.chain(events).chain(strips).chain(limits).collect()
    }

    /// What there is to draw of a range. What is not pointed out steps back, if anything is.
    pub fn plot_data(&self, range: TimeRange, now: Option<Timestamp>, pointed_out: Option<&str>) -> PlotData<'_> {
        let unit = |side: Axis| units_of(self.lines.iter().filter(|line| line.axis == side));
        let is_faded = |key: &str| self.is_drawn(pointed_out) && Some(key) != pointed_out;
        let lines = self.lines.iter().filter_map(|line| {
            let mut drawn = line.plot_line()?;
            drawn.is_faded = is_faded(&line.key);
            Some(drawn)
        });
        let events = self.events.iter().filter_map(|event| {
            let mut marks = event.marks()?;
            marks.is_faded = is_faded(&event.key);
            Some(marks)
        });
        let strips = self.strips.iter().map(|strip| {
            let mut marks = strip.marks();
            marks.is_faded = is_faded(&strip.key);
            marks
        });
        PlotData {
            left: self.left.clone(),
            lines: lines.collect(),
            limits: self.limits.iter().flat_map(|limit| limit.marks.clone()).collect(),
            events: events.collect(),
            strips: strips.collect(),
            ribbon: self.watch.as_ref().map(|watch| watch.worst.as_slice()),
            left_unit: unit(Axis::Left),
            right_unit: unit(Axis::Right),
            now,
            has_color_bar: self.cells.as_ref().is_some_and(PanelCells::has_bar),
            ..PlotData::empty(range)
        }
    }

    /// Whether there is anything of this key that the others can step back behind.
    fn is_drawn(&self, key: Option<&str>) -> bool {
        let Some(key) = key else { return false };
        let of_lines = self.lines.iter().any(|line| line.key == key && line.shape().is_some());
        let of_events = self
            .events
            .iter()
            .any(|event| event.key == key && event.events.is_some());
        of_lines || of_events || self.strips.iter().any(|strip| strip.key == key)
    }

    /// Whether anything measured is seen in a range.
    pub fn shows_any(&self, range: TimeRange) -> bool {
        let has_line = |line: &PanelLine| line.shape().is_some_and(|shape| !shape.visible(range).is_empty());
        let has_event = |event: &PanelEvent| {
            let events = event.events.as_ref();
            events.is_some_and(|events| !events.visible(range).is_empty())
        };
        let (start, end) = (range.start().as_micros(), range.end().as_micros());
        let has_strip = |strip: &PanelStrip| {
            let mut stretches = strip.stretches.iter().flat_map(|stretches| stretches.iter());
            stretches.any(|stretch| stretch.start_us < end && start < stretch.end_us)
        };
        let has_cell = self.cells.as_ref().is_some_and(|cells| cells.holds_any(range));
        has_cell
            || self.lines.iter().any(has_line)
            || self.events.iter().any(has_event)
            || self.strips.iter().any(has_strip)
    }
}

/// Which of the colours of lines is that of what is chosen.
const CHOSEN_COLOR: usize = 3;

/// Whether a line is that of the chosen channel.
fn is_chosen(spec: &PlotSpec, line: &PanelLine) -> bool {
    line.channel.is_some() && spec.follows.as_ref() == Some(&line.metric)
}

/// The name of events with their number in a range, and whether there are no more.
fn counted(event: &PanelEvent, range: Option<TimeRange>) -> (String, bool) {
    let count = event
        .events
        .as_ref()
        .zip(range)
        .map(|(events, range)| events.count(range));
    let Some(count) = count else {
        return (event.label.clone(), true);
    };
    let more = if count.is_exact { "" } else { " or more" };
    let label = format!("{} · {}{more}", event.label, format::count(count.count));
    (label, count.is_exact)
}

#[cfg(test)]
mod tests {
    use shared::dashboard::{Event, PlotLimits, Strip};
    use shared::display::Limits;
    use shared::metric::ChannelSelection;
    use shared::query::envelope::{Envelope, SampleSeries};

    use super::*;
    use crate::panels::plot::data::{Answer, asks_of};

    fn spec() -> PlotSpec {
        PlotSpec {
            lines: vec![Line {
                metric: "t".to_owned(),
                channels: ChannelSelection::List(vec![0]),
                label: "mirror".to_owned(),
                axis: Axis::Left,
            }],
            limits: PlotLimits {
                events: vec![Event {
                    metric: "trip".to_owned(),
                    label: "trip".to_owned(),
                }],
                ..PlotLimits::default()
            },
            strips: vec![Strip {
                metric: "on".to_owned(),
                label: "on".to_owned(),
            }],
            ..PlotSpec::default()
        }
    }

    /// Everything answered with a 1 at the epoch and each second after it, three in all.
    fn content() -> Content {
        let spec = spec();
        let answered = |ask| {
            let series = SampleSeries {
                time_us: vec![0, 1_000_000, 2_000_000],
                value: vec![1.0.into(); 3],
                ..SampleSeries::default()
            };
            Slot {
                answer: Some(Answer::Envelope(Arc::new(Envelope::Samples {
                    metric: "any".to_owned(),
                    unit: "K".to_owned(),
                    series: vec![series],
                }))),
                ..Slot::open(ask)
            }
        };
        let slots: Vec<Slot> = asks_of(&spec, &spec.lines, |_| 1).into_iter().map(answered).collect();
        let display = |metric: &str| MetricDisplay {
            limits: Limits {
                high_alarm: (metric == "t").then_some(30.0),
                ..Limits::default()
            },
            ..MetricDisplay::default()
        };
        Content::new(&spec, &spec.lines, &slots, |_| None, display)
    }

    fn range(start_us: i64, end_us: i64) -> TimeRange {
        let time = Timestamp::saturating_from_micros;
        TimeRange::new(time(start_us), time(end_us)).unwrap()
    }

    #[test]
    fn the_legend_names_everything_and_counts_events() {
        let told: Vec<String> = content()
            .entries(Some(range(500_000, 9_000_000)))
            .iter()
            .map(|entry| format!("{} {} {}", entry.key, entry.swatch.kind(), entry.label))
            .collect();
        assert_eq!(
            told,
            [
                "t:0 line mirror",
                "trip:events event trip · 2",
                "on:strip strip on",
                "t:limits limit limits"
            ]
        );
    }

    #[test]
    fn what_is_hidden_is_not_drawn_and_what_is_not_pointed_out_steps_back() {
        let content = content();
        let shown = content.without(|key| key == "t:limits");
        let data = shown.plot_data(range(0, 9_000_000), None, Some("trip:events"));
        assert!(data.limits.is_empty() && content.limits.len() == 1);
        let faded = (data.lines[0].is_faded, data.events[0].is_faded, data.strips[0].is_faded);
        assert_eq!(faded, (true, false, true));
        // Nothing is drawn of a limit that would be seen better without the lines.
        let data = content.plot_data(range(0, 9_000_000), None, Some("t:limits"));
        assert!(!data.lines[0].is_faded);
    }

    #[test]
    fn a_range_without_anything_measured_shows_nothing() {
        let content = content();
        assert!(content.shows_any(range(0, 1_000_000)));
        assert!(!content.shows_any(range(50_000_000, 60_000_000)));
        let only_events = content.without(|key| !key.ends_with("events"));
        assert!(only_events.shows_any(range(0, 1_000_000)) && !only_events.shows_any(range(1, 2)));
    }
}
