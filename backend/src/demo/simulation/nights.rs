//! The last nights of a simulated source, made in one go.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use futures_util::TryStreamExt as _;
use shared::time::{TimeRange, Timestamp};

use super::{MAX_DELAY_MICROS, MICROS_PER_MINUTE, Sent, Simulation, minute_of, time_of};
use crate::demo::Error;
use crate::ingest::Writer;
use crate::store::{self, ChannelFilter, Frame, MetricId, Store};

/// How many nights there are, the present one included.
const N_NIGHTS: i64 = 3;

/// How many minutes are written at once: half a million values.
const MINUTES_PER_BATCH: i64 = 60;

/// How much was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Written {
    /// Frames.
    pub frames: usize,
    /// Values in them.
    pub values: usize,
}

/// What of a metric is to be written, and what is in the store already.
#[derive(Clone, Debug)]
struct Present {
    /// Its place in the list of the source.
    metric: usize,
    metric_id: MetricId,
    /// All before this minute is there, or not to be written.
    until: i64,
    /// From then on only these are there.
    minutes: BTreeSet<i64>,
    /// Nothing is to be written from this minute on.
    end: i64,
}

/// Writes what is missing of the last nights, up to now; frames that are still on their way are left out.
///
/// Every frame carries the time at which it came in, or would have. `progress` hears of the total after each batch.
pub async fn write_nights(
    source: Arc<dyn Simulation>,
    store: &dyn Store,
    writer: &Writer,
    now: Timestamp,
    progress: impl FnMut(Written),
) -> Result<Written, Error> {
    // Nights go from noon to noon UTC.
    let night = (minute_of(now) - 720).div_euclid(1440);
    let start = (night - N_NIGHTS + 1) * 1440 + 720;
    write_since(source, store, writer, start, now, progress).await
}

/// Writes what is missing from a minute on.
pub(super) async fn write_since(
    source: Arc<dyn Simulation>,
    store: &dyn Store,
    writer: &Writer,
    start: i64,
    now: Timestamp,
    mut progress: impl FnMut(Written),
) -> Result<Written, Error> {
    let end = minute_of(now) + 1;
    let present = Arc::new(find_present(source.as_ref(), store, writer, start..end).await?);
    let first = present.iter().map(|present| present.until).min().unwrap_or(end);
    let batch = |minute: i64| {
        let (source, present) = (Arc::clone(&source), Arc::clone(&present));
        let minutes = minute..(minute + MINUTES_PER_BATCH).min(end);
        tokio::task::spawn_blocking(move || make_batch(source.as_ref(), &present, minutes, now))
    };
    let mut written = Written::default();
    let mut next = batch(first);
    let mut minute = first;
    while minute < end {
        // A task of pure arithmetic fails only when the runtime is going down.
        let Ok(frames) = next.await else { break };
        minute += MINUTES_PER_BATCH;
        // The next batch is made while this one is written.
        next = batch(minute);
        if frames.is_empty() {
            continue;
        }
        store.write(&frames).await?;
        written.frames += frames.len();
        written.values += frames.iter().map(|frame| frame.values.len()).sum::<usize>();
        progress(written);
    }
    Ok(written)
}

async fn find_present(
    source: &dyn Simulation,
    store: &dyn Store,
    writer: &Writer,
    minutes: Range<i64>,
) -> Result<Vec<Present>, Error> {
    let mut all = Vec::new();
    for (index, metric) in source.metrics().into_iter().enumerate() {
        let metric_id = writer.ensure_metric(metric.name, &metric.labels).await?;
        let (from, end) = match metric.sent {
            Sent::Always => (minutes.start, minutes.end),
            Sent::Before { from, until } => (minutes.end - from, minutes.end - until),
        };
        let mut present = Present {
            metric: index,
            metric_id,
            until: from.max(minutes.start),
            minutes: BTreeSet::new(),
            end,
        };
        if let Some((_, newest)) = store.span(metric_id).await? {
            // Frames may be missing that were on their way when the server stopped.
            let newest = minute_of(newest);
            present.until = present.until.max(newest - 2 * MAX_DELAY_MICROS / MICROS_PER_MINUTE);
            present.minutes = find_minutes(store, metric_id, present.until).await?;
        }
        all.push(present);
    }
    Ok(all)
}

/// The minutes from `start` on that have a frame.
async fn find_minutes(store: &dyn Store, metric_id: MetricId, start: i64) -> store::Result<BTreeSet<i64>> {
    let Ok(range) = TimeRange::new(time_of(start), Timestamp::MAX) else {
        return Ok(BTreeSet::new());
    };
    let chunks: Vec<_> = store.scan(metric_id, range, ChannelFilter::All).try_collect().await?;
    let minutes = chunks.iter().flatten();
    Ok(minutes.map(|frame| minute_of(frame.time)).collect())
}

fn make_batch(source: &dyn Simulation, present: &[Present], minutes: Range<i64>, now: Timestamp) -> Vec<Frame> {
    let mut frames = Vec::new();
    for present in present {
        for minute in minutes.start.max(present.until)..minutes.end.min(present.end) {
            if present.minutes.contains(&minute) {
                continue;
            }
            let arrival = source.arrival(present.metric, minute);
            if arrival > now {
                continue;
            }
            if let Some((channels, values)) = source.frame(present.metric, minute) {
                frames.push(Frame {
                    metric_id: present.metric_id,
                    time: time_of(minute),
                    arrival,
                    channels,
                    values,
                });
            }
        }
    }
    frames
}
