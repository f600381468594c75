//! The list of alarms: the most urgent first, then the youngest, as the server sorts them.
//!
//! Its rows are put into the page by hand whenever what they show has changed; ages and ribbons change in place.

use leptos::prelude::*;
use leptos::{ev, html};
use shared::alarm::{AlarmState, AlarmStatus};
use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlElement};

use super::ribbon;
use super::times::{Times, use_times};
use crate::browser::listen::target;
use crate::chart::frame::FrameDrawer;
use crate::components::alarm_state::{badge, place_text, standing, value_text, worst};
use crate::dom::{NodeRef, view};
use crate::reactive::{Callback, Derived, effect};
use crate::state::address::Address;
use crate::state::alarms::use_alarms;
use crate::state::navigation::{Navigation, use_navigation};
use crate::theme::use_theme;

/// The list of some rules; `on_choose` is told which was chosen.
pub fn list(rows: Derived<Vec<AlarmStatus>>, on_choose: Callback<String>) -> AnyView {
    let (alarms, navigation, times, theme) = (use_alarms(), use_navigation(), use_times(), use_theme());
    let body = NodeRef::<html::Tbody>::new();
    let drawer = FrameDrawer::new(move || {
        if let Some(body) = body.get_untracked() {
            alarms
                .past
                .with_untracked(|past| ribbon::draw_all(&body, past.as_ref(), times));
        }
    });
    // All of the address, because the links of the rows lead to the same screen with another rule.
    let address = navigation.address();
    effect(move || {
        let Some(body) = body.get() else { return };
        let focused = focused_rule(&body);
        let address = address.get();
        let rows = rows.with(|rows| {
            let row = |alarm: &AlarmStatus| row(alarm, &address, navigation, times);
            rows.iter().map(row).collect::<js_sys::Array>()
        });
        body.replace_children_with_node(&rows);
        if let Some(rule) = focused {
            focus(&body, &rule);
        }
        drawer.request();
    });
    effect(move || {
        alarms.past.track();
        theme.track();
        drawer.request();
    });
    effect(move || {
        if let Some(body) = body.get() {
            rows.track();
            tell_ages(&body, times);
        }
    });
    crate::browser::listen::on_window("resize", move |_| drawer.request());
    let click = move |event: ev::MouseEvent| {
        let has_modifier = event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key();
        if event.button() != 0 || has_modifier {
            return;
        }
        if let Some(rule) = rule_at(&event) {
            event.prevent_default();
            on_choose.run(rule);
        }
    };
    view! {
        <table class="alarms__table">
            <thead>
                <tr>
                    <th scope="col">"State"</th>
                    <th scope="col">"What"</th>
                    <th scope="col">"Value"</th>
                    <th scope="col">{move || format!("Since ({})", times.zone(times.now_us()))}</th>
                    <th scope="col">"Time in sight"</th>
                    <th scope="col">"Owner"</th>
                </tr>
            </thead>
            <tbody node_ref=body aria-label="Alarms" on:click=click on:keydown=move |event| walk(&event, body)></tbody>
        </table>
    }
    .into_any()
}

fn row(alarm: &AlarmStatus, address: &Address, navigation: Navigation, times: Times) -> Element {
    let is_chosen = address.alarms.rule == alarm.rule;
    let mut there = address.clone();
    there.alarms.rule.clone_from(&alarm.rule);
    let href = navigation.link(&there);
    let (since, since_us) = (times.second(alarm.since_us), alarm.since_us.to_string());
    let was_latched = alarm.state == AlarmState::Ok && alarm.latched.is_some();
    let standing = standing(alarm, &|time_us| times.minute(time_us));
    view! {
        <tr
            class="alarms__row"
            class:alarms__row--chosen=is_chosen
            data-rule=alarm.rule.clone()
            data-alarm=worst(alarm).as_str()
            data-latched=was_latched
        >
            <td>
                {badge(alarm.state)}
                <small>{standing}</small>
            </td>
            <th scope="row">
                <a
                    class="alarms__what"
                    href=href
                    data-rule=alarm.rule.clone()
                    aria-current=is_chosen.then_some("true")
                >
                    {alarm.title.clone()}
                </a>
                <small>{place_text(alarm)}</small>
            </th>
            <td>
                <b>{value_text(alarm)}</b>
                <small>{alarm.detail.clone()}</small>
            </td>
            <td>
                <time>{since}</time>
                <small class="alarms__age" data-since-us=since_us></small>
            </td>
            <td>
                <canvas class="alarms__ribbon" role="img" aria-label="not known yet" data-rule=alarm.rule.clone()></canvas>
            </td>
            <td>{alarm.owner.clone()}</td>
        </tr>
    }
    .bare()
}

/// The rule of the row that an event began in.
fn rule_at(event: &web_sys::Event) -> Option<String> {
    let row = target(event)?.closest(".alarms__row").ok()??;
    row.get_attribute("data-rule")
}

fn focused_rule(body: &Element) -> Option<String> {
    let focused = document()
        .active_element()
        .filter(|focused| body.contains(Some(focused)))?;
    focused.get_attribute("data-rule")
}

/// The links of all rows, in their order.
fn links(body: &Element) -> Vec<HtmlElement> {
    let found = body.get_elements_by_class_name("alarms__what");
    (0..found.length())
        .filter_map(|at| found.item(at)?.dyn_into().ok())
        .collect()
}

fn focus(body: &Element, rule: &str) {
    let link = links(body)
        .into_iter()
        .find(|link| link.get_attribute("data-rule").as_deref() == Some(rule));
    if let Some(link) = link {
        // Only an element that cannot take focus refuses it.
        let _ = link.focus();
    }
}

/// Arrows go from row to row, Home and End to the first and the last; Enter opens a card, as for any link.
fn walk(event: &ev::KeyboardEvent, body: NodeRef<html::Tbody>) {
    let Some(body) = body.get_untracked() else { return };
    let (links, focused) = (links(&body), focused_rule(&body));
    let here = links.iter().position(|link| link.get_attribute("data-rule") == focused);
    let (Some(here), Some(last)) = (here, links.len().checked_sub(1)) else {
        return;
    };
    let there = match event.key().as_str() {
        "ArrowUp" => here.saturating_sub(1),
        "ArrowDown" => (here + 1).min(last),
        "Home" => 0,
        "End" => last,
        _ => return,
    };
    event.prevent_default();
    // As above.
    let _ = links[there].focus();
}

/// Writes how long ago everything was; tracks the time.
pub fn tell_ages(root: &Element, times: Times) {
    let found = root.get_elements_by_class_name("alarms__age");
    for at in 0..found.length() {
        let Some(element) = found.item(at) else { continue };
        let since_us = element.get_attribute("data-since-us").and_then(|us| us.parse().ok());
        if let Some(since_us) = since_us {
            element.set_text_content(Some(&times.age(since_us)));
        }
    }
}
