//! Twilight and moon over the time in sight, along the axis of a panel that fills the width.

use leptos::prelude::*;
use shared::query::sky::{Light, MoonSpan, Sky, SkyQuery, SunSpan};
use shared::time::{MICROS_PER_DAY, TimeRange, Timestamp};

use crate::api;
use crate::dom::view;
use crate::format;
use crate::reactive::{Derived, State, effect, spawn};
use crate::state::catalogue::use_catalogue;
use crate::state::chosen_clock::{ChosenClock, use_chosen_clock};
use crate::state::server_clock::use_now;
use crate::state::time_view::use_time_view;

/// The longest range whose sky is worth a strip, and that the server answers.
const LONGEST_MICROS: i64 = 40 * MICROS_PER_DAY;

/// Spans narrower than this part of the strip have no room for words.
const ROOM_FOR_WORDS: f64 = 0.09;

/// Above the panels, where the site's place on Earth is known.
pub fn sky_strip() -> Option<AnyView> {
    if !use_catalogue().site().has_sky {
        return None;
    }
    let (view, clock) = (use_time_view(), use_chosen_clock());
    let sky: State<Option<Sky>> = State::new(None);
    effect(move || {
        let base = view.base().get().filter(|base| base.micros() <= LONGEST_MICROS);
        sky.set(None);
        if let Some(base) = base {
            let query = SkyQuery {
                from: base.start(),
                to: base.end(),
            };
            // Without an answer there is no strip; the panels say what is wrong with the server.
            spawn(async move { sky.set(api::sky(&query).await.ok()) });
        }
    });
    let shown = move || {
        let visible = view.visible().get()?;
        sky.with(|sky| Some(strip(sky.as_ref()?, visible, clock)))
    };
    Some(view! { <div class="skyline">{shown}</div> }.into_any())
}

fn strip(sky: &Sky, visible: TimeRange, clock: ChosenClock) -> AnyView {
    let now = use_now();
    let minute = Derived::new(move || part_of(visible, now.get().as_micros() / 60_000_000 * 60_000_000));
    let spans = sky
        .sun
        .iter()
        .filter_map(|span| sun_span(*span, visible, clock))
        .collect_view();
    let moons = sky
        .moon
        .iter()
        .filter_map(|span| moon_span(*span, visible))
        .collect_view();
    let now_line = move || {
        let at = minute.get();
        (0.0..=1.0)
            .contains(&at)
            .then(|| view! { <span class="sky__now" style:left=percent(at)></span> }.into_any())
    };
    view! {
        <div class="sky" role="img" aria-label=spoken(sky, visible, clock)>
            {spans}
            {moons}
            {now_line}
        </div>
    }
    .into_any()
}

/// Where a moment is in a range, 0 at its start and 1 at its end.
fn part_of(range: TimeRange, time_us: i64) -> f64 {
    (time_us - range.start().as_micros()) as f64 / range.micros() as f64
}

/// The part of a span that is in sight, from and to.
fn in_sight(range: TimeRange, start_us: i64, end_us: i64) -> Option<(f64, f64)> {
    let (from, to) = (part_of(range, start_us).max(0.0), part_of(range, end_us).min(1.0));
    (from < to).then_some((from, to))
}

/// To a hundredth of a percent, by whole numbers.
#[expect(clippy::cast_possible_truncation, reason = "parts of one")]
fn percent(part: f64) -> String {
    let hundredths = (part * 10_000.0).round() as i64;
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

const fn light_name(light: Light) -> &'static str {
    match light {
        Light::Day => "day",
        Light::Civil => "civil",
        Light::Nautical => "nautical",
        Light::Astronomical => "astronomical",
        Light::Night => "night",
    }
}

fn reading(time_us: i64, clock: ChosenClock) -> String {
    format::hour_and_minute(clock.reading(Timestamp::saturating_from_micros(time_us)))
}

/// What is written into a span.
fn words(span: SunSpan, visible: TimeRange, clock: ChosenClock) -> (String, String) {
    let (starts, ends) = (
        span.start_us > visible.start().as_micros(),
        span.end_us < visible.end().as_micros(),
    );
    match span.light {
        Light::Day => (
            if starts {
                format!("sunrise {}", reading(span.start_us, clock))
            } else {
                String::new()
            },
            if ends {
                format!("sunset {}", reading(span.end_us, clock))
            } else {
                String::new()
            },
        ),
        Light::Night => (
            format!(
                "dark {} – {}",
                reading(span.start_us, clock),
                reading(span.end_us, clock)
            ),
            String::new(),
        ),
        Light::Civil | Light::Nautical | Light::Astronomical => (String::new(), String::new()),
    }
}

fn sun_span(span: SunSpan, visible: TimeRange, clock: ChosenClock) -> Option<AnyView> {
    let (from, to) = in_sight(visible, span.start_us, span.end_us)?;
    let (first, last) = if to - from < ROOM_FOR_WORDS {
        (String::new(), String::new())
    } else {
        words(span, visible, clock)
    };
    let view = view! {
        <span class="sky__span" data-light=light_name(span.light) style:left=percent(from) style:width=percent(to - from)>
            <span>{first}</span>
            <span>{last}</span>
        </span>
    };
    Some(view.into_any())
}

fn moon_span(span: MoonSpan, visible: TimeRange) -> Option<AnyView> {
    let (from, to) = in_sight(visible, span.start_us, span.end_us)?;
    let title = format!("moon, {} lit", lit(span));
    let view = view! {
        <span
            class="sky__moon"
            title=title
            style:left=percent(from)
            style:width=percent(to - from)
            style:opacity=percent(0.25 + 0.75 * span.lit)
        ></span>
    };
    Some(view.into_any())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of one")]
fn lit(span: MoonSpan) -> String {
    format!("{} %", (span.lit * 100.0).round() as u32)
}

/// The strip in words.
fn spoken(sky: &Sky, visible: TimeRange, clock: ChosenClock) -> String {
    let mut parts: Vec<String> = Vec::new();
    for span in &sky.sun {
        if in_sight(visible, span.start_us, span.end_us).is_some() {
            let (first, last) = words(*span, visible, clock);
            parts.extend([first, last].into_iter().filter(|words| !words.is_empty()));
        }
    }
    for span in &sky.moon {
        if in_sight(visible, span.start_us, span.end_us).is_some() {
            let (from, to) = (reading(span.start_us, clock), reading(span.end_us, clock));
            parts.push(format!("moon up {from} – {to}, {} lit", lit(*span)));
        }
    }
    format!("Sky, {}: {}", clock.zone(visible.start()), parts.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: i64) -> Timestamp {
        Timestamp::saturating_from_micros(micros)
    }

    #[test]
    fn only_what_is_in_sight_is_drawn() {
        let visible = TimeRange::new(at(1_000), at(2_000)).unwrap();
        assert_eq!(in_sight(visible, 0, 1_500), Some((0.0, 0.5)));
        assert_eq!(in_sight(visible, 1_250, 9_000), Some((0.25, 1.0)));
        assert_eq!(in_sight(visible, 2_000, 3_000), None);
        assert_eq!(percent(0.123_456), "12.35%");
        assert_eq!(percent(1.0), "100.00%");
    }
}
