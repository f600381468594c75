//! One cursor for all panels of a tab.

use leptos::prelude::*;
use shared::time::Timestamp;

use crate::reactive::State;

/// The moment that the pointer is at, in whatever panel it is; `None` while it is in none.
#[derive(Clone, Copy, Debug)]
pub struct Cursor(pub State<Option<Timestamp>>);

/// The cursor of the page.
pub fn use_cursor() -> Cursor {
    expect_context()
}

/// Makes the cursor known to the page.
pub fn provide_cursor() {
    provide_context(Cursor(State::new(None)));
}
