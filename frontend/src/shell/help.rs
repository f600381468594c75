//! The list of keys and gestures.

use leptos::html;
use leptos::prelude::*;

use crate::components::icon::{Icon, icon};
use crate::dom::{NodeRef, view};
use crate::reactive::{State, effect};

const KEYS: [(&str, &str); 22] = [
    ("← →", "previous and next night"),
    ("L", "live: follow now"),
    ("Space", "pause everything, and go on"),
    ("N", "newest night with data"),
    ("C", "calendar"),
    ("1 … 9", "tabs"),
    ("A", "alarms"),
    ("0", "reset zoom"),
    ("T", "next theme"),
    ("W", "wallboard: turn the tabs"),
    ("?", "this list"),
    ("Tab", "from panel to panel, and to their menus"),
    ("In a plot ← →", "move along"),
    ("In a plot + −", "zoom"),
    ("In a plot Shift ← →", "move the cursor"),
    ("Esc", "close; let go of the cursor, the chosen channel"),
    ("Wheel", "zoom at the pointer"),
    ("Drag", "zoom into a part"),
    ("Shift and drag", "move along"),
    ("Two fingers", "zoom and move along"),
    ("Double click", "reset zoom"),
    ("Click, or Enter", "pin a value and see the raw samples behind it"),
];

/// A dialog over the page; `is_open` tells whether it is in sight.
pub fn help(is_open: State<bool>) -> AnyView {
    let dialog = NodeRef::<html::Dialog>::new();
    effect(move || {
        let is_open = is_open.get();
        if let Some(dialog) = dialog.get().filter(|dialog| dialog.open() != is_open) {
            if is_open {
                // Fails only for a dialog that is open already.
                let _ = dialog.show_modal();
            } else {
                dialog.close();
            }
        }
    });
    let keys = KEYS
        .into_iter()
        .map(|(key, meaning)| {
            view! {
                <dt>
                    <kbd>{key}</kbd>
                </dt>
                <dd>{meaning}</dd>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <dialog node_ref=dialog class="dialog" aria-labelledby="help-title" on:close=move |_| is_open.set(false)>
            <header class="dialog__header">
                <h2 id="help-title">"Keys and gestures"</h2>
                <button
                    type="button"
                    class="iconbutton"
                    aria-label="Close"
                    on:click=move |_| is_open.set(false)
                >
                    {icon(Icon::Close)}
                </button>
            </header>
            <dl class="keys">{keys}</dl>
            <p class="dialog__note">"The address bar holds all of the screen: copy it to share what you see"</p>
        </dialog>
    }
    .into_any()
}
