//! The table itself. Only the rows in sight are in the document, so that 1855 channels cost no more than 20.

use leptos::html;
use leptos::prelude::*;
use shared::query::latest::Freshness;

use crate::browser::resize::observe;
use crate::dom::{NodeRef, view};
use crate::format;
use crate::panels::latest::rows::{Column, Row, Sorting, order, summary};
use crate::reactive::effect;
use crate::state::server_clock::use_now;

/// The height of a row in pixels, as in the style sheet.
const ROW_PX: usize = 26;

/// Rows kept ready above and below those in sight.
const SPARE_ROWS: usize = 8;

/// Rows that can be sorted, filtered and scrolled.
#[component]
pub fn Table(
    /// All rows.
    rows: Memo<Vec<Row>>,
    /// What is wrong beside them; empty for nothing.
    problems: Memo<String>,
    /// Told when rows are on the screen.
    on_drawn: Callback<()>,
) -> impl IntoView {
    let now = use_now();
    let filter = RwSignal::new(String::new());
    let sorting = RwSignal::new(Sorting::WORST_FIRST);
    let order = Memo::new(move |_| {
        let now = now.get_untracked();
        rows.with(|rows| filter.with(|filter| order(rows, filter, sorting.get(), now)))
    });
    let scrolling = ScrollWindow::new();
    let window = Memo::new(move |_| scrolling.rows(order.with(Vec::len)));
    let body = move || {
        let (first, last) = window.get();
        let lines = rows.with(|rows| {
            let visible = order.with(|order| order.get(first..last).unwrap_or_default().to_vec());
            let lines = visible.into_iter().enumerate();
            lines
                .filter_map(|(offset, position)| Some(line(rows.get(position)?.clone(), first + offset)))
                .collect_view()
        });
        if rows.with(|rows| !rows.is_empty()) {
            request_animation_frame(move || on_drawn.run(()));
        }
        lines
    };
    let before = move || format!("{}px", window.get().0 * ROW_PX);
    let after = move || format!("{}px", order.with(Vec::len).saturating_sub(window.get().1) * ROW_PX);
    let heads = Column::ALL.map(|column| head(column, sorting)).collect_view();
    view! {
        <div class="latest">
            <div
                class="latest__scroller"
                node_ref=scrolling.scroller
                tabindex="0"
                role="region"
                aria-label="Latest values"
                on:scroll=move |_| scrolling.measure()
            >
                <table class="latest__table" aria-rowcount=move || (order.with(Vec::len) + 1).to_string()>
                    <thead>
                        <tr aria-rowindex="1">{heads}</tr>
                    </thead>
                    <tbody>
                        <tr class="latest__spacer" aria-hidden="true" style:height=before></tr>
                        {body}
                        <tr class="latest__spacer" aria-hidden="true" style:height=after></tr>
                    </tbody>
                </table>
            </div>
            <footer class="latest__footer">
                <input
                    class="input latest__filter"
                    type="search"
                    placeholder="Filter channels"
                    aria-label="Filter channels"
                    autocomplete="off"
                    prop:value=move || filter.get()
                    on:input=move |event| filter.set(event_target_value(&event))
                />
                <span class="latest__summary">
                    {move || {
                        now.track();
                        rows.with(|rows| summary(rows, now.get_untracked()))
                    }}
                </span>
                <span class="latest__problems" role="status">
                    {move || problems.get()}
                </span>
            </footer>
        </div>
    }
    .into_any()
}

/// What of the rows is in sight.
#[derive(Clone, Copy)]
struct ScrollWindow {
    scroller: NodeRef<html::Div>,
    top_px: RwSignal<usize>,
    height_px: RwSignal<usize>,
}

impl ScrollWindow {
    fn new() -> Self {
        let window = Self {
            scroller: NodeRef::new(),
            top_px: RwSignal::new(0),
            height_px: RwSignal::new(0),
        };
        effect(move || {
            if let Some(element) = window.scroller.get() {
                observe(&element, move || window.measure());
            }
        });
        window
    }

    fn measure(&self) {
        if let Some(element) = self.scroller.get_untracked() {
            let pixels = |length: i32| usize::try_from(length).unwrap_or(0);
            self.top_px.set(pixels(element.scroll_top()));
            self.height_px.set(pixels(element.client_height()));
        }
    }

    /// The positions from the first row to behind the last that are in the document; tracks.
    fn rows(&self, n_rows: usize) -> (usize, usize) {
        let (top_px, height_px) = (self.top_px.get(), self.height_px.get());
        let first = (top_px / ROW_PX).saturating_sub(SPARE_ROWS).min(n_rows);
        let last = (top_px + height_px).div_ceil(ROW_PX) + SPARE_ROWS;
        (first, last.clamp(first, n_rows))
    }
}

fn head(column: Column, sorting: RwSignal<Sorting>) -> AnyView {
    let sort = move || {
        let sorting = sorting.get();
        match (sorting.column == column, sorting.is_descending) {
            (false, _) => "none",
            (true, true) => "descending",
            (true, false) => "ascending",
        }
    };
    view! {
        <th scope="col" class=column.class() aria-sort=sort>
            <button
                type="button"
                class="latest__sort"
                on:click=move |_| sorting.update(|sorting| *sorting = sorting.after_click(column))
            >
                {column.title()}
            </button>
        </th>
    }
    .into_any()
}

fn line(row: Row, position: usize) -> AnyView {
    let now = use_now();
    let (name, value) = (row.name.to_string(), value_text(&row));
    let unit = row.unit.to_string();
    let is_number = row.value.finite().is_some();
    let state = Memo::new({
        let row = row.clone();
        move |_| row.state(now.get())
    });
    let age = move || {
        row.age_micros(now.get())
            .map_or_else(|| format::NO_VALUE.to_owned(), format::age)
    };
    view! {
        <tr class="latest__row" data-freshness=move || state.get().as_str() aria-rowindex=(position + 2).to_string()>
            <td class="latest__name">{name}</td>
            <td class="latest__value" data-number=is_number.to_string()>
                {value}
                <span class="latest__unit">{unit}</span>
            </td>
            <td class="latest__age">{age}</td>
            <td class="latest__state">
                <span class="latest__sign" aria-hidden="true">
                    {move || sign(state.get())}
                </span>
                <span class="latest__word">{move || state.get().as_str()}</span>
            </td>
        </tr>
    }
    .into_any()
}

fn value_text(row: &Row) -> String {
    if row.time.is_none() {
        format::NO_VALUE.to_owned()
    } else {
        format::value(row.value)
    }
}

/// Severity is never colour alone.
const fn sign(state: Freshness) -> &'static str {
    match state {
        Freshness::Fresh => "●",
        Freshness::Late => "◐",
        Freshness::Stale => "▲",
        Freshness::Never => "◌",
    }
}
