//! The live line: one WebSocket for all questions of the page, over which what changes in their answers comes.
//!
//! | file       |                                                                                             |
//! |------------|---------------------------------------------------------------------------------------------|
//! | `session`  | what is subscribed, and up to where the page has been told; no socket, no clock             |
//! | `line`     | opens the socket, notices that it is cut, opens it again                                    |
//!
//! A panel asks over HTTP first, which caches, compresses and shares, and then subscribes with the position of the answer.
//! While the line is cut it shows what it has, as not received since; when the line is there again each question goes on
//! from its own position. Where a line cannot be had at all, everything is asked over HTTP, again and again.

use std::rc::Rc;

use leptos::prelude::{expect_context, on_cleanup, provide_context};
use shared::compact;
use shared::live::{Increment, Position, Question, ServerMessage};
use shared::time::Timestamp;

use crate::browser::socket::{Happening, Socket};
use crate::reactive::{Callback, Derived, Kept, State, spawn_unowned};
use crate::state::server_clock::ServerClock;
use session::Session;

mod line;

pub mod session;

pub use line::Line;

/// What is done with an increment for the question of a key. Not `dyn Fn`: each closure in one of those is compiled three
/// times.
trait Hear {
    fn hear(&self, key: u32, increment: Increment);
}

impl<F: Fn(u32, Increment)> Hear for F {
    fn hear(&self, key: u32, increment: Increment) {
        self(key, increment);
    }
}

struct Inner {
    session: Session,
    /// Who waits for the increments of which question.
    hearers: Vec<(u32, Rc<dyn Hear>)>,
    socket: Option<Socket>,
    is_open: bool,
    /// Looks at the line since something came over it.
    n_silent: u32,
    /// Attempts in vain, one after the other.
    n_failures: u32,
    /// The next attempt is not to wait: the page came back into sight, or the network did.
    is_hurried: bool,
    is_sending: bool,
}

