//! What happened to the rules in the time in sight, and what people did.

use leptos::prelude::*;
use shared::alarm::{AlarmEvent, AlarmEventKind, AlarmState};

use super::times::{Times, use_times};
use crate::components::alarm_state::badge;
use crate::components::link::follow;
use crate::dom::view;
use crate::reactive::Derived;
use crate::state::address::Address;
use crate::state::alarms::use_alarms;
use crate::state::navigation::use_navigation;

/// The most events in the page at once; the others are counted.
const MOST_SHOWN: usize = 300;

/// What happened, the newest first. `title` names a rule that is listed, and nothing for those that are not.
pub fn history(title: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> AnyView {
    let (alarms, times) = (use_alarms(), use_times());
    let events = Derived::new(move || {
        let named = |event: &AlarmEvent| Some((event.clone(), title(&event.rule)?));
        let all = |past: &crate::state::alarms::Past| past.history.events.iter().rev().filter_map(named).collect();
        alarms.past.with(|past| past.as_ref().map(all)) as Option<Vec<(AlarmEvent, String)>>
    });
    let failure = move || {
        let failure = alarms.past_failure.get();
        failure.map(|failure| {
            view! { <p class="alarms__failure" role="alert">"The history cannot be had: " {failure}</p> }.into_any()
        })
    };
    let table = move || {
        events.with(|events| match events {
            None => view! { <p class="alarms__nothing">"Loading the history …"</p> }.into_any(),
            Some(events) if events.is_empty() => {
                view! { <p class="alarms__nothing">"Nothing happened in the time in sight"</p> }.into_any()
            }
            Some(events) => {
                let rows = events.iter().take(MOST_SHOWN).map(|(event, title)| row(event, title, times));
                let more = events.len().saturating_sub(MOST_SHOWN);
                view! {
                    <table class="alarms__table alarms__table--history">
                        <thead>
                            <tr>
                                <th scope="col">{format!("When ({})", times.zone(times.now_us()))}</th>
                                <th scope="col">"What"</th>
                                <th scope="col">"Rule"</th>
                                <th scope="col">"In words"</th>
                                <th scope="col">"Who"</th>
                            </tr>
                        </thead>
                        <tbody>{rows.collect_view()}</tbody>
                    </table>
                    {(more > 0).then(|| view! { <p class="alarms__nothing">{format!("and {more} before these: choose a shorter time")}</p> }.into_any())}
                }
                .into_any()
            }
        })
    };
    view! {
        {failure}
        {table}
    }
    .into_any()
}

fn row(event: &AlarmEvent, title: &str, times: Times) -> AnyView {
    let navigation = use_navigation();
    let rule = event.rule.clone();
    let there = move || {
        let mut there: Address = navigation.address().get();
        there.alarms.rule.clone_from(&rule);
        there
    };
    let href = {
        let there = there.clone();
        move || navigation.link(&there())
    };
    view! {
        <tr data-rule=event.rule.clone() data-kind=kind_word(event.kind)>
            <td>{times.second(event.time_us)}</td>
            <td>{what(event.kind, event.state)}</td>
            <th scope="row">
                <a class="alarms__what" href=href on:click=follow(navigation, there)>
                    {title.to_owned()}
                </a>
            </th>
            <td>{event.text.clone()}</td>
            <td>{event.by.clone()}</td>
        </tr>
    }
    .into_any()
}

/// A change of the state by that, all else by its word.
pub fn what(kind: AlarmEventKind, state: AlarmState) -> AnyView {
    match kind {
        AlarmEventKind::State => badge(state),
        _ => kind_word(kind).into_any(),
    }
}

/// What happened, in a word or two.
pub const fn kind_word(kind: AlarmEventKind) -> &'static str {
    match kind {
        AlarmEventKind::State => "state",
        AlarmEventKind::Acknowledged => "acknowledged",
        AlarmEventKind::Shelved => "shelved",
        AlarmEventKind::Unshelved => "back in sight",
        AlarmEventKind::KnownIssue => "known issue",
        AlarmEventKind::KnownIssueEnded => "known issue ended",
        AlarmEventKind::Disabled => "not watched any more",
        AlarmEventKind::Enabled => "watched again",
        AlarmEventKind::Flapping => "flapping",
        AlarmEventKind::Steady => "steady again",
    }
}
