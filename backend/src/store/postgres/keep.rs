//! Forgetting and snapshots in PostgreSQL.

use async_trait::async_trait;
use futures_core::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use shared::time::Timestamp;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Connection as _, Postgres, Row as _, Transaction};

use super::super::records::{Event, Record};
use super::super::retention::{Forgetting, Horizon, RetentionStore};
use super::super::snapshot::{Snapshot, SnapshotStore, chunks_of_events};
use super::super::tiles::{Tile, TileKey, TileState};
use super::super::{ChannelFilter, Error, FrameRead, MetricId, Result, SCAN_CHUNK_SAMPLES, StoredMetric};
use super::open::store_error;
use super::stored::{row_columns, row_from_result};
use super::time::PgTime;
use super::{PostgresStore, catalogue, read, records, sql_id, tiles};

#[async_trait]
impl RetentionStore for PostgresStore {
    async fn drop_before(&self, metric_id: MetricId, horizon: &Horizon) -> Result<Option<u64>> {
        let mut transaction = tiles::begin(&self.pool, metric_id).await?;
        let oldest = read::span(&mut transaction, metric_id).await?.map(|(oldest, _)| oldest);
        let state = tiles::states(&mut transaction, &[metric_id]).await?.remove(&metric_id);
        let plan = match horizon.apply(state.as_ref(), oldest)? {
            Forgetting::Nothing => return Ok(Some(0)),
            Forgetting::Moved => return Ok(None),
            Forgetting::Due(plan) => plan,
        };
        let n_frames = match oldest {
            Some(oldest) => delete_frames(&mut transaction, metric_id, oldest, horizon.frames).await?,
            None => 0,
        };
        if let Some((state, plan)) = state.zip(plan) {
            tiles::forget(&mut transaction, metric_id, state, &plan).await?;
        }
        transaction.commit().await.map_err(store_error)?;
        Ok(Some(n_frames))
    }

    /// Empties months of which all frames are deleted: their files shrink to nothing at once, and not after some vacuum.
    ///
    /// The tables stay: dropping one would stop all readers of `frame` for a moment, and fail a late write into it.
    async fn reclaim(&self) -> Result<()> {
        let mut connection = self.pool.acquire().await.map_err(store_error)?;
        let months: Vec<String> = sqlx::query_scalar(
            "SELECT inhrelid::regclass::text FROM pg_inherits \
             WHERE inhparent = 'frame'::regclass AND 0 < pg_relation_size(inhrelid)",
        )
        .fetch_all(&mut *connection)
        .await
        .map_err(store_error)?;
        for month in months {
            if let Err(error) = empty_month(&mut connection, &month).await {
                // Somebody reads what was there, such as a backup. There is a next time.
                tracing::debug!(%month, %error, "the room of {month} is not given back yet: {error}");
            }
        }
        Ok(())
    }
}

async fn delete_frames(
    connection: &mut PgConnection,
    metric_id: MetricId,
    oldest: Timestamp,
    before: Timestamp,
) -> Result<u64> {
    let deleted = sqlx::query("DELETE FROM frame WHERE metric_id = $1 AND time >= $2 AND time < $3")
        .bind(sql_id(metric_id))
        .bind(PgTime(oldest))
        .bind(PgTime(before))
        .execute(&mut *connection)
        .await
        .map_err(store_error)?;
    sqlx::query("DELETE FROM newest WHERE metric_id = $1 AND time < $2")
        .bind(sql_id(metric_id))
        .bind(PgTime(before))
        .execute(&mut *connection)
        .await
        .map_err(store_error)?;
    let first: Option<PgTime> =
        sqlx::query_scalar("SELECT time FROM frame WHERE metric_id = $1 AND time >= $2 ORDER BY time LIMIT 1")
            .bind(sql_id(metric_id))
            .bind(PgTime(before))
            .fetch_optional(&mut *connection)
            .await
            .map_err(store_error)?;
    let moved = match first {
        Some(first) => sqlx::query("UPDATE oldest SET time = $2 WHERE metric_id = $1")
            .bind(sql_id(metric_id))
            .bind(first),
        None => sqlx::query("DELETE FROM oldest WHERE metric_id = $1").bind(sql_id(metric_id)),
    };
    moved.execute(connection).await.map_err(store_error)?;
    Ok(deleted.rows_affected())
}

