//! The alarm bell: how many alarms need somebody, by severity; new ones are said aloud to screen readers.

use leptos::prelude::*;
use shared::alarm::{AlarmState, AlarmStatus};

use crate::components::alarm_state::{NOT_OK, place_text, sign, word, worst};
use crate::components::icon::{Icon, icon};
use crate::components::link::follow;
use crate::dom::view;
use crate::pages::alarms::times::use_times;
use crate::reactive::{Derived, State, watch};
use crate::state::address::{Address, Page, Place};
use crate::state::alarms::{Alarms, use_alarms};
use crate::state::navigation::{History, Navigation, use_navigation};

/// How the alarms stand as a whole.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Standing {
    /// The first answer is awaited.
    Loading,
    /// The alarms cannot be had: since when, if they ever could.
    Lost(String),
    /// How many need somebody, in the order of [`NOT_OK`].
    Known([usize; 4]),
}

/// The bell in the top bar, which leads to the list.
pub fn bell() -> AnyView {
    let (alarms, navigation, times) = (use_alarms(), use_navigation(), use_times());
    let standing = Derived::new(move || {
        alarms.list.with(|list| match (&list.answer, &list.failure) {
            (_, Some(_)) => Standing::Lost(
                list.lost_since()
                    .map(|since| format!("since {}", times.minute(since.as_micros())))
                    .unwrap_or_default(),
            ),
            (None, None) => Standing::Loading,
            (Some(list), None) => Standing::Known(counts(&list.alarms)),
        })
    });
    let there = move || address_of(Page::Alarms, navigation);
    let is_here = move || navigation.address().with(|address| address.place.page == Page::Alarms);
    let worst = move || standing.with(worst_word);
    view! {
        <a
            class="bell"
            href=move || navigation.link(&there())
            data-worst=worst
            aria-current=move || is_here().then_some("page")
            title="Alarms (A)"
            on:click=follow(navigation, there)
        >
            {icon(Icon::Bell)}
            <span class="bell__counts" aria-hidden="true">{move || standing.with(shown)}</span>
            <span class="visually-hidden">{move || standing.with(spoken)}</span>
        </a>
        {announcer(alarms)}
    }
    .into_any()
}

/// A page without panels, from the screen in sight; tracks.
pub fn address_of(page: Page, navigation: Navigation) -> Address {
    navigation.address().with(|address| Address {
        place: Place::page(page),
        theme: address.theme,
        clock: address.clock,
        ..Address::default()
    })
}

/// Goes to the list.
pub fn open(navigation: Navigation) {
    navigation.go(&untrack(|| address_of(Page::Alarms, navigation)), History::Push);
}

fn counts(alarms: &[AlarmStatus]) -> [usize; 4] {
    NOT_OK.map(|state| {
        alarms
            .iter()
            .filter(|alarm| alarm.is_active() && worst(alarm) == state)
            .count()
    })
}

fn worst_word(standing: &Standing) -> &'static str {
    match standing {
        Standing::Loading => "loading",
        Standing::Lost(_) => "lost",
        Standing::Known(counts) => {
            let worst = NOT_OK.iter().zip(counts).find(|(_, count)| **count > 0);
            worst.map_or(AlarmState::Ok, |(state, _)| *state).as_str()
        }
    }
}

fn shown(standing: &Standing) -> AnyView {
    match standing {
        Standing::Loading => "…".into_any(),
        Standing::Lost(since) => view! { <span class="bell__lost">{format!("not known {since}")}</span> }.into_any(),
        Standing::Known([0, 0, 0, 0]) => {
            view! { <span class="state" data-alarm="ok">{sign(AlarmState::Ok)} " 0"</span> }.into_any()
        }
        Standing::Known(counts) => NOT_OK
            .into_iter()
            .zip(counts)
            .filter(|(_, count)| **count > 0)
            .map(|(state, count)| {
                view! {
                    <span class="state" data-alarm=state.as_str() data-count=*count>
                        {sign(state)}
                        " "
                        {*count}
                    </span>
                }
                .into_any()
            })
            .collect_view()
            .into_any(),
    }
}

