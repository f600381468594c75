//! Drawing of all that a panel shows, onto whatever it is drawn on.

use shared::chart::cell_draw::{CellMarks, CellName, Pictures};
use shared::chart::color::{ColorTable, Place};
use shared::chart::draw::draw_plot;
use shared::chart::palette::Palette;
use shared::chart::plot::{ColoredLine, Plot, label_width_px};
use shared::chart::shape::extent_of;
use shared::chart::sheet::{Refused, Sheet};
use shared::chart::state_colors::state_color;
use shared::time::Timestamp;

use super::content::PanelCells;
use super::spec::CellsSpec;
use crate::format;
use crate::panels::plot::content::Content;

/// Rows that are less high than this have no names in them, in pixels.
const LEAST_ROW_PX: f64 = 12.0;
/// Between a name and the ends of its state, in pixels.
const ROOM_PX: f64 = 4.0;

/// How a panel is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Drawn<'a> {
    /// Where the now-line stands.
    pub now: Option<Timestamp>,
    /// What is pointed out in the legend, by its key.
    pub pointed_out: Option<&'a str>,
    /// Where on the axis of rows the chosen channel lies.
    pub chosen_row: Option<f64>,
    /// How pictures get onto the target.
    pub pictures: Pictures,
}

/// Draws all that a panel shows: cells, lines, marks and axes.
pub fn draw_content(
    sheet: &dyn Sheet,
    plot: &Plot,
    content: &Content,
    palette: &Palette,
    drawn: Drawn<'_>,
) -> Result<(), Refused> {
    let mut data = content.plot_data(plot.time.range(), drawn.now, drawn.pointed_out);
    let marks = content.cells.as_ref().map(|cells| cells.marks(plot, palette, drawn));
    let chosen = chosen_line(content, palette);
    data.cells = marks.as_ref();
    data.colored = chosen.as_ref().map(|(line, table)| ColoredLine { line: *line, table });
    draw_plot(sheet, plot, palette, &data)
}

/// The place of the chosen channel's line among those that are drawn, and its colours.
fn chosen_line(content: &Content, palette: &Palette) -> Option<(usize, ColorTable)> {
    let metric = content.follows.as_deref()?;
    let drawn = || content.lines.iter().filter(|line| line.shape().is_some());
    let line = drawn().position(|line| line.metric == metric && line.channel.is_some())?;
    let scale = content
        .cells
        .as_ref()
        .and_then(|cells| Some(cells.layers.first()?.scale.clone()));
    let extents = drawn().filter(|line| line.metric == metric);
    let visible = extent_of(extents.filter_map(|line| line.shape()?.extent(shared::time::TimeRange::ALL)));
    Some((
        line,
        ColorTable::new(&scale.unwrap_or_default(), visible, palette.is_red()),
    ))
}

impl PanelCells {
    fn marks(&self, plot: &Plot, palette: &Palette, drawn: Drawn<'_>) -> CellMarks {
        CellMarks {
            images: self.images(plot, palette),
            names: self.state_names(plot, palette),
            bar: self.bar(palette),
            chosen: drawn.chosen_row,
            pictures: drawn.pictures,
        }
    }

    /// Where on the axis of rows the chosen channel lies; `chosen` tells it for a metric.
    pub fn chosen_row(&self, chosen: impl Fn(&str) -> Option<u32>) -> Option<f64> {
        if matches!(self.spec, CellsSpec::Counts { .. }) {
            return None;
        }
        let found = self
            .layers
            .iter()
            .find_map(|layer| Some((layer.first_row, chosen(&layer.metric)?)));
        found.map(|(first_row, channel)| f64::from(first_row + channel))
    }

    fn bar(&self, palette: &Palette) -> Option<(ColorTable, [String; 2])> {
        let layer = self
            .layers
            .first()
            .filter(|layer| self.has_bar() && layer.answer.is_some())?;
        let beyond = self.beyond().unwrap_or_default();
        let said = |place: Place| match beyond.iter().filter(|channel| channel.place == place).count() {
            0 => String::new(),
            count => count.to_string(),
        };
        let said = [Place::Below, Place::Above].map(said);
        Some((layer.table(palette.is_red()), said))
    }

    /// The names of states where they last long enough.
    fn state_names(&self, plot: &Plot, palette: &Palette) -> Vec<CellName> {
        let mut names = Vec::new();
        let Some(axis) = plot.left.as_ref() else {
            return names;
        };
        let px = plot.units_per_px();
        for layer in &self.layers {
            layer.with_states(|states| {
                let least = label_width_px("m") * px;
                for span in states.spans(&plot.time, &axis.scale, plot.area, least, LEAST_ROW_PX * px) {
                    let Some(value) = span.value else { continue };
                    let text = format::state_label(&layer.states, value);
                    if (label_width_px(&text) + 2.0 * ROOM_PX) * px <= span.right - span.left {
                        names.push(CellName {
                            at: (f64::midpoint(span.left, span.right), span.middle),
                            text,
                            ground: state_color(&layer.states, value, palette),
                        });
                    }
                }
            });
        }
        names
    }
}
