//! The catalogue: all metrics with what is known of them.

use std::time::Duration;

use shared::metric::{MetricInfo, Metrics};
use shared::time::MICROS_PER_SEC;

use super::Result;
use crate::store::Store;
use crate::streams::Watch;

/// How long the list waits, right after a start, until the rhythms of all metrics are known.
const MAX_WAIT: Duration = Duration::from_secs(1);

/// Answers `GET /api/v1/metrics`; `streams` knows the rhythms that were learned.
pub async fn metrics(store: &dyn Store, streams: &Watch) -> Result<Metrics> {
    // Where that takes longer or fails, the list tells what is known; a store that is down is told by what follows.
    let _known = tokio::time::timeout(MAX_WAIT, streams.restore(store)).await;
    let mut infos = Vec::new();
    for metric in store.metrics().await? {
        let span = store.span(metric.id).await?;
        let expectation = streams.expectation(&metric);
        let secs = |micros: Option<i64>| micros.map(|micros| micros as f64 / MICROS_PER_SEC as f64);
        let properties = metric.properties;
        infos.push(MetricInfo {
            title: if properties.title.is_empty() {
                metric.name.clone()
            } else {
                properties.title
            },
            name: metric.name,
            unit: properties.unit,
            kind: properties.kind,
            channels: u32::try_from(metric.channel_labels.len()).unwrap_or(u32::MAX),
            interval_s: secs(expectation.interval_micros),
            late_after_s: secs(expectation.late_micros()),
            stale_after_s: secs(expectation.stale_micros()),
            first: span.map(|(first, _)| first),
            last: span.map(|(_, last)| last),
        });
    }
    infos.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(Metrics { metrics: infos })
}
