//! What is marked in a plot besides its lines: levels, events, strips.

use plotters_backend::text_anchor::{HPos, Pos, VPos};

use super::{LINE_PX, Pen, THIN_PX, shortened};
use crate::chart::limit::{self, LimitMark};
use crate::chart::palette::{Palette, Rgba};
use crate::chart::path::Point;
use crate::chart::plot::{LABEL_PX, PlotData, label_width_px};
use crate::chart::ribbon::{self, Patch};
use crate::chart::scale::Side;
use crate::chart::sheet::Refused;
use crate::chart::strip::{self, OnOff};
use crate::dashboard::{Axis, Severity};

/// How much of its colour a tinted part of the plot has, and the ground behind a label.
const TINT_OPACITY: f64 = 0.09;
const GROUND_OPACITY: f64 = 0.78;
/// How much of their colour events have, and stretches of strips.
const EVENT_OPACITY: f64 = 0.7;
const ON_OPACITY: f64 = 0.55;
/// What is left of marks that step back behind others.
const FADED_OPACITY: f64 = 0.25;
/// Between labels under each other, from one to the next, in pixels.
const LABEL_STEP_PX: f64 = LABEL_PX + 2.0;
/// Between a label and what it stands beside, in pixels.
const BESIDE_PX: f64 = 3.0;

const fn severity_color(severity: Severity, palette: &Palette) -> Rgba {
    match severity {
        Severity::Alarm => palette.alarm,
        Severity::Warning => palette.warning,
        Severity::Ok | Severity::None => palette.text_dim,
    }
}

/// Dash and space in pixels: the worse, the less is left out, so that severity is not told by the colour alone.
const fn dashes(severity: Severity) -> [f64; 2] {
    match severity {
        Severity::Alarm => [14.0, 2.0],
        Severity::Warning => [7.0, 4.0],
        Severity::Ok | Severity::None => [2.0, 3.0],
    }
}

/// The name of a level, and the room that it takes up to the right edge of the plot.
struct LimitName {
    text: String,
    left: f64,
    top: f64,
    bottom: f64,
    severity: Severity,
}

