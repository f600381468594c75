//! Events of the window, for as long as someone listens.

use leptos::prelude::on_cleanup;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;

use crate::reactive::Kept;

/// Calls `run` at every event of that name that reaches the window, as long as the reactive owner lives.
pub fn on_window(name: &'static str, run: impl Fn(web_sys::Event) + 'static) {
    listen(name, Box::new(run));
}

/// What is done at an event. Not `dyn Fn`: each closure in one of those is compiled three times.
trait Listen {
    fn hear(&self, event: web_sys::Event);
}

impl<F: Fn(web_sys::Event)> Listen for F {
    fn hear(&self, event: web_sys::Event) {
        self(event);
    }
}

fn listen(name: &'static str, run: Box<dyn Listen>) {
    let Some(window) = web_sys::window() else { return };
    let listener = Closure::<dyn Fn(web_sys::Event)>::new(move |event| run.hear(event));
    // Fails for no name of an event.
    let _ = window.add_event_listener_with_callback(name, listener.as_ref().unchecked_ref());
    let listener = Kept::new(listener);
    on_cleanup(move || {
        listener.try_with_value(|listener| {
            let _ = window.remove_event_listener_with_callback(name, listener.as_ref().unchecked_ref());
        });
    });
}

/// The element that an event began at.
pub fn target(event: &web_sys::Event) -> Option<web_sys::Element> {
    event.target()?.dyn_into().ok()
}
