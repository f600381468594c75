//! Letting tiles stand for samples that are deleted.

use shared::time::{TimeRange, Timestamp};

use super::grid::SAMPLES;
use super::{Error, Pyramid, Result, codec};
use crate::store::retention::{Horizon, Stand};
use crate::store::tiles::{Tile, TileKey};
use crate::store::{self, MetricId, StoredMetric};

/// How many tiles, one after another in time, are retired in one transaction.
const TILES_AT_ONCE: i64 = 16;

/// How often to begin again where late writes come in between.
const ATTEMPTS: u32 = 5;

impl Pyramid {
    /// Deletes the samples of a metric before a moment, as far as whole tiles reach, and lets their finest tiles stand for
    /// them; gives how many frames those were. Tiles that end before `tiles_from` go.
    ///
    /// Each tile is derived from its samples once more before they go, whatever is stored for it.
    pub async fn retire(&self, metric: &StoredMetric, before: Timestamp, tiles_from: Timestamp) -> store::Result<u64> {
        let mut n_frames = 0;
        let mut n_failed = 0;
        loop {
            match self.retire_some(metric, before, tiles_from).await {
                Ok((n_of_step, is_done)) => {
                    n_frames += n_of_step;
                    n_failed = 0;
                    if is_done {
                        return Ok(n_frames);
                    }
                }
                Err(Error::Store(error)) => return Err(error),
                Err(Error::Moved) if n_failed < ATTEMPTS => n_failed += 1,
                Err(error) => {
                    return Err(store::Error::Unavailable(format!(
                        "its tiles cannot stand for samples: {error}"
                    )));
                }
            }
        }
    }

    async fn retire_some(
        &self,
        metric: &StoredMetric,
        before: Timestamp,
        tiles_from: Timestamp,
    ) -> Result<(u64, bool)> {
        let Some(view) = self.view(metric).await? else {
            return Ok((0, true));
        };
        // Before the first frame is sealed there is no tile yet.
        if view.sealed_us == i64::MIN {
            return Ok((0, true));
        }
        let finest = view.grid.span(SAMPLES);
        let end_us = finest.start_of(before.as_micros().min(view.sealed_us));
        let first = self
            .store
            .span(metric.id)
            .await?
            .map(|(first, _)| finest.start_of(first.as_micros()));
        let step_end_us = match first {
            Some(first_us) if first_us < end_us => end_us.min(first_us + TILES_AT_ONCE * finest.span_micros),
            _ => end_us,
        };
        let mut start_us = first.unwrap_or(step_end_us);
        while start_us < step_end_us {
            let mut tiles = Vec::new();
            for (block, tile) in view.build_samples(start_us).await? {
                let key = TileKey {
                    level: SAMPLES,
                    start_us,
                    block,
                };
                if let Some(bytes) = codec::encode(&tile, view.place(key))? {
                    tiles.push(Tile { key, bytes });
                }
            }
            if !tiles.is_empty() && !self.store.tiles().put_tiles(metric.id, view.generation, tiles).await? {
                return Err(Error::Moved);
            }
            start_us += finest.span_micros;
        }
        let horizon = Horizon {
            frames: Timestamp::saturating_from_micros(step_end_us),
            stand: Some(Stand {
                generation: view.generation,
                from: tiles_from,
            }),
        };
        let dropped = self.store.retention().drop_before(metric.id, &horizon).await?;
        Ok((dropped.ok_or(Error::Moved)?, step_end_us == end_us))
    }

    /// Refuses to answer for a range by brute force where tiles stand for samples: those would be missing silently.
    pub(crate) async fn check_brute_force(&self, metric_id: MetricId, range: TimeRange) -> store::Result<()> {
        let state = self.store.tiles().tile_state(metric_id).await?;
        match state.and_then(|state| state.standing) {
            Some(standing) if standing.intersection(range).is_some() => Err(store::Error::Unavailable(
                "the tiles that stand for deleted samples gave no answer; ask again".to_owned(),
            )),
            _ => Ok(()),
        }
    }
}
