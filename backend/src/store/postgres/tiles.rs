//! Tiles in PostgreSQL. All that changes them holds the lock of its metric, as writes of samples do.

use std::collections::BTreeMap;

use shared::time::Timestamp;
use sqlx::postgres::{PgConnection, PgPool, PgRow};
use sqlx::{Postgres, Row as _, Transaction};

use super::super::retention::{TilePlan, check_not_forgotten};
use super::super::tiles::{StoredSizes, Tile, TileKey, TileSpan, TileState, standing, starts_of_runs};
use super::super::{Error, MetricId, Result};
use super::open::store_error;
use super::sql_id;
use super::time::PgTime;
use super::transaction;

pub(super) async fn state(pool: &PgPool, metric_id: MetricId) -> Result<Option<TileState>> {
    let mut connection = pool.acquire().await.map_err(store_error)?;
    Ok(states(&mut connection, &[metric_id]).await?.remove(&metric_id))
}

/// What is known of the tiles of these metrics; those whose time was never sealed are left out.
pub(super) async fn states(
    connection: &mut PgConnection,
    metric_ids: &[MetricId],
) -> Result<BTreeMap<MetricId, TileState>> {
    let asked: Vec<i32> = metric_ids.iter().map(|metric_id| sql_id(*metric_id)).collect();
    let rows =
        sqlx::query("SELECT metric_id, levels, spans_us, sealed, generation, standing_from, standing_until FROM tile_state WHERE metric_id = ANY($1)")
            .bind(asked)
            .fetch_all(connection)
            .await
            .map_err(store_error)?;
    rows.iter().map(state_of).collect()
}

fn state_of(row: &PgRow) -> Result<(MetricId, TileState)> {
    let corrupt = || Error::Corrupt("the state of the tiles of a metric is damaged".to_owned());
    let metric_id: i32 = row.try_get(0).map_err(store_error)?;
    let levels: Vec<i16> = row.try_get(1).map_err(store_error)?;
    let spans_us: Vec<i64> = row.try_get(2).map_err(store_error)?;
    let PgTime(sealed) = row.try_get(3).map_err(store_error)?;
    let generation: i64 = row.try_get(4).map_err(store_error)?;
    let from: Option<PgTime> = row.try_get(5).map_err(store_error)?;
    let until: Option<PgTime> = row.try_get(6).map_err(store_error)?;
    let span = |(level, span_micros): (&i16, &i64)| {
        let level = u8::try_from(*level).ok()?;
        (0 < *span_micros).then_some(TileSpan {
            level,
            span_micros: *span_micros,
        })
    };
    let spans: Option<Vec<TileSpan>> = levels.iter().zip(&spans_us).map(span).collect();
    let state = TileState {
        spans: spans.filter(|_| levels.len() == spans_us.len()).ok_or_else(corrupt)?,
        sealed,
        generation: generation.cast_unsigned(),
        standing: standing(from.map(|from| from.0), until.map(|until| until.0))?,
    };
    Ok((
        MetricId(u32::try_from(metric_id).map_err(|_negative| corrupt())?),
        state,
    ))
}

/// A transaction in which nobody else changes the metric.
pub(super) async fn begin(pool: &PgPool, metric_id: MetricId) -> Result<Transaction<'static, Postgres>> {
    let mut begun = pool.begin().await.map_err(store_error)?;
    transaction::lock(&mut begun, [metric_id]).await?;
    Ok(begun)
}

/// Seals the time of a metric, which must be there.
pub(super) async fn seal(
    pool: &PgPool,
    metric_id: MetricId,
    spans: &[TileSpan],
    until: Timestamp,
) -> Result<TileState> {
    let mut transaction = begin(pool, metric_id).await?;
    let (state, all_go) = match states(&mut transaction, &[metric_id]).await?.remove(&metric_id) {
        Some(state) => state.sealed_again(spans, until),
        None => (TileState::new(spans, until), false),
    };
    if all_go {
        let deleted = sqlx::query("DELETE FROM tile WHERE metric_id = $1").bind(sql_id(metric_id));
        deleted.execute(&mut *transaction).await.map_err(store_error)?;
    }
    put_state(&mut transaction, metric_id, &state).await?;
    transaction.commit().await.map_err(store_error)?;
    Ok(state)
}

