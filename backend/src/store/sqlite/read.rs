//! Reading: every query runs on its own connection and sees one committed state.

use futures_core::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use shared::time::{TimeRange, Timestamp};
use sqlx::Row as _;
use sqlx::sqlite::{SqlitePool, SqliteRow};

use super::super::newest::Newest;
use super::super::packed::moment;
use super::super::{ChannelFilter, ChannelSample, Error, FrameRead, MetricId, Result, SCAN_CHUNK_SAMPLES};
use super::batch::stored_view;
use super::newest::newest_from_bytes;
use super::open::store_error;

/// Time, then the columns that [`stored_view`] wants.
const FRAME_IN_RANGE: &str = "SELECT time_us, arrival_us, channels, samples, arrivals FROM frames \
     WHERE metric_id = ? AND time_us >= ? AND time_us < ? ORDER BY time_us";

const FRAME_AT: &str = "SELECT time_us, arrival_us, channels, samples, arrivals FROM frames \
     WHERE metric_id = ? AND time_us = ?";

pub(super) fn scan(
    readers: &SqlitePool,
    metric_id: MetricId,
    range: TimeRange,
    channels: ChannelFilter,
) -> BoxStream<'_, Result<Vec<FrameRead>>> {
    let rows = sqlx::query(FRAME_IN_RANGE)
        .bind(metric_id.0)
        .bind(range.start().as_micros())
        .bind(range.end().as_micros())
        .fetch(readers);
    chunks(rows, channels)
}

/// Rows with the columns of [`FRAME_IN_RANGE`] as chunks of frames.
pub(super) fn chunks(
    rows: BoxStream<'_, std::result::Result<SqliteRow, sqlx::Error>>,
    channels: ChannelFilter,
) -> BoxStream<'_, Result<Vec<FrameRead>>> {
    stream::try_unfold((rows, channels), |(mut rows, channels)| async move {
        let mut frames = Vec::new();
        let mut n_samples = 0;
        while n_samples < SCAN_CHUNK_SAMPLES {
            let Some(row) = rows.try_next().await.map_err(store_error)? else {
                break;
            };
            let time = moment(row.try_get(0).map_err(store_error)?)?;
            if let Some(frame) = stored_view(&row)?.read(time, &channels) {
                n_samples += frame.samples.len();
                frames.push(frame);
            }
        }
        Ok((!frames.is_empty()).then_some((frames, (rows, channels))))
    })
    .boxed()
}

pub(super) async fn latest(readers: &SqlitePool, metric_id: MetricId) -> Result<Vec<(Timestamp, ChannelSample)>> {
    // One transaction: the times and the rows that they point to must be of the same state.
    let mut transaction = readers.begin().await.map_err(store_error)?;
    let runs: Option<Vec<u8>> = sqlx::query_scalar("SELECT runs FROM newest WHERE metric_id = ?")
        .bind(metric_id.0)
        .fetch_optional(&mut *transaction)
        .await
        .map_err(store_error)?;
    let newest = runs.map_or_else(|| Ok(Newest::default()), |runs| newest_from_bytes(&runs))?;
    let mut by_time: Vec<(Timestamp, u32)> = newest.iter().map(|(channel, time)| (time, channel)).collect();
    by_time.sort_unstable();
    let mut samples = Vec::with_capacity(by_time.len());
    for at_one_time in by_time.chunk_by(|left, right| left.0 == right.0) {
        let time = at_one_time[0].0;
        let row = sqlx::query(FRAME_AT)
            .bind(metric_id.0)
            .bind(time.as_micros())
            .fetch_optional(&mut *transaction)
            .await
            .map_err(store_error)?
            .ok_or_else(|| lost(metric_id, time))?;
        let view = stored_view(&row)?;
        for (_, channel) in at_one_time {
            samples.push((time, view.channel(*channel).ok_or_else(|| lost(metric_id, time))?));
        }
    }
    samples.sort_unstable_by_key(|(_, sample)| sample.channel);
    Ok(samples)
}

fn lost(metric_id: MetricId, time: Timestamp) -> Error {
    Error::Corrupt(format!(
        "the newest sample of metric {} at {time} is not there",
        metric_id.0
    ))
}

pub(super) async fn span(
    reader: impl sqlx::SqliteExecutor<'_>,
    metric_id: MetricId,
) -> Result<Option<(Timestamp, Timestamp)>> {
    // Two lookups in the index; both in one SELECT would walk all of it.
    let row = sqlx::query(
        "SELECT (SELECT min(time_us) FROM frames WHERE metric_id = ?1), (SELECT max(time_us) FROM frames WHERE metric_id = ?1)",
    )
    .bind(metric_id.0)
    .fetch_one(reader)
    .await
    .map_err(store_error)?;
    let first = optional_moment(&row, 0)?;
    let last = optional_moment(&row, 1)?;
    Ok(first.zip(last))
}

pub(super) async fn newest_before(
    readers: &SqlitePool,
    metric_id: MetricId,
    before: Timestamp,
) -> Result<Option<Timestamp>> {
    let row = sqlx::query("SELECT max(time_us) FROM frames WHERE metric_id = ? AND time_us < ?")
        .bind(metric_id.0)
        .bind(before.as_micros())
        .fetch_one(readers)
        .await
        .map_err(store_error)?;
    optional_moment(&row, 0)
}

pub(super) async fn count_frames(readers: &SqlitePool, metric_id: MetricId, ranges: &[TimeRange]) -> Result<Vec<u64>> {
    let mut transaction = readers.begin().await.map_err(store_error)?;
    let mut counts = Vec::with_capacity(ranges.len());
    for range in ranges {
        let count: i64 =
            sqlx::query_scalar("SELECT count(*) FROM frames WHERE metric_id = ? AND time_us >= ? AND time_us < ?")
                .bind(metric_id.0)
                .bind(range.start().as_micros())
                .bind(range.end().as_micros())
                .fetch_one(&mut *transaction)
                .await
                .map_err(store_error)?;
        counts.push(count.unsigned_abs());
    }
    Ok(counts)
}

fn optional_moment(row: &SqliteRow, column: usize) -> Result<Option<Timestamp>> {
    let micros: Option<i64> = row.try_get(column).map_err(store_error)?;
    micros.map(moment).transpose()
}