fn spoken(standing: &Standing) -> String {
    let told = match standing {
        Standing::Loading => "loading".to_owned(),
        Standing::Lost(since) => format!("not known {since}"),
        Standing::Known([0, 0, 0, 0]) => "none needs somebody".to_owned(),
        Standing::Known(counts) => {
            let told = NOT_OK.into_iter().zip(counts).filter(|(_, count)| **count > 0);
            let told: Vec<String> = told.map(|(state, count)| format!("{count} {}", word(state))).collect();
            told.join(", ")
        }
    };
    format!("Alarms: {told}")
}

/// Says what is new. Not the first list: a page that opens says it by the bell.
fn announcer(alarms: Alarms) -> AnyView {
    let said = State::new(String::new());
    let active = Derived::new(move || {
        let list = alarms.list.with(|list| list.answer.clone())?;
        let active = list.alarms.iter().filter(|alarm| alarm.is_active()).cloned();
        Some(active.collect::<Vec<_>>())
    });
    watch(
        move || active.get(),
        move |now, before| {
            if let (Some(now), Some(before)) = (now, before) {
                let text = announcement(&news(now, before));
                if !text.is_empty() {
                    said.set(text);
                }
            }
        },
    );
    view! {
        <span class="visually-hidden bell__said" role="status" aria-live="assertive">
            {move || said.get()}
        </span>
    }
    .into_any()
}

/// What needs somebody that did not before, or is worse than it was.
pub fn news<'a>(now: &'a [AlarmStatus], before: &[AlarmStatus]) -> Vec<&'a AlarmStatus> {
    let is_new = |alarm: &&AlarmStatus| {
        let known = before.iter().find(|known| known.rule == alarm.rule);
        known.is_none_or(|known| worst(known).urgency() < worst(alarm).urgency())
    };
    now.iter().filter(is_new).collect()
}

fn announcement(news: &[&AlarmStatus]) -> String {
    let told = |alarm: &AlarmStatus| {
        let place = place_text(alarm);
        let place = if place.is_empty() { place } else { format!(", {place}") };
        format!("{}: {}{place}", word(worst(alarm)), alarm.title)
    };
    match news {
        [] => String::new(),
        [one] => format!("New {}", told(one)),
        // The list begins with the most urgent.
        [first, rest @ ..] => format!("New {}; and {} more", told(first), rest.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::alarm_state::tests::{alarm, note};

    #[test]
    fn only_what_needs_somebody_is_counted() {
        let mut seen = alarm("d", AlarmState::Alarm);
        seen.acknowledged = note("Ada");
        let mut latched = alarm("e", AlarmState::Ok);
        latched.latched = Some(AlarmState::NoData);
        let all = [
            alarm("a", AlarmState::Alarm),
            alarm("b", AlarmState::Warning),
            alarm("c", AlarmState::Ok),
            seen,
            latched,
        ];
        let standing = Standing::Known(counts(&all));
        assert_eq!(spoken(&standing), "Alarms: 1 ALARM, 1 NO DATA, 1 WARNING");
        assert_eq!(worst_word(&standing), "alarm");
        assert_eq!(worst_word(&Standing::Known([0; 4])), "ok");
    }

    #[test]
    fn what_is_new_or_worse_is_said() {
        let before = [alarm("a", AlarmState::Warning), alarm("b", AlarmState::Alarm)];
        let mut now = before.to_vec();
        assert!(news(&now, &before).is_empty());
        now[0].state = AlarmState::Alarm;
        now[1].state = AlarmState::Warning;
        assert_eq!(announcement(&news(&now, &before)), "New ALARM: a");
        now.push(alarm("c", AlarmState::Unknown));
        assert_eq!(announcement(&news(&now, &before)), "New ALARM: a; and 1 more");
    }
}
