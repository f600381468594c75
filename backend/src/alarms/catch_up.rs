//! Going through what came in while nobody evaluated, from the store: in the order in which it arrived.

use futures_util::TryStreamExt as _;
use shared::time::{TimeRange, Timestamp};

use crate::store::{ChannelFilter, Channels, Frame, FrameRead, MetricId, Result, Store};

/// How much is gone through at once, by the times of the samples.
pub const WINDOW_MICROS: i64 = 2 * 3_600_000_000;

/// Samples that came later than this are history that somebody brought in; they decide nothing after a restart.
pub const MAX_LATE_MICROS: i64 = 6 * 3_600_000_000;

/// Frames that arrived in a stretch of time.
#[derive(Debug)]
pub struct Arrived {
    /// By rising arrival.
    pub frames: Vec<Frame>,
    /// Read already, and arrived after that stretch.
    pub later: Vec<Frame>,
}

/// The frames of some metrics that were taken in a window, and `carried` ones from windows before it, that arrived after
/// `since` and before the window's end.
pub async fn read_window(
    store: &dyn Store,
    metrics: &[MetricId],
    window: TimeRange,
    since: i64,
    carried: Vec<Frame>,
) -> Result<Arrived> {
    let mut all = carried;
    for metric_id in metrics {
        let mut chunks = store.scan(*metric_id, window, ChannelFilter::All);
        while let Some(chunk) = chunks.try_next().await? {
            all.extend(chunk.into_iter().map(|read| frame(*metric_id, read)).filter(|frame| {
                let (arrival, time) = (frame.arrival.as_micros(), frame.time.as_micros());
                since < arrival && arrival - time <= MAX_LATE_MICROS
            }));
        }
    }
    let end = window.end();
    let (mut frames, later): (Vec<Frame>, Vec<Frame>) = all.into_iter().partition(|frame| frame.arrival < end);
    frames.sort_by_key(|frame| (frame.arrival, frame.time, frame.metric_id));
    Ok(Arrived { frames, later })
}

/// How long after it arrived a frame may be stored, or another server may tell that it stored it; and how far the clock of
/// that server may be behind ours.
pub const MAX_HEARSAY_MICROS: i64 = 60_000_000;

/// The frames that another server wrote, as it told, up to `now`. Frames among them that were taken before change nothing.
pub async fn read_elsewhere(store: &dyn Store, told: &[(MetricId, TimeRange)], now: i64) -> Result<Vec<Frame>> {
    let since = now - MAX_HEARSAY_MICROS;
    let first = Timestamp::saturating_from_micros(since - MAX_LATE_MICROS);
    let mut frames = Vec::new();
    for (metric_id, range) in told {
        let Ok(range) = TimeRange::new(range.start().max(first), range.end()) else {
            continue;
        };
        let arrived = read_window(store, &[*metric_id], range, since, Vec::new()).await?;
        frames.extend(arrived.frames.into_iter().chain(arrived.later));
    }
    Ok(frames)
}

/// What was read as it was written. Where parts of it came one after another, it is taken as it was in the end.
fn frame(metric_id: MetricId, read: FrameRead) -> Frame {
    let FrameRead { time, samples } = read;
    let arrival = samples.iter().map(|sample| sample.arrival).max().unwrap_or(time);
    let is_dense = (0..).zip(&samples).all(|(channel, sample)| sample.channel == channel);
    Frame {
        metric_id,
        time,
        arrival,
        values: samples.iter().map(|sample| sample.value).collect(),
        channels: if is_dense {
            Channels::Dense
        } else {
            Channels::Sparse(samples.iter().map(|sample| sample.channel).collect())
        },
    }
}

/// The window that begins at a moment and ends at `now` at the latest.
pub fn window(start: i64, now: i64) -> Option<TimeRange> {
    let moment = Timestamp::saturating_from_micros;
    // What arrived at this very moment belongs to it.
    TimeRange::new(moment(start), moment((start + WINDOW_MICROS).min(now + 1))).ok()
}

/// After `now`: samples of sources whose clocks are ahead.
pub fn ahead(now: i64) -> Option<TimeRange> {
    let moment = Timestamp::saturating_from_micros;
    TimeRange::new(moment(now + 1), moment(now + MAX_LATE_MICROS)).ok()
}
