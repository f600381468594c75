//! Alarms that are heard: chosen for this browser, off until then.
//!
//! While an alarm needs somebody its tones are repeated, until it is acknowledged, shelved or explained, or silenced here.
//! What was silenced is heard again when it fires anew. A browser that blocks the sound is said to do so.

use std::time::Duration;

use gloo_timers::future::sleep;
use leptos::prelude::*;
use shared::alarm::{AlarmState, AlarmStatus};
use shared::time::MICROS_PER_SEC;

use crate::browser::beep::{Beeper, Tones};
use crate::browser::clock::machine_micros;
use crate::browser::listen::on_window;
use crate::browser::storage::{recall, remember};
use crate::components::alarm_state::worst;
use crate::dom::view;
use crate::reactive::{Derived, State, effect, spawn};
use crate::state::alarms::{Alarms, use_alarms};

const STORAGE_KEY: &str = "watchroom:sound";

/// Between two looks at what is to be heard.
const LOOK: Duration = Duration::from_millis(500);

/// Between two rounds of the same tones, in microseconds.
const ROUND_MICROS: i64 = 8 * MICROS_PER_SEC;

/// An alarm that was silenced: its rule, and since when it was what it was.
type Silenced = (String, i64);

/// The sound of this browser.
#[derive(Clone, Copy, Debug)]
pub struct Sound {
    is_on: State<bool>,
    is_blocked: State<bool>,
    silenced: State<Vec<Silenced>>,
    /// The most urgent alarm that is to be heard.
    loudest: Derived<Option<AlarmState>>,
    alarms: Alarms,
    beeper: Beeper,
}

/// Severity is told by how high and how many.
const fn tones(state: AlarmState) -> Tones {
    let (hertz, count) = match state {
        AlarmState::Alarm => (988.0, 4),
        AlarmState::NoData => (740.0, 3),
        AlarmState::Warning => (587.0, 2),
        AlarmState::Unknown | AlarmState::Ok => (440.0, 1),
    };
    Tones {
        hertz,
        count,
        secs: 0.16,
    }
}

/// The most urgent of the alarms that need somebody and were not silenced.
fn loudest(alarms: &[AlarmStatus], silenced: &[Silenced]) -> Option<AlarmState> {
    let is_silenced = |alarm: &AlarmStatus| {
        let mut all = silenced.iter();
        all.any(|(rule, since_us)| *rule == alarm.rule && *since_us == alarm.since_us)
    };
    alarms
        .iter()
        .filter(|alarm| alarm.is_active() && !is_silenced(alarm))
        .map(worst)
        .max_by_key(|state| state.urgency())
}

impl Sound {
    /// Whether tones are to be heard now; tracks.
    fn is_ringing(self) -> bool {
        self.is_on.get() && self.loudest.with(Option::is_some)
    }

    fn choose(self, is_on: bool) {
        remember(STORAGE_KEY, is_on.then_some("on"));
        self.is_on.set(is_on);
    }

    /// Nothing of what needs somebody now is heard any more.
    fn silence(self) {
        let active = untrack(|| {
            self.alarms.with_all(|all| {
                let active = all.iter().filter(|alarm| alarm.is_active());
                active.map(|alarm| (alarm.rule.clone(), alarm.since_us)).collect()
            })
        });
        self.silenced.set(active);
    }

    fn test(self) {
        self.is_blocked.set(self.beeper.is_blocked());
        // A browser that refuses says so by being blocked.
        let _ = self.beeper.play(tones(AlarmState::Alarm));
    }

    fn follow(self) {
        effect(move || {
            if !self.is_on.get() {
                self.is_blocked.set(false);
                return;
            }
            spawn(async move {
                let (mut heard, mut heard_us) = (None::<AlarmState>, i64::MIN);
                loop {
                    let is_blocked = self.beeper.is_blocked();
                    if self.is_blocked.try_get_untracked() != Some(is_blocked) {
                        self.is_blocked.set(is_blocked);
                    }
                    let loudest = self.loudest.try_get_untracked().flatten();
                    let urgency = |state: Option<AlarmState>| state.map_or(0, AlarmState::urgency);
                    let now_us = machine_micros();
                    let is_due = urgency(loudest) > urgency(heard) || now_us.saturating_sub(heard_us) >= ROUND_MICROS;
                    match loudest {
                        Some(state) if is_due && !is_blocked => {
                            let _ = self.beeper.play(tones(state));
                            heard_us = now_us;
                            heard = loudest;
                        }
                        None => heard = None,
                        Some(_) => {}
                    }
                    sleep(LOOK).await;
                }
            });
        });
        // What the browser waits for.
        for name in ["pointerdown", "keydown"] {
            on_window(name, move |_| {
                if self.is_on.get_untracked() && self.is_blocked.get_untracked() {
                    self.is_blocked.set(self.beeper.is_blocked());
                }
            });
        }
    }
}

