use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use futures_core::stream::BoxStream;
use futures_util::TryStreamExt as _;
use proptest::prelude::*;
use shared::time::TimeRange;
use shared::value::Value;

use super::*;
use crate::clock::ManualClock;
use crate::ingest::IncomingChannels;
use crate::store::memory::MemoryStore;
use crate::store::tiles::TileStore;
use crate::store::{CatalogueStore, ChannelFilter, ChannelSample, FrameRead, FrameStore, StoredMetric};

const NOW: &str = "2026-11-20T22:00:00Z";

fn writer_into(store: Arc<dyn Store>, limits: Limits) -> Writer {
    let clock = Arc::new(ManualClock::new(NOW.parse().unwrap()));
    Writer::new(store, clock, limits, BTreeMap::new())
}

fn frame(position: usize, metric: &str, time: &str, channels: IncomingChannels, values: &[f64]) -> IncomingFrame {
    IncomingFrame {
        position,
        metric: metric.to_owned(),
        time: (!time.is_empty()).then(|| time.parse().unwrap()),
        channels,
        values: values.iter().copied().map(Value::number).collect(),
    }
}

fn labels(labels: &[&str]) -> IncomingChannels {
    IncomingChannels::Labels(labels.iter().copied().map(str::to_owned).collect())
}

/// All samples of the store as text: metric, time, arrival, label, value.
async fn content(store: &dyn Store) -> Vec<String> {
    let mut lines = Vec::new();
    for metric in store.metrics().await.unwrap() {
        let chunks: Vec<_> = store
            .scan(metric.id, TimeRange::ALL, ChannelFilter::All)
            .try_collect()
            .await
            .unwrap();
        for read in chunks.into_iter().flatten() {
            for sample in read.samples {
                let label = &metric.channel_labels[sample.channel as usize];
                let (name, time, value, arrival) = (&metric.name, read.time, sample.value, sample.arrival);
                lines.push(format!("{name} {time} [{label}] {value} arrived {arrival}"));
            }
        }
    }
    lines
}

fn messages(outcome: &Outcome) -> Vec<String> {
    let lines = outcome.rejected.iter();
    lines
        .map(|error| format!("{}: {}", error.position, error.message))
        .collect()
}

