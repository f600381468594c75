//! The panel itself: its data, its state and its layers.

use leptos::html::{Canvas as CanvasElement, Div};
use leptos::prelude::*;
use shared::chart::axis_clock::AxisClock;
use shared::chart::plot::Plot;
use shared::chart::shape::Shape;
use shared::dashboard::Panel;
use shared::query::envelope::MAX_COLUMNS;
use shared::time::{TimeRange, Timestamp};

use super::chart::{Attention, Chart, ChartParts, layout_of, use_calm, use_plot};
use super::clock::use_axis_clock;
use super::content::Content;
use super::cursor_layer::use_cursor_layer;
use super::data::{Answers, Slot, Wanted, asks_of};
use super::data_layer::use_data_layer;
use super::files::files_of;
use super::gestures::Gestures;
use super::hover::tooltip;
use super::legend::legend;
use super::pinned::use_told;
use super::pins::pin_list;
use super::spec::PlotSpec;
use super::summary::{spoken, summary_table};
use super::watch::use_watch;
use crate::chart::stage::use_stage_size;
use crate::components::panel_frame::{FrameOf, PanelState, panel_frame};
use crate::dom::{NodeRef, view};
use crate::panels::cells::beyond::beyond_list;
use crate::panels::cells::content::PanelCells;
use crate::panels::cells::legend::state_legend;
use crate::panels::cells::picker::{channel_picker, metric_to_pick};
use crate::panels::cells::spec::cell_asks;
use crate::reactive::{Callback, Derived, Kept, State};
use crate::state::catalogue::{Catalogue, use_catalogue};
use crate::state::chosen_channel::use_chosen_channel;
use crate::state::cursor::use_cursor;
use crate::state::follow;
use crate::state::hidden::use_hidden;
use crate::state::pins::use_pins;
use crate::state::time_view::{TimeView, use_time_view};

/// Of so many parts that a sliding window has, one more is asked for.
const SLIDING_PARTS: u32 = follow::PARTS;

/// Draws a panel over the visible range. Keeps the last picture, stretched, while exact data are on their way.
pub fn plot_panel(panel: Panel, spec: PlotSpec) -> AnyView {
    let stage = NodeRef::<Div>::new();
    let picked = metric_to_pick(&spec);
    let (data_layer, cursor_layer) = (NodeRef::<CanvasElement>::new(), NodeRef::<CanvasElement>::new());
    let (chart, answers) = use_chart(&panel, spec, stage);
    use_data_layer(chart, data_layer);
    use_cursor_layer(chart, cursor_layer);
    let gestures = Gestures::new(chart, stage);
    let (verdict, newest) = use_panel_state(chart, answers, &panel);
    let title = Kept::new(panel.title.clone());
    let label = move || {
        let range = chart.view().settled().get();
        chart
            .calm()
            .shown
            .with(|content| title.with_value(|title| spoken(title, content, range)))
    };
    let body = view! {
        <div class="plot">
            <div
                node_ref=stage
                class="plot__stage"
                tabindex="0"
                role="application"
                aria-roledescription="plot"
                aria-label=label
                on:pointerdown=move |event| { gestures.press(&event); }
                on:pointermove=move |event| { gestures.travel(&event); }
                on:pointerup=move |event| { gestures.release(&event); }
                on:pointercancel=move |event| gestures.cancel(&event)
                on:pointerleave=move |event| gestures.leave(&event)
                on:dblclick=move |_| chart.view().reset()
                on:wheel=move |event| { gestures.wheel(&event); }
                on:keydown=move |event| { gestures.key(&event); }
                on:blur=move |_| chart.look_away()
            >
                <canvas node_ref=data_layer class="plot__layer" aria-hidden="true"></canvas>
                <canvas node_ref=cursor_layer class="plot__layer" aria-hidden="true"></canvas>
                {move || {
                    has_no_values(chart, answers)
                        .then(|| view! { <p class="plot__note">"Only samples without a value: null or NaN"</p> }.into_any())
                }}
                {tooltip(chart, stage)}
            </div>
            {picked.map(channel_picker)}
            {beyond_list(chart)}
            {move || state_legend(chart)}
            {pin_list(chart)}
            {legend(chart)}
            {summary_table(chart, title.get_value())}
        </div>
    };
    let of = FrameOf {
        panel,
        unit: Derived::new(move || chart.calm().content.with(Content::unit)),
        state: verdict,
        newest,
        on_retry: Callback::new(move |()| answers.retry()),
        files: Some(files_of(chart, answers)),
    };
    panel_frame(of, body.into_any())
}

