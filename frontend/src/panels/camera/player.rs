//! The time of the picture: a slider over the visible range, and a button that plays it.

use std::time::Duration;

use gloo_timers::future::sleep;
use leptos::prelude::*;
use shared::time::{MICROS_PER_SEC, TimeRange, Timestamp};

use super::shown::Shown;
use crate::dom::view;
use crate::reactive::{Derived, State, effect, spawn};
use crate::state::time_view::use_time_view;

/// Pictures a second that can be chosen, and which is at first.
const SPEEDS: [u32; 4] = [2, 5, 10, 20];
const FIRST_SPEED: u32 = 5;

/// Without a rhythm, and where a range has very many intervals, a step is this part of the range.
const MOST_STEPS: i64 = 3_000;
const STEPS_WITHOUT_RHYTHM: i64 = 300;

/// Moments at equal distances over a range.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Steps {
    range: TimeRange,
    step_us: i64,
}

impl Steps {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a cast of a float stops at the ends of i64"
    )]
    fn new(range: TimeRange, interval_s: Option<f64>) -> Self {
        let rhythm_us = interval_s.map(|secs| (secs * MICROS_PER_SEC as f64).round() as i64);
        let wished_us = rhythm_us.unwrap_or(range.micros() / STEPS_WITHOUT_RHYTHM);
        let least_us = range.micros() / MOST_STEPS;
        Self {
            range,
            step_us: wished_us.max(least_us).max(1),
        }
    }

    /// The number of the last step, which is the last moment of the range.
    const fn last(self) -> i64 {
        (self.range.micros() - 1) / self.step_us + 1
    }

    fn time(self, step: i64) -> Timestamp {
        let last = self.range.end().saturating_add_micros(-1);
        let time = self
            .range
            .start()
            .saturating_add_micros(step.saturating_mul(self.step_us));
        time.clamp(self.range.start(), last)
    }

    /// The step that is nearest to a moment.
    fn nearest(self, time: Timestamp) -> i64 {
        let since_start = time.micros_since(self.range.start());
        ((since_start + self.step_us / 2) / self.step_us).clamp(0, self.last())
    }
}

/// Slider, buttons and the time in words. Nothing plays unless it is told to.
pub fn player(shown: Shown) -> AnyView {
    let settled = use_time_view().settled();
    let steps = Derived::new(move || Some(Steps::new(settled.get()?, shown.interval_s())));
    let (is_playing, speed) = (State::new(false), State::new(FIRST_SPEED));
    let at = move || {
        let told = shown.moment().told();
        shown.moment().held.get().or_else(|| told.map(|told| told.at))
    };
    let step = move || {
        let steps = steps.get()?;
        Some(at().map_or_else(|| steps.last(), |at| steps.nearest(at)))
    };
    play(shown, steps, is_playing, speed);
    // Another range is another film.
    effect(move || {
        settled.track();
        is_playing.set(false);
    });
    let go = move |value: String| {
        if let (Some(steps), Ok(step)) = (steps.get_untracked(), value.parse()) {
            is_playing.set(false);
            shown.moment().hold(Some(steps.time(step)));
        }
    };
    let toggle = move |_| {
        let starts = !is_playing.get_untracked();
        is_playing.set(starts);
    };
    view! {
        <div class="camera__player">
            <button
                type="button"
                class="button camera__button"
                aria-pressed=move || is_playing.get().to_string()
                aria-label=move || if is_playing.get() { "Pause" } else { "Play the visible range" }
                on:click=toggle
            >
                <span aria-hidden="true">{move || if is_playing.get() { "❚❚" } else { "▶" }}</span>
            </button>
            <input
                type="range"
                class="camera__slider"
                aria-label="Time of the picture"
                min="0"
                max=move || steps.get().map_or(0, Steps::last).to_string()
                prop:value=move || step().unwrap_or_default().to_string()
                aria-valuetext=move || at().map(|at| shown.moment().zone.text(at)).unwrap_or_default()
                on:input=move |event| go(event_target_value(&event))
            />
            <output class="camera__time">{move || shown.moment().time_text()}</output>
            {speeds(speed)}
            <button
                type="button"
                class="button camera__button"
                disabled=move || shown.moment().held.get().is_none()
                on:click=move |_| {
                    is_playing.set(false);
                    shown.moment().hold(None);
                }
            >
                "Newest"
            </button>
        </div>
    }
    .into_any()
}

fn speeds(speed: State<u32>) -> AnyView {
    let options = SPEEDS.map(|pictures| {
        let value = pictures.to_string();
        view! {
            <option value=value.clone() selected=pictures == FIRST_SPEED>
                {format!("{value}/s")}
            </option>
        }
        .into_any()
    });
    view! {
        <select
            class="camera__speed"
            aria-label="Pictures a second"
            on:change=move |event| {
                if let Ok(pictures) = event_target_value(&event).parse() {
                    speed.set(pictures);
                }
            }
        >
            {options.into_iter().collect::<Vec<_>>()}
        </select>
    }
    .into_any()
}

/// Steps on while it plays; waits for the picture of a step before the next, so that none is left out.
fn play(shown: Shown, steps: Derived<Option<Steps>>, is_playing: State<bool>, speed: State<u32>) {
    effect(move || {
        if !is_playing.get() {
            return;
        }
        let pause = Duration::from_secs(1) / speed.get().max(1);
        spawn(async move {
            let Some(steps) = steps.get_untracked() else { return };
            // From the end it begins anew.
            let at = shown.moment().held.get_untracked();
            let mut step = at.map_or(0, |at| steps.nearest(at));
            if step >= steps.last() {
                step = 0;
            }
            loop {
                shown.moment().hold(Some(steps.time(step)));
                sleep(pause).await;
                while untrack(|| shown.moment().is_behind() && shown.moment().failure().is_none()) {
                    sleep(pause).await;
                }
                if step >= steps.last() {
                    break;
                }
                step += 1;
            }
            is_playing.set(false);
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(secs: i64) -> TimeRange {
        let start = Timestamp::EPOCH;
        TimeRange::new(start, start.saturating_add_micros(secs * MICROS_PER_SEC)).unwrap()
    }

    #[test]
    fn steps_go_from_the_first_moment_to_the_last_by_the_interval() {
        let steps = Steps::new(range(600), Some(60.0));
        assert_eq!(steps.last(), 10);
        assert_eq!(steps.time(0), range(600).start());
        assert_eq!(steps.time(3).as_micros(), 180 * MICROS_PER_SEC);
        assert_eq!(steps.time(10).as_micros(), 600 * MICROS_PER_SEC - 1);
        assert_eq!(steps.nearest(steps.time(7)), 7);
        assert_eq!(steps.nearest(steps.time(10)), 10);
    }

    #[test]
    fn a_long_range_has_no_more_steps_than_can_be_seen() {
        assert!(Steps::new(range(86_400 * 365), Some(1.0)).last() <= MOST_STEPS + 1);
        assert_eq!(Steps::new(range(300), None).last(), STEPS_WITHOUT_RHYTHM);
    }
}
