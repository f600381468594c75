//! Tiles in SQLite. All that changes them runs in the transactions of the one task that writes.

use shared::time::Timestamp;
use sqlx::sqlite::{SqlitePool, SqliteRow};
use sqlx::{Row as _, SqliteConnection};

use super::super::packed::moment;
use super::super::retention::{TilePlan, check_not_forgotten};
use super::super::tiles::{StoredSizes, Tile, TileKey, TileSpan, TileState, standing, starts_of_runs};
use super::super::{Error, MetricId, Result};
use super::open::store_error;

/// Bytes of a level and its span in the column `spans`.
const SPAN_BYTES: usize = 9;

const STATE: &str =
    "SELECT spans, sealed_us, generation, standing_from_us, standing_until_us FROM tile_states WHERE metric_id = ?";

pub(super) async fn state(readers: &SqlitePool, metric_id: MetricId) -> Result<Option<TileState>> {
    let row = sqlx::query(STATE).bind(metric_id.0).fetch_optional(readers).await;
    row.map_err(store_error)?.as_ref().map(state_of).transpose()
}

pub(super) async fn state_in(connection: &mut SqliteConnection, metric_id: MetricId) -> Result<Option<TileState>> {
    let row = sqlx::query(STATE).bind(metric_id.0).fetch_optional(connection).await;
    row.map_err(store_error)?.as_ref().map(state_of).transpose()
}

fn state_of(row: &SqliteRow) -> Result<TileState> {
    let generation: i64 = row.try_get(2).map_err(store_error)?;
    let optional = |column: usize| -> Result<Option<Timestamp>> {
        let micros: Option<i64> = row.try_get(column).map_err(store_error)?;
        micros.map(moment).transpose()
    };
    Ok(TileState {
        spans: spans_from_bytes(row.try_get(0).map_err(store_error)?)?,
        sealed: moment(row.try_get(1).map_err(store_error)?)?,
        generation: generation.cast_unsigned(),
        standing: standing(optional(3)?, optional(4)?)?,
    })
}

/// Seals, and gives the state as it is when the transaction is committed.
pub(super) async fn seal(
    connection: &mut SqliteConnection,
    metric_id: MetricId,
    spans: &[TileSpan],
    until: Timestamp,
) -> Result<TileState> {
    let (state, all_go) = match state_in(connection, metric_id).await? {
        Some(state) => state.sealed_again(spans, until),
        None => (TileState::new(spans, until), false),
    };
    if all_go {
        delete_all(connection, metric_id).await?;
    }
    put_state(connection, metric_id, &state).await?;
    Ok(state)
}

