//! Drawing of a laid-out plot with plotters.

use plotters_backend::text_anchor::{HPos, Pos, VPos};

use super::clip::Area;
use super::columns;
use super::line::{self, Canvas, EdgeMark};
use super::palette::{Palette, Rgba};
use super::path::{Point, Strokes};
use super::plot::{LABEL_GAP_PX, LONGEST_LABEL_PX, Plot, PlotData, label_width_px, snap};
use super::scale::Side;
use super::shape::{PlotLine, Shape};
use super::sheet::{Brush, Refused, Sheet};
use crate::dashboard::Axis;

mod cells;
mod marks;

/// Widths of lines, in pixels.
const LINE_PX: f64 = 1.5;
const THIN_PX: f64 = 1.0;
/// Radius of a dot, in pixels.
const DOT_PX: f64 = 2.2;
/// Half the width, and the height, of the mark of an infinity, in pixels.
const MARK_PX: f64 = 4.0;
/// Dash and space of the now-line, in pixels.
const DASH_PX: f64 = 3.0;
/// How much of its colour the area of a band has, and the lines along its edges.
const BAND_OPACITY: f64 = 0.16;
const BAND_EDGE_OPACITY: f64 = 0.55;
const NOW_OPACITY: f64 = 0.6;
/// What is left of a line that steps back behind another.
const FADED_OPACITY: f64 = 0.25;

/// Draws all of a plot, from the bottom up: background, grid, cells, what limits tint, limit lines, lines, events, strips, the
/// now-line and the labels.
///
/// `data` must be what the plot was laid out for; lines on an axis without finite values are left out.
pub fn draw_plot(sheet: &dyn Sheet, plot: &Plot, palette: &Palette, data: &PlotData<'_>) -> Result<(), Refused> {
    let brush = Brush {
        sheet,
        units_per_px: plot.layout.units_per_px,
        font_family: &plot.layout.font_family,
    };
    let pen = Pen { brush, plot };
    brush.rectangle(
        0.0,
        0.0,
        f64::from(plot.layout.width),
        f64::from(plot.layout.height),
        palette.background,
    )?;
    pen.grid(palette)?;
    // Parts are either of the data, into which no label of an axis reaches, or the row of the times, with the foot of the
    // plot and what of the lowest labels reaches below it.
    let has_data = plot.part.left < plot.part.right;
    if has_data {
        pen.data(data, palette)?;
    }
    if has_data && plot.part != plot.area {
        return Ok(());
    }
    pen.time_labels(palette)?;
    pen.value_labels(Axis::Left, palette)?;
    pen.value_labels(Axis::Right, palette)?;
    pen.units(data, palette)
}

/// Draws in the measures of a plot.
struct Pen<'a> {
    brush: Brush<'a>,
    plot: &'a Plot,
}