/// Everything that the parts of the panel share.
fn use_chart(panel: &Panel, spec: PlotSpec, stage: NodeRef<Div>) -> (Chart, Answers) {
    let (view, catalogue, hidden) = (use_time_view(), use_catalogue(), use_hidden());
    let size = use_stage_size(stage);
    let clock = use_axis_clock(move || view.visible().get()).gated();
    let spec = Kept::new(spec);
    let chosen = use_chosen_channel();
    let lines = Derived::new(move || {
        spec.with_value(|spec| {
            let channel = spec.follows.as_ref().and_then(|metric| chosen.of(metric));
            spec.lines_with(channel)
        })
    });
    let asks = Derived::new(move || {
        let n_channels = |metric: &str| catalogue.metric(metric).map_or(1, |metric| metric.channels);
        spec.with_value(|spec| {
            let mut asks = lines.with(|lines| asks_of(spec, lines, n_channels));
            asks.extend(cell_asks(spec.cells.as_ref(), |name| catalogue.display(name)));
            asks
        })
    });
    let wanted = Derived::new(move || {
        // Not only where a gesture rests: the exact picture follows it.
        let (range, size) = (view.asked().get()?, size.get()?);
        let layout = layout_of(size, String::new(), AxisClock::utc());
        let is_sliding = view.is_sliding().get();
        Some(Wanted {
            range,
            columns: (layout.columns() * (SLIDING_PARTS + u32::from(is_sliding)) / SLIDING_PARTS).min(MAX_COLUMNS),
            rows: layout.rows(),
        })
    });
    let answers = Answers::start(asks, wanted);
    let (panel_id, pins) = (Kept::new(panel.id.clone()), use_pins());
    let watch = use_watch(panel.show.metrics().into_iter().map(str::to_owned).collect());
    let content = Derived::new(move || {
        let (metric, display) = (
            |name: &str| catalogue.metric(name),
            |name: &str| catalogue.display(name),
        );
        let made = |slots: &Vec<Slot>| {
            spec.with_value(|spec| lines.with(|lines| Content::new(spec, lines, slots, metric, display)))
        };
        answers.slots().with(made).watched_by(watch.get())
    });
    let shown = Derived::new(move || {
        let is_hidden = |key: &str| panel_id.with_value(|panel| hidden.contains(panel, key));
        content.with(|content| content.without(is_hidden))
    });
    let plot = use_plot(view, size, clock, shown);
    let chart = Chart::new(ChartParts {
        panel_id,
        content,
        shown,
        calm: use_calm(answers, content, shown),
        is_exact: Derived::new(move || is_exact(view, answers)).gated(),
        size,
        clock,
        plot,
        view,
        cursor: use_cursor(),
        chosen,
        cursor_y: State::new(None),
        attention: State::new(Attention::Elsewhere),
        pointed_out: State::new(None),
        pins: use_told(pins, panel_id),
        pinned: pins,
        selection: State::new(None),
    });
    (chart, answers)
}

/// Whether the answers are those of the range on the screen, rather than stretched from another one; tracks.
fn is_exact(view: TimeView, answers: Answers) -> bool {
    let is_known = view.asked().get().is_some_and(|range| answers.are_known(range));
    // What is asked for further on is not seen yet.
    let is_covered = |range| view.is_sliding().get() && answers.cover(range);
    is_known || view.visible().get().is_some_and(is_covered)
}

