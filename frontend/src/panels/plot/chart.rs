//! What the parts of a panel share: what it shows, where that is drawn, and what is looked at.

use std::mem;
use std::time::Duration;

use leptos::prelude::set_timeout;
use shared::chart::axis_clock::AxisClock;
use shared::chart::plot::{Plot, PlotLayout};
use shared::time::{TimeRange, Timestamp};

use super::content::Content;
use super::data::Answers;
use super::pinned::{Pin, Told};
use crate::browser::font::page_font;
use crate::chart::canvas::UNITS_PER_DOT;
use crate::chart::stage::StageSize;
use crate::reactive::{Derived, Kept, State, effect};
use crate::state::chosen_channel::ChosenChannel;
use crate::state::cursor::Cursor;
use crate::state::pins::Pins;
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

/// What a panel shows, as often as anyone can read it.
#[derive(Clone, Copy, Debug)]
pub struct Calm {
    /// As [`Chart::content`].
    pub content: State<Content>,
    /// As [`Chart::shown`].
    pub shown: State<Content>,
}

/// For so long what comes over the live line is gathered before words and tables tell it.
const CALM: Duration = Duration::from_secs(1);

/// Follows at once what is asked for, chosen and hidden, and what comes over the live line once a second.
pub fn use_calm(answers: Answers, content: Derived<Content>, shown: Derived<Content>) -> Calm {
    let calm = Calm {
        content: State::new(content.get_untracked()),
        shown: State::new(shown.get_untracked()),
    };
    let tell = move || {
        calm.content.follow(content);
        calm.shown.follow(shown);
    };
    let is_waiting = Kept::new(false);
    let mut before = 0;
    effect(move || {
        content.track();
        shown.track();
        let n_heard = answers.n_heard();
        if mem::replace(&mut before, n_heard) == n_heard {
            tell();
        } else if is_waiting.try_update_value(|is_waiting| mem::replace(is_waiting, true)) == Some(false) {
            let told = move || {
                is_waiting.set_value(false);
                tell();
            };
            set_timeout(told, CALM);
        }
    });
    calm
}

/// The state of a panel over time: one word, as nearly everything in a panel captures it.
#[derive(Clone, Copy, Debug)]
pub struct Chart(Kept<ChartParts>);

