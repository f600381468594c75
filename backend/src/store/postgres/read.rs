//! Reading: every call sees one committed state.

use std::collections::BTreeMap;

use futures_core::stream::BoxStream;
use futures_util::{StreamExt as _, stream};
use shared::time::{MICROS_PER_DAY, TimeRange, Timestamp};
use sqlx::postgres::PgPool;
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Row as _, Transaction};

use super::super::newest::{Newest, Run};
use super::super::{ChannelFilter, ChannelSample, Error, FrameRead, MetricId, Result, SCAN_CHUNK_SAMPLES};
use super::catalogue::Catalogue;
use super::open::store_error;
use super::sql_id;
use super::stored::{row_columns, row_from_result};
use super::time::PgTime;

/// The most rows that are asked for at once, however small they are.
const SCAN_ROWS: usize = 4096;

/// How far back the newest frame is looked for at first; then ever further. Each look is at few partitions.
const FIRST_LOOK_MICROS: i64 = 40 * MICROS_PER_DAY;

pub(super) fn scan<'a>(
    pool: &'a PgPool,
    catalogue: &'a Catalogue,
    metric_id: MetricId,
    range: TimeRange,
    channels: ChannelFilter,
) -> BoxStream<'a, Result<Vec<FrameRead>>> {
    stream::try_unfold((None, channels), move |(cursor, channels)| async move {
        let mut cursor = match cursor {
            Some(cursor) => cursor,
            None => Cursor::open(pool, catalogue, metric_id, range).await?,
        };
        while let Some(rows) = cursor.next().await? {
            let mut frames = Vec::with_capacity(rows.len());
            for result in rows {
                let (time, row) = row_from_result(&result, 0)?;
                frames.extend(row.read(time, &channels));
            }
            if !frames.is_empty() {
                return Ok(Some((frames, (Some(cursor), channels))));
            }
        }
        Ok(None)
    })
    .boxed()
}

/// A query whose rows are taken piece by piece: one that is given up stops, and one that is slow holds up nothing.
struct Cursor {
    transaction: Transaction<'static, Postgres>,
    n_rows: usize,
    at_end: bool,
}

impl Cursor {
    async fn open(pool: &PgPool, catalogue: &Catalogue, metric_id: MetricId, range: TimeRange) -> Result<Self> {
        if catalogue.channel_count(metric_id).is_none() {
            catalogue.refresh(pool).await?;
        }
        let n_channels = catalogue.channel_count(metric_id).unwrap_or(0).max(1);
        let n_rows = (SCAN_CHUNK_SAMPLES / n_channels).clamp(1, SCAN_ROWS);
        let mut transaction = begin(pool).await?;
        sqlx::query(concat!(
            "DECLARE frames NO SCROLL CURSOR FOR SELECT ",
            row_columns!(),
            " FROM frame WHERE metric_id = $1 AND time >= $2 AND time < $3 ORDER BY time"
        ))
        .bind(sql_id(metric_id))
        .bind(PgTime(range.start()))
        .bind(PgTime(range.end()))
        .execute(&mut *transaction)
        .await
        .map_err(store_error)?;
        Ok(Self {
            transaction,
            // A power of two, so that few different statements have to be kept prepared.
            n_rows: 1 << n_rows.ilog2(),
            at_end: false,
        })
    }

    async fn next(&mut self) -> Result<Option<Vec<sqlx::postgres::PgRow>>> {
        if self.at_end {
            return Ok(None);
        }
        // Safe: only a number varies.
        let sql = AssertSqlSafe(format!("FETCH {} FROM frames", self.n_rows));
        let rows = sqlx::query(sql).fetch_all(&mut *self.transaction).await;
        let rows = rows.map_err(store_error)?;
        self.at_end = rows.len() < self.n_rows;
        Ok((!rows.is_empty()).then_some(rows))
    }
}

/// Several statements that see the same state.
pub(super) async fn begin(pool: &PgPool) -> Result<Transaction<'static, Postgres>> {
    let begun = pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await;
    begun.map_err(store_error)
}

/// The newest times of the channels of these metrics; metrics without a sample are left out.
pub(super) async fn newest(
    connection: &mut PgConnection,
    metric_ids: &[MetricId],
) -> Result<BTreeMap<MetricId, Newest>> {
    let asked: Vec<i32> = metric_ids.iter().map(|metric_id| sql_id(*metric_id)).collect();
    let rows = sqlx::query(
        "SELECT metric_id, first_channel, n_channels, time FROM newest WHERE metric_id = ANY($1) \
         ORDER BY metric_id, first_channel",
    )
    .bind(asked)
    .fetch_all(connection)
    .await
    .map_err(store_error)?;
    let mut newest: BTreeMap<MetricId, Newest> = BTreeMap::new();
    for row in rows {
        let corrupt = || Error::Corrupt("the newest times of a metric are damaged".to_owned());
        let unsigned = |column: usize| {
            let number: i32 = row.try_get(column).map_err(store_error)?;
            u32::try_from(number).map_err(|_negative| corrupt())
        };
        let PgTime(time) = row.try_get(3).map_err(store_error)?;
        let run = Run {
            time,
            first: unsigned(1)?,
            count: unsigned(2)?,
        };
        let of_metric = newest.entry(MetricId(unsigned(0)?)).or_default();
        of_metric.push_run(run).ok_or_else(corrupt)?;
    }
    Ok(newest)
}