async fn put_state(connection: &mut PgConnection, metric_id: MetricId, state: &TileState) -> Result<()> {
    let put = sqlx::query(
        "INSERT INTO tile_state (metric_id, levels, spans_us, sealed, generation, standing_from, standing_until) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (metric_id) DO UPDATE SET levels = excluded.levels, spans_us = excluded.spans_us, \
         sealed = excluded.sealed, generation = excluded.generation, \
         standing_from = excluded.standing_from, standing_until = excluded.standing_until",
    )
    .bind(sql_id(metric_id))
    .bind(state.spans.iter().map(|span| i16::from(span.level)).collect::<Vec<_>>())
    .bind(state.spans.iter().map(|span| span.span_micros).collect::<Vec<_>>())
    .bind(PgTime(state.sealed))
    .bind(state.generation.cast_signed())
    .bind(state.standing.map(|standing| PgTime(standing.start())))
    .bind(state.standing.map(|standing| PgTime(standing.end())))
    .execute(connection)
    .await;
    put.map(drop).map_err(store_error)
}

/// Removes tiles because of their age. The caller has the lock of the metric.
pub(super) async fn forget(
    connection: &mut PgConnection,
    metric_id: MetricId,
    state: TileState,
    plan: &TilePlan,
) -> Result<()> {
    for (level, before_us) in &plan.starts_before_us {
        let deleted = sqlx::query("DELETE FROM tile WHERE metric_id = $1 AND level = $2 AND start_us < $3")
            .bind(sql_id(metric_id))
            .bind(i16::from(*level))
            .bind(before_us);
        deleted.execute(&mut *connection).await.map_err(store_error)?;
    }
    let state = TileState {
        generation: state.generation + 1,
        standing: plan.standing,
        ..state
    };
    put_state(connection, metric_id, &state).await
}

/// Stores tiles, or does nothing and gives `false` where the generation has moved on.
pub(super) async fn put(pool: &PgPool, metric_id: MetricId, generation: u64, tiles: Vec<Tile>) -> Result<bool> {
    let mut transaction = begin(pool, metric_id).await?;
    let state = states(&mut transaction, &[metric_id]).await?.remove(&metric_id);
    if state.is_none_or(|state| state.generation != generation) {
        return Ok(false);
    }
    // A statement cannot put a row twice; the last one counts.
    let tiles: BTreeMap<TileKey, Vec<u8>> = tiles.into_iter().map(|tile| (tile.key, tile.bytes)).collect();
    sqlx::query(
        "INSERT INTO tile (metric_id, level, start_us, block, bytes) \
         SELECT $1, * FROM unnest($2::int2[], $3::int8[], $4::int8[], $5::bytea[]) \
         ON CONFLICT (metric_id, level, start_us, block) DO UPDATE SET bytes = excluded.bytes",
    )
    .bind(sql_id(metric_id))
    .bind(tiles.keys().map(|key| i16::from(key.level)).collect::<Vec<_>>())
    .bind(tiles.keys().map(|key| key.start_us).collect::<Vec<_>>())
    .bind(tiles.keys().map(|key| i64::from(key.block)).collect::<Vec<_>>())
    .bind(tiles.into_values().collect::<Vec<_>>())
    .execute(&mut *transaction)
    .await
    .map_err(store_error)?;
    transaction.commit().await.map_err(store_error)?;
    Ok(true)
}

/// Removes the tiles of a metric that stand for nothing, and raises its generation.
pub(super) async fn drop_all(pool: &PgPool, metric_id: MetricId) -> Result<()> {
    let mut transaction = begin(pool, metric_id).await?;
    let Some(state) = states(&mut transaction, &[metric_id]).await?.remove(&metric_id) else {
        return Ok(());
    };
    for (level, from_us) in state.droppable() {
        let deleted = sqlx::query("DELETE FROM tile WHERE metric_id = $1 AND level = $2 AND start_us >= $3")
            .bind(sql_id(metric_id))
            .bind(i16::from(level))
            .bind(from_us);
        deleted.execute(&mut *transaction).await.map_err(store_error)?;
    }
    raise_generation(&mut transaction, metric_id).await?;
    transaction.commit().await.map_err(store_error)
}

