//! The Watchroom page: panels over any night, drawn in the browser.

use leptos::prelude::*;

pub mod api;

pub mod app;

pub mod browser;

pub mod chart;

pub mod components;

pub mod dom;

pub mod format;

pub mod live;

pub mod pages;

pub mod panels;

pub mod reactive;

pub mod shell;

pub mod state;

pub mod theme;

fn main() {
    // For release it is compiled such that a panic has no message.
    #[cfg(debug_assertions)]
    console_error_panic_hook::set_once();
    // What index.html shows while this file is on its way.
    if let Some(boot) = document().get_element_by_id("boot") {
        boot.remove();
    }
    mount_to_body(app::app);
}
