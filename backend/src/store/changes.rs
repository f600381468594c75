//! What other processes write into the same database, so that each server's viewers hear of it.

use std::fmt;

use async_trait::async_trait;
use futures_core::stream::BoxStream;

use super::{MetricId, Result};

/// Something that another process has committed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Heard {
    /// Samples of a metric in a range of time, in microseconds since the epoch; half-open.
    Written {
        /// The metric.
        metric_id: MetricId,
        /// The time of the first of them.
        from_us: i64,
        /// The first microsecond after the last.
        to_us: i64,
    },
    /// More than is told one by one.
    Anything,
}

/// What databases tell that several processes may use.
#[async_trait]
pub trait ChangeFeed: fmt::Debug + Send + Sync {
    /// Listens: what other processes commit after this has returned comes in the stream, within a second. What this
    /// process writes does not. The stream ends with its first error; then something may have been missed.
    async fn listen(&self) -> Result<BoxStream<'static, Result<Vec<Heard>>>>;
}
