//! The box around every panel: header, body, and what stands in the body's place when there is nothing to show.

use leptos::html;
use leptos::prelude::*;
use shared::dashboard::{Panel, PanelKind};
use shared::time::{TimeRange, Timestamp};
use wasm_bindgen::JsCast as _;

use crate::browser::fullscreen;
use crate::components::freshness::{Tone, Verdict, Witness, judge};
use crate::components::panel_files::PanelFiles;
use crate::components::panel_menu::{MenuOf, panel_menu};
use crate::components::panel_watch::panel_watch;
use crate::dom::{NodeRef, view};
use crate::format;
use crate::live::use_live;
use crate::panels::latest;
use crate::reactive::{Callback, Derived, Kept, effect};
use crate::state::address::Period;
use crate::state::catalogue::use_catalogue;
use crate::state::connection::{Connection, Link, use_connection};
use crate::state::painted;
use crate::state::refresh;
use crate::state::server_clock::use_now;
use crate::state::time_view::use_time_view;

/// What a panel has to show.
#[derive(Clone, PartialEq, Debug)]
pub enum PanelState {
    /// The first answer is awaited; while later ones are, the panel stays ready.
    Loading,
    /// Data.
    Ready,
    /// The server answered that there are none.
    Empty {
        /// When the metric's last sample was taken; `None` if there never was one.
        last: Option<Timestamp>,
    },
    /// The server did not answer, or refused: what happened and what to do.
    Error(String),
    /// Data that say nothing about now.
    Stale {
        /// When the last of them was taken.
        since: Timestamp,
    },
}

impl PanelState {
    /// The value of `data-state`.
    const fn as_str(&self) -> &'static str {
        match self {
            Self::Loading => "loading",
            Self::Ready => "ready",
            Self::Empty { .. } => "empty",
            Self::Error(_) => "error",
            Self::Stale { .. } => "stale",
        }
    }
}

/// How long a sample may be under way from the server to the page.
const ON_THE_WAY_MICROS: i64 = 500_000;

/// Says that a panel has drawn what it was asked for: sets the mark `panel:<id>:drawn`, and `page:complete` with the
/// last panel of the tab. Empty and failed panels are noted by their frame.
pub fn mark_drawn(panel_id: &str) {
    painted::note(panel_id);
}

/// What a panel tells its frame.
pub struct FrameOf {
    /// What is shown.
    pub panel: Panel,
    /// The unit beside the title; empty for none.
    pub unit: Derived<String>,
    /// What there is to show. The frame itself turns ready into stale when the newest sample grows too old.
    pub state: Derived<PanelState>,
    /// Time of the newest sample in the panel, for its age.
    pub newest: Derived<Option<Timestamp>>,
    /// Asks the server again.
    pub on_retry: Callback<()>,
    /// What files of it are made of, for its menu.
    pub files: Option<PanelFiles>,
}

/// The box around every panel. One that fails leaves the others alone. The body stays mounted in every state, and is
/// hidden where something else stands in its place.
pub fn panel_frame(of: FrameOf, body: AnyView) -> AnyView {
    let FrameOf {
        panel,
        unit,
        state,
        newest,
        on_retry,
        files,
    } = of;
    let frame = NodeRef::<html::Section>::new();
    let (title, kind, id) = (panel.title.clone(), panel.show.as_str(), panel.id.clone());
    let panel = Kept::new(panel);
    let verdict = verdict_of(panel, newest).gated();
    let shown = Derived::new(
        move || match (state.get(), verdict.with(|verdict| verdict.stale_since)) {
            (PanelState::Ready, Some(since)) => PanelState::Stale { since },
            (state, _) => state,
        },
    )
    .gated();
    effect(move || {
        if shown.with(|shown| matches!(shown, PanelState::Empty { .. } | PanelState::Error(_))) {
            panel.with_value(|panel| mark_drawn(&panel.id));
        }
    });
    // The age itself changes each second; only a change for the worse is worth a word.
    let announcement = Derived::new(move || {
        verdict.with(|verdict| match verdict.stale_since {
            Some(_) => panel.with_value(|panel| format!("{}: {}", panel.title, verdict.text)),
            None => String::new(),
        })
    });
    let heading_id = format!("panel-{id}-title");
    let title_id = heading_id.clone();
    let menu = panel_menu(MenuOf {
        panel,
        frame,
        unit,
        range: shown_range(panel),
        files,
    });
    let connection = use_connection();
    view! {
        <section
            node_ref=frame
            id=format!("panel-{id}")
            class="panel"
            class:panel--calm=move || verdict.with(|verdict| verdict.tone == Tone::Calm)
            data-panel=id
            data-state=move || shown.with(PanelState::as_str)
            data-kind=kind
            aria-labelledby=title_id
            on:keydown=move |event| fill_screen(&event, frame)
        >
            <header class="panel__header">
                <h2 class="panel__title" id=heading_id>
                    {title}
                </h2>
                <span class="panel__unit">{move || unit.get()}</span>
                {panel_watch(panel)}
                <span class="age" data-tone=move || verdict.with(|verdict| verdict.tone.as_str())>
                    {move || verdict.with(|verdict| verdict.text.clone())}
                </span>
                <span class="visually-hidden" role="status">
                    {move || announcement.get()}
                </span>
                {menu}
            </header>
            <div class="panel__body">
                <div class="panel__content">{body}</div>
                {move || shown.with(|shown| instead(shown, connection, on_retry))}
            </div>
        </section>
    }
    .into_any()
}

