//! The camera's last nights, made in one go.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::TryStreamExt as _;
use shared::time::{TimeRange, Timestamp};

use super::moment::{MAX_DELAY_MICROS, MICROS_PER_MINUTE, Moment};
use super::{Camera, Quantity};
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

/// What a quantity already has in the store.
#[derive(Clone, Debug)]
struct Present {
    quantity: Quantity,
    metric_id: MetricId,
    /// All before this minute is there.
    until: i64,
    /// From then on only these are.
    minutes: BTreeSet<i64>,
}

/// Writes what is missing of the last nights, up to now; frames that are still on their way are left out.
///
/// Every frame carries the time at which it came in, or would have. `progress` hears of the total after each batch.
pub async fn write_nights(
    camera: Arc<Camera>,
    store: &dyn Store,
    writer: &Writer,
    now: Timestamp,
    progress: impl FnMut(Written),
) -> Result<Written, Error> {
    let minute = now.as_micros().div_euclid(MICROS_PER_MINUTE);
    let start = (Moment::new(minute).night - N_NIGHTS + 1) * 1440 + 720;
    write_since(camera, store, writer, start, now, progress).await
}

/// Writes what is missing from a minute on.
pub(super) async fn write_since(
    camera: Arc<Camera>,
    store: &dyn Store,
    writer: &Writer,
    start: i64,
    now: Timestamp,
    mut progress: impl FnMut(Written),
) -> Result<Written, Error> {
    let end = now.as_micros().div_euclid(MICROS_PER_MINUTE) + 1;
    let present = Arc::new(find_present(store, writer, start).await?);
    let first = present.iter().map(|present| present.until).min().unwrap_or(end);
    let batch = |minute: i64| {
        let (camera, present) = (Arc::clone(&camera), Arc::clone(&present));
        let minutes = minute..(minute + MINUTES_PER_BATCH).min(end);
        tokio::task::spawn_blocking(move || make_batch(&camera, &present, minutes, now))
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

async fn find_present(store: &dyn Store, writer: &Writer, start: i64) -> Result<Vec<Present>, Error> {
    let mut all = Vec::new();
    for quantity in Quantity::ALL {
        let labels: Vec<String> = (0..quantity.n_channels()).map(|channel| channel.to_string()).collect();
        let metric_id = writer.ensure_metric(quantity.metric(), &labels).await?;
        let mut present = Present {
            quantity,
            metric_id,
            until: start,
            minutes: BTreeSet::new(),
        };
        if let Some((_, newest)) = store.span(metric_id).await? {
            // Frames may be missing that were on their way when the server stopped.
            let newest = newest.as_micros().div_euclid(MICROS_PER_MINUTE);
            present.until = start.max(newest - 2 * MAX_DELAY_MICROS / MICROS_PER_MINUTE);
            present.minutes = find_minutes(store, metric_id, present.until).await?;
        }
        all.push(present);
    }
    Ok(all)
}

/// The minutes from `start` on that have a frame.
async fn find_minutes(store: &dyn Store, metric_id: MetricId, start: i64) -> store::Result<BTreeSet<i64>> {
    let start = Timestamp::saturating_from_micros(start * MICROS_PER_MINUTE);
    let Ok(range) = TimeRange::new(start, Timestamp::MAX) else {
        return Ok(BTreeSet::new());
    };
    let chunks: Vec<_> = store.scan(metric_id, range, ChannelFilter::All).try_collect().await?;
    let minutes = chunks.iter().flatten();
    Ok(minutes
        .map(|frame| frame.time.as_micros().div_euclid(MICROS_PER_MINUTE))
        .collect())
}

fn make_batch(camera: &Camera, present: &[Present], minutes: std::ops::Range<i64>, now: Timestamp) -> Vec<Frame> {
    let mut frames = Vec::new();
    for present in present {
        for minute in minutes.clone() {
            if minute < present.until || present.minutes.contains(&minute) {
                continue;
            }
            let moment = Moment::new(minute);
            let arrival = moment.arrival(present.quantity);
            if arrival > now {
                continue;
            }
            if let Some((channels, values)) = camera.frame(present.quantity, &moment) {
                frames.push(Frame {
                    metric_id: present.metric_id,
                    time: moment.time(),
                    arrival,
                    channels,
                    values,
                });
            }
        }
    }
    frames
}
