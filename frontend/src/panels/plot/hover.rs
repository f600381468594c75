//! The box beside the cursor with the exact values.

use leptos::html::Div;
use leptos::prelude::*;

use super::chart::{Attention, Chart, units_per_px};
use super::clock::use_zone;
use super::content::{Content, Swatch};
use super::readout::{At, Fact, Readout, Row, readout};
use crate::browser::number::text_of;
use crate::dom::{NodeRef, view};
use crate::reactive::{Derived, effect};
use crate::state::server_clock::use_now;

/// Between the cursor and the box, in CSS pixels.
const GAP_PX: f64 = 14.0;
/// Between the box and the edges of the window, in CSS pixels.
const MARGIN_PX: f64 = 4.0;

/// The exact values at the cursor, while it is in this panel. Read out by screen readers when moved by the keyboard.
/// It lies over `stage`.
pub fn tooltip(chart: Chart, stage: NodeRef<Div>) -> AnyView {
    let (now, zone) = (use_now(), use_zone());
    let told = Derived::new(move || {
        let time = chart
            .cursor()
            .0
            .get()
            .filter(|_| chart.attention().get() != Attention::Elsewhere)?;
        let units_per_px = units_per_px(chart.size().get()?);
        let at = At {
            time,
            y: chart.cursor_y().get().map(|y_px| y_px * units_per_px),
        };
        let now = now.get();
        chart.plot().with(|plot| {
            let plot = plot.as_ref()?;
            let told = |content: &Content| readout(content, plot, units_per_px, at, now, |time_us| zone.name(time_us));
            Some(chart.shown().with(told))
        })
    });
    let element = NodeRef::<Div>::new();
    effect(move || {
        told.track();
        if let (Some(tooltip), Some(stage), Some(x_px)) = (element.get(), stage.get(), cursor_px(chart)) {
            place(&tooltip, &stage, x_px);
        }
    });
    let live = move || {
        if chart.attention().get() == Attention::Keyboard {
            "polite"
        } else {
            "off"
        }
    };
    view! {
        <div
            node_ref=element
            class="tooltip"
            class:tooltip--shown=move || told.with(Option::is_some)
            role="status"
            aria-live=live
        >
            {move || told.get().map(content)}
        </div>
    }
    .into_any()
}

/// How far the cursor is from the left edge of the stage, in CSS pixels; tracks.
pub fn cursor_px(chart: Chart) -> Option<f64> {
    let at = chart.cursor().0.get()?;
    let units_per_px = units_per_px(chart.size().get()?);
    chart
        .plot()
        .with(|plot| Some(plot.as_ref()?.time.x_from_time(at.as_micros()) / units_per_px))
}

/// Right of the cursor, left of it where there is no room, and always within the window.
fn place(tooltip: &web_sys::HtmlDivElement, stage: &web_sys::HtmlDivElement, x_px: f64) {
    let width = f64::from(tooltip.offset_width());
    let frame = stage.get_bounding_client_rect();
    let window_width = f64::from(document().document_element().map_or(0, |root| root.client_width()));
    let fits_right = x_px + GAP_PX + width <= frame.width();
    let wished = if fits_right {
        x_px + GAP_PX
    } else {
        x_px - GAP_PX - width
    };
    let (least, most) = (
        MARGIN_PX - frame.left(),
        window_width - MARGIN_PX - frame.left() - width,
    );
    let left = wished.min(most).max(least);
    let style = web_sys::HtmlElement::style(tooltip);
    // Fails only for names that are no properties.
    let _ = style.set_property("transform", &format!("translateX({}px)", text_of(left.round())));
}

fn content(readout: Readout) -> AnyView {
    let Readout { time, ago, rows, more } = readout;
    view! {
        <div class="tooltip__time">
            <span>{time}</span>
            {(!ago.is_empty()).then(|| view! { <span>" · " {ago}</span> }.into_any())}
        </div>
        {rows.into_iter().map(row).collect_view()}
        {(more > 0).then(|| view! { <div class="tooltip__more">{format!("and {more} more lines")}</div> }.into_any())}
    }
    .into_any()
}

fn row(row: Row) -> AnyView {
    let Row {
        key,
        label,
        swatch: mark,
        is_nearest,
        facts,
    } = row;
    let is_summary = facts.len() > 1;
    let heading = is_summary.then(|| view! { <div class="tooltip__label">{label.clone()}</div> }.into_any());
    let facts = facts
        .into_iter()
        .map(|told| fact(&key, if is_summary { "" } else { &label }, told))
        .collect_view();
    view! {
        <div class="tooltip__row" class:tooltip__row--nearest=is_nearest>
            {swatch(mark)}
            <div class="tooltip__facts">{heading} {facts}</div>
        </div>
    }
    .into_any()
}

fn fact(key: &str, label: &str, fact: Fact) -> AnyView {
    let Fact {
        kind,
        text,
        unit,
        detail,
        value,
        time_us,
    } = fact;
    view! {
        <div
            class="tooltip__fact"
            data-line=key.to_owned()
            data-stat=kind
            data-value=value
            data-time-us=time_us.map(|time_us| time_us.to_string())
        >
            <b class="tooltip__value">{text}</b>
            {part("tooltip__unit", unit)}
            {part("tooltip__detail", label.to_owned())}
            {part("tooltip__detail", detail)}
        </div>
    }
    .into_any()
}

/// The mark in front of a name.
pub fn swatch(swatch: Swatch) -> AnyView {
    view! { <i class="swatch" data-kind=swatch.kind() data-color=swatch.color() aria-hidden="true"></i> }.into_any()
}

/// A part of a line of text, apart from the one before also where styles are not seen.
fn part(class: &'static str, text: String) -> Option<AnyView> {
    (!text.is_empty()).then(|| view! { " " <span class=class>{text}</span> }.into_any())
}
