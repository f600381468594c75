//! The one path by which samples are stored, whatever their format was.

use std::collections::BTreeMap;
use std::sync::Arc;

use shared::time::{MICROS_PER_DAY, Timestamp};

use super::{IncomingFrame, LineError, Parsed};
use crate::alarms::feed::Feed;
use crate::clock::Clock;
use crate::live::{Change, Hub};
use crate::retention::{Gate, Policy};
use crate::store::{self, Frame, MetricId, MetricProperties, Store};
use crate::streams::Watch;
use crate::telemetry::Ingest;

mod catalogue;
mod check;
mod merge;
mod resolved;

use catalogue::Catalogue;

/// What one store takes in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// How many channels a metric may have.
    pub channels_per_metric: usize,
    /// How many metrics there may be.
    pub metrics: usize,
    /// How far ahead of the clock a sample's time may be, in microseconds.
    pub ahead_micros: i64,
    /// About how many values are written at once; one frame is never split.
    pub values_per_batch: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            channels_per_metric: 20_000,
            metrics: 50_000,
            ahead_micros: MICROS_PER_DAY,
            values_per_batch: 1_000_000,
        }
    }
}

/// What became of some frames.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outcome {
    /// How many frames are stored, and will stay.
    pub accepted: usize,
    /// Which are not, by rising position.
    pub rejected: Vec<LineError>,
}

/// What became of an input that was taken in parts.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Received {
    /// How many frames are stored, and will stay.
    pub accepted: usize,
    /// How many mistakes there were.
    pub n_rejected: usize,
    /// The first of them, by rising position; at most [`MAX_LISTED`].
    pub rejected: Vec<LineError>,
}

/// How many mistakes of one input are listed.
pub const MAX_LISTED: usize = 1000;

/// The store failed in the middle of a call.
#[derive(Debug, thiserror::Error)]
#[error("{source}; {accepted} frames had been stored before")]
pub struct WriteFailed {
    /// How many frames are stored all the same, and will stay. Sending everything again stores nothing twice.
    pub accepted: usize,
    /// Why the store failed.
    #[source]
    pub source: store::Error,
}

/// Checks frames, finds or makes their metrics and channels, and stores them.
///
/// Calls may run side by side.
#[derive(Debug)]
pub struct Writer {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    limits: Limits,
    catalogue: Catalogue,
    gate: Gate,
    alarms: Arc<Feed>,
    /// Who is told of what was written, if anybody is.
    hub: Option<Arc<Hub>>,
    figures: Option<Ingest>,
    streams: Option<Arc<Watch>>,
}

