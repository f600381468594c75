//! The newest sample of each channel of some metrics, the worst at the top: as a table, bars or tiles.

use std::sync::Arc;

use leptos::prelude::*;
use shared::dashboard::{LatestShow, LatestStyle, LatestValues, Panel};
use shared::time::{MICROS_PER_SEC, Timestamp};

use crate::components::panel_frame::{FrameOf, mark_drawn, panel_frame};
use crate::dom::view;
use crate::panels::latest::bars::Ends;
use crate::panels::latest::feed::{Feed, Heard, problems, state_of};
use crate::panels::latest::files::files_of;
use crate::panels::latest::list::List;
use crate::panels::latest::rows::{Column, Rows, Sorting, rows_of, summary};
use crate::reactive::{Callback, Derived, effect};
use crate::state::catalogue::{Catalogue, use_catalogue};
use crate::state::server_clock::use_now;

pub mod bars;

pub mod feed;

pub mod files;

pub mod list;

pub mod rows;

pub mod window;

pub use feed::POLL;

/// The newest samples.
pub fn latest_panel(panel: Panel, spec: &LatestValues) -> AnyView {
    let (catalogue, now) = (use_catalogue(), use_now());
    let feed = Feed::start(spec.metrics.clone(), || true);
    let show = spec.show;
    let rows = Derived::new(move || {
        let now = now.get_untracked();
        Arc::new(feed.heard().with(|heard| all_rows(heard, show, catalogue, now)))
    });
    let list = List::new(spec, rows);
    let state = Derived::new(move || feed.heard().with(|heard| state_of(heard)));
    let newest = Derived::new(move || rows.with(|rows| rows.all.iter().filter_map(|row| row.time).max()));
    let id = panel.id.clone();
    let view = list.view(&id);
    // After the effect that puts the rows into the document, which is older.
    effect(move || {
        if rows.with(|rows| !rows.all.is_empty()) {
            let id = id.clone();
            request_animation_frame(move || mark_drawn(&id));
        }
    });
    let unit = match spec.show {
        LatestShow::Value => "newest per channel",
        LatestShow::Age => "age per channel",
    };
    let body = view! { <div class="latest">{view} {footer(list, feed)}</div> };
    let of = FrameOf {
        panel,
        unit: Derived::new(move || unit.to_owned()),
        state,
        newest,
        on_retry: Callback::new(move |()| feed.retry()),
        files: Some(files_of(list)),
    };
    panel_frame(of, body.into_any())
}

fn all_rows(heard: &[Heard], show: LatestShow, catalogue: Catalogue, now: Timestamp) -> Rows {
    let mut all = Vec::new();
    let mut ends = Vec::new();
    for latest in heard.iter().filter_map(|heard| heard.latest.as_ref()) {
        let display = catalogue.display(&latest.metric);
        let rows = rows_of(latest, catalogue.metric(&latest.metric).as_ref(), &display);
        let of_metric = match show {
            LatestShow::Value => Ends::of(&display, rows.iter().filter_map(|row| row.value.finite())),
            LatestShow::Age => {
                let ages = rows.iter().filter_map(|row| row.age_micros(now));
                let ages_s = ages.map(|age| age as f64 / MICROS_PER_SEC as f64);
                Ends::of(&shared::display::MetricDisplay::default(), ages_s)
            }
        };
        ends.push((latest.metric.as_str().into(), of_metric));
        all.extend(rows);
    }
    Rows { all, ends }
}

fn footer(list: List, feed: Feed) -> AnyView {
    let now = use_now();
    // A table is sorted by its heads.
    let sort_by = (list.parts().style != LatestStyle::Table).then(|| sort_choice(list));
    view! {
        <footer class="latest__footer">
            <input
                class="input latest__filter"
                type="search"
                placeholder="Filter"
                aria-label="Filter channels"
                autocomplete="off"
                on:input=move |event| list.parts().filter.set(event_target_value(&event))
            />
            {sort_by}
            <span class="latest__summary">
                {move || {
                    let now = now.get();
                    list.parts().rows.with(|rows| summary(&rows.all, now))
                }}
            </span>
            <span class="latest__problems" role="status">
                {move || feed.heard().with(|heard| problems(heard))}
            </span>
        </footer>
    }
    .into_any()
}

fn sort_choice(list: List) -> AnyView {
    const CHOICES: [(Column, &str); 4] = [
        (Column::State, "Worst first"),
        (Column::Value, "Greatest first"),
        (Column::Age, "Oldest first"),
        (Column::Channel, "By channel"),
    ];
    let options = CHOICES
        .iter()
        .enumerate()
        .map(|(at, (_, title))| view! { <option value=at.to_string()>{*title}</option> }.into_any())
        .collect_view();
    let on_change = move |event: leptos::ev::Event| {
        let choice = event_target_value(&event).parse::<usize>().ok();
        if let Some((column, _)) = choice.and_then(|at| CHOICES.get(at)) {
            list.parts().sorting.set(Sorting {
                column: *column,
                is_descending: *column != Column::Channel,
            });
        }
    };
    view! {
        <select class="input latest__choice" aria-label="Order" on:change=on_change>
            {options}
        </select>
    }
    .into_any()
}
