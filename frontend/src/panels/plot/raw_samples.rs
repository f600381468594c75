//! The raw samples behind a pinned value: when each was taken, when it came in, and how late that was.

use leptos::html;
use leptos::prelude::*;
use shared::chart::axis_clock::AxisClock;
use shared::metric::ChannelSelection;
use shared::query::samples::{SamplesQuery, StoredSample};
use shared::time::MICROS_PER_SEC;

use super::chart::Chart;
use super::clock::use_zone;
use super::pinned::Pin;
use super::pins::Entry;
use super::readout::{Clock, exact_text};
use crate::api;
use crate::components::icon::{Icon, icon};
use crate::dom::{NodeRef, view};
use crate::format;
use crate::reactive::{Callback, Kept, State, effect, spawn};

/// How many samples are asked for at once.
const PAGE: u32 = 100;
/// How many where only some of them are behind the value, and how often before a person is asked whether to go on.
const PAGE_TO_SIFT: u32 = 10_000;
const MOST_PAGES_TO_SIFT: u32 = 50;

/// What has come so far.
#[derive(Clone, PartialEq, Debug, Default)]
struct Pages {
    samples: Vec<StoredSample>,
    /// Where the next page begins; `None` on the last one.
    next: Option<String>,
    is_waiting: bool,
    failure: Option<String>,
}

/// A dialog with the samples behind a pinned value.
pub fn raw_samples(chart: Chart, entry: Entry, on_close: Callback<()>) -> AnyView {
    let dialog = NodeRef::<html::Dialog>::new();
    effect(move || {
        if let Some(dialog) = dialog.get().filter(|dialog| !dialog.open()) {
            // Fails only for a dialog that is open already.
            let _ = dialog.show_modal();
        }
    });
    let pages = State::new(Pages::default());
    let Entry {
        pin,
        label,
        unit,
        value,
        ..
    } = entry;
    let query = SamplesQuery {
        metric: pin.metric.clone(),
        channels: pin.channels(),
        from: pin.range().start(),
        to: pin.range().end(),
        limit: if pin.has_all() { PAGE } else { PAGE_TO_SIFT },
        cursor: None,
    };
    let pin = Kept::new(pin);
    ask(pages, query.clone(), pin);
    let zone = use_zone();
    let start_us = query.from.as_micros();
    let has_channels = !matches!(&query.channels, ChannelSelection::List(channels) if channels.len() == 1);
    let rows = move || {
        let clock = chart.clock().get().unwrap_or(AxisClock::utc());
        pages.with(|pages| {
            let row = |sample: &StoredSample| row(sample, &clock, has_channels.then_some(sample.channel), &unit);
            pages.samples.iter().map(row).collect_view()
        })
    };
    let title = format!("{label} · {value}");
    let taken = move || format!("Taken ({})", zone.name(start_us));
    // The clock may have been changed between.
    let arrived = move || {
        let first = pages.with(|pages| pages.samples.first().map(|sample| sample.arrival_us));
        format!("Arrived ({})", zone.name(first.unwrap_or(start_us)))
    };
    view! {
        <dialog
            node_ref=dialog
            class="dialog samples"
            aria-label="Raw samples behind the pinned value"
            on:close=move |_| on_close.run(())
        >
            <header class="dialog__header">
                <h2>{title}</h2>
                <button type="button" class="iconbutton" aria-label="Close" on:click=move |_| on_close.run(())>
                    {icon(Icon::Close)}
                </button>
            </header>
            <div class="samples__scroller" tabindex="0">
                <table class="samples__table">
                    <thead>
                        <tr>
                            <th scope="col">{taken}</th>
                            {has_channels.then(|| view! { <th scope="col">"Channel"</th> }.into_any())}
                            <th scope="col">"Value"</th>
                            <th scope="col">{arrived}</th>
                            <th scope="col">"Delay"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            {footer(pages, query, pin)}
        </dialog>
    }
    .into_any()
}

