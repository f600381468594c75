//! Which values stay on the screen, kept in the address bar.

use leptos::prelude::*;

use crate::reactive::Derived;
use crate::state::address::Pinned;
use crate::state::navigation::{History, Navigation, use_navigation};

/// The most values that are pinned at once: an address must stay one that can be sent. The oldest goes.
const MOST_PINS: usize = 24;

/// The pinned values of the page.
#[derive(Clone, Copy, Debug)]
pub struct Pins {
    navigation: Navigation,
    pins: Derived<Vec<Pinned>>,
}

impl Pins {
    /// Those of a panel, in the order in which they were pinned; tracks.
    pub fn of(self, panel: &str) -> Vec<Pinned> {
        self.pins
            .with(|pins| pins.iter().filter(|pin| pin.panel == panel).cloned().collect())
    }

    /// Pins a value, or lets go of it if it is pinned.
    pub fn toggle(self, pin: &Pinned) {
        let mut pins = self.pins.get_untracked();
        let n_before = pins.len();
        pins.retain(|pinned| pinned != pin);
        if pins.len() == n_before {
            let n_too_many = (n_before + 1).saturating_sub(MOST_PINS);
            pins.drain(..n_too_many);
            pins.push(pin.clone());
        }
        let mut address = self.navigation.address().get_untracked();
        address.pins = pins;
        self.navigation.go(&address, History::Replace);
    }
}

/// The pinned values of the page.
pub fn use_pins() -> Pins {
    expect_context()
}

/// Makes them known to the page.
pub fn provide_pins() {
    let navigation = use_navigation();
    let pins = Derived::new(move || navigation.address().with(|address| address.pins.clone()));
    provide_context(Pins { navigation, pins });
}
