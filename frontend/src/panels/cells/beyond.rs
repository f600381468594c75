//! The channels that lie beyond the scale of colours, by name.

use leptos::prelude::*;
use shared::chart::color::Place;

use super::content::Beyond;
use crate::browser::number::text_of;
use crate::dom::view;
use crate::format;
use crate::panels::plot::chart::Chart;
use crate::panels::plot::readout::exact_text;
use crate::reactive::Derived;

/// The most channels that are named; the others are counted.
const MOST_NAMES: usize = 40;

/// What there is to tell: the metric, its unit, and the channels.
#[derive(Clone, PartialEq, Debug)]
struct Told {
    metric: String,
    unit: String,
    beyond: Vec<Beyond>,
}

/// How many channels lie beyond the scale in the range, and which: each a button that chooses it. Nothing while none does.
pub fn beyond_list(chart: Chart) -> AnyView {
    // Newer answers that say the same leave the list as it is, open or closed.
    let told = Derived::new(move || {
        chart.calm().shown.with(|content| {
            let cells = content.cells.as_ref()?;
            let layer = cells.layers.first()?;
            let beyond = cells.beyond().filter(|beyond| !beyond.is_empty())?;
            Some(Told {
                metric: layer.metric.clone(),
                unit: layer.unit.clone(),
                beyond,
            })
        })
    });
    view! { <div>{move || told.get().map(|told| list(chart, told))}</div> }.into_any()
}

fn list(chart: Chart, told: Told) -> AnyView {
    let Told { metric, unit, beyond } = told;
    let count = |place: Place| beyond.iter().filter(|channel| channel.place == place).count();
    let summary = summary_text(count(Place::Below), count(Place::Above));
    let more = beyond.len().saturating_sub(MOST_NAMES);
    let names = beyond
        .into_iter()
        .take(MOST_NAMES)
        .map(|channel| entry(chart, &metric, &unit, &channel))
        .collect_view();
    view! {
        <details class="beyond">
            <summary class="beyond__summary">{summary}</summary>
            <ul class="beyond__list">
                {names}
                {(more > 0).then(|| view! { <li class="legend__more">{format!("and {more} more")}</li> }.into_any())}
            </ul>
        </details>
    }
    .into_any()
}

fn summary_text(below: usize, above: usize) -> String {
    let channels = |count: usize| {
        if count == 1 {
            "1 channel".to_owned()
        } else {
            format!("{} channels", format::count(count as u64))
        }
    };
    match (below, above) {
        (below, 0) => format!("{} below the scale", channels(below)),
        (0, above) => format!("{} above the scale", channels(above)),
        (below, above) => format!("{} below and {above} above the scale", channels(below)),
    }
}

fn entry(chart: Chart, metric: &str, unit: &str, beyond: &Beyond) -> AnyView {
    let (metric, channel) = (metric.to_owned(), beyond.channel);
    let place = match beyond.place {
        Place::Below => "below",
        Place::Within => "within",
        Place::Above => "above",
    };
    let text = format!("{} {}", exact_text(beyond.value), unit);
    view! {
        <li>
            <button
                type="button"
                class="legend__entry"
                data-channel=channel.to_string()
                data-place=place
                data-value=text_of(beyond.value)
                on:click=move |_| chart.chosen().choose(&metric, channel)
            >
                <span class="legend__label">{beyond.label.clone()}</span>
                <span class="legend__unit">{text.trim_end().to_owned()}</span>
            </button>
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sides_are_told_apart() {
        assert_eq!(summary_text(0, 1), "1 channel above the scale");
        assert_eq!(summary_text(3, 0), "3 channels below the scale");
        assert_eq!(summary_text(1, 12), "1 channel below and 12 above the scale");
    }
}
