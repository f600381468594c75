//! The rows on the screen, as a table, bars or tiles. Only those in sight are in the document, so that 1855 channels cost
//! no more than 40. The keyboard reaches all of them: the list has the focus, and arrows go from row to row.

use std::sync::Arc;

use leptos::ev;
use leptos::prelude::*;
use shared::dashboard::{LatestShow, LatestStyle, LatestValues};
use shared::time::Timestamp;
use wasm_bindgen::JsCast as _;
use web_sys::Element;

use crate::browser::number::fixed;
use crate::dom::view;
use crate::panels::latest::bars::{Ends, bar_of};
use crate::panels::latest::rows::{Column, Row, Rows, Sorting, order};
use crate::panels::latest::window::Window;
use crate::reactive::{Derived, Kept, State};
use crate::state::chosen_channel::{ChosenChannel, use_chosen_channel};
use crate::state::server_clock::use_now;

/// The list of a panel: one word, as all of its rows capture it.
#[derive(Clone, Copy, Debug)]
pub struct List(Kept<Parts>);

/// What it is made of.
#[derive(Clone, Copy, Debug)]
pub struct Parts {
    /// How it is laid out.
    pub style: LatestStyle,
    /// What is told first of each row.
    pub show: LatestShow,
    /// All rows.
    pub rows: Derived<Arc<Rows>>,
    /// What the rows must contain.
    pub filter: State<String>,
    /// Their order.
    pub sorting: State<Sorting>,
    /// The positions of the rows, filtered and sorted.
    pub order: Derived<Vec<usize>>,
    /// What is in sight.
    pub window: Window,
    /// The row that the keyboard is at, by its position in `rows`.
    active: State<Option<usize>>,
    chosen: ChosenChannel,
}

impl List {
    /// A list of rows, the worst first.
    pub fn new(spec: &LatestValues, rows: Derived<Arc<Rows>>) -> Self {
        let now = use_now();
        let (filter, sorting) = (State::new(String::new()), State::new(Sorting::WORST_FIRST));
        let order = Derived::new(move || {
            let now = now.get_untracked();
            rows.with(|rows| filter.with(|filter| order(&rows.all, filter, sorting.get(), now)))
        });
        Self(Kept::new(Parts {
            style: spec.style,
            show: spec.show,
            rows,
            filter,
            sorting,
            order,
            window: Window::new(spec.style),
            active: State::new(None),
            chosen: use_chosen_channel(),
        }))
    }

    /// What it is made of.
    #[inline(never)]
    pub fn parts(self) -> Parts {
        self.0.get_value()
    }

    /// The columns of use.
    pub fn columns(self) -> Vec<Column> {
        self.parts().rows.with(|rows| {
            let of_use = |column: &Column| column.is_of_use(&rows.all);
            Column::ALL.into_iter().filter(of_use).collect()
        })
    }

    /// What is on the screen of it.
    pub fn view(self, panel_id: &str) -> AnyView {
        let id = Arc::<str>::from(format!("latest-{panel_id}"));
        let content = if self.parts().style == LatestStyle::Table {
            self.table(id)
        } else {
            self.boxes(id)
        };
        view! {
            <div class="latest__scroller" node_ref=self.parts().window.scroller on:scroll=move |_| self.parts().window.measure()>
                {content}
            </div>
        }
        .into_any()
    }

    fn table(self, id: Arc<str>) -> AnyView {
        let heads = move || {
            self.columns()
                .into_iter()
                .map(|column| self.head(column))
                .collect_view()
        };
        let n_rows = move || (self.parts().order.with(Vec::len) + 1).to_string();
        let (body, active_id) = (self.body(&id), self.active_id(id));
        let [before, after] = self.spaces();
        view! {
            <table
                class="latest__table latest__focus"
                role="grid"
                tabindex="0"
                aria-label="Latest values"
                aria-rowcount=n_rows
                aria-activedescendant=active_id
                on:keydown=move |event| self.key(&event)
                on:focus=move |_| self.begin()
                on:pointerup=move |event| self.point(&event)
            >
                <thead>
                    <tr aria-rowindex="1">{heads}</tr>
                </thead>
                <tbody>
                    <tr class="latest__spacer" aria-hidden="true" style:height=before></tr>
                    {body}
                    <tr class="latest__spacer" aria-hidden="true" style:height=after></tr>
                </tbody>
            </table>
        }
        .into_any()
    }

    /// Bars or tiles.
    fn boxes(self, id: Arc<str>) -> AnyView {
        let class = match self.parts().style {
            LatestStyle::Tiles => "latest__tiles",
            _ => "latest__bars",
        };
        let (body, active_id) = (self.body(&id), self.active_id(id));
        let [before, after] = self.spaces();
        view! {
            <div
                class="latest__list latest__focus"
                role="listbox"
                tabindex="0"
                aria-label="Latest values"
                aria-activedescendant=active_id
                on:keydown=move |event| self.key(&event)
                on:focus=move |_| self.begin()
                on:pointerup=move |event| self.point(&event)
            >
                <div class="latest__spacer" role="presentation" style:height=before></div>
                <div
                    class=class
                    role="presentation"
                    style:--columns=move || self.parts().window.per_line().to_string()
                >
                    {body}
                </div>
                <div class="latest__spacer" role="presentation" style:height=after></div>
            </div>
        }
        .into_any()
    }

