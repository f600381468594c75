//! One drawing per frame of the screen, however often it is asked for.

use leptos::prelude::*;

use crate::reactive::{Callback, Kept};

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

    /// Asks for a drawing at the next frame.
    pub fn request(self) {
        if self.is_waiting.try_get_value() != Some(false) {
            return;
        }
        self.is_waiting.set_value(true);
        request_animation_frame(move || {
            // The panel may be gone by then, and with it what there was to draw.
            self.is_waiting.set_value(false);
            self.draw.run(());
        });
    }
}
