//! The menu of a panel: full screen, a link to it, the samples it is drawn from.

use leptos::prelude::*;
use leptos::{ev, html};
use shared::dashboard::{Panel, PanelKind};
use shared::metric::ChannelSelection;
use wasm_bindgen::JsCast as _;

use crate::api::url;
use crate::browser::location::base_uri;
use crate::components::icon::{Icon, icon};
use crate::dom::{NodeRef, view};
use crate::state::navigation::use_navigation;
use crate::state::time_view::use_time_view;

/// The button that opens the menu, and the menu.
#[component]
pub fn PanelMenu(
    /// The panel that it belongs to.
    panel: Panel,
    /// Its box, which can fill the screen.
    frame: NodeRef<html::Section>,
) -> impl IntoView {
    let is_open = RwSignal::new(false);
    let root = NodeRef::<html::Div>::new();
    let title = format!("More about {}", panel.title);
    let panel = StoredValue::new(panel);
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
                class="menu__button"
                aria-label=title
                aria-haspopup="true"
                aria-expanded=move || is_open.get().to_string()
                on:click=move |_| is_open.update(|is_open| *is_open = !*is_open)
            >
                {icon(Icon::More)}
            </button>
            {move || is_open.get().then(|| panel.with_value(|panel| items(panel, frame, is_open)))}
        </div>
    }
    .into_any()
}

fn items(panel: &Panel, frame: NodeRef<html::Section>, is_open: RwSignal<bool>) -> AnyView {
    let fill_screen = move |_| {
        is_open.set(false);
        if let Some(frame) = frame.get_untracked() {
            // A browser may refuse; then nothing changes.
            let _ = frame.request_fullscreen();
        }
    };
    let samples = sample_links(panel)
        .into_iter()
        .map(|(label, href)| {
            view! {
                <a class="menu__item" href=href target="_blank" rel="external noopener">
                    {label}
                </a>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <div class="menu__items">
            <button type="button" class="menu__item" on:click=fill_screen>
                "Full screen"
            </button>
            {link_item(panel)}
            {samples}
        </div>
    }
    .into_any()
}

fn link_item(panel: &Panel) -> AnyView {
    let navigation = use_navigation();
    let fragment = format!("#panel-{}", panel.id);
    let href = format!("{}{fragment}", navigation.link(&navigation.address().get_untracked()));
    let label = RwSignal::new("Link to this panel");
    let copy = move |_| {
        let window = window();
        // Only pages from this machine or over TLS may use the clipboard; else the link is in the address bar.
        if window.is_secure_context() {
            let origin = window.location().origin().unwrap_or_default();
            let link = format!(
                "{origin}{}{fragment}",
                navigation.link(&navigation.address().get_untracked())
            );
            let _ = window.navigator().clipboard().write_text(&link);
            label.set("Link copied");
        } else {
            label.set("Link is in the address bar");
        }
    };
    view! {
        <a class="menu__item" href=href on:click=copy>
            {move || label.get()}
        </a>
    }
    .into_any()
}

/// A link to the raw samples of each metric of a panel, over the range that is in sight.
fn sample_links(panel: &Panel) -> Vec<(String, String)> {
    let Some(range) = use_time_view().visible().get_untracked() else {
        return Vec::new();
    };
    let mut queries: Vec<(&str, &ChannelSelection)> = Vec::new();
    match &panel.show {
        PanelKind::Timeseries(timeseries) => {
            for line in &timeseries.lines {
                if !queries.contains(&(&line.metric, &line.channels)) {
                    queries.push((&line.metric, &line.channels));
                }
            }
        }
        _ => queries.extend(panel.show.metrics().into_iter().map(|name| (name, &ALL))),
    }
    let is_alone = queries.len() == 1;
    queries
        .into_iter()
        .map(|(metric, channels)| {
            let label = if is_alone {
                "Raw samples (JSON)".to_owned()
            } else {
                format!("Raw samples of {metric} (JSON)")
            };
            let path = url::samples(metric, channels, range);
            (label, format!("{}{}", base_uri(), path.trim_start_matches('/')))
        })
        .collect()
}

const ALL: ChannelSelection = ChannelSelection::All;
