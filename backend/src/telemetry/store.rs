//! What the store does, and how long it takes.

use std::time::Instant;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::store;

/// The upper ends of durations, in seconds: from a look into memory to a commit on a slow disk.
const BUCKETS_S: [f64; 11] = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0];

/// What a store is asked to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operation {
    /// To store frames.
    Write,
    /// To read frames of a range; the time is that until the first of them.
    Scan,
    /// To find the newest samples.
    Latest,
    /// To look something up by an index.
    LookUp,
    /// To say what metrics there are.
    Catalogue,
    /// To make or change a metric.
    Describe,
    /// To read tiles.
    ReadTiles,
    /// To keep tiles.
    WriteTiles,
    /// To answer at all.
    Ping,
}

impl Operation {
    const ALL: [Self; 9] = [
        Self::Write,
        Self::Scan,
        Self::Latest,
        Self::LookUp,
        Self::Catalogue,
        Self::Describe,
        Self::ReadTiles,
        Self::WriteTiles,
        Self::Ping,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Scan => "scan",
            Self::Latest => "latest",
            Self::LookUp => "look_up",
            Self::Catalogue => "catalogue",
            Self::Describe => "describe",
            Self::ReadTiles => "read_tiles",
            Self::WriteTiles => "write_tiles",
            Self::Ping => "ping",
        }
    }
}

/// How a store does.
#[derive(Clone, Debug)]
pub struct StoreFigures {
    /// One per [`Operation`], in their order.
    operations: Vec<(Histogram, Counter)>,
}

impl StoreFigures {
    pub(super) fn registered(registry: &mut Registry) -> Self {
        type Labels = [(&'static str, &'static str); 1];
        let durations: Family<Labels, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(BUCKETS_S));
        let errors: Family<Labels, Counter> = Family::default();
        registry.register_with_unit(
            "store_operation_duration",
            "Time that the store took for what it was asked to do",
            Unit::Seconds,
            durations.clone(),
        );
        registry.register(
            "store_errors",
            "How often the store failed at what it was asked to do",
            errors.clone(),
        );
        let operations = Operation::ALL.map(|operation| {
            let label = [("operation", operation.as_str())];
            (
                durations.get_or_create_owned(&label),
                errors.get_or_create_owned(&label),
            )
        });
        Self {
            operations: operations.to_vec(),
        }
    }

    /// Notes how a call ended that began at `started`, and hands its result on.
    pub fn note<T>(&self, operation: Operation, started: Instant, result: store::Result<T>) -> store::Result<T> {
        if let Some((duration, errors)) = self.operations.get(operation as usize) {
            duration.observe(started.elapsed().as_secs_f64());
            if result.is_err() {
                errors.inc();
            }
        }
        result
    }
}
