//! A picture with its heading and its legend, as it goes into a file.

use std::cell::RefCell;
use std::rc::Rc;

use shared::chart::palette::{Palette, Rgba};

use super::canvas::{Canvas, Font, SharedCanvas, UNITS_PER_DOT};
use super::stage::StageSize;

/// What stands around a picture.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Caption {
    /// What it is headed with.
    pub title: String,
    /// The unit, or whatever else stands beside the title.
    pub unit: String,
    /// What time it shows.
    pub time: String,
    /// The colours and names of its lines.
    pub legend: Vec<(Rgba, String)>,
    /// The font of all of it, as CSS names it.
    pub font_family: String,
}

const HEADER_PX: f64 = 34.0;
/// One row more, for a time that has no room beside the title.
const SECOND_ROW_PX: f64 = 18.0;
const MARGIN_PX: f64 = 10.0;
const TEXT_PX: f64 = 12.0;
const TITLE_PX: f64 = 14.0;
const LEGEND_ROW_PX: f64 = 18.0;
const SWATCH_PX: f64 = 14.0;
/// The width of a letter as a part of its size, on the wide side.
const LETTER_WIDTH: f64 = 0.6;
/// How much wider bold letters are.
const BOLD_WIDTH: f64 = 1.12;

impl Caption {
    /// How large a file's picture is around a drawing of `inner`.
    pub fn size_around(&self, inner: StageSize) -> StageSize {
        let rows = self.legend_places(inner.width).last().map_or(0.0, |(_, row)| row + 1.0);
        let legend = if rows > 0.0 {
            rows * LEGEND_ROW_PX + MARGIN_PX
        } else {
            0.0
        };
        StageSize {
            height: inner.height + self.header_px(inner.width) + legend,
            ..inner
        }
    }

    fn header_px(&self, width_px: f64) -> f64 {
        if self.has_second_row(width_px) {
            HEADER_PX + SECOND_ROW_PX
        } else {
            HEADER_PX
        }
    }

    fn has_second_row(&self, width_px: f64) -> bool {
        let texts = self.title_px() + text_width_px(&self.unit) + text_width_px(&self.time);
        texts + 4.0 * MARGIN_PX > width_px
    }

    fn title_px(&self) -> f64 {
        text_width_px(&self.title) * BOLD_WIDTH * TITLE_PX / TEXT_PX
    }

    /// Where each entry of the legend begins: from the left in pixels, and in which row.
    fn legend_places(&self, width_px: f64) -> Vec<(f64, f64)> {
        let (mut x, mut row) = (MARGIN_PX, 0.0);
        let mut places = Vec::new();
        for (_, name) in &self.legend {
            let entry = SWATCH_PX + 24.0 + text_width_px(name);
            if x > MARGIN_PX && x + entry > width_px - MARGIN_PX {
                (x, row) = (MARGIN_PX, row + 1.0);
            }
            places.push((x, row));
            x += entry;
        }
        places
    }

    /// Draws heading and legend on a canvas of [`Caption::size_around`], and between them what `draw` draws.
    pub fn frame(
        &self,
        mut canvas: Canvas,
        inner: StageSize,
        palette: &Palette,
        draw: &dyn Fn(&SharedCanvas),
    ) -> SharedCanvas {
        let units = |px: f64| px * inner.pixel_ratio * f64::from(UNITS_PER_DOT);
        let outer = self.size_around(inner);
        canvas.fill(palette.background, [0.0, 0.0, units(outer.width), units(outer.height)]);
        let mut pen = Pen {
            canvas: &mut canvas,
            pixel_ratio: inner.pixel_ratio,
            family: &self.font_family,
        };
        let middle = HEADER_PX / 2.0;
        let title_end = MARGIN_PX + self.title_px();
        pen.text(&self.title, (MARGIN_PX, middle), palette.text, TITLE_PX, "left");
        pen.text(
            &self.unit,
            (title_end + MARGIN_PX, middle),
            palette.text_dim,
            TEXT_PX,
            "left",
        );
        let (x, y, side) = if self.has_second_row(inner.width) {
            (MARGIN_PX, middle + SECOND_ROW_PX, "left")
        } else {
            (outer.width - MARGIN_PX, middle, "right")
        };
        pen.text(&self.time, (x, y), palette.text_dim, TEXT_PX, side);
        let header_px = self.header_px(inner.width);
        let top = header_px + inner.height + MARGIN_PX / 2.0;
        for ((color, name), (x, row)) in self.legend.iter().zip(self.legend_places(inner.width)) {
            let y = top + (row + 0.5) * LEGEND_ROW_PX;
            let swatch = [x, y - 1.0, SWATCH_PX, 2.0].map(units);
            pen.canvas.fill(*color, swatch);
            pen.text(name, (x + SWATCH_PX + 6.0, y), palette.text, TEXT_PX, "left");
        }
        canvas.set_origin((
            0,
            StageSize {
                height: header_px,
                ..inner
            }
            .dots()
            .1,
        ));
        let canvas = Rc::new(RefCell::new(canvas));
        draw(&canvas);
        canvas
    }
}

struct Pen<'a> {
    canvas: &'a mut Canvas,
    pixel_ratio: f64,
    family: &'a str,
}

impl Pen<'_> {
    #[expect(clippy::cast_possible_truncation, reason = "positions lie within a screen")]
    fn text(&mut self, text: &str, (x, y): (f64, f64), color: Rgba, size_px: f64, side: &'static str) {
        let font = Font {
            family: self.family.to_owned(),
            size: size_px * self.pixel_ratio,
            is_bold: size_px > TEXT_PX,
            horizontal: side,
            vertical: "middle",
        };
        let units = |px: f64| (px * self.pixel_ratio * f64::from(UNITS_PER_DOT)).round() as i32;
        self.canvas.text(text, font, color, (units(x), units(y)));
    }
}

fn text_width_px(text: &str) -> f64 {
    text.chars().count() as f64 * LETTER_WIDTH * TEXT_PX
}
