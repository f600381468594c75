//! The explanation of a rule: why it fired, what was before, what to do, where to look.

use std::sync::Arc;
use std::time::Duration;

use gloo_timers::future::sleep;
use leptos::html;
use leptos::prelude::*;
use shared::alarm::{AlarmActionKind, AlarmCard, AlarmStatus, MAX_OCCURRENCES};
use shared::time::MICROS_PER_SEC;

use super::actions::{buttons, dialog};
use super::links::{Seen, camera_at, panel_at, samples_at};
use super::list::tell_ages;
use super::story::{before, events, evidence, notes};
use super::times::{Times, at, use_times};
use crate::api;
use crate::components::alarm_state::{badge, place_text, sign, standing, value_text, worst};
use crate::components::icon::{Icon, icon};
use crate::dom::{NodeRef, view};
use crate::reactive::{Callback, Derived, State, effect, spawn};
use crate::state::alarms::use_alarms;
use crate::state::catalogue::use_catalogue;
use crate::state::navigation::{History, use_navigation};
use crate::state::site::use_site_clock;

/// Between two questions while nothing is known to have changed.
const INTERVAL: Duration = Duration::from_secs(10);

/// The card of the rule in the address; nothing without one.
pub fn card(on_close: Callback<()>) -> AnyView {
    let (alarms, navigation, times) = (use_alarms(), use_navigation(), use_times());
    let rule = Derived::new(move || navigation.address().with(|address| address.alarms.rule.clone()));
    let status = Derived::new(move || {
        rule.with(|rule| alarms.with_all(|all| all.iter().find(|alarm| alarm.rule == *rule).cloned()))
    });
    let (answer, failure) = (State::new(None::<Arc<AlarmCard>>), State::new(None::<String>));
    let mut shown = String::new();
    effect(move || {
        let rule = rule.get();
        status.track();
        if shown != rule {
            answer.set(None);
            failure.set(None);
            shown.clone_from(&rule);
        }
        if !rule.is_empty() {
            spawn(async move {
                loop {
                    match api::alarm_card(&rule).await {
                        Ok(card) => {
                            failure.set(None);
                            answer.set(Some(Arc::new(card)));
                        }
                        Err(refused) => failure.set(Some(refused.to_string())),
                    }
                    sleep(INTERVAL).await;
                }
            });
        }
    });
    let root = NodeRef::<html::Aside>::new();
    // Only what differs is put into the page anew.
    let known = Derived::new(move || answer.get());
    effect(move || {
        known.track();
        if let Some(root) = root.get() {
            tell_ages(&root, times);
        }
    });
    let asked = State::new(None::<AlarmActionKind>);
    let tells_events = State::new(false);
    let content = move || {
        known.with(|card| match card {
            Some(card) => content(card, times, asked, tells_events),
            None if failure.with(Option::is_none) => view! { <p class="alarms__nothing">"Loading …"</p> }.into_any(),
            None => ().into_any(),
        })
    };
    let failed = move || {
        let failure = failure.get()?;
        Some(view! { <p class="alarms__failure" role="alert">"This card cannot be had: " {failure}</p> }.into_any())
    };
    view! {
        <aside
            node_ref=root
            class="alarmcard"
            aria-label="Explanation"
            data-card=move || rule.get()
            hidden=move || rule.with(String::is_empty)
        >
            <button type="button" class="iconbutton alarmcard__close" aria-label="Close the card" on:click=move |_| on_close.run(())>
                {icon(Icon::Close)}
            </button>
            {failed}
            {content}
            {dialog(asked, move || rule.get())}
        </aside>
    }
    .into_any()
}

