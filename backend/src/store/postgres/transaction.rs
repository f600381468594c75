//! What one write does in the database.
//!
//! A server first locks the metrics that it writes, in a fixed order, so that two servers never wait for each other in a
//! circle. From then on nobody else changes these metrics: rows that are there already are taken out, merged and put
//! back together with the new ones by one `COPY`. Rows beyond the newest known one need no look.

use std::collections::{BTreeMap, BTreeSet};

use shared::time::Timestamp;
use sqlx::{Connection as _, PgConnection};

use super::super::newest::{Newest, Run};
use super::super::{Error, MetricId, Result};
use super::open::store_error;
use super::stored::{COPY_ROWS, CopyRows, row_columns, row_from_result};
use super::time::PgTime;
use super::writer::{Rows, merge_into};
use super::{LOCK_SPACE, changes, read, sql_id, tiles};

/// Metrics whose numbers leave the same rest share a lock, so that a write of many metrics does not fill the server's
/// table of locks.
const METRIC_LOCKS: u32 = 64;

/// How many times one statement looks for rows at. Where the server does not know better it reads all rows from the
/// first of them to the last, so that span is kept short.
const TIMES_PER_LOOK: usize = 256;

/// How many bytes are sent at once.
const PIECE_BYTES: usize = 256 << 10;

/// Stores rows: all or none. The partitions must be there.
pub(super) async fn write(connection: &mut PgConnection, mut rows: Rows, origin: u64) -> Result<()> {
    let mut written: BTreeMap<MetricId, Written> = BTreeMap::new();
    for ((metric_id, time), row) in &rows {
        let of_metric = written.entry(*metric_id).or_default();
        of_metric.times.push(*time);
        of_metric.newest.note(*time, row);
    }
    let mut transaction = connection.begin().await.map_err(store_error)?;
    lock(&mut transaction, written.keys().copied()).await?;
    let metric_ids: Vec<MetricId> = written.keys().copied().collect();
    let mut known = read::newest(&mut transaction, &metric_ids).await?;
    for (metric_id, of_metric) in &mut written {
        of_metric.known = known.remove(metric_id).unwrap_or_default();
        take_out_existing(&mut transaction, *metric_id, &of_metric.late_times(), &mut rows).await?;
    }
    copy(&mut transaction, &rows).await?;
    raise_newest(&mut transaction, &written).await?;
    lower_oldest(&mut transaction, &written).await?;
    let times_us = times_us(&written);
    tiles::invalidate(&mut transaction, &times_us).await?;
    changes::notify(&mut transaction, origin, &times_us).await?;
    transaction.commit().await.map_err(store_error)
}

/// What is written of one metric.
#[derive(Debug, Default)]
struct Written {
    /// Rising.
    times: Vec<Timestamp>,
    newest: Newest,
    /// The newest times before.
    known: Newest,
}

impl Written {
    /// The times at which there may be a row already.
    fn late_times(&self) -> Vec<PgTime> {
        let last = self.known.iter().map(|(_, time)| time).max();
        let times = self.times.iter().copied();
        times
            .take_while(|time| last.is_some_and(|last| *time <= last))
            .map(PgTime)
            .collect()
    }
}

/// The times of each metric in microseconds, rising.
fn times_us(written: &BTreeMap<MetricId, Written>) -> Vec<(MetricId, Vec<i64>)> {
    let of_one = |written: &Written| written.times.iter().map(|time| time.as_micros()).collect();
    written
        .iter()
        .map(|(metric_id, written)| (*metric_id, of_one(written)))
        .collect()
}

/// Keeps everyone else from changing these metrics until the end of the transaction.
pub(super) async fn lock(connection: &mut PgConnection, metric_ids: impl IntoIterator<Item = MetricId>) -> Result<()> {
    let locks: BTreeSet<i32> = metric_ids
        .into_iter()
        .map(|metric_id| sql_id(MetricId(metric_id.0 % METRIC_LOCKS)))
        .collect();
    let locks: Vec<i32> = locks.into_iter().collect();
    let locked = sqlx::query("SELECT pg_advisory_xact_lock($1, lock) FROM unnest($2::int4[]) AS lock")
        .bind(LOCK_SPACE)
        .bind(locks)
        .execute(connection)
        .await;
    locked.map(drop).map_err(store_error)
}

/// Removes the rows of a metric at these rising times, and writes `rows` over them.
async fn take_out_existing(
    connection: &mut PgConnection,
    metric_id: MetricId,
    times: &[PgTime],
    rows: &mut Rows,
) -> Result<()> {
    for times in times.chunks(TIMES_PER_LOOK) {
        let existing = sqlx::query(concat!(
            "DELETE FROM frame WHERE metric_id = $1 AND time >= $2 AND time <= $3 AND time = ANY($4) RETURNING ",
            row_columns!()
        ))
        .bind(sql_id(metric_id))
        .bind(times[0])
        .bind(times[times.len() - 1])
        .bind(times)
        .fetch_all(&mut *connection)
        .await
        .map_err(store_error)?;
        for result in existing {
            let (time, older) = row_from_result(&result, 0)?;
            let key = (metric_id, time);
            if let Some(newer) = rows.insert(key, older) {
                merge_into(rows, key, newer);
            }
        }
    }
    Ok(())
}

