//! Keeping the line open: trying, noticing that it is cut, trying again.

use std::time::Duration;

use gloo_timers::future::sleep;
use shared::time::Timestamp;

use super::Live;
use super::session::wait_ms;
use crate::browser::listen::on_window;
use crate::browser::socket::Socket;
use crate::browser::visibility::is_hidden;
use crate::reactive::spawn;

/// Where the socket is, below the page's base.
const PATH: &str = "/api/v1/live";

/// Between two looks at the line.
const LOOK_MS: u32 = 250;

/// So many looks in silence and the line is cut: three seconds.
const MOST_SILENT: u32 = 3_000 / LOOK_MS;

/// After so many attempts in vain a page does not count on a line: soon where there never was one; where there was, only
/// after some twenty seconds in which it says that nothing comes.
const MANY_FAILURES: u32 = 3;
const MANY_FAILURES_AFTER_ONE: u32 = 8;

/// How it stands with the live line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Line {
    /// The first attempt.
    Opening,
    /// What changes comes.
    Up,
    /// It was there, and is not, or is again and has not delivered yet what was missed.
    Cut {
        /// When something came over it last.
        since: Timestamp,
    },
    /// It cannot be had, as through a proxy that lets no sockets pass. It is tried all the same, now and then.
    Absent,
}

impl Live {
    /// Opens the line, and opens it again whenever it is cut, as long as the current owner lives.
    pub(super) fn keep_open(self) {
        spawn(async move {
            loop {
                let socket = Socket::open(PATH, move |happening| self.happen(happening));
                let is_tried = socket.is_some();
                self.0.inner.update_value(|inner| {
                    (inner.socket, inner.n_silent, inner.is_hurried) = (socket, 0, false);
                });
                while is_tried && self.is_held_open() {
                    sleep(Duration::from_millis(LOOK_MS.into())).await;
                }
                self.cut();
                self.rest().await;
            }
        });
        let hurry = move || {
            self.0.inner.update_value(|inner| inner.is_hurried = true);
        };
        on_window("online", move |_| hurry());
        on_window("visibilitychange", move |_| {
            if !is_hidden() {
                hurry();
            }
        });
    }

    /// One look at the line: whether it still is one. Counted in looks and not by a clock, because a page that was asleep
    /// has looked as seldom as it could have heard.
    fn is_held_open(self) -> bool {
        let is_held = self.0.inner.try_update_value(|inner| {
            inner.n_silent += 1;
            inner.socket.is_some() && inner.n_silent <= MOST_SILENT
        });
        is_held == Some(true)
    }

    /// The line is no more. What it carried is known up to here.
    pub(super) fn cut(self) {
        let was_open = self.0.inner.try_update_value(|inner| {
            // Its end may be told from within a call of its own.
            let socket = inner.socket.take();
            let was_there = socket.is_some();
            if let Some(socket) = socket {
                crate::reactive::spawn_unowned(async move { drop(socket) });
            }
            inner.session.restart();
            if was_there {
                inner.n_failures = inner.n_failures.saturating_add(1);
            }
            (std::mem::take(&mut inner.is_open), inner.n_failures)
        });
        let Some((was_open, n_failures)) = was_open else { return };
        match self.0.line.try_get_untracked() {
            Some(Line::Up) if was_open => self.0.line.set(Line::Cut {
                since: self.0.clock.heard(),
            }),
            Some(Line::Opening) if n_failures >= MANY_FAILURES => self.0.line.set(Line::Absent),
            Some(Line::Cut { .. }) if n_failures >= MANY_FAILURES_AFTER_ONE => self.0.line.set(Line::Absent),
            _ => {}
        }
    }

    /// Waits before the next attempt, unless there is a reason to hurry.
    async fn rest(self) {
        let n_failures = self.0.inner.try_with_value(|inner| inner.n_failures).unwrap_or(0);
        let wait = wait_ms(n_failures.saturating_sub(1), js_sys::Math::random());
        let mut waited = 0.0;
        while waited < wait && self.0.inner.try_with_value(|inner| inner.is_hurried) == Some(false) {
            sleep(Duration::from_millis(LOOK_MS.into())).await;
            waited += f64::from(LOOK_MS);
        }
    }
}
