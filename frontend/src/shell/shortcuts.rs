//! Keys that work anywhere on the page.

use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

use crate::browser::listen::{self, on_window};
use crate::reactive::State;
use crate::shell::bell;
use crate::shell::tab_link::TabLinks;
use crate::state::address::Period;
use crate::state::chosen_channel::use_chosen_channel;
use crate::state::navigation::use_navigation;
use crate::state::night_list::use_night_list;
use crate::state::time_view::use_time_view;
use crate::state::wallboard::use_wallboard;
use crate::theme::use_theme_choice;

/// Where all keys have a meaning of their own.
const OWN_KEYS: &str = "input, select, textarea, dialog";

/// Where arrows have one: they move a cursor, a day or a row. The list of tabs takes its arrows itself.
const OWN_ARROWS: &str = ".panel__content, .calendar";

/// Where the space bar has one: it presses what has the focus.
const OWN_SPACE: &str = "button, a, summary, [role=tab], [role=row], [role=option]";

/// What a key does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Action {
    Step(i64),
    Live,
    Pause,
    NewestNight,
    Wallboard,
    Calendar,
    Tab(usize),
    ResetZoom,
    NextTheme,
    ForgetChannel,
    Alarms,
    Help,
}

fn action_of(key: &str) -> Option<Action> {
    Some(match key {
        "ArrowLeft" => Action::Step(-1),
        "ArrowRight" => Action::Step(1),
        "l" | "L" => Action::Live,
        " " => Action::Pause,
        "n" | "N" => Action::NewestNight,
        "w" | "W" => Action::Wallboard,
        "c" | "C" => Action::Calendar,
        "0" => Action::ResetZoom,
        "t" | "T" => Action::NextTheme,
        "Escape" => Action::ForgetChannel,
        "a" | "A" => Action::Alarms,
        "?" => Action::Help,
        digit => Action::Tab(digit.parse::<usize>().ok()?.checked_sub(1)?),
    })
}

/// Listens as long as its owner lives.
pub fn listen(help_is_open: State<bool>, calendar_is_open: State<bool>) {
    let (chosen, navigation) = (use_chosen_channel(), use_navigation());
    let (view, nights, theme) = (use_time_view(), use_night_list(), use_theme_choice());
    let (wallboard, links) = (use_wallboard(), TabLinks::from_here());
    on_window("keydown", move |event| {
        let Some(event) = event.dyn_ref::<web_sys::KeyboardEvent>() else {
            return;
        };
        let has_modifier = event.ctrl_key() || event.meta_key() || event.alt_key();
        if event.default_prevented() || has_modifier || is_within(event, OWN_KEYS) {
            return;
        }
        let Some(action) = action_of(&event.key()) else {
            return;
        };
        let own = match action {
            Action::Step(_) => OWN_ARROWS,
            Action::Pause => OWN_SPACE,
            _ => OWN_KEYS,
        };
        if is_within(event, own) {
            return;
        }
        event.prevent_default();
        match action {
            Action::Step(by) => view.step(by),
            Action::Live => view.go_live(),
            Action::Pause => view.toggle_pause(),
            Action::NewestNight => {
                if let Some(date) = untrack(|| nights.newest_night()) {
                    view.open(Period::Night(date));
                }
            }
            Action::Wallboard => wallboard.toggle(),
            Action::Calendar => calendar_is_open.update(|is_open| *is_open = !*is_open),
            Action::ResetZoom => view.reset(),
            Action::NextTheme => theme.cycle(),
            Action::ForgetChannel => chosen.clear(),
            Action::Alarms => bell::open(navigation),
            Action::Help => help_is_open.set(true),
            // From the page of alarms, too.
            Action::Tab(position) => links.go_to_position(position),
        }
    });
}

fn is_within(event: &web_sys::Event, selector: &str) -> bool {
    listen::target(event).is_some_and(|target| target.closest(selector).ok().flatten().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_mean_what_the_help_says() {
        assert_eq!(action_of("ArrowLeft"), Some(Action::Step(-1)));
        assert_eq!(action_of("1"), Some(Action::Tab(0)));
        assert_eq!(action_of("9"), Some(Action::Tab(8)));
        assert_eq!(action_of("0"), Some(Action::ResetZoom));
        assert_eq!(action_of("l"), Some(Action::Live));
        assert_eq!(action_of(" "), Some(Action::Pause));
        assert_eq!(action_of("a"), Some(Action::Alarms));
        assert_eq!(action_of("w"), Some(Action::Wallboard));
        assert_eq!(action_of("Escape"), Some(Action::ForgetChannel));
        assert_eq!(action_of("Enter"), None);
        assert_eq!(action_of("F5"), None);
    }
}
