//! Values that tell when they change: set by hand, or computed of others.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use leptos::prelude::{ArcMemo, ArcTrigger, Get as _, GetUntracked as _, Notify as _, Track as _};

use super::place::{Node, Place, Value};
use super::{effect, gone};

/// Whether reading makes the reader run again.
#[derive(Clone, Copy)]
enum Tracking {
    Yes,
    No,
}

fn try_read(place: Place, tracking: Tracking) -> Option<Value> {
    match (place.node()?, tracking) {
        (Node::Held { value, changed }, Tracking::Yes) => {
            changed.track();
            Some(value)
        }
        (Node::Held { value, .. }, Tracking::No) => Some(value),
        (Node::Computed(memo), Tracking::Yes) => Some(memo.get()),
        (Node::Computed(memo), Tracking::No) => Some(memo.get_untracked()),
        (Node::Kept(_), _) => None,
    }
}

fn value_of<T: Send + Sync + 'static>(value: T) -> Value {
    Arc::new(Box::new(value))
}

// Not inlined, here and below: once, or once for each type, and not for each place that reads, of which there are far more.
#[inline(never)]
fn read(place: Place, tracking: Tracking) -> Value {
    try_read(place, tracking).unwrap_or_else(|| gone())
}

#[inline(never)]
fn let_go(value: Value) {
    drop(value);
}

/// What a [`Value`] points to: by this, and not by the pointer itself, so that pointers need no place on the stack.
type Boxed = Box<dyn Any + Send + Sync>;

// All that knows a type knows it here: telling types apart is dear.
#[inline(never)]
fn typed<T: 'static>(value: &Boxed) -> &T {
    (**value).downcast_ref().unwrap_or_else(|| gone())
}

#[inline(never)]
fn typed_mut<T: 'static>(value: &mut Value) -> &mut T {
    let mine = Arc::get_mut(value).and_then(|value| (**value).downcast_mut());
    mine.unwrap_or_else(|| gone())
}

/// Takes a value out of its place, so that it can be changed without being copied; copied where others look at it.
fn take(place: Place, copied: fn(&Boxed) -> Value) -> Option<Value> {
    let (mut value, _) = place.exchange(value_of(()))?;
    if Arc::get_mut(&mut value).is_none() {
        value = copied(&value);
    }
    Some(value)
}

fn copied<T: Clone + Send + Sync + 'static>(value: &Boxed) -> Value {
    value_of(T::clone(typed(value)))
}

fn hold(value: Value) -> Place {
    Place::new(Node::Held {
        value,
        changed: ArcTrigger::new(),
    })
}

fn set(place: Place, value: Value) {
    // The old value goes last: its end may read others.
    if let Some((_old, changed)) = place.exchange(value) {
        changed.notify();
    }
}

/// Takes over the value of another place, as it is, unless it is the same already.
#[inline(never)]
fn follow(place: Place, other: Place) {
    let both = try_read(place, Tracking::No).zip(try_read(other, Tracking::No));
    if let Some((_, now)) = both.filter(|(before, now)| !Arc::ptr_eq(before, now)) {
        set(place, now);
    }
}

#[inline(never)]
fn gate(of: Place) -> Place {
    let gate = hold(read(of, Tracking::No));
    effect(move || {
        let_go(read(of, Tracking::Yes));
        follow(gate, of);
    });
    gate
}

/// How a value is computed. Not `dyn Fn`: each closure in one of those is compiled three times.
trait Compute: Send + Sync {
    fn compute(&self) -> Value;
}

impl<T: Send + Sync + 'static, F: Fn() -> T + Send + Sync> Compute for F {
    fn compute(&self) -> Value {
        value_of(self())
    }
}

fn compute(run: Box<dyn Compute>, is_same: fn(&Value, &Value) -> bool) -> Place {
    let memo = ArcMemo::new_owning(move |before: Option<Value>| {
        let now = run.compute();
        match before {
            Some(before) if is_same(&before, &now) => (before, false),
            _ => (now, true),
        }
    });
    Place::new(Node::Computed(memo))
}

fn is_same<T: PartialEq + 'static>(one: &Value, other: &Value) -> bool {
    typed::<T>(one) == typed::<T>(other)
}

