//! How much may be under way at once: the bound on the memory that writes can take.
//!
//! A request is admitted before its body is read, and holds each byte of the body, unpacked, until it is answered. What
//! goes beyond a limit is refused at once; nothing queues without a bound. Reading a body into frames takes more memory
//! than the body has, and so requests that are fully read take turns, large ones several; each stores its body in parts
//! of [`PART_VALUES`].
//!
//! All of it together: the bytes in flight, and for the turns at the most about 300 MB (lines of six bytes; a tenth of
//! it for lines as clients write them).

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many values are parsed and stored at a time; a line or frame is never split.
pub const PART_VALUES: usize = 65_536;

/// How many turns there are.
const TURNS: usize = 64;

/// One turn is for so many bytes of a body ...
const BYTES_PER_TURN: usize = 64 << 10;

/// ... but a body is stored in parts, and so takes no more than this many.
const MAX_TURNS: usize = 16;

/// How much may be under way at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// The most bytes that one body may have, unpacked; below 4 GiB.
    pub body_bytes: usize,
    /// The most bytes that all bodies may have together, unpacked.
    pub in_flight_bytes: usize,
    /// The most requests.
    pub in_flight_requests: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            body_bytes: 64 << 20,
            in_flight_bytes: 256 << 20,
            in_flight_requests: 256,
        }
    }
}

/// There is too much under way; the same request can be taken a little later.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Overloaded {
    /// Too many requests.
    #[error("{0} writes are under way, which is the limit; send it again shortly, or raise ingest.requests_in_flight")]
    Requests(usize),
    /// Too many bytes.
    #[error(
        "the bodies under way have {0} bytes, which is the limit; send it again shortly, or raise ingest.bytes_in_flight"
    )]
    Bytes(usize),
}

/// Lets requests in.
#[derive(Debug)]
pub struct Admission {
    bounds: Bounds,
    requests: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

impl Admission {
    /// Nothing is under way yet.
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            requests: Arc::new(Semaphore::new(bounds.in_flight_requests)),
            bytes: Arc::new(Semaphore::new(bounds.in_flight_bytes)),
            turns: Arc::new(Semaphore::new(TURNS)),
        }
    }

    /// What is allowed.
    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// Lets a request in until what it gets is dropped.
    pub fn admit(&self) -> Result<Admitted, Overloaded> {
        let request = Arc::clone(&self.requests).try_acquire_owned();
        let request = request.map_err(|_none_left| Overloaded::Requests(self.bounds.in_flight_requests))?;
        Ok(Admitted {
            limit_bytes: self.bounds.in_flight_bytes,
            free_bytes: Arc::clone(&self.bytes),
            free_turns: Arc::clone(&self.turns),
            bytes: None,
            turns: None,
            _request: request,
        })
    }
}

/// The place of one request among those under way; free again when dropped.
#[derive(Debug)]
pub struct Admitted {
    limit_bytes: usize,
    free_bytes: Arc<Semaphore>,
    free_turns: Arc<Semaphore>,
    bytes: Option<OwnedSemaphorePermit>,
    turns: Option<OwnedSemaphorePermit>,
    _request: OwnedSemaphorePermit,
}

impl Admitted {
    /// Takes room for more bytes of the body.
    pub fn hold(&mut self, n_bytes: usize) -> Result<(), Overloaded> {
        let overloaded = Overloaded::Bytes(self.limit_bytes);
        let n_bytes = u32::try_from(n_bytes).map_err(|_too_many| overloaded)?;
        let more = Arc::clone(&self.free_bytes).try_acquire_many_owned(n_bytes);
        let more = more.map_err(|_none_left| overloaded)?;
        match &mut self.bytes {
            Some(bytes) => bytes.merge(more),
            none => *none = Some(more),
        }
        Ok(())
    }

    /// Waits for its turn, after the body has been read and before it is parsed; keeps it to the end.
    pub async fn take_turn(&mut self) {
        let n_bytes = self.bytes.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let n_turns = (n_bytes / BYTES_PER_TURN + 1).min(MAX_TURNS);
        let n_turns = u32::try_from(n_turns).unwrap_or(1);
        // Fails only for a semaphore that is closed, which this one never is.
        self.turns = Arc::clone(&self.free_turns).acquire_many_owned(n_turns).await.ok();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn small() -> Admission {
        Admission::new(Bounds {
            body_bytes: 100,
            in_flight_bytes: 150,
            in_flight_requests: 2,
        })
    }

    #[test]
    fn a_request_beyond_the_limit_is_refused_until_another_one_ends() {
        let admission = small();
        let first = admission.admit().unwrap();
        let _second = admission.admit().unwrap();
        assert_eq!(admission.admit().unwrap_err(), Overloaded::Requests(2));
        drop(first);
        assert!(admission.admit().is_ok());
    }

    #[test]
    fn bytes_are_held_until_the_request_ends() {
        let admission = small();
        let mut first = admission.admit().unwrap();
        let mut second = admission.admit().unwrap();
        first.hold(60).unwrap();
        first.hold(40).unwrap();
        second.hold(50).unwrap();
        assert_eq!(second.hold(1), Err(Overloaded::Bytes(150)));
        drop(first);
        second.hold(100).unwrap();
        drop(second);
        assert_eq!(admission.bytes.available_permits(), 150);
    }

    #[test]
    fn large_bodies_take_several_turns_and_small_ones_pass_until_there_are_none() {
        let admission = Admission::new(Bounds::default());
        let mut waiting = Vec::new();
        for _ in 0..TURNS / MAX_TURNS {
            let mut large = admission.admit().unwrap();
            large.hold(10 << 20).unwrap();
            assert!(large.take_turn().now_or_never().is_some());
            waiting.push(large);
        }
        let mut small = admission.admit().unwrap();
        small.hold(10).unwrap();
        assert!(small.take_turn().now_or_never().is_none());
        waiting.pop();
        assert!(small.take_turn().now_or_never().is_some());
    }
}
