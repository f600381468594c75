//! Whether the server and its store are there, and whether what changes comes: judged by the heartbeats of the live line, by
//! every request, and by a question each second while there is no line.

use std::time::Duration;

use gloo_timers::future::sleep;
use leptos::prelude::*;
use shared::time::{MICROS_PER_SEC, Timestamp};

use crate::api::{self, ApiFailure, Exchange};
use crate::browser::listen::on_window;
use crate::live::{Line, Live, provide_live};
use crate::reactive::{Derived, Kept, State, spawn, spawn_unowned};
use crate::state::server_clock::ServerClock;

/// How long a proof of life holds, in microseconds: with the second until the clock ticks it is found wanting within 3 s.
const PROOF_HOLDS_MICROS: i64 = 2 * MICROS_PER_SEC;

/// With a line, only one of so many seconds has a question: for the bounds of the clock, which heartbeats do not give.
const SECONDS_WITH_LINE: u32 = 20;

/// What is known of the way to the server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Link {
    /// It has not answered yet.
    Connecting,
    /// It is there, and what changes comes.
    Connected,
    /// It answers, but no live line can be had: it is asked every few seconds.
    Polled,
    /// It answers, but the live line is cut: what has changed since is not here.
    CutOff {
        /// When something came last.
        since: Timestamp,
    },
    /// It is there without its store: nobody can tell what has changed since.
    StoreDown {
        /// When the store was there last.
        since: Timestamp,
    },
    /// Nothing was heard for a while, and nothing failed: the browser held the page back, as it does in the background.
    Unproven {
        /// When it answered last.
        since: Timestamp,
    },
    /// It was asked in vain.
    Lost {
        /// When it answered last.
        since: Timestamp,
    },
    /// It never answered this page.
    Unreachable,
}

impl Link {
    /// The word for style sheets and tests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Polled => "polled",
            Self::CutOff { .. } => "cut-off",
            Self::StoreDown { .. } => "store-down",
            Self::Unproven { .. } => "unproven",
            Self::Lost { .. } => "lost",
            Self::Unreachable => "unreachable",
        }
    }

    /// Since when nothing has come that could be shown as current; `None` while the way is open.
    pub const fn cut_since(self) -> Option<Timestamp> {
        match self {
            Self::CutOff { since } | Self::StoreDown { since } | Self::Unproven { since } | Self::Lost { since } => {
                Some(since)
            }
            Self::Connecting | Self::Connected | Self::Polled | Self::Unreachable => None,
        }
    }
}

/// The connection to the server.
#[derive(Clone, Copy, Debug)]
pub struct Connection {
    link: Derived<Link>,
}

/// When the server answered last, and whether the last question was in vain.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Evidence {
    answered: Option<Timestamp>,
    failed: bool,
    /// Since when the store is down.
    no_store: Option<Timestamp>,
}

impl Evidence {
    fn link(self, line: Line, now: Timestamp) -> Link {
        let answered = match (self.answered, self.failed) {
            (None, false) => return Link::Connecting,
            (None, true) => return Link::Unreachable,
            (Some(since), true) => return Link::Lost { since },
            (Some(answered), false) => answered,
        };
        match (self.no_store, line) {
            _ if now.micros_since(answered) > PROOF_HOLDS_MICROS => Link::Unproven { since: answered },
            (Some(since), _) => Link::StoreDown { since },
            (None, Line::Cut { since }) => Link::CutOff { since },
            (None, Line::Absent) => Link::Polled,
            (None, Line::Opening | Line::Up) => Link::Connected,
        }
    }

    fn answer(&mut self, now: Timestamp) {
        (self.failed, self.answered) = (false, Some(now));
    }

    fn store(&mut self, is_there: bool, now: Timestamp) {
        self.no_store = if is_there { None } else { self.no_store.or(Some(now)) };
    }
}

impl Connection {
    /// What is known of the way to the server; tracks.
    pub fn link(&self) -> Link {
        self.link.get()
    }