    /// The rows in sight; made anew when they change, and of their text only the age each second.
    fn body(self, id: &Arc<str>) -> impl Fn() -> AnyView + Send + 'static {
        let (id, now) = (Arc::clone(id), use_now());
        move || {
            let (first, last) = self.parts().window.range(self.parts().order.with(Vec::len));
            let shown = self
                .parts()
                .order
                .with(|order| order.get(first..last).unwrap_or_default().to_vec());
            let columns = self.columns();
            let lines = self.parts().rows.with(|rows| {
                let is_alone = !Column::Name.is_of_use(&rows.all);
                let look = |(offset, at): (usize, usize)| {
                    let line = Line {
                        row: Arc::new(rows.all.get(at)?.clone()),
                        id: format!("{id}-{at}"),
                        at,
                        position: first + offset,
                        list: self,
                        is_alone,
                        now,
                    };
                    Some(match self.parts().style {
                        LatestStyle::Table => line.table_row(&columns),
                        LatestStyle::Bars => line.bar(self.parts().show, rows.ends_of(&line.row)),
                        LatestStyle::Tiles => line.tile(self.parts().show),
                    })
                };
                shown.into_iter().enumerate().filter_map(look).collect_view()
            });
            lines.into_any()
        }
    }

    /// The space of the rows before and behind those in the document.
    fn spaces(self) -> [impl Fn() -> String + Send + Copy + 'static; 2] {
        let of = |is_behind: bool| {
            move || {
                let (before, behind) = self.parts().window.space_px(self.parts().order.with(Vec::len));
                format!("{}px", if is_behind { behind } else { before })
            }
        };
        [of(false), of(true)]
    }

    /// The row that the keyboard is at, for screen readers.
    fn active_id(self, id: Arc<str>) -> impl Fn() -> Option<String> + Send + 'static {
        move || self.parts().active.get().map(|at| format!("{id}-{at}"))
    }

    fn head(self, column: Column) -> AnyView {
        let sort = move || {
            let sorting = self.parts().sorting.get();
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
                    on:click=move |_| self.parts().sorting.set(self.parts().sorting.get_untracked().after_click(column))
                >
                    {column.title()}
                </button>
            </th>
        }
        .into_any()
    }

    /// The keyboard begins at the first row in sight.
    fn begin(self) {
        if self.position().is_none() {
            self.go_to(self.parts().window.first_in_sight());
        }
    }

    /// Where the active row stands.
    fn position(self) -> Option<usize> {
        let active = self.parts().active.get_untracked()?;
        self.parts()
            .order
            .with_untracked(|order| order.iter().position(|at| *at == active))
    }

    fn go_to(self, position: usize) {
        let at = self.parts().order.with_untracked(|order| {
            let position = position.min(order.len().checked_sub(1)?);
            Some((position, *order.get(position)?))
        });
        if let Some((position, at)) = at {
            self.parts().active.set(Some(at));
            self.parts().window.bring_into_sight(position);
        }
    }

    fn key(self, event: &ev::KeyboardEvent) {
        // A button in the head has keys of its own.
        let is_own = event.target() == event.current_target();
        if !is_own || event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        let here = self.position().unwrap_or(0);
        let line = self.parts().window.per_line();
        let n_rows = self.parts().order.with_untracked(Vec::len);
        let position = match event.key().as_str() {
            "ArrowDown" => here + line,
            "ArrowUp" => here.saturating_sub(line),
            "ArrowRight" => here + 1,
            "ArrowLeft" => here.saturating_sub(1),
            "PageDown" => here + self.parts().window.per_page(),
            "PageUp" => here.saturating_sub(self.parts().window.per_page()),
            "Home" => 0,
            "End" => n_rows,
            "Enter" | " " => {
                event.prevent_default();
                self.choose(here);
                return;
            }
            _ => return,
        };
        event.prevent_default();
        self.go_to(position);
    }

    /// Not by clicks: a row that is made anew between press and release has none.
    fn point(self, event: &ev::PointerEvent) {
        if event.button() != 0 {
            return;
        }
        let row = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok())
            .and_then(|target| target.closest("[data-row]").ok().flatten());
        let at = row.and_then(|row| row.get_attribute("data-row")?.parse().ok());
        if let Some(at) = at {
            self.parts().active.set(Some(at));
            if let Some(position) = self.position() {
                self.choose(position);
            }
        }
    }

    /// Chooses the channel of a row for all panels; the only channel of a metric is no choice.
    fn choose(self, position: usize) {
        let at = self.parts().order.with_untracked(|order| order.get(position).copied());
        let channel = self.parts().rows.with_untracked(|rows| {
            let row = rows.all.get(at?)?;
            (!row.label.is_empty()).then(|| (Arc::clone(&row.metric), row.channel))
        });
        if let Some((metric, channel)) = channel {
            self.parts().chosen.choose(&metric, channel);
        }
    }
}

