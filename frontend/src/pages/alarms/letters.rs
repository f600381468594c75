//! Messages about alarms that reached nobody: what, to whom, why, and another try.

use js_sys::{Array, JSON, Reflect};
use leptos::prelude::*;
use leptos::{ev, html};
use wasm_bindgen::JsValue;
use web_sys::Element;

use super::times::{Times, use_times};
use crate::api;
use crate::browser::listen::target;
use crate::dom::{NodeRef, view};
use crate::reactive::{Derived, State, effect, spawn};
use crate::state::alarms::use_alarms;

/// The table; nothing where every message was delivered.
pub fn letters() -> AnyView {
    let (alarms, times) = (use_alarms(), use_times());
    let body = NodeRef::<html::Tbody>::new();
    let shown = State::new(String::new());
    let has_some = Derived::new(move || {
        let count = |list: &shared::alarm::AlarmList| list.dead_letters > 0;
        alarms.list.with(|list| list.answer.as_deref().is_some_and(count))
    });
    effect(move || {
        // Asked for again with each list: it knows how many there are, not which.
        alarms.list.track();
        if let Some(body) = body.get() {
            spawn(async move { fill(&body, shown, times).await });
        } else {
            shown.set(String::new());
        }
    });
    let click = move |event: ev::MouseEvent| {
        let Some(button) = target(&event) else { return };
        let Some(id) = button.get_attribute("data-letter") else {
            return;
        };
        spawn(async move {
            match api::retry(&id).await {
                Ok(()) => alarms.ask_now(),
                Err(failure) => button.set_text_content(Some(&format!("Not done: {failure}"))),
            }
        });
    };
    crate::dom::any(move || {
        has_some.get().then(|| {
            view! {
                <table class="alarms__table" aria-label="Messages that reached nobody" on:click=click>
                    <thead>
                        <tr>
                            <th scope="col">"Message that reached nobody"</th>
                            <th scope="col">"Receiver"</th>
                            <th scope="col">{format!("Since ({})", times.zone(times.now_us()))}</th>
                            <th scope="col">"Tries"</th>
                            <th scope="col">"Last error"</th>
                            <th></th>
                        </tr>
                    </thead>
                    <tbody node_ref=body></tbody>
                </table>
            }
            .into_any()
        })
    })
}

/// Shows what the server says, where that is something else than before: a button keeps its focus.
async fn fill(body: &Element, shown: State<String>, times: Times) {
    // Asked again with the next list.
    let Ok(text) = api::outbox().await else { return };
    let outbox = JSON::parse(&text).unwrap_or_default();
    let letters = Array::from(&of(&outbox, "dead_letters"));
    let text = String::from(JSON::stringify(&letters).unwrap_or_else(|_| text.into()));
    // What was shown may have been in a table that has gone since.
    if shown.get_untracked() != text || body.child_element_count() != letters.length() {
        body.replace_children_with_node(&letters.iter().map(|letter| row(&letter, times)).collect::<Array>());
        shown.set(text);
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "counts and times are whole numbers that a double holds"
)]
fn row(letter: &JsValue, times: Times) -> Element {
    let text = |key: &str| of(letter, key).as_string().unwrap_or_default();
    let number = |key: &str| of(letter, key).as_f64().unwrap_or(0.0) as i64;
    view! {
        <tr>
            <th scope="row">{text("subject")}</th>
            <td>{text("receiver")}</td>
            <td>{times.second(number("created_us"))}</td>
            <td>{number("attempts").to_string()}</td>
            <td>{text("error")}</td>
            <td>
                <button type="button" class="button" data-letter=text("id")>"Try again"</button>
            </td>
        </tr>
    }
    .bare()
}

fn of(object: &JsValue, key: &str) -> JsValue {
    Reflect::get(object, &key.into()).unwrap_or_default()
}
