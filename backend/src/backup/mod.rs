//! Archives of a whole store: made while it serves, restored into an empty store of any kind.
//!
//! # What is in one
//!
//! All that cannot be derived: the metrics with their properties and channels, all frames with every value and arrival
//! bit by bit, the tiles that stand for deleted samples, and what is kept besides samples: records and events. Other tiles
//! are derived again after a restore, and versions of records begin at 1 again.
//!
//! # Format, version 2
//!
//! A gzip file; inside, the line `WATCHROOM BACKUP 2` with its line feed, then records. A record is a letter, the length of
//! its body in bytes as `u32`, and the body. All numbers are little-endian; times are microseconds since 1970 in UTC.
//!
//! | record | body |
//! |---|---|
//! | `M` | a metric, as JSON: `id`, `name`, `title`, `unit`, `kind`, `interval_us` (or null), `channels`: their labels |
//! | `S` | tiles that stand for samples: metric `u32`, from `i64`, until `i64`, number of levels `u8`, of each its number `u8` and the span of its tiles `i64` |
//! | `T` | such a tile: metric `u32`, start `i64`, block `u32`, then its bytes, as `pyramid/codec.rs` packs them |
//! | `F` | frames: metric `u32`, then one or more rows |
//! | `R` | a record, as JSON: `collection`, `key`, `body` |
//! | `V` | an event, as JSON: `log`, `time_us`, `key`, `body` |
//! | `E` | the end: metrics, frames, samples, tiles, records, events as `u64`, then the SHA-256 of all that comes before this record |
//!
//! A row is time `i64`, arrival `i64` (the newest, where they differ), a byte of flags, number of values n `u32`; with flag 1
//! n channels `u32`, else they are 0 to n-1; a byte 1 and n `f32`, or a byte 2 and n `f64`, where null is a NaN of its own as
//! in SQLite ([`crate::store::sqlite`]); with flag 2 n arrivals `i64`.
//!
//! Metrics come by rising number, each followed by its `S` and `T`, then its `F` by rising time; then all `R`, then all `V` by
//! rising log and time. A file without a good end is refused before anything of it is restored.
//!
//! Version 1 has neither `R` nor `V`, nor their numbers at its end; it is still read.

use std::io::Write;

use futures_util::TryStreamExt as _;
use shared::time::Timestamp;

use crate::store::snapshot::Snapshot;
use crate::store::{self, StoredMetric};

mod archive;
mod read;
mod restore;

pub use archive::{ArchiveWriter, Counts};
pub use read::{ArchiveReader, BadArchive};
pub use restore::{RestoreError, check, restore};

/// Tiles that stand for samples are read in so many spans at once.
const TILES_AT_ONCE: i64 = 64;

/// Why a backup was not made.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The store failed.
    #[error("{0}")]
    Store(#[from] store::Error),
    /// The archive cannot be written.
    #[error("the archive cannot be written: {0}")]
    Write(#[from] std::io::Error),
}

/// How far a long work is.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// What is worked on.
    pub metric: &'a str,
    /// Which metric that is, from 0, of how many.
    pub index: usize,
    /// Of how many.
    pub count: usize,
    /// How much of it is done, from 0 to 1.
    pub done: f64,
}

/// Writes a snapshot to an archive, and gives back what it was written to, all of it handed over.
pub async fn backup<W: Write + Send>(
    snapshot: &mut dyn Snapshot,
    output: W,
    mut progress: impl FnMut(Step<'_>) + Send,
) -> Result<(W, Counts), BackupError> {
    let mut archive = ArchiveWriter::new(output)?;
    let metrics = snapshot.metrics().await?;
    for (index, metric) in metrics.iter().enumerate() {
        let step = |done| Step {
            metric: &metric.name,
            index,
            count: metrics.len(),
            done,
        };
        progress(step(0.0));
        archive.metric(metric)?;
        standing(snapshot, metric, &mut archive).await?;
        let span = snapshot.span(metric.id).await?;
        let mut frames = snapshot.frames(metric.id);
        while let Some(chunk) = frames.try_next().await? {
            archive.frames(metric.id, &chunk)?;
            let last = chunk.last().map(|frame| frame.time);
            progress(step(fraction(span, last)));
            tokio::task::yield_now().await;
        }
    }
    for (collection, record) in snapshot.records().await? {
        archive.kept_record(collection, record)?;
    }
    let mut events = snapshot.events();
    while let Some(chunk) = events.try_next().await? {
        for (log, event) in chunk {
            archive.kept_event(log, event)?;
        }
    }
    drop(events);
    Ok(archive.finish()?)
}

async fn standing<W: Write>(
    snapshot: &mut dyn Snapshot,
    metric: &StoredMetric,
    archive: &mut ArchiveWriter<W>,
) -> Result<(), BackupError> {
    let Some(state) = snapshot.standing(metric.id).await? else {
        return Ok(());
    };
    let (Some(standing), Some(finest)) = (state.standing, state.spans.first()) else {
        return Ok(());
    };
    archive.standing(metric.id, standing, &state.spans)?;
    let mut start_us = finest.start_of(standing.start().as_micros());
    let end_us = standing.end().as_micros();
    let step_us = finest.span_micros.saturating_mul(TILES_AT_ONCE);
    while start_us < end_us {
        let next_us = start_us.saturating_add(step_us).min(end_us);
        let tiles = snapshot
            .finest_tiles(metric.id, finest.level, start_us, next_us - 1)
            .await?;
        for tile in &tiles {
            archive.tile(metric.id, tile)?;
        }
        start_us = next_us;
    }
    Ok(())
}

fn fraction(span: Option<(Timestamp, Timestamp)>, now: Option<Timestamp>) -> f64 {
    let (Some((first, last)), Some(now)) = (span, now) else {
        return 1.0;
    };
    now.micros_since(first) as f64 / last.micros_since(first).max(1) as f64
}

#[cfg(test)]
pub(crate) mod tests;