#[tokio::test]
async fn frames_of_one_time_become_one_and_the_last_value_wins() {
    let store = Arc::new(MemoryStore::new());
    let writer = writer_into(Arc::clone(&store) as Arc<dyn Store>, Limits::default());
    let time = "2026-11-20T21:00:00Z";
    let outcome = writer
        .store(vec![
            frame(1, "hv", time, labels(&["b"]), &[1.0]),
            frame(2, "hv", time, labels(&["a", "b"]), &[2.0, 3.0]),
            frame(3, "hv", "", labels(&["a"]), &[4.0]),
            frame(4, "rate", time, IncomingChannels::Indices(vec![2, 0]), &[5.0, 6.0]),
        ])
        .await
        .unwrap();
    assert_eq!(
        outcome,
        Outcome {
            accepted: 4,
            rejected: vec![]
        }
    );
    let hv = store.metrics().await.unwrap()[0].id;
    assert_eq!(store.count_frames(hv, &[TimeRange::ALL]).await.unwrap(), [2]);
    insta::assert_snapshot!(content(store.as_ref()).await.join("\n"), @"
    hv 2026-11-20T21:00:00Z [b] 3 arrived 2026-11-20T22:00:00Z
    hv 2026-11-20T21:00:00Z [a] 2 arrived 2026-11-20T22:00:00Z
    hv 2026-11-20T22:00:00Z [a] 4 arrived 2026-11-20T22:00:00Z
    rate 2026-11-20T21:00:00Z [0] 6 arrived 2026-11-20T22:00:00Z
    rate 2026-11-20T21:00:00Z [2] 5 arrived 2026-11-20T22:00:00Z
    ");
}

#[tokio::test]
async fn bad_frames_are_named_and_leave_nothing_behind() {
    let store = Arc::new(MemoryStore::new());
    let limits = Limits {
        channels_per_metric: 4,
        metrics: 3,
        ..Limits::default()
    };
    let writer = writer_into(Arc::clone(&store) as Arc<dyn Store>, limits);
    let time = "2026-11-20T21:00:00Z";
    let dense = IncomingChannels::Dense;
    let outcome = writer
        .store(vec![
            frame(1, "ok", time, dense.clone(), &[1.0]),
            frame(2, "", time, dense.clone(), &[1.0]),
            frame(3, "ahead", "2026-11-21T22:00:00.000001Z", dense.clone(), &[1.0]),
            frame(4, "ok", "2026-11-21T22:00:00Z", dense.clone(), &[2.0]),
            frame(5, "empty", time, dense.clone(), &[]),
            frame(6, "short", time, IncomingChannels::Indices(vec![0, 1]), &[1.0]),
            frame(
                7,
                "twice",
                time,
                IncomingChannels::Indices(vec![3, 1, 3]),
                &[1.0, 2.0, 3.0],
            ),
            frame(8, "twice", time, labels(&["a", "a"]), &[1.0, 2.0]),
            frame(9, "wide", time, dense.clone(), &[1.0; 5]),
            frame(10, "wide", time, IncomingChannels::Indices(vec![u32::MAX]), &[1.0]),
            frame(11, "by label", time, labels(&["1"]), &[1.0]),
            frame(12, "by label", time, dense.clone(), &[1.0, 2.0]),
            frame(13, "by label", time, labels(&["", "x"]), &[1.0, 2.0]),
            frame(14, "third", time, labels(&["a", "b", "c", "d"]), &[1.0; 4]),
            frame(15, "third", time, labels(&["a", "e"]), &[1.0; 2]),
            frame(16, "fourth", time, dense.clone(), &[1.0]),
            frame(17, "a\nb", time, dense, &[1.0]),
        ])
        .await
        .unwrap();
    assert_eq!(outcome.accepted, 4);
    insta::assert_snapshot!(messages(&outcome).join("\n"), @r#"
    2: a metric needs a name
    3: its time 2026-11-21T22:00:00.000001Z is more than 24 h ahead of the server's clock, 2026-11-20T22:00:00Z; check the clock of the source
    5: a frame needs at least one value
    6: it names 2 channels but holds 1 values; there must be one value per channel
    7: channel 3 is named twice
    8: channel "a" is named twice
    9: metric "wide" would have 5 channels; the limit is 4; a tag that never ends, such as the number of a run, makes a channel of each of its values: write it as a field, or raise ingest.channels_per_metric
    10: metric "wide" would have 4294967296 channels; the limit is 4; a tag that never ends, such as the number of a run, makes a channel of each of its values: write it as a field, or raise ingest.channels_per_metric
    12: channel 1 cannot be made, for its label already names channel 0 of "by label"
    13: a channel needs a label
    15: metric "third" would have 5 channels; the limit is 4; a tag that never ends, such as the number of a run, makes a channel of each of its values: write it as a field, or raise ingest.channels_per_metric
    16: there are already 3 metrics, which is the limit; give what varies a channel, not a metric of its own, or raise ingest.metrics
    17: a metric name may not hold control characters
    "#);
    let metrics = store.metrics().await.unwrap();
    let made: Vec<_> = metrics
        .iter()
        .map(|metric| (metric.name.as_str(), metric.channel_labels.len()))
        .collect();
    assert_eq!(made, [("by label", 1), ("ok", 1), ("third", 4)]);
    assert_eq!(content(store.as_ref()).await.len(), 7);
}

#[tokio::test]
async fn what_the_configuration_says_wins_over_the_store_and_the_store_over_a_file() {
    let properties = |title: &str, unit: &str, interval_micros| MetricProperties {
        title: title.to_owned(),
        unit: unit.to_owned(),
        interval_micros,
        ..MetricProperties::default()
    };
    let store = Arc::new(MemoryStore::new());
    let before = store.ensure_metric("hv", &[]).await.unwrap();
    let stored = properties("stored title", "stored unit", None);
    store.set_properties(before.id, &stored).await.unwrap();
    let clock = Arc::new(ManualClock::new(NOW.parse().unwrap()));
    let known = BTreeMap::from([("hv".to_owned(), properties("High voltage", "", None))]);
    let writer = Writer::new(Arc::clone(&store) as Arc<dyn Store>, clock, Limits::default(), known);
    let told = properties("told title", "told unit", Some(60_000_000));
    writer.describe(&BTreeMap::from([
        ("hv".to_owned(), told.clone()),
        ("new".to_owned(), told.clone()),
    ]));
    let frames = ["hv", "new"].map(|metric| frame(0, metric, "", IncomingChannels::Dense, &[1.0]));
    writer.store(frames.to_vec()).await.unwrap();
    let metrics = store.metrics().await.unwrap();
    assert_eq!(
        metrics[0].properties,
        properties("High voltage", "stored unit", Some(60_000_000))
    );
    assert_eq!(metrics[1].properties, told);
}

#[tokio::test]
async fn calls_side_by_side_share_metrics_channels_and_limits() {
    let store = Arc::new(MemoryStore::new());
    let limits = Limits {
        channels_per_metric: 10,
        ..Limits::default()
    };
    let writer = Arc::new(writer_into(Arc::clone(&store) as Arc<dyn Store>, limits));
    let calls = (0..20).map(|call| {
        let writer = Arc::clone(&writer);
        tokio::spawn(async move {
            let label = format!("channel {call}");
            let time = format!("2026-11-20T21:00:{call:02}Z");
            writer
                .store(vec![frame(call, "hv", &time, labels(&[&label]), &[1.0])])
                .await
                .unwrap()
        })
    });
    let mut accepted = 0;
    for call in calls.collect::<Vec<_>>() {
        let outcome = call.await.unwrap();
        assert_eq!(outcome.accepted + outcome.rejected.len(), 1);
        accepted += outcome.accepted;
    }
    assert_eq!(accepted, 10);
    assert_eq!(store.metrics().await.unwrap()[0].channel_labels.len(), 10);
    assert_eq!(content(store.as_ref()).await.len(), 10);
}

/// A store whose disk is full after so many batches.
#[derive(Debug)]
struct FullAfter(MemoryStore, AtomicUsize);

#[async_trait]
impl CatalogueStore for FullAfter {
    async fn metrics(&self) -> store::Result<Vec<StoredMetric>> {
        self.0.metrics().await
    }

    async fn ensure_metric(&self, name: &str, channel_labels: &[String]) -> store::Result<StoredMetric> {
        self.0.ensure_metric(name, channel_labels).await
    }

    async fn set_properties(&self, metric_id: MetricId, properties: &MetricProperties) -> store::Result<()> {
        self.0.set_properties(metric_id, properties).await
    }
}

#[async_trait]
impl FrameStore for FullAfter {
    async fn write(&self, frames: &[Frame]) -> store::Result<()> {
        let left = self
            .1
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        match left {
            Ok(_) => self.0.write(frames).await,
            Err(_) => Err(store::Error::Unavailable("the disk is full".to_owned())),
        }
    }

    fn scan(
        &self,
        metric_id: MetricId,
        range: TimeRange,
        channels: ChannelFilter,
    ) -> BoxStream<'_, store::Result<Vec<FrameRead>>> {
        self.0.scan(metric_id, range, channels)
    }

    async fn latest(&self, metric_id: MetricId) -> store::Result<Vec<(Timestamp, ChannelSample)>> {
        self.0.latest(metric_id).await
    }

    async fn span(&self, metric_id: MetricId) -> store::Result<Option<(Timestamp, Timestamp)>> {
        self.0.span(metric_id).await
    }

    async fn newest_before(&self, metric_id: MetricId, before: Timestamp) -> store::Result<Option<Timestamp>> {
        self.0.newest_before(metric_id, before).await
    }

    async fn count_frames(&self, metric_id: MetricId, ranges: &[TimeRange]) -> store::Result<Vec<u64>> {
        self.0.count_frames(metric_id, ranges).await
    }
}

#[async_trait]
impl Store for FullAfter {
    fn tiles(&self) -> &dyn TileStore {
        self.0.tiles()
    }

    fn retention(&self) -> &dyn crate::store::retention::RetentionStore {
        self.0.retention()
    }

    fn snapshots(&self) -> &dyn crate::store::snapshot::SnapshotStore {
        self.0.snapshots()
    }

    fn records(&self) -> &dyn crate::store::records::RecordStore {
        self.0.records()
    }

    async fn ping(&self) -> store::Result<()> {
        self.0.ping().await
    }

    async fn close(&self) {
        self.0.close().await;
    }
}

#[tokio::test]
async fn a_failing_store_fails_the_call_and_says_what_is_stored_all_the_same() {
    let store = Arc::new(FullAfter(MemoryStore::new(), AtomicUsize::new(2)));
    let limits = Limits {
        values_per_batch: 3,
        ..Limits::default()
    };
    let writer = writer_into(Arc::clone(&store) as Arc<dyn Store>, limits);
    let frames = (0..9).map(|second| {
        let time = format!("2026-11-20T21:00:0{second}Z");
        frame(second, "hv", &time, IncomingChannels::Dense, &[1.0])
    });
    let failed = writer.store(frames.collect()).await.unwrap_err();
    assert_eq!(failed.accepted, 6);
    assert!(matches!(failed.source, store::Error::Unavailable(_)));
    assert_eq!(content(store.as_ref()).await.len(), 6);
}

fn any_channels() -> impl Strategy<Value = (IncomingChannels, Vec<f64>)> {
    let labels = prop::collection::btree_set("[a-d0-3]", 1..5)
        .prop_map(|labels| (IncomingChannels::Labels(labels.iter().cloned().collect()), labels.len()));
    let indices = prop::collection::hash_set(0_u32..6, 1..5).prop_map(|indices| {
        let n_values = indices.len();
        (IncomingChannels::Indices(indices.into_iter().collect()), n_values)
    });
    let dense = (1_usize..5).prop_map(|n_values| (IncomingChannels::Dense, n_values));
    prop_oneof![labels, indices, dense]
        .prop_flat_map(|(channels, n_values)| (Just(channels), prop::collection::vec(0.0..9.0, n_values)))
}

proptest! {
    #[test]
    fn what_was_accepted_is_what_is_read(
        calls in prop::collection::vec(
            prop::collection::vec((prop::sample::select(vec!["a", "b"]), 0_u32..3, any_channels()), 1..6), 1..4),
        values_per_batch in 1_usize..10,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let store = Arc::new(MemoryStore::new());
            let limits = Limits { values_per_batch, ..Limits::default() };
            let writer = writer_into(Arc::clone(&store) as Arc<dyn Store>, limits);
            // The oracle: labels in the order of their first use, and the last value per metric, time and channel.
            let mut known: BTreeMap<&str, Vec<String>> = BTreeMap::new();
            let mut expected: BTreeMap<(String, String, usize), f64> = BTreeMap::new();
            for call in calls {
                let frames = call.iter().enumerate().map(|(position, (metric, second, (channels, values)))| {
                    frame(position, metric, &format!("2026-11-20T21:00:0{second}Z"), channels.clone(), values)
                });
                let outcome = writer.store(frames.collect()).await.unwrap();
                assert_eq!(outcome.accepted + outcome.rejected.len(), call.len());
                for (position, (metric, second, (channels, values))) in call.into_iter().enumerate() {
                    if outcome.rejected.iter().any(|error| error.position == position) {
                        continue;
                    }
                    let known = known.entry(metric).or_default();
                    let places: Vec<usize> = match channels {
                        IncomingChannels::Labels(labels) => labels
                            .iter()
                            .map(|label| known.iter().position(|known| known == label).unwrap_or_else(|| {
                                known.push(label.clone());
                                known.len() - 1
                            }))
                            .collect(),
                        IncomingChannels::Indices(indices) => indices.iter().map(|index| *index as usize).collect(),
                        IncomingChannels::Dense => (0..values.len()).collect(),
                    };
                    for (place, value) in places.into_iter().zip(values) {
                        while known.len() <= place {
                            known.push(known.len().to_string());
                        }
                        expected.insert((metric.to_owned(), format!("2026-11-20T21:00:0{second}Z"), place), value);
                    }
                }
            }
            let expected: Vec<String> = expected
                .iter()
                .map(|((metric, time, place), value)| {
                    format!("{metric} {time} [{}] {value} arrived {NOW}", known[metric.as_str()][*place])
                })
                .collect();
            let mut stored = content(store.as_ref()).await;
            stored.sort_by_key(|line| line.split(" [").next().map(str::to_owned));
            assert_eq!(stored, expected);
        });
    }
}
