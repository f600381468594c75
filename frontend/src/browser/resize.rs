//! When an element changes its size.

use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, ResizeObserver};

use crate::reactive::Kept;

/// Keeps the callback alive, and takes it away from the browser when it is dropped.
struct Observation {
    observer: ResizeObserver,
    _on_resize: Closure<dyn Fn()>,
}

impl Drop for Observation {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

/// Calls `on_resize` now and whenever the element changes its size, as long as the reactive owner lives.
pub fn observe(element: &Element, on_resize: impl Fn() + 'static) {
    let on_resize = Closure::<dyn Fn()>::new(on_resize);
    if let Ok(observer) = ResizeObserver::new(on_resize.as_ref().unchecked_ref()) {
        observer.observe(element);
        Kept::new(Observation {
            observer,
            _on_resize: on_resize,
        });
    }
}
