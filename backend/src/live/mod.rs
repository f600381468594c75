//! Live updates: open questions, and what changes in their answers.
//!
//! After a commit the [`Writer`](crate::ingest::writer::Writer) publishes to the [`Hub`] what has changed; the
//! hub numbers it. No data are queued anywhere: a question ([`topic`]) that a change touches is computed anew for the
//! columns that it touches, from the store, at most ten times a second and once for all who ask it. A client
//! ([`session`]) takes it when its socket is free. One that has fallen behind gets, in one step, what makes up for all that
//! it missed: the hub knows what has changed since any position of this run. So memory is bounded, whatever clients do,
//! and what a client holds is what HTTP would answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use shared::alarm::AlarmList;
use shared::error::ApiError;
use shared::query::streams::Streams;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::pyramid::Pyramid;
use crate::query;
use crate::query::turns::Turns;
use crate::streams::Watch;
use crate::telemetry::Live as Figures;

pub mod broadcast;

pub mod change;

pub mod feed;

pub mod hub;

pub mod log;

pub mod session;

pub mod step;

pub mod topic;

mod error;
mod pulse;
mod registry;
mod subscription;

pub use broadcast::Broadcast;
pub use change::Change;
pub use hub::Hub;

use pulse::Pulse;
use registry::Registry;

/// The most clients of one server.
pub const MAX_CLIENTS: usize = 500;

/// How a client is told why its question has no answer: as HTTP says it.
pub type Refuse = fn(query::Error) -> ApiError;

/// Live updates of one server.
#[derive(Debug)]
pub struct Live {
    base: Arc<Base>,
    registry: Registry,
    pulse: Arc<Pulse>,
    /// Who asks for the pulse, while there are clients.
    feeling: Mutex<Option<JoinHandle<()>>>,
    seats: Arc<Semaphore>,
    stopping: watch::Sender<bool>,
}

/// What all open questions share.
#[derive(Debug)]
pub struct Base {
    /// The changes of stored samples.
    pub hub: Arc<Hub>,
    /// The answer to `GET /api/v1/alarms`: send it whole whenever it has changed.
    pub alarms: Broadcast<AlarmList>,
    /// The answer to `GET /api/v1/streams`: send it whole whenever it has changed.
    pub streams: Broadcast<Streams>,
    pyramid: Arc<Pyramid>,
    watch: Arc<Watch>,
    clock: Arc<dyn Clock>,
    turns: Turns,
    refuse: OnceLock<Refuse>,
    figures: Figures,
}

impl std::ops::Deref for Live {
    type Target = Base;

    fn deref(&self) -> &Base {
        &self.base
    }
}

/// Why there is no step.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// There will be none.
    Ended(ApiError),
    /// The store failed.
    Later,
}

impl Base {
    /// What a client is told about an error that stays; `None` for one that may pass.
    fn refused(&self, error: query::Error) -> Option<ApiError> {
        if let query::Error::Store(error) = error {
            tracing::warn!(%error, "a live question is not answered, it is tried again: {error}");
            return None;
        }
        Some(match self.refuse.get() {
            Some(refuse) => refuse(error),
            None => plainly(&error),
        })
    }
}

fn plainly(error: &query::Error) -> ApiError {
    ApiError {
        code: "refused".to_owned(),
        message: error.to_string(),
        details: BTreeMap::new(),
    }
}

/// A place among the clients, until it is dropped.
#[derive(Debug)]
pub struct Seat {
    live: Arc<Live>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Seat {
    fn drop(&mut self) {
        // This one still counts.
        if MAX_CLIENTS <= self.live.seats.available_permits() + 1 {
            self.live.feel(false);
        }
    }
}

impl Live {
    /// Live updates over the changes of a hub.
    pub fn new(hub: Arc<Hub>, pyramid: Arc<Pyramid>, watch: Arc<Watch>, clock: Arc<dyn Clock>) -> Self {
        let base = Base {
            hub,
            alarms: Broadcast::default(),
            streams: Broadcast::default(),
            pyramid,
            watch,
            clock,
            turns: Turns::of_machine(),
            refuse: OnceLock::new(),
            figures: Figures::default(),
        };
        Self {
            base: Arc::new(base),
            registry: Registry::default(),
            pulse: Arc::default(),
            feeling: Mutex::default(),
            seats: Arc::new(Semaphore::new(MAX_CLIENTS)),
            stopping: watch::Sender::new(false),
        }
    }

    /// The same, which counts what it sends.
    #[must_use]
    pub fn counted(mut self, figures: Figures) -> Self {
        // Nobody else holds it yet.
        if let Some(base) = Arc::get_mut(&mut self.base) {
            base.figures = figures;
        }
        self
    }

    /// Says how errors are told to clients; the first to say so is heard.
    pub fn refuse_with(&self, refuse: Refuse) {
        let _earlier = self.base.refuse.set(refuse);
    }

    /// A place for one more client; `None` where there are [`MAX_CLIENTS`].
    pub fn take_seat(self: &Arc<Self>) -> Option<Seat> {
        let permit = Arc::clone(&self.seats).try_acquire_owned().ok()?;
        self.feel(true);
        Some(Seat {
            live: Arc::clone(self),
            _permit: permit,
        })
    }

    fn feel(&self, wanted: bool) {
        let mut feeling = self.feeling.lock().unwrap_or_else(PoisonError::into_inner);
        match (&*feeling, wanted) {
            (None, true) => {
                let (pulse, pyramid) = (Arc::clone(&self.pulse), Arc::clone(&self.base.pyramid));
                *feeling = Some(tokio::spawn(async move { pulse.feel(pyramid.store()).await }));
            }
            (Some(task), false) => {
                task.abort();
                *feeling = None;
            }
            _ => {}
        }
    }

    /// How many clients there are.
    pub fn n_clients(&self) -> usize {
        MAX_CLIENTS.saturating_sub(self.seats.available_permits())
    }

    /// How many different questions they have open.
    pub fn n_questions(&self) -> usize {
        self.registry.len()
    }

    fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    /// Tells all clients that the server stops, and lets them go.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Waits until the last client has gone.
    pub async fn stopped(&self) {
        let all = u32::try_from(MAX_CLIENTS).unwrap_or(u32::MAX);
        let _all_seats = self.seats.acquire_many(all).await;
    }
}
