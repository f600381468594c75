//! The layer of the data: drawn when they, their place or their colours change, and only where they have changed.

use std::cell::RefCell;
use std::rc::Rc;

use leptos::html::Canvas as CanvasElement;
use leptos::prelude::untrack;
use plotters::drawing::DrawingArea;
use shared::chart::cell_draw::Pictures;
use shared::chart::clip::Area;
use shared::chart::plot::Plot;
use shared::chart::repaint::{Changed, Repaint};
use shared::chart::sheet::Sheet;
use shared::time::{TimeRange, Timestamp};

use super::change::{change_of, may_move};
use super::chart::Chart;
use super::content::Content;
use crate::chart::canvas::{Canvas, SharedCanvas};
use crate::chart::frame::FrameDrawer;
use crate::components::panel_frame::mark_drawn;
use crate::dom::NodeRef;
use crate::panels::cells::draw::{Drawn, draw_content};
use crate::reactive::{Derived, Kept, effect};
use crate::state::painted;
use crate::state::server_clock::use_now;
use crate::theme::{Theme, palette, use_theme};

/// What stands on the canvas.
struct Standing {
    plot: Plot,
    content: Content,
    now: Option<Timestamp>,
    pointed_out: Option<String>,
    chosen_row: Option<f64>,
    theme: Theme,
}

impl Standing {
    /// What has to be drawn for it where something else stands.
    fn after(&self, before: &Self) -> Repaint {
        let is_same_look = self.theme == before.theme
            && self.pointed_out == before.pointed_out
            && self.chosen_row == before.chosen_row;
        let changed = if is_same_look {
            change_of(&before.content, &self.content)
        } else {
            Changed::All
        };
        let may_move = self.chosen_row.is_none() && may_move(&self.content);
        self.plot
            .repaint(&before.plot, changed, [before.now, self.now], may_move)
    }

    fn draw(&self, sheet: &dyn Sheet, plot: &Plot) -> Option<()> {
        let drawn = Drawn {
            now: self.now,
            pointed_out: self.pointed_out.as_deref(),
            chosen_row: self.chosen_row,
            // The surface of an SVG takes pictures too.
            pictures: Pictures::AsBitmaps,
        };
        draw_content(sheet, plot, &self.content, &palette(), drawn).ok()
    }
}

/// Draws the data at the next frame whenever they, their place or their colours change.
pub fn use_data_layer(chart: Chart, element: NodeRef<CanvasElement>) {
    let (theme, now) = (use_theme(), use_now());
    // The now-line moves when it moves by a pixel. Of a window that slides with now the edge is one.
    let now_line = Derived::new(move || {
        if chart.view().is_sliding().get() {
            return None;
        }
        let now = now.get();
        let range = chart.view().visible().get().filter(|range| range.contains(now))?;
        let grain = (range.micros() / 2_000).max(1);
        Some(now.saturating_add_micros(-now.as_micros().rem_euclid(grain)))
    });
    let (before, marked) = (Kept::new(None), Kept::new(None));
    let drawer = FrameDrawer::new(move || {
        if draw(chart, now_line.get(), theme.get(), element, before).is_some() && chart.is_exact().get() {
            let asked = chart.view().asked().get();
            chart.panel_id().with_value(|id| {
                // Once for each range, and not with each sample that comes.
                if marked.get_value() != asked || painted::is_missing(id) {
                    marked.set_value(asked);
                    mark_drawn(id);
                }
            });
        }
    });
    effect(move || {
        chart.plot().track();
        chart.shown().track();
        chart.pointed_out().track();
        chart.shown().with(|content| chosen_row(chart, content));
        now_line.track();
        theme.track();
        chart.is_exact().track();
        if untrack(|| is_awaited(chart, marked)) {
            drawer.now();
        } else {
            drawer.request();
        }
    });
}

/// Whether the first exact picture of what was asked for can be drawn: that is not put off to the next frame, in which it
/// would be seen a frame later.
fn is_awaited(chart: Chart, marked: Kept<Option<TimeRange>>) -> bool {
    chart.is_exact().get() && marked.get_value() != chart.view().asked().get()
}

fn draw(
    chart: Chart,
    now: Option<Timestamp>,
    theme: Theme,
    element: NodeRef<CanvasElement>,
    before: Kept<Option<Standing>>,
) -> Option<()> {
    let (element, size) = (element.get()?, chart.size().get()?);
    let content = chart.shown().get();
    let standing = Standing {
        plot: chart.plot().get()?,
        now,
        pointed_out: chart.pointed_out().get(),
        chosen_row: chosen_row(chart, &content),
        theme,
        content,
    };
    let repaint = before.with_value(|before| before.as_ref().map_or(Repaint::All, |before| standing.after(before)));
    // Until it is done, nobody knows what stands there.
    before.set_value(None);
    let kept = Canvas::kept(&element, size.dots()).filter(|_| repaint != Repaint::All);
    match (repaint, kept) {
        (Repaint::Nothing, Some(_)) => {}
        (Repaint::Parts { moved, by, parts }, Some(canvas)) => {
            let canvas: SharedCanvas = Rc::new(RefCell::new(canvas));
            if by > 0.0 {
                canvas.borrow_mut().move_left(rectangle(moved), by);
            }
            for part in &parts {
                canvas.borrow_mut().within(rectangle(part.region));
                let drawn = standing.draw(&DrawingArea::from(&canvas), &standing.plot.only(part));
                canvas.borrow_mut().everywhere();
                drawn?;
            }
        }
        _ => {
            let canvas = Rc::new(RefCell::new(Canvas::wiped(&element, size.dots())?));
            standing.draw(&DrawingArea::from(&canvas), &standing.plot)?;
        }
    }
    before.set_value(Some(standing));
    Some(())
}

const fn rectangle(area: Area) -> [f64; 4] {
    [area.left, area.top, area.right - area.left, area.bottom - area.top]
}

/// Draws all that is shown on a surface of the stage's size. `None` while there is nothing to be seen.
pub fn draw_on(sheet: &dyn Sheet, chart: Chart, now: Option<Timestamp>, pointed_out: Option<&str>) -> Option<()> {
    chart.plot().with(|plot| {
        let plot = plot.as_ref()?;
        chart.shown().with(|content| {
            let drawn = Drawn {
                now,
                pointed_out,
                chosen_row: chosen_row(chart, content),
                pictures: Pictures::AsBitmaps,
            };
            draw_content(sheet, plot, content, &palette(), drawn).ok()
        })
    })
}

/// Where on the axis of rows the chosen channel lies; tracks.
fn chosen_row(chart: Chart, content: &Content) -> Option<f64> {
    let cells = content.cells.as_ref()?;
    cells.chosen_row(|metric| chart.chosen().of(metric))
}