    /// Asks at once, for example when the page comes back into sight.
    pub fn ask_now() {
        spawn_unowned(async {
            // What comes of it is observed.
            let _ = api::health().await;
        });
    }
}

/// The connection to the server.
pub fn use_connection() -> Connection {
    expect_context()
}

/// The revision of the dashboards in the last heartbeat; `None` before the first.
#[derive(Clone, Copy, Debug)]
pub struct DashboardsRevision(pub State<Option<u64>>);

/// Starts the server's clock, the live line and the watch over the connection, and makes them known to the page.
pub fn provide_connection() {
    let clock = ServerClock::start();
    provide_context(clock);
    let now = crate::state::server_clock::use_now();
    let evidence = State::new(Evidence::default());
    let revision = State::new(None);
    provide_context(DashboardsRevision(revision));
    let live = provide_live(clock, move |(store_ok, of_dashboards)| {
        let now = clock.read();
        evidence.update(|evidence| {
            evidence.answer(now);
            evidence.store(store_ok, now);
        });
        if revision.get_untracked() != Some(of_dashboards) {
            revision.set(Some(of_dashboards));
        }
    });
    let link = Derived::new(move || {
        now.track();
        evidence.get().link(live.line(), clock.read())
    });
    provide_context(Connection { link });
    api::observe(move |exchange: Exchange| {
        clock.observe(exchange);
        evidence.update(|evidence| {
            if exchange.reached {
                evidence.answer(clock.read());
            } else {
                evidence.failed = true;
            }
        });
    });
    spawn(async move {
        let mut seconds = 0;
        loop {
            if is_to_be_asked(live, seconds) {
                ask(evidence, clock).await;
            }
            seconds = (seconds + 1) % SECONDS_WITH_LINE;
            sleep(Duration::from_secs(1)).await;
        }
    });
    let was_hidden = Kept::new(false);
    on_window("visibilitychange", move |_| {
        let is_hidden = crate::browser::visibility::is_hidden();
        if !is_hidden && was_hidden.get_value() {
            // Before anything is painted: what was true when the page went out of sight may not be now.
            clock.tick();
            Connection::ask_now();
        }
        was_hidden.set_value(is_hidden);
    });
}

fn is_to_be_asked(live: Live, seconds: u32) -> bool {
    seconds == 0 || live.line_untracked() != Line::Up
}

/// Asks for the store and, where that is not told in time, whether the server lives.
async fn ask(evidence: State<Evidence>, clock: ServerClock) {
    let has_store = match api::ready().await {
        Ok(()) => true,
        Err(ApiFailure::Network) if api::health().await.is_err() => return,
        Err(_) => false,
    };
    let now = clock.read();
    evidence.update(|evidence| evidence.store(has_store, now));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::saturating_from_micros(secs * MICROS_PER_SEC)
    }

    fn answered(failed: bool) -> Evidence {
        Evidence {
            answered: Some(at(10)),
            failed,
            no_store: None,
        }
    }

    #[test]
    fn a_connection_is_only_claimed_while_it_is_proven() {
        let since = at(10);
        assert_eq!(Evidence::default().link(Line::Opening, at(10)), Link::Connecting);
        assert_eq!(answered(false).link(Line::Up, at(12)), Link::Connected);
        assert_eq!(answered(false).link(Line::Up, at(13)), Link::Unproven { since });
        assert_eq!(answered(true).link(Line::Up, at(11)), Link::Lost { since });
    }

    #[test]
    fn a_server_that_answers_does_not_hide_that_its_line_or_its_store_is_gone() {
        let since = at(7);
        assert_eq!(
            answered(false).link(Line::Cut { since }, at(11)),
            Link::CutOff { since }
        );
        assert_eq!(answered(false).link(Line::Absent, at(11)), Link::Polled);
        let mut evidence = answered(false);
        evidence.store(false, at(9));
        evidence.store(false, at(10));
        assert_eq!(evidence.link(Line::Up, at(11)), Link::StoreDown { since: at(9) });
        evidence.store(true, at(11));
        assert_eq!(evidence.link(Line::Up, at(11)), Link::Connected);
    }
}
