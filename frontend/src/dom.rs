//! Views from few calls: what `view!` of this module writes down, built at once out of elements of the browser.
//!
//! leptos compiles types of their own for every kind of element, attribute and handler, and some hundred bytes for every
//! place where one stands. Here all that stays of a view is one text, a [template](Builder::new), and what has a value or
//! reacts is a call of a few bytes. What comes of it is a view of leptos: it stands in leptos' views, and these stand in it.
//!
//! `use crate::dom::view;` beside `use leptos::prelude::*;` is all that a file needs. Where a closure yields a view anew,
//! the old elements are replaced and not compared; the focus is handed on to the element in the same place.

use std::borrow::Cow;
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
pub use word::{ReadWord, Word, Words};

/// An element with all that is in it, as long as it is on the page.
pub struct Parts {
    element: Element,
    children: Vec<AnyViewState>,
    /// What follows values.
    effects: Vec<RenderEffect<()>>,
    listeners: Vec<Closure<dyn FnMut(Event)>>,
}

/// A built element; one word, as it goes through many hands.
pub struct Dom(Box<SendWrapper<Parts>>);

impl Dom {
    /// As a view of whatever type; leptos' function of the same name would be compiled anew wherever it is called.
    pub fn into_any(self) -> AnyView {
        self.content()
    }
}

/// Views beside each other.
pub struct Several(Vec<AnyView>);

impl Several {
    /// None yet.
    #[inline(never)]
    pub fn new() -> Box<Self> {
        Box::new(Self(Vec::new()))
    }

    /// Adds one.
    pub fn add<Kind>(&mut self, content: impl Content<Kind>) {
        self.push(content.content());
    }

    #[inline(never)]
    fn push(&mut self, view: AnyView) {
        self.0.push(view);
    }

    /// As a view of whatever type.
    #[expect(clippy::boxed_local, reason = "as with `Builder`")]
    #[inline(never)]
    pub fn into_any(self: Box<Self>) -> AnyView {
        self.0.content()
    }
}

/// Builds an element from the outside to the inside.
///
/// Always in a box: what each of the thousands of calls hands over then is one word, and never a place on the stack.
pub struct Builder {
    /// The element that is open, inside of the first.
    open: Element,
    /// What is still to be built.
    template: &'static str,
    parts: Parts,
}

/// The drawings' own names.
const SVG: &str = "http://www.w3.org/2000/svg";

fn new_element(kind: u8, tag: &str) -> Element {
    let element = match kind {
        sign::OPEN_DRAWING => document().create_element_ns(Some(SVG), tag),
        _ => document().create_element(tag),
    };
    element.unwrap_or_else(|_| wasm_bindgen::throw_str("no name of an element"))
}

/// What a sign in a template begins or ends; what belongs to it runs to the next of these signs.
///
/// The signs of `frontend/markup`.
mod sign {
    /// An element of this name.
    pub(super) const OPEN: u8 = 1;
    /// An element of a drawing.
    pub(super) const OPEN_DRAWING: u8 = 2;
    /// The end of an element.
    pub(super) const CLOSE: u8 = 3;
    /// An attribute of this name.
    pub(super) const ATTRIBUTE: u8 = 4;
    /// A class of this name, there or not.
    pub(super) const CLASS: u8 = 5;
    /// A property of the element's style.
    pub(super) const STYLE: u8 = 6;
    /// A property of the element's object.
    pub(super) const PROPERTY: u8 = 7;
    /// The value of the attribute, class, style or property before it.
    pub(super) const VALUE: u8 = 8;
    /// Text.
    pub(super) const TEXT: u8 = 11;
    /// An event of this name, a child, or whatever else a call of the builder brings.
    pub(super) const HOLE: u8 = 12;
}

