//! The layer above the data: the cursor's line, the samples it points at, and the selection.

use leptos::html::Canvas as CanvasElement;
use plotters_backend::BackendCoord;
use shared::chart::clip::Area;
use shared::chart::palette::{Palette, Rgba};
use shared::chart::path::Point;
use shared::chart::pick::{Picked, pick};
use shared::chart::plot::Plot;
use shared::dashboard::Axis;
use shared::time::{TimeRange, Timestamp};

use super::chart::{Attention, Chart, units_per_px};
use super::content::Content;
use super::pinned::{Part, Pin, Told};
use super::readout::{MOST_ROWS, REACH_PX};
use crate::chart::canvas::{Canvas, Font, UNITS_PER_DOT};
use crate::chart::frame::FrameDrawer;
use crate::dom::NodeRef;
use crate::reactive::{Derived, effect};
use crate::state::connection::use_connection;
use crate::state::server_clock::use_now;
use crate::theme::{palette, use_theme};

/// Radius of the dots, in CSS pixels.
const DOT_PX: f64 = 3.5;
const LINE_PX: f64 = 1.0;
/// Radius and width of the ring around a pinned value, and the size of its number, in CSS pixels.
const PIN_PX: f64 = 6.0;
const PIN_LINE_PX: f64 = 1.5;
const PIN_TEXT_PX: f64 = 11.0;
/// Between the lines over what was not received, and how much of the colour of dim text they have.
const HATCH_PX: f64 = 8.0;
const HATCH_OPACITY: f64 = 0.45;
/// How much of the accent a selection has.
const SELECTION_OPACITY: f64 = 0.16;

/// Draws the layer whenever what it shows changes; never touches the data below.
pub fn use_cursor_layer(chart: Chart, element: NodeRef<CanvasElement>) {
    let theme = use_theme();
    let not_received = use_not_received(chart);
    let drawer = FrameDrawer::new(move || {
        draw(chart, not_received.get(), element);
    });
    effect(move || {
        not_received.track();
        chart.cursor().0.track();
        chart.attention().track();
        chart.selection().track();
        chart.pins().track();
        // While there is nothing on it the layer stays as it is, wherever the data go.
        if !is_blank(chart, not_received.get()) {
            chart.plot().track();
        }
        theme.track();
        drawer.request();
    });
}

/// The time of which this page has not heard yet, in what is visible: since the way to the server was cut, up to now. What
/// is blank there is not known to be missing.
fn use_not_received(chart: Chart) -> Derived<Option<TimeRange>> {
    let (connection, now) = (use_connection(), use_now());
    Derived::new(move || {
        let since = connection.link().cut_since()?;
        let cut = TimeRange::new(since, now.get()).ok()?;
        chart.view().visible().get()?.intersection(cut)
    })
}

/// Whether there is nothing to be drawn; tracks.
fn is_blank(chart: Chart, not_received: Option<TimeRange>) -> bool {
    not_received.is_none()
        && chart.cursor().0.get().is_none()
        && chart.selection().get().is_none()
        && chart.pins().with(Vec::is_empty)
}

fn draw(chart: Chart, not_received: Option<TimeRange>, element: NodeRef<CanvasElement>) -> Option<()> {
    let (element, size) = (element.get()?, chart.size().get()?);
    if is_blank(chart, not_received) {
        // Without a size there is no picture that the browser would lay over that of the data with each frame.
        if element.width() > 0 {
            element.set_width(0);
        }
        return None;
    }
    let mut canvas = Canvas::wiped(&element, size.dots())?;
    let palette = palette();
    let px = units_per_px(size);
    chart.plot().with(|plot| {
        let plot = plot.as_ref()?;
        if let Some(range) = not_received {
            hatching(&mut canvas, plot, range, &palette, px);
        }
        if let Some(ends) = chart.selection().get() {
            selection(&mut canvas, plot, ends, &palette, px);
        }
        pins(&mut canvas, chart, plot, &palette, px);
        let at = chart.cursor().0.get().filter(|at| plot.time.range().contains(*at))?;
        let x = plot.time.x_from_time(at.as_micros());
        line(&mut canvas, plot, x, palette.text_dim, px);
        if chart.attention().get() != Attention::Elsewhere {
            dots(&mut canvas, chart, plot, at, &palette, px);
        }
        Some(())
    })
}

fn line(canvas: &mut Canvas, plot: &Plot, x: f64, color: Rgba, px: f64) {
    let ends = [(x, plot.area.top), (x, plot.foot())].map(corner);
    canvas.line(&mut ends.into_iter(), color, whole(LINE_PX * px));
}

/// Slanted lines over a time of which nothing is known here.
fn hatching(canvas: &mut Canvas, plot: &Plot, range: TimeRange, palette: &Palette, px: f64) {
    let x = |time: Timestamp| plot.time.x_from_time(time.as_micros());
    let part = Area {
        left: x(range.start()).max(plot.area.left),
        right: x(range.end()).min(plot.area.right),
        bottom: plot.foot(),
        ..plot.area
    };
    let (height, step) = (part.bottom - part.top, HATCH_PX * px);
    // From a fixed place on, so that the lines rest while the part grows.
    let mut foot = plot.area.left + ((part.left - height - plot.area.left) / step).floor() * step;
    let color = palette.text_dim.faded(HATCH_OPACITY);
    while foot < part.right {
        let ends = [(foot, part.bottom), (foot + height, part.top)].map(|(x, y)| Point { x, y });
        for cut in part.clip_path(&ends) {
            let mut points = cut.iter().map(|point| corner((point.x, point.y)));
            canvas.line(&mut points, color, whole(LINE_PX * px));
        }
        foot += step;
    }
    line(canvas, plot, part.left, palette.text_dim, px);
}

