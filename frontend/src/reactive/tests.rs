use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use leptos::prelude::Owner;

use super::{Callback, Derived, Kept, State};

#[test]
fn a_derived_value_follows_and_is_computed_once_per_change() {
    Owner::new().with(|| {
        let (n_runs, state) = (Arc::new(AtomicUsize::new(0)), State::new(1));
        let seen = Arc::clone(&n_runs);
        let doubled = Derived::new(move || {
            seen.fetch_add(1, Ordering::Relaxed);
            state.get() * 2
        });
        assert_eq!(n_runs.load(Ordering::Relaxed), 0, "nobody asked yet");
        assert_eq!((doubled.get_untracked(), doubled.get_untracked()), (2, 2));
        assert_eq!(n_runs.load(Ordering::Relaxed), 1);
        state.update(|state| *state += 1);
        assert_eq!(doubled.with_untracked(|doubled| *doubled), 4);
        assert_eq!(n_runs.load(Ordering::Relaxed), 2);
    });
}

#[test]
fn what_follows_a_derived_value_is_left_alone_while_that_stays_the_same() {
    Owner::new().with(|| {
        let (n_runs, state) = (Arc::new(AtomicUsize::new(0)), State::new(3));
        let is_odd = Derived::new(move || state.get() % 2 == 1);
        let seen = Arc::clone(&n_runs);
        let text = Derived::new(move || {
            seen.fetch_add(1, Ordering::Relaxed);
            if is_odd.get() { "odd" } else { "even" }
        });
        assert_eq!(text.get_untracked(), "odd");
        state.set(5);
        assert_eq!(text.get_untracked(), "odd");
        assert_eq!(n_runs.load(Ordering::Relaxed), 1);
        state.set(6);
        assert_eq!(text.get_untracked(), "even");
    });
}

#[test]
fn a_state_can_be_changed_while_its_value_is_looked_at() {
    Owner::new().with(|| {
        let state = State::new(vec![1]);
        state.with_untracked(|before| {
            state.update(|now| now.push(2));
            assert_eq!(*before, [1]);
        });
        assert_eq!(state.get_untracked(), [1, 2]);
        let reading: Derived<Vec<i32>> = state.into();
        assert_eq!(reading.get_untracked(), [1, 2]);
    });
}

#[test]
fn a_state_takes_over_another_value_and_tells_only_of_one_that_differs() {
    Owner::new().with(|| {
        let (n_runs, source, taken) = (Arc::new(AtomicUsize::new(0)), State::new(1), State::new(0));
        let seen = Arc::clone(&n_runs);
        let read = Derived::new(move || {
            seen.fetch_add(1, Ordering::Relaxed);
            taken.get()
        });
        taken.follow(source.into());
        assert_eq!(read.get_untracked(), 1);
        taken.follow(source.into());
        assert_eq!((read.get_untracked(), n_runs.load(Ordering::Relaxed)), (1, 1));
        source.set(2);
        assert_eq!(taken.get_untracked(), 1);
        taken.follow(source.into());
        assert_eq!(read.get_untracked(), 2);
    });
}

#[test]
fn what_belongs_to_an_owner_goes_with_it() {
    let owner = Owner::new();
    let (state, kept) = owner.with(|| (State::new(1), Kept::new(1)));
    let (n_calls, call) = owner.with(|| {
        let n_calls = Kept::new(0);
        (
            n_calls,
            Callback::new(move |by: i32| n_calls.update_value(|n| *n += by)),
        )
    });
    call.run(2);
    assert_eq!(n_calls.get_value(), 2);
    kept.set_value(7);
    assert_eq!((state.try_get_untracked(), kept.try_get_value()), (Some(1), Some(7)));
    owner.cleanup();
    assert_eq!((state.try_get_untracked(), kept.try_get_value()), (None, None));
    // Too late, and harmless.
    state.set(2);
    kept.set_value(8);
    call.run(1);
}
