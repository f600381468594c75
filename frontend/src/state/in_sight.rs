//! Whether anyone can see the page: in the background nothing is polled, and on return everything is asked at once.

use leptos::prelude::*;

use crate::browser::listen::on_window;
use crate::browser::visibility::is_hidden;
use crate::reactive::{Derived, State};

#[derive(Clone, Copy, Debug)]
struct InSight(State<bool>);

/// Whether the browser's tab is in sight. What polls does so in an effect that tracks this: the effect runs anew when
/// the page comes back.
pub fn use_in_sight() -> Derived<bool> {
    expect_context::<InSight>().0.into()
}

/// Makes it known to the page.
pub fn provide_in_sight() {
    let in_sight = State::new(!is_hidden());
    on_window("visibilitychange", move |_| in_sight.set(!is_hidden()));
    provide_context(InSight(in_sight));
}