/// A value that is set, and tells those who read it when it was: leptos' `RwSignal`.
pub struct State<T> {
    place: Place,
    of: PhantomData<fn() -> T>,
}

/// A value that follows others, or a [`State`] that is only to be read: leptos' `Memo` and `Signal`.
///
/// It is computed when it is read after a change of what it was computed of, and tells its own readers only if it
/// differs from what it was.
pub struct Derived<T> {
    place: Place,
    of: PhantomData<fn() -> T>,
}

impl<T: Send + Sync + 'static> State<T> {
    /// Holds a first value.
    pub fn new(value: T) -> Self {
        Self {
            place: hold(value_of(value)),
            of: PhantomData,
        }
    }

    /// Sets the value and tells all readers, also if it is the same.
    #[inline(never)]
    pub fn set(self, value: T) {
        set(self.place, value_of(value));
    }

    /// Takes over what another value is, without a copy of it; tells all readers if it is not the one from before.
    pub fn follow(self, other: Derived<T>) {
        follow(self.place, other.place);
    }

    /// Changes the value and tells all readers. Not to be read by `change` itself.
    pub fn update(self, change: impl FnOnce(&mut T))
    where
        T: Clone,
    {
        if let Some(mut value) = take(self.place, copied::<T>) {
            change(typed_mut(&mut value));
            set(self.place, value);
        }
    }
}

impl<T: PartialEq + Send + Sync + 'static> Derived<T> {
    /// Follows whatever `run` reads.
    pub fn new(run: impl Fn() -> T + Send + Sync + 'static) -> Self {
        Self {
            place: compute(Box::new(run), is_same::<T>),
            of: PhantomData,
        }
    }

    /// The same a moment later, for effects and views over what changes with each frame: of anything that this one reads
    /// they are woken only where it has become another one.
    #[must_use]
    pub fn gated(self) -> Self {
        Self {
            place: gate(self.place),
            of: PhantomData,
        }
    }
}

impl<T> From<State<T>> for Derived<T> {
    fn from(state: State<T>) -> Self {
        Self {
            place: state.place,
            of: PhantomData,
        }
    }
}

macro_rules! readable {
    ($name:ident) => {
        impl<T: Send + Sync + 'static> $name<T> {
            /// The value; tracks.
            #[inline(never)]
            pub fn get(self) -> T
            where
                T: Clone,
            {
                self.with(T::clone)
            }

            /// The value.
            #[inline(never)]
            pub fn get_untracked(self) -> T
            where
                T: Clone,
            {
                self.with_untracked(T::clone)
            }

            /// The value, `None` once the owner is gone.
            pub fn try_get_untracked(self) -> Option<T>
            where
                T: Clone,
            {
                try_read(self.place, Tracking::No).map(|value| T::clone(typed(&value)))
            }

            /// Looks at the value; tracks.
            pub fn with<U>(self, look: impl FnOnce(&T) -> U) -> U {
                let value = read(self.place, Tracking::Yes);
                let seen = look(typed(&value));
                let_go(value);
                seen
            }

            /// Looks at the value.
            pub fn with_untracked<U>(self, look: impl FnOnce(&T) -> U) -> U {
                let value = read(self.place, Tracking::No);
                let seen = look(typed(&value));
                let_go(value);
                seen
            }

            /// Makes the reader run again when the value changes.
            pub fn track(self) {
                // What is gone changes no more.
                let _ = try_read(self.place, Tracking::Yes);
            }
        }

        impl<T> Clone for $name<T> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<T> Copy for $name<T> {}

        impl<T> fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    };
}

readable!(State);
readable!(Derived);

/// For panels that still hand over what leptos made for them.
impl<T: Clone + PartialEq + Send + Sync + 'static> From<leptos::prelude::Signal<T>> for Derived<T> {
    fn from(signal: leptos::prelude::Signal<T>) -> Self {
        Self::new(move || signal.get())
    }
}

/// As above.
impl<T: Clone + PartialEq + Send + Sync + 'static> From<leptos::prelude::Memo<T>> for Derived<T> {
    fn from(memo: leptos::prelude::Memo<T>) -> Self {
        Self::new(move || memo.get())
    }
}