/// How many samples there are, and a way to more of them.
fn footer(pages: State<Pages>, query: SamplesQuery, pin: Kept<Pin>) -> AnyView {
    let more = move |_| {
        let cursor = pages.with_untracked(|pages| pages.next.clone());
        ask(
            pages,
            SamplesQuery {
                cursor,
                ..query.clone()
            },
            pin,
        );
    };
    let has_more = move || pages.with(|pages| pages.next.is_some() && !pages.is_waiting);
    let button = move || {
        let more = more.clone();
        has_more().then(|| view! { <button type="button" class="button" on:click=more>"More"</button> }.into_any())
    };
    view! {
        <p class="dialog__note" role="status">
            {move || pages.with(told)} " " {button}
        </p>
    }
    .into_any()
}

fn ask(pages: State<Pages>, mut query: SamplesQuery, pin: Kept<Pin>) {
    pages.update(|pages| {
        pages.is_waiting = true;
        pages.failure = None;
    });
    spawn(async move {
        let mut n_found = 0;
        for asked in 1..=MOST_PAGES_TO_SIFT {
            let outcome = api::samples(&query).await;
            let is_last = asked == MOST_PAGES_TO_SIFT;
            pages.update(|pages| match outcome {
                Ok(page) => {
                    let before = pages.samples.len();
                    let wanted = page.samples.into_iter();
                    let wanted =
                        wanted.filter(|sample| pin.try_with_value(|pin| pin.holds(sample.value)) == Some(true));
                    pages.samples.extend(wanted);
                    n_found += pages.samples.len() - before;
                    pages.next = page.next;
                    pages.is_waiting = pages.next.is_some() && n_found < PAGE as usize && !is_last;
                    query.cursor.clone_from(&pages.next);
                }
                Err(failure) => {
                    pages.is_waiting = false;
                    pages.failure = Some(failure.to_string());
                }
            });
            if !pages.with_untracked(|pages| pages.is_waiting) {
                return;
            }
        }
    });
}

fn told(pages: &Pages) -> String {
    let n_samples = format::count(pages.samples.len() as u64);
    match (&pages.failure, pages.is_waiting, &pages.next) {
        (Some(failure), ..) => failure.clone(),
        (None, true, _) => "Loading samples …".to_owned(),
        (None, false, Some(_)) => format!("The first {n_samples} samples."),
        (None, false, None) if pages.samples.len() == 1 => "1 sample.".to_owned(),
        (None, false, None) => format!("{n_samples} samples."),
    }
}

fn row(sample: &StoredSample, clock: &AxisClock, channel: Option<u32>, unit: &str) -> AnyView {
    let text = |time_us: i64| {
        let clock = Clock {
            clock,
            digits: 0,
            with_date: true,
        };
        clock.text(time_us)
    };
    let value = sample.value.finite().map_or_else(
        || format::value(sample.value),
        |number| format!("{} {unit}", exact_text(number)),
    );
    view! {
        <tr data-time-us=sample.time_us.to_string() data-arrival-us=sample.arrival_us.to_string()>
            <td>{text(sample.time_us)}</td>
            {channel.map(|channel| view! { <td>{channel.to_string()}</td> }.into_any())}
            <td class="samples__value">{value}</td>
            <td>{text(sample.arrival_us)}</td>
            <td>{delay_text(sample.arrival_us - sample.time_us)}</td>
        </tr>
    }
    .into_any()
}

/// How late a sample came: `250 ms`, `12 s`, `3 d 2 h`; a source whose clock is ahead has `12 s ahead`.
fn delay_text(micros: i64) -> String {
    if (0..MICROS_PER_SEC).contains(&micros) {
        format!("{} ms", micros / 1_000)
    } else {
        format::age(micros)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_told_by_their_size() {
        let told = [0, 250_000, 12 * MICROS_PER_SEC, -30 * MICROS_PER_SEC].map(delay_text);
        assert_eq!(told, ["0 ms", "250 ms", "12 s", "30 s ahead"]);
    }

    #[test]
    fn the_number_of_samples_is_told_with_whether_there_are_more() {
        let mut pages = Pages::default();
        assert_eq!(told(&pages), "0 samples.");
        pages.next = Some("x".to_owned());
        assert_eq!(told(&pages), "The first 0 samples.");
        pages.failure = Some("the server cannot be reached".to_owned());
        assert_eq!(told(&pages), "the server cannot be reached");
    }
}
