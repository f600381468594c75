//! The page of alarms: what needs somebody, by severity and age; how systems stand; why a rule fired and what to do.

use leptos::prelude::*;
use shared::alarm::{AlarmList, AlarmStatus};
use shared::time::MICROS_PER_SEC;

use crate::components::alarm_state::{sign, word, worst_of};
use crate::components::link::follow;
use crate::dom::view;
use crate::format;
use crate::pages::alarms::listing::{System, is_of, is_shown, nothing_text, path_of, systems};
use crate::pages::alarms::times::{Times, use_times};
use crate::reactive::{Callback, Derived};
use crate::shell::sound::sound_controls;
use crate::state::address::{Address, Show};
use crate::state::alarms::use_alarms;
use crate::state::feed::Feed;
use crate::state::navigation::{History, use_navigation};

pub mod actions;

pub mod card;

pub mod history;

pub mod letters;

pub mod links;

pub mod list;

pub mod listing;

pub mod ribbon;

pub mod story;

pub mod times;

/// From so long without an evaluation on the list is said to be old, in microseconds.
const OLD_MICROS: i64 = 15 * MICROS_PER_SEC;

/// The page.
pub fn alarms_page() -> AnyView {
    let (alarms, navigation, times) = (use_alarms(), use_navigation(), use_times());
    let address = navigation.address();
    let show = Derived::new(move || address.with(|address| address.alarms.show));
    let system = Derived::new(move || address.with(|address| address.alarms.system.clone()));
    let in_system = Derived::new(move || {
        let of_system = |all: &[AlarmStatus]| -> Vec<AlarmStatus> {
            system.with(|system| all.iter().filter(|alarm| is_of(alarm, system)).cloned().collect())
        };
        alarms.with_all(of_system)
    });
    let rows = Derived::new(move || {
        let show = show.get();
        in_system.with(|all| {
            all.iter()
                .filter(|alarm| is_shown(alarm, show))
                .cloned()
                .collect::<Vec<_>>()
        })
    });
    let choose = Callback::new(move |rule: String| {
        let mut there = address.get_untracked();
        there.alarms.rule = rule;
        navigation.go(&there, History::Push);
    });
    let state = Derived::new(move || alarms.list.with(|list| state_of(list, rows.with(Vec::is_empty))));
    let listed = middle(show, state, in_system, rows, choose);
    let summary = move || {
        let list = alarms.list.with(|list| list.answer.clone())?;
        let evaluated = match list.evaluated_us {
            Some(us) => format!("evaluated {} ago", times.age(us)),
            None => "not evaluated yet".to_owned(),
        };
        Some(format!("{} rules · {evaluated}", list.alarms.len()))
    };
    let problem_text = Derived::new(move || alarms.list.with(|list| problem(list, times)));
    let problem = move || {
        let text = problem_text.get();
        (!text.is_empty()).then(|| view! { <p class="notice alarms__problem" role="alert">{text}</p> }.into_any())
    };
    view! {
        <div class="alarms" data-state=move || state.get()>
            <header class="alarms__header">
                <h1>"Alarms"</h1>
                <p class="alarms__summary">{summary}</p>
                {sound_controls()}
                <nav class="alarms__filters" aria-label="Which alarms">
                    {Show::ALL.map(|choice| filter(choice, in_system)).collect_view()}
                </nav>
            </header>
            {problem}
            {letters::letters()}
            <div class="alarms__columns">
                {system_list()}
                <div class="alarms__list">{listed}</div>
                {card::card(Callback::new(move |()| choose.run(String::new())))}
            </div>
        </div>
    }
    .into_any()
}

/// What stands in the middle.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Body {
    Nothing,
    Empty,
    List,
    History,
}

fn middle(
    show: Derived<Show>,
    state: Derived<&'static str>,
    in_system: Derived<Vec<AlarmStatus>>,
    rows: Derived<Vec<AlarmStatus>>,
    choose: Callback<String>,
) -> AnyView {
    let alarms = use_alarms();
    let is_evaluated = move || {
        let is_known = |list: &Feed<AlarmList>| list.answer.as_ref().is_some_and(|list| list.evaluated_us.is_some());
        alarms.list.with(is_known)
    };
    let title_of = move |rule: &str| {
        let titled = |all: &Vec<AlarmStatus>| {
            all.iter()
                .find(|alarm| alarm.rule == rule)
                .map(|alarm| alarm.title.clone())
        };
        in_system.with(titled)
    };
    // Not by the rows themselves: the list changes them in place.
    let body = Derived::new(move || match (show.get(), state.get()) {
        (_, "loading" | "error") => Body::Nothing,
        (Show::History, _) => Body::History,
        _ if rows.with(Vec::is_empty) => Body::Empty,
        _ => Body::List,
    });
    crate::dom::any(move || match body.get() {
        Body::Nothing => None,
        Body::History => Some(history::history(title_of)),
        Body::Empty => {
            // What is old is not said to be so now.
            let is_current = state.get() == "empty";
            let text = alarms.with_all(|all| nothing_text(all, is_evaluated(), show.get()));
            is_current.then(|| view! { <p class="alarms__nothing" role="status">{text}</p> }.into_any())
        }
        Body::List => Some(list::list(rows, choose)),
    })
}