/// Removes the tiles over the times of samples that were written, which rise within each metric. The caller has the locks
/// of the metrics.
pub(super) async fn invalidate(connection: &mut PgConnection, written: &[(MetricId, Vec<i64>)]) -> Result<()> {
    let metric_ids: Vec<MetricId> = written.iter().map(|(metric_id, _)| *metric_id).collect();
    let states = states(connection, &metric_ids).await?;
    for (metric_id, times_us) in written {
        let Some(state) = states.get(metric_id) else { continue };
        check_not_forgotten(*metric_id, state, times_us)?;
        let sealed_us = state.sealed.as_micros();
        let late = &times_us[..times_us.partition_point(|time_us| *time_us < sealed_us)];
        if late.is_empty() {
            continue;
        }
        raise_generation(connection, *metric_id).await?;
        for span in &state.spans {
            for (first_us, last_us) in starts_of_runs(*span, late) {
                sqlx::query("DELETE FROM tile WHERE metric_id = $1 AND level = $2 AND start_us BETWEEN $3 AND $4")
                    .bind(sql_id(*metric_id))
                    .bind(i16::from(span.level))
                    .bind(first_us)
                    .bind(last_us)
                    .execute(&mut *connection)
                    .await
                    .map_err(store_error)?;
            }
        }
    }
    Ok(())
}

async fn raise_generation(connection: &mut PgConnection, metric_id: MetricId) -> Result<()> {
    let raised = sqlx::query("UPDATE tile_state SET generation = generation + 1 WHERE metric_id = $1");
    let raised = raised.bind(sql_id(metric_id)).execute(connection).await;
    raised.map(drop).map_err(store_error)
}

pub(super) async fn read(
    pool: &PgPool,
    metric_id: MetricId,
    level: u8,
    block: u32,
    (first_us, last_us): (i64, i64),
) -> Result<Vec<Tile>> {
    let rows = sqlx::query(
        "SELECT start_us, bytes FROM tile WHERE metric_id = $1 AND level = $2 AND start_us BETWEEN $3 AND $4 \
         AND block = $5 ORDER BY start_us",
    )
    .bind(sql_id(metric_id))
    .bind(i16::from(level))
    .bind(first_us)
    .bind(last_us)
    .bind(i64::from(block))
    .fetch_all(pool)
    .await
    .map_err(store_error)?;
    let tile = |row: &PgRow| {
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

pub(super) async fn list(pool: &PgPool, metric_id: MetricId) -> Result<Vec<TileKey>> {
    let rows =
        sqlx::query("SELECT level, start_us, block FROM tile WHERE metric_id = $1 ORDER BY level, start_us, block")
            .bind(sql_id(metric_id))
            .fetch_all(pool)
            .await
            .map_err(store_error)?;
    let key = |row: &PgRow| {
        let level: i16 = row.try_get(0).map_err(store_error)?;
        let block: i64 = row.try_get(2).map_err(store_error)?;
        let foreign = || Error::Corrupt(format!("a tile has the level {level} and the block {block}"));
        Ok(TileKey {
            level: u8::try_from(level).map_err(|_out_of_range| foreign())?,
            start_us: row.try_get(1).map_err(store_error)?,
            block: u32::try_from(block).map_err(|_out_of_range| foreign())?,
        })
    };
    rows.iter().map(key).collect()
}

pub(super) async fn sizes(pool: &PgPool, metric_id: MetricId) -> Result<StoredSizes> {
    let row = sqlx::query(
        "SELECT count(*), coalesce(sum(coalesce(cardinality(values), cardinality(values_real))), 0)::int8, \
         coalesce(sum(16 + coalesce(8 * cardinality(values), 4 * cardinality(values_real)) \
         + coalesce(4 * cardinality(channels), 0) + coalesce(8 * cardinality(arrivals), 0)), 0)::int8, \
         (SELECT count(*) FROM tile WHERE metric_id = $1), \
         (SELECT coalesce(sum(length(bytes)), 0)::int8 FROM tile WHERE metric_id = $1) \
         FROM frame WHERE metric_id = $1",
    )
    .bind(sql_id(metric_id))
    .fetch_one(pool)
    .await
    .map_err(store_error)?;
    let number = |column: usize| {
        row.try_get::<i64, _>(column)
            .map(i64::cast_unsigned)
            .map_err(store_error)
    };
    Ok(StoredSizes {
        frames: number(0)?,
        values: number(1)?,
        raw_bytes: number(2)?,
        tiles: number(3)?,
        tile_bytes: number(4)?,
    })
}
