//! A store whose scans fail, hang or never end, and tell when somebody lets go of them; and a port to reach it by.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use axum::Router;
use futures_core::stream::BoxStream;
use futures_util::{StreamExt as _, stream};
use shared::time::{TimeRange, Timestamp};
use shared::value::Value;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use watchroom::store::memory::MemoryStore;
use watchroom::store::retention::RetentionStore;
use watchroom::store::snapshot::SnapshotStore;
use watchroom::store::tiles::TileStore;
use watchroom::store::{
    CatalogueStore, ChannelFilter, ChannelSample, Error, Frame, FrameRead, FrameStore, MetricId, MetricProperties,
    Result, Store, StoredMetric,
};

/// What a scan does after the chunks that are stored, or instead of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Scans {
    /// Fail after some frames, one by one.
    Fail,
    /// Wait for ever after the first chunk.
    Hang,
    /// Give one frame after the other, as fast as they are taken, in place of what is stored.
    NeverEnd,
}

#[derive(Debug)]
pub(crate) struct WatchedStore {
    inner: MemoryStore,
    scans: Scans,
    told: Arc<Told>,
}

/// What scans tell.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// A scan has given its first chunk and was asked for more.
    pub(crate) under_way: Notify,
    /// Such a scan was let go of.
    pub(crate) let_go: Notify,
    /// How many chunks scans were asked for.
    pub(crate) n_chunks: AtomicUsize,
}

/// Tells of its end.
struct UnderWay(Arc<Told>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.let_go.notify_one();
    }
}

impl WatchedStore {
    /// A store with the metric `m` of one channel and two samples, and what its scans tell.
    pub(crate) async fn new(scans: Scans) -> (Arc<Self>, Arc<Told>) {
        let inner = MemoryStore::new();
        let metric = inner.ensure_metric("m", &["0".to_owned()]).await.unwrap();
        for secs in [0, 100_000] {
            let frame = Frame {
                metric_id: metric.id,
                time: Timestamp::from_micros(secs * 1_000_000).unwrap(),
                arrival: Timestamp::EPOCH,
                channels: watchroom::store::Channels::Dense,
                values: vec![Value::number(1.5)],
            };
            inner.write(&[frame]).await.unwrap();
        }
        let told = Arc::new(Told::default());
        let store = Self {
            inner,
            scans,
            told: Arc::clone(&told),
        };
        (Arc::new(store), told)
    }
}

#[async_trait]
impl FrameStore for WatchedStore {
    async fn write(&self, frames: &[Frame]) -> Result<()> {
        self.inner.write(frames).await
    }

    fn scan(
        &self,
        metric_id: MetricId,
        range: TimeRange,
        channels: ChannelFilter,
    ) -> BoxStream<'_, Result<Vec<FrameRead>>> {
        let stored = self.inner.scan(metric_id, range, channels);
        let begun: Option<UnderWay> = None;
        let start = (stored, begun, 0);
        stream::unfold(start, move |(mut stored, mut under_way, n_chunks)| async move {
            self.told.n_chunks.fetch_add(1, Ordering::SeqCst);
            if n_chunks > 0 && under_way.is_none() {
                under_way = Some(UnderWay(Arc::clone(&self.told)));
                self.told.under_way.notify_one();
            }
            let chunk = match self.scans {
                Scans::Fail if n_chunks > 5 => Some(Err(Error::Unavailable("unplugged".to_owned()))),
                Scans::NeverEnd | Scans::Fail => Some(Ok(vec![frame(range.start().saturating_add_micros(n_chunks))])),
                Scans::Hang if n_chunks > 0 => std::future::pending().await,
                Scans::Hang => stored.next().await,
            };
            Some((chunk?, (stored, under_way, n_chunks + 1)))
        })
        .boxed()
    }

    async fn latest(&self, metric_id: MetricId) -> Result<Vec<(Timestamp, ChannelSample)>> {
        self.inner.latest(metric_id).await
    }

    async fn span(&self, metric_id: MetricId) -> Result<Option<(Timestamp, Timestamp)>> {
        self.inner.span(metric_id).await
    }

    async fn newest_before(&self, metric_id: MetricId, before: Timestamp) -> Result<Option<Timestamp>> {
        self.inner.newest_before(metric_id, before).await
    }

    async fn count_frames(&self, metric_id: MetricId, ranges: &[TimeRange]) -> Result<Vec<u64>> {
        self.inner.count_frames(metric_id, ranges).await
    }
}

fn frame(time: Timestamp) -> FrameRead {
    FrameRead {
        time,
        samples: vec![ChannelSample {
            channel: 0,
            value: Value::number(0.25),
            arrival: time,
        }],
    }
}

#[async_trait]
impl CatalogueStore for WatchedStore {
    async fn metrics(&self) -> Result<Vec<StoredMetric>> {
        self.inner.metrics().await
    }

    async fn ensure_metric(&self, name: &str, channel_labels: &[String]) -> Result<StoredMetric> {
        self.inner.ensure_metric(name, channel_labels).await
    }

    async fn set_properties(&self, metric_id: MetricId, properties: &MetricProperties) -> Result<()> {
        self.inner.set_properties(metric_id, properties).await
    }
}

#[async_trait]
impl Store for WatchedStore {
    fn tiles(&self) -> &dyn TileStore {
        self.inner.tiles()
    }

    fn retention(&self) -> &dyn RetentionStore {
        self.inner.retention()
    }

    fn snapshots(&self) -> &dyn SnapshotStore {
        self.inner.snapshots()
    }

    fn records(&self) -> &dyn watchroom::store::records::RecordStore {
        self.inner.records()
    }

    async fn ping(&self) -> Result<()> {
        self.inner.ping().await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

/// Serves on a free port for as long as the test runs.
pub(crate) async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}
