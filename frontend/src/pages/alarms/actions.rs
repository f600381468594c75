//! What people can do about an alarm: buttons, and the dialog that asks who and why.
//!
//! Nothing is shown as done before the server has said so; what it refuses is told beside what was tried.

use leptos::prelude::*;
use leptos::{ev, html};
use shared::alarm::{AlarmAction, AlarmActionKind, AlarmState, AlarmStatus};
use shared::time::{MICROS_PER_SEC, Timestamp};
use wasm_bindgen::JsCast as _;
use web_sys::HtmlInputElement;

use super::times::use_times;
use crate::api;
use crate::browser::storage::{recall, remember};
use crate::components::alarm_state::worst;
use crate::components::icon::{Icon, icon};
use crate::dom::{NodeRef, view};
use crate::reactive::{State, effect, spawn};
use crate::state::alarms::use_alarms;

/// Under which the browser remembers who uses it.
const NAME_KEY: &str = "watchroom:name";

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// For how long a rule can be put out of sight, in seconds. The server takes a week at most, by its own clock.
const SHELVES: [(&str, i64); 6] = [
    ("15 min", 15 * MINUTE),
    ("1 h", HOUR),
    ("4 h", 4 * HOUR),
    ("12 h", 12 * HOUR),
    ("1 day", DAY),
    ("1 week", 7 * DAY - MINUTE),
];

/// For how long an issue can be known, in seconds. The server takes a year at most.
const ISSUES: [(&str, i64); 5] = [
    ("1 day", DAY),
    ("1 week", 7 * DAY),
    ("30 days", 30 * DAY),
    ("90 days", 90 * DAY),
    ("1 year", 365 * DAY - MINUTE),
];

/// For how long something can be; nothing for what does not end by itself.
const fn durations(action: AlarmActionKind) -> &'static [(&'static str, i64)] {
    match action {
        AlarmActionKind::Shelve => &SHELVES,
        AlarmActionKind::KnownIssue => &ISSUES,
        AlarmActionKind::Acknowledge | AlarmActionKind::Unshelve | AlarmActionKind::EndKnownIssue => &[],
    }
}

/// What the button says, and what the dialog explains.
const fn words(action: AlarmActionKind) -> (&'static str, &'static str) {
    match action {
        AlarmActionKind::Acknowledge => (
            "Acknowledge",
            "Says that you have seen it. It comes back when it gets worse; what is latched is over once it is OK.",
        ),
        AlarmActionKind::Shelve => ("Shelve", "Out of sight, without sound or mail. It returns by itself."),
        AlarmActionKind::Unshelve => ("Unshelve", "Back in sight at once."),
        AlarmActionKind::KnownIssue => (
            "Known issue",
            "Explained for a time: the name is that of its owner. At its end it is back in sight.",
        ),
        AlarmActionKind::EndKnownIssue => ("End known issue", "Not explained any more: back in sight at once."),
    }
}

/// What can be done about a rule as it stands, the most usual first.
pub fn actions_of(alarm: &AlarmStatus) -> Vec<AlarmActionKind> {
    let mut actions = Vec::new();
    if worst(alarm) != AlarmState::Ok && alarm.acknowledged.is_none() {
        actions.push(AlarmActionKind::Acknowledge);
    }
    actions.push(match alarm.shelved {
        None => AlarmActionKind::Shelve,
        Some(_) => AlarmActionKind::Unshelve,
    });
    actions.push(match alarm.known_issue {
        None => AlarmActionKind::KnownIssue,
        Some(_) => AlarmActionKind::EndKnownIssue,
    });
    actions
}

/// The buttons.
pub fn buttons(alarm: &AlarmStatus, asked: State<Option<AlarmActionKind>>) -> AnyView {
    let buttons = actions_of(alarm).into_iter().map(|action| {
        view! {
            <button
                type="button"
                class="button"
                class:button--primary=action == AlarmActionKind::Acknowledge
                on:click=move |_| asked.set(Some(action))
            >
                {format!("{}…", words(action).0)}
            </button>
        }
        .into_any()
    });
    view! { <div class="alarmcard__actions">{buttons.collect_view()}</div> }.into_any()
}

/// The dialog of what is asked for; nothing where nothing is. `rule` is what it is about.
pub fn dialog(asked: State<Option<AlarmActionKind>>, rule: impl Fn() -> String + Copy + Send + 'static) -> AnyView {
    let shown = move || asked.get().map(|action| form(action, asked, untrack(rule)));
    crate::dom::any(shown)
}

/// What is written into the dialog.
#[derive(Clone, Copy)]
struct Fields {
    name: NodeRef<html::Input>,
    comment: NodeRef<html::Input>,
    /// For how long, in seconds, where it ends by itself.
    lasts_s: State<i64>,
}

impl Fields {
    /// What is to be done by them; says what is missing.
    fn action(self, action: AlarmActionKind, now_us: i64) -> Result<AlarmAction, &'static str> {
        let text = |field: NodeRef<html::Input>| {
            let value = field.get_untracked().map(|field| field.value());
            value.unwrap_or_default().trim().to_owned()
        };
        let (by, comment) = (text(self.name), text(self.comment));
        if by.is_empty() || comment.is_empty() {
            return Err("both a name and a comment are needed");
        }
        let until = (!durations(action).is_empty()).then(|| {
            let until_us = now_us + self.lasts_s.get_untracked() * MICROS_PER_SEC;
            // To the second, as people say it.
            Timestamp::saturating_from_micros(until_us / MICROS_PER_SEC * MICROS_PER_SEC)
        });
        Ok(AlarmAction {
            action,
            by,
            comment,
            until,
        })
    }
}

