//! The catalogue: all metrics with what is known of them.

use shared::metric::{MetricInfo, Metrics};
use shared::time::MICROS_PER_SEC;

use super::Result;
use crate::store::Store;

/// Answers `GET /api/v1/metrics`.
pub async fn metrics(store: &dyn Store) -> Result<Metrics> {
    let mut infos = Vec::new();
    for metric in store.metrics().await? {
        let span = store.span(metric.id).await?;
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
            interval_s: properties
                .interval_micros
                .map(|micros| micros as f64 / MICROS_PER_SEC as f64),
            first: span.map(|(first, _)| first),
            last: span.map(|(_, last)| last),
        });
    }
    infos.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(Metrics { metrics: infos })
}
