//! Cells beneath the lines, and lines that are coloured by their values.

use plotters_backend::text_anchor::{HPos, Pos, VPos};

use super::{DOT_PX, Pen};
use crate::chart::cell_draw::draw_cells;
use crate::chart::color::ColorTable;
use crate::chart::color_bar::{ColorBar, draw_color_bar};
use crate::chart::columns;
use crate::chart::line::{self, Canvas};
use crate::chart::palette::{Palette, Rgba};
use crate::chart::path::{Point, Strokes};
use crate::chart::plot::PlotData;
use crate::chart::shape::{PlotLine, Shape};
use crate::chart::sheet::{Refused, pixel};
use crate::chart::value_colors::colored;

/// Widths of a line that is coloured by its values, and of the rim that sets it off, in pixels.
const COLORED_PX: f64 = 2.0;
const RIM_PX: f64 = 4.0;
const RIM_OPACITY: f64 = 0.85;
/// The size of the marks of the chosen row, in pixels.
const CHOSEN_PX: f64 = 6.0;

impl Pen<'_> {
    /// Cells with the names in their rows, and the bar that explains their colours.
    pub(super) fn cells(&self, data: &PlotData<'_>, palette: &Palette) -> Result<(), Refused> {
        let Some(cells) = data.cells else { return Ok(()) };
        let corner = pixel(Point {
            x: self.plot.part.left,
            y: self.plot.part.top,
        });
        for image in &cells.images {
            draw_cells(
                &self.brush,
                image,
                corner,
                self.plot.layout.units_per_dot.max(1),
                cells.pictures,
            )?;
        }
        for name in &cells.names {
            let ink = readable(name.ground, palette);
            let (x, y) = name.at;
            self.brush
                .text(&name.text, Point { x, y }, ink, Pos::new(HPos::Center, VPos::Center))?;
        }
        if let Some((axis, row)) = self.plot.left.as_ref().zip(cells.chosen) {
            self.chosen_row(axis.scale.y_from_value(row), palette)?;
        }
        match &cells.bar {
            Some((table, [below, above])) => {
                let bar = ColorBar { table, below, above };
                draw_color_bar(self.brush.sheet, bar, &self.plot.bar_place(), palette)
            }
            None => Ok(()),
        }
    }

    /// Marks at both ends of the chosen row, pointing at it: the row itself stays as it is.
    fn chosen_row(&self, y: f64, palette: &Palette) -> Result<(), Refused> {
        let area = self.plot.area;
        let size = self.units_in(CHOSEN_PX);
        for (x, direction) in [(area.left, 1.0), (area.right, -1.0)] {
            let corners = [(x, y - size), (x + direction * size, y), (x, y + size)];
            self.brush
                .polygon(&corners.map(|(x, y)| Point { x, y }), palette.select)?;
        }
        Ok(())
    }

    /// The chosen line: in the colours of its values, with a rim in the colour of what is chosen.
    pub(super) fn colored_line(
        &self,
        line: &PlotLine<'_>,
        canvas: &Canvas,
        table: &ColorTable,
        palette: &Palette,
    ) -> Result<(), Refused> {
        let gaps = line.gap_rule();
        let (strokes, marks) = match line.shape {
            Shape::Samples(samples) => {
                let drawn = line::strokes(samples, gaps, canvas);
                (drawn.strokes, drawn.edge_marks)
            }
            Shape::Columns(columns) | Shape::Band(columns) => (
                columns::strokes(columns, gaps, canvas),
                columns::edge_marks(columns, canvas),
            ),
        };
        self.strokes(&strokes, palette.select.faded(RIM_OPACITY), RIM_PX)?;
        for path in &strokes.paths {
            for part in self.plot.part.clip_path(path) {
                for (color, points) in colored(&part, &canvas.value, table) {
                    self.brush.path(&points, color, COLORED_PX)?;
                }
            }
        }
        self.colored_dots(&strokes, canvas, table)?;
        self.edge_marks(&marks, palette.select)
    }

    fn colored_dots(&self, strokes: &Strokes, canvas: &Canvas, table: &ColorTable) -> Result<(), Refused> {
        for dot in strokes.dots.iter().filter(|dot| self.plot.part.contains(**dot)) {
            let color = table.color(canvas.value.value_from_y(dot.y));
            self.brush.dot(*dot, DOT_PX * 0.75, color)?;
        }
        Ok(())
    }
}

/// The text or the ground of the palette, whichever has more contrast to what is written on.
fn readable(ground: Rgba, palette: &Palette) -> Rgba {
    let below = palette.background;
    let opacity = f64::from(ground.alpha) / 255.0;
    // What the colour looks like over the background.
    let over = |part: u8, below: u8| f64::from(part) * opacity + f64::from(below) * (1.0 - opacity);
    let seen = [
        over(ground.red, below.red),
        over(ground.green, below.green),
        over(ground.blue, below.blue),
    ];
    let contrast = |ink: Rgba| {
        let ink = luminance([ink.red, ink.green, ink.blue].map(f64::from));
        let seen = luminance(seen);
        (ink.max(seen) + 0.05) / (ink.min(seen) + 0.05)
    };
    if contrast(palette.text) < contrast(below) {
        below
    } else {
        palette.text
    }
}

/// How bright a colour is, nearly as WCAG defines it.
fn luminance([red, green, blue]: [f64; 3]) -> f64 {
    let linear = |part: f64| (part / 255.0).powi(2);
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}
