//! What a panel over time shows, as files.

use leptos::prelude::untrack;
use plotters::drawing::DrawingArea;
use shared::chart::palette::Rgba;
use shared::chart::shape::Shape;
use shared::dashboard::Severity;
use shared::query::envelope::Envelope;
use shared::time::TimeRange;

use super::chart::Chart;
use super::content::{Content, Swatch};
use super::data::{Answers, Ask, Slot};
use super::data_layer::draw_on;
use crate::chart::csv::{CsvLine, lines_csv};
use crate::components::panel_files::{FileParts, PanelFiles};
use crate::panels::cells::csv::cells_csv;
use crate::state::server_clock::use_now;
use crate::theme::palette;

/// The files of a panel.
pub fn files_of(chart: Chart, answers: Answers) -> PanelFiles {
    let now = use_now();
    let range = move || {
        chart
            .plot()
            .with_untracked(|plot| plot.as_ref().map(|plot| plot.time.range()))
    };
    PanelFiles::new(FileParts {
        size: Box::new(move || chart.size().get_untracked()),
        draw: Box::new(move |canvas| {
            let target = DrawingArea::from(canvas);
            // Nothing is drawn before there is something to be seen.
            let _ = untrack(|| draw_on(&target, chart, Some(now.get()), None));
        }),
        legend: Box::new(move || chart.shown().with_untracked(|content| legend(content, range()))),
        csv: Box::new(move || {
            let Some(range) = range() else { return String::new() };
            let table = |content: &Content, slots: &Vec<Slot>| csv(content, slots, range);
            chart
                .shown()
                .with_untracked(|content| answers.slots().with_untracked(|slots| table(content, slots)))
        }),
    })
}

fn legend(content: &Content, range: Option<TimeRange>) -> Vec<(Rgba, String)> {
    let palette = palette();
    let color = |swatch: Swatch| match swatch {
        Swatch::Line(color) | Swatch::Event(color) | Swatch::Strip(color) => palette.line(color),
        Swatch::Limit(Severity::Alarm) => palette.alarm,
        Swatch::Limit(Severity::Warning) => palette.warning,
        Swatch::Limit(Severity::Ok | Severity::None) | Swatch::Cells | Swatch::Alarm(_) => palette.text_dim,
    };
    let entries = content.entries(range).into_iter();
    entries.map(|entry| (color(entry.swatch), entry.label)).collect()
}

/// The data of lines, events and strips. What is drawn twice, such as a line that has a strip too, is there once.
fn csv(content: &Content, slots: &[Slot], range: TimeRange) -> String {
    if let Some(cells) = content.cells.as_ref().filter(|_| content.lines.is_empty()) {
        return cells_csv(cells);
    }
    let mut lines: Vec<CsvLine<'_>> = content
        .lines
        .iter()
        .filter_map(|line| {
            Some(CsvLine {
                metric: &line.metric,
                unit: &line.unit,
                shape: line.shape()?,
            })
        })
        .collect();
    let events = content.events.iter().map(|event| event.metric.as_str());
    let strips = content.strips.iter().map(|strip| strip.metric.as_str());
    for metric in events.chain(strips) {
        if lines.iter().all(|line| line.metric != metric) {
            let of_metric = slots.iter().filter(|slot| is_envelope_of(&slot.ask, metric));
            for envelope in of_metric.filter_map(Slot::envelope) {
                add_lines(&mut lines, envelope);
            }
        }
    }
    lines_csv(&lines, range)
}

fn is_envelope_of(ask: &Ask, name: &str) -> bool {
    matches!(ask, Ask::Envelope { metric, .. } if metric == name)
}

fn add_lines<'a>(lines: &mut Vec<CsvLine<'a>>, envelope: &'a Envelope) {
    match envelope {
        Envelope::Columns { metric, unit, series } => lines.extend(series.iter().map(|series| CsvLine {
            metric,
            unit,
            shape: match series.channel {
                Some(_) => Shape::Columns(series),
                None => Shape::Band(series),
            },
        })),
        Envelope::Samples { metric, unit, series } => lines.extend(series.iter().map(|series| CsvLine {
            metric,
            unit,
            shape: Shape::Samples(series),
        })),
    }
}
