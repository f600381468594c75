//! Filling an empty store from an archive.

use std::collections::BTreeMap;
use std::io::Read;

use shared::time::{TimeRange, Timestamp};

use super::archive::Counts;
use super::read::{ArchiveReader, BadArchive, Record};
use crate::store::records::RecordChange;
use crate::store::retention::{Horizon, Stand};
use crate::store::row::{Arrivals, Row};
use crate::store::{self, Channels, Frame, MetricId, Store};

/// About how many values are written at once.
const VALUES_PER_BATCH: usize = 500_000;

/// How many records and events are stored at once, and about how many bytes of them.
const CHANGES_PER_BATCH: usize = 1000;
const BYTES_PER_BATCH: usize = 4 << 20;

/// Why an archive was not restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// There is something in the store already.
    #[error("the store is not empty: it has {0} metrics; name a new one, for a restore never mixes two archives")]
    NotEmpty(usize),
    /// The archive cannot be used.
    #[error("{0}")]
    Archive(#[from] BadArchive),
    /// The store failed, and holds a part of the archive.
    #[error("{0}")]
    Store(#[from] store::Error),
}

/// Reads an archive to its end without storing anything, and tells what is in it.
pub fn check(input: impl Read) -> Result<Counts, BadArchive> {
    let mut archive = ArchiveReader::open(input)?;
    loop {
        if let Record::End(counts) = archive.next()? {
            return Ok(counts);
        }
    }
}

/// Fills an empty store from an archive, which [`check`] should have read before.
///
/// After an error other than [`RestoreError::NotEmpty`] a part of the archive is in the store, which is to be thrown away.
pub async fn restore(input: impl Read + Send, store: &dyn Store) -> Result<Counts, RestoreError> {
    let n_metrics = store.metrics().await?.len();
    if 0 < n_metrics {
        return Err(RestoreError::NotEmpty(n_metrics));
    }
    let mut archive = ArchiveReader::open(input)?;
    let mut filling = Filling::new(store);
    loop {
        match archive.next()? {
            Record::Metric(metric) => {
                filling.flush().await?;
                let made = store.ensure_metric(&metric.name, &metric.channel_labels).await?;
                if made.channel_labels != metric.channel_labels || filling.ids.insert(metric.id, made.id).is_some() {
                    let what = format!("metric {:?} or a channel of it is there twice", metric.name);
                    return Err(BadArchive::Damaged(what).into());
                }
                store.set_properties(made.id, &metric.properties).await?;
            }
            Record::Standing(metric_id, range, spans) => {
                let id = filling.id(metric_id)?;
                let state = store.tiles().seal_tiles(id, &spans, range.end()).await?;
                filling.standing = Some((id, range, state.generation));
            }
            Record::Tile(metric_id, tile) => {
                let id = filling.id(metric_id)?;
                let generation = match filling.standing {
                    Some((of, range, generation))
                        if of == id && range.contains(Timestamp::saturating_from_micros(tile.key.start_us)) =>
                    {
                        generation
                    }
                    _ => return Err(BadArchive::Damaged("a tile stands for nothing".to_owned()).into()),
                };
                store.tiles().put_tiles(id, generation, vec![tile]).await?;
            }
            Record::Frames(metric_id, rows) => {
                let id = filling.id(metric_id)?;
                filling.stand().await?;
                for (time, row) in rows {
                    filling.push(id, time, &row);
                }
                if VALUES_PER_BATCH <= filling.n_values {
                    filling.write().await?;
                }
            }
            Record::Kept(change) => {
                filling.flush().await?;
                filling.keep(change).await?;
            }
            Record::End(counts) => {
                filling.flush().await?;
                filling.apply().await?;
                return Ok(counts);
            }
        }
    }
}

/// A store that is being filled.
struct Filling<'a> {
    store: &'a dyn Store,
    /// The numbers of metrics in the store by those in the archive.
    ids: BTreeMap<MetricId, MetricId>,
    /// Tiles that are being put, to stand for samples.
    standing: Option<(MetricId, TimeRange, u64)>,
    frames: Vec<Frame>,
    n_values: usize,
    /// What is kept besides samples and waits to be stored.
    kept: Vec<RecordChange>,
    kept_bytes: usize,
}

impl<'a> Filling<'a> {
    fn new(store: &'a dyn Store) -> Self {
        Self {
            store,
            ids: BTreeMap::new(),
            standing: None,
            frames: Vec::new(),
            n_values: 0,
            kept: Vec::new(),
            kept_bytes: 0,
        }
    }

    async fn keep(&mut self, change: RecordChange) -> store::Result<()> {
        self.kept_bytes += match &change {
            RecordChange::Put { body, .. } | RecordChange::Append { body, .. } => body.len(),
            RecordChange::Delete { .. } => 0,
        };
        self.kept.push(change);
        if CHANGES_PER_BATCH <= self.kept.len() || BYTES_PER_BATCH <= self.kept_bytes {
            self.apply().await?;
        }
        Ok(())
    }

    async fn apply(&mut self) -> store::Result<()> {
        // Nothing is expected, so nothing conflicts.
        self.store.records().apply(&self.kept).await?;
        self.kept.clear();
        self.kept_bytes = 0;
        Ok(())
    }

    fn id(&self, metric_id: MetricId) -> Result<MetricId, BadArchive> {
        let id = self.ids.get(&metric_id).copied();
        id.ok_or_else(|| BadArchive::Damaged(format!("metric {} is not there", metric_id.0)))
    }

    fn push(&mut self, metric_id: MetricId, time: Timestamp, row: &Row) {
        self.n_values += row.len();
        let frame = |arrival, channels, values| Frame {
            metric_id,
            time,
            arrival,
            channels,
            values,
        };
        if let Arrivals::Together(arrival) = row.arrivals {
            self.frames
                .push(frame(arrival, row.channels.clone(), row.values.clone()));
            return;
        }
        // A frame has one arrival; those of one time are merged by the store.
        let mut by_arrival: BTreeMap<Timestamp, (Vec<u32>, Vec<_>)> = BTreeMap::new();
        for sample in row.samples() {
            let (channels, values) = by_arrival.entry(sample.arrival).or_default();
            channels.push(sample.channel);
            values.push(sample.value);
        }
        for (arrival, (channels, values)) in by_arrival {
            self.frames.push(frame(arrival, Channels::Sparse(channels), values));
        }
    }

    async fn write(&mut self) -> store::Result<()> {
        if !self.frames.is_empty() {
            self.store.write(&self.frames).await?;
        }
        self.frames.clear();
        self.n_values = 0;
        Ok(())
    }

    /// Lets the tiles that were put stand for their samples.
    async fn stand(&mut self) -> store::Result<()> {
        let Some((metric_id, range, generation)) = self.standing.take() else {
            return Ok(());
        };
        let stand = Some(Stand {
            generation,
            from: range.start(),
        });
        let horizon = Horizon {
            frames: range.end(),
            stand,
        };
        match self.store.retention().drop_before(metric_id, &horizon).await? {
            Some(_) => Ok(()),
            None => Err(store::Error::Unavailable(
                "somebody else writes to the store that is restored".to_owned(),
            )),
        }
    }

    async fn flush(&mut self) -> store::Result<()> {
        self.stand().await?;
        self.write().await
    }
}