/// A row on the screen.
struct Line {
    row: Arc<Row>,
    id: String,
    at: usize,
    position: usize,
    list: List,
    is_alone: bool,
    now: Derived<Timestamp>,
}

impl Line {
    /// A text of the row that changes with time.
    fn told(&self, tell: fn(&Row, Timestamp) -> String) -> impl Fn() -> String + Send + 'static {
        let (row, now) = (Arc::clone(&self.row), self.now);
        move || tell(&row, now.get())
    }

    fn freshness(&self) -> impl Fn() -> &'static str + Send + 'static {
        let (row, now) = (Arc::clone(&self.row), self.now);
        move || row.freshness(now.get()).as_str()
    }

    fn is_selected(&self) -> impl Fn() -> &'static str + Send + 'static {
        let (active, at) = (self.list.parts().active, self.at);
        move || if active.get() == Some(at) { "true" } else { "false" }
    }

    /// Whether it is the channel that all panels point out.
    fn is_chosen(&self) -> impl Fn() -> bool + Send + 'static {
        let (row, chosen) = (Arc::clone(&self.row), self.list.parts().chosen);
        move || !row.label.is_empty() && chosen.of(&row.metric) == Some(row.channel)
    }

    fn table_row(&self, columns: &[Column]) -> AnyView {
        let cells = columns.iter().map(|column| self.cell(*column)).collect_view();
        view! {
            <tr
                id=self.id.clone()
                class="latest__row"
                data-row=self.at
                data-freshness=self.freshness()
                data-severity=self.row.severity.as_str()
                aria-rowindex=self.position + 2
                data-chosen=self.is_chosen()
                aria-selected=self.is_selected()
            >
                {cells}
            </tr>
        }
        .into_any()
    }

    fn cell(&self, column: Column) -> AnyView {
        let content = match column {
            Column::Name => self.row.title.to_string().into_any(),
            Column::Channel => self.row.label.to_string().into_any(),
            Column::Value => self.value(),
            Column::Age => self.age(),
            Column::State => self.state(),
        };
        let is_number = self.row.value.finite().is_some();
        view! {
            <td class=column.class() data-number=is_number.to_string()>
                {content}
            </td>
        }
        .into_any()
    }

    fn bar(&self, show: LatestShow, ends: Option<Ends>) -> AnyView {
        let ends = ends.unwrap_or(Ends::linear(0.0, 1.0));
        let part = |of: fn((f64, f64)) -> f64| {
            let (row, now) = (Arc::clone(&self.row), self.now);
            move || fixed(of(bar_of(&row, show, ends, now.get())) * 100.0, 2) + "%"
        };
        let (left, width) = (part(|(start, _)| start), part(|(start, end)| end - start));
        let inner = view! {
            <span class="latest__name">{self.row.name(self.is_alone)}</span>
            <span class="latest__track">
                <i class="latest__fill" style:left=left style:width=width></i>
            </span>
            <span class="latest__value">{self.first(show)}</span>
            <span class="latest__age">{self.second(show)}</span>
            <span class="latest__state">{self.state()}</span>
        };
        self.option("latest__bar", inner.into_any())
    }

    fn tile(&self, show: LatestShow) -> AnyView {
        let inner = view! {
            <span class="latest__name">{self.row.name(self.is_alone)}</span>
            <span class="latest__age">{self.second(show)}</span>
            <span class="latest__value">{self.first(show)}</span>
            <span class="latest__state">{self.state()}</span>
        };
        self.option("latest__tile", inner.into_any())
    }

    fn option(&self, class: &'static str, inner: AnyView) -> AnyView {
        view! {
            <div
                id=self.id.clone()
                class=class
                role="option"
                data-row=self.at
                data-freshness=self.freshness()
                data-severity=self.row.severity.as_str()
                data-chosen=self.is_chosen()
                aria-selected=self.is_selected()
                title=self.row.name(false)
            >
                {inner}
            </div>
        }
        .into_any()
    }

    /// What the panel is about: value or age.
    fn first(&self, show: LatestShow) -> AnyView {
        match show {
            LatestShow::Value => self.value(),
            LatestShow::Age => self.age(),
        }
    }

    /// The other one of the two.
    fn second(&self, show: LatestShow) -> AnyView {
        match show {
            LatestShow::Value => self.age(),
            LatestShow::Age => self.value(),
        }
    }

    fn age(&self) -> AnyView {
        view! { <span>{self.told(Row::age_text)}</span> }.into_any()
    }

    fn value(&self) -> AnyView {
        let unit = if self.row.word.is_empty() && self.row.time.is_some() {
            self.row.unit.to_string()
        } else {
            String::new()
        };
        view! {
            {self.row.value_text()}
            <span class="latest__unit">{unit}</span>
        }
        .into_any()
    }

    fn state(&self) -> AnyView {
        view! {
            <span class="latest__sign" aria-hidden="true">
                {self.told(|row, now| row.sign(now).to_owned())}
            </span>
            <span class="latest__word">{self.told(Row::state_text)}</span>
        }
        .into_any()
    }
}