fn form(action: AlarmActionKind, asked: State<Option<AlarmActionKind>>, rule: String) -> AnyView {
    let dialog = NodeRef::<html::Dialog>::new();
    let fields = Fields {
        name: NodeRef::new(),
        comment: NodeRef::new(),
        lasts_s: State::new(durations(action).get(1).map_or(0, |(_, secs)| *secs)),
    };
    effect(move || {
        if let Some(dialog) = dialog.get().filter(|dialog| !dialog.open()) {
            // Fails only for a dialog that is open already.
            let _ = dialog.show_modal();
            let is_known = recall(NAME_KEY).is_some();
            let field = if is_known { fields.comment } else { fields.name };
            if let Some(field) = field.get_untracked() {
                // Only an element that cannot take focus refuses it.
                let _ = field.focus();
            }
        }
    });
    let (failure, is_sending) = (State::new(None::<String>), State::new(false));
    let (alarms, times) = (use_alarms(), use_times());
    // By the way of the browser, which then gives the focus back to the button.
    let close = move || {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    let send = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if is_sending.get_untracked() {
            return;
        }
        let action = match fields.action(action, times.now_us()) {
            Ok(action) => action,
            Err(missing) => return failure.set(Some(missing.to_owned())),
        };
        remember(NAME_KEY, Some(&action.by));
        let rule = rule.clone();
        is_sending.set(true);
        failure.set(None);
        spawn(async move {
            let outcome = api::act(&rule, &action).await;
            is_sending.set(false);
            match outcome {
                Ok(()) => {
                    alarms.ask_now();
                    close();
                }
                Err(refused) => failure.set(Some(refused.to_string())),
            }
        });
    };
    let (title, _) = words(action);
    view! {
        <dialog node_ref=dialog class="dialog alarmform" aria-label=title on:close=move |_| asked.set(None)>
            <header class="dialog__header">
                <h2>{title}</h2>
                <button type="button" class="iconbutton" aria-label="Close" on:click=move |_| close()>
                    {icon(Icon::Close)}
                </button>
            </header>
            <form class="alarmform__fields" on:submit=send>
                {inputs(action, fields)}
                <p class="alarmform__failure" role="alert">
                    {move || failure.get().map(|failure| format!("Not done: {failure}"))}
                </p>
                <div class="dialog__actions">
                    <button type="submit" class="button button--primary" disabled=move || is_sending.get()>
                        {move || if is_sending.get() { "Sending …" } else { title }}
                    </button>
                    <button type="button" class="button" on:click=move |_| close()>
                        "Cancel"
                    </button>
                </div>
            </form>
        </dialog>
    }
    .into_any()
}

fn inputs(action: AlarmActionKind, fields: Fields) -> AnyView {
    let name_label = if action == AlarmActionKind::KnownIssue {
        "Owner"
    } else {
        "Your name"
    };
    let durations = durations(action);
    view! {
        <p class="dialog__lead">{words(action).1}</p>
        <label class="rangeform__field">
            {name_label}
            <input
                node_ref=fields.name
                class="input"
                name="by"
                autocomplete="name"
                maxlength="100"
                value=recall(NAME_KEY).unwrap_or_default()
            />
        </label>
        <label class="rangeform__field">
            "Comment"
            <input node_ref=fields.comment class="input" name="comment" autocomplete="off" maxlength="500" />
        </label>
        {(!durations.is_empty()).then(|| choice(durations, fields.lasts_s))}
    }
    .into_any()
}

fn choice(durations: &'static [(&'static str, i64)], lasts_s: State<i64>) -> AnyView {
    let choices = durations.iter().map(|(name, secs)| {
        let secs = *secs;
        let is_first_choice = lasts_s.get_untracked() == secs;
        view! {
            <label class="alarmform__choice">
                <input
                    type="radio"
                    name="until"
                    value=secs.to_string()
                    checked=is_first_choice
                    on:change=move |event: ev::Event| {
                        let is_on = event.target().is_some_and(|target| target.unchecked_into::<HtmlInputElement>().checked());
                        if is_on {
                            lasts_s.set(secs);
                        }
                    }
                />
                {*name}
            </label>
        }
        .into_any()
    });
    view! {
        <fieldset class="alarmform__choices">
            <legend>"For"</legend>
            {choices.collect_view()}
        </fieldset>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::alarm_state::tests::{alarm, note};

    #[test]
    fn what_can_be_done_follows_what_was_done() {
        use AlarmActionKind::{Acknowledge, EndKnownIssue, KnownIssue, Shelve, Unshelve};
        let mut rule = alarm("a", AlarmState::Alarm);
        assert_eq!(actions_of(&rule), [Acknowledge, Shelve, KnownIssue]);
        rule.acknowledged = note("Ada");
        rule.shelved = note("Ada");
        rule.known_issue = note("Bo");
        assert_eq!(actions_of(&rule), [Unshelve, EndKnownIssue]);
        rule = alarm("a", AlarmState::Ok);
        assert_eq!(actions_of(&rule), [Shelve, KnownIssue]);
        rule.latched = Some(AlarmState::Warning);
        assert_eq!(actions_of(&rule), [Acknowledge, Shelve, KnownIssue]);
    }
}
