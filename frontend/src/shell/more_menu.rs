//! What is seldom needed: wallboard, print, the list of keys.

use std::time::Duration;

use gloo_timers::future::sleep;
use leptos::prelude::*;
use leptos::{ev, html};
use wasm_bindgen::JsCast as _;

use crate::components::icon::{Icon, icon};
use crate::dom::{NodeRef, view};
use crate::reactive::{State, spawn_unowned};
use crate::state::wallboard::{Turning, use_wallboard};
use crate::theme::use_theme_choice;

/// What plots need to be drawn anew in the colours of paper.
const REDRAW: Duration = Duration::from_millis(300);

/// The button at the end of the first bar, and its menu.
#[component]
pub fn MoreMenu(
    /// Whether the list of keys is in sight.
    help_is_open: State<bool>,
) -> impl IntoView {
    let is_open = State::new(false);
    let root = NodeRef::<html::Div>::new();
    let close_when_left = move |event: ev::FocusEvent| {
        let target = event
            .related_target()
            .and_then(|target| target.dyn_into::<web_sys::Node>().ok());
        if !root.get_untracked().is_some_and(|root| root.contains(target.as_ref())) {
            is_open.set(false);
        }
    };
    let close_on_escape = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" && is_open.get_untracked() {
            event.stop_propagation();
            is_open.set(false);
        }
    };
    view! {
        <div class="menu" node_ref=root on:focusout=close_when_left on:keydown=close_on_escape>
            <button
                type="button"
                class="iconbutton"
                aria-label="More"
                aria-haspopup="true"
                aria-expanded=move || is_open.get().to_string()
                on:click=move |_| is_open.update(|is_open| *is_open = !*is_open)
            >
                {icon(Icon::More)}
            </button>
            {move || is_open.get().then(|| items(is_open, help_is_open))}
        </div>
    }
    .into_any()
}

fn items(is_open: State<bool>, help_is_open: State<bool>) -> AnyView {
    let (wallboard, theme) = (use_wallboard(), use_theme_choice());
    let wall = if untrack(|| wallboard.turning()) == Turning::Off {
        "Wallboard: turn the tabs"
    } else {
        "End the wallboard"
    };
    let print = move || {
        spawn_unowned(async move {
            theme.print(true);
            sleep(REDRAW).await;
            // Returns when the dialog is closed; a browser may refuse.
            let _ = window().print();
            theme.print(false);
        });
    };
    view! {
        <div class="menu__items">
            {item(wall, is_open, move || wallboard.toggle())}
            {item("Print", is_open, print)}
            {item("Keys and gestures", is_open, move || help_is_open.set(true))}
        </div>
    }
    .into_any()
}

fn item(text: &'static str, is_open: State<bool>, run: impl Fn() + 'static) -> AnyView {
    let choose = move |_| {
        is_open.set(false);
        run();
    };
    view! {
        <button type="button" class="menu__item" on:click=choose>
            {text}
        </button>
    }
    .into_any()
}