/// The live line. There is one, as long as the page: one word, as nearly everything that is shown captures it.
#[derive(Clone, Copy, Debug)]
pub struct Live(&'static Parts);

/// What it is made of.
#[derive(Debug)]
struct Parts {
    inner: Kept<Inner>,
    line: State<Line>,
    clock: ServerClock,
    on_beat: Callback<(bool, u64)>,
    paused: State<Option<Timestamp>>,
    /// When an increment came last.
    heard: State<Timestamp>,
}

impl Live {
    /// How it stands with the line; tracks.
    pub fn line(self) -> Line {
        self.0.line.get()
    }

    /// How it stands with the line.
    pub fn line_untracked(self) -> Line {
        self.0.line.try_get_untracked().unwrap_or(Line::Absent)
    }

    /// When something last changed that the page shows.
    pub fn heard(self) -> Derived<Timestamp> {
        self.0.heard.into()
    }

    /// Since when everything stands still because somebody wished so.
    pub fn paused(self) -> Derived<Option<Timestamp>> {
        self.0.paused.into()
    }

    /// Whether everything stands still. Does not track.
    pub fn is_paused(self) -> bool {
        self.0.paused.try_get_untracked().flatten().is_some()
    }

    /// Stops the page where it is, or lets it go on with all that it missed.
    pub fn pause(self, is_paused: bool) {
        if self.is_paused() != is_paused {
            self.0.inner.update_value(|inner| inner.session.hold(is_paused));
            self.send_soon();
            self.0.paused.set(is_paused.then(|| self.0.clock.read()));
        }
    }

    /// Subscribes to a question: `hear` gets its key and what changes in its answer since a position, or all of the answer
    /// first where there is none. Yields the key, which [`Live::close`] wants.
    pub fn open(self, question: Question, since: Option<Position>, hear: impl Fn(u32, Increment) + 'static) -> u32 {
        self.begin(question, since, false, Rc::new(hear))
    }

    /// The same as long as the current owner lives.
    pub fn subscribe(
        self,
        question: Question,
        since: Option<Position>,
        hear: impl Fn(u32, Increment) + 'static,
    ) -> u32 {
        let key = self.open(question, since, hear);
        on_cleanup(move || self.close(key));
        key
    }

    /// The same for what is to be known also while the page is paused: all of the answer first, then what changes.
    pub fn watch(self, question: Question, hear: impl Fn(u32, Increment) + 'static) -> u32 {
        self.begin(question, None, true, Rc::new(hear))
    }

    fn begin(self, question: Question, since: Option<Position>, is_steady: bool, hear: Rc<dyn Hear>) -> u32 {
        let key = self.0.inner.try_update_value(|inner| {
            let key = inner.session.open(question, since, is_steady);
            inner.hearers.push((key, hear));
            key
        });
        self.send_soon();
        key.unwrap_or(0)
    }

    /// Ends a subscription.
    pub fn close(self, key: u32) {
        self.0.inner.update_value(|inner| {
            inner.session.close(key);
            inner.hearers.retain(|(known, _)| *known != key);
        });
        self.send_soon();
    }

    /// Has all of the answer sent again: what came does not fit to what is held.
    pub fn begin_anew(self, key: u32) {
        self.0.inner.update_value(|inner| inner.session.begin_anew(key));
        self.send_soon();
    }

    /// Whether changes of a subscribed question come by themselves now, so that nobody has to ask. Does not track.
    pub fn feeds(self, key: u32) -> bool {
        let is_fed = self
            .0
            .inner
            .try_with_value(|inner| inner.is_open && inner.session.feeds(key));
        is_fed == Some(true) && self.line_untracked() == Line::Up
    }

    /// All changes of the subscriptions up to here in one message.
    fn send_soon(self) {
        let is_first = self
            .0
            .inner
            .try_update_value(|inner| !std::mem::replace(&mut inner.is_sending, true));
        if is_first == Some(true) {
            spawn_unowned(async move {
                gloo_timers::future::sleep(std::time::Duration::ZERO).await;
                self.send();
            });
        }
    }

    fn send(self) {
        self.0.inner.update_value(|inner| {
            inner.is_sending = false;
            let Some(socket) = inner.socket.as_ref().filter(|_| inner.is_open) else {
                return;
            };
            // Nothing in a message is without a compact form.
            if let Ok(bytes) = compact::to_bytes(&inner.session.message()) {
                socket.send(&bytes);
            }
        });
    }

    fn happen(self, happening: Happening) {
        match happening {
            Happening::Opened => {
                self.0.inner.update_value(|inner| {
                    (inner.is_open, inner.n_silent) = (true, 0);
                    inner.session.restart();
                });
                self.send();
            }
            Happening::Closed => self.cut(),
            Happening::Said(bytes) => match compact::from_bytes(&bytes) {
                Ok(message) => {
                    self.0.inner.update_value(|inner| inner.n_silent = 0);
                    self.hear(message);
                }
                // Page and server are of different versions: over HTTP they say so.
                Err(_) => self.cut(),
            },
        }
    }

    fn hear(self, message: ServerMessage) {
        match message {
            ServerMessage::Heartbeat(beat) => {
                self.0.clock.observe_heartbeat(beat.now_us);
                let is_up = self.0.inner.try_update_value(|inner| {
                    inner.n_failures = 0;
                    inner.session.heartbeat(beat.position);
                    inner.session.has_caught_up()
                });
                let line = self.line_untracked();
                // The first line of a page has nothing to catch up with: its panels have just asked.
                if line != Line::Up && (is_up == Some(true) || line == Line::Opening) {
                    self.0.line.set(Line::Up);
                }
                self.0.on_beat.run((beat.store_ok, beat.dashboards_revision));
            }
            ServerMessage::Increment(increment) => {
                let hearer = self.0.inner.try_update_value(|inner| {
                    let key = inner.session.increment(increment.id, increment.position)?;
                    let (_, hearer) = inner.hearers.iter().find(|(known, _)| *known == key)?;
                    Some((key, Rc::clone(hearer)))
                });
                self.0.heard.set(self.0.clock.read());
                if let Some(Some((key, hearer))) = hearer {
                    hearer.hear(key, increment);
                }
            }
            ServerMessage::Resync { id, .. } => {
                self.0.inner.update_value(|inner| inner.session.resync(id));
                self.send_soon();
            }
            ServerMessage::Refused { id, .. } => self.0.inner.update_value(|inner| inner.session.refuse(id)),
        }
    }
}

/// Opens the line and makes it known to the page. `on_beat` is told at each heartbeat whether the store answers, and the
/// revision of the dashboards.
pub fn provide_live(clock: ServerClock, on_beat: impl Fn((bool, u64)) + 'static) -> Live {
    let live = Live(Box::leak(Box::new(Parts {
        inner: Kept::new(Inner {
            session: Session::default(),
            hearers: Vec::new(),
            socket: None,
            is_open: false,
            n_silent: 0,
            n_failures: 0,
            is_hurried: false,
            is_sending: false,
        }),
        line: State::new(Line::Opening),
        clock,
        on_beat: Callback::new(on_beat),
        paused: State::new(None),
        heard: State::new(Timestamp::EPOCH),
    })));
    provide_context(live);
    live.keep_open();
    live
}

/// The live line.
pub fn use_live() -> Live {
    expect_context()
}
