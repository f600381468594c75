//! The list as files: the rows in sight as a picture, all of them as a table.

use shared::chart::palette::{Palette, Rgba};
use shared::dashboard::{LatestShow, LatestStyle, Severity};
use shared::query::latest::Freshness;
use shared::time::{MICROS_PER_SEC, Timestamp};

use crate::browser::font::page_font;
use crate::chart::canvas::{Canvas, Font, SharedCanvas, UNITS_PER_DOT};
use crate::chart::csv::Csv;
use crate::components::panel_files::{FileParts, PanelFiles};
use crate::panels::latest::bars::bar_of;
use crate::panels::latest::list::List;
use crate::panels::latest::rows::{Column, Row, Rows};
use crate::state::server_clock::ServerClock;
use crate::theme::palette;

/// What the menu of the panel makes files of.
pub fn files_of(list: List) -> PanelFiles {
    let clock = leptos::prelude::expect_context::<ServerClock>();
    PanelFiles::new(FileParts {
        size: Box::new(move || list.parts().window.size()),
        draw: Box::new(move |canvas| draw(list, clock.read(), canvas)),
        legend: Box::new(Vec::new),
        csv: Box::new(move || csv(list, clock.read())),
    })
}

fn csv(list: List, now: Timestamp) -> String {
    let mut csv = Csv::with_header("metric,unit,channel,label,time,age_s,value,meaning,severity,state");
    let order = list.parts().order.get_untracked();
    list.parts().rows.with_untracked(|rows| {
        for row in order.into_iter().filter_map(|at| rows.all.get(at)) {
            csv.field(&row.metric);
            csv.field(&row.unit);
            csv.count(Some(row.channel.into()));
            csv.field(&row.label);
            csv.time(row.time.map(Timestamp::as_micros));
            csv.number(row.age_micros(now).map(|age| age as f64 / MICROS_PER_SEC as f64));
            csv.value(row.value);
            csv.field(&row.word);
            csv.field(row.severity.as_str());
            csv.field(row.freshness(now).as_str());
            csv.end_row();
        }
    });
    csv.finish()
}

const TEXT_PX: f64 = 12.0;
const MARGIN_PX: f64 = 10.0;

fn draw(list: List, now: Timestamp, canvas: &SharedCanvas) {
    let Some(size) = list.parts().window.size() else { return };
    let palette = palette();
    let mut pen = Pen {
        canvas: &mut canvas.borrow_mut(),
        palette: &palette,
        family: page_font(),
        pixel_ratio: size.pixel_ratio,
    };
    let order = list.parts().order.get_untracked();
    let (begin, end) = list.parts().window.in_sight(order.len());
    let per_line = leptos::prelude::untrack(|| list.parts().window.per_line());
    let line_px = list.parts().window.line_px() as f64;
    list.parts().rows.with_untracked(|rows| {
        let shown = order.get(begin..end).unwrap_or_default();
        let of_rows = shown.iter().filter_map(|at| rows.all.get(*at)).enumerate();
        for (position, row) in of_rows {
            let (column, line) = (position % per_line, position / per_line);
            let width = size.width / per_line as f64;
            let place = Place {
                left: column as f64 * width,
                top: line as f64 * line_px,
                width,
                height: line_px,
            };
            match list.parts().style {
                LatestStyle::Tiles => pen.tile(row, rows, list.parts().show, place, now),
                _ => pen.row(row, rows, list, place, now),
            }
        }
    });
}

/// A rectangle in pixels.
#[derive(Clone, Copy)]
struct Place {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
}

struct Pen<'a> {
    canvas: &'a mut Canvas,
    palette: &'a Palette,
    family: String,
    pixel_ratio: f64,
}