/// Writes down the parts of a chart, and a way to each.
macro_rules! parts {
    ($($(#[$doc:meta])* $name:ident: $type:ty,)*) => {
        /// What a chart is made of.
        #[derive(Clone, Copy, Debug)]
        pub struct ChartParts {
            $($(#[$doc])* pub $name: $type,)*
        }

        impl Chart {
            $($(#[$doc])* #[inline(never)] pub fn $name(self) -> $type {
                self.parts().$name
            })*
        }
    };
}

parts! {
    /// The panel's name in the page.
    panel_id: Kept<String>,
    /// All that it shows, in the order of the dashboard.
    content: Derived<Content>,
    /// What of it is not hidden.
    shown: Derived<Content>,
    /// Both for words: while samples come, they are told once a second.
    calm: Calm,
    /// Whether the answers are those of the range on the screen, rather than stretched from another one.
    is_exact: Derived<bool>,
    /// The size of the stage; `None` until it is laid out.
    size: Derived<Option<StageSize>>,
    /// The clock by which times are told; `None` until time is known.
    clock: Derived<Option<AxisClock>>,
    /// Where everything lies; `None` until time and size are known.
    plot: Derived<Option<Plot>>,
    /// What time is shown.
    view: TimeView,
    /// The cursor of all panels.
    cursor: Cursor,
    /// The chosen channel of all panels.
    chosen: ChosenChannel,
    /// How far below the upper edge of the stage the cursor is, in CSS pixels; `None` where only its time counts.
    cursor_y: State<Option<f64>>,
    /// Whether the cursor is this panel's.
    attention: State<Attention>,
    /// What is pointed out in the legend, by its key: all else steps back.
    pointed_out: State<Option<String>>,
    /// The values that stay on the screen, with what is known of them.
    pins: Derived<Vec<(Pin, Told)>>,
    /// Where they are kept.
    pinned: Pins,
    /// Both ends of the selection that is being dragged.
    selection: State<Option<[Timestamp; 2]>>,
}

impl Chart {
    /// Of these parts, until the current owner is gone.
    pub fn new(parts: ChartParts) -> Self {
        Self(Kept::new(parts))
    }

    #[inline(never)]
    fn parts(self) -> ChartParts {
        self.0.get_value()
    }

    /// Points something out by its key, or nothing any more; does nothing where the panel is gone, as elements that go
    /// lose the focus.
    pub fn point_out(self, key: Option<String>) {
        if let Some(parts) = self.0.try_get_value() {
            parts.pointed_out.set(key);
        }
    }

    /// The moment at a distance from the left edge of the stage, in CSS pixels; `None` while nothing is laid out.
    pub fn time_at(self, x_px: f64) -> Option<Timestamp> {
        let units_per_px = units_per_px(self.size().get_untracked()?);
        self.plot()
            .with_untracked(|plot| Some(plot.as_ref()?.time.time_from_x(x_px * units_per_px)))
    }

    /// The part of the plot's width that lies left of a distance from the left edge of the stage, in CSS pixels.
    pub fn part_at(self, x_px: f64) -> Option<f64> {
        let units_per_px = units_per_px(self.size().get_untracked()?);
        self.plot().with_untracked(|plot| {
            let area = plot.as_ref()?.area;
            Some((x_px * units_per_px - area.left) / (area.right - area.left))
        })
    }

    /// How long a distance in CSS pixels is, in microseconds; `None` while nothing is laid out.
    pub fn micros_in(self, px: f64) -> Option<i64> {
        let units_per_px = units_per_px(self.size().get_untracked()?);
        self.plot()
            .with_untracked(|plot| Some(plot.as_ref()?.time.micros_in(px * units_per_px)))
    }

    /// Takes the cursor to a moment and, where it has one, to a height.
    pub fn look_at(self, time: Timestamp, y_px: Option<f64>, attention: Attention) {
        if self.attention().get_untracked() != attention {
            self.attention().set(attention);
        }
        if self.cursor_y().get_untracked() != y_px {
            self.cursor_y().set(y_px);
        }
        self.cursor().0.set(Some(time));
    }

    /// Lets go of the cursor, if it is this panel's.
    pub fn look_away(self) {
        if self.attention().get_untracked() != Attention::Elsewhere {
            self.attention().set(Attention::Elsewhere);
            self.cursor().0.set(None);
        }
    }
}

/// Units of the canvas in a CSS pixel.
pub fn units_per_px(size: StageSize) -> f64 {
    f64::from(UNITS_PER_DOT) * size.pixel_ratio
}

/// How a stage of a size is laid out.
pub fn layout_of(size: StageSize, font_family: String, clock: AxisClock) -> PlotLayout {
    let (width, height) = size.dots();
    PlotLayout {
        width: width * UNITS_PER_DOT,
        height: height * UNITS_PER_DOT,
        units_per_px: units_per_px(size),
        units_per_dot: UNITS_PER_DOT,
        font_family,
        clock,
    }
}

/// Lays the plot out whenever its size, its range, its clock or what it shows changes.
pub fn use_plot(
    view: TimeView,
    size: Derived<Option<StageSize>>,
    clock: Derived<Option<AxisClock>>,
    shown: Derived<Content>,
) -> Derived<Option<Plot>> {
    let font = Kept::new(None::<String>);
    let before = Kept::new((None::<Plot>, 0));
    Derived::new(move || {
        let (size, range, clock) = (size.get()?, view.visible().get()?, clock.get()?);
        let font = font.get_value().unwrap_or_else(|| {
            let family = page_font();
            font.set_value(Some(family.clone()));
            family
        });
        let layout = layout_of(size, font, clock);
        let plot = shown.with(|content| {
            let mut data = content.plot_data(range, None, None);
            // Only while the same is shown further on: after a zoom, or without a line, an axis fits what is there.
            data.rests = before.with_value(|(plot, n_lines)| {
                let goes_on = |plot: &&Plot| *n_lines == content.lines.len() && goes_on(plot.time.range(), range);
                plot.as_ref().filter(goes_on).map(Plot::bounds).unwrap_or_default()
            });
            let plot = Plot::new(layout, &data);
            if view.is_sliding().get() {
                plot.on_whole_pixels()
            } else {
                plot
            }
        });
        before.set_value((Some(plot.clone()), shown.with(|content| content.lines.len())));
        Some(plot)
    })
}

/// Whether a range is the one before, or that slid further: of the same length, and partly the same.
fn goes_on(before: TimeRange, now: TimeRange) -> bool {
    before.micros() == now.micros() && before.intersection(now).is_some()
}
