//! Values that stay on the screen: pinned by a click, kept in the address bar, each with the raw samples behind it.

use leptos::prelude::*;
use shared::chart::pick::{Picked, pick};
use shared::time::{TimeRange, Timestamp};

use super::chart::{Chart, units_per_px};
use super::clock::use_zone;
use super::content::{Content, Swatch};
use super::hover::swatch;
use super::lines::PanelLine;
use super::pinned::{Part, Pin, Told};
use super::raw_samples::raw_samples;
use super::readout::{Clock, REACH_PX, exact_text, line_distance, nearest_row};
use crate::components::icon::{Icon, icon};
use crate::dom::view;
use crate::format;
use crate::panels::cells::choose::{Cell, cell_at_cursor, choose};
use crate::panels::cells::content::PanelCells;
use crate::panels::cells::spec::CellsSpec;
use crate::reactive::{Callback, Derived, State};
use crate::state::address::Pinned;

/// A pointer that is further than this from all lines means the cells beneath them, in CSS pixels.
const ON_LINE_PX: f64 = 8.0;

/// Pins what is under the cursor, or lets go of it if it is pinned. In rows of channels a click chooses the channel, and
/// one on the chosen channel pins. Of several lines it is the one nearest to the pointer or, without one, the first that
/// is not pinned yet; cells between lines are pinned where no line is near.
pub fn pin_at_cursor(chart: Chart) -> Option<()> {
    let cell = cell_at_cursor(chart);
    if let Some(Cell::Row(row)) = &cell
        && !row.is_chosen
    {
        choose(chart, row);
        return Some(());
    }
    let line = line_at_cursor(chart);
    let (what, range) = match (line, cell) {
        (Some(line), Some(cell)) if line.away_px > ON_LINE_PX => cell.pin(),
        (Some(line), _) => (line.what, line.range),
        (None, Some(cell)) => cell.pin(),
        (None, None) => return None,
    };
    let panel = chart.panel_id().get_value();
    chart.pinned().toggle(&Pinned { panel, what, range });
    Some(())
}

/// A value of a line under the cursor.
struct OfLine {
    what: String,
    range: TimeRange,
    /// How far the pointer is from where it is drawn, in CSS pixels; 0 without a pointer.
    away_px: f64,
}

fn line_at_cursor(chart: Chart) -> Option<OfLine> {
    let at = chart.cursor().0.get_untracked()?;
    let units_per_px = units_per_px(chart.size().get_untracked()?);
    let y = chart.cursor_y().get_untracked().map(|y_px| y_px * units_per_px);
    let panel = chart.panel_id().get_value();
    let pinned = untrack(|| chart.pinned().of(&panel));
    chart.plot().with_untracked(|plot| {
        let plot = plot.as_ref()?;
        let reach_us = plot.time.micros_in(REACH_PX * units_per_px);
        chart.shown().with_untracked(|content: &Content| {
            let lines = content.lines.iter();
            let picks: Vec<(&PanelLine, Option<Picked>)> = lines
                .map(|line| {
                    let picked = line.plot_line().and_then(|line| pick(&line, at.as_micros(), reach_us));
                    (line, picked)
                })
                .collect();
            let found = |at: usize| {
                let (line, picked) = picks.get(at)?;
                let away = y.and_then(|y| line_distance(line, picked.as_ref()?, plot, y));
                Some(OfLine {
                    what: line.key.clone(),
                    range: range_of(picked.as_ref()?),
                    away_px: away.unwrap_or(0.0) / units_per_px,
                })
            };
            if let Some(nearest) = nearest_row(&picks, plot, y) {
                return found(nearest);
            }
            let is_new = |line: &OfLine| {
                !pinned
                    .iter()
                    .any(|pin| pin.what == line.what && pin.range == line.range)
            };
            let mut all: Vec<OfLine> = (0..picks.len()).filter_map(found).collect();
            let first_new = all.iter().position(is_new);
            let at = first_new.unwrap_or(all.len().saturating_sub(1));
            (at < all.len()).then(|| all.swap_remove(at))
        })
    })
}

/// The time from which the samples behind a value are.
fn range_of(picked: &Picked) -> TimeRange {
    let (start_us, end_us) = match *picked {
        Picked::Sample { time_us, .. } => (time_us, time_us + 1),
        Picked::Column { start_us, end_us, .. } => (start_us, end_us),
    };
    let time = Timestamp::saturating_from_micros;
    TimeRange::new(time(start_us), time(end_us)).unwrap_or(TimeRange::ALL)
}

/// What the list says of a pinned value.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// The value.
    pub pin: Pin,
    /// Whose it is.
    pub label: String,
    /// The unit of its samples.
    pub unit: String,
    /// The value in words: `22.82 °C`, `4.1 to 9.3 °C`, `null`.
    pub value: String,
    when: String,
    swatch: Swatch,
}