impl Pen<'_> {
    /// The tinted parts beyond warnings and alarms, and the lines of all levels.
    pub(super) fn limit_lines(&self, data: &PlotData<'_>, palette: &Palette) -> Result<(), Refused> {
        let area = self.plot.area;
        for side in [Axis::Left, Axis::Right] {
            let Some(axis) = self.plot.axis(side) else { continue };
            // Where both axes have lines, a tint of the right one would seem to be about those of the left.
            let is_tinted = side == Axis::Left || self.plot.left.is_none();
            let tints = limit::tints(&data.limits, side, &axis.scale, area.top, area.bottom);
            for tint in tints.into_iter().filter(|_| is_tinted) {
                let color = severity_color(tint.severity, palette).faded(TINT_OPACITY);
                self.brush
                    .rectangle(area.left, tint.top, area.right, tint.bottom, color)?;
            }
            let is_shown = |limit: &&LimitMark| limit.axis == side && axis.scale.side_of(limit.value).is_none();
            for limit in data.limits.iter().filter(is_shown) {
                let y = self.crisp(axis.scale.y_from_value(limit.value));
                let ends = [area.left, area.right].map(|x| Point { x, y });
                self.dashed(ends, severity_color(limit.severity, palette), dashes(limit.severity))?;
            }
        }
        Ok(())
    }

    /// The names of all levels at the right end; those beyond the axis at its edge, with an arrow.
    pub(super) fn limit_labels(&self, data: &PlotData<'_>, palette: &Palette) -> Result<(), Refused> {
        let ground = palette.background.faded(GROUND_OPACITY);
        let right = self.plot.area.right;
        for name in self.limit_names(data) {
            self.brush.rectangle(name.left, name.top, right, name.bottom, ground)?;
            let at = Point {
                x: right - self.units_in(BESIDE_PX),
                y: name.bottom,
            };
            let color = severity_color(name.severity, palette);
            self.brush
                .text(&name.text, at, color, Pos::new(HPos::Right, VPos::Bottom))?;
        }
        Ok(())
    }

    fn limit_names(&self, data: &PlotData<'_>) -> Vec<LimitName> {
        let area = self.plot.area;
        let scale = |side| self.plot.axis(side).map(|axis| axis.scale);
        let step = self.units_in(LABEL_STEP_PX);
        let named = |label: limit::LimitLabel| {
            let limit = data.limits.get(label.at)?;
            let text = match label.beyond {
                None => limit.label.clone(),
                Some(Side::Above) => format!("↑ {}", limit.label),
                Some(Side::Below) => format!("↓ {}", limit.label),
            };
            let text = shortened(&text, (area.right - area.left) / self.units_in(1.0) * 0.7);
            Some(LimitName {
                left: area.right - self.units_in(BESIDE_PX + label_width_px(&text)),
                top: label.y - step + self.units_in(1.0),
                bottom: label.y - self.units_in(1.0),
                severity: limit.severity,
                text,
            })
        };
        let labels = limit::labels(&data.limits, scale, area.top, area.bottom, step);
        labels.into_iter().filter_map(named).collect()
    }

    /// An upright stroke for every event, one for all that share a pixel, with its name where that has room beside the
    /// next one and the names of levels.
    pub(super) fn events(&self, data: &PlotData<'_>, palette: &Palette) -> Result<(), Refused> {
        if data.events.is_empty() {
            return Ok(());
        }
        let area = self.plot.area;
        let levels = self.limit_names(data);
        for (row, marks) in data.events.iter().enumerate() {
            let opacity = if marks.is_faded { FADED_OPACITY } else { 1.0 };
            let color = palette.line(marks.color).faded(opacity);
            let mut strokes: Vec<f64> = Vec::new();
            for moment in marks.events.visible(data.range) {
                let x = self.crisp(self.plot.time.x_from_time(moment.time_us));
                if strokes.last().is_none_or(|last| x > *last) {
                    strokes.push(x);
                }
            }
            let width = self.units_in(label_width_px(marks.label) + 2.0 * BESIDE_PX);
            let y = area.top + row as f64 * self.units_in(LABEL_STEP_PX);
            let bottom = y + self.units_in(LABEL_STEP_PX);
            let beside = levels.iter().filter(|name| y < name.bottom && name.top < bottom);
            let free_until = beside.map(|name| name.left).fold(area.right, f64::min);
            let mut free_from = area.left;
            for (at, &x) in strokes.iter().enumerate() {
                let ends = [area.top, area.bottom].map(|y| Point { x, y });
                self.brush.path(&ends, color.faded(EVENT_OPACITY), THIN_PX)?;
                let next = strokes.get(at + 1).copied().unwrap_or(area.right);
                if free_from <= x && x + width <= next.min(free_until) {
                    let at = Point {
                        x: x + self.units_in(BESIDE_PX),
                        y,
                    };
                    self.brush
                        .text(marks.label, at, color, Pos::new(HPos::Left, VPos::Top))?;
                    free_from = x + width;
                }
            }
        }
        Ok(())
    }

    /// The strips: high where something was on, a line at the bottom where it was off, half as high where both, and
    /// nothing where that is unknown.
    pub(super) fn strips(&self, data: &PlotData<'_>, palette: &Palette) -> Result<(), Refused> {
        let dot = f64::from(self.plot.layout.units_per_dot.max(1));
        for (at, marks) in data.strips.iter().enumerate() {
            let area = self.plot.strip_area(at);
            let opacity = if marks.is_faded { FADED_OPACITY } else { 1.0 };
            let color = palette.line(marks.color).faded(opacity);
            for (left, right, state) in strip::runs(marks.stretches, &self.plot.time, area.left, area.right, dot) {
                let (top, color) = match state {
                    OnOff::On => (area.top, color.faded(ON_OPACITY)),
                    OnOff::Mixed => (f64::midpoint(area.top, area.bottom), color.faded(ON_OPACITY)),
                    OnOff::Off => (area.bottom - self.units_in(LINE_PX), color),
                };
                self.brush.rectangle(left, top, right, area.bottom, color)?;
            }
            let x = area.left + self.units_in(BESIDE_PX);
            let y = f64::midpoint(area.top, area.bottom);
            self.brush.text(
                marks.label,
                Point { x, y },
                palette.text,
                Pos::new(HPos::Left, VPos::Center),
            )?;
        }
        Ok(())
    }

    /// The ribbon of what the rules said.
    pub(super) fn ribbon(&self, data: &PlotData<'_>, palette: &Palette) -> Result<(), Refused> {
        let Some(spans) = data.ribbon else { return Ok(()) };
        let (area, dot) = (self.plot.ribbon_area(), self.plot.units_per_dot());
        for Patch { area, color } in ribbon::patches(spans, &self.plot.time, area, dot, palette) {
            self.brush
                .rectangle(area.left, area.top, area.right, area.bottom, color)?;
        }
        Ok(())
    }
}