fn selection(canvas: &mut Canvas, plot: &Plot, ends: [Timestamp; 2], palette: &Palette, px: f64) {
    let [one, other] = ends.map(|end| {
        plot.time
            .x_from_time(end.as_micros())
            .clamp(plot.area.left, plot.area.right)
    });
    let (left, right) = (one.min(other), one.max(other));
    let ends = [(left, plot.area.top), (right, plot.area.bottom)].map(|(x, y)| (x.round(), y.round()));
    let [(x, y), (x_end, y_end)] = ends;
    canvas.fill(palette.accent.faded(SELECTION_OPACITY), [x, y, x_end - x, y_end - y]);
    line(canvas, plot, left, palette.accent, px);
    line(canvas, plot, right, palette.accent, px);
}

/// A dot on every value that the box beside the cursor tells.
fn dots(canvas: &mut Canvas, chart: Chart, plot: &Plot, at: Timestamp, palette: &Palette, px: f64) {
    let reach_us = plot.time.micros_in(REACH_PX * px);
    chart.shown().with(|content| {
        for line in content
            .lines
            .iter()
            .take(MOST_ROWS)
            .filter_map(super::lines::PanelLine::plot_line)
        {
            let (Some(axis), Some(picked)) = (plot.axis(line.axis), pick(&line, at.as_micros(), reach_us)) else {
                continue;
            };
            let points = match picked {
                Picked::Sample { time_us, value } => [value.finite().map(|value| (time_us, value)), None],
                Picked::Column { min, max, .. } => [Some((min.time_us, min.value)), Some((max.time_us, max.value))],
            };
            for (time_us, value) in points.into_iter().flatten() {
                let center = corner((plot.time.x_from_time(time_us), axis.scale.y_from_value(value)));
                dot(canvas, center, palette.line(line.color), palette.background, px);
            }
        }
    });
}

/// A ring and its number at every pinned value in sight.
fn pins(canvas: &mut Canvas, chart: Chart, plot: &Plot, palette: &Palette, px: f64) {
    let font = Font {
        family: plot.font_family().to_owned(),
        size: PIN_TEXT_PX * px / f64::from(UNITS_PER_DOT),
        is_bold: false,
        horizontal: "left",
        vertical: "bottom",
    };
    chart.pins().with(|pins| {
        for (at, (pin, told)) in pins.iter().enumerate() {
            let line = chart.shown().with(|content| {
                let found = content.lines.iter().find(|line| line.key == pin.pinned.what);
                found.map(|line| (line.axis, palette.line(line.color)))
            });
            let (axis, color) = line.unwrap_or((Axis::Left, palette.text));
            let Some(axis) = plot.axis(axis) else { continue };
            for (time_us, value) in chart.shown().with(|content| points(content, pin, told)) {
                let (x, y) = (plot.time.x_from_time(time_us), axis.scale.y_from_value(value));
                if !plot.area.contains(Point { x, y }) {
                    continue;
                }
                dot(canvas, corner((x, y)), color, palette.background, px);
                let width = whole(PIN_LINE_PX * px);
                canvas.circle(corner((x, y)), whole(PIN_PX * px), palette.text, Some(width));
                let beside = corner((x + PIN_PX * px, y - PIN_PX * px / 2.0));
                canvas.text(&(at + 1).to_string(), font.clone(), palette.text, beside);
            }
        }
    });
}

/// Where a pinned value lies, times in microseconds and values: one for a sample, two for a column, the middle of a cell;
/// none for null and NaN, and for a line that is not shown.
fn points(content: &Content, pin: &Pin, told: &Told) -> Vec<(i64, f64)> {
    let range = pin.range();
    let middle_us = range.start().as_micros() + range.micros() / 2;
    match (pin.part, told) {
        (Part::Values { low, high }, _) => vec![(middle_us, f64::midpoint(low, high))],
        (Part::Rows { first, last }, _) => {
            let layers = content.cells.iter().flat_map(|cells| cells.layers.iter());
            let mut of_metric = layers.filter(|layer| layer.metric == pin.metric);
            let row = |first_row| f64::from(first_row) + f64::midpoint(f64::from(first), f64::from(last));
            let found = of_metric.next().map(|layer| (middle_us, row(layer.first_row)));
            found.into_iter().collect()
        }
        (Part::Band | Part::Channel(_), Told::Known(seen))
            if content.lines.iter().any(|line| line.key == pin.pinned.what) =>
        {
            match (seen.only, seen.extremes) {
                (Some((time_us, value)), _) => value.finite().map(|value| (time_us, value)).into_iter().collect(),
                (None, Some([min, max])) => vec![(max.time_us, max.value), (min.time_us, min.value)],
                (None, None) => Vec::new(),
            }
        }
        (Part::Band | Part::Channel(_), _) => Vec::new(),
    }
}

/// A dot with a rim in the colour of the ground, so that it stands out of its line.
fn dot(canvas: &mut Canvas, center: BackendCoord, color: Rgba, rim: Rgba, px: f64) {
    canvas.circle(center, whole((DOT_PX + 1.0) * px), rim, None);
    canvas.circle(center, whole(DOT_PX * px), color, None);
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few pixels in units"
)]
fn whole(units: f64) -> u32 {
    units.round().max(1.0) as u32
}

#[expect(clippy::cast_possible_truncation, reason = "positions are kept near the plot")]
fn corner((x, y): (f64, f64)) -> BackendCoord {
    (x.round() as i32, y.round() as i32)
}
