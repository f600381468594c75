//! What the colours of states mean, below their rows.

use leptos::prelude::*;
use shared::dashboard::Severity;
use shared::display::StateName;

use super::spec::CellsSpec;
use crate::dom::view;
use crate::panels::plot::chart::Chart;

/// The names of the states of a panel with their colours; `None` for panels without.
pub fn state_legend(chart: Chart) -> Option<AnyView> {
    let states = chart.calm().content.with(|content| {
        let cells = content.cells.as_ref()?;
        let mut states: Vec<(StateName, &'static str, usize)> = Vec::new();
        if matches!(cells.spec, CellsSpec::States { .. }) {
            for layer in &cells.layers {
                for (at, state) in layer.states.iter().enumerate() {
                    let told = swatch_of(&layer.states[..at], state);
                    let entry = (state.clone(), told.0, told.1);
                    if !states.contains(&entry) {
                        states.push(entry);
                    }
                }
            }
        }
        (!states.is_empty()).then_some(states)
    })?;
    let entries = states.into_iter().map(entry).collect_view();
    let view = view! {
        <ul class="legend statelegend" aria-label="States">
            {entries}
            <li class="statelegend__entry">"striped: several states"</li>
        </ul>
    };
    Some(view.into_any())
}

/// How the swatch of a state is coloured, as its rows are: by a word of the style sheet, and how faint.
fn swatch_of(before: &[StateName], state: &StateName) -> (&'static str, usize) {
    const TURNS: [&str; 5] = ["1", "2", "3", "4", "5"];
    let same_before = before.iter().filter(|other| other.severity == state.severity).count();
    match state.severity {
        Severity::None => (TURNS[same_before % TURNS.len()], 0),
        severity => (severity.as_str(), same_before.min(2)),
    }
}

fn entry((state, color, rank): (StateName, &'static str, usize)) -> AnyView {
    view! {
        <li class="statelegend__entry">
            <i class="swatch" data-kind="state" data-color=color data-rank=rank.to_string() aria-hidden="true"></i>
            {state.label}
        </li>
    }
    .into_any()
}
