//! Comparing stored tiles with what they are derived from.

use super::grid::SAMPLES;
use super::tile::Decoded;
use super::view::View;
use super::{Error, Pyramid, codec};
use crate::store::tiles::{TileKey, TileState};
use crate::store::{self, StoredMetric};

/// What a comparison found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Verified {
    /// How many tiles were compared.
    pub tiles: u64,
    /// How many of them stand for samples that are deleted, so that they were only unpacked.
    pub standing: u64,
    /// Those that are not what they should be.
    pub differences: Vec<Difference>,
}

/// A tile that is not what it should be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// Which one.
    pub key: TileKey,
    /// What is wrong.
    pub what: String,
}

/// How often to begin again where late writes come in between.
const ATTEMPTS: u32 = 5;

impl Pyramid {
    /// Derives each stored tile of a metric again, those of samples from the raw samples and each other one from those
    /// of the level below, and compares bit by bit. Tiles that stand for deleted samples are unpacked. Changes nothing.
    ///
    /// Others may write meanwhile; where late samples keep coming into the time of tiles it is an error. Ask a pyramid
    /// with an empty cache, so that what is stored is compared.
    pub async fn verify(&self, metric: &StoredMetric) -> store::Result<Verified> {
        for _ in 0..ATTEMPTS {
            let before = self.store.tiles().tile_state(metric.id).await?;
            let verified = self.verify_once(metric).await?;
            let after = self.store.tiles().tile_state(metric.id).await?;
            let generation = |state: Option<TileState>| state.map(|state| state.generation);
            if verified.differences.is_empty() || generation(before) == generation(after) {
                return Ok(verified);
            }
        }
        Err(store::Error::Unavailable(
            "late samples were written all the time while tiles were compared; try again later".to_owned(),
        ))
    }

    async fn verify_once(&self, metric: &StoredMetric) -> store::Result<Verified> {
        let mut verified = Verified::default();
        if !self.store.tiles().keeps_tiles(metric.id).await? {
            return Ok(verified);
        }
        let keys = self.store.tiles().list_tiles(metric.id).await?;
        for of_one_span in keys.chunk_by(|left, right| (left.level, left.start_us) == (right.level, right.start_us)) {
            let (level, start_us) = (of_one_span[0].level, of_one_span[0].start_us);
            let Some(mut view) = self.look_only(metric).await.map_err(only_of_store)? else {
                break;
            };
            let stands = level == SAMPLES && view.stands_at(start_us);
            // What is derived on the way is dropped with the view.
            let derived = if level == SAMPLES {
                view.build_samples(start_us).await
            } else {
                view.build_buckets(level, start_us).await
            };
            for key in of_one_span {
                verified.tiles += 1;
                verified.standing += u64::from(stands);
                let what = match &derived {
                    Ok(_) if stands => self.compare(&view, *key, None).await?,
                    Ok(derived) => match derived.iter().find(|(block, _)| *block == key.block) {
                        Some((_, derived)) => self.compare(&view, *key, Some(derived)).await?,
                        None => Some("no samples are stored for it".to_owned()),
                    },
                    Err(Error::Store(error)) => return Err(error.clone()),
                    Err(error) => Some(format!("it cannot be derived again: {error}")),
                };
                verified
                    .differences
                    .extend(what.map(|what| Difference { key: *key, what }));
            }
        }
        Ok(verified)
    }

    /// What is wrong with a tile, if anything. Without a derived one it has to be whole.
    async fn compare(&self, view: &View<'_>, key: TileKey, derived: Option<&Decoded>) -> store::Result<Option<String>> {
        let stored = self
            .store
            .tiles()
            .read_tiles(view.metric_id, key.level, key.block, key.start_us, key.start_us)
            .await?;
        let Some(stored) = stored.first() else {
            return Ok(Some("it is gone".to_owned()));
        };
        Ok(match (codec::decode(&stored.bytes, view.place(key)), derived) {
            (Err(error), Some(_)) => Some(error.to_string()),
            (Err(error), None) => Some(format!("{error}, and the samples that it stood for are deleted")),
            (Ok(decoded), Some(derived)) if decoded != *derived => Some("it is not what its samples say".to_owned()),
            (Ok(_), _) => None,
        })
    }
}

fn only_of_store(error: Error) -> store::Error {
    match error {
        Error::Store(error) => error,
        other => store::Error::Unavailable(other.to_string()),
    }
}
