//! An element that fills the screen.

use leptos::prelude::document;
use web_sys::Element;

/// Has an element fill the screen, or gives the screen back if it does so already. Escape gives it back too.
pub fn toggle(element: &Element) {
    let document = document();
    if document.fullscreen_element().as_ref() == Some(element) {
        document.exit_fullscreen();
    } else {
        // A browser may refuse; then nothing changes.
        let _ = element.request_fullscreen();
    }
}
