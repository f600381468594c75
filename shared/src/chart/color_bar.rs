//! The bar that explains the colours of a scale.

use plotters_backend::text_anchor::{HPos, Pos, VPos};

use super::color::{ColorTable, Place};
use super::palette::Palette;
use super::path::Point;
use super::plot::label_width_px;
use super::sheet::{Brush, Refused, Sheet};
use super::value_axis::{self, ValueTick};

/// The height of a bar with its numbers, in pixels.
pub const COLOR_BAR_PX: f64 = 22.0;
/// The height of its colours, in pixels.
const COLORS_PX: f64 = 7.0;
/// The length of the marks at its ends, in pixels.
const TIP_PX: f64 = 6.0;
/// Between a mark and its count, in pixels.
const GAP_PX: f64 = 4.0;
/// How far apart its numbers are at the least, in pixels.
const SPACING_PX: f64 = 46.0;
/// The most pieces that its colours are drawn in.
const PIECES: f64 = 256.0;

/// What a bar explains.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ColorBar<'a> {
    /// The colours.
    pub table: &'a ColorTable,
    /// What is said of values below the scale, such as their number; empty for none.
    pub below: &'a str,
    /// Likewise above.
    pub above: &'a str,
}

/// Where a bar lies, in units of the backend.
#[derive(Clone, PartialEq, Debug)]
pub struct BarPlace {
    /// Its left end, with what is said there.
    pub left: f64,
    /// Its upper edge.
    pub top: f64,
    /// Its right end.
    pub right: f64,
    /// Units in a CSS pixel.
    pub units_per_px: f64,
    /// The font of its numbers.
    pub font_family: String,
}

/// Draws a bar: colours with round numbers below them, and at both ends what lies beyond.
pub fn draw_color_bar(
    sheet: &dyn Sheet,
    bar: ColorBar<'_>,
    place: &BarPlace,
    palette: &Palette,
) -> Result<(), Refused> {
    let px = place.units_per_px;
    let brush = Brush {
        sheet,
        units_per_px: px,
        font_family: &place.font_family,
    };
    let beside = |said: &str| {
        if said.is_empty() {
            0.0
        } else {
            label_width_px(said) + GAP_PX
        }
    };
    let (left, right) = (
        place.left + (beside(bar.below) + TIP_PX) * px,
        place.right - (beside(bar.above) + TIP_PX) * px,
    );
    if right - left < SPACING_PX * px {
        return Ok(());
    }
    let (top, bottom) = (place.top, place.top + COLORS_PX * px);
    let n_pieces = ((right - left) / px).clamp(1.0, PIECES).round();
    let mut piece = 0.0;
    while piece < n_pieces {
        // From pixel to pixel: two pieces that share one would show as a fine stripe.
        let x = |piece: f64| ((left + (right - left) * piece / n_pieces) / px).round() * px;
        let color = bar.table.color(bar.table.value_at((piece + 0.5) / n_pieces));
        // On to the end, so that nothing shines through between two pieces.
        brush.rectangle(x(piece), top, right, bottom, color)?;
        piece += 1.0;
    }
    let middle = f64::midpoint(top, bottom);
    let (low, high) = bar.table.ends();
    let tips = [
        (bar.below, low, left, -1.0, HPos::Right),
        (bar.above, high, right, 1.0, HPos::Left),
    ];
    for (said, end, x, direction, h_pos) in tips {
        if said.is_empty() {
            continue;
        }
        // Clearly beyond the bar: a tip in the colour that these values are drawn in.
        let tip = x + direction * TIP_PX * px;
        let corners = [(x, top), (tip, middle), (x, bottom)].map(|(x, y)| Point { x, y });
        brush.polygon(&corners, bar.table.color(end))?;
        let at = Point {
            x: tip + direction * GAP_PX * px / 2.0,
            y: middle,
        };
        brush.text(said, at, palette.text, Pos::new(h_pos, VPos::Center))?;
    }
    let steps = ((right - left) / px / SPACING_PX).clamp(1.0, 10.0);
    for tick in ticks(bar.table, steps) {
        let x = left + (right - left) * bar.table.part_of(tick.value);
        let ends = [bottom, bottom + 2.0 * px].map(|y| Point { x, y });
        brush.path(&ends, palette.text_dim, 1.0)?;
        let half = label_width_px(&tick.label) * px / 2.0;
        let at = Point {
            x: x.min(place.right - half).max(place.left + half),
            y: bottom + 3.0 * px,
        };
        brush.text(&tick.label, at, palette.text_dim, Pos::new(HPos::Center, VPos::Top))?;
    }
    Ok(())
}

/// Round numbers along the bar; its ends where there are none.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped by the caller"
)]
fn ticks(table: &ColorTable, steps: f64) -> Vec<ValueTick> {
    let (low, high) = table.ends();
    let ticks = if table.is_log() {
        value_axis::log_ticks(low, high, steps as usize)
    } else {
        value_axis::ticks(low, high, steps as usize)
    };
    let is_on_bar = |tick: &ValueTick| table.place(tick.value) == Place::Within;
    ticks.into_iter().filter(is_on_bar).collect()
}
