//! The names of what a panel shows, below the plot, and what is drawn of it.

use leptos::prelude::*;
use shared::chart::shape::Shape;

use super::chart::Chart;
use super::content::{Content, Entry, Swatch};
use super::hover::swatch;
use super::lines::PanelLine;
use crate::dom::view;
use crate::format;
use crate::reactive::{Derived, Kept};
use crate::state::hidden::use_hidden;
use crate::state::server_clock::use_now;

/// The most entries that are named; the others are counted.
const MOST_NAMES: usize = 24;

/// The legend of a panel: a click hides a line or shows it again, a double click or Alt and a click shows it alone.
/// While an entry is pointed at, the other lines step back, so that none is told by its colour alone.
pub fn legend(chart: Chart) -> AnyView {
    // By the range at rest: a gesture would make the legend anew with each frame.
    let entries = Derived::new(move || {
        let range = chart.view().settled().get();
        chart.calm().content.with(|content| content.entries(range))
    });
    let names = move || {
        let entries = entries.get();
        let more = entries.len().saturating_sub(MOST_NAMES);
        // One unit for all stands in the head of the panel.
        let lines = || entries.iter().filter(|entry| matches!(entry.swatch, Swatch::Line(_)));
        let has_units = lines().any(|line| lines().any(|other| line.unit != other.unit));
        let named: Vec<Entry> = entries.into_iter().take(MOST_NAMES).collect();
        let entries = named
            .into_iter()
            .map(|named| entry(chart, named, has_units))
            .collect_view();
        view! {
            {entries}
            {(more > 0).then(|| view! { <li class="legend__more">{format!("and {more} more")}</li> }.into_any())}
        }
        .into_any()
    };
    view! {
        <div class="plot__footer">
            <ul class="legend" aria-label="Lines and marks">
                {names}
            </ul>
            <span class="plot__badge">{move || badge(chart)}</span>
        </div>
    }
    .into_any()
}

fn entry(chart: Chart, entry: Entry, has_units: bool) -> AnyView {
    let hidden = use_hidden();
    let Entry {
        key,
        label,
        unit,
        swatch: mark,
        failure,
        note,
    } = entry;
    let is_line = matches!(mark, Swatch::Line(_));
    let key = Kept::new(key);
    let is_hidden = move || {
        chart
            .panel_id()
            .with_value(|panel| key.with_value(|key| hidden.contains(panel, key)))
    };
    let on_click = move |event: leptos::ev::MouseEvent| {
        let (panel, key) = (chart.panel_id().get_value(), key.get_value());
        let is_second_of_double = event.detail() > 1;
        if is_line && (event.alt_key() || is_second_of_double) {
            if is_second_of_double && !event.alt_key() {
                // The first click of the two has hidden it, or shown it.
                hidden.toggle(&panel, &key);
            }
            let all: Vec<String> = chart
                .content()
                .with_untracked(|content| content.lines.iter().map(|line| line.key.clone()).collect());
            hidden.isolate(&panel, &key, &all);
        } else {
            hidden.toggle(&panel, &key);
        }
    };
    let has_failed = failure.is_some();
    let title = failure.clone().unwrap_or_else(|| {
        let hint = if is_line {
            "Click to hide or show, double click to show it alone"
        } else {
            "Click to hide or show"
        };
        if note.is_empty() {
            hint.to_owned()
        } else {
            format!("{note}. {hint}")
        }
    });
    view! {
        <li>
            <button
                type="button"
                class="legend__entry"
                class:legend__entry--failed=has_failed
                data-line=key.get_value()
                aria-pressed=move || if is_hidden() { "false" } else { "true" }
                title=title
                on:click=on_click
                on:pointerenter=move |_| chart.point_out(Some(key.get_value()))
                on:pointerleave=move |_| chart.point_out(None)
                on:focus=move |_| chart.point_out(Some(key.get_value()))
                on:blur=move |_| chart.point_out(None)
            >
                {swatch(mark)}
                <span class="legend__label">{label}</span>
                {(has_units && !unit.is_empty()).then(|| view! { <span class="legend__unit">{unit}</span> }.into_any())}
                {failure.map(|failure| view! { <span class="legend__failure">"failed: " {failure}</span> }.into_any())}
            </button>
        </li>
    }
    .into_any()
}

/// An honest word on what is drawn: all samples, or columns that keep every extreme.
fn badge(chart: Chart) -> String {
    let is_exact = chart.is_exact().get();
    if chart.view().is_sliding().get() {
        // Also when nothing comes the window leaves samples behind.
        use_now().track();
    }
    let range = chart
        .plot()
        .with_untracked(|plot| plot.as_ref().map(|plot| plot.time.range()));
    let Some(range) = range.filter(|_| chart.size().get().is_some()) else {
        return String::new();
    };
    if !is_exact {
        return "loading …".to_owned();
    }
    let (mut n_samples, mut n_columns) = (0, 0);
    chart.calm().shown.with(|content| {
        for shape in content.lines.iter().filter_map(PanelLine::shape) {
            n_samples += shape.sample_count(range);
            if !matches!(shape, Shape::Samples(_)) {
                n_columns = n_columns.max(shape.visible(range).len());
            }
        }
    });
    let told = |content: &Content| match &content.cells {
        Some(cells) if content.lines.is_empty() => cells.badge(),
        _ => None,
    };
    if let Some(told) = chart.calm().shown.with(told) {
        return told;
    }
    let samples = format!("{} samples", format::count(n_samples));
    match n_columns {
        _ if n_samples == 0 => String::new(),
        0 => format!("exact · {samples}"),
        _ => format!("exact · {} columns of {samples}", format::count(n_columns as u64)),
    }
}