/// What the frame of the panel says, and the time of its newest sample.
fn use_panel_state(chart: Chart, answers: Answers, panel: &Panel) -> (Derived<PanelState>, Derived<Option<Timestamp>>) {
    let catalogue = use_catalogue();
    let panel = Kept::new(panel.clone());
    let found = move || {
        let Some(range) = chart.view().asked().get() else {
            return PanelState::Loading;
        };
        let has_data = chart.content().with(|content| content.shows_any(range));
        let last = panel.with_value(|panel| last_known(panel, catalogue));
        // A sample is known that the answers do not show: it has no value.
        let has_nulls = last.is_some_and(|last| range.contains(last)) && answers.have_come(range);
        if has_data || has_nulls {
            return PanelState::Ready;
        }
        let failure = answers
            .slots()
            .with(|slots| slots.iter().find_map(|slot| slot.failure.clone()));
        match failure {
            _ if !answers.are_known(range) => PanelState::Loading,
            Some(failure) => PanelState::Error(failure),
            None => PanelState::Empty { last },
        }
    };
    let before = Kept::new(PanelState::Loading);
    let state = Derived::new(move || {
        let found = found();
        // The plot stays under the pointer that moves it, whatever it is moved to.
        if chart.view().is_moving().get() && found != PanelState::Ready {
            return before.get_value();
        }
        before.set_value(found.clone());
        found
    });
    let newest = Derived::new(move || {
        let range = chart.view().settled().get();
        let drawn = chart.content().with(|content| {
            let lines = content.lines.iter();
            let of_lines = lines.filter_map(|line| newest_of(line.shape()?, range?)).max();
            of_lines.max(content.cells.as_ref().and_then(PanelCells::newest))
        });
        // The catalogue tells the very time where a wide column only bounds it.
        let known = panel.with_value(|panel| last_known(panel, catalogue));
        let in_range = known.filter(|known| range.is_some_and(|range| range.contains(*known)));
        drawn.max(in_range)
    });
    (state, newest)
}

/// Whether the panel is exact and shows nothing, although it is not hidden: its samples have no values; tracks.
fn has_no_values(chart: Chart, answers: Answers) -> bool {
    let is_of_lines = |content: &Content| {
        content.cells.is_none() && !content.lines.is_empty() && content.events.is_empty() && content.strips.is_empty()
    };
    // As laid out by now: that changes with each frame, and this does not.
    let is_blank = |plot: &Option<Plot>| {
        plot.as_ref()
            .is_some_and(|plot| plot.left.is_none() && plot.right.is_none())
    };
    chart.is_exact().get()
        && chart.calm().shown.with(is_of_lines)
        && chart.plot().with_untracked(is_blank)
        && chart.view().asked().get().is_some_and(|range| {
            // A window that follows now has samples at hand that it does not show yet.
            answers.have_come(range) && !chart.calm().content.with(|content| content.shows_any(range))
        })
}

/// When the last sample of a panel's metrics was taken.
fn last_known(panel: &Panel, catalogue: Catalogue) -> Option<Timestamp> {
    let names = panel.show.metrics();
    names.into_iter().filter_map(|name| catalogue.metric(name)?.last).max()
}

/// A proven time of the newest data that a line shows: that of its last sample, or of the later extreme of its last
/// column.
fn newest_of(shape: Shape<'_>, range: TimeRange) -> Option<Timestamp> {
    let last = shape.visible(range).last()?;
    let newest_us = match shape {
        Shape::Samples(samples) => *samples.time_us.get(last)?,
        Shape::Columns(columns) | Shape::Band(columns) => (*columns.min_us.get(last)?).max(*columns.max_us.get(last)?),
    };
    Timestamp::from_micros(newest_us)
}
