//! The ribbons of the list: each a small canvas that tells its rule, drawn by the code that draws those of panels.

use shared::alarm::{AlarmSpan, AlarmState};
use shared::chart::clip::Area;
use shared::chart::ribbon::{Patch, patches};
use shared::chart::scale::TimeScale;
use shared::time::MICROS_PER_SEC;
use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlCanvasElement};

use super::times::Times;
use crate::chart::canvas::{Canvas, UNITS_PER_DOT};
use crate::chart::stage::StageSize;
use crate::components::alarm_state::word;
use crate::state::alarms::Past;
use crate::theme::palette;

/// The most spans that are told in words.
const MOST_TOLD: usize = 6;

/// The spans of a rule; none where nothing is known of it.
pub fn spans_of<'a>(past: &'a Past, rule: &str) -> &'a [AlarmSpan] {
    let found = past.history.ribbons.iter().find(|ribbon| ribbon.rule == rule);
    found.map_or(&[], |ribbon| ribbon.spans.as_slice())
}

/// Draws every ribbon below an element, and says in words what each shows.
pub fn draw_all(root: &Element, past: Option<&Past>, times: Times) {
    let found = root.get_elements_by_tag_name("canvas");
    let palette = palette();
    let pixel_ratio = leptos::prelude::window().device_pixel_ratio();
    for at in 0..found.length() {
        let canvas = found
            .item(at)
            .and_then(|element| element.dyn_into::<HtmlCanvasElement>().ok());
        let Some((canvas, past)) = canvas.zip(past) else {
            continue;
        };
        let spans = spans_of(past, &canvas.get_attribute("data-rule").unwrap_or_default());
        let size = StageSize {
            width: f64::from(canvas.client_width()),
            height: f64::from(canvas.client_height()),
            pixel_ratio,
        };
        let Some(mut surface) = Canvas::wiped(&canvas, size.dots()) else {
            continue;
        };
        let dot = f64::from(UNITS_PER_DOT);
        let units = |dots: u32| f64::from(dots) * dot;
        let area = Area {
            left: 0.0,
            top: 0.0,
            right: units(size.dots().0),
            bottom: units(size.dots().1),
        };
        let time = TimeScale::new(past.range, area.left, area.right);
        for Patch { area, color } in patches(spans, &time, area, dot, &palette) {
            surface.fill(
                color,
                [area.left, area.top, area.right - area.left, area.bottom - area.top],
            );
        }
        let words = words(spans, times);
        for name in ["title", "aria-label"] {
            // Fails only for names that are no attributes.
            let _ = canvas.set_attribute(name, &words);
        }
    }
}

/// Which states there were and when, the newest first.
pub fn words(spans: &[AlarmSpan], times: Times) -> String {
    let not_ok: Vec<&AlarmSpan> = spans.iter().rev().filter(|span| span.state != AlarmState::Ok).collect();
    let told = not_ok.iter().take(MOST_TOLD).map(|span| {
        let (from, to) = (times.minute(span.from_us), times.minute(span.to_us));
        // What began in the last minute would seem to have no length.
        if span.to_us - span.from_us < 60 * MICROS_PER_SEC {
            format!("{} {from}", word(span.state))
        } else {
            format!("{} {from} to {to}", word(span.state))
        }
    });
    let mut told: Vec<String> = told.collect();
    if not_ok.len() > MOST_TOLD {
        told.push(format!("and {} more", not_ok.len() - MOST_TOLD));
    }
    match (spans.is_empty(), told.is_empty()) {
        (true, _) => "not evaluated in this time".to_owned(),
        (false, true) => "OK all the time that it was evaluated".to_owned(),
        (false, false) => told.join("; "),
    }
}
