//! What can stand inside of an element.

use std::sync::{Arc, Mutex};

use leptos::prelude::*;
use leptos::tachys::reactive_graph::SharedReactiveFunction;

use super::Dom;

/// A view, text, several of them, or a closure that yields one whenever what it reads has changed. `Kind` tells closures
/// from all else for the compiler.
pub trait Content<Kind> {
    /// As a view of whatever type.
    fn content(self) -> AnyView;
}

/// As a view of whatever type.
pub fn any<Kind>(content: impl Content<Kind>) -> AnyView {
    content.content()
}

/// Content that stays.
pub struct Still;

/// Content that a closure yields.
pub struct Live;

impl Content<Still> for AnyView {
    fn content(self) -> AnyView {
        self
    }
}

impl Content<Still> for Dom {
    fn content(self) -> AnyView {
        self.into_any()
    }
}

impl Content<Still> for String {
    fn content(self) -> AnyView {
        self.into_any()
    }
}

impl Content<Still> for &'static str {
    fn content(self) -> AnyView {
        self.into_any()
    }
}

impl Content<Still> for () {
    fn content(self) -> AnyView {
        ().into_any()
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {
        $(impl Content<Still> for $number {
            fn content(self) -> AnyView {
                self.to_string().into_any()
            }
        })*
    };
}

numbers!(i32, i64, u8, u16, u32, u64, usize);

impl<C: Content<Still>> Content<Still> for Option<C> {
    fn content(self) -> AnyView {
        self.map_or_else(|| ().into_any(), Content::content)
    }
}

impl<C: Content<Still>> Content<Still> for Vec<C> {
    fn content(self) -> AnyView {
        self.into_iter().map(Content::content).collect::<Vec<_>>().into_any()
    }
}

impl<C: Content<Kind>, Kind, Read: FnMut() -> C + Send + 'static> Content<(Live, C, Kind)> for Read {
    fn content(mut self) -> AnyView {
        live(Box::new(Reading(move || self().content())))
    }
}

/// A closure that yields content. Not `dyn FnMut`: see `Handle`.
trait ReadContent: Send {
    fn read(&mut self) -> AnyView;
}

struct Reading<Read>(Read);

impl<Read: FnMut() -> AnyView + Send> ReadContent for Reading<Read> {
    fn read(&mut self) -> AnyView {
        (self.0)()
    }
}

/// Of one type, so that leptos' part of it is compiled once.
fn live(mut content: Box<dyn ReadContent>) -> AnyView {
    let read: SharedReactiveFunction<AnyView> = Arc::new(Mutex::new(move || content.read()));
    read.into_any()
}
