//! A wallboard turns its tabs by itself, until someone comes.

use std::time::Duration;

use gloo_timers::future::sleep;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

use crate::browser::clock::machine_micros;
use crate::browser::listen::on_window;
use crate::reactive::{Derived, Kept, State, effect, spawn};
use crate::state::address::Address;
use crate::state::in_sight::use_in_sight;
use crate::state::navigation::{History, Navigation, use_navigation};

/// How long tabs stay after a key or a pointer, in microseconds.
const PAUSE_MICROS: i64 = 60_000_000;

/// How many seconds each tab is shown where nobody says.
const USUAL_SECS: u16 = 20;

/// What the page does as a wallboard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turning {
    /// It is none.
    Off,
    /// Tabs turn.
    On,
    /// Someone is there: tabs stay for a minute.
    Paused,
}

impl Turning {
    /// The word for style sheets and tests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::On => "on",
            Self::Paused => "paused",
        }
    }
}

/// The wallboard.
#[derive(Clone, Copy, Debug)]
pub struct Wallboard {
    navigation: Navigation,
    secs: Derived<Option<u16>>,
    is_paused: State<bool>,
    touched_us: Kept<i64>,
}

impl Wallboard {
    /// Whether tabs turn; tracks.
    pub fn turning(self) -> Turning {
        match (self.secs.get(), self.is_paused.get()) {
            (None, _) => Turning::Off,
            (Some(_), false) => Turning::On,
            (Some(_), true) => Turning::Paused,
        }
    }

    /// Begins or ends it; kept in the address bar.
    pub fn toggle(self) {
        let mut address = self.navigation.address().get_untracked();
        address.wall = match address.wall {
            Some(_) => None,
            None => Some(USUAL_SECS),
        };
        self.touched_us.set_value(0);
        self.is_paused.set(false);
        self.navigation.go(&address, History::Replace);
    }

    /// Someone is there.
    fn pause(self) {
        if self.secs.get_untracked().is_some() {
            self.touched_us.set_value(machine_micros());
            if !self.is_paused.get_untracked() {
                self.is_paused.set(true);
            }
        }
    }

    fn pause_is_over(self) -> bool {
        machine_micros() - self.touched_us.get_value() >= PAUSE_MICROS
    }
}

/// The wallboard.
pub fn use_wallboard() -> Wallboard {
    expect_context()
}

/// Makes it known to the page. `next` is the address of the tab after the one in sight; reads untracked.
pub fn provide_wallboard(next: impl Fn() -> Option<Address> + Copy + 'static) {
    let (navigation, in_sight) = (use_navigation(), use_in_sight());
    let wallboard = Wallboard {
        navigation,
        secs: Derived::new(move || navigation.address().with(|address| address.wall)),
        is_paused: State::new(false),
        touched_us: Kept::new(0),
    };
    provide_context(wallboard);
    for name in ["keydown", "pointerdown", "wheel"] {
        on_window(name, move |_| wallboard.pause());
    }
    on_window("pointermove", move |event| {
        // A browser says so too when what is below a resting pointer changes.
        let moved = event.dyn_ref::<web_sys::MouseEvent>();
        if moved.is_some_and(|event| event.movement_x() != 0 || event.movement_y() != 0) {
            wallboard.pause();
        }
    });
    effect(move || {
        let Some(secs) = wallboard.secs.get().filter(|_| in_sight.get()) else {
            return;
        };
        let is_paused = wallboard.is_paused.get();
        // Ended and begun anew with every pause.
        spawn(async move {
            if is_paused {
                while !wallboard.pause_is_over() {
                    sleep(Duration::from_secs(1)).await;
                }
                wallboard.is_paused.set(false);
                return;
            }
            loop {
                sleep(Duration::from_secs(u64::from(secs))).await;
                if let Some(address) = next() {
                    // One entry in the history, however long it hangs there.
                    navigation.go(&address, History::Replace);
                }
            }
        });
    });
}
