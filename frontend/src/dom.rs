//! Views from few calls: what `view!` of this module writes down, built at once out of elements of the browser.
//!
//! leptos compiles types of their own for every kind of element, attribute and handler, and some hundred bytes for every
//! place where one stands. Here each is a call of a few bytes. What comes of it is a view of leptos: it stands in leptos'
//! views, and these stand in it.
//!
//! `use crate::dom::view;` beside `use leptos::prelude::*;` is all that a file needs. Where a closure yields a view anew,
//! the old elements are replaced and not compared; the focus is handed on to the element in the same place.

use std::marker::PhantomData;

use leptos::prelude::*;
use leptos::tachys::html::attribute::Attribute as LeptosAttribute;
use leptos::tachys::html::attribute::any_attribute::AnyAttribute;
use leptos::tachys::hydration::Cursor;
use leptos::tachys::view::any_view::AnyViewState;
use leptos::tachys::view::{Position, PositionState};
use send_wrapper::SendWrapper;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{Element, Event, Node};

pub use markup::view;

mod content;

mod node_ref;

mod word;

pub use content::{Content, any};
pub use node_ref::NodeRef;
pub use word::{ReadWord, Reading, Word, Words};

/// What of an element has a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// An attribute by its name; without a value it is not there.
    Attribute(&'static str),
    /// A class, there or not.
    Class(&'static str),
    /// A property of its style.
    Style(&'static str),
    /// A property of the element's object.
    Property(&'static str),
}

/// An element with all that is in it, as long as it is on the page.
pub struct Parts {
    element: Element,
    children: Vec<AnyViewState>,
    /// What follows values.
    effects: Vec<RenderEffect<()>>,
    listeners: Vec<Closure<dyn FnMut(Event)>>,
}

/// A built element.
pub struct Dom(SendWrapper<Parts>);

/// Builds an element from the outside to the inside.
pub struct Builder {
    parts: Parts,
    /// The element that is open, inside of the first.
    open: Element,
}

/// The drawings' own names.
const SVG: &str = "http://www.w3.org/2000/svg";

fn new_element(tag: &str) -> Element {
    document()
        .create_element(tag)
        .unwrap_or_else(|_| wasm_bindgen::throw_str("no name of an element"))
}

fn new_drawing(tag: &str) -> Element {
    document()
        .create_element_ns(Some(SVG), tag)
        .unwrap_or_else(|_| wasm_bindgen::throw_str("no name of an element"))
}

// The browser refuses only names that are none; those in the markup are.
fn put(element: &Element, place: Place, value: Option<&str>) {
    match (place, value) {
        (Place::Attribute(name), Some(value)) => drop(element.set_attribute(name, value)),
        (Place::Attribute(name), None) => drop(element.remove_attribute(name)),
        (Place::Class(name), value) => drop(element.class_list().toggle_with_force(name, value.is_some())),
        (Place::Property(name), value) => {
            let value = value.map_or(JsValue::UNDEFINED, JsValue::from_str);
            drop(js_sys::Reflect::set(element, &name.into(), &value));
        }
        (Place::Style(name), value) => {
            let style = element.unchecked_ref::<web_sys::HtmlElement>().style();
            match value {
                Some(value) => drop(style.set_property(name, value)),
                None => drop(style.remove_property(name)),
            }
        }
    }
}

impl Builder {
    /// Begins with an element.
    pub fn start(tag: &'static str) -> Self {
        Self::around(new_element(tag))
    }

    /// Begins with an element of a drawing.
    pub fn start_drawing(tag: &'static str) -> Self {
        Self::around(new_drawing(tag))
    }

    fn around(element: Element) -> Self {
        Self {
            open: element.clone(),
            parts: Parts {
                element,
                children: Vec::new(),
                effects: Vec::new(),
                listeners: Vec::new(),
            },
        }
    }

    /// Goes into a new element.
    pub fn open(&mut self, tag: &'static str) {
        self.go_into(new_element(tag));
    }

    /// Goes into a new element of a drawing.
    pub fn open_drawing(&mut self, tag: &'static str) {
        self.go_into(new_drawing(tag));
    }

    fn go_into(&mut self, element: Element) {
        drop(self.open.append_child(&element));
        self.open = element;
    }

    /// Goes back out of an element.
    pub fn close(&mut self) {
        if let Some(parent) = self.open.parent_element() {
            self.open = parent;
        }
    }

    /// The element that is open.
    pub fn node(&self) -> &Element {
        &self.open
    }

    /// Adds text.
    pub fn text(&mut self, text: &'static str) {
        drop(self.open.append_with_str_1(text));
    }

    /// Fills the element with markup that is safe.
    pub fn html(&mut self, html: impl AsRef<str>) {
        self.open.set_inner_html(html.as_ref());
    }

    /// Gives an attribute a value that is known.
    pub fn word(&mut self, name: &'static str, value: &'static str) {
        self.put(Place::Attribute(name), value);
    }

    /// Gives a place a value that is known.
    pub fn put(&mut self, place: Place, value: &'static str) {
        put(&self.open, place, Some(value));
    }

    /// Gives a place a value: a word, or a closure whose word it follows.
    pub fn set<Kind>(&mut self, place: Place, value: impl Words<Kind>) {
        match value.words() {
            Reading::Known(word) => put(&self.open, place, word.as_deref()),
            Reading::Live(read) => self.follow(place, read),
        }
    }

    fn follow(&mut self, place: Place, mut reading: Box<dyn ReadWord>) {
        let element = self.open.clone();
        let mut before = None;
        self.parts.effects.push(RenderEffect::new(move |_| {
            let now = reading.read();
            if before.as_ref() != Some(&now) {
                put(&element, place, now.as_deref());
                before = Some(now);
            }
        }));
    }

    /// Calls `run` at every event of that name; `E` is what the browser hands over.
    pub fn on<E: wasm_bindgen::JsCast + 'static>(&mut self, name: &'static str, run: impl FnMut(E) + 'static) {
        self.listen(name, Box::new(Handler(run, PhantomData)));
    }

    fn listen(&mut self, name: &'static str, mut handler: Box<dyn Handle>) {
        let owner = Owner::current();
        let listener: Box<dyn FnMut(Event)> = Box::new(move |event| match &owner {
            Some(owner) => owner.with(|| handler.handle(event)),
            None => handler.handle(event),
        });
        let listener = Closure::wrap(listener);
        drop(
            self.open
                .add_event_listener_with_callback(name, listener.as_ref().unchecked_ref()),
        );
        self.parts.listeners.push(listener);
    }

    /// Adds a view.
    pub fn child(&mut self, child: AnyView) {
        let mut state = child.build();
        state.mount(&self.open, None);
        self.parts.children.push(state);
    }

    /// What was built.
    pub fn done(self) -> Dom {
        Dom(SendWrapper::new(self.parts))
    }
}

impl Dom {
    /// The element by itself, for code that puts it into the page by hand. Nothing in it follows values or listens.
    pub fn bare(self) -> Element {
        self.0.take().element
    }
}

/// A handler of whatever event. Not `dyn FnMut`: each closure in one of those is compiled twice, to be called and to be
/// called once.
trait Handle {
    fn handle(&mut self, event: Event);
}

struct Handler<E, Run>(Run, PhantomData<fn(E)>);

impl<E: wasm_bindgen::JsCast, Run: FnMut(E)> Handle for Handler<E, Run> {
    fn handle(&mut self, event: Event) {
        (self.0)(event.unchecked_into());
    }
}

impl Mountable for Parts {
    fn unmount(&mut self) {
        self.element.remove();
    }

    fn mount(&mut self, parent: &Element, marker: Option<&Node>) {
        // The marker is in the parent: whoever mounts has just looked.
        drop(parent.insert_before(&self.element, marker));
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        let parent = self.element.parent_element();
        if let Some(parent) = &parent {
            child.mount(parent, Some(&self.element));
        }
        parent.is_some()
    }

    fn elements(&self) -> Vec<Element> {
        vec![self.element.clone()]
    }
}

impl Render for Dom {
    type State = Parts;

    fn build(self) -> Parts {
        self.0.take()
    }

    fn rebuild(self, state: &mut Parts) {
        let mut new = self.build();
        state.insert_before_this(&mut new);
        hand_focus_on(&state.element, &new.element);
        state.unmount();
        *state = new;
    }
}

/// Focuses the element of `new` that is where the focus is in `old`.
fn hand_focus_on(old: &Element, new: &Element) {
    let Some(focused) = document()
        .active_element()
        .filter(|focused| old.contains(Some(focused)))
    else {
        return;
    };
    // From the inside to the outside, each by its position among its siblings.
    let mut path = Vec::new();
    let mut at = focused;
    while at != *old {
        let mut position = 0_u32;
        let mut before = at.previous_element_sibling();
        while let Some(sibling) = before {
            position += 1;
            before = sibling.previous_element_sibling();
        }
        path.push(position);
        let Some(parent) = at.parent_element() else { return };
        at = parent;
    }
    let there = path
        .into_iter()
        .rev()
        .try_fold(new.clone(), |at, position| at.children().item(position));
    if let Some(there) = there {
        // Only an element that cannot take focus refuses it.
        drop(there.unchecked_into::<web_sys::HtmlElement>().focus());
    }
}

impl AddAnyAttr for Dom {
    type Output<NewAttribute: LeptosAttribute> = Self;

    /// Nothing is spread onto these.
    fn add_any_attr<NewAttribute: LeptosAttribute>(self, _: NewAttribute) -> Self {
        self
    }
}

/// For servers, which this page is never drawn by: there is nothing to write, and nothing that was written.
impl RenderHtml for Dom {
    type AsyncOutput = Self;
    type Owned = Self;

    const MIN_LENGTH: usize = 0;

    fn dry_resolve(&mut self) {}

    async fn resolve(self) -> Self {
        self
    }

    fn to_html_with_buf(self, _: &mut String, _: &mut Position, _: bool, _: bool, _: Vec<AnyAttribute>) {}

    fn hydrate<const FROM_SERVER: bool>(self, _: &Cursor, _: &PositionState) -> Parts {
        self.build()
    }

    fn into_owned(self) -> Self {
        self
    }
}
