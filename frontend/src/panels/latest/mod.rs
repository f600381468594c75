//! The newest sample of each channel of some metrics, the worst at the top.

use std::time::Duration;

use gloo_timers::future::sleep;
use leptos::prelude::*;
use shared::dashboard::{LatestValues, Panel};
use shared::query::latest::Latest;
use shared::time::Timestamp;

use crate::api::{self, ApiFailure};
use crate::components::panel_frame::{PanelFrame, PanelState, mark_drawn};
use crate::dom::view;
use crate::panels::latest::rows::{Row, rows_of};
use crate::panels::latest::table::Table;
use crate::reactive::{effect, spawn};
use crate::state::catalogue::{Catalogue, use_catalogue};
use crate::state::in_sight::use_in_sight;

pub mod rows;

pub mod table;

/// Between two questions for the latest values.
pub const POLL: Duration = Duration::from_secs(5);

/// What was last heard of one metric.
#[derive(Clone, Default, Debug)]
struct Heard {
    latest: Option<Latest>,
    failure: Option<ApiFailure>,
}

/// A table of the newest samples.
#[component]
pub fn LatestPanel(
    /// The panel.
    panel: Panel,
    /// Its metrics.
    spec: LatestValues,
) -> impl IntoView {
    let (catalogue, in_sight) = (use_catalogue(), use_in_sight());
    let heard = RwSignal::new(Vec::<Heard>::new());
    let attempt = RwSignal::new(());
    let names = StoredValue::new(spec.metrics);
    effect(move || {
        attempt.track();
        if !in_sight.get() {
            return;
        }
        spawn(async move {
            loop {
                ask_all(names, heard).await;
                sleep(POLL).await;
            }
        });
    });
    let rows = Memo::new(move |_| heard.with(|heard| all_rows(heard, catalogue)));
    let state = Memo::new(move |_| heard.with(|heard| state_of(heard)));
    let newest = Memo::new(move |_| rows.with(|rows| rows.iter().filter_map(|row| row.time).max()));
    let problems = Memo::new(move |_| heard.with(|heard| problems(heard)));
    let id = panel.id.clone();
    // After the effect that puts the rows into the table, which is older.
    let on_drawn = Callback::new(move |()| mark_drawn(&id));
    view! {
        <PanelFrame
            panel
            unit=Signal::derive(|| "newest per channel".to_owned())
            state=state
            newest=Signal::derive(move || newest.get())
            on_retry=Callback::new(move |()| attempt.set(()))
        >
            <Table rows problems on_drawn />
        </PanelFrame>
    }
    .into_any()
}

/// One metric after the other: a table is no reason to press the server. Rows appear as they come.
async fn ask_all(names: StoredValue<Vec<String>>, heard: RwSignal<Vec<Heard>>) {
    let names = names.get_value();
    for (position, name) in names.iter().enumerate() {
        let answer = api::latest(name).await;
        // The panel may be gone by now.
        let _ = heard.try_update(|heard| {
            heard.resize_with(names.len(), Heard::default);
            let heard = &mut heard[position];
            match answer {
                Ok(latest) => {
                    heard.latest = Some(latest);
                    heard.failure = None;
                }
                // What was known stays; its age tells.
                Err(failure) => heard.failure = Some(failure),
            }
        });
    }
}

fn all_rows(heard: &[Heard], catalogue: Catalogue) -> Vec<Row> {
    let is_alone = heard.len() == 1;
    heard
        .iter()
        .filter_map(|heard| heard.latest.as_ref())
        .flat_map(|latest| rows_of(latest, catalogue.metric(&latest.metric).as_ref(), is_alone))
        .collect()
}

fn state_of(heard: &[Heard]) -> PanelState {
    let n_channels: usize = heard
        .iter()
        .filter_map(|heard| heard.latest.as_ref())
        .map(|latest| latest.channels.len())
        .sum();
    let failure = heard.iter().find_map(|heard| heard.failure.as_ref());
    let is_asked = !heard.is_empty()
        && heard
            .iter()
            .all(|heard| heard.latest.is_some() || heard.failure.is_some());
    match (n_channels, failure) {
        (0, _) if !is_asked => PanelState::Loading,
        (0, Some(failure)) => PanelState::Error(failure.to_string()),
        (0, None) => PanelState::Empty {
            last: None::<Timestamp>,
        },
        _ => PanelState::Ready,
    }
}

/// What could not be asked, beside rows that could.
fn problems(heard: &[Heard]) -> String {
    let mut sentences: Vec<String> = heard
        .iter()
        .filter_map(|heard| heard.failure.as_ref())
        .map(ToString::to_string)
        .collect();
    sentences.dedup();
    sentences.join("; ")
}