/// What of an element has a value: a sign and a name.
type Place = (u8, &'static str);

// The browser refuses only names that are none; those in the markup are.
fn put(element: &Element, (kind, name): Place, value: Option<&str>) {
    match (kind, value) {
        (sign::CLASS, value) => drop(element.class_list().toggle_with_force(name, value.is_some())),
        (sign::PROPERTY, value) => {
            let value = value.map_or(JsValue::UNDEFINED, JsValue::from_str);
            drop(js_sys::Reflect::set(element, &name.into(), &value));
        }
        (sign::STYLE, value) => {
            let style = element.unchecked_ref::<web_sys::HtmlElement>().style();
            match value {
                Some(value) => drop(style.set_property(name, value)),
                None => drop(style.remove_property(name)),
            }
        }
        (sign::ATTRIBUTE, Some(value)) => drop(element.set_attribute(name, value)),
        (sign::ATTRIBUTE, None) => drop(element.remove_attribute(name)),
        _ => {}
    }
}

impl Builder {
    /// Begins with the first element of a template: a text of signs, each before a name or a value, of all that is known
    /// when the page is compiled. Whatever else there is, is brought by the calls that follow, in their order.
    #[inline(never)]
    pub fn new(template: &'static str) -> Box<Self> {
        let mut template = template;
        let (kind, tag) = next(&mut template).unwrap_or((sign::OPEN, ""));
        let element = new_element(kind, tag);
        Box::new(Self {
            open: element.clone(),
            template,
            parts: Parts {
                element,
                children: Vec::new(),
                effects: Vec::new(),
                listeners: Vec::new(),
            },
        })
    }

    /// Builds what is known up to the next place that is not: an attribute, a class and so on, or a hole.
    fn proceed(&mut self) -> Option<Place> {
        let mut place = None;
        while let Some((sign, word)) = next(&mut self.template) {
            match sign {
                sign::OPEN | sign::OPEN_DRAWING => {
                    let element = new_element(sign, word);
                    drop(self.open.append_child(&element));
                    self.open = element;
                }
                sign::CLOSE => {
                    if let Some(parent) = self.open.parent_element() {
                        self.open = parent;
                    }
                }
                sign::TEXT => drop(self.open.append_with_str_1(word)),
                sign::HOLE => return Some((sign, word)),
                sign::VALUE => {
                    if let Some(place) = place.take() {
                        put(&self.open, place, Some(word));
                    }
                }
                _ => {
                    place = Some((sign, word));
                    if self.template.as_bytes().first() != Some(&sign::VALUE) {
                        return place;
                    }
                }
            }
        }
        None
    }

    /// The element that is open.
    #[inline(never)]
    pub fn node(&mut self) -> &Element {
        self.proceed();
        &self.open
    }

    /// Fills the element with markup that is safe.
    pub fn html(&mut self, html: impl AsRef<str>) {
        self.node().set_inner_html(html.as_ref());
    }

    /// Gives the next place a value: a word, or a closure whose word it follows.
    pub fn set<Kind>(&mut self, value: impl Words<Kind>) {
        value.give(self);
    }

    #[inline(never)]
    fn set_word(&mut self, word: Option<Cow<'static, str>>) {
        if let Some(place) = self.proceed() {
            put(&self.open, place, word.as_deref());
        }
    }

    fn follow(&mut self, mut reading: Box<dyn ReadWord>) {
        let Some(place) = self.proceed() else { return };
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

    /// Calls `run` at every event of the next name; `E` is what the browser hands over.
    pub fn on<E: wasm_bindgen::JsCast + 'static>(&mut self, run: impl FnMut(E) + 'static) {
        self.listen(Box::new(Handler(run, PhantomData)));
    }

    fn listen(&mut self, mut handler: Box<dyn Handle>) {
        let Some((_, name)) = self.proceed() else { return };
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

    /// Adds what stands in the next hole.
    pub fn add<Kind>(&mut self, content: impl Content<Kind>) {
        content.add_to(self);
    }

    #[inline(never)]
    fn add_text(&mut self, text: Cow<'static, str>) {
        self.proceed();
        drop(self.open.append_with_str_1(&text));
    }

    /// Adds a view.
    #[inline(never)]
    pub fn child(&mut self, child: AnyView) {
        self.proceed();
        let mut state = child.build();
        state.mount(&self.open, None);
        self.parts.children.push(state);
    }

    /// What was built.
    #[expect(clippy::boxed_local, reason = "see there")]
    #[inline(never)]
    pub fn done(mut self: Box<Self>) -> Dom {
        self.proceed();
        Dom(Box::new(SendWrapper::new(self.parts)))
    }
}

impl Dom {
    /// The element by itself, for code that puts it into the page by hand. Nothing in it follows values or listens.
    pub fn bare(self) -> Element {
        self.0.element.clone()
    }
}

/// Takes the next sign off a template with what belongs to it.
fn next(template: &mut &'static str) -> Option<(u8, &'static str)> {
    let sign = *template.as_bytes().first()?;
    let rest = template.get(1..)?;
    let length = rest
        .bytes()
        .position(|byte| byte <= sign::HOLE && byte != b'\n' && byte != b'\t');
    let (word, rest) = rest.split_at(length.unwrap_or(rest.len()));
    *template = rest;
    Some((sign, word))
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

impl Mountable for Dom {
    fn unmount(&mut self) {
        self.0.element.remove();
    }

    fn mount(&mut self, parent: &Element, marker: Option<&Node>) {
        // The marker is in the parent: whoever mounts has just looked.
        drop(parent.insert_before(&self.0.element, marker));
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        let parent = self.0.element.parent_element();
        if let Some(parent) = &parent {
            child.mount(parent, Some(&self.0.element));
        }
        parent.is_some()
    }

    fn elements(&self) -> Vec<Element> {
        vec![self.0.element.clone()]
    }
}

impl Render for Dom {
    type State = Self;

    fn build(self) -> Self {
        self
    }

    fn rebuild(mut self, state: &mut Self) {
        state.insert_before_this(&mut self);
        hand_focus_on(&state.0.element, &self.0.element);
        state.unmount();
        *state = self;
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

    fn hydrate<const FROM_SERVER: bool>(self, _: &Cursor, _: &PositionState) -> Self {
        self
    }

    fn into_owned(self) -> Self {
        self
    }
}
