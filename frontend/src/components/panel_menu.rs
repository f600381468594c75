//! The menu of a panel: files of what it shows, full screen, hiding it, a link to it, the samples it is drawn from.

use leptos::html;
use leptos::prelude::*;
use shared::dashboard::{Panel, PanelKind};
use shared::metric::ChannelSelection;
use shared::time::TimeRange;

use crate::api::url;
use crate::browser::fullscreen;
use crate::browser::location::base_uri;
use crate::components::icon::{Icon, icon};
use crate::components::menu::{item, menu};
use crate::components::panel_files::{FileKind, PanelFiles};
use crate::dom::{NodeRef, view};
use crate::reactive::{Derived, Kept, State};
use crate::state::arrangement::use_arrangement;
use crate::state::navigation::use_navigation;
use crate::state::time_view::use_time_view;

/// What a menu belongs to.
#[derive(Clone, Copy, Debug)]
pub struct MenuOf {
    /// The panel.
    pub panel: Kept<Panel>,
    /// Its box, which can fill the screen.
    pub frame: NodeRef<html::Section>,
    /// What stands beside its title.
    pub unit: Derived<String>,
    /// What time it shows.
    pub range: Derived<Option<TimeRange>>,
    /// What files of it are made of; `None` where there is nothing to be saved.
    pub files: Option<PanelFiles>,
}

/// The button that opens the menu, and the menu.
pub fn panel_menu(of: MenuOf) -> AnyView {
    let title = of.panel.with_value(|panel| format!("More about {}", panel.title));
    menu("menu__button", Some(title), icon(Icon::More), move |is_open| {
        of.panel.with_value(|panel| items(panel, of, is_open))
    })
}

fn items(panel: &Panel, of: MenuOf, is_open: State<bool>) -> AnyView {
    let arrangement = use_arrangement();
    let fill_screen = move || {
        if let Some(frame) = of.frame.get_untracked() {
            fullscreen::toggle(&frame);
        }
    };
    let hide = move || of.panel.with_value(|panel| arrangement.set_hidden(&panel.id, true));
    let save = |kind: FileKind, files: PanelFiles| {
        let run = move || {
            let (unit, range) = (of.unit.get_untracked(), of.range.get_untracked());
            of.panel.with_value(|panel| files.save(kind, panel, unit, range));
        };
        item(kind.title().to_owned(), is_open, run)
    };
    let files = of
        .files
        .map(|files| FileKind::ALL.map(|kind| save(kind, files)).collect_view());
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
            {item("Full screen (F)".to_owned(), is_open, fill_screen)}
            {item("Hide this panel".to_owned(), is_open, hide)}
            {link_item(panel)}
            {files}
            {samples}
    }
    .into_any()
}

fn link_item(panel: &Panel) -> AnyView {
    let navigation = use_navigation();
    let fragment = format!("#panel-{}", panel.id);
    let href = format!("{}{fragment}", navigation.link(&navigation.address().get_untracked()));
    let label = State::new("Link to this panel");
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
