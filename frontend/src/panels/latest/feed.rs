//! Asking for the newest samples, again and again while anybody can see them.

use std::time::Duration;

use gloo_timers::future::sleep;
use shared::query::latest::Latest;

use crate::api;
use crate::components::panel_frame::PanelState;
use crate::reactive::{Kept, State, effect, spawn};
use crate::state::in_sight::use_in_sight;

/// Between two questions for the latest values.
pub const POLL: Duration = Duration::from_secs(5);

/// What was last heard of one metric.
#[derive(Clone, Default, Debug)]
pub struct Heard {
    /// The last answer; kept when a later question fails: its ages tell.
    pub latest: Option<Latest>,
    /// Why the last question has no answer.
    pub failure: Option<String>,
}

/// The newest samples of some metrics.
#[derive(Clone, Copy, Debug)]
pub struct Feed {
    names: Kept<Vec<String>>,
    heard: State<Vec<Heard>>,
    attempt: State<bool>,
}

impl Feed {
    /// Asks while it is `wanted`.
    pub fn start(names: Vec<String>, wanted: impl Fn() -> bool + 'static) -> Self {
        let in_sight = use_in_sight();
        let feed = Self {
            heard: State::new(vec![Heard::default(); names.len()]),
            names: Kept::new(names),
            attempt: State::new(true),
        };
        effect(move || {
            feed.attempt.track();
            if in_sight.get() && wanted() {
                spawn(async move {
                    loop {
                        feed.ask_all().await;
                        sleep(POLL).await;
                    }
                });
            }
        });
        feed
    }

    /// What was heard of each metric, in the order of their names.
    pub const fn heard(self) -> State<Vec<Heard>> {
        self.heard
    }

    /// Asks at once.
    pub fn retry(self) {
        self.attempt.set(true);
    }

    /// One metric after the other: a table is no reason to press the server. Rows appear as they come.
    async fn ask_all(self) {
        for (position, name) in self.names.get_value().iter().enumerate() {
            let answer = api::latest(name).await;
            self.heard.update(|heard| {
                let Some(heard) = heard.get_mut(position) else { return };
                match answer {
                    Ok(latest) => {
                        *heard = Heard {
                            latest: Some(latest),
                            failure: None,
                        };
                    }
                    Err(failure) => heard.failure = Some(failure.to_string()),
                }
            });
        }
    }
}

/// What a panel has to show of what was heard.
pub fn state_of(heard: &[Heard]) -> PanelState {
    let answers = || heard.iter().filter_map(|heard| heard.latest.as_ref());
    let n_channels: usize = answers().map(|latest| latest.channels.len()).sum();
    let failure = heard.iter().find_map(|heard| heard.failure.clone());
    let is_asked = heard
        .iter()
        .all(|heard| heard.latest.is_some() || heard.failure.is_some());
    match (n_channels, failure) {
        (0, _) if !is_asked => PanelState::Loading,
        (0, Some(failure)) => PanelState::Error(failure),
        (0, None) => PanelState::Empty { last: None },
        _ => PanelState::Ready,
    }
}

/// What could not be asked, beside rows that could.
pub fn problems(heard: &[Heard]) -> String {
    let mut sentences: Vec<&str> = heard.iter().filter_map(|heard| heard.failure.as_deref()).collect();
    sentences.dedup();
    sentences.join("; ")
}
