//! More writes than the store can take: who is refused is told so, and what was acknowledged is there.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use async_trait::async_trait;
use axum::Router;
use futures_util::stream::BoxStream;
use shared::time::{TimeRange, Timestamp};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use watchroom::app::App;
use watchroom::clock::ManualClock;
use watchroom::config::{Config, Source};
use watchroom::store::memory::MemoryStore;
use watchroom::store::retention::RetentionStore;
use watchroom::store::snapshot::SnapshotStore;
use watchroom::store::tiles::TileStore;
use watchroom::store::{
    self, CatalogueStore, ChannelFilter, ChannelSample, Frame, FrameRead, FrameStore, MetricId, MetricProperties,
    Store, StoredMetric,
};

use crate::app::NOW;

/// A store that writes nothing while its gate is shut.
#[derive(Debug)]
struct Gated {
    inner: MemoryStore,
    gate: Semaphore,
}

#[async_trait]
impl CatalogueStore for Gated {
    async fn metrics(&self) -> store::Result<Vec<StoredMetric>> {
        self.inner.metrics().await
    }

    async fn ensure_metric(&self, name: &str, channel_labels: &[String]) -> store::Result<StoredMetric> {
        self.inner.ensure_metric(name, channel_labels).await
    }

    async fn set_properties(&self, metric_id: MetricId, properties: &MetricProperties) -> store::Result<()> {
        self.inner.set_properties(metric_id, properties).await
    }
}

#[async_trait]
impl FrameStore for Gated {
    async fn write(&self, frames: &[Frame]) -> store::Result<()> {
        let _passed = self.gate.acquire().await.unwrap();
        self.inner.write(frames).await
    }

    fn scan(
        &self,
        metric_id: MetricId,
        range: TimeRange,
        channels: ChannelFilter,
    ) -> BoxStream<'_, store::Result<Vec<FrameRead>>> {
        self.inner.scan(metric_id, range, channels)
    }

    async fn latest(&self, metric_id: MetricId) -> store::Result<Vec<(Timestamp, ChannelSample)>> {
        self.inner.latest(metric_id).await
    }

    async fn span(&self, metric_id: MetricId) -> store::Result<Option<(Timestamp, Timestamp)>> {
        self.inner.span(metric_id).await
    }

    async fn newest_before(&self, metric_id: MetricId, before: Timestamp) -> store::Result<Option<Timestamp>> {
        self.inner.newest_before(metric_id, before).await
    }

    async fn count_frames(&self, metric_id: MetricId, ranges: &[TimeRange]) -> store::Result<Vec<u64>> {
        self.inner.count_frames(metric_id, ranges).await
    }
}

#[async_trait]
impl Store for Gated {
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