async fn empty_month(connection: &mut PgConnection, month: &str) -> Result<()> {
    let mut transaction = connection.begin().await.map_err(store_error)?;
    let has_rows = format!("SELECT EXISTS (SELECT FROM {month})");
    // Safe: the name is one that the database gave, quoted by it.
    let look = || sqlx::query_scalar::<_, bool>(AssertSqlSafe(has_rows.clone()));
    if look().fetch_one(&mut *transaction).await.map_err(store_error)? {
        return Ok(());
    }
    let claim = format!("SET LOCAL lock_timeout = '500ms'; LOCK TABLE {month} IN ACCESS EXCLUSIVE MODE");
    sqlx::raw_sql(AssertSqlSafe(claim))
        .execute(&mut *transaction)
        .await
        .map_err(store_error)?;
    // Late data may have come until the lock was given.
    if look().fetch_one(&mut *transaction).await.map_err(store_error)? {
        return Ok(());
    }
    sqlx::raw_sql(AssertSqlSafe(format!("TRUNCATE {month}")))
        .execute(&mut *transaction)
        .await
        .map_err(store_error)?;
    transaction.commit().await.map_err(store_error)
}

#[async_trait]
impl SnapshotStore for PostgresStore {
    async fn snapshot(&self) -> Result<Box<dyn Snapshot>> {
        let mut transaction = read::begin(&self.pool).await?;
        // Before the moment is fixed: what is emptied by `reclaim` would be gone for older transactions too.
        sqlx::query("LOCK TABLE frame IN ACCESS SHARE MODE")
            .execute(&mut *transaction)
            .await
            .map_err(store_error)?;
        let metrics = catalogue::all(&mut transaction).await?;
        Ok(Box::new(PostgresSnapshot { transaction, metrics }))
    }
}

struct PostgresSnapshot {
    transaction: Transaction<'static, Postgres>,
    metrics: Vec<StoredMetric>,
}

#[async_trait]
impl Snapshot for PostgresSnapshot {
    async fn metrics(&mut self) -> Result<Vec<StoredMetric>> {
        Ok(self.metrics.clone())
    }

    async fn span(&mut self, metric_id: MetricId) -> Result<Option<(Timestamp, Timestamp)>> {
        read::span(&mut self.transaction, metric_id).await
    }

    fn frames(&mut self, metric_id: MetricId) -> BoxStream<'_, Result<Vec<FrameRead>>> {
        let rows = sqlx::query(concat!(
            "SELECT ",
            row_columns!(),
            " FROM frame WHERE metric_id = $1 ORDER BY time"
        ))
        .bind(sql_id(metric_id))
        .fetch(&mut *self.transaction);
        stream::try_unfold(rows, |mut rows| async move {
            let mut frames = Vec::new();
            let mut n_samples = 0;
            while n_samples < SCAN_CHUNK_SAMPLES {
                let Some(result) = rows.try_next().await.map_err(store_error)? else {
                    break;
                };
                let (time, row) = row_from_result(&result, 0)?;
                n_samples += row.len();
                frames.extend(row.read(time, &ChannelFilter::All));
            }
            Ok((!frames.is_empty()).then_some((frames, rows)))
        })
        .boxed()
    }

    async fn standing(&mut self, metric_id: MetricId) -> Result<Option<TileState>> {
        let state = tiles::states(&mut self.transaction, &[metric_id])
            .await?
            .remove(&metric_id);
        Ok(state.filter(|state| state.standing.is_some()))
    }

    async fn finest_tiles(&mut self, metric_id: MetricId, level: u8, first_us: i64, last_us: i64) -> Result<Vec<Tile>> {
        let rows = sqlx::query(
            "SELECT start_us, bytes, block FROM tile WHERE metric_id = $1 AND level = $2 AND start_us BETWEEN $3 AND $4 \
             ORDER BY start_us, block",
        )
        .bind(sql_id(metric_id))
        .bind(i16::from(level))
        .bind(first_us)
        .bind(last_us)
        .fetch_all(&mut *self.transaction)
        .await
        .map_err(store_error)?;
        let tile = |row: &PgRow| {
            let block: i64 = row.try_get(2).map_err(store_error)?;
            Ok(Tile {
                key: TileKey {
                    level,
                    start_us: row.try_get(0).map_err(store_error)?,
                    block: u32::try_from(block)
                        .map_err(|_out_of_range| Error::Corrupt(format!("a tile has the block {block}")))?,
                },
                bytes: row.try_get(1).map_err(store_error)?,
            })
        };
        rows.iter().map(tile).collect()
    }

    async fn records(&mut self) -> Result<Vec<(String, Record)>> {
        let rows = sqlx::query("SELECT collection, key, version, body::text FROM kept_record ORDER BY collection, key")
            .fetch_all(&mut *self.transaction)
            .await
            .map_err(store_error)?;
        let record = |row: &PgRow| Ok((row.try_get(0).map_err(store_error)?, records::record(row, 1)?));
        rows.iter().map(record).collect()
    }

    fn events(&mut self) -> BoxStream<'_, Result<Vec<(String, Event)>>> {
        let rows = sqlx::query("SELECT log, time, key, body::text FROM kept_event ORDER BY log, time, event_id")
            .fetch(&mut *self.transaction);
        chunks_of_events(rows.map(|row| {
            let row = row.map_err(store_error)?;
            Ok((row.try_get(0).map_err(store_error)?, records::event(&row, 1)?))
        }))
    }
}
