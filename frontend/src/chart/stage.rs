//! The size of an element on the screen, followed as it changes.

use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{ResizeObserver, ResizeObserverEntry};

use crate::browser::listen::on_window;
use crate::dom::NodeRef;
use crate::reactive::{Derived, Kept, State, effect};

/// How large an element is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct StageSize {
    /// Width in CSS pixels.
    pub width: f64,
    /// Height in CSS pixels.
    pub height: f64,
    /// Pixels of the screen in a CSS pixel.
    pub pixel_ratio: f64,
}

impl StageSize {
    /// The size in pixels of the screen.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "screens are smaller than 2^32 pixels"
    )]
    pub fn dots(&self) -> (u32, u32) {
        let dots = |pixels: f64| (pixels * self.pixel_ratio).round().max(1.0) as u32;
        (dots(self.width), dots(self.height))
    }
}

/// The size of an element, `None` until it is laid out and while it is hidden.
pub fn use_stage_size(element: NodeRef<Div>) -> Derived<Option<StageSize>> {
    let size = State::new(None);
    effect(move || {
        let Some(element) = element.get() else { return };
        let measured = element.clone();
        let measure = move || {
            let now = StageSize {
                width: f64::from(measured.client_width()),
                height: f64::from(measured.client_height()),
                pixel_ratio: window().device_pixel_ratio(),
            };
            let now = (now.width >= 1.0 && now.height >= 1.0).then_some(now);
            if size.try_get_untracked().is_some_and(|before| before != now) {
                size.set(now);
            }
        };
        let on_resize = Closure::<dyn Fn(Vec<ResizeObserverEntry>)>::new({
            let measure = measure.clone();
            move |_| measure()
        });
        // An observer tells the size with the next frame; the first questions need not wait for that.
        measure();
        let Ok(observer) = ResizeObserver::new(on_resize.as_ref().unchecked_ref()) else {
            // Without one the plot keeps the size it has now.
            return;
        };
        observer.observe(&element);
        // A window moved to a screen of another density keeps its size in CSS pixels.
        on_window("resize", move |_| measure());
        let kept = Kept::new((observer, on_resize));
        on_cleanup(move || {
            let _ = kept.try_with_value(|(observer, _)| observer.disconnect());
        });
    });
    size.into()
}