pub(super) async fn latest(pool: &PgPool, metric_id: MetricId) -> Result<Vec<(Timestamp, ChannelSample)>> {
    let mut transaction = begin(pool).await?;
    let newest = newest(&mut transaction, &[metric_id]).await?.remove(&metric_id);
    let newest: Vec<(u32, Timestamp)> = newest.iter().flat_map(Newest::iter).collect();
    let mut times: Vec<PgTime> = newest.iter().map(|(_, time)| PgTime(*time)).collect();
    times.sort_unstable();
    times.dedup();
    // Known to the planner before it begins, so that it leaves out the partitions beyond.
    let (Some(first), Some(last)) = (times.first().copied(), times.last().copied()) else {
        return Ok(Vec::new());
    };
    let rows = sqlx::query(concat!(
        "SELECT ",
        row_columns!(),
        " FROM unnest($2::timestamptz[]) AS asked (asked_time) CROSS JOIN LATERAL \
             (SELECT * FROM frame WHERE metric_id = $1 AND time = asked_time AND time >= $3 AND time <= $4 LIMIT 1) AS found"
    ))
    .bind(sql_id(metric_id))
    .bind(times)
    .bind(first)
    .bind(last)
    .fetch_all(&mut *transaction)
    .await
    .map_err(store_error)?;
    let rows = rows.iter().map(|result| row_from_result(result, 0));
    let rows = rows.collect::<Result<BTreeMap<_, _>>>()?;
    let sample = |(channel, time)| {
        let row = rows.get(&time)?;
        Some((time, row.sample(row.position(channel)?)))
    };
    let samples = newest.into_iter().map(|(channel, time)| {
        sample((channel, time)).ok_or_else(|| {
            Error::Corrupt(format!(
                "the newest sample of channel {channel} of metric {} at {time} is not there",
                metric_id.0
            ))
        })
    });
    samples.collect()
}

pub(super) async fn span(connection: &mut PgConnection, metric_id: MetricId) -> Result<Option<(Timestamp, Timestamp)>> {
    let row = sqlx::query(
        "SELECT (SELECT time FROM oldest WHERE metric_id = $1), (SELECT max(time) FROM newest WHERE metric_id = $1)",
    )
    .bind(sql_id(metric_id))
    .fetch_one(connection)
    .await
    .map_err(store_error)?;
    let first: Option<PgTime> = row.try_get(0).map_err(store_error)?;
    let last: Option<PgTime> = row.try_get(1).map_err(store_error)?;
    Ok(first.zip(last).map(|(first, last)| (first.0, last.0)))
}

pub(super) async fn newest_before(pool: &PgPool, metric_id: MetricId, before: Timestamp) -> Result<Option<Timestamp>> {
    let mut transaction = begin(pool).await?;
    let (first, last) = match span(&mut transaction, metric_id).await? {
        Some((first, last)) if first < before => (first, last),
        _ => return Ok(None),
    };
    if last < before {
        return Ok(Some(last));
    }
    let mut end = before;
    let mut look_micros = FIRST_LOOK_MICROS;
    while first < end {
        let start = first.max(end.saturating_add_micros(-look_micros));
        let found: Option<PgTime> = sqlx::query_scalar(
            "SELECT time FROM frame WHERE metric_id = $1 AND time >= $2 AND time < $3 ORDER BY time DESC LIMIT 1",
        )
        .bind(sql_id(metric_id))
        .bind(PgTime(start))
        .bind(PgTime(end))
        .fetch_optional(&mut *transaction)
        .await
        .map_err(store_error)?;
        if let Some(PgTime(time)) = found {
            return Ok(Some(time));
        }
        end = start;
        look_micros = look_micros.saturating_mul(8);
    }
    Ok(None)
}

pub(super) async fn count_frames(pool: &PgPool, metric_id: MetricId, ranges: &[TimeRange]) -> Result<Vec<u64>> {
    // Known to the planner before it begins, so that it leaves out the partitions beyond.
    let start = ranges.iter().map(|range| range.start()).min();
    let end = ranges.iter().map(|range| range.end()).max();
    let counts: Vec<i64> = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM frame \
             WHERE metric_id = $1 AND time >= asked.first AND time < asked.next AND time >= $4 AND time < $5) \
         FROM unnest($2::timestamptz[], $3::timestamptz[]) WITH ORDINALITY AS asked (first, next, position) \
         ORDER BY position",
    )
    .bind(sql_id(metric_id))
    .bind(ranges.iter().map(|range| PgTime(range.start())).collect::<Vec<_>>())
    .bind(ranges.iter().map(|range| PgTime(range.end())).collect::<Vec<_>>())
    .bind(PgTime(start.unwrap_or(Timestamp::MIN)))
    .bind(PgTime(end.unwrap_or(Timestamp::MIN)))
    .fetch_all(pool)
    .await
    .map_err(store_error)?;
    Ok(counts.into_iter().map(i64::unsigned_abs).collect())
}
