//! What can stand inside of an element.

use std::borrow::Cow;
use std::sync::{Arc, Mutex};

use leptos::prelude::*;
use leptos::tachys::reactive_graph::SharedReactiveFunction;

use super::{Builder, Dom, Several};

/// A view, text, several of them, or a closure that yields one whenever what it reads has changed. `Kind` tells closures
/// from all else for the compiler.
pub trait Content<Kind>: Sized {
    /// As a view of whatever type.
    fn content(self) -> AnyView;

    /// Puts it into the next hole of a template.
    fn add_to(self, builder: &mut Builder) {
        builder.child(self.content());
    }
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

// Not inlined, here and below: a view of any type is made by half a dozen of stores, in hundreds of places.
impl Content<Still> for Dom {
    #[inline(never)]
    fn content(self) -> AnyView {
        IntoAny::into_any(self)
    }
}

impl Content<Still> for Box<Several> {
    fn content(self) -> AnyView {
        self.into_any()
    }
}

impl Content<Still> for String {
    #[inline(never)]
    fn content(self) -> AnyView {
        self.into_any()
    }

    fn add_to(self, builder: &mut Builder) {
        builder.add_text(Cow::Owned(self));
    }
}

impl Content<Still> for &'static str {
    #[inline(never)]
    fn content(self) -> AnyView {
        self.into_any()
    }

    fn add_to(self, builder: &mut Builder) {
        builder.add_text(Cow::Borrowed(self));
    }
}

impl Content<Still> for () {
    #[inline(never)]
    fn content(self) -> AnyView {
        ().into_any()
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {
        $(impl Content<Still> for $number {
            fn content(self) -> AnyView {
                self.to_string().content()
            }

            fn add_to(self, builder: &mut Builder) {
                self.to_string().add_to(builder);
            }
        })*
    };
}

numbers!(i32, i64, u8, u16, u32, u64, usize);

impl<C: Content<Still>> Content<Still> for Option<C> {
    fn content(self) -> AnyView {
        match self {
            Some(content) => content.content(),
            None => ().content(),
        }
    }
}

impl<C: Content<Still>> Content<Still> for Vec<C> {
    #[inline(never)]
    fn content(self) -> AnyView {
        let mut views = Vec::with_capacity(self.len());
        for content in self {
            views.push(content.content());
        }
        views.into_any()
    }
}

impl<C: Content<Kind>, Kind, Read: FnMut() -> C + Send + 'static> Content<(Live, C, Kind)> for Read {
    fn content(mut self) -> AnyView {
        live(Box::new(Reading(move || self().content())))
    }

    fn add_to(mut self, builder: &mut Builder) {
        add_live(builder, Box::new(Reading(move || self().content())));
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

#[inline(never)]
fn add_live(builder: &mut Builder, content: Box<dyn ReadContent>) {
    builder.child(live(content));
}

/// Of one type, so that leptos' part of it is compiled once.
#[inline(never)]
fn live(mut content: Box<dyn ReadContent>) -> AnyView {
    let read: SharedReactiveFunction<AnyView> = Arc::new(Mutex::new(move || content.read()));
    read.into_any()
}
