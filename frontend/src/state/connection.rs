//! Whether the server is there, judged by a question each second and by every other request.

use std::time::Duration;

use gloo_timers::future::sleep;
use leptos::prelude::*;
use shared::time::{MICROS_PER_SEC, Timestamp};

use crate::api::{self, Exchange};
use crate::browser::listen::on_window;
use crate::reactive::{Derived, State, spawn, spawn_unowned};
use crate::state::server_clock::ServerClock;

/// How long a proof of life holds, in microseconds.
const PROOF_HOLDS_MICROS: i64 = 3 * MICROS_PER_SEC;

/// What is known of the way to the server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Link {
    /// It has not answered yet.
    Connecting,
    /// It answered within the last 3 s.
    Connected,
    /// Nobody has asked for 3 s: the browser held the page back, as it does in the background.
    Unproven,
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
            Self::Unproven => "unproven",
            Self::Lost { .. } => "lost",
            Self::Unreachable => "unreachable",
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
}

impl Evidence {
    fn link(self, now: Timestamp) -> Link {
        match (self.answered, self.failed) {
            (None, false) => Link::Connecting,
            (None, true) => Link::Unreachable,
            (Some(since), true) => Link::Lost { since },
            (Some(answered), false) if now.micros_since(answered) > PROOF_HOLDS_MICROS => Link::Unproven,
            (Some(_), false) => Link::Connected,
        }
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

/// Starts the server's clock and the watch over the connection, and makes both known to the page.
pub fn provide_connection() {
    let clock = ServerClock::start();
    provide_context(clock);
    let now = crate::state::server_clock::use_now();
    let evidence = State::new(Evidence::default());
    let link = Derived::new(move || {
        now.track();
        evidence.get().link(clock.read())
    });
    provide_context(Connection { link });
    api::observe(move |exchange: Exchange| {
        clock.observe(exchange);
        evidence.update(|evidence| {
            evidence.failed = !exchange.reached;
            if exchange.reached {
                evidence.answered = Some(clock.read());
            }
        });
    });
    spawn(async {
        loop {
            let _ = api::health().await;
            sleep(Duration::from_secs(1)).await;
        }
    });
    on_window("visibilitychange", |_| {
        if !crate::browser::visibility::is_hidden() {
            Connection::ask_now();
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::saturating_from_micros(secs * MICROS_PER_SEC)
    }

    #[test]
    fn a_connection_is_only_claimed_while_it_is_proven() {
        let answered = |failed| Evidence {
            answered: Some(at(10)),
            failed,
        };
        assert_eq!(Evidence::default().link(at(10)), Link::Connecting);
        assert_eq!(answered(false).link(at(13)), Link::Connected);
        assert_eq!(answered(false).link(at(14)), Link::Unproven);
        assert_eq!(answered(true).link(at(11)), Link::Lost { since: at(10) });
    }
}
