//! Links to other screens of the page.

use leptos::ev;
use leptos::prelude::*;

use crate::state::address::Address;
use crate::state::navigation::{History, Navigation};

/// What a click on a link to an address does: a plain one goes there without loading the page anew, any other (new
/// window, download) is left to the browser.
pub fn follow(navigation: Navigation, address: impl Fn() -> Address + 'static) -> impl Fn(ev::MouseEvent) + 'static {
    move |event| {
        let is_plain =
            event.button() == 0 && !event.ctrl_key() && !event.meta_key() && !event.shift_key() && !event.alt_key();
        if is_plain {
            event.prevent_default();
            navigation.go(&untrack(&address), History::Push);
        }
    }
}
