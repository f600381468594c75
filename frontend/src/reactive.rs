//! Effects and tasks, boxed: the machinery behind them is compiled once for the page, not once for every closure that it
//! is given. Some hundred bytes a place, which everyone who opens the page has to load.

use std::pin::Pin;

use leptos::prelude::Effect;
use leptos::reactive::spawn_local_scoped_with_cancellation;

/// Runs `run` soon, and again whenever a signal that it read changes, until the owner is gone.
pub fn effect(run: impl FnMut() + 'static) {
    let run: Box<dyn FnMut()> = Box::new(run);
    Effect::new(run);
}

/// Runs a task until it ends or its owner is gone, whichever comes first.
pub fn spawn(task: impl Future<Output = ()> + 'static) {
    let task: Pin<Box<dyn Future<Output = ()>>> = Box::pin(task);
    spawn_local_scoped_with_cancellation(task);
}
