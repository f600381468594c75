//! The number and its course as files.

use shared::dashboard::Severity;

use super::{Shown, draw, state_text};
use crate::browser::font::page_font;
use crate::chart::canvas::{Font, SharedCanvas, UNITS_PER_DOT};
use crate::chart::csv::{CsvLine, lines_csv};
use crate::chart::stage::StageSize;
use crate::components::panel_files::{FileParts, PanelFiles};
use crate::panels::latest::rows::Row;
use crate::state::server_clock::ServerClock;
use crate::theme::palette;

/// Room for the number above its course, in pixels.
const NUMBER_PX: f64 = 70.0;

/// What the menu of the panel makes files of.
pub fn files_of(shown: Shown) -> PanelFiles {
    let clock = leptos::prelude::expect_context::<ServerClock>();
    let size = move || {
        shown.parts().size.get_untracked().map(|size| StageSize {
            height: size.height + NUMBER_PX,
            ..size
        })
    };
    PanelFiles::new(FileParts {
        size: Box::new(size),
        draw: Box::new(move |canvas| leptos::prelude::untrack(|| draw_all(shown, clock, canvas))),
        legend: Box::new(Vec::new),
        csv: Box::new(move || leptos::prelude::untrack(|| csv(shown))),
    })
}

#[expect(clippy::cast_possible_truncation, reason = "positions lie within a screen")]
fn draw_all(shown: Shown, clock: ServerClock, canvas: &SharedCanvas) {
    let Some(size) = shown.parts().size.get_untracked() else {
        return;
    };
    let mut canvas = canvas.borrow_mut();
    let palette = palette();
    draw_below(shown, &mut canvas, size);
    let units = |px: f64| (px * size.pixel_ratio * f64::from(UNITS_PER_DOT)).round() as i32;
    let mut text = |text: String, size_px: f64, y_px: f64, color| {
        let font = Font {
            family: page_font(),
            size: size_px * size.pixel_ratio,
            is_bold: size_px > 20.0,
            horizontal: "left",
            vertical: "middle",
        };
        canvas.text(&text, font, color, (units(10.0), units(y_px)));
    };
    shown.parts().row.with(|row| {
        let Some(row) = row.as_ref() else { return };
        let color = match row.severity {
            Severity::Alarm => palette.alarm,
            Severity::Warning => palette.warning,
            _ => palette.text,
        };
        text(number_of(row), 28.0, 20.0, color);
        text(state_text(shown, clock.read()), 12.0, 52.0, palette.text_dim);
    });
}

fn draw_below(shown: Shown, canvas: &mut crate::chart::canvas::Canvas, size: StageSize) {
    let before = canvas.origin();
    let down = StageSize {
        height: NUMBER_PX,
        ..size
    };
    canvas.set_origin((before.0, before.1 + down.dots().1));
    draw(shown, canvas);
    canvas.set_origin(before);
}

fn number_of(row: &Row) -> String {
    if row.word.is_empty() {
        format!("{} {}", row.value_text(), row.unit)
    } else {
        row.value_text()
    }
}

fn csv(shown: Shown) -> String {
    let Some((range, metric)) = shown.parts().visible.get().zip(shown.parts().metric.get()) else {
        return String::new();
    };
    shown.parts().course.with(|course| {
        let line = course.shape().map(|shape| CsvLine {
            metric: &metric.name,
            unit: &metric.unit,
            shape,
        });
        lines_csv(line.as_slice(), range)
    })
}