impl Pen<'_> {
    fn color(&self, row: &Row, now: Timestamp) -> Rgba {
        match (row.severity, row.freshness(now)) {
            (Severity::Alarm, _) => self.palette.alarm,
            (Severity::Warning, _) | (_, Freshness::Late | Freshness::Stale) => self.palette.warning,
            _ => self.palette.text_dim,
        }
    }

    fn row(&mut self, row: &Row, rows: &Rows, list: List, place: Place, now: Timestamp) {
        let middle = place.top + place.height / 2.0;
        let right = |part: f64| place.left + place.width * part;
        let is_alone = !Column::Name.is_of_use(&rows.all);
        let (text, dim) = (self.palette.text, self.palette.text_dim);
        self.text(
            &row.name(is_alone),
            (place.left + MARGIN_PX, middle),
            text,
            "left",
            false,
        );
        let ends = rows.ends_of(row).filter(|_| list.parts().style == LatestStyle::Bars);
        if let Some(ends) = ends {
            let (start, end) = bar_of(row, list.parts().show, ends, now);
            let (left, width) = (right(0.28), place.width * 0.26);
            let (top, height) = (place.top + place.height * 0.3, place.height * 0.4);
            self.fill([left, top, width, height], self.palette.grid);
            let bar = [left + start * width, top, (end - start) * width, height];
            let color = self.color(row, now);
            let is_calm = color == self.palette.text_dim;
            self.fill(bar, if is_calm { self.palette.accent } else { color });
        }
        let (value, age) = (value_and_unit(row), row.age_text(now));
        let (bold, other) = match list.parts().show {
            LatestShow::Value => (value, age),
            LatestShow::Age => (age, value),
        };
        self.text(&bold, (right(0.72), middle), text, "right", true);
        self.text(&other, (right(0.84), middle), dim, "right", false);
        let state = format!("{} {}", row.sign(now), row.state_text(now));
        let color = self.color(row, now);
        self.text(&state, (right(0.86), middle), color, "left", false);
    }

    fn tile(&mut self, row: &Row, rows: &Rows, show: LatestShow, place: Place, now: Timestamp) {
        let Place {
            left,
            top,
            width,
            height,
        } = place;
        let color = self.color(row, now);
        self.fill([left + 3.0, top + 3.0, width - 6.0, height - 6.0], self.palette.grid);
        self.fill([left + 3.0, top + 3.0, 3.0, height - 6.0], color);
        let (x, text, dim) = (left + MARGIN_PX + 2.0, self.palette.text, self.palette.text_dim);
        let (value, age) = (value_and_unit(row), row.age_text(now));
        let (bold, other) = match show {
            LatestShow::Value => (value, age),
            LatestShow::Age => (age, value),
        };
        let name = row.name(!Column::Name.is_of_use(&rows.all));
        self.text(&name, (x, top + 14.0), dim, "left", false);
        self.text(&other, (left + width - MARGIN_PX, top + 14.0), dim, "right", false);
        self.text(&bold, (x, top + 32.0), text, "left", true);
        let state = format!("{} {}", row.sign(now), row.state_text(now));
        self.text(&state, (x, top + 50.0), color, "left", false);
    }

    #[expect(clippy::cast_possible_truncation, reason = "positions lie within a screen")]
    fn text(&mut self, text: &str, (x, y): (f64, f64), color: Rgba, side: &'static str, is_bold: bool) {
        let font = Font {
            family: self.family.clone(),
            size: TEXT_PX * self.pixel_ratio,
            is_bold,
            horizontal: side,
            vertical: "middle",
        };
        let units = |px: f64| (px * self.units_per_px()).round() as i32;
        self.canvas.text(text, font, color, (units(x), units(y)));
    }

    fn fill(&mut self, place: [f64; 4], color: Rgba) {
        let units_per_px = self.units_per_px();
        self.canvas.fill(color, place.map(|px| px * units_per_px));
    }

    fn units_per_px(&self) -> f64 {
        self.pixel_ratio * f64::from(UNITS_PER_DOT)
    }
}

fn value_and_unit(row: &Row) -> String {
    if row.word.is_empty() && !row.unit.is_empty() {
        format!("{} {}", row.value_text(), row.unit)
    } else {
        row.value_text()
    }
}
