//! Values that are kept and tell nobody, and what is to be called.

use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;
use std::rc::Rc;

use super::gone;
use super::place::{Node, Place};

/// A value of any type. Boxed once more, so that it is one word wide wherever it is read.
type Value = Rc<Box<dyn Any>>;

// Not inlined, here and below: once, or once for each type, and not for each place that reads.
// By what the pointer points to, so that the pointer needs no place on the stack.
#[inline(never)]
fn typed<T: 'static>(value: &Box<dyn Any>) -> &T {
    (**value).downcast_ref().unwrap_or_else(|| gone())
}

#[inline(never)]
fn try_read(place: Place) -> Option<Value> {
    match place.node()? {
        Node::Kept(value) => Some(value),
        _ => None,
    }
}

#[inline(never)]
fn keep(value: Box<dyn Any>) -> Place {
    Place::new(Node::Kept(Rc::new(value)))
}

#[inline(never)]
fn let_go(value: Value) {
    drop(value);
}

/// A value that lives as long as its owner and tells nobody of changes: leptos' `StoredValue`.
pub struct Kept<T> {
    place: Place,
    of: PhantomData<fn() -> T>,
}

impl<T: 'static> Kept<T> {
    /// Keeps a value.
    pub fn new(value: T) -> Self {
        Self {
            place: keep(Box::new(RefCell::new(value))),
            of: PhantomData,
        }
    }

    /// The value.
    pub fn get_value(self) -> T
    where
        T: Clone,
    {
        self.with_value(T::clone)
    }

    /// The value, `None` once the owner is gone.
    pub fn try_get_value(self) -> Option<T>
    where
        T: Clone,
    {
        self.try_with_value(T::clone)
    }

    /// Looks at the value.
    pub fn with_value<U>(self, look: impl FnOnce(&T) -> U) -> U {
        let value = try_read(self.place).unwrap_or_else(|| gone());
        let seen = look(&typed::<RefCell<T>>(&value).borrow());
        let_go(value);
        seen
    }

    /// Looks at the value; `None` once the owner is gone.
    pub fn try_with_value<U>(self, look: impl FnOnce(&T) -> U) -> Option<U> {
        let value = try_read(self.place)?;
        let seen = look(&typed::<RefCell<T>>(&value).borrow());
        let_go(value);
        Some(seen)
    }

    /// Keeps another value.
    #[inline(never)]
    pub fn set_value(self, value: T) {
        self.try_update_value(|kept| *kept = value);
    }

    /// Changes the value.
    pub fn update_value(self, change: impl FnOnce(&mut T)) {
        self.try_update_value(change);
    }

    /// Changes the value and tells what `change` does; `None` once the owner is gone.
    pub fn try_update_value<U>(self, change: impl FnOnce(&mut T) -> U) -> Option<U> {
        let value = try_read(self.place)?;
        let done = change(&mut typed::<RefCell<T>>(&value).borrow_mut());
        let_go(value);
        Some(done)
    }
}

impl<T> Clone for Kept<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Kept<T> {}

impl<T> fmt::Debug for Kept<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}

/// What is to be called, and may be handed on by copying: leptos' `Callback`.
pub struct Callback<In = ()> {
    place: Place,
    of: PhantomData<fn(In)>,
}

/// As it is kept: each is of a type of its own no more.
type Call<In> = Box<dyn Run<In>>;

/// What is called. Not `dyn Fn`: each closure in one of those is compiled three times.
trait Run<In> {
    fn run(&self, input: In);
}

impl<In, F: Fn(In)> Run<In> for F {
    fn run(&self, input: In) {
        self(input);
    }
}

impl<In: 'static> Callback<In> {
    /// Calls `run`.
    pub fn new(run: impl Fn(In) + 'static) -> Self {
        let run: Call<In> = Box::new(run);
        Self {
            place: keep(Box::new(run)),
            of: PhantomData,
        }
    }

    /// Calls it; does nothing once the owner is gone.
    pub fn run(self, input: In) {
        if let Some(call) = try_read(self.place) {
            typed::<Call<In>>(&call).run(input);
        }
    }
}

impl<In> Clone for Callback<In> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<In> Copy for Callback<In> {}

impl<In> fmt::Debug for Callback<In> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Callback")
    }
}

/// For panels that still hand over what leptos made for them.
impl<In: 'static> From<leptos::prelude::Callback<In>> for Callback<In> {
    fn from(callback: leptos::prelude::Callback<In>) -> Self {
        use leptos::callback::Callable as _;
        Self::new(move |input| callback.run(input))
    }
}
