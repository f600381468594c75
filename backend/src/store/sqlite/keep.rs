//! Forgetting and snapshots in SQLite.

use async_trait::async_trait;
use futures_core::stream::BoxStream;
use futures_util::StreamExt as _;
use shared::time::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite, SqliteConnection, Transaction};

use super::super::newest::Newest;
use super::super::packed::moment;
use super::super::records::{Event, Record};
use super::super::retention::{Forgetting, Horizon, RetentionStore};
use super::super::snapshot::{Snapshot, SnapshotStore, chunks_of_events};
use super::super::tiles::{Tile, TileState};
use super::super::{ChannelFilter, FrameRead, MetricId, Result, StoredMetric};
use super::newest::{bytes_from_newest, newest_from_bytes};
use super::open::store_error;
use super::{SqliteStore, load_catalogue, read, records, tiles};

#[async_trait]
impl RetentionStore for SqliteStore {
    async fn drop_before(&self, metric_id: MetricId, horizon: &Horizon) -> Result<Option<u64>> {
        self.writer.drop_before(metric_id, *horizon).await
    }
}

/// Deletes what lies before a horizon; must run inside a transaction.
pub(super) async fn drop_before(
    connection: &mut SqliteConnection,
    metric_id: MetricId,
    horizon: &Horizon,
) -> Result<Option<u64>> {
    let oldest: Option<i64> = sqlx::query_scalar("SELECT min(time_us) FROM frames WHERE metric_id = ?")
        .bind(metric_id.0)
        .fetch_one(&mut *connection)
        .await
        .map_err(store_error)?;
    let oldest = oldest.map(moment).transpose()?;
    let state = tiles::state_in(connection, metric_id).await?;
    let plan = match horizon.apply(state.as_ref(), oldest)? {
        Forgetting::Nothing => return Ok(Some(0)),
        Forgetting::Moved => return Ok(None),
        Forgetting::Due(plan) => plan,
    };
    let deleted = sqlx::query("DELETE FROM frames WHERE metric_id = ? AND time_us < ?")
        .bind(metric_id.0)
        .bind(horizon.frames.as_micros())
        .execute(&mut *connection)
        .await
        .map_err(store_error)?;
    forget_newest(connection, metric_id, horizon.frames).await?;
    if let Some((state, plan)) = state.zip(plan) {
        tiles::forget(connection, metric_id, state, &plan).await?;
    }
    Ok(Some(deleted.rows_affected()))
}

async fn forget_newest(connection: &mut SqliteConnection, metric_id: MetricId, before: Timestamp) -> Result<()> {
    let stored: Option<Vec<u8>> = sqlx::query_scalar("SELECT runs FROM newest WHERE metric_id = ?")
        .bind(metric_id.0)
        .fetch_optional(&mut *connection)
        .await
        .map_err(store_error)?;
    let stored = stored.map_or_else(|| Ok(Newest::default()), |runs| newest_from_bytes(&runs))?;
    let mut left = stored.clone();
    left.forget(before);
    if left == stored {
        return Ok(());
    }
    let changed = sqlx::query("UPDATE newest SET runs = ? WHERE metric_id = ?")
        .bind(bytes_from_newest(&left))
        .bind(metric_id.0)
        .execute(connection)
        .await;
    changed.map(drop).map_err(store_error)
}

#[async_trait]
impl SnapshotStore for SqliteStore {
    async fn snapshot(&self) -> Result<Box<dyn Snapshot>> {
        let mut transaction = self.readers.begin().await.map_err(store_error)?;
        // The first thing read fixes the moment; the log keeps everything since until the end of the transaction.
        let metrics = load_catalogue(&mut transaction).await?.into_values().collect();
        Ok(Box::new(SqliteSnapshot { transaction, metrics }))
    }
}

struct SqliteSnapshot {
    transaction: Transaction<'static, Sqlite>,
    metrics: Vec<StoredMetric>,
}

#[async_trait]
impl Snapshot for SqliteSnapshot {
    async fn metrics(&mut self) -> Result<Vec<StoredMetric>> {
        Ok(self.metrics.clone())
    }

    async fn span(&mut self, metric_id: MetricId) -> Result<Option<(Timestamp, Timestamp)>> {
        read::span(&mut *self.transaction, metric_id).await
    }

    fn frames(&mut self, metric_id: MetricId) -> BoxStream<'_, Result<Vec<FrameRead>>> {
        let rows = sqlx::query(
            "SELECT time_us, arrival_us, channels, samples, arrivals FROM frames WHERE metric_id = ? ORDER BY time_us",
        )
        .bind(metric_id.0)
        .fetch(&mut *self.transaction);
        read::chunks(rows, ChannelFilter::All)
    }

    async fn standing(&mut self, metric_id: MetricId) -> Result<Option<TileState>> {
        let state = tiles::state_in(&mut self.transaction, metric_id).await?;
        Ok(state.filter(|state| state.standing.is_some()))
    }

    async fn finest_tiles(&mut self, metric_id: MetricId, level: u8, first_us: i64, last_us: i64) -> Result<Vec<Tile>> {
        tiles::of_level(&mut self.transaction, metric_id, level, (first_us, last_us)).await
    }

    async fn records(&mut self) -> Result<Vec<(String, Record)>> {
        let rows = sqlx::query("SELECT collection, key, version, body FROM records ORDER BY collection, key")
            .fetch_all(&mut *self.transaction)
            .await
            .map_err(store_error)?;
        let record = |row: &SqliteRow| Ok((row.try_get(0).map_err(store_error)?, records::record(row, 1)?));
        rows.iter().map(record).collect()
    }

    fn events(&mut self) -> BoxStream<'_, Result<Vec<(String, Event)>>> {
        let rows = sqlx::query("SELECT log, time_us, key, body FROM events ORDER BY log, time_us, id")
            .fetch(&mut *self.transaction);
        chunks_of_events(rows.map(|row| {
            let row = row.map_err(store_error)?;
            Ok((row.try_get(0).map_err(store_error)?, records::event(&row, 1)?))
        }))
    }
}
