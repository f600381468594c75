//! What is told of a rule: the samples that decided, what happened before, what people said.

use leptos::prelude::*;
use shared::alarm::{AlarmCard, AlarmEvent, AlarmStatus, Evidence, Note, Occurrence};

use super::history::what;
use super::times::Times;
use crate::browser::number::text_of_value;
use crate::components::alarm_state::word;
use crate::dom::view;
use crate::format;
use crate::reactive::State;

/// What people said that holds now.
pub fn notes(alarm: &AlarmStatus, times: Times) -> AnyView {
    let left = |note: &Note| {
        let until_us = note.until_us?;
        let (until, left) = (times.minute(until_us), format::age(until_us - times.now_us()));
        Some((until, left))
    };
    let known = alarm.known_issue.as_ref().map(|note| {
        let (until, rest) = left(note).unwrap_or_default();
        told(
            format!("Known issue until {until} (owner: {}): {}", note.by, note.comment),
            format!("{rest} left"),
        )
    });
    let shelved = alarm.shelved.as_ref().map(|note| {
        let (until, rest) = left(note).unwrap_or_default();
        told(
            format!("Shelved until {until} by {}: {}", note.by, note.comment),
            format!("{rest} left"),
        )
    });
    let acknowledged = alarm.acknowledged.as_ref().map(|note| {
        let at = times.minute(note.at_us);
        told(
            format!("Acknowledged {at} by {}: {}", note.by, note.comment),
            String::new(),
        )
    });
    let disabled = alarm
        .disabled
        .as_ref()
        .map(|reason| told(format!("Not watched at present: {reason}"), String::new()));
    view! {
        {known}
        {shelved}
        {acknowledged}
        {disabled}
    }
    .into_any()
}

fn told(text: String, strong: String) -> AnyView {
    view! {
        <p class="alarmcard__note">
            {text}
            " "
            <b>{strong}</b>
        </p>
    }
    .into_any()
}

/// The samples that decided.
pub fn evidence(card: &AlarmCard, times: Times) -> AnyView {
    let unit = &card.status.unit;
    let row = |sample: &Evidence| {
        let value = if sample.value.is_null() {
            "null".to_owned()
        } else {
            format!("{} {unit}", format::value(sample.value)).trim_end().to_owned()
        };
        view! {
            <tr data-time-us=sample.time_us.to_string() data-value=text_of_value(sample.value)>
                <td>{times.second(sample.time_us)}</td>
                <td>
                    <b>{value}</b>
                    " "
                    {sample.meaning.clone()}
                    " "
                    <small>{sample.channel_label.clone()}</small>
                </td>
            </tr>
        }
        .into_any()
    };
    if card.evidence.is_empty() {
        return view! { <p class="alarmcard__dim">"No sample decided: it is about their absence, or about other rules"</p> }
            .into_any();
    }
    view! {
        <table class="alarmcard__samples" aria-label="Samples that decided">
            <tbody>{card.evidence.iter().map(row).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

/// Earlier occurrences in a sentence, and each with what was done. `is_cut`: there may be more than these.
pub fn before(earlier: &[Occurrence], is_cut: bool, times: Times) -> AnyView {
    let over: Vec<&Occurrence> = earlier.iter().filter(|one| one.to_us.is_some()).collect();
    let Some(first) = over.first() else {
        return view! { <p>"It did not fire before"</p> }.into_any();
    };
    let more = if is_cut { " or more" } else { "" };
    let times_word = if over.len() == 1 { "time" } else { "times" };
    let label = &first.channel_label;
    let is_always_there = over.len() > 1 && !label.is_empty() && over.iter().all(|one| one.channel_label == *label);
    let always = if is_always_there {
        format!(", always {label}")
    } else {
        String::new()
    };
    let row = |one: &&Occurrence| {
        let (from, to) = (times.minute(one.from_us), one.to_us.unwrap_or(one.from_us));
        let done = one.acknowledged.as_ref().map_or_else(
            || "not acknowledged".to_owned(),
            |note| format!("acknowledged by {}: “{}”", note.by, note.comment),
        );
        view! {
            <li>
                <b>{from}</b>
                {format!(" for {}, {}, ", format::age(to - one.from_us), word(one.worst))}
                {done}
            </li>
        }
        .into_any()
    };
    view! {
        <p>{format!("{}{more} {times_word}{always}", over.len())}</p>
        <ul class="alarmcard__before">{over.iter().map(row).collect_view()}</ul>
    }
    .into_any()
}

/// What happened and what was done, folded up.
pub fn events(events: &[AlarmEvent], times: Times, is_open: State<bool>) -> Option<AnyView> {
    if events.is_empty() {
        return None;
    }
    let row = |event: &AlarmEvent| {
        let by = if event.by.is_empty() {
            String::new()
        } else {
            format!(" · {}", event.by)
        };
        view! {
            <li>
                {times.second(event.time_us)}
                " "
                {what(event.kind, event.state)}
                " "
                {event.text.clone()}
                {by}
            </li>
        }
        .into_any()
    };
    let toggle = move |_: leptos::ev::MouseEvent| is_open.set(!is_open.get_untracked());
    Some(
        view! {
            <details class="alarmcard__events" open=is_open.get_untracked()>
                <summary on:click=toggle>{format!("All that happened ({})", events.len())}</summary>
                <ul>{events.iter().map(row).collect_view()}</ul>
            </details>
        }
        .into_any(),
    )
}
