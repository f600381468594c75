//! What comes in.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use shared::route;

/// The ways by which samples come in over HTTP.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IngestPath {
    /// Frames in JSON.
    Frames,
    /// Line protocol, as to InfluxDB 1.x.
    Write,
    /// Line protocol, as to InfluxDB 2.x.
    WriteBucket,
}

impl IngestPath {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Frames => route::FRAMES,
            Self::Write => route::WRITE,
            Self::WriteBucket => route::WRITE_BUCKET,
        }
    }
}

/// Why a write was not even looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// Too many writes are under way, or too much of them.
    Overload,
    /// Its body is too large.
    TooLarge,
}

impl Refusal {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Overload => "overload",
            Self::TooLarge => "too_large",
        }
    }
}

/// What comes in.
#[derive(Clone, Debug)]
pub struct Ingest {
    frames: Family<[(&'static str, &'static str); 2], Counter>,
    refused: Family<[(&'static str, &'static str); 1], Counter>,
    /// How many values were stored, by whatever way they came.
    pub values: Counter,
    /// How many values could not be stored because the store failed.
    pub lost_values: Counter,
}

impl Ingest {
    pub(super) fn registered(registry: &mut Registry) -> Self {
        let ingest = Self {
            frames: Family::default(),
            refused: Family::default(),
            values: Counter::default(),
            lost_values: Counter::default(),
        };
        registry.register(
            "ingest_frames",
            "Frames, or fields of lines, that came in by a path: accepted, or rejected with a reason",
            ingest.frames.clone(),
        );
        registry.register(
            "ingest_refused_requests",
            "Writes that were dropped unread, with an answer that says so",
            ingest.refused.clone(),
        );
        registry.register("ingest_values", "Values that were stored", ingest.values.clone());
        registry.register(
            "ingest_failed_values",
            "Values that were not stored because the store failed; their senders were told",
            ingest.lost_values.clone(),
        );
        for refusal in [Refusal::Overload, Refusal::TooLarge] {
            ingest.refused.get_or_create_owned(&[("reason", refusal.as_str())]);
        }
        ingest
    }

    /// What became of a request.
    pub fn note(&self, path: IngestPath, accepted: usize, rejected: usize) {
        for (outcome, count) in [("accepted", accepted), ("rejected", rejected)] {
            let counter = self
                .frames
                .get_or_create_owned(&[("path", path.as_str()), ("outcome", outcome)]);
            counter.inc_by(count as u64);
        }
    }

    /// A request was dropped unread.
    pub fn refuse(&self, refusal: Refusal) {
        self.refused.get_or_create_owned(&[("reason", refusal.as_str())]).inc();
    }
}
