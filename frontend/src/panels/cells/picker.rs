//! Choosing a channel: a slider, and a field for its number or a part of its label.

use std::sync::Arc;

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

use super::spec::CellsSpec;
use crate::api;
use crate::dom::view;
use crate::panels::plot::spec::PlotSpec;
use crate::reactive::{State, spawn};
use crate::state::catalogue::use_catalogue;
use crate::state::chosen_channel::{ChosenChannel, use_chosen_channel};

/// The metric of which a channel can be picked below a panel; `None` where there is nothing to pick.
pub fn metric_to_pick(spec: &PlotSpec) -> Option<String> {
    match &spec.cells {
        Some(CellsSpec::Values { metric, .. }) => Some(metric.clone()),
        _ => spec.follows.clone(),
    }
}

/// How far Page Up and Page Down go.
const PAGE: i64 = 10;

/// The slider and the field under a panel of all channels of a metric. The choice is that of the whole page.
pub fn channel_picker(metric: String) -> AnyView {
    let (chosen, catalogue) = (use_chosen_channel(), use_catalogue());
    let metric: Arc<str> = metric.into();
    let name = {
        let metric = Arc::clone(&metric);
        move || chosen.of(&metric)
    };
    let n_channels = {
        let metric = Arc::clone(&metric);
        move || catalogue.metric(&metric).map_or(0, |metric| metric.channels)
    };
    let slide = {
        let metric = Arc::clone(&metric);
        move |event: ev::Event| {
            if let Ok(channel) = event_target_value(&event).parse() {
                chosen.choose(&metric, channel);
            }
        }
    };
    let turn_page = {
        let metric = Arc::clone(&metric);
        move |event: ev::KeyboardEvent| {
            let by = match event.key().as_str() {
                "PageUp" => PAGE,
                "PageDown" => -PAGE,
                _ => {
                    // All other keys of a slider are the browser's, and none of them is the page's.
                    event.stop_propagation();
                    return;
                }
            };
            event.prevent_default();
            event.stop_propagation();
            chosen.step(&metric, by);
        }
    };
    let message = State::new(String::new());
    let find = move |event: ev::Event| {
        let text = event_target_value(&event);
        find(chosen, Arc::clone(&metric), text, message);
    };
    let (of_slider, of_value, of_text, of_field) = (name.clone(), name.clone(), name.clone(), name);
    let last = move || n_channels().saturating_sub(1).to_string();
    view! {
        <div class="picker">
            <input
                class="picker__slider"
                type="range"
                min="0"
                max=last
                step="1"
                aria-label="Channel"
                aria-valuetext=move || of_text().map_or_else(|| "none chosen".to_owned(), |channel| channel.to_string())
                data-chosen=move || of_slider().map(|channel| channel.to_string())
                prop:value=move || of_value().unwrap_or(0).to_string()
                on:input=slide
                on:keydown=turn_page
            />
            <input
                class="input picker__field"
                type="text"
                autocomplete="off"
                spellcheck="false"
                aria-label="Channel by number or label"
                placeholder="channel"
                prop:value=move || of_field().map_or_else(String::new, |channel| channel.to_string())
                on:change=find
                on:keydown=forget_on_escape
            />
            <span class="picker__message" role="status">
                {move || message.get()}
            </span>
        </div>
    }
    .into_any()
}

/// Escape takes back what was typed; the keys of the page do not reach it from a field.
fn forget_on_escape(event: ev::KeyboardEvent) {
    event.stop_propagation();
    let field = event
        .target()
        .and_then(|target| target.dyn_into::<web_sys::HtmlElement>().ok());
    if event.key() == "Escape"
        && let Some(field) = field
    {
        // Fails only for what has no focus.
        let _ = field.blur();
    }
}

/// Chooses by number, else the first channel whose label holds the text.
fn find(chosen: ChosenChannel, metric: Arc<str>, text: String, message: State<String>) {
    let text = text.trim().to_owned();
    message.set(String::new());
    if text.is_empty() {
        chosen.clear();
        return;
    }
    spawn(async move {
        let said = match api::latest(&metric).await {
            Ok((latest, _)) => {
                let labels = latest
                    .channels
                    .iter()
                    .map(|channel| (channel.channel, channel.label.as_str()));
                match found(labels, &text) {
                    Some(channel) => {
                        chosen.choose(&metric, channel);
                        String::new()
                    }
                    None => format!("no channel {text}"),
                }
            }
            Err(failure) => failure.to_string(),
        };
        message.set(said);
    });
}

/// The channel that is meant: by its label, by its number, or by a part of its label.
fn found<'a>(labels: impl Iterator<Item = (u32, &'a str)> + Clone, text: &str) -> Option<u32> {
    let folded = text.to_ascii_lowercase();
    let first = |is_meant: &dyn Fn(u32, &str) -> bool| {
        let mut all = labels.clone();
        all.find(|(channel, label)| is_meant(*channel, &label.to_ascii_lowercase()))
            .map(|(channel, _)| channel)
    };
    let number: Option<u32> = text.parse().ok();
    first(&|_, label| label == folded)
        .or_else(|| first(&|channel, _| Some(channel) == number))
        .or_else(|| first(&|_, label| label.contains(&folded)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_comes_before_a_number_and_that_before_a_part_of_a_label() {
        let labels = [(0, "7"), (1, "Job-12"), (2, "job-1"), (7, "x")];
        let check = |text, expected| assert_eq!(found(labels.into_iter(), text), expected, "{text}");
        check("7", Some(0));
        check("2", Some(2));
        check("JOB-1", Some(2));
        check("b-12", Some(1));
        check("nothing", None);
    }
}
