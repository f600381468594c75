//! What the channel that is pointed at says exactly, and all of them as a table.

use leptos::html::Div;
use leptos::prelude::*;
use shared::chart::path::Point;

use super::shown::Shown;
use crate::dom::{NodeRef, view};
use crate::format;
use crate::panels::camera::hover::place_beside;
use crate::panels::camera::readings::Reading;
use crate::panels::camera::table::lazy_table;
use crate::panels::plot::chart::units_per_px;
use crate::reactive::{Derived, effect};

/// What is told of a channel.
#[derive(Clone, PartialEq, Debug)]
struct Told {
    channel: u32,
    y: String,
    x: String,
    time: String,
    value: String,
}

/// The exact values of the channel that is pointed at.
#[component]
pub fn Tooltip(
    /// The panel.
    shown: Shown,
    /// What it lies over.
    stage: NodeRef<Div>,
) -> impl IntoView {
    let told = Derived::new(move || told_of(shown, shown.pointed.get()?));
    let element = NodeRef::<Div>::new();
    effect(move || {
        told.track();
        if let (Some(tooltip), Some(stage), Some((x_px, y_px))) = (element.get(), stage.get(), place_of(shown)) {
            place_beside(&tooltip, &stage, x_px, y_px);
        }
    });
    view! {
        <div
            node_ref=element
            class="tooltip"
            class:tooltip--shown=move || told.with(Option::is_some)
            role="status"
            aria-live=move || if shown.by_keyboard.get() { "polite" } else { "off" }
        >
            {move || told.get().map(content)}
        </div>
    }
    .into_any()
}

/// Where the point is, in CSS pixels; for a channel without a value in the middle of the area.
fn place_of(shown: Shown) -> Option<(f64, f64)> {
    let px = units_per_px(shown.size.get_untracked()?);
    let (curve, data) = untrack(|| (shown.curve.get(), shown.data.get()));
    let (curve, data) = (curve?, data?);
    let point = data.points.get(shown.pointed.get_untracked()?)?;
    let Point { x, y } = curve.place(point, &data).unwrap_or(Point {
        x: f64::midpoint(curve.area.left, curve.area.right),
        y: f64::midpoint(curve.area.top, curve.area.bottom),
    });
    Some((x / px, y / px))
}

fn told_of(shown: Shown, position: usize) -> Option<Told> {
    let (data, readings) = (shown.data.get()?, shown.readings.get()?);
    let point = *data.points.get(position)?;
    let (reading, time) = readings.get(point.channel);
    let of_metric = shown.spec.with_value(|spec| spec.x_metric.is_some());
    let x = of_metric.then(|| {
        let x = if point.x.is_nan() {
            format::NO_VALUE.to_owned()
        } else {
            format::number(point.x)
        };
        format!("at {x} {}", shown.x_unit())
    });
    Some(Told {
        channel: point.channel,
        y: format!("{} {}", reading.text(), shown.unit()),
        x: x.unwrap_or_default(),
        time: time.map(|time| shown.moment().zone.text(time)).unwrap_or_default(),
        value: match reading {
            Reading::Value(value) | Reading::Old(value) => value.to_string(),
            Reading::Null | Reading::Nan | Reading::Never => String::new(),
        },
    })
}

fn content(told: Told) -> AnyView {
    view! {
        <div class="tooltip__fact" data-channel=told.channel.to_string() data-value=told.value>
            <div class="tooltip__label">{format!("Channel {}", told.channel)}</div>
            <b class="tooltip__value">{told.y}</b>
            " "
            <span class="tooltip__detail">{told.x}</span>
            <div class="tooltip__time">{told.time}</div>
        </div>
    }
    .into_any()
}

/// All values as a table.
#[component]
pub fn ChannelTable(
    /// The panel.
    shown: Shown,
) -> impl IntoView {
    let rows = move || {
        let (Some(data), Some(readings)) = (shown.data.get(), shown.readings.get()) else {
            return Vec::new();
        };
        let rows = data.points.iter().map(|point| {
            let (reading, time) = readings.get(point.channel);
            vec![
                point.channel.to_string(),
                if point.x.is_nan() {
                    format::NO_VALUE.to_owned()
                } else {
                    format::number(point.x)
                },
                reading.text(),
                time.map(|time| shown.moment().zone.text(time)).unwrap_or_default(),
            ]
        });
        rows.collect()
    };
    let heads = move || {
        let x = shown.spec.with_value(|spec| spec.x_label.clone());
        vec![
            "Channel".to_owned(),
            if x.is_empty() { "x".to_owned() } else { x },
            format!("Value {}", shown.unit()),
            "Time".to_owned(),
        ]
    };
    lazy_table(heads, rows)
}
