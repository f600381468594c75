//! Pointing at channels of a picture and choosing them, by mouse, finger and keys.

use leptos::ev::{KeyboardEvent, MouseEvent, PointerEvent};
use leptos::html::Div;
use leptos::prelude::untrack;
use shared::chart::path::Point;

use super::picture::AnyPicture;
use crate::dom::NodeRef;
use crate::panels::plot::chart::units_per_px;
use crate::reactive::State;

/// What is pointed at.
#[derive(Clone, Copy, Debug)]
pub struct Pointer {
    /// The channel by its position in the picture.
    pub pointed: State<Option<usize>>,
    /// Whether the keyboard points.
    pub by_keyboard: State<bool>,
}

impl Pointer {
    /// Nothing is pointed at.
    pub fn at_nothing() -> Self {
        Self {
            pointed: State::new(None),
            by_keyboard: State::new(false),
        }
    }
}

/// The pointers and keys of one picture.
#[derive(Clone, Copy, Debug)]
pub struct Pointing {
    picture: AnyPicture,
    pointer: Pointer,
    stage: NodeRef<Div>,
}

impl Pointing {
    /// Of a picture on a stage.
    pub const fn new(picture: AnyPicture, pointer: Pointer, stage: NodeRef<Div>) -> Self {
        Self {
            picture,
            pointer,
            stage,
        }
    }

    /// The channel under an event.
    fn position_at(self, event: &web_sys::MouseEvent) -> Option<usize> {
        let frame = self.stage.get_untracked()?.get_bounding_client_rect();
        self.picture.with_value(|picture| {
            untrack(|| {
                let px = units_per_px(picture.size()?);
                picture.position_at(Point {
                    x: (f64::from(event.client_x()) - frame.left()) * px,
                    y: (f64::from(event.client_y()) - frame.top()) * px,
                })
            })
        })
    }

    fn look_at(self, position: Option<usize>, by_keyboard: bool) {
        let Pointer {
            pointed,
            by_keyboard: is_by_keyboard,
        } = self.pointer;
        if is_by_keyboard.get_untracked() != by_keyboard {
            is_by_keyboard.set(by_keyboard);
        }
        if pointed.get_untracked() != position {
            pointed.set(position);
        }
    }

    fn choose(self, position: usize) {
        self.picture.with_value(|picture| picture.choose(position));
    }

    /// The pointer moves.
    pub fn travel(self, event: &PointerEvent) {
        if event.pointer_type() != "touch" {
            self.look_at(self.position_at(event), false);
        }
    }

    /// The pointer leaves.
    pub fn leave(self, event: &PointerEvent) {
        if event.pointer_type() != "touch" && !self.pointer.by_keyboard.get_untracked() {
            self.look_away();
        }
    }

    /// Nothing is pointed at any more.
    pub fn look_away(self) {
        self.look_at(None, false);
    }

    /// A click or a tap chooses what is under it; beside all channels it lets go of what is pointed at.
    pub fn click(self, event: &MouseEvent) {
        let position = self.position_at(event);
        self.look_at(position, false);
        if let Some(position) = position {
            self.choose(position);
        }
    }

    /// A key while the picture has the focus: arrows walk, Enter and space choose.
    pub fn key(self, event: &KeyboardEvent) -> Option<()> {
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return None;
        }
        let (key, pointed) = (event.key(), self.pointer.pointed.get_untracked());
        match key.as_str() {
            "Enter" | " " => self.choose(pointed?),
            "Escape" => {
                pointed?;
                self.look_away();
            }
            key => {
                let to = self
                    .picture
                    .with_value(|picture| untrack(|| picture.step(key, pointed)))?;
                self.look_at(Some(to), true);
            }
        }
        // Keys that mean something here mean nothing else on the page.
        event.prevent_default();
        event.stop_propagation();
        Some(())
    }
}