fn content(
    card: &AlarmCard,
    times: Times,
    asked: State<Option<AlarmActionKind>>,
    tells_events: State<bool>,
) -> AnyView {
    let alarm = &card.status;
    let since_us = alarm.since_us.to_string();
    let place = place_text(alarm);
    let place = if place.is_empty() {
        place
    } else {
        format!("{place} · ")
    };
    let standing = standing(alarm, &|time_us| times.minute(time_us));
    view! {
        <h2 class="alarmcard__title">
            <span class="state" data-alarm=worst(alarm).as_str() aria-hidden="true">
                {sign(worst(alarm))}
            </span>
            " "
            {alarm.title.clone()}
        </h2>
        <p class="alarmcard__place">
            {place}
            {format!("since {} {}", times.second(alarm.since_us), times.zone(alarm.since_us))}
            " · "
            <span class="alarms__age" data-since-us=since_us></span>
        </p>
        <p class="alarmcard__state">
            {badge(alarm.state)}
            " "
            <b>{value_text(alarm)}</b>
            " "
            <span>{standing}</span>
        </p>
        {notes(alarm, times)}
        <h3>"Why"</h3>
        <p><code class="alarmcard__condition">{card.condition.clone()}</code></p>
        {evidence(card, times)}
        <h3>"Before"</h3>
        {before(&card.earlier, card.earlier.len() >= MAX_OCCURRENCES, times)}
        {events(&card.events, times, tells_events)}
        {what_to_do(card)}
        <h3>"Look"</h3>
        {look(alarm, times)}
        {buttons(alarm, asked)}
    }
    .into_any()
}

fn what_to_do(card: &AlarmCard) -> Option<AnyView> {
    let is_web = card.link.starts_with("https://") || card.link.starts_with("http://");
    if card.guidance_html.is_empty() && card.link.is_empty() {
        return None;
    }
    let link = is_web.then(|| {
        view! {
            <p>
                <a href=card.link.clone() target="_blank" rel="external noopener">
                    {card.link.clone()}
                </a>
            </p>
        }
        .into_any()
    });
    Some(
        view! {
            <h3>"What to do"</h3>
            // Safe: the server leaves nothing in it but words, lists, tables and links.
            <div class="alarmcard__guidance" inner_html=card.guidance_html.clone()></div>
            {link}
        }
        .into_any(),
    )
}

/// Where the samples are seen around the moment since when the rule says what it says.
fn look(alarm: &AlarmStatus, times: Times) -> AnyView {
    let (navigation, catalogue, site) = (use_navigation(), use_catalogue(), use_site_clock());
    let moment = at(alarm.since_us);
    let from = navigation.address().get_untracked();
    let minute = times.minute(alarm.since_us);
    let panel = panel_at(alarm, moment, &from, catalogue, site);
    let panel = panel.map(|seen| seen_link("panel", format!("{} at {minute}", seen.title), seen));
    // The sample that decided is in sight only once a second is over.
    let camera = camera_at(
        alarm,
        moment.saturating_add_micros(MICROS_PER_SEC),
        &from,
        catalogue,
        site,
    );
    let camera = camera.map(|seen| seen_link("camera", format!("Camera at {minute}"), seen));
    let samples = samples_at(alarm, moment);
    let is_alone = samples.len() == 1;
    let samples = samples.into_iter().map(|(metric, href)| {
        let label = if is_alone {
            "Raw samples (JSON)".to_owned()
        } else {
            format!("Raw samples of {metric} (JSON)")
        };
        view! {
            <a class="alarmcard__link" data-look="samples" href=href target="_blank" rel="external noopener">
                {label}
            </a>
        }
        .into_any()
    });
    view! {
        <p class="alarmcard__links">
            {panel}
            {camera}
            {samples.collect_view()}
        </p>
    }
    .into_any()
}

fn seen_link(kind: &'static str, label: String, seen: Seen) -> AnyView {
    let navigation = use_navigation();
    let fragment = format!("panel-{}", seen.panel);
    let href = format!("{}#{fragment}", navigation.link(&seen.address));
    let go = move |event: leptos::ev::MouseEvent| {
        let has_modifier = event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key();
        if event.button() == 0 && !has_modifier {
            event.prevent_default();
            navigation.go(&seen.address, History::Push);
            bring_into_sight(fragment.clone());
        }
    };
    view! {
        <a class="alarmcard__link" data-look=kind href=href on:click=go>
            {label}
        </a>
    }
    .into_any()
}

/// As soon as the panel is there: its page is built at the next turn.
fn bring_into_sight(id: String) {
    request_animation_frame(move || {
        if let Some(panel) = document().get_element_by_id(&id) {
            panel.scroll_into_view();
        }
    });
}