impl Pen<'_> {
    fn units_in(&self, px: f64) -> f64 {
        px * self.plot.layout.units_per_px
    }

    /// The middle of the screen's pixel that begins at a position: where a line of one pixel is crisp.
    fn crisp(&self, position: f64) -> f64 {
        let half_dot = f64::from(self.plot.layout.units_per_dot / 2);
        snap(position, &self.plot.layout) + half_dot
    }

    /// Whether an upright thin line lies in what is drawn this time.
    fn is_drawn(&self, x: f64) -> bool {
        let reach = self.units_in(THIN_PX);
        self.plot.part.left - reach <= x && x <= self.plot.part.right + reach
    }

    /// All that is drawn between the axes.
    fn data(&self, data: &PlotData<'_>, palette: &Palette) -> Result<(), Refused> {
        self.cells(data, palette)?;
        self.limit_lines(data, palette)?;
        for (at, line) in data.lines.iter().enumerate() {
            let colored = data.colored.filter(|colored| colored.line == at);
            if let Some(canvas) = self.plot.canvas(line.axis) {
                let color = palette.line(line.color);
                let color = if line.is_faded {
                    color.faded(FADED_OPACITY)
                } else {
                    color
                };
                match colored {
                    Some(colored) => self.colored_line(line, &canvas, colored.table, palette)?,
                    // Over cells of the same colour the mean has to stand out.
                    None if data.cells.is_some() && !line.is_faded => self.line(line, &canvas, color, palette.text)?,
                    None => self.line(line, &canvas, color, color)?,
                }
            }
        }
        self.events(data, palette)?;
        self.strips(data, palette)?;
        self.ribbon(data, palette)?;
        self.now_line(data, palette)?;
        self.limit_labels(data, palette)
    }

    fn grid(&self, palette: &Palette) -> Result<(), Refused> {
        let Area {
            left,
            top,
            right,
            bottom,
        } = self.plot.area;
        for tick in &self.plot.time_ticks {
            let x = self.crisp(self.plot.time.x_from_time(tick.time_us));
            if !self.is_drawn(x) {
                continue;
            }
            self.brush
                .path(&[Point { x, y: top }, Point { x, y: bottom }], palette.grid, THIN_PX)?;
        }
        // The right axis has its own round numbers, which would make a second grid.
        if let Some(axis) = self.plot.left.as_ref().or(self.plot.right.as_ref()) {
            for tick in &axis.ticks {
                let y = self.crisp(axis.scale.y_from_value(tick.value));
                self.brush
                    .path(&[Point { x: left, y }, Point { x: right, y }], palette.grid, THIN_PX)?;
            }
        }
        let y = self.crisp(bottom);
        self.brush
            .path(&[Point { x: left, y }, Point { x: right, y }], palette.axis, THIN_PX)
    }

    /// `mean` is the colour of the mean of a band.
    fn line(&self, line: &PlotLine<'_>, canvas: &Canvas, color: Rgba, mean: Rgba) -> Result<(), Refused> {
        let gaps = line.gap_rule();
        match line.shape {
            Shape::Samples(samples) => {
                let drawn = line::strokes(samples, gaps, canvas);
                self.strokes(&drawn.strokes, color, LINE_PX)?;
                self.edge_marks(&drawn.edge_marks, color)
            }
            Shape::Columns(columns) => {
                self.strokes(&columns::strokes(columns, gaps, canvas), color, LINE_PX)?;
                self.edge_marks(&columns::edge_marks(columns, canvas), color)
            }
            Shape::Band(columns) => {
                let band = columns::band_strokes(columns, gaps, canvas);
                for area in band.areas {
                    self.brush
                        .polygon(&self.plot.part.clip_polygon(area), color.faded(BAND_OPACITY))?;
                }
                let edge = color.faded(BAND_EDGE_OPACITY);
                self.strokes(&band.max, edge, THIN_PX)?;
                self.strokes(&band.min, edge, THIN_PX)?;
                self.strokes(&band.mean, mean, LINE_PX)?;
                self.edge_marks(&columns::edge_marks(columns, canvas), color)
            }
        }
    }

    fn strokes(&self, strokes: &Strokes, color: Rgba, width_px: f64) -> Result<(), Refused> {
        for path in &strokes.paths {
            for part in self.plot.part.clip_path(path) {
                self.brush.path(&part, color, width_px)?;
            }
        }
        for dot in strokes.dots.iter().filter(|dot| self.plot.part.contains(**dot)) {
            self.brush.dot(*dot, DOT_PX, color)?;
        }
        Ok(())
    }

    /// Small triangles at the edges beyond which values lie, pointing at them.
    fn edge_marks(&self, marks: &[EdgeMark], color: Rgba) -> Result<(), Refused> {
        let size = self.units_in(MARK_PX);
        let Area {
            left,
            top,
            right,
            bottom,
        } = self.plot.part;
        for mark in marks.iter().filter(|mark| left <= mark.x && mark.x <= right) {
            let (tip, base) = match mark.side {
                Side::Above => (top, top + size),
                Side::Below => (bottom, bottom - size),
            };
            let corners = [(mark.x, tip), (mark.x - size, base), (mark.x + size, base)];
            self.brush.polygon(&corners.map(|(x, y)| Point { x, y }), color)?;
        }
        Ok(())
    }

    fn now_line(&self, data: &PlotData<'_>, palette: &Palette) -> Result<(), Refused> {
        let Some(now) = data.now.filter(|now| data.range.contains(*now)) else {
            return Ok(());
        };
        let x = self.crisp(self.plot.time.x_from_time(now.as_micros()));
        if !self.is_drawn(x) {
            return Ok(());
        }
        let color = palette.accent.faded(NOW_OPACITY);
        let (from, to) = (self.plot.area.top, self.plot.foot());
        self.dashed(
            [(x, from), (x, to)].map(|(x, y)| Point { x, y }),
            color,
            [DASH_PX, DASH_PX],
        )
    }

    /// A thin line along an axis, from left to right or from the top down, in dashes and spaces of these lengths in pixels.
    fn dashed(&self, [from, to]: [Point; 2], color: Rgba, [dash_px, space_px]: [f64; 2]) -> Result<(), Refused> {
        let (dash, step) = (self.units_in(dash_px), self.units_in(dash_px + space_px));
        let length = (to.x - from.x) + (to.y - from.y);
        let along = |distance: f64| {
            let part = (distance / length).min(1.0);
            Point {
                x: from.x + (to.x - from.x) * part,
                y: from.y + (to.y - from.y) * part,
            }
        };
        let mut start = 0.0;
        while start < length {
            self.brush.path(&[along(start), along(start + dash)], color, THIN_PX)?;
            start += step;
        }
        Ok(())
    }

    fn time_labels(&self, palette: &Palette) -> Result<(), Refused> {
        let y = self.plot.foot() + self.units_in(LABEL_GAP_PX);
        let width = f64::from(self.plot.layout.width);
        for tick in &self.plot.time_ticks {
            // The outermost labels move inwards rather than being cut.
            let half = self.units_in(label_width_px(&tick.label)) / 2.0;
            let x = self.plot.time.x_from_time(tick.time_us).min(width - half).max(half);
            let color = if tick.strong { palette.text } else { palette.text_dim };
            self.brush
                .text(&tick.label, Point { x, y }, color, Pos::new(HPos::Center, VPos::Top))?;
        }
        Ok(())
    }

    fn value_labels(&self, side: Axis, palette: &Palette) -> Result<(), Refused> {
        let gap = self.units_in(LABEL_GAP_PX);
        let (x, h_pos) = match side {
            Axis::Left => (self.plot.area.left - gap, HPos::Right),
            Axis::Right => (self.plot.area.right + gap, HPos::Left),
        };
        if let Some(axis) = self.plot.axis(side) {
            for tick in &axis.ticks {
                let y = axis.scale.y_from_value(tick.value);
                self.brush.text(
                    &shortened(&tick.label, LONGEST_LABEL_PX),
                    Point { x, y },
                    palette.text_dim,
                    Pos::new(h_pos, VPos::Center),
                )?;
            }
        }
        Ok(())
    }

    /// The units above both axes, where there are two; one unit stands in the head of the panel.
    fn units(&self, data: &PlotData<'_>, palette: &Palette) -> Result<(), Refused> {
        if !data.lines.iter().any(|line| line.axis == Axis::Right) {
            return Ok(());
        }
        let gap = self.units_in(LABEL_GAP_PX);
        let sides = [
            (Axis::Left, &data.left_unit, self.plot.area.left - gap, HPos::Right),
            (Axis::Right, &data.right_unit, self.plot.area.right + gap, HPos::Left),
        ];
        for (side, unit, x, h_pos) in sides {
            // A line that has an axis for itself gives it its colour.
            let mut colors: Vec<usize> = data
                .lines
                .iter()
                .filter(|line| line.axis == side)
                .map(|line| line.color)
                .collect();
            colors.dedup();
            let color = match colors[..] {
                [only] => palette.line(only),
                _ => palette.text_dim,
            };
            let y = self.units_in(1.0);
            self.brush
                .text(unit, Point { x, y }, color, Pos::new(h_pos, VPos::Top))?;
        }
        Ok(())
    }
}

/// A label that takes no more room than this, in pixels.
fn shortened(label: &str, longest_px: f64) -> String {
    if label_width_px(label) <= longest_px {
        return label.to_owned();
    }
    let mut shortened = label.to_owned();
    while label_width_px(&shortened) + label_width_px("…") > longest_px && shortened.pop().is_some() {}
    shortened.push('…');
    shortened
}