/// F fills the screen with the panel that has the focus, and gives it back.
fn fill_screen(event: &leptos::ev::KeyboardEvent, frame: NodeRef<html::Section>) {
    let has_modifier = event.ctrl_key() || event.meta_key() || event.alt_key();
    let is_typed = event
        .target()
        .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
        .is_some_and(|target| target.matches("input, select, textarea").unwrap_or(false));
    if has_modifier || is_typed || event.default_prevented() || !event.key().eq_ignore_ascii_case("f") {
        return;
    }
    event.prevent_default();
    if let Some(frame) = frame.get_untracked() {
        fullscreen::toggle(&frame);
    }
}

/// Whether a panel is about now, whatever night the other panels show.
const fn is_about_now(kind: &PanelKind) -> bool {
    matches!(kind, PanelKind::Latest(_))
}

/// What time a panel shows; of one that is about now, this second.
fn shown_range(panel: Kept<Panel>) -> Derived<Option<TimeRange>> {
    let (view, now) = (use_time_view(), use_now());
    Derived::new(move || {
        if panel.with_value(|panel| is_about_now(&panel.show)) {
            let now = now.get();
            TimeRange::new(now, now.saturating_add_micros(1)).ok()
        } else {
            view.visible().get()
        }
    })
}

fn verdict_of(panel: Kept<Panel>, newest: Derived<Option<Timestamp>>) -> Derived<Verdict> {
    let (view, now, connection, catalogue) = (use_time_view(), use_now(), use_connection(), use_catalogue());
    // Words have no age.
    let (is_about_now, has_age, poll) = panel.with_value(|panel| {
        let poll = match &panel.show {
            PanelKind::Latest(_) | PanelKind::Stat(_) => latest::POLL,
            _ => refresh::INTERVAL,
        };
        (
            is_about_now(&panel.show),
            !matches!(panel.show, PanelKind::Text(_)),
            poll,
        )
    });
    let poll_micros = i64::try_from(poll.as_micros()).unwrap_or(i64::MAX);
    let paused = use_live().paused();
    Derived::new(move || {
        let link = connection.link();
        judge(&Witness {
            newest: newest.get(),
            shows_now: is_about_now || (has_age && view.is_present()),
            ages: panel.with_value(|panel| catalogue.ages(panel)),
            // Over the live line what there is comes at once.
            poll_micros: if link == Link::Connected {
                ON_THE_WAY_MICROS
            } else {
                poll_micros
            },
            now: now.get(),
            link,
            paused: paused.get(),
        })
    })
}

/// What stands in the place of the body.
fn instead(state: &PanelState, connection: Connection, on_retry: Callback<()>) -> Option<AnyView> {
    match state {
        PanelState::Ready | PanelState::Stale { .. } => None,
        PanelState::Loading => Some(
            view! {
                <div class="panel__instead panel__instead--loading" role="status">
                    <span class="panel__skeleton" aria-hidden="true"></span>
                    <span class="panel__step">{move || step(connection)}</span>
                </div>
            }
            .into_any(),
        ),
        PanelState::Empty { last } => Some(empty(*last)),
        PanelState::Error(message) => Some(
            view! {
                <div class="panel__instead" role="alert">
                    <strong class="panel__failed">"Could not be shown"</strong>
                    <span>{sentence(message)}</span>
                    <button type="button" class="button" on:click=move |_| on_retry.run(())>
                        "Try again"
                    </button>
                </div>
            }
            .into_any(),
        ),
    }
}

/// What is waited for.
fn step(connection: Connection) -> &'static str {
    match connection.link() {
        Link::Lost { .. } | Link::Unreachable => "Waiting for the server …",
        Link::StoreDown { .. } => "Waiting for the store …",
        _ if use_time_view().visible().with(Option::is_none) => "Looking for the newest data …",
        _ => "Loading data …",
    }
}

fn empty(last: Option<Timestamp>) -> AnyView {
    let view = use_time_view();
    let Some(last) = last else {
        return view! { <div class="panel__instead">"No data yet: nothing was ever received"</div> }.into_any();
    };
    let is_in_base = move || view.base().get().is_some_and(|base| base.contains(last));
    let is_in_sight = move || view.visible().get().is_some_and(|visible| visible.contains(last));
    let time = format::date_and_minute(last);
    let text = move || {
        if is_in_sight() {
            format!("No number in this time: until {time} samples came without a value")
        } else if is_in_base() {
            // Inside the night, and outside the part that is looked at.
            format!("No data in this part; last data {time}")
        } else if matches!(view.period().get(), Some(Period::Range(_))) {
            format!("No data in this range; last data {time}")
        } else {
            format!("No data in this night; last data {time}")
        }
    };
    let go = move |_| {
        if is_in_base() {
            view.reset();
        } else {
            view.open_night_of(last);
        }
    };
    let label = move || if is_in_base() { "Show all of it" } else { "Go there" };
    view! {
        <div class="panel__instead">
            <span>{text}</span>
            {move || {
                (!is_in_sight())
                    .then(|| {
                        view! {
                            <button type="button" class="button" on:click=go>
                                {label}
                            </button>
                        }
                        .into_any()
                    })
            }}
        </div>
    }
    .into_any()
}

/// Messages are lower case like all error texts; on the screen they begin like a sentence. Only A to Z, because the
/// tables for all letters weigh more than this file.
fn sentence(message: &str) -> String {
    let mut sentence = message.to_owned();
    if let Some(first) = sentence.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    sentence
}
