//! The newest samples: asked for once, then as they come over the live line, or asked for again and again.

use std::time::Duration;

use gloo_timers::future::sleep;
use leptos::prelude::on_cleanup;
use shared::live::{Part, Question};
use shared::query::latest::Latest;

use crate::api;
use crate::components::panel_frame::PanelState;
use crate::live::{Live, use_live};
use crate::reactive::{Kept, State, effect, spawn};
use crate::state::in_sight::use_in_sight;

/// Between two questions for the latest values where they do not come by themselves.
pub const POLL: Duration = Duration::from_secs(5);

/// What was last heard of one metric.
#[derive(Clone, Default, Debug)]
pub struct Heard {
    /// The last answer; kept when a later question fails: its ages tell.
    pub latest: Option<Latest>,
    /// Why the last question has no answer.
    pub failure: Option<String>,
    /// By which key newer ones come.
    feed: Option<u32>,
}

/// The newest samples of some metrics.
#[derive(Clone, Copy, Debug)]
pub struct Feed {
    live: Live,
    names: Kept<Vec<String>>,
    heard: State<Vec<Heard>>,
    attempt: State<bool>,
}

impl Feed {
    /// Asks while it is `wanted`.
    pub fn start(names: Vec<String>, wanted: impl Fn() -> bool + 'static) -> Self {
        let in_sight = use_in_sight();
        let feed = Self {
            live: use_live(),
            heard: State::new(vec![Heard::default(); names.len()]),
            names: Kept::new(names),
            attempt: State::new(true),
        };
        on_cleanup(move || feed.end());
        effect(move || {
            feed.attempt.track();
            let is_wanted = wanted();
            if !is_wanted {
                feed.end();
            }
            if is_wanted && in_sight.get() {
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
            let is_fed = self.heard.with_untracked(|heard| {
                let feed = heard.get(position).and_then(|heard| heard.feed);
                feed.is_some_and(|feed| self.live.feeds(feed))
            });
            if is_fed || self.live.is_paused() {
                continue;
            }
            match api::latest(name).await {
                Err(failure) => self.change(position, |heard| heard.failure = Some(failure.to_string())),
                Ok((latest, since)) => {
                    self.change(position, |heard| {
                        (heard.latest, heard.failure) = (Some(latest), None);
                    });
                    let question = Question::Latest(name.clone());
                    let feed = self.live.open(question, since, move |_, increment| {
                        if let Part::Latest(latest) = increment.part {
                            self.change(position, |heard| (heard.latest, heard.failure) = (Some(latest), None));
                        }
                    });
                    self.change(position, |heard| self.close(heard.feed.replace(feed)));
                }
            }
        }
    }

    /// Nobody wants to know any more.
    fn end(self) {
        for heard in self.heard.try_get_untracked().unwrap_or_default() {
            self.close(heard.feed);
        }
    }

    fn close(self, feed: Option<u32>) {
        if let Some(feed) = feed {
            self.live.close(feed);
        }
    }

    fn change(self, position: usize, change: impl FnOnce(&mut Heard)) {
        self.heard.update(|heard| {
            if let Some(heard) = heard.get_mut(position) {
                change(heard);
            }
        });
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
