//! Which nights hold data of the visible tab's metrics, and how complete they are.

use std::time::Duration;

use gloo_timers::future::sleep;
use leptos::prelude::*;
use shared::query::nights::{Night, Nights, NightsQuery};
use shared::time::Date;

use crate::api::{self, ApiFailure};
use crate::reactive::{Derived, State, effect, spawn};
use crate::state::in_sight::use_in_sight;

/// How many nights are asked for at a time.
const PAGE: u32 = 120;

/// Between two looks at the newest nights; their completeness grows.
const LOOK_AGAIN_SECS: u64 = 60;

/// Before a question that failed is asked again.
const RETRY_SECS: u64 = 3;

/// What is known of the nights of some metrics.
#[derive(Clone, PartialEq, Debug, Default)]
struct Known {
    /// The metrics that it is about; those of the tab before, until the effect that asks has run.
    metrics: Vec<String>,
    /// From the oldest to the newest.
    nights: Vec<Night>,
    is_answered: bool,
    newest: Option<Date>,
    /// Whether there are no nights before the oldest known one.
    reaches_back_to_first: bool,
    failure: Option<ApiFailure>,
}

impl Known {
    fn learn(&mut self, answer: &Nights, before: Option<Date>) {
        self.failure = None;
        if before.is_none() {
            self.is_answered = true;
            self.newest = answer.newest;
        }
        if answer.nights.len() < PAGE as usize {
            self.reaches_back_to_first = true;
        }
        for night in &answer.nights {
            match self.nights.binary_search_by_key(&night.date, |known| known.date) {
                Ok(position) => self.nights[position] = *night,
                Err(position) => self.nights.insert(position, *night),
            }
        }
    }

    fn night(&self, date: Date) -> Option<Night> {
        let position = self.nights.binary_search_by_key(&date, |known| known.date).ok()?;
        self.nights.get(position).copied()
    }

    fn oldest(&self) -> Option<Date> {
        self.nights.first().map(|night| night.date)
    }
}

/// The nights of the visible tab.
#[derive(Clone, Copy, Debug)]
pub struct NightList {
    metrics: Derived<Vec<String>>,
    known: State<Known>,
}

/// The newest night with data.
#[derive(Clone, PartialEq, Debug)]
pub enum Newest {
    /// Not known yet.
    Pending,
    /// There is none: no metric of the tab has a sample.
    None,
    /// The night of this date.
    Night(Date),
    /// The server did not say; it is asked again.
    Failed(String),
}

impl NightList {
    /// Follows the nights of some metrics.
    pub fn follow(metrics: Derived<Vec<String>>) -> Self {
        let list = Self {
            metrics,
            known: State::new(Known::default()),
        };
        let in_sight = use_in_sight();
        let mut before: Option<Vec<String>> = None;
        effect(move || {
            let names = metrics.get();
            if before.as_ref() != Some(&names) {
                list.known.set(Known {
                    metrics: names.clone(),
                    ..Known::default()
                });
                before = Some(names);
            }
            if in_sight.get() {
                // Ended and begun anew when the metrics change.
                spawn(async move {
                    loop {
                        let failed = list.ask(None).await.is_err();
                        let rest = if failed { RETRY_SECS } else { LOOK_AGAIN_SECS };
                        sleep(Duration::from_secs(rest)).await;
                    }
                });
            }
        });
        list
    }

    async fn ask(&self, before: Option<Date>) -> Result<(), ()> {
        let metrics = self.metrics.get_untracked();
        let query = NightsQuery {
            metric: Some(metrics.join(",")).filter(|names| !names.is_empty()),
            before,
            limit: Some(PAGE),
        };
        let answer = api::nights(&query).await;
        // The tab may have changed while the server was asked.
        if self.metrics.try_get_untracked().as_ref() != Some(&metrics) {
            return Ok(());
        }
        match answer {
            Ok(answer) => {
                self.known.update(|known| known.learn(&answer, before));
                Ok(())
            }
            Err(failure) => {
                self.known.update(|known| known.failure = Some(failure));
                Err(())
            }
        }
    }

    /// What is known of the metrics of the visible tab; tracks.
    fn with_known<T>(self, read: impl FnOnce(&Known) -> T) -> T {
        self.metrics.with(|metrics| {
            self.known.with(|known| {
                if known.metrics == *metrics {
                    read(known)
                } else {
                    read(&Known::default())
                }
            })
        })
    }

    /// The newest night with data; tracks.
    pub fn newest(&self) -> Newest {
        self.with_known(|known| match (known.newest, &known.failure) {
            (Some(date), _) => Newest::Night(date),
            (None, _) if known.is_answered => Newest::None,
            (None, Some(failure)) => Newest::Failed(failure.to_string()),
            (None, None) => Newest::Pending,
        })
    }

    /// The date of the newest night with data, if it is known; tracks.
    pub fn newest_night(&self) -> Option<Date> {
        match self.newest() {
            Newest::Night(date) => Some(date),
            Newest::Pending | Newest::None | Newest::Failed(_) => None,
        }
    }

    /// The night of a date, if it holds data; tracks.
    pub fn get(&self, date: Date) -> Option<Night> {
        self.with_known(|known| known.night(date))
    }

    /// Whether it is known which nights from `date` on hold data; tracks.
    pub fn is_known_from(&self, date: Date) -> bool {
        self.with_known(|known| {
            known.is_answered && (known.reaches_back_to_first || known.oldest().is_some_and(|oldest| oldest <= date))
        })
    }

    /// Why the last question failed; tracks.
    pub fn failure(&self) -> Option<String> {
        self.with_known(|known| known.failure.as_ref().map(ToString::to_string))
    }

    /// Asks for the nights of the time before the oldest known one, if `date` lies there.
    pub async fn reach_back_to(&self, date: Date) {
        while !untrack(|| self.is_known_from(date)) {
            let oldest = self.known.with_untracked(Known::oldest);
            let Some(oldest) = oldest else { return };
            if self.ask(Some(oldest)).await.is_err() {
                return;
            }
        }
    }
}

/// The nights of the visible tab.
pub fn use_night_list() -> NightList {
    expect_context()
}