async fn put_state(connection: &mut SqliteConnection, metric_id: MetricId, state: &TileState) -> Result<()> {
    sqlx::query(
        "INSERT OR REPLACE INTO tile_states \
         (metric_id, spans, sealed_us, generation, standing_from_us, standing_until_us) VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(metric_id.0)
    .bind(spans_to_bytes(&state.spans))
    .bind(state.sealed.as_micros())
    .bind(state.generation.cast_signed())
    .bind(state.standing.map(|standing| standing.start().as_micros()))
    .bind(state.standing.map(|standing| standing.end().as_micros()))
    .execute(connection)
    .await
    .map(drop)
    .map_err(store_error)
}

/// Removes tiles because of their age.
pub(super) async fn forget(
    connection: &mut SqliteConnection,
    metric_id: MetricId,
    state: TileState,
    plan: &TilePlan,
) -> Result<()> {
    for (level, before_us) in &plan.starts_before_us {
        sqlx::query("DELETE FROM tiles WHERE metric_id = ? AND level = ? AND start_us < ?")
            .bind(metric_id.0)
            .bind(level)
            .bind(before_us)
            .execute(&mut *connection)
            .await
            .map_err(store_error)?;
    }
    let state = TileState {
        generation: state.generation + 1,
        standing: plan.standing,
        ..state
    };
    put_state(connection, metric_id, &state).await
}

/// Stores tiles, or does nothing and gives `false` where the generation has moved on.
pub(super) async fn put(
    connection: &mut SqliteConnection,
    metric_id: MetricId,
    generation: u64,
    tiles: &[Tile],
) -> Result<bool> {
    let state = state_in(connection, metric_id).await?;
    if state.is_none_or(|state| state.generation != generation) {
        return Ok(false);
    }
    for tile in tiles {
        sqlx::query("INSERT OR REPLACE INTO tiles (metric_id, level, start_us, block, bytes) VALUES (?, ?, ?, ?, ?)")
            .bind(metric_id.0)
            .bind(tile.key.level)
            .bind(tile.key.start_us)
            .bind(tile.key.block)
            .bind(tile.bytes.as_slice())
            .execute(&mut *connection)
            .await
            .map_err(store_error)?;
    }
    Ok(true)
}

/// Removes the tiles of a metric that stand for nothing, and raises its generation.
pub(super) async fn drop_all(connection: &mut SqliteConnection, metric_id: MetricId) -> Result<()> {
    let Some(state) = state_in(connection, metric_id).await? else {
        return Ok(());
    };
    for (level, from_us) in state.droppable() {
        sqlx::query("DELETE FROM tiles WHERE metric_id = ? AND level = ? AND start_us >= ?")
            .bind(metric_id.0)
            .bind(level)
            .bind(from_us)
            .execute(&mut *connection)
            .await
            .map_err(store_error)?;
    }
    raise_generation(connection, metric_id).await
}

/// Removes the tiles over the times of rows that were written, which rise.
pub(super) async fn invalidate(connection: &mut SqliteConnection, metric_id: MetricId, times_us: &[i64]) -> Result<()> {
    let Some(state) = state_in(connection, metric_id).await? else {
        return Ok(());
    };
    check_not_forgotten(metric_id, &state, times_us)?;
    let sealed_us = state.sealed.as_micros();
    let late = &times_us[..times_us.partition_point(|time_us| *time_us < sealed_us)];
    if late.is_empty() {
        return Ok(());
    }
    raise_generation(connection, metric_id).await?;
    for span in &state.spans {
        for (first_us, last_us) in starts_of_runs(*span, late) {
            sqlx::query("DELETE FROM tiles WHERE metric_id = ? AND level = ? AND start_us BETWEEN ? AND ?")
                .bind(metric_id.0)
                .bind(span.level)
                .bind(first_us)
                .bind(last_us)
                .execute(&mut *connection)
                .await
                .map_err(store_error)?;
        }
    }
    Ok(())
}

async fn delete_all(connection: &mut SqliteConnection, metric_id: MetricId) -> Result<()> {
    let deleted = sqlx::query("DELETE FROM tiles WHERE metric_id = ?").bind(metric_id.0);
    deleted.execute(connection).await.map(drop).map_err(store_error)
}

async fn raise_generation(connection: &mut SqliteConnection, metric_id: MetricId) -> Result<()> {
    let raised =
        sqlx::query("UPDATE tile_states SET generation = generation + 1 WHERE metric_id = ?").bind(metric_id.0);
    raised.execute(connection).await.map(drop).map_err(store_error)
}

pub(super) async fn read(
    readers: &SqlitePool,
    metric_id: MetricId,
    level: u8,
    block: u32,
    (first_us, last_us): (i64, i64),
) -> Result<Vec<Tile>> {
    let rows = sqlx::query(
        "SELECT start_us, bytes FROM tiles WHERE metric_id = ? AND level = ? AND start_us BETWEEN ? AND ? AND block = ? \
         ORDER BY start_us",
    )
    .bind(metric_id.0)
    .bind(level)
    .bind(first_us)
    .bind(last_us)
    .bind(block)
    .fetch_all(readers)
    .await
    .map_err(store_error)?;
    let tile = |row: &SqliteRow| {
        Ok(Tile {
            key: TileKey {
                level,
                start_us: row.try_get(0).map_err(store_error)?,
                block,
            },
            bytes: row.try_get(1).map_err(store_error)?,
        })
    };
    rows.iter().map(tile).collect()
}

/// The tiles of a level of all blocks that start in a range, by rising start.
pub(super) async fn of_level(
    connection: &mut SqliteConnection,
    metric_id: MetricId,
    level: u8,
    (first_us, last_us): (i64, i64),
) -> Result<Vec<Tile>> {
    let rows = sqlx::query(
        "SELECT start_us, bytes, block FROM tiles WHERE metric_id = ? AND level = ? AND start_us BETWEEN ? AND ? \
         ORDER BY start_us, block",
    )
    .bind(metric_id.0)
    .bind(level)
    .bind(first_us)
    .bind(last_us)
    .fetch_all(connection)
    .await
    .map_err(store_error)?;
    let tile = |row: &SqliteRow| {
        Ok(Tile {
            key: TileKey {
                level,
                start_us: row.try_get(0).map_err(store_error)?,
                block: row.try_get(2).map_err(store_error)?,
            },
            bytes: row.try_get(1).map_err(store_error)?,
        })
    };
    rows.iter().map(tile).collect()
}

pub(super) async fn list(readers: &SqlitePool, metric_id: MetricId) -> Result<Vec<TileKey>> {
    let rows =
        sqlx::query("SELECT level, start_us, block FROM tiles WHERE metric_id = ? ORDER BY level, start_us, block")
            .bind(metric_id.0)
            .fetch_all(readers)
            .await
            .map_err(store_error)?;
    let key = |row: &SqliteRow| {
        Ok(TileKey {
            level: row.try_get(0).map_err(store_error)?,
            start_us: row.try_get(1).map_err(store_error)?,
            block: row.try_get(2).map_err(store_error)?,
        })
    };
    rows.iter().map(key).collect()
}

pub(super) async fn sizes(readers: &SqlitePool, metric_id: MetricId) -> Result<StoredSizes> {
    let row = sqlx::query(
        "SELECT count(*), total(16 + length(samples) + ifnull(length(channels), 0) + ifnull(length(arrivals), 0)), \
         (SELECT count(*) FROM tiles WHERE metric_id = ?1), (SELECT total(length(bytes)) FROM tiles WHERE metric_id = ?1), \
         total((length(samples) - 1) / CASE substr(samples, 1, 1) WHEN x'01' THEN 4 ELSE 8 END) \
         FROM frames WHERE metric_id = ?1",
    )
    .bind(metric_id.0)
    .fetch_one(readers)
    .await
    .map_err(store_error)?;
    let count = |column: usize| {
        row.try_get::<i64, _>(column)
            .map(i64::cast_unsigned)
            .map_err(store_error)
    };
    // SQLite's `total` gives a float, exact up to 2^53, and 0.0 where there is nothing.
    let total = |column: usize| {
        let sum: f64 = row.try_get(column).map_err(store_error)?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a sum of lengths"
        )]
        Ok::<u64, Error>(sum as u64)
    };
    Ok(StoredSizes {
        frames: count(0)?,
        values: total(4)?,
        raw_bytes: total(1)?,
        tiles: count(2)?,
        tile_bytes: total(3)?,
    })
}

fn spans_to_bytes(spans: &[TileSpan]) -> Vec<u8> {
    let bytes = |span: &TileSpan| std::iter::once(span.level).chain(span.span_micros.to_le_bytes());
    spans.iter().flat_map(bytes).collect()
}

fn spans_from_bytes(bytes: &[u8]) -> Result<Vec<TileSpan>> {
    let corrupt = || Error::Corrupt("the spans of the tiles of a metric are damaged".to_owned());
    let (spans, []) = bytes.as_chunks::<SPAN_BYTES>() else {
        return Err(corrupt());
    };
    let span = |[level, micros @ ..]: &[u8; SPAN_BYTES]| TileSpan {
        level: *level,
        span_micros: i64::from_le_bytes(*micros),
    };
    let spans: Vec<TileSpan> = spans.iter().map(span).collect();
    if spans.iter().any(|span| span.span_micros <= 0) {
        return Err(corrupt());
    }
    Ok(spans)
}
