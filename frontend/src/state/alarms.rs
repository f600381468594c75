//! What the rules say now and what they said over the time in sight, each asked for once for the whole page.

use std::sync::Arc;
use std::time::Duration;

use gloo_timers::future::sleep;
use leptos::prelude::{expect_context, provide_context};
use shared::alarm::{AlarmHistory, AlarmHistoryQuery, AlarmList, AlarmStatus};
use shared::live::{Part, Question};
use shared::time::TimeRange;

use crate::api;
use crate::live::use_live;
use crate::reactive::{Derived, State, effect, spawn};
use crate::state::address::Page;
use crate::state::connection::{Link, use_connection};
use crate::state::feed::Feed;
use crate::state::in_sight::use_in_sight;
use crate::state::navigation::use_navigation;
use crate::state::refresh::use_refresh;
use crate::state::server_clock::ServerClock;
use crate::state::time_view::use_time_view;

/// Between two questions. Also while nobody can see the page: somebody may listen to it.
const INTERVAL: Duration = Duration::from_secs(2);

/// What rules said over a range.
#[derive(Clone, PartialEq, Debug)]
pub struct Past {
    /// The range.
    pub range: TimeRange,
    /// The answer.
    pub history: Arc<AlarmHistory>,
}

/// The alarms of the page.
#[derive(Clone, Copy, Debug)]
pub struct Alarms {
    /// What the rules say now.
    pub list: Derived<Feed<AlarmList>>,
    /// What they said; `None` until that is known, the last known one while another is on its way.
    pub past: State<Option<Past>>,
    /// Why there is nothing newer of the past.
    pub past_failure: State<Option<String>>,
    asked: State<u32>,
}

impl Alarms {
    /// Asks at once: something was done.
    pub fn ask_now(self) {
        self.asked.update(|asked| *asked = asked.wrapping_add(1));
    }

    /// Looks at all rules; tracks. Nothing before the first answer.
    pub fn with_all<U>(self, look: impl FnOnce(&[AlarmStatus]) -> U) -> U {
        self.list
            .with(|list| look(list.answer.as_ref().map_or(&[], |list| list.alarms.as_slice())))
    }

    /// The rules that look at any of some metrics; tracks.
    pub fn watching(self, metrics: &[String]) -> Vec<AlarmStatus> {
        self.with_all(|all| {
            let watches = |alarm: &&AlarmStatus| alarm.metrics.iter().any(|metric| metrics.contains(metric));
            all.iter().filter(watches).cloned().collect()
        })
    }
}

/// The alarms of the page.
pub fn use_alarms() -> Alarms {
    expect_context()
}

/// Asks for them as long as the owner lives, and makes them known to the page.
pub fn provide_alarms() {
    let clock = expect_context::<ServerClock>();
    let connection = use_connection();
    let (list, asked) = (State::new(Feed::default()), State::new(0_u32));
    let is_reached = Derived::new(move || !matches!(connection.link(), Link::Lost { .. } | Link::Unreachable));
    let take = move |outcome| list.update(|list: &mut Feed<AlarmList>| list.take(outcome, clock.read()));
    let live = use_live();
    let feed = live.watch(Question::Alarms, move |_, increment| {
        if let Part::Alarms(alarms) = increment.part {
            take(Ok(alarms));
        }
    });
    effect(move || {
        asked.track();
        // At once also when the server is back.
        is_reached.track();
        spawn(async move {
            loop {
                take(api::alarms().await);
                sleep(INTERVAL).await;
                while live.feeds(feed) {
                    sleep(INTERVAL).await;
                }
            }
        });
    });
    let alarms = Alarms {
        list: Derived::new(move || list.get().proven_by(connection.link())),
        past: State::new(None),
        past_failure: State::new(None),
        asked,
    };
    follow_past(alarms);
    provide_context(alarms);
}

/// The past is asked for anew with every other range, with every change of a state, and with the panels.
fn follow_past(alarms: Alarms) {
    let (view, navigation, refresh, in_sight) = (use_time_view(), use_navigation(), use_refresh(), use_in_sight());
    let range = Derived::new(move || {
        let page = navigation.address().with(|address| address.place.page);
        match page {
            Page::Board => view.settled().get(),
            Page::Alarms => view.base().get(),
            Page::Streams => None,
        }
    });
    // By what the past differs: a mere value makes none.
    let changes = Derived::new(move || {
        alarms.with_all(|all| {
            let told = all.iter().map(|alarm| (alarm.since_us, alarm.state.urgency()));
            (
                all.len(),
                told.fold(0_i64, |sum, (since_us, urgency)| {
                    sum.wrapping_mul(31)
                        .wrapping_add(since_us)
                        .wrapping_add(i64::from(urgency))
                }),
            )
        })
    });
    effect(move || {
        refresh.track();
        alarms.asked.track();
        let (n_rules, _) = changes.get();
        let Some(range) = range.get().filter(|_| n_rules > 0 && in_sight.get()) else {
            return;
        };
        spawn(async move {
            let query = AlarmHistoryQuery {
                from: range.start(),
                to: range.end(),
                rule: None,
            };
            match api::alarm_history(&query).await {
                Ok(history) => {
                    alarms.past_failure.set(None);
                    alarms.past.set(Some(Past {
                        range,
                        history: Arc::new(history),
                    }));
                }
                Err(failure) => alarms.past_failure.set(Some(failure.to_string())),
            }
        });
    });
}
