//! Pointing at pixels and choosing them, by mouse, finger and keys.

use leptos::ev::{KeyboardEvent, MouseEvent, PointerEvent};
use leptos::html::Div;
use leptos::prelude::untrack;
use shared::chart::camera::shape::{CameraShape, Direction, Place};
use shared::chart::path::Point;
use shared::display::CameraPart;

use super::shown::Shown;
use crate::dom::NodeRef;
use crate::panels::plot::chart::units_per_px;

/// A module is crossed in fewer steps than this.
const MOST_STEPS: usize = 8;

/// The pointers and keys of one camera.
#[derive(Clone, Copy, Debug)]
pub struct Pointing {
    shown: Shown,
    stage: NodeRef<Div>,
}

impl Pointing {
    /// Of a camera on a stage.
    pub const fn new(shown: Shown, stage: NodeRef<Div>) -> Self {
        Self { shown, stage }
    }

    /// The pixel under an event.
    fn pixel_at(self, event: &web_sys::MouseEvent) -> Option<usize> {
        let frame = self.stage.get_untracked()?.get_bounding_client_rect();
        let px = units_per_px(self.shown.size.get_untracked()?);
        let point = Point {
            x: (f64::from(event.client_x()) - frame.left()) * px,
            y: (f64::from(event.client_y()) - frame.top()) * px,
        };
        let (shape, map) = untrack(|| (self.shown.shape.get(), self.shown.map.get()));
        shape?.pixel_at(map?.place(point))
    }

    fn look_at(self, pixel: Option<usize>, by_keyboard: bool) {
        if self.shown.by_keyboard.get_untracked() != by_keyboard {
            self.shown.by_keyboard.set(by_keyboard);
        }
        if self.shown.pointed.get_untracked() != pixel {
            self.shown.pointed.set(pixel);
        }
    }

    /// The pointer moves.
    pub fn travel(self, event: &PointerEvent) {
        if event.pointer_type() != "touch" {
            self.look_at(self.pixel_at(event), false);
        }
    }

    /// The pointer leaves.
    pub fn leave(self, event: &PointerEvent) {
        if event.pointer_type() != "touch" && !self.shown.by_keyboard.get_untracked() {
            self.look_away();
        }
    }

    /// Nothing is pointed at any more.
    pub fn look_away(self) {
        self.look_at(None, false);
    }

    /// A click or a tap chooses what is under it; beside all pixels it lets go of what is pointed at.
    pub fn click(self, event: &MouseEvent) {
        let pixel = self.pixel_at(event);
        self.look_at(pixel, false);
        if let Some(pixel) = pixel {
            self.shown.choose(pixel);
        }
    }

    /// A key while the camera has the focus: arrows walk, Enter and space choose.
    pub fn key(self, event: &KeyboardEvent) -> Option<()> {
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return None;
        }
        let shape = self.shown.shape.get_untracked()?;
        let direction = match event.key().as_str() {
            "ArrowRight" => Direction::Right,
            "ArrowUp" => Direction::Up,
            "ArrowLeft" => Direction::Left,
            "ArrowDown" => Direction::Down,
            "Enter" | " " => {
                let pixel = self.shown.pointed.get_untracked()?;
                self.shown.choose(pixel);
                return used(event);
            }
            "Home" => {
                self.look_at((shape.n_pixels() > 0).then_some(0), true);
                return used(event);
            }
            "End" => {
                self.look_at(shape.n_pixels().checked_sub(1), true);
                return used(event);
            }
            "Escape" if self.shown.pointed.get_untracked().is_some() => {
                self.look_away();
                return used(event);
            }
            _ => return None,
        };
        let to = match self.shown.pointed.get_untracked() {
            Some(from) => self.step(&shape, from, direction).unwrap_or(from),
            None => untrack(|| self.shown.chosen_pixel()).or_else(|| middle_of(&shape))?,
        };
        self.look_at(Some(to), true);
        used(event)
    }

    /// The next pixel in a direction, or the first one of the next module.
    fn step(self, shape: &CameraShape, from: usize, direction: Direction) -> Option<usize> {
        if self.shown.part == CameraPart::Pixel {
            return shape.step(from, direction);
        }
        let mut to = from;
        for _ in 0..MOST_STEPS {
            to = shape.step(to, direction)?;
            if shape.module(to) != shape.module(from) {
                // From its middle, so that the way back is the same.
                return Some(centre_of_module(shape, to));
            }
        }
        None
    }
}

/// Keys that mean something here mean nothing else on the page.
pub fn used(event: &KeyboardEvent) -> Option<()> {
    event.prevent_default();
    event.stop_propagation();
    Some(())
}

fn middle_of(shape: &CameraShape) -> Option<usize> {
    let bounds = shape.bounds();
    let middle = Place {
        x_m: f64::midpoint(bounds.left_m, bounds.right_m),
        y_m: f64::midpoint(bounds.bottom_m, bounds.top_m),
    };
    nearest(shape, 0..shape.n_pixels(), middle)
}

fn centre_of_module(shape: &CameraShape, pixel: usize) -> usize {
    let Some(module) = shape.module(pixel) else {
        return pixel;
    };
    let pixels: Vec<usize> = shape.pixels_of(module).collect();
    let n_pixels = pixels.len().max(1) as f64;
    let sum = |part: fn(Place) -> f64| pixels.iter().map(|pixel| part(shape.place(*pixel))).sum::<f64>() / n_pixels;
    let centre = Place {
        x_m: sum(|place| place.x_m),
        y_m: sum(|place| place.y_m),
    };
    nearest(shape, pixels.iter().copied(), centre).unwrap_or(pixel)
}

fn nearest(shape: &CameraShape, pixels: impl Iterator<Item = usize>, to: Place) -> Option<usize> {
    let distance = |pixel: &usize| {
        let place = shape.place(*pixel);
        (place.x_m - to.x_m).hypot(place.y_m - to.y_m)
    };
    pixels.min_by(|one, other| distance(one).total_cmp(&distance(other)))
}