/// The pinned values under the plot, each with a way to its raw samples and a way to let go of it.
pub fn pin_list(chart: Chart) -> AnyView {
    let zone = use_zone();
    let opened = State::new(None::<Entry>);
    // Not made anew with each answer of the panel.
    let entries = Derived::new(move || {
        let axis_clock = chart.clock().get()?;
        let clock = Clock {
            clock: &axis_clock,
            digits: 0,
            with_date: true,
        };
        let entry = |(pin, told): &(Pin, Told)| {
            let start_us = pin.range().start().as_micros();
            let when = format!("{} {}", clock.text(start_us), zone.name(start_us));
            chart.content().with(|content| told_entry(content, pin, told, when))
        };
        Some(chart.pins().with(|pins| pins.iter().map(entry).collect::<Vec<Entry>>()))
    });
    let list = move || {
        let entries = entries.get().filter(|entries| !entries.is_empty())?;
        let entries = entries.into_iter().enumerate();
        let entries = entries.map(|(at, told)| entry(chart, at, told, opened)).collect_view();
        Some(view! { <ul class="pins" aria-label="Pinned values" aria-live="polite">{entries}</ul> }.into_any())
    };
    let samples = move || {
        let entry = opened.get()?;
        let on_close = Callback::new(move |()| opened.set(None));
        Some(untrack(|| raw_samples(chart, entry, on_close)))
    };
    view! {
        {list}
        {samples}
    }
    .into_any()
}

fn told_entry(content: &Content, pin: &Pin, told: &Told, when: String) -> Entry {
    let line = content.lines.iter().find(|line| line.key == pin.pinned.what);
    let cells = content.cells.as_ref();
    let layer = cells.and_then(|cells| cells.layers.iter().find(|layer| layer.metric == pin.metric));
    let unit = line
        .map(|line| line.unit.clone())
        .or_else(|| layer.map(|layer| layer.unit.clone()))
        .unwrap_or_default();
    let title = || layer.map_or_else(|| pin.metric.clone(), |layer| layer.title.clone());
    let (label, value) = match (pin.part, layer) {
        (Part::Band | Part::Channel(_), _) => (None, line_text(told, &unit)),
        (Part::Values { low, high }, _) => {
            let [low, high] = [low, high].map(format::number);
            (
                Some("samples of all channels".to_owned()),
                format!("{low} to {high} {unit}"),
            )
        }
        (Part::Rows { first, last }, layer) => {
            let name = |channel| layer.map_or_else(|| format!("{channel}"), |layer| layer.row_label(channel));
            let rows = if first == last {
                name(first)
            } else {
                format!("{}–{}", name(first), name(last))
            };
            let (statistic, value) = cell_text(cells, pin, told, &unit);
            (Some(format!("{statistic}{} {rows}", title())), value)
        }
    };
    let label = label
        .or_else(|| line.map(|line| line.label.clone()))
        .unwrap_or_else(|| match pin.part {
            Part::Channel(channel) => format!("{} {channel}", title()),
            _ => title(),
        });
    Entry {
        label,
        value: value.trim_end().to_owned(),
        when,
        swatch: line.map_or(Swatch::Cells, |line| Swatch::Line(line.color)),
        pin: pin.clone(),
        unit,
    }
}

/// What a line had: one sample, or from the least to the greatest of a column.
fn line_text(told: &Told, unit: &str) -> String {
    let value = match told {
        Told::Waiting => return "…".to_owned(),
        Told::Failed(_) => return "failed".to_owned(),
        Told::Known(seen) => match (seen.only, seen.extremes) {
            (Some((_, value)), _) => match value.finite() {
                Some(number) => exact_text(number),
                None => return format::value(value),
            },
            (None, Some([min, max])) => format!("{} to {}", exact_text(min.value), exact_text(max.value)),
            (None, None) => return "no value".to_owned(),
        },
    };
    format!("{value} {unit}")
}

/// What a cell said: how it was folded, and the value.
fn cell_text(cells: Option<&PanelCells>, pin: &Pin, told: &Told, unit: &str) -> (String, String) {
    let (Told::Known(seen), Some(cells)) = (told, cells) else {
        return (String::new(), line_text(told, ""));
    };
    let is_one = seen.only.is_some();
    match &cells.spec {
        CellsSpec::States { .. } => {
            let label = |value| cells.state_label(&pin.metric, value);
            let value = match seen.extremes {
                None => "no value".to_owned(),
                Some([min, max]) if min.value < max.value => {
                    format!("several: {} to {}", label(min.value), label(max.value))
                }
                Some([min, _]) => label(min.value),
            };
            (String::new(), value)
        }
        CellsSpec::Values { statistic, .. } if !is_one => {
            let value = seen.statistic(*statistic);
            let text = value.map_or_else(
                || "no value".to_owned(),
                |value| format!("{} {unit}", exact_text(value)),
            );
            (format!("{} of ", statistic.as_str()), text)
        }
        _ => (String::new(), line_text(told, unit)),
    }
}

fn entry(chart: Chart, at: usize, entry: Entry, opened: State<Option<Entry>>) -> AnyView {
    let Entry {
        pin,
        label,
        value,
        when,
        swatch: mark,
        ..
    } = entry.clone();
    let unpin_label = format!("Unpin {value} at {when}");
    let key = pin.pinned.what.clone();
    view! {
        <li class="pin" data-line=key>
            <button
                type="button"
                class="pin__open"
                title="Show the raw samples behind this value"
                on:click=move |_| opened.set(Some(entry.clone()))
            >
                <span class="pin__number">{(at + 1).to_string()}</span>
                {swatch(mark)}
                <b class="pin__value">{value}</b>
                " "
                <span>{label}</span>
                " · "
                <span>{when}</span>
            </button>
            <button
                type="button"
                class="iconbutton pin__remove"
                aria-label=unpin_label
                on:click=move |_| chart.pinned().toggle(&pin.pinned)
            >
                {icon(Icon::Close)}
            </button>
        </li>
    }
    .into_any()
}