    async fn ping(&self) -> store::Result<()> {
        self.inner.ping().await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

/// A server on a port of its own, over a gated store.
struct Server {
    store: Arc<Gated>,
    address: SocketAddr,
}

impl Server {
    /// `n_open` writes at a time pass the gate.
    async fn start(config: &str, n_open: usize) -> Self {
        let source = Source {
            name: "watchroom.toml",
            text: config,
        };
        let config = Config::from_sources(source, &[]).unwrap();
        let store = Arc::new(Gated {
            inner: MemoryStore::new(),
            gate: Semaphore::new(n_open),
        });
        let clock = Arc::new(ManualClock::new(NOW.parse().unwrap()));
        let app = App::new(config, Arc::<Gated>::clone(&store), clock).unwrap();
        let router: Router = watchroom::http::router(Arc::new(app));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(axum::serve(listener, router).into_future());
        Self { store, address }
    }

    /// Writes each body over a connection of its own, all at once; the answers come as they come, with the body's number.
    fn write_all(&self, bodies: impl Iterator<Item = String>) -> Receiver<(usize, String)> {
        let (sender, answers) = sync_channel(100);
        for (number, body) in bodies.enumerate() {
            let (sender, address) = (sender.clone(), self.address);
            std::thread::spawn(move || sender.send((number, write(address, &body))));
        }
        answers
    }

    /// The values of a metric in its channels' order, as they are asked for by anyone.
    async fn values(&self) -> Vec<u32> {
        let metrics = self.store.metrics().await.unwrap();
        let mut values = Vec::new();
        for metric in metrics {
            for (_, sample) in self.store.latest(metric.id).await.unwrap() {
                let label = &metric.channel_labels[sample.channel as usize];
                let value = sample.value.as_number().unwrap();
                assert_eq!(*label, value.to_string());
                values.push(label.parse().unwrap());
            }
        }
        values.sort_unstable();
        values
    }
}

/// Posts line protocol; gives the whole answer.
fn write(address: SocketAddr, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    let head = format!(
        "POST /write?precision=s HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// One sample whose value is the label of its channel, and so many bytes of comment.
fn sample(number: usize, n_padding: usize) -> String {
    format!(
        "m,number={number} value={number} 1795208400\n#{}\n",
        "x".repeat(n_padding)
    )
}

#[track_caller]
fn assert_refused(answer: &str, reason: &str) {
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("\r\nretry-after: 1\r\n"), "{answer}");
    assert!(answer.contains(r#""code":"overloaded""#), "{answer}");
    assert!(answer.contains(reason), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_limit_of_requests_writes_are_refused_and_the_acknowledged_ones_are_there() {
    let server = Server::start("[ingest]\nrequests_in_flight = 20\n", 0).await;
    let answers = server.write_all((0..60).map(|number| sample(number, 0)));
    // While the gate is shut the first to come stay inside, and all others must be answered.
    for (_, answer) in answers.iter().take(40) {
        assert_refused(&answer, "20 writes are under way, which is the limit");
    }
    assert_eq!(server.values().await, [0; 0]);
    server.store.gate.add_permits(60);
    let mut acknowledged = Vec::new();
    for (number, answer) in answers {
        assert!(answer.starts_with("HTTP/1.1 204 "), "{answer}");
        acknowledged.push(u32::try_from(number).unwrap());
    }
    acknowledged.sort_unstable();
    assert_eq!(acknowledged.len(), 20);
    assert_eq!(server.values().await, acknowledged);
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_limit_of_bytes_writes_are_refused_whatever_their_number() {
    let server = Server::start("[ingest]\nbody_limit = \"500kB\"\nbytes_in_flight = \"1MB\"\n", 0).await;
    let answers = server.write_all((0..10).map(|number| sample(number, 400_000)));
    for (_, answer) in answers.iter().take(8) {
        assert_refused(&answer, "the bodies under way have 1000000 bytes, which is the limit");
    }
    // A small one still fits, and one that never could is another error.
    let small = server.write_all(std::iter::once(sample(0, 100)));
    let huge = write(server.address, &sample(0, 500_000));
    assert!(huge.starts_with("HTTP/1.1 413 "), "{huge}");
    server.store.gate.add_permits(60);
    let mut acknowledged: Vec<u32> = answers
        .into_iter()
        .filter(|(_, answer)| answer.starts_with("HTTP/1.1 204 "))
        .map(|(number, _)| u32::try_from(number).unwrap())
        .collect();
    assert_eq!(acknowledged.len(), 2);
    let (_, answer) = small.recv().unwrap();
    assert!(answer.starts_with("HTTP/1.1 204 "), "{answer}");
    acknowledged.push(0);
    acknowledged.sort_unstable();
    acknowledged.dedup();
    assert_eq!(server.values().await, acknowledged);
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_try_again_lose_nothing() {
    let server = Server::start("[ingest]\nrequests_in_flight = 3\n", 1).await;
    let address = server.address;
    let clients = (0..12_usize).map(|client| {
        std::thread::spawn(move || {
            let mut n_refused = 0;
            for number in (client * 20)..(client * 20 + 20) {
                loop {
                    let answer = write(address, &sample(number, 0));
                    if answer.starts_with("HTTP/1.1 204 ") {
                        break;
                    }
                    assert_refused(&answer, "3 writes are under way");
                    n_refused += 1;
                }
            }
            n_refused
        })
    });
    let clients: Vec<_> = clients.collect();
    for client in clients {
        client.join().unwrap();
    }
    assert_eq!(server.values().await, (0..240).collect::<Vec<_>>());
}
