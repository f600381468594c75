//! What the channel that is pointed at says exactly, and all of them as a table.

use leptos::prelude::*;

use super::shown::Shown;
use crate::browser::number::text_of;
use crate::format;
use crate::panels::camera::hover::Told;
use crate::panels::camera::readings::Reading;
use crate::panels::camera::table::lazy_table;

/// What is told of a point; tracks.
pub fn told_of(shown: Shown, position: usize) -> Option<Told> {
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
        name: format!("Channel {}", point.channel),
        text: format!("{} {}", reading.text(), shown.unit()),
        unit: x.unwrap_or_default(),
        time_us: time.map(|time| time.as_micros().to_string()).unwrap_or_default(),
        more: String::new(),
        time: time.map(|time| shown.moment().zone.text(time)).unwrap_or_default(),
        value: match reading {
            Reading::Value(value) | Reading::Old(value) => text_of(value),
            Reading::Null | Reading::Nan | Reading::Never => String::new(),
        },
    })
}

/// All values as a table.
pub fn channel_table(shown: Shown) -> AnyView {
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
