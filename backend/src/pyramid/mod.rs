//! The pyramid: buckets of time, each level four times as wide as the one below, derived from raw samples and kept beside
//! them, so that any window at any width costs about as much as its columns.
//!
//! # What is kept
//!
//! A tile holds one level of one block of up to 64 channels, or of the band over all of them, for 256 units (`grid.rs`)
//! of time:
//!
//! * level 0: the samples themselves, channel by channel, without loss; for the band, each frame's extremes. Raw frames
//!   lie in the database by time, with all channels side by side: without this copy the edges of each window of one
//!   channel of 1855 would cost reading all 1855, and the band of a night would read every sample.
//! * level k from 2 on: buckets of 4^k units with count, sum, extremes and their times, first and last. Level 1 is not
//!   kept: its buckets of four samples have four values of their own, so that it would be larger than the copy of the
//!   samples, from which it is summed up as fast as it is unpacked. One-channel metrics have no band: it is the channel.
//!
//! # When it is right
//!
//! An answer from here equals brute force over the raw samples, apart from the last bits of sums, which are added up in
//! another order. A tile is derived only when it is sealed, that is, when the metric has a frame after its end; later
//! writes into it remove it in their own transaction ([`crate::store::tiles`] has the protocol). Whatever is missing is
//! derived from the level below before it answers. After the last sealed tile of level 0 raw frames answer: a few
//! hundred of them. So every sample whose write was acknowledged before a question is in its answer; of writes that
//! come meanwhile some columns may know and others not.
//!
//! # Where samples are deleted
//!
//! Retention deletes samples that are too old ([`crate::retention`]). Normally their tiles go in the same transaction, and
//! an answer goes on to equal brute force over what is stored. Where the pyramid is to be kept longer, the tiles of
//! level 0 stay and *stand for* the samples (`retire.rs`): they hold every value and its time without loss, so an answer
//! equals brute force over the samples as they were; only arrival times and the frames themselves are gone. Three rules
//! keep it so:
//!
//! * Before samples go, each of their tiles is derived from them once more and stored, and they go only if nothing was
//!   written into that time since. Whoever derives a tile meanwhile looks afterwards whether it read samples that were
//!   being deleted.
//! * From then on these tiles are the truth of that time: a rebuild and another lattice leave them alone, writes into that
//!   time are refused, `verify` counts them apart, a backup contains them. All coarser tiles are derived from them as ever.
//! * What has to read samples (pages of samples, exports, latest values, nights) has none from that time, and brute force,
//!   should it be needed there, refuses to answer.
//!
//! Decoded tiles live in a cache with a bound in bytes. Their key has the generation of the metric's tiles, so that
//! nothing need be told when a late write makes them stale: nobody asks for them again. Values take four bytes there where
//! nothing is lost by that, and of buckets a raster unpacks only the number that its cells are made of.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::store::tiles::TileKey;
use crate::store::{self, MetricId, Store};
use crate::telemetry::CacheFigures;

mod build;
mod codec;
#[cfg(any(test, feature = "fuzz"))]
pub(crate) mod fuzz;
pub(crate) mod grid;
pub mod keep;
pub mod packing;
mod retire;
mod rhythm;
pub mod summary;
pub(crate) mod tile;
pub mod verify;
pub(crate) mod view;

use tile::{Decoded, Part};

/// How many bytes of decoded tiles are kept.
const CACHE_BYTES: u64 = 50 << 20;

/// Why the pyramid does not answer; brute force still can.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{0}")]
    Store(#[from] store::Error),
    /// Late writes came in between, or the lattice of tiles changed: ask again.
    #[error("samples were written meanwhile")]
    Moved,
    /// The samples lie too densely for any lattice, or the store keeps no tiles over them.
    #[error("these samples are not fit for tiles")]
    Unsuited,
    #[error("a tile cannot be packed: {0}")]
    Codec(#[from] codec::BadTile),
}

type Result<T> = std::result::Result<T, Error>;

/// A tile of a metric, as of a generation.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct CacheKey {
    metric_id: MetricId,
    generation: u64,
    tile: TileKey,
    /// How much of it.
    part: Part,
}

#[derive(Clone, Copy, Debug)]
struct ByBytes;

impl Weighter<CacheKey, Decoded> for ByBytes {
    fn weight(&self, _key: &CacheKey, tile: &Decoded) -> u64 {
        tile.bytes() as u64
    }
}

/// The pyramid over a store.
#[derive(Debug)]
pub struct Pyramid {
    store: Arc<dyn Store>,
    cache: Cache<CacheKey, Decoded, ByBytes>,
    figures: CacheFigures,
    /// Who derives tiles of a metric, so that all who need the same ones wait for the first.
    builders: Mutex<BTreeMap<MetricId, Arc<tokio::sync::Mutex<()>>>>,
}

impl Pyramid {
    /// The pyramid over a store, with an empty cache.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            cache: Cache::with_weighter(1024, CACHE_BYTES, ByBytes),
            figures: CacheFigures::default(),
            builders: Mutex::default(),
        }
    }

    /// The same, which tells how well its cache does.
    #[must_use]
    pub fn counted(self, figures: CacheFigures) -> Self {
        Self { figures, ..self }
    }

    /// The store that it stands on.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// About how many bytes of decoded tiles are in memory.
    pub fn cached_bytes(&self) -> u64 {
        self.cache.weight()
    }

    fn builder(&self, metric_id: MetricId) -> Arc<tokio::sync::Mutex<()>> {
        let mut builders = self.builders.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(builders.entry(metric_id).or_default())
    }
}

#[cfg(test)]
mod tests;
