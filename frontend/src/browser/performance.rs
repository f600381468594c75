//! Marks on the browser's performance timeline, by which tests and benches know what has been painted.

/// Sets a mark; one of the same name from before is taken away, so that a page that runs for weeks keeps few.
pub fn mark(name: &str) {
    let Some(performance) = web_sys::window().and_then(|window| window.performance()) else {
        return;
    };
    performance.clear_marks_with_mark_name(name);
    // Fails only for names of the navigation timing, which ours are not.
    let _ = performance.mark(name);
}

/// Takes a mark away.
pub fn clear_mark(name: &str) {
    if let Some(performance) = web_sys::window().and_then(|window| window.performance()) {
        performance.clear_marks_with_mark_name(name);
    }
}
