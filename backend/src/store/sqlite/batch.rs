//! The statements that store a batch inside a transaction.

use std::collections::BTreeMap;

use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments as _, AssertSqlSafe, Row as _, SqliteConnection};

use super::super::newest::Newest;
use super::super::packed::{Packed, PackedView};
use super::super::{Error, MetricId, Result};
use super::newest::{bytes_from_newest, newest_from_bytes};
use super::open::store_error;
use super::tiles;

/// How many rows one statement takes, the most first. Each statement is a way to another thread and back, which costs more
/// than a small row; few lengths, so that all stay prepared.
const ROWS_PER_STATEMENT: [usize; 4] = [256, 32, 4, 1];

/// Rows of one batch, at most one per metric and time, checked and packed.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// By metric, then by rising time.
    pub(super) rows: Vec<PackedRow>,
    /// The newest times in the batch.
    pub(super) newest: BTreeMap<MetricId, Newest>,
}

/// The samples of a metric at one time.
#[derive(Debug)]
pub(super) struct PackedRow {
    pub(super) metric_id: MetricId,
    pub(super) time_us: i64,
    pub(super) packed: Packed,
}

/// Stores a batch; must run inside a transaction.
pub(super) async fn write_batch(connection: &mut SqliteConnection, batch: &Batch) -> Result<()> {
    for of_metric in batch.rows.chunk_by(|left, right| left.metric_id == right.metric_id) {
        for rows in statements(of_metric) {
            let inserted = put_rows(connection, rows, OnConflict::Keep).await?;
            if inserted < rows.len() as u64 {
                merge_rows(connection, rows).await?;
            }
        }
        if let Some(row) = of_metric.first() {
            let times_us: Vec<i64> = of_metric.iter().map(|row| row.time_us).collect();
            tiles::invalidate(connection, row.metric_id, &times_us).await?;
        }
    }
    for (metric_id, newest) in &batch.newest {
        raise_newest(connection, *metric_id, newest).await?;
    }
    Ok(())
}

/// Rows cut into the lengths of statements.
fn statements(mut rows: &[PackedRow]) -> impl Iterator<Item = &[PackedRow]> {
    std::iter::from_fn(move || {
        let length = ROWS_PER_STATEMENT.into_iter().find(|length| *length <= rows.len())?;
        let (statement, rest) = rows.split_at(length);
        rows = rest;
        Some(statement)
    })
}

/// What becomes of a row whose time has one already.
#[derive(Clone, Copy)]
enum OnConflict {
    Keep,
    Replace,
}

/// Puts rows, and gives how many were written.
async fn put_rows(connection: &mut SqliteConnection, rows: &[PackedRow], on_conflict: OnConflict) -> Result<u64> {
    let mut arguments = SqliteArguments::default();
    for PackedRow {
        metric_id,
        time_us,
        packed,
    } in rows
    {
        let mut add = || {
            arguments.add(metric_id.0)?;
            arguments.add(*time_us)?;
            arguments.add(packed.arrival_us)?;
            arguments.add(packed.channels.as_deref())?;
            arguments.add(packed.samples.as_slice())?;
            arguments.add(packed.arrivals.as_deref())
        };
        add().map_err(|error| Error::Invalid(error.to_string()))?;
    }
    let places = vec!["(?, ?, ?, ?, ?, ?)"; rows.len()].join(", ");
    let on_conflict = match on_conflict {
        OnConflict::Keep => "NOTHING",
        OnConflict::Replace => {
            "UPDATE SET arrival_us = excluded.arrival_us, channels = excluded.channels, \
             samples = excluded.samples, arrivals = excluded.arrivals"
        }
    };
    let sql = format!(
        "INSERT INTO frames (metric_id, time_us, arrival_us, channels, samples, arrivals) VALUES {places} \
         ON CONFLICT (metric_id, time_us) DO {on_conflict}"
    );
    // Safe: only the number of placeholders and the two texts above vary.
    let written = sqlx::query_with(AssertSqlSafe(sql), arguments)
        .execute(connection)
        .await;
    Ok(written.map_err(store_error)?.rows_affected())
}

/// Writes rows of one metric over those that are there. A row that was just inserted stays as it is.
async fn merge_rows(connection: &mut SqliteConnection, rows: &[PackedRow]) -> Result<()> {
    let Some(first) = rows.first() else { return Ok(()) };
    let places = vec!["?"; rows.len()].join(", ");
    let sql = format!(
        "SELECT time_us, arrival_us, channels, samples, arrivals FROM frames \
         WHERE metric_id = ? AND time_us IN ({places}) ORDER BY time_us"
    );
    // Safe: only the number of placeholders varies.
    let mut query = sqlx::query(AssertSqlSafe(sql)).bind(first.metric_id.0);
    for row in rows {
        query = query.bind(row.time_us);
    }
    let stored = query.fetch_all(&mut *connection).await.map_err(store_error)?;
    let mut merged = Vec::with_capacity(rows.len());
    // Both rise by time, and every time has a row by now.
    for (newer, stored) in rows.iter().zip(&stored) {
        let time_us: i64 = stored.try_get(0).map_err(store_error)?;
        if time_us != newer.time_us {
            return Err(Error::Corrupt(format!("the row of {} is not there", newer.time_us)));
        }
        let older = stored_view(stored)?.to_row();
        let row = older.merged_with(&newer.packed.view()?.to_row());
        if row != older {
            merged.push(PackedRow {
                packed: Packed::from_row(&row),
                ..*newer
            });
        }
    }
    for rows in statements(&merged) {
        put_rows(connection, rows, OnConflict::Replace).await?;
    }
    Ok(())
}

/// The samples of a result row whose columns 1 to 4 are arrival, channels, samples and arrivals.
pub(super) fn stored_view(row: &sqlx::sqlite::SqliteRow) -> Result<PackedView<'_>> {
    PackedView::new(
        row.try_get(1).map_err(store_error)?,
        row.try_get(2).map_err(store_error)?,
        row.try_get(3).map_err(store_error)?,
        row.try_get(4).map_err(store_error)?,
    )
}

async fn raise_newest(connection: &mut SqliteConnection, metric_id: MetricId, newest: &Newest) -> Result<()> {
    let stored: Option<Vec<u8>> = sqlx::query_scalar("SELECT runs FROM newest WHERE metric_id = ?")
        .bind(metric_id.0)
        .fetch_optional(&mut *connection)
        .await
        .map_err(store_error)?;
    let stored = stored.map(|runs| newest_from_bytes(&runs)).transpose()?;
    let mut raised = stored.clone().unwrap_or_default();
    raised.merge(newest);
    if stored.as_ref() == Some(&raised) {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO newest (metric_id, runs) VALUES (?, ?) ON CONFLICT (metric_id) DO UPDATE SET runs = excluded.runs",
    )
    .bind(metric_id.0)
    .bind(bytes_from_newest(&raised))
    .execute(connection)
    .await
    .map_err(store_error)?;
    Ok(())
}