/// The word for tests and style sheets.
fn state_of(list: &Feed<AlarmList>, is_empty: bool) -> &'static str {
    match (&list.answer, &list.failure) {
        (None, None) => "loading",
        (None, Some(_)) => "error",
        (Some(_), Some(_)) => "stale",
        (Some(_), None) if is_empty => "empty",
        (Some(_), None) => "ready",
    }
}

/// What is wrong with what is known: that there is nothing, or that it is old; empty while all is well. Tracks.
fn problem(list: &Feed<AlarmList>, times: Times) -> String {
    let since = list.lost_since().map(|since| times.second(since.as_micros()));
    match (&list.failure, since, &list.answer) {
        (Some(failure), Some(since), _) => {
            format!("Not known since {since}: {failure}. What is shown was true then; asked again every 2 s")
        }
        (Some(failure), None, _) => format!("The alarms cannot be had: {failure}. Asked again every 2 s"),
        (None, _, Some(list)) => match list.evaluated_us {
            Some(us) if list.now_us - us > OLD_MICROS => {
                format!("The rules have not been evaluated since {}", times.second(us))
            }
            _ => String::new(),
        },
        (None, _, None) => String::new(),
    }
}

/// A heading with the number of rules under it.
fn filter(choice: Show, in_system: Derived<Vec<AlarmStatus>>) -> AnyView {
    let navigation = use_navigation();
    let there = move || {
        let mut there: Address = navigation.address().get();
        there.alarms.show = choice;
        there
    };
    let is_current = move || navigation.address().with(|address| address.alarms.show == choice);
    let count = move || {
        let count = in_system.with(|all| all.iter().filter(|alarm| is_shown(alarm, choice)).count());
        (choice != Show::History).then(|| count.to_string())
    };
    let name = match choice {
        Show::Active => "Active",
        Show::Acknowledged => "Acknowledged",
        Show::Shelved => "Shelved",
        Show::KnownIssues => "Known issues",
        Show::All => "All",
        Show::History => "History",
    };
    view! {
        <a
            class="chip"
            class:chip--active=is_current
            data-show=choice.as_str()
            href=move || navigation.link(&there())
            aria-current=move || is_current().then_some("true")
            on:click=follow(navigation, there)
        >
            {name}
            " "
            <b>{count}</b>
        </a>
    }
    .into_any()
}

/// All systems with how they stand; nothing where rules belong to none.
fn system_list() -> AnyView {
    let alarms = use_alarms();
    let all = Derived::new(move || {
        let mut all = alarms.with_all(systems);
        if !all.is_empty() {
            let whole = alarms.with_all(|all| System {
                parts: Vec::new(),
                worst: worst_of(all.iter()),
                active: all.iter().filter(|alarm| alarm.is_active()).count(),
                rules: all.len(),
            });
            all.insert(0, whole);
        }
        all
    });
    let links = move || {
        let links = all.with(|all| all.iter().map(system_link).collect::<Vec<_>>());
        (!links.is_empty())
            .then(|| view! { <nav class="alarms__systems" aria-label="Systems">{links}</nav> }.into_any())
    };
    crate::dom::any(links)
}

fn system_link(system: &System) -> AnyView {
    let navigation = use_navigation();
    let path = path_of(&system.parts);
    let name = system.parts.last().cloned().unwrap_or_else(|| "All systems".to_owned());
    let depth = system.parts.len().clamp(0, 4);
    let there = {
        let path = path.clone();
        move || {
            let mut there: Address = navigation.address().get();
            there.alarms.system.clone_from(&path);
            there
        }
    };
    let href = {
        let there = there.clone();
        move || navigation.link(&there())
    };
    let is_current = {
        let path = path.clone();
        move || {
            navigation
                .address()
                .with(|address| address.alarms.system == path)
                .then_some("true")
        }
    };
    let spoken = format!(
        "{name}: {}, {} of {} rules active",
        word(system.worst),
        system.active,
        format::count(u64::try_from(system.rules).unwrap_or(u64::MAX))
    );
    view! {
        <a
            class="alarms__system"
            data-system=path
            data-depth=depth
            data-alarm=system.worst.as_str()
            href=href
            aria-current=is_current
            on:click=follow(navigation, there)
        >
            <span class="state" data-alarm=system.worst.as_str() aria-hidden="true">
                {sign(system.worst)}
            </span>
            <span class="alarms__name" aria-hidden="true">{name}</span>
            <span class="alarms__count" aria-hidden="true">{format!("{}/{}", system.active, system.rules)}</span>
            <span class="visually-hidden">{spoken}</span>
        </a>
    }
    .into_any()
}
