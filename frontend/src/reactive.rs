//! What the page's parts react with: everything that leptos makes anew for each type or closure is made once here, and
//! typed by thin accessors. Each type that leptos keeps in a signal or a memo costs everyone who opens the page about a
//! kilobyte; through this module it costs some ten bytes.
//!
//! | of leptos                       | here                                                                       |
//! |---------------------------------|----------------------------------------------------------------------------|
//! | `RwSignal<T>`                   | [`State<T>`]; `update` needs `T: Clone`                                     |
//! | `Memo<T>`, `Memo::new(\|_\| …)` | [`Derived<T>`], `Derived::new(\|\| …)`                                      |
//! | `Signal<T>`, `ReadSignal<T>`    | [`Derived<T>`] too: `state.into()`, or `Derived::new`                       |
//! | `StoredValue<T>`                | [`Kept<T>`], for values of the browser as well                              |
//! | `Callback<In>`                  | [`Callback<In>`]                                                            |
//! | `Effect::new(\|_\| …)`          | [`effect`]; what it has to know from its last run it keeps in a captured variable |
//! | `Effect::watch`                 | [`watch`]                                                                   |
//! | `spawn_local_scoped`            | [`spawn`]                                                                   |
//! | `task::spawn_local`             | [`spawn_unowned`]                                                           |
//! | `NodeRef<E>`, `view!`           | those of `crate::dom`                                                       |
//! | `window_event_listener`         | `crate::browser::listen::on_window`                                         |
//!
//! All but the functions are `Copy` and belong to the owner they were made under. What is read after its owner is gone
//! throws, as in leptos; what runs later than that (a timer, an answer) reads by `try_…`. Writing to what is gone does
//! nothing.
//!
//! In views: closures in braces and in attributes are boxed by the `view!` macro; they should yield `String`,
//! `&'static str`, `Option<&'static str>`, `bool` or `Option<AnyView>` and no new types. Every view that a function
//! returns ends in `.into_any()`.

use std::pin::Pin;

use leptos::prelude::{Effect, untrack};
use leptos::reactive::spawn_local_scoped_with_cancellation;

mod kept;

mod node;

mod place;

pub use kept::{Callback, Kept};
pub use node::{Derived, State};

/// Runs `run` soon, and again whenever a signal that it read changes, until the owner is gone.
pub fn effect(run: impl FnMut() + 'static) {
    start(Box::new(run));
}

fn start(mut run: Box<dyn Run>) {
    Effect::new(move || run.run());
}

/// What an effect does. Not `dyn FnMut`: each closure in one of those is compiled twice, to be called and to be called
/// once.
trait Run {
    fn run(&mut self);
}

impl<F: FnMut()> Run for F {
    fn run(&mut self) {
        self();
    }
}

/// Runs `run` with the new and the old value whenever `value` may have changed, not for the first one. Only what
/// `value` reads counts.
pub fn watch<T: 'static>(value: impl Fn() -> T + 'static, mut run: impl FnMut(&T, &T) + 'static) {
    let mut before: Option<T> = None;
    effect(move || {
        let now = value();
        if let Some(before) = &before {
            untrack(|| run(&now, before));
        }
        before = Some(now);
    });
}

/// Runs a task until it ends or its owner is gone, whichever comes first.
pub fn spawn(task: impl Future<Output = ()> + 'static) {
    let task: Pin<Box<dyn Future<Output = ()>>> = Box::pin(task);
    spawn_local_scoped_with_cancellation(task);
}

/// Runs a task until it ends, whoever is gone by then.
pub fn spawn_unowned(task: impl Future<Output = ()> + 'static) {
    let task: Pin<Box<dyn Future<Output = ()>>> = Box::pin(task);
    leptos::task::spawn_local(task);
}

/// For what cannot happen while owners are respected.
fn gone() -> ! {
    wasm_bindgen::throw_str("a value was read after its owner was gone")
}

#[cfg(test)]
mod tests;
