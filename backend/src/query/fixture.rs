//! A memory store with the metric `m`, for tests of queries.

use std::sync::Arc;

use shared::time::Timestamp;
use shared::value::Value;

use crate::clock::ManualClock;
use crate::store::memory::MemoryStore;
use crate::store::{CatalogueStore as _, Channels, Frame, FrameStore as _, MetricProperties};
use crate::streams::{Rules, Watch};

pub(crate) struct Fixture {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) streams: Watch,
}

pub(crate) fn at_secs(secs: i64) -> Timestamp {
    Timestamp::from_micros(secs * 1_000_000).unwrap()
}

impl Fixture {
    /// `m` with channels 0 to n-1, expected every so many seconds.
    pub(crate) async fn new(n_channels: usize, interval_s: Option<i64>) -> Self {
        let store = Arc::new(MemoryStore::new());
        let labels: Vec<String> = (0..n_channels).map(|channel| channel.to_string()).collect();
        let metric = store.ensure_metric("m", &labels).await.unwrap();
        let properties = MetricProperties {
            unit: "V".to_owned(),
            interval_micros: interval_s.map(|secs| secs * 1_000_000),
            ..MetricProperties::default()
        };
        store.set_properties(metric.id, &properties).await.unwrap();
        let streams = Watch::new(Rules::default(), Arc::new(ManualClock::new(at_secs(0))));
        Self { store, streams }
    }

    /// Writes samples of `m`: seconds, channel, value.
    pub(crate) async fn write(&self, samples: &[(i64, u32, Value)]) {
        self.write_to("m", samples).await;
    }

    pub(crate) async fn write_to(&self, metric: &str, samples: &[(i64, u32, Value)]) {
        let metric_id = self.store.ensure_metric(metric, &[]).await.unwrap().id;
        let frames: Vec<Frame> = samples
            .iter()
            .map(|(secs, channel, value)| Frame {
                metric_id,
                time: at_secs(*secs),
                arrival: at_secs(*secs + 1),
                channels: Channels::Sparse(vec![*channel]),
                values: vec![*value],
            })
            .collect();
        self.store.write(&frames).await.unwrap();
    }
}
