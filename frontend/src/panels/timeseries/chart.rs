//! What the parts of a panel share: its lines, where they are drawn, and what is looked at.

use leptos::prelude::*;
use shared::chart::plot::{Plot, PlotData, PlotLayout};
use shared::dashboard::Axis;
use shared::time::{TimeRange, Timestamp};

use super::lines::{PanelLine, units_of};
use crate::chart::canvas::UNITS_PER_DOT;
use crate::chart::stage::StageSize;
use crate::reactive::Derived;
use crate::state::cursor::Cursor;
use crate::state::time_view::TimeView;

/// By what a panel is being read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Attention {
    /// By nothing: the cursor is in another panel or nowhere.
    Elsewhere,
    /// A mouse, a pen or a finger.
    Pointer,
    /// The keyboard.
    Keyboard,
}

/// The state of a panel that draws lines.
#[derive(Clone, Copy, Debug)]
pub struct Chart {
    /// The panel's name in the page.
    pub panel_id: StoredValue<String>,
    /// All lines, in the order of the dashboard.
    pub lines: Memo<Vec<PanelLine>>,
    /// Those that are not hidden.
    pub shown: Memo<Vec<PanelLine>>,
    /// The size of the stage; `None` until it is laid out.
    pub size: Derived<Option<StageSize>>,
    /// Where everything lies; `None` until time and size are known.
    pub plot: Memo<Option<Plot>>,
    /// What time is shown; use [`Chart::view`].
    pub view: StoredValue<TimeView>,
    /// The cursor of all panels.
    pub cursor: Cursor,
    /// Whether the cursor is this panel's.
    pub attention: RwSignal<Attention>,
    /// The line that is pointed out, by its key: the others step back.
    pub pointed_out: RwSignal<Option<String>>,
    /// Both ends of the selection that is being dragged.
    pub selection: RwSignal<Option<[Timestamp; 2]>>,
}

impl Chart {
    /// What time is shown.
    pub fn view(&self) -> TimeView {
        self.view.get_value()
    }

    /// The moment at a distance from the left edge of the stage, in CSS pixels; `None` while nothing is laid out.
    pub fn time_at(&self, x_px: f64) -> Option<Timestamp> {
        let units_per_px = units_per_px(self.size.get_untracked()?);
        self.plot
            .with_untracked(|plot| Some(plot.as_ref()?.time.time_from_x(x_px * units_per_px)))
    }

    /// The part of the plot's width that lies left of a distance from the left edge of the stage, in CSS pixels.
    pub fn part_at(&self, x_px: f64) -> Option<f64> {
        let units_per_px = units_per_px(self.size.get_untracked()?);
        self.plot.with_untracked(|plot| {
            let area = plot.as_ref()?.area;
            Some((x_px * units_per_px - area.left) / (area.right - area.left))
        })
    }

    /// How long a distance in CSS pixels is, in microseconds; `None` while nothing is laid out.
    pub fn micros_in(&self, px: f64) -> Option<i64> {
        let units_per_px = units_per_px(self.size.get_untracked()?);
        self.plot
            .with_untracked(|plot| Some(plot.as_ref()?.time.micros_in(px * units_per_px)))
    }

    /// Takes the cursor to a moment.
    pub fn look_at(&self, time: Timestamp, attention: Attention) {
        if self.attention.get_untracked() != attention {
            self.attention.set(attention);
        }
        self.cursor.0.set(Some(time));
    }

    /// Lets go of the cursor, if it is this panel's.
    pub fn look_away(&self) {
        if self.attention.get_untracked() != Attention::Elsewhere {
            self.attention.set(Attention::Elsewhere);
            self.cursor.0.set(None);
        }
    }
}

/// Units of the canvas in a CSS pixel.
pub fn units_per_px(size: StageSize) -> f64 {
    f64::from(UNITS_PER_DOT) * size.pixel_ratio
}

/// How a stage of a size is laid out.
pub fn layout_of(size: StageSize, font_family: String) -> PlotLayout {
    let (width, height) = size.dots();
    PlotLayout {
        width: width * UNITS_PER_DOT,
        height: height * UNITS_PER_DOT,
        units_per_px: units_per_px(size),
        units_per_dot: UNITS_PER_DOT,
        font_family,
        utc_offset_us: 0,
    }
}

/// What there is to draw of some lines.
pub fn plot_data(lines: &[PanelLine], range: TimeRange, now: Option<Timestamp>) -> PlotData<'_> {
    let unit = |side: Axis| units_of(lines.iter().filter(|line| line.axis == side));
    PlotData {
        range,
        lines: lines.iter().filter_map(PanelLine::plot_line).collect(),
        left_unit: unit(Axis::Left),
        right_unit: unit(Axis::Right),
        now,
    }
}
