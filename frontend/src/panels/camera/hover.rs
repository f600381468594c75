//! The box beside the channel that is pointed at: what it says exactly.

use leptos::html::Div;
use leptos::prelude::*;
use shared::chart::camera::shape::CameraShape;
use shared::display::CameraPart;
use shared::time::Timestamp;

use super::picture::AnyPicture;
use super::pointing::Pointer;
use super::readings::{Reading, Readings};
use super::shown::Shown;
use crate::browser::number::text_of;
use crate::dom::{NodeRef, view};
use crate::format;
use crate::panels::plot::chart::units_per_px;
use crate::reactive::{Derived, effect};

/// Between the pixel and the box, and between the box and the edges of the window, in CSS pixels.
const GAP_PX: f64 = 16.0;
const MARGIN_PX: f64 = 4.0;

/// What is told of a channel.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Told {
    /// The channel.
    pub channel: u32,
    /// What it is called.
    pub name: String,
    /// What it said.
    pub text: String,
    /// Of a number.
    pub unit: String,
    /// As a number, for tests and scripts; empty for none.
    pub value: String,
    /// When it said so, in microseconds; empty for never.
    pub time_us: String,
    /// In words.
    pub time: String,
    /// What else there is to tell.
    pub more: String,
}

/// The exact value of the channel that is pointed at. Read out by screen readers when the keyboard points.
pub fn tooltip(picture: AnyPicture, pointer: Pointer, stage: NodeRef<Div>) -> AnyView {
    let told = Derived::new(move || {
        let position = pointer.pointed.get()?;
        picture.with_value(|picture| picture.told(position))
    });
    let element = NodeRef::<Div>::new();
    effect(move || {
        told.track();
        if let (Some(tooltip), Some(stage)) = (element.get(), stage.get()) {
            place(picture, pointer, &tooltip, &stage);
        }
    });
    view! {
        <div
            node_ref=element
            class="tooltip"
            class:tooltip--shown=move || told.with(Option::is_some)
            role="status"
            aria-live=move || if pointer.by_keyboard.get() { "polite" } else { "off" }
        >
            {move || told.get().map(content)}
        </div>
    }
    .into_any()
}

/// What is told of a pixel or module; tracks.
pub fn told_of(shown: Shown, pixel: usize) -> Option<Told> {
    let (shape, readings) = (shown.parts().shape.get()?, shown.parts().readings.get()?);
    let at = shown.moment().told()?.at;
    // An age that grows each second only for what is about now.
    let now = if shown.moment().is_fixed() {
        at
    } else {
        shown.parts().now.get().max(at)
    };
    told_at(shown, &shape, &readings, pixel, now)
}

fn told_at(shown: Shown, shape: &CameraShape, readings: &Readings, pixel: usize, now: Timestamp) -> Option<Told> {
    let channel = shown.channel_of(shape, pixel)?;
    let (reading, time) = readings.get(channel);
    let module = shape.module(pixel).filter(|_| shown.parts().part == CameraPart::Pixel);
    let name = shown.name_of(channel);
    let name = match module {
        Some(module) => format!("{name} · module {module}"),
        None => name,
    };
    let said = match reading {
        Reading::Value(value) | Reading::Old(value) => shown.value_text(value),
        other => other.text(),
    };
    let is_old = matches!(reading, Reading::Old(_));
    let when = time.map(|time| {
        let age = format::age(now.micros_since(time));
        let of_age = match (shown.moment().is_fixed(), is_old) {
            (true, false) => format!("{age} before"),
            (true, true) => format!("{age} before: too old"),
            (false, false) => format!("{age} ago"),
            (false, true) => format!("{age} ago: too old"),
        };
        format!("{} · {of_age}", shown.moment().zone.text(time))
    });
    Some(Told {
        channel,
        name,
        text: said,
        unit: if reading.number().is_some() {
            shown.unit()
        } else {
            String::new()
        },
        value: reading.number().map(text_of).unwrap_or_default(),
        time_us: time.map(|time| time.as_micros().to_string()).unwrap_or_default(),
        time: when.unwrap_or_default(),
        more: format!("Neighbours {}", neighbours(shown, shape, readings, pixel)),
    })
}

/// The neighbours with their values: a hot pixel among cold ones is a fault, among hot ones the sky.
fn neighbours(shown: Shown, shape: &CameraShape, readings: &Readings, pixel: usize) -> String {
    let channels: Vec<u32> = match shown.parts().part {
        CameraPart::Pixel => shape
            .neighbours(pixel)
            .filter_map(|pixel| u32::try_from(pixel).ok())
            .collect(),
        CameraPart::Module => shape
            .module(pixel)
            .map(|module| shape.neighbours_of_module(module))
            .unwrap_or_default(),
    };
    let told: Vec<String> = channels
        .into_iter()
        .map(|channel| {
            let value = readings.get(channel).0.text();
            format!("{channel}: {value}")
        })
        .collect();
    told.join(", ")
}

fn content(told: Told) -> AnyView {
    view! {
        <div
            class="tooltip__fact"
            data-channel=told.channel.to_string()
            data-value=told.value
            data-time-us=told.time_us
        >
            <div class="tooltip__label">{told.name}</div>
            <b class="tooltip__value">{told.text}</b>
            " "
            <span class="tooltip__unit">{told.unit}</span>
            <div class="tooltip__time">{told.time}</div>
            <div class="tooltip__more">{told.more}</div>
        </div>
    }
    .into_any()
}

fn place(
    picture: AnyPicture,
    pointer: Pointer,
    tooltip: &web_sys::HtmlDivElement,
    stage: &web_sys::HtmlDivElement,
) -> Option<()> {
    let position = pointer.pointed.get_untracked()?;
    let (size, point) = picture.with_value(|picture| untrack(|| (picture.size(), picture.place_of(position))));
    let (px, point) = (units_per_px(size?), point?);
    place_beside(tooltip, stage, point.x / px, point.y / px);
    Some(())
}

/// Beside a point of a stage, in CSS pixels: right of it, left where there is no room, always within the window, and
/// never over the point itself.
fn place_beside(tooltip: &web_sys::HtmlDivElement, stage: &web_sys::HtmlDivElement, x_px: f64, y_px: f64) {
    let (width, height) = (f64::from(tooltip.offset_width()), f64::from(tooltip.offset_height()));
    let frame = stage.get_bounding_client_rect();
    let window_width = f64::from(document().document_element().map_or(0, |root| root.client_width()));
    let wished = if frame.left() + x_px + GAP_PX + width + MARGIN_PX <= window_width {
        x_px + GAP_PX
    } else {
        x_px - GAP_PX - width
    };
    let most = window_width - MARGIN_PX - frame.left() - width;
    let left = wished.min(most).max(MARGIN_PX - frame.left());
    let covers = left < x_px + GAP_PX / 2.0 && x_px - GAP_PX / 2.0 < left + width;
    let (beside, above) = (y_px - height / 2.0, y_px - GAP_PX - height);
    let top = if !covers {
        beside.max(MARGIN_PX - frame.top())
    } else if above + frame.top() >= MARGIN_PX {
        above
    } else {
        y_px + GAP_PX
    };
    let style = web_sys::HtmlElement::style(tooltip);
    // Fails only for names that are no properties.
    let _ = style.set_property("top", "0");
    let _ = style.set_property(
        "transform",
        &format!("translate({}px, {}px)", text_of(left.round()), text_of(top.round())),
    );
}
