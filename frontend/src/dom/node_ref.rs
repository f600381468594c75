//! Ways back to an element that was built.

use std::fmt;
use std::marker::PhantomData;

use leptos::html::ElementType;
use send_wrapper::SendWrapper;
use wasm_bindgen::JsCast;
use web_sys::Element;

use crate::reactive::State;

/// An element as soon as it is built: leptos' `NodeRef`, compiled once for all kinds of elements.
pub struct NodeRef<E> {
    element: State<Option<SendWrapper<Element>>>,
    of: PhantomData<fn() -> E>,
}

impl<E: ElementType<Output: JsCast>> NodeRef<E> {
    /// Of no element yet.
    pub fn new() -> Self {
        Self {
            element: State::new(None),
            of: PhantomData,
        }
    }

    /// Takes the element; `node_ref=` does.
    pub fn load(self, element: &Element) {
        self.element.set(Some(SendWrapper::new(element.clone())));
    }

    /// The element; tracks.
    pub fn get(self) -> Option<E::Output> {
        typed(self.element.get())
    }

    /// The element.
    pub fn get_untracked(self) -> Option<E::Output> {
        typed(self.element.get_untracked())
    }
}

impl<E: ElementType<Output: JsCast>> Default for NodeRef<E> {
    fn default() -> Self {
        Self::new()
    }
}

fn typed<T: JsCast>(element: Option<SendWrapper<Element>>) -> Option<T> {
    Some(element?.take().unchecked_into())
}

impl<E> Clone for NodeRef<E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E> Copy for NodeRef<E> {}

impl<E> fmt::Debug for NodeRef<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NodeRef")
    }
}
