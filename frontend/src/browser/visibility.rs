//! Whether anyone can see the page.

/// Whether the browser's tab is in the background or the window is minimised.
pub fn is_hidden() -> bool {
    web_sys::window()
        .and_then(|window| window.document())
        .is_some_and(|document| document.visibility_state() == web_sys::VisibilityState::Hidden)
}
