//! Which channels lie beyond the colours, and which say nothing: counted, and named so that they can be chosen.

use leptos::prelude::*;
use shared::chart::color::Place;

use super::shown::Shown;
use crate::dom::view;
use crate::format;

/// The most channels that are named on each side.
const MOST_NAMED: usize = 8;

/// The channels beyond the scale, as buttons that choose them.
pub fn beyond(shown: Shown) -> AnyView {
    let missing = move || {
        let summary = shown.parts().readings.get().map(|readings| readings.summary());
        summary.map(|summary| summary.missing()).unwrap_or_default()
    };
    view! {
        <div class="camera__beyond">
            {move || side(shown, Place::Above)}
            {move || side(shown, Place::Below)}
            <span class="camera__missing">{missing}</span>
        </div>
    }
    .into_any()
}

fn side(shown: Shown, side: Place) -> Option<AnyView> {
    let beyond = shown.beyond(side);
    let (low, high) = shown.parts().table.get()?.ends();
    if beyond.is_empty() {
        return None;
    }
    let (word, end) = if side == Place::Above {
        ("Above", high)
    } else {
        ("Below", low)
    };
    let unit = shown.unit();
    let more = beyond.len().saturating_sub(MOST_NAMED);
    let heading = format!("{word} {} {unit}: {}", format::number(end), beyond.len());
    let buttons = beyond.iter().take(MOST_NAMED).map(|(channel, value)| {
        let channel = *channel;
        let value = shown.value_text(*value);
        let label = format!("{}, {value} {unit}: choose", shown.name_of(channel));
        view! {
            <button
                type="button"
                class="camera__channel"
                aria-label=label
                on:click=move |_| shown.choose_channel(channel)
            >
                {channel.to_string()}
                " "
                <span class="camera__value">{value}</span>
            </button>
        }
        .into_any()
    });
    Some(
        view! {
            <div class="camera__side" data-side=word>
                <b>{heading}</b>
                {buttons.collect::<Vec<_>>()}
                {(more > 0).then(|| view! { <span>{format!("and {more} more")}</span> }.into_any())}
            </div>
        }
        .into_any(),
    )
}
