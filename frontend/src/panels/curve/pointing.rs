//! Pointing at channels and choosing them, by mouse, finger and keys.

use leptos::ev::{KeyboardEvent, MouseEvent, PointerEvent};
use leptos::html::Div;
use leptos::prelude::untrack;
use shared::chart::path::Point;

use super::shown::Shown;
use crate::dom::NodeRef;
use crate::panels::camera::pointing::used;
use crate::panels::plot::chart::units_per_px;

/// The pointers and keys of one curve.
#[derive(Clone, Copy, Debug)]
pub struct Pointing {
    shown: Shown,
    stage: NodeRef<Div>,
}

impl Pointing {
    /// Of a curve on a stage.
    pub const fn new(shown: Shown, stage: NodeRef<Div>) -> Self {
        Self { shown, stage }
    }

    fn nearest(self, event: &web_sys::MouseEvent) -> Option<usize> {
        let frame = self.stage.get_untracked()?.get_bounding_client_rect();
        let px = units_per_px(self.shown.size.get_untracked()?);
        let at = Point {
            x: (f64::from(event.client_x()) - frame.left()) * px,
            y: (f64::from(event.client_y()) - frame.top()) * px,
        };
        let (curve, data) = untrack(|| (self.shown.curve.get(), self.shown.data.get()));
        curve?.nearest(data?.as_ref(), at)
    }

    fn look_at(self, position: Option<usize>, by_keyboard: bool) {
        if self.shown.by_keyboard.get_untracked() != by_keyboard {
            self.shown.by_keyboard.set(by_keyboard);
        }
        if self.shown.pointed.get_untracked() != position {
            self.shown.pointed.set(position);
        }
    }

    /// The pointer moves.
    pub fn travel(self, event: &PointerEvent) {
        if event.pointer_type() != "touch" {
            self.look_at(self.nearest(event), false);
        }
    }

    /// The pointer leaves.
    pub fn leave(self) {
        if !self.shown.by_keyboard.get_untracked() {
            self.look_away();
        }
    }

    /// Nothing is pointed at any more.
    pub fn look_away(self) {
        self.look_at(None, false);
    }

    /// A click or a tap chooses the nearest channel.
    pub fn click(self, event: &MouseEvent) -> Option<()> {
        let nearest = self.nearest(event);
        self.look_at(nearest, false);
        self.shown.choose(nearest?);
        Some(())
    }

    /// A key while the curve has the focus: arrows walk from channel to channel, Enter and space choose.
    pub fn key(self, event: &KeyboardEvent) -> Option<()> {
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return None;
        }
        let last = self.shown.data.get_untracked()?.points.len().checked_sub(1)?;
        let now = self.shown.pointed.get_untracked();
        let start = || untrack(|| self.shown.chosen_position()).unwrap_or(0);
        let to = match event.key().as_str() {
            "ArrowRight" => now.map_or_else(start, |now| (now + 1).min(last)),
            "ArrowLeft" => now.map_or_else(start, |now| now.saturating_sub(1)),
            "Home" => 0,
            "End" => last,
            "Enter" | " " => {
                self.shown.choose(now?);
                return used(event);
            }
            "Escape" if now.is_some() => {
                self.look_away();
                return used(event);
            }
            _ => return None,
        };
        self.look_at(Some(to), true);
        used(event)
    }
}
