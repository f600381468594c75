//! The course of a number without axes, as high as its extremes are apart.

use shared::chart::columns;
use shared::chart::gap::GapRule;
use shared::chart::line::{self, Canvas as Strokable};
use shared::chart::palette::Palette;
use shared::chart::path::{Point, Strokes};
use shared::chart::scale::{TimeScale, ValueScale};
use shared::chart::shape::{PlotLine, Shape};
use shared::dashboard::Axis;
use shared::display::Limits;
use shared::time::TimeRange;

use crate::chart::canvas::{Canvas, UNITS_PER_DOT};
use crate::chart::stage::StageSize;

const LINE_PX: f64 = 1.5;
const DOT_PX: f64 = 2.0;
/// Between the extremes and the edges.
const MARGIN_PX: f64 = 4.0;

/// What is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Spark<'a> {
    /// The data.
    pub shape: Shape<'a>,
    /// From the left edge to the right one.
    pub range: TimeRange,
    /// The size of the canvas.
    pub size: StageSize,
    /// Seconds between expected samples.
    pub interval_s: Option<f64>,
    /// Limits, drawn where they lie among the values.
    pub limits: Limits,
}

impl Spark<'_> {
    /// Draws the limits and the course; nothing without a finite value.
    pub fn draw(&self, canvas: &mut Canvas, palette: &Palette) {
        let line = PlotLine {
            shape: self.shape,
            color: 0,
            axis: Axis::Left,
            interval_s: self.interval_s,
            is_faded: false,
        };
        let Some((least, greatest)) = line.extent(self.range) else {
            return;
        };
        let units_per_px = self.size.pixel_ratio * f64::from(UNITS_PER_DOT);
        let (width, height) = (self.size.width * units_per_px, self.size.height * units_per_px);
        let margin = MARGIN_PX * units_per_px;
        // A constant runs through the middle.
        let half = if least < greatest { 0.0 } else { 1.0 };
        let place = Strokable {
            time: TimeScale::new(self.range, 0.0, width),
            value: ValueScale::new(least - half, greatest + half, height - margin, margin),
            units_per_dot: f64::from(UNITS_PER_DOT),
            units_per_px,
        };
        let limits = &self.limits;
        for (limit, color) in [
            (limits.low_alarm, palette.alarm),
            (limits.high_alarm, palette.alarm),
            (limits.low_warning, palette.warning),
            (limits.high_warning, palette.warning),
        ] {
            let inside = limit.filter(|limit| least <= *limit && *limit <= greatest);
            if let Some(y) = inside.map(|limit| place.value.y_from_value(limit)) {
                let ends = [Point { x: 0.0, y }, Point { x: width, y }];
                canvas.line(
                    &mut ends.into_iter().map(pixel),
                    color.faded(0.6),
                    whole(units_per_px).unsigned_abs(),
                );
            }
        }
        let gaps = line.gap_rule();
        let strokes = self.strokes(gaps, &place);
        let line_width = whole(LINE_PX * units_per_px).unsigned_abs();
        for path in &strokes.paths {
            canvas.line(&mut path.iter().copied().map(pixel), palette.line(0), line_width);
        }
        let radius = DOT_PX * units_per_px;
        for dot in &strokes.dots {
            let square = [dot.x - radius, dot.y - radius, 2.0 * radius, 2.0 * radius];
            canvas.fill(palette.line(0), square);
        }
    }

    fn strokes(&self, gaps: GapRule, place: &Strokable) -> Strokes {
        match self.shape {
            Shape::Samples(samples) => line::strokes(samples, gaps, place).strokes,
            Shape::Columns(columns) | Shape::Band(columns) => columns::strokes(columns, gaps, place),
        }
    }
}

fn pixel(point: Point) -> (i32, i32) {
    (whole(point.x), whole(point.y))
}

#[expect(clippy::cast_possible_truncation, reason = "positions lie within a few screens")]
fn whole(units: f64) -> i32 {
    units.round() as i32
}
