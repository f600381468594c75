//! One drawing per frame of the screen, however often it is asked for.

use std::cell::RefCell;

use leptos::prelude::*;

use crate::reactive::{Callback, Kept};

thread_local! {
    /// What is drawn at the next frame. For all of it the browser is asked once.
    static DUE: RefCell<Vec<FrameDrawer>> = const { RefCell::new(Vec::new()) };
}

/// Runs a piece of drawing at the next frame, once for all requests before it. Stops with its owner.
#[derive(Clone, Copy, Debug)]
pub struct FrameDrawer {
    draw: Callback<()>,
    is_waiting: Kept<bool>,
}

impl FrameDrawer {
    /// `draw` runs outside of all tracking.
    pub fn new(draw: impl Fn() + Send + Sync + 'static) -> Self {
        Self {
            draw: Callback::new(move |()| untrack(&draw)),
            is_waiting: Kept::new(false),
        }
    }

    /// Draws at once, for all requests before it.
    pub fn now(self) {
        self.is_waiting.set_value(false);
        self.draw.run(());
    }

    /// Asks for a drawing at the next frame.
    pub fn request(self) {
        if self.is_waiting.try_get_value() != Some(false) {
            return;
        }
        self.is_waiting.set_value(true);
        let is_first = DUE.with_borrow_mut(|due| {
            due.push(self);
            due.len() == 1
        });
        if is_first {
            request_animation_frame(draw_all);
        }
    }
}

fn draw_all() {
    for drawer in DUE.take() {
        // The panel may be gone by then, and with it what there was to draw.
        if drawer.is_waiting.try_get_value() == Some(true) {
            drawer.now();
        }
    }
}
