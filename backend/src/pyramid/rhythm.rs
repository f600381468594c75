//! How often a metric is sampled, where nothing is known of it.

use std::collections::BTreeMap;

use futures_util::TryStreamExt as _;
use shared::time::TimeRange;

use super::Result;
use crate::store::{ChannelFilter, MetricId, Store};

/// The usual time between samples of a channel, from the first frames.
pub(super) async fn frame_micros(
    store: &dyn Store,
    metric_id: MetricId,
    span: TimeRange,
    base_micros: i64,
) -> Result<i64> {
    let first_frames = store.scan(metric_id, span, ChannelFilter::All).try_next().await?;
    let mut times_of_channel: BTreeMap<u32, Vec<i64>> = BTreeMap::new();
    for frame in first_frames.unwrap_or_default() {
        for sample in frame.samples {
            times_of_channel
                .entry(sample.channel)
                .or_default()
                .push(frame.time.as_micros());
        }
    }
    let busiest = times_of_channel.into_values().max_by_key(Vec::len).unwrap_or_default();
    let mut waits: Vec<i64> = busiest.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let middle = waits.len() / 2;
    if waits.is_empty() {
        return Ok(base_micros);
    }
    Ok((*waits.select_nth_unstable(middle).1).max(1))
}
