//! A button that opens a list of things to do.

use leptos::prelude::*;
use leptos::{ev, html};
use wasm_bindgen::JsCast as _;

use crate::dom::{NodeRef, view};
use crate::reactive::State;

/// The button, with `face` on it, and the list that it opens, which `items` makes when it is needed. It closes when the
/// focus leaves it, and on Escape.
///
/// `label` names the button where its face has no words.
pub fn menu(
    button_class: &'static str,
    label: Option<String>,
    face: AnyView,
    items: impl Fn(State<bool>) -> AnyView + Send + 'static,
) -> AnyView {
    menu_of(button_class, label, face, Box::new(items))
}

/// What makes the items, of one type whatever they are. Not `dyn Fn`: each closure in one of those is compiled three times.
trait Items: Send {
    fn items(&self, is_open: State<bool>) -> AnyView;
}

impl<F: Fn(State<bool>) -> AnyView + Send> Items for F {
    fn items(&self, is_open: State<bool>) -> AnyView {
        self(is_open)
    }
}

fn menu_of(button_class: &'static str, label: Option<String>, face: AnyView, items: Box<dyn Items>) -> AnyView {
    let is_open = State::new(false);
    let root = NodeRef::<html::Div>::new();
    let close_when_left = move |event: ev::FocusEvent| {
        let target = event
            .related_target()
            .and_then(|target| target.dyn_into::<web_sys::Node>().ok());
        let stays = root.get_untracked().is_some_and(|root| root.contains(target.as_ref()));
        if !stays {
            is_open.set(false);
        }
    };
    let close_on_escape = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" && is_open.get_untracked() {
            event.stop_propagation();
            is_open.set(false);
        }
    };
    view! {
        <div class="menu" node_ref=root on:focusout=close_when_left on:keydown=close_on_escape>
            <button
                type="button"
                class=button_class
                aria-label=label
                aria-haspopup="true"
                aria-expanded=move || is_open.get().to_string()
                on:click=move |_| is_open.set(!is_open.get_untracked())
            >
                {face}
            </button>
            {move || is_open.get().then(|| view! { <div class="menu__items">{items.items(is_open)}</div> }.into_any())}
        </div>
    }
    .into_any()
}

/// One thing to do.
pub fn item(label: String, is_open: State<bool>, run: impl Fn() + 'static) -> AnyView {
    let run: Box<dyn Fn()> = Box::new(run);
    let on_click = move |_: ev::MouseEvent| {
        // First, because what runs may take the menu away.
        is_open.set(false);
        run();
    };
    view! {
        <button type="button" class="menu__item" on:click=on_click>
            {label}
        </button>
    }
    .into_any()
}
