//! Which rows of a long list are in sight.

use leptos::html;
use leptos::prelude::*;
use shared::dashboard::LatestStyle;

use crate::browser::resize::observe;
use crate::chart::stage::StageSize;
use crate::dom::NodeRef;
use crate::reactive::{State, effect};

/// Lines kept ready above and below those in sight.
const SPARE_LINES: usize = 6;

/// The least width of a tile in pixels, as in the style sheet.
const TILE_PX: usize = 150;

/// The height of the table's head in pixels, which lies over the first line in sight.
const HEAD_PX: usize = 26;

/// The part of a list that is in sight.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// The element that scrolls.
    pub scroller: NodeRef<html::Div>,
    style: LatestStyle,
    top_px: State<usize>,
    height_px: State<usize>,
    width_px: State<usize>,
}

impl Window {
    /// Of a list that is laid out in a style.
    pub fn new(style: LatestStyle) -> Self {
        let window = Self {
            scroller: NodeRef::new(),
            style,
            top_px: State::new(0),
            height_px: State::new(0),
            width_px: State::new(0),
        };
        effect(move || {
            if let Some(element) = window.scroller.get() {
                observe(&element, move || window.measure());
            }
        });
        window
    }

    /// Looks where the list has been scrolled to, and how large it is.
    pub fn measure(self) {
        if let Some(element) = self.scroller.get_untracked() {
            let set = |state: State<usize>, length: i32| {
                let pixels = usize::try_from(length).unwrap_or(0);
                if state.get_untracked() != pixels {
                    state.set(pixels);
                }
            };
            set(self.top_px, element.scroll_top());
            set(self.height_px, element.client_height());
            set(self.width_px, element.client_width());
        }
    }

    /// The height of a line in pixels, as in the style sheet.
    pub const fn line_px(self) -> usize {
        match self.style {
            LatestStyle::Table => 26,
            LatestStyle::Bars => 24,
            LatestStyle::Tiles => 66,
        }
    }

    /// How many rows a line has; tracks.
    pub fn per_line(self) -> usize {
        match self.style {
            LatestStyle::Tiles => (self.width_px.get() / TILE_PX).max(1),
            _ => 1,
        }
    }

    /// How many rows are in sight.
    pub fn per_page(self) -> usize {
        let lines = (self.height_px.get_untracked() / self.line_px())
            .saturating_sub(1)
            .max(1);
        lines * untrack(|| self.per_line())
    }

    /// The positions from the first row to behind the last that are in the document; tracks.
    pub fn range(self, n_rows: usize) -> (usize, usize) {
        let per_line = self.per_line();
        let (top_px, height_px) = (self.top_px.get(), self.height_px.get());
        let first = (top_px / self.line_px()).saturating_sub(SPARE_LINES) * per_line;
        let last = ((top_px + height_px).div_ceil(self.line_px()) + SPARE_LINES) * per_line;
        let first = first.min(n_rows);
        (first, last.clamp(first, n_rows))
    }

    /// The space of the rows before and after those in the document, in pixels; tracks.
    pub fn space_px(self, n_rows: usize) -> (usize, usize) {
        let (first, last) = self.range(n_rows);
        let per_line = self.per_line();
        let lines = |n: usize| n.div_ceil(per_line) * self.line_px();
        (
            first / per_line * self.line_px(),
            lines(n_rows).saturating_sub(lines(last)),
        )
    }

    /// The positions from the first row to behind the last that are in sight, in part at least.
    pub fn in_sight(self, n_rows: usize) -> (usize, usize) {
        let per_line = untrack(|| self.per_line());
        let first = self.top_px.get_untracked() / self.line_px();
        let n_lines = self.height_px.get_untracked().div_ceil(self.line_px());
        let first = (first * per_line).min(n_rows);
        (first, (first + n_lines * per_line).min(n_rows))
    }

    /// The size of what is in sight; `None` until it is laid out.
    pub fn size(self) -> Option<StageSize> {
        let (width, height) = (self.width_px.get_untracked(), self.height_px.get_untracked());
        (width > 0 && height > 0).then(|| StageSize {
            width: width as f64,
            height: height as f64,
            pixel_ratio: window().device_pixel_ratio(),
        })
    }

    /// The position of the first row in sight.
    pub fn first_in_sight(self) -> usize {
        self.top_px.get_untracked().div_ceil(self.line_px()) * untrack(|| self.per_line())
    }

    /// Scrolls no farther than needed to show a row.
    pub fn bring_into_sight(self, position: usize) {
        let Some(scroller) = self.scroller.get_untracked() else {
            return;
        };
        let head_px = if self.style == LatestStyle::Table { HEAD_PX } else { 0 };
        let line = position / untrack(|| self.per_line());
        let (top, bottom) = (line * self.line_px(), (line + 1) * self.line_px() + head_px);
        let (seen_top, seen_px) = (self.top_px.get_untracked(), self.height_px.get_untracked());
        let target = if top < seen_top {
            top
        } else if bottom > seen_top + seen_px {
            bottom.saturating_sub(seen_px)
        } else {
            return;
        };
        scroller.set_scroll_top(i32::try_from(target).unwrap_or(i32::MAX));
        self.measure();
    }
}
