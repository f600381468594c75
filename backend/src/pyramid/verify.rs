//! Comparing stored tiles with what they are derived from.

use super::grid::SAMPLES;
use super::tile::Decoded;
use super::{Error, Pyramid, codec};
use crate::store::tiles::TileKey;
use crate::store::{self, StoredMetric};

/// What a comparison found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Verified {
    /// How many tiles were compared.
    pub tiles: u64,
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

impl Pyramid {
    /// Derives each stored tile of a metric again, those of samples from the raw samples and each other one from those
    /// of the level below, and compares bit by bit. Changes nothing.
    ///
    /// Nobody may write meanwhile. Ask a pyramid with an empty cache, so that what is stored is compared.
    pub async fn verify(&self, metric: &StoredMetric) -> store::Result<Verified> {
        let mut verified = Verified::default();
        if !self.store.tiles().keeps_tiles(metric.id).await? {
            return Ok(verified);
        }
        let keys = self.store.tiles().list_tiles(metric.id).await?;
        for of_one_span in keys.chunk_by(|left, right| (left.level, left.start_us) == (right.level, right.start_us)) {
            let (level, start_us) = (of_one_span[0].level, of_one_span[0].start_us);
            let derived = self.derive_again(metric, level, start_us).await;
            for key in of_one_span {
                verified.tiles += 1;
                let what = match &derived {
                    Ok(derived) => self.compare(metric, *key, derived).await?,
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

    async fn derive_again(
        &self,
        metric: &StoredMetric,
        level: u8,
        start_us: i64,
    ) -> super::Result<Vec<(u32, Decoded)>> {
        let Some(mut view) = self.view(metric).await? else {
            return Ok(Vec::new());
        };
        // What is derived on the way is dropped with the view.
        if level == SAMPLES {
            view.build_samples(start_us).await
        } else {
            view.build_buckets(level, start_us).await
        }
    }

    /// What is wrong with a tile, if anything.
    async fn compare(
        &self,
        metric: &StoredMetric,
        key: TileKey,
        derived: &[(u32, Decoded)],
    ) -> store::Result<Option<String>> {
        let Some((_, derived)) = derived.iter().find(|(block, _)| *block == key.block) else {
            return Ok(Some("no samples are stored for it".to_owned()));
        };
        let Some(view) = self.view(metric).await.map_err(only_of_store)? else {
            return Ok(Some("no samples are stored for it".to_owned()));
        };
        let stored = self
            .store
            .tiles()
            .read_tiles(metric.id, key.level, key.block, key.start_us, key.start_us)
            .await?;
        let Some(stored) = stored.first() else {
            return Ok(Some("it is gone".to_owned()));
        };
        Ok(match codec::decode(&stored.bytes, view.place(key)) {
            Err(error) => Some(error.to_string()),
            Ok(decoded) if decoded != *derived => Some("it is not what its samples say".to_owned()),
            Ok(_) => None,
        })
    }
}

fn only_of_store(error: Error) -> store::Error {
    match error {
        Error::Store(error) => error,
        other => store::Error::Unavailable(other.to_string()),
    }
}