async fn copy(connection: &mut PgConnection, rows: &Rows) -> Result<()> {
    let mut copy = connection.copy_in_raw(COPY_ROWS).await.map_err(store_error)?;
    let mut pieces = CopyRows::new();
    for ((metric_id, time), row) in rows {
        pieces.push(*metric_id, *time, row);
        if PIECE_BYTES <= pieces.len() {
            copy.send(pieces.take()).await.map_err(store_error)?;
        }
    }
    copy.send(pieces.finish()).await.map_err(store_error)?;
    let copied = copy.finish().await.map_err(store_error)?;
    if copied == rows.len() as u64 {
        Ok(())
    } else {
        let sent = rows.len();
        Err(Error::Unavailable(format!(
            "the database took {copied} of {sent} frames"
        )))
    }
}

async fn raise_newest(connection: &mut PgConnection, written: &BTreeMap<MetricId, Written>) -> Result<()> {
    let mut gone: (Vec<i32>, Vec<i32>) = Default::default();
    let mut changed: Vec<(MetricId, Run)> = Vec::new();
    for (metric_id, of_metric) in written {
        let mut raised = of_metric.known.clone();
        raised.merge(&of_metric.newest);
        let before: BTreeMap<u32, Run> = of_metric.known.runs().into_iter().map(|run| (run.first, run)).collect();
        let after: BTreeMap<u32, Run> = raised.runs().into_iter().map(|run| (run.first, run)).collect();
        for first in before.keys().filter(|first| !after.contains_key(first)) {
            gone.0.push(sql_id(*metric_id));
            gone.1.push(sql_channel(*first)?);
        }
        let new = after.values().filter(|run| before.get(&run.first) != Some(run));
        changed.extend(new.map(|run| (*metric_id, *run)));
    }
    if !gone.0.is_empty() {
        sqlx::query(
            "DELETE FROM newest USING unnest($1::int4[], $2::int4[]) AS gone (metric_id, first_channel) \
             WHERE newest.metric_id = gone.metric_id AND newest.first_channel = gone.first_channel",
        )
        .bind(gone.0)
        .bind(gone.1)
        .execute(&mut *connection)
        .await
        .map_err(store_error)?;
    }
    if changed.is_empty() {
        return Ok(());
    }
    let channels = |of_run: fn(&Run) -> u32| -> Result<Vec<i32>> {
        changed.iter().map(|(_, run)| sql_channel(of_run(run))).collect()
    };
    let raised = sqlx::query(
        "INSERT INTO newest (metric_id, first_channel, n_channels, time) \
         SELECT * FROM unnest($1::int4[], $2::int4[], $3::int4[], $4::timestamptz[]) \
         ON CONFLICT (metric_id, first_channel) DO UPDATE SET n_channels = excluded.n_channels, time = excluded.time",
    )
    .bind(
        changed
            .iter()
            .map(|(metric_id, _)| sql_id(*metric_id))
            .collect::<Vec<_>>(),
    )
    .bind(channels(|run| run.first)?)
    .bind(channels(|run| run.count)?)
    .bind(changed.iter().map(|(_, run)| PgTime(run.time)).collect::<Vec<_>>())
    .execute(connection)
    .await;
    raised.map(drop).map_err(store_error)
}

async fn lower_oldest(connection: &mut PgConnection, written: &BTreeMap<MetricId, Written>) -> Result<()> {
    let mut metric_ids: Vec<i32> = Vec::new();
    let mut times: Vec<PgTime> = Vec::new();
    for (metric_id, of_metric) in written {
        let Some(first) = of_metric.times.first() else { continue };
        let is_new = of_metric.known.iter().next().is_none();
        if is_new || !of_metric.late_times().is_empty() {
            metric_ids.push(sql_id(*metric_id));
            times.push(PgTime(*first));
        }
    }
    if metric_ids.is_empty() {
        return Ok(());
    }
    let lowered = sqlx::query(
        "INSERT INTO oldest (metric_id, time) SELECT * FROM unnest($1::int4[], $2::timestamptz[]) \
         ON CONFLICT (metric_id) DO UPDATE SET time = excluded.time WHERE excluded.time < oldest.time",
    )
    .bind(metric_ids)
    .bind(times)
    .execute(connection)
    .await;
    lowered.map(drop).map_err(store_error)
}

fn sql_channel(channel: u32) -> Result<i32> {
    i32::try_from(channel).map_err(|_too_large| Error::Invalid(format!("channel {channel} is beyond any metric")))
}
