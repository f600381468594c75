//! The arrangement of the panels as the dashboard's file to commit.

use leptos::html;
use leptos::prelude::*;

use crate::api;
use crate::browser::save::save_text;
use crate::components::icon::{Icon, icon};
use crate::dom::{NodeRef, view};
use crate::reactive::{State, effect, spawn};
use crate::shell::layout_export::rearranged::rearranged;
use crate::state::arrangement::use_arrangement;
use crate::state::catalogue::use_catalogue;
use crate::state::navigation::use_navigation;

pub mod rearranged;

/// A dialog over the page with the text of the file.
pub fn layout_export(is_open: State<bool>) -> AnyView {
    let dialog = NodeRef::<html::Dialog>::new();
    // Name and text of the file, or what went wrong.
    let file = State::new(Err::<(String, String), String>(String::new()));
    let make = use_maker(file);
    effect(move || {
        let is_open = is_open.get();
        if let Some(dialog) = dialog.get().filter(|dialog| dialog.open() != is_open) {
            if is_open {
                make();
                // Fails only for a dialog that is open already.
                let _ = dialog.show_modal();
            } else {
                dialog.close();
            }
        }
    });
    view! {
        <dialog
            node_ref=dialog
            class="dialog dialog--wide"
            aria-labelledby="export-title"
            on:close=move |_| is_open.set(false)
        >
            <header class="dialog__header">
                <h2 id="export-title">"This arrangement as a file"</h2>
                <button
                    type="button"
                    class="iconbutton"
                    aria-label="Close"
                    on:click=move |_| is_open.set(false)
                >
                    {icon(Icon::Close)}
                </button>
            </header>
            {move || file.with(|file| match file {
                Ok((name, text)) => file_view(name.clone(), text.clone()),
                Err(message) => view! { <p role="status">{message.clone()}</p> }.into_any(),
            })}
        </dialog>
    }
    .into_any()
}

/// Asks the server for the file, and arranges it.
fn use_maker(file: State<Result<(String, String), String>>) -> impl Fn() + Copy {
    let (arrangement, catalogue, navigation) = (use_arrangement(), use_catalogue(), use_navigation());
    move || {
        file.set(Err("Loading the dashboard's file …".to_owned()));
        let (dashboard, tab) = untrack(|| {
            let place = navigation.address().with(|address| address.place.clone());
            let ids = (catalogue.dashboard(&place), catalogue.tab(&place));
            (
                ids.0.map(|dashboard| dashboard.id).unwrap_or_default(),
                ids.1.map(|tab| tab.id).unwrap_or_default(),
            )
        });
        let (places, original) = untrack(|| (arrangement.places(), arrangement.original()));
        spawn(async move {
            let made = match api::dashboard_file(&dashboard).await {
                Err(failure) => Err(failure.to_string()),
                Ok(source) => rearranged(&source.text, &tab, &places, &original)
                    .map(|text| (format!("dashboards/{dashboard}.toml"), text))
                    .ok_or_else(|| {
                        "The file does not write each panel of this tab as a [[tabs.panels]] table".to_owned()
                    }),
            };
            file.set(made);
        });
    }
}

fn file_view(name: String, text: String) -> AnyView {
    let label = State::new("Copy");
    let (for_copy, for_save) = (text.clone(), text.clone());
    let copy = move |_| {
        let window = window();
        // Only pages from this machine or over TLS may use the clipboard.
        if window.is_secure_context() {
            let _ = window.navigator().clipboard().write_text(&for_copy);
            label.set("Copied");
        } else {
            label.set("Select and copy by hand");
        }
    };
    let file_name = name.rsplit('/').next().unwrap_or(&name).to_owned();
    let save = move |_| save_text(&file_name, "application/toml", &for_save);
    view! {
        <p class="dialog__lead">
            "The whole of " <code>{name}</code> ", with this tab as you see it; hidden panels are comments"
        </p>
        <textarea class="input dialog__text" readonly aria-label="The file" spellcheck="false" prop:value=text></textarea>
        <div class="dialog__actions">
            <button type="button" class="button" on:click=copy>
                {move || label.get()}
            </button>
            <button type="button" class="button" on:click=save>
                "Save"
            </button>
        </div>
    }
    .into_any()
}
