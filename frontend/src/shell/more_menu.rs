//! What is seldom needed: wallboard, print, the list of keys.

use std::time::Duration;

use gloo_timers::future::sleep;
use leptos::prelude::*;

use crate::components::icon::{Icon, icon};
use crate::components::menu::{item, menu};
use crate::dom::view;
use crate::reactive::{State, spawn_unowned};
use crate::shell::silence;
use crate::state::navigation::use_navigation;
use crate::state::wallboard::{Turning, use_wallboard};
use crate::theme::{ThemeChoice, use_theme_choice};

/// What plots need to be drawn anew in the colours of paper.
const REDRAW: Duration = Duration::from_millis(300);

/// The button at the end of the first bar, and its menu.
pub fn more_menu(help_is_open: State<bool>) -> AnyView {
    let (wallboard, theme, navigation) = (use_wallboard(), use_theme_choice(), use_navigation());
    menu(
        "iconbutton",
        Some("More".to_owned()),
        icon(Icon::More),
        move |is_open| {
            let wall = if untrack(|| wallboard.turning()) == Turning::Off {
                "Wallboard: turn the tabs"
            } else {
                "End the wallboard"
            };
            view! {
                {item(wall.to_owned(), is_open, move || wallboard.toggle())}
                {item("Streams and clocks".to_owned(), is_open, move || silence::open(navigation))}
                {item("Print".to_owned(), is_open, move || print(theme))}
                {item("Keys and gestures".to_owned(), is_open, move || help_is_open.set(true))}
            }
            .into_any()
        },
    )
}

/// Not of the menu, which is gone by then.
fn print(theme: ThemeChoice) {
    spawn_unowned(async move {
        theme.print(true);
        sleep(REDRAW).await;
        // Returns when the dialog is closed; a browser may refuse.
        let _ = window().print();
        theme.print(false);
    });
}
