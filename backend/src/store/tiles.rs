//! Tiles: bytes derived from raw samples, kept beside them so that they are not derived again at each start.
//!
//! A store knows nothing of what is in a tile. It knows which span of time each one is about, and by that keeps one
//! promise: **a tile that can be read is not older than any sample in its span.** Two rules make it true.
//!
//! * A write of samples removes, in the same transaction, every tile of the metric whose span holds one of their times.
//!   Only times before the sealed moment can have tiles, so a write after it costs one look-up.
//! * Whoever derives a tile first seals the time up to its end, then reads raw samples, then stores the tile with the
//!   generation that the sealing gave. Each write before the sealed moment, and each dropping, raises the generation;
//!   a tile of an older generation is refused. So a tile can never be stored over a write that it has not seen.
//!
//! Where samples are deleted because of their age, their tiles go with them or come to stand for them
//! ([`super::retention`]).

use async_trait::async_trait;
use shared::time::{TimeRange, Timestamp};

use super::{MetricId, Result};

/// How long the tiles of one level are. They lie side by side, aligned to the epoch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TileSpan {
    /// The level.
    pub level: u8,
    /// The span of each of its tiles in microseconds, above zero.
    pub span_micros: i64,
}

impl TileSpan {
    /// The start of the tile that holds a moment, in microseconds since the epoch.
    pub const fn start_of(self, time_us: i64) -> i64 {
        time_us.div_euclid(self.span_micros) * self.span_micros
    }
}

/// What a store knows of the tiles of a metric.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TileState {
    /// The levels that there may be, rising.
    pub spans: Vec<TileSpan>,
    /// No tile reaches beyond this moment.
    pub sealed: Timestamp,
    /// Raised by each write before `sealed` and by each dropping of tiles.
    pub generation: u64,
    /// The time whose samples are deleted, and whose tiles of the first of `spans` stand for them
    /// ([`super::retention`]); whole tiles.
    pub standing: Option<TimeRange>,
}

impl TileState {
    /// Sealed for the first time.
    pub(crate) fn new(spans: &[TileSpan], sealed: Timestamp) -> Self {
        Self {
            spans: spans.to_vec(),
            sealed,
            generation: 1,
            standing: None,
        }
    }

    /// Sealed again; and whether all tiles go, because their spans are others.
    pub(crate) fn sealed_again(&self, spans: &[TileSpan], until: Timestamp) -> (Self, bool) {
        if self.spans == spans || self.standing.is_some() {
            let sealed = self.sealed.max(until);
            return (Self { sealed, ..self.clone() }, false);
        }
        let generation = self.generation + 1;
        (
            Self {
                generation,
                ..Self::new(spans, until)
            },
            true,
        )
    }

    /// By level: the tiles that start from this many microseconds on may be dropped; the others stand for samples.
    pub(crate) fn droppable(&self) -> impl Iterator<Item = (u8, i64)> + '_ {
        let finest = self.spans.first().map(|span| span.level);
        self.spans.iter().map(move |span| match self.standing {
            Some(standing) if Some(span.level) == finest => (span.level, standing.end().as_micros()),
            _ => (span.level, i64::MIN),
        })
    }
}

/// Which tile, among those of a metric.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TileKey {
    /// Its level.
    pub level: u8,
    /// The start of its span in microseconds since the epoch, as [`TileSpan::start_of`] gives it.
    pub start_us: i64,
    /// Which part of the metric it is about.
    pub block: u32,
}

/// A tile as it is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tile {
    /// Which one.
    pub key: TileKey,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// How much of a metric is stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StoredSizes {
    /// Frames.
    pub frames: u64,
    /// Samples.
    pub values: u64,
    /// Bytes of raw samples with their channels and arrivals, without the database's own overhead.
    pub raw_bytes: u64,
    /// Tiles.
    pub tiles: u64,
    /// Bytes of tiles, likewise.
    pub tile_bytes: u64,
}

/// Tiles of metrics; see the [module](self) for the promise that all methods keep together.
#[async_trait]
pub trait TileStore: std::fmt::Debug + Send + Sync + 'static {
    /// Whether tiles of a metric can be kept. Where others write its samples, unseen by this program, they cannot: then nothing
    /// is known of tiles, sealing fails, and each answer has to come from the samples.
    async fn keeps_tiles(&self, _metric_id: MetricId) -> Result<bool> {
        Ok(true)
    }

    /// What is known of a metric's tiles; `None` where time was never sealed.
    async fn tile_state(&self, metric_id: MetricId) -> Result<Option<TileState>>;

    /// Seals the time up to `until`, or as far as it was sealed before, and gives what is known then.
    ///
    /// Other `spans` than those kept replace them and drop all tiles, but not while tiles stand for samples: then the
    /// spans stay as they are. An unknown metric is [`super::Error::Invalid`].
    async fn seal_tiles(&self, metric_id: MetricId, spans: &[TileSpan], until: Timestamp) -> Result<TileState>;

    /// The tiles of a level and block that start in `first_us..=last_us`, by rising start.
    async fn read_tiles(
        &self,
        metric_id: MetricId,
        level: u8,
        block: u32,
        first_us: i64,
        last_us: i64,
    ) -> Result<Vec<Tile>>;

    /// Stores tiles over those that are there: all, or none and `false` where the generation is another one by now.
    ///
    /// Each lies wholly before the sealed moment. Durable when it returns.
    async fn put_tiles(&self, metric_id: MetricId, generation: u64, tiles: Vec<Tile>) -> Result<bool>;

    /// Removes all tiles of a metric, but for those that stand for samples, and raises its generation.
    async fn drop_tiles(&self, metric_id: MetricId) -> Result<()>;

    /// The keys of all tiles of a metric, rising.
    async fn list_tiles(&self, metric_id: MetricId) -> Result<Vec<TileKey>>;

    /// How much is stored of a metric. May read all of it.
    async fn stored_sizes(&self, metric_id: MetricId) -> Result<StoredSizes>;
}

/// The time that tiles stand for, as databases keep its ends.
pub(crate) fn standing(start: Option<Timestamp>, end: Option<Timestamp>) -> Result<Option<TimeRange>> {
    let range = start
        .zip(end)
        .map(|(start, end)| TimeRange::new(start, end))
        .transpose();
    range.map_err(|error| super::Error::Corrupt(format!("the time that tiles stand for: {error}")))
}

/// The first and last start in each run of neighboring tiles that hold the times, which rise.
pub(crate) fn starts_of_runs(span: TileSpan, times_us: &[i64]) -> Vec<(i64, i64)> {
    let mut runs: Vec<(i64, i64)> = Vec::new();
    for time_us in times_us {
        let start_us = span.start_of(*time_us);
        match runs.last_mut() {
            Some((_, last_us)) if start_us <= last_us.saturating_add(span.span_micros) => *last_us = start_us,
            _ => runs.push((start_us, start_us)),
        }
    }
    runs
}