impl Writer {
    /// A writer into a store. `known` says what metrics are; it wins over what a store or a file says.
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        limits: Limits,
        known: BTreeMap<String, MetricProperties>,
    ) -> Self {
        let catalogue = Catalogue::new(Arc::clone(&store), limits, known);
        Self {
            store,
            clock,
            limits,
            catalogue,
            gate: Gate::default(),
            alarms: Arc::default(),
            hub: None,
            figures: None,
            streams: None,
        }
    }

    /// The same, which refuses samples that are older than they are to be kept.
    #[must_use]
    pub fn with_retention(self, policy: Policy) -> Self {
        Self {
            gate: Gate::new(policy),
            ..self
        }
    }

    /// The same, which hands over what it stored.
    #[must_use]
    pub fn with_alarms(self, alarms: Arc<Feed>) -> Self {
        Self { alarms, ..self }
    }

    /// The same, which tells what it has written.
    #[must_use]
    pub fn with_hub(self, hub: Arc<Hub>) -> Self {
        Self { hub: Some(hub), ..self }
    }

    /// The same, which counts what it stores.
    #[must_use]
    pub fn counted(self, figures: Ingest) -> Self {
        Self {
            figures: Some(figures),
            ..self
        }
    }

    /// The same, which tells of all that it stores, and of the metrics that it meets.
    #[must_use]
    pub fn watched(self, streams: Arc<Watch>) -> Self {
        Self {
            catalogue: self.catalogue.watched(Arc::clone(&streams)),
            streams: Some(streams),
            ..self
        }
    }

    /// What refuses samples because of their age.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Says what a file tells about its metrics; used where neither configuration nor store know better.
    pub fn describe(&self, metrics: &BTreeMap<String, MetricProperties>) {
        self.catalogue.describe(metrics);
    }

    /// Makes sure that a metric and its channels exist, with what is known of them, for a source that writes to the store
    /// by itself. The limits are not asked.
    pub async fn ensure_metric(&self, metric: &str, channel_labels: &[String]) -> store::Result<MetricId> {
        self.catalogue.ensure(metric, channel_labels).await
    }

    /// Stores frames; they have arrived now. When it returns, what it calls accepted is durable.
    ///
    /// Frames of the same metric and time become one; where they name the same channel the last one wins. A frame that
    /// cannot be taken is rejected as a whole and leaves nothing behind; the others are stored.
    pub async fn store(&self, frames: Vec<IncomingFrame>) -> Result<Outcome, WriteFailed> {
        self.store_at(frames, self.clock.now()).await
    }

    async fn store_at(&self, frames: Vec<IncomingFrame>, now: Timestamp) -> Result<Outcome, WriteFailed> {
        let mut rejected = Vec::new();
        // What names a metric or a label that is there already has been checked when it was made.
        let check = |frame: &IncomingFrame| {
            self.check_time(frame, now)?;
            check::check_channels(&frame.channels, frame.values.len())
        };
        let frames = (0..).zip(frames);
        let (mut resolved, unknown) = self.catalogue.resolve(frames, now, check, &mut rejected);
        if !unknown.is_empty() {
            let more = self.resolve_new(unknown, now, &mut rejected).await;
            resolved.extend(more.map_err(|source| WriteFailed { accepted: 0, source })?);
        }
        let accepted = self.write(merge::merge(resolved, now)).await?;
        rejected.sort_by_key(|error| error.position);
        Ok(Outcome { accepted, rejected })
    }

    /// Stores what a parser makes of an input, part by part; all of it has arrived now.
    pub async fn receive(&self, parts: impl Iterator<Item = Parsed> + Send) -> Result<Received, WriteFailed> {
        let now = self.clock.now();
        let mut received = Received::default();
        for Parsed { frames, errors } in parts {
            let outcome = self.store_at(frames, now).await.map_err(|failed| WriteFailed {
                accepted: received.accepted + failed.accepted,
                ..failed
            })?;
            received.accepted += outcome.accepted;
            let mut rejected = outcome.rejected;
            rejected.extend(errors);
            received.n_rejected += rejected.len();
            rejected.sort_by_key(|error| error.position);
            let room = MAX_LISTED - received.rejected.len();
            received.rejected.extend(rejected.into_iter().take(room));
        }
        Ok(received)
    }

    async fn write(&self, merged: Vec<merge::Merged>) -> Result<usize, WriteFailed> {
        let mut accepted = 0;
        let mut batch: Vec<Frame> = Vec::new();
        let (mut n_values, mut n_sources) = (0, 0);
        let mut frames = merged.into_iter().peekable();
        while let Some(merged) = frames.next() {
            n_values += merged.frame.values.len();
            n_sources += merged.n_sources;
            batch.push(merged.frame);
            if n_values >= self.limits.values_per_batch || frames.peek().is_none() {
                let written = self.commit(std::mem::take(&mut batch), n_values).await;
                written.map_err(|source| WriteFailed { accepted, source })?;
                accepted += n_sources;
                (n_values, n_sources) = (0, 0);
            }
        }
        Ok(accepted)
    }

    /// Writes a batch, and tells of it after the commit.
    async fn commit(&self, batch: Vec<Frame>, n_values: usize) -> store::Result<()> {
        let store = Arc::clone(&self.store);
        let (hub, streams, figures) = (self.hub.clone(), self.streams.clone(), self.figures.clone());
        let alarms = Arc::clone(&self.alarms);
        // Apart from the request, which may end before the write does: what is committed must be told.
        let writing = tokio::spawn(async move {
            let written = store.write(&batch).await;
            if let Some(figures) = figures {
                let counter = if written.is_ok() {
                    &figures.values
                } else {
                    &figures.lost_values
                };
                counter.inc_by(n_values as u64);
            }
            if written.is_ok() {
                alarms.offer(&batch);
            }
            if let Some(streams) = streams
                && written.is_ok()
            {
                streams.note(&batch);
            }
            if let Some(hub) = hub {
                // Also where it failed: a commit whose answer was lost may have been one.
                hub.publish(Change::of_frames(&batch));
            }
            written
        });
        let lost = |error: tokio::task::JoinError| store::Error::Unavailable(error.to_string());
        writing.await.map_err(lost)?
    }

    /// Makes the metrics and channels that frames need, as far as they may have them.
    async fn resolve_new(
        &self,
        frames: Vec<(u32, IncomingFrame)>,
        now: Timestamp,
        rejected: &mut Vec<LineError>,
    ) -> store::Result<Vec<resolved::Resolved>> {
        let mut good = Vec::with_capacity(frames.len());
        for (order, frame) in frames {
            match self.check(&frame, now) {
                Ok(()) => good.push((order, frame)),
                Err(message) => rejected.push(LineError {
                    position: frame.position,
                    message,
                }),
            }
        }
        if good.is_empty() {
            return Ok(Vec::new());
        }
        let good = self.catalogue.grow(good, rejected).await?;
        let (resolved, missed) = self.catalogue.resolve(good.into_iter(), now, |_| Ok(()), rejected);
        rejected.extend(missed.into_iter().map(|(_, frame)| LineError {
            position: frame.position,
            message: "the store did not make the channels that it was asked for".to_owned(),
        }));
        Ok(resolved)
    }

    /// What can be said of a frame without knowing its metric.
    fn check(&self, frame: &IncomingFrame, now: Timestamp) -> Result<(), String> {
        shared::metric::check_metric_name(&frame.metric).map_err(|error| error.to_string())?;
        self.check_time(frame, now)?;
        check::check_channels(&frame.channels, frame.values.len())?;
        check::check_labels(&frame.channels)
    }

    fn check_time(&self, frame: &IncomingFrame, now: Timestamp) -> Result<(), String> {
        match frame.time {
            Some(time) if time.micros_since(now) > self.limits.ahead_micros => Err(format!(
                "its time {time} is more than {} ahead of the server's clock, {now}; check the clock of the source",
                hours(self.limits.ahead_micros)
            )),
            Some(time) => self.gate.check(&frame.metric, time, now),
            None => Ok(()),
        }
    }
}

fn hours(micros: i64) -> String {
    format!("{} h", micros / 3_600_000_000)
}

#[cfg(test)]
mod tests;