/// The sound of this browser.
fn use_sound() -> Sound {
    expect_context()
}

/// Begins to be heard if this browser was told so before, and makes it known to the page.
pub fn provide_sound() {
    let alarms = use_alarms();
    let silenced = State::new(Vec::new());
    let sound = Sound {
        is_on: State::new(recall(STORAGE_KEY).is_some()),
        is_blocked: State::new(false),
        silenced,
        loudest: Derived::new(move || alarms.with_all(|all| silenced.with(|silenced| loudest(all, silenced)))),
        alarms,
        beeper: Beeper::new(),
    };
    sound.follow();
    provide_context(sound);
}

/// On and off, and a test.
pub fn sound_controls() -> AnyView {
    let sound = use_sound();
    let state = move || match (sound.is_on.get(), sound.is_blocked.get()) {
        (false, _) => "off",
        (true, true) => "blocked",
        (true, false) => "on",
    };
    view! {
        <div class="alarms__sound" data-sound=state>
            <button
                type="button"
                class="chip"
                class:chip--active=move || sound.is_on.get()
                aria-pressed=move || sound.is_on.get().to_string()
                title="For this browser only"
                on:click=move |_| sound.choose(!sound.is_on.get_untracked())
            >
                "Sound"
                " "
                {move || if sound.is_on.get() { "on" } else { "off" }}
            </button>
            <button type="button" class="chip" on:click=move |_| sound.test()>
                "Test sound"
            </button>
        </div>
    }
    .into_any()
}

/// A way to silence what is heard, wherever on the page one is.
pub fn silence_button() -> AnyView {
    let sound = use_sound();
    crate::dom::any(move || {
        sound.is_ringing().then(|| {
            view! {
                <button
                    type="button"
                    class="chip bell__silence"
                    title="No sound for the alarms of now"
                    on:click=move |_| sound.silence()
                >
                    "Silence"
                </button>
            }
            .into_any()
        })
    })
}

/// Says that the browser blocks what was chosen to be heard.
pub fn sound_notice() -> AnyView {
    let sound = use_sound();
    crate::dom::any(move || {
        (sound.is_on.get() && sound.is_blocked.get()).then(|| {
            view! {
                <p class="notice" role="alert">
                    "Alarms are to be heard, but this browser blocks the sound until somebody clicks on the page"
                    <button type="button" class="button" on:click=move |_| sound.test()>
                        "Allow and test"
                    </button>
                </p>
            }
            .into_any()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::alarm_state::tests::{alarm, note};

    #[test]
    fn only_what_needs_somebody_is_heard_until_it_is_silenced() {
        let mut all = vec![alarm("a", AlarmState::Warning), alarm("b", AlarmState::Alarm)];
        assert_eq!(loudest(&all, &[]), Some(AlarmState::Alarm));
        all[1].acknowledged = note("Ada");
        assert_eq!(loudest(&all, &[]), Some(AlarmState::Warning));
        let silenced = [("a".to_owned(), 0)];
        assert_eq!(loudest(&all, &silenced), None);
        // It fired anew.
        all[0].since_us = 5;
        assert_eq!(loudest(&all, &silenced), Some(AlarmState::Warning));
        all[0].shelved = note("Bo");
        assert_eq!(loudest(&all, &silenced), None);
    }

    #[test]
    fn the_more_urgent_the_higher_and_the_more_tones() {
        let mut all = [
            AlarmState::Unknown,
            AlarmState::Warning,
            AlarmState::NoData,
            AlarmState::Alarm,
        ]
        .map(tones);
        assert!(
            all.windows(2)
                .all(|pair| pair[0].hertz < pair[1].hertz && pair[0].count < pair[1].count)
        );
        all.reverse();
        assert_eq!(all[0].count, 4);
    }
}
