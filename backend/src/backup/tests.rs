//! Archives, restored: between stores, while others write, and when something is wrong with them.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;

use flate2::write::GzEncoder;
use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};
use shared::metric::MetricKind;
use shared::query::envelope::EnvelopeQuery;
use shared::time::TimeRange;
use shared::value::Value;
use tempfile::TempDir;

use super::*;
use crate::pyramid::Pyramid;
use crate::query::envelope::envelope;
use crate::query::envelope::tests::assert_same;
use crate::store::memory::MemoryStore;
use crate::store::records::{Applied, Event, Expected, Record, RecordChange};
use crate::store::sqlite::SqliteStore;
use crate::store::{
    CatalogueStore as _, ChannelFilter, Channels, Frame, FrameRead, FrameStore as _, MetricId, MetricProperties, Store,
};

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap()
}

async fn archive(store: &dyn Store) -> Vec<u8> {
    let mut snapshot = store.snapshots().snapshot().await.unwrap();
    let (bytes, counts) = backup(&mut *snapshot, Vec::new(), |_| {}).await.unwrap();
    assert_eq!(check(bytes.as_slice()).unwrap(), counts);
    bytes
}

async fn restored(bytes: &[u8]) -> MemoryStore {
    let store = MemoryStore::new();
    restore(bytes, &store).await.unwrap();
    store
}

/// All that is kept besides samples; versions begin anew in a restored store.
async fn kept(store: &dyn Store) -> (Vec<(String, String, Json)>, Vec<(String, Event)>) {
    let mut snapshot = store.snapshots().snapshot().await.unwrap();
    let records = snapshot.records().await.unwrap().into_iter();
    let json =
        |(collection, record): (String, Record)| (collection, record.key, serde_json::from_str(&record.body).unwrap());
    let events: Vec<_> = snapshot.events().try_collect().await.unwrap();
    (records.map(json).collect(), events.concat())
}

/// Everything that can be read back, metric by metric.
async fn all(store: &dyn Store) -> Vec<(StoredMetric, Vec<FrameRead>)> {
    let mut all = Vec::new();
    for metric in store.metrics().await.unwrap() {
        let frames = store.scan(metric.id, TimeRange::ALL, ChannelFilter::All);
        let frames: Vec<_> = frames.try_collect().await.unwrap();
        all.push((metric, frames.concat()));
    }
    all
}

/// A store with all that there is: metrics with and without anything, nulls and NaN, sparse frames, late channels.
pub(crate) async fn fill(store: &dyn Store) {
    let labels = ["north", "süd", "0"].map(str::to_owned);
    let a = store.ensure_metric("dome/temperature °C", &labels).await.unwrap().id;
    let properties = MetricProperties {
        title: "Temperature \"in\"\nthe dome".to_owned(),
        unit: "°C".to_owned(),
        kind: MetricKind::Counter,
        interval_micros: Some(60_000_000),
    };
    store.set_properties(a, &properties).await.unwrap();
    store.ensure_metric("empty", &[]).await.unwrap();
    let b = store.ensure_metric("b", &labels[..1]).await.unwrap().id;
    let frame = |metric_id, time, arrival, channels: &[u32], values: &[Value]| Frame {
        metric_id,
        time: at(time),
        arrival: at(arrival),
        channels: Channels::Sparse(channels.to_vec()),
        values: values.to_vec(),
    };
    let number = Value::number;
    let frames = [
        frame(a, -5, 10, &[0, 1, 2], &[Value::NULL, Value::NAN, number(-0.0)]),
        frame(
            a,
            1_700_000_000_000_000,
            20,
            &[0, 2],
            &[number(0.1), number(f64::INFINITY)],
        ),
        frame(
            a,
            1_700_000_000_000_000,
            30,
            &[1, 2],
            &[number(1.5), number(f64::MIN_POSITIVE / 2.0)],
        ),
        frame(a, 1_800_000_000_000_000, 40, &[2], &[number(1e300)]),
        frame(b, 0, 0, &[0], &[number(16_777_217.0)]),
    ];
    store.write(&frames).await.unwrap();
    let put = |key: &str, body: &str| RecordChange::Put {
        collection: "alarm_states".to_owned(),
        key: key.to_owned(),
        expected: Expected::Any,
        body: body.to_owned(),
    };
    let append = |time, key: &str| RecordChange::Append {
        log: "alarm_events".to_owned(),
        time: at(time),
        key: key.to_owned(),
        body: "\"ü\"".to_owned(),
    };
    let changes = [
        put("b", r#"{"since_us": 1, "value": 24.9}"#),
        put("b", r#"{"since_us": 2, "value": 0.1}"#),
        put("a", "null"),
        append(5, "b"),
        append(5, "a"),
        append(-1, "a"),
    ];
    assert_eq!(store.records().apply(&changes).await.unwrap(), Applied::All);
}

#[tokio::test]
async fn a_restored_store_is_the_one_that_was_backed_up() {
    let folder = TempDir::new().unwrap();
    let memory = MemoryStore::new();
    fill(&memory).await;
    let sqlite = SqliteStore::open(&folder.path().join("a.db")).await.unwrap();
    restore(archive(&memory).await.as_slice(), &sqlite).await.unwrap();
    assert_eq!(all(&sqlite).await, all(&memory).await);
    assert_eq!(kept(&sqlite).await, kept(&memory).await);
    let bytes = archive(&sqlite).await;
    sqlite.close().await;
    let again = restored(&bytes).await;
    assert_eq!(all(&again).await, all(&memory).await);
    assert_eq!(kept(&again).await, kept(&memory).await);
    assert_eq!(kept(&again).await.1.len(), 3);
    let empty = MemoryStore::new();
    assert_eq!(all(&restored(&archive(&empty).await).await).await, []);
}

/// Backs a store up, and compares it with what is restored.
pub(crate) async fn check_copy(store: &dyn Store) {
    let copy = restored(&archive(store).await).await;
    assert_eq!(all(&copy).await, all(store).await);
    assert_eq!(kept(&copy).await, kept(store).await);
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        2 => (-4_i32..4).prop_map(|number| Value::number(f64::from(number) / 2.0)),
        1 => any::<f64>().prop_map(Value::number),
        1 => Just(Value::NULL),
        1 => Just(Value::NAN),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_writes_survive_backup_and_restore_bit_by_bit(
        writes in prop::collection::vec(
            (0_usize..3, -9_i64..9, 0_i64..4, prop::collection::btree_map(0_u32..6, any_value(), 1..6)), 0..30)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let store = MemoryStore::new();
            let labels: Vec<String> = (0..6).map(|channel| channel.to_string()).collect();
            let mut ids: Vec<MetricId> = Vec::new();
            for name in ["a", "b", "c"] {
                ids.push(store.ensure_metric(name, &labels).await.unwrap().id);
            }
            for (metric, time, arrival, samples) in &writes {
                let frame = Frame {
                    metric_id: ids[*metric],
                    time: at(*time),
                    arrival: at(*arrival),
                    channels: Channels::Sparse(samples.keys().copied().collect()),
                    values: samples.values().copied().collect(),
                };
                store.write(&[frame]).await.unwrap();
            }
            assert_eq!(all(&restored(&archive(&store).await).await).await, all(&store).await);
        });
    }

    #[test]
    fn no_archive_makes_reading_panic(
        records in prop::collection::vec(
            (prop::sample::select(b"MSTFEX".to_vec()), prop::collection::vec(prop_oneof![0_u8..3, any::<u8>()], 0..80)), 0..6)
    ) {
        let mut content = b"WATCHROOM BACKUP 1\n".to_vec();
        for (letter, body) in &records {
            content.push(*letter);
            content.extend(u32::try_from(body.len()).unwrap().to_le_bytes());
            content.extend(body);
        }
        prop_assert!(check(packed(&content).as_slice()).is_err());
    }
}

fn packed(content: &[u8]) -> Vec<u8> {
    let mut output = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    output.write_all(content).unwrap();
    output.finish().unwrap()
}

#[tokio::test]
async fn a_cut_or_damaged_archive_is_refused_before_anything_is_stored() {
    let store = MemoryStore::new();
    fill(&store).await;
    let bytes = archive(&store).await;
    for length in 0..bytes.len() {
        assert!(check(&bytes[..length]).is_err(), "cut at {length}");
    }
    let unpacked = |bytes: &[u8]| {
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(bytes), &mut content).map(|_| content)
    };
    let content = unpacked(&bytes).unwrap();
    let mut n_refused = 0;
    for index in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[index] ^= 0x10;
        // Some bits say nothing of the content: what gzip tells of itself, and the rest of the last byte.
        match check(damaged.as_slice()) {
            Ok(_) => assert_eq!(unpacked(&damaged).unwrap(), content, "damaged at {index}"),
            Err(_) => n_refused += 1,
        }
    }
    assert!(bytes.len() - 12 <= n_refused, "{n_refused} of {}", bytes.len());
    // Cut inside, and packed again so that gzip finds nothing wrong.
    for length in 0..content.len() {
        assert!(
            check(packed(&content[..length]).as_slice()).is_err(),
            "cut inside at {length}"
        );
    }
    let told = |bytes: &[u8]| check(bytes).unwrap_err().to_string();
    let newer = [b"WATCHROOM BACKUP 3\n".as_slice(), &content[19..]].concat();
    let messages = [
        told(b"something else"),
        told(&packed(b"something else that was compressed")),
        told(&bytes[..bytes.len() / 2]),
        told(&packed(&newer)),
        told(&packed(&[content.as_slice(), b"more"].concat())),
    ];
    assert_snapshot!(messages.join("\n"), @r#"
    this is not a backup that watchroom made
    this is not a backup that watchroom made
    this backup is not complete: it ends too early; make or copy it again
    this backup has format "3", this program knows format 2; use the newer program
    this backup is damaged: something comes after its end
    "#);
}

#[tokio::test]
async fn an_archive_of_the_version_before_is_still_restored() {
    let store = MemoryStore::new();
    let metric = store.ensure_metric("m", &["0".to_owned()]).await.unwrap();
    let frame = Frame {
        metric_id: metric.id,
        time: at(1),
        arrival: at(2),
        channels: Channels::Dense,
        values: vec![Value::number(0.1)],
    };
    store.write(&[frame]).await.unwrap();
    let mut content = Vec::new();
    std::io::Read::read_to_end(
        &mut flate2::read::GzDecoder::new(archive(&store).await.as_slice()),
        &mut content,
    )
    .unwrap();
    // The same without the two numbers that were not there.
    let end = content.len() - (5 + 48 + 32);
    let before = [b"WATCHROOM BACKUP 1\n".as_slice(), &content[19..end]].concat();
    let counts = &content[end + 5..end + 5 + 32];
    let hash = Sha256::digest(&before);
    let older = [&before, b"E".as_slice(), &64_u32.to_le_bytes(), counts, &hash].concat();
    assert_eq!(all(&restored(&packed(&older)).await).await, all(&store).await);
}

#[tokio::test]
async fn only_an_empty_store_is_restored_into() {
    let store = MemoryStore::new();
    fill(&store).await;
    let before = all(&store).await;
    let refused = restore(archive(&store).await.as_slice(), &store).await.unwrap_err();
    assert_snapshot!(refused, @"the store is not empty: it has 3 metrics; name a new one, for a restore never mixes two archives");
    assert_eq!(all(&store).await, before);
}

#[tokio::test]
async fn tiles_that_stand_for_samples_are_backed_up_with_them() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let metric = store
        .ensure_metric("m", &["0".to_owned(), "1".to_owned()])
        .await
        .unwrap();
    let frame = |second: i64| Frame {
        metric_id: metric.id,
        time: at(second * 1_000_000),
        arrival: at(0),
        channels: Channels::Dense,
        values: vec![Value::number((second % 97) as f64), Value::NULL],
    };
    store.write(&(0..3000).map(frame).collect::<Vec<_>>()).await.unwrap();
    let pyramid = Pyramid::new(Arc::clone(&store));
    let n_frames = pyramid
        .retire(&metric, at(2_000_000_000), Timestamp::MIN)
        .await
        .unwrap();
    assert!(1500 < n_frames && n_frames <= 2000, "{n_frames}");
    let folder = TempDir::new().unwrap();
    let other: Arc<dyn Store> = Arc::new(SqliteStore::open(&folder.path().join("a.db")).await.unwrap());
    restore(archive(&*store).await.as_slice(), &*other).await.unwrap();
    assert_eq!(all(&*other).await, all(&*store).await);
    let standing = async |store: &dyn Store| store.tiles().tile_state(metric.id).await.unwrap().unwrap().standing;
    assert_eq!(standing(&*other).await, standing(&*store).await);
    let restored = Pyramid::new(Arc::clone(&other));
    for (from, to, columns) in [(0, 3_000_000_000, 10), (1_999_000_000, 2_100_000_000, 500)] {
        let query = EnvelopeQuery {
            metric: "m".to_owned(),
            channels: "all".parse().unwrap(),
            from: at(from),
            to: at(to),
            columns,
        };
        let expected = envelope(&pyramid, &query).await.unwrap();
        assert_same(&envelope(&restored, &query).await.unwrap(), &expected);
    }
    assert_eq!(restored.verify(&metric).await.unwrap().differences, []);
    other.close().await;
}

/// How many frames, of two metrics, are in each batch that is written.
const BATCH: i64 = 20;

/// Writes batches until told to stop; gives how many were acknowledged.
async fn write_on(store: Arc<dyn Store>, ids: [MetricId; 2], mut stop: tokio::sync::oneshot::Receiver<()>) -> i64 {
    let mut n_batches = 0;
    while stop.try_recv().is_err() {
        let frame = |index: i64| Frame {
            metric_id: ids[usize::try_from(index % 2).unwrap()],
            // Half of them late, so that they lie all over what is being read.
            time: at(if index % 4 < 2 { 1 } else { -1 } * (n_batches * BATCH + index)),
            arrival: at(n_batches),
            channels: Channels::Dense,
            values: vec![Value::number(n_batches as f64); 40],
        };
        store.write(&(0..BATCH).map(frame).collect::<Vec<_>>()).await.unwrap();
        n_batches += 1;
    }
    n_batches
}

/// Backs a store up, again and again, while another connection writes to it; each restored one has a whole number of batches.
pub(crate) async fn check_prefixes(writing: Arc<dyn Store>, reading: &dyn Store) {
    let labels: Vec<String> = (0..40).map(|channel| channel.to_string()).collect();
    let ids = [
        writing.ensure_metric("a", &labels).await.unwrap().id,
        writing.ensure_metric("b", &labels).await.unwrap().id,
    ];
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let writer = tokio::spawn(write_on(Arc::clone(&writing), ids, stopped));
    let mut counts = Vec::new();
    while counts.iter().filter(|count| 0 < **count).count() < 6 {
        let restored = restored(&archive(reading).await).await;
        let mut n_of_batch: BTreeMap<i64, i64> = BTreeMap::new();
        for (_, frames) in all(&restored).await {
            for frame in frames {
                *n_of_batch.entry(frame.samples[0].arrival.as_micros()).or_default() += 1;
            }
        }
        let n_batches = i64::try_from(n_of_batch.len()).unwrap();
        assert!(n_of_batch.keys().copied().eq(0..n_batches), "batches without a gap");
        assert!(n_of_batch.values().all(|count| *count == BATCH), "whole batches");
        counts.push(n_batches);
    }
    assert!(counts.is_sorted(), "{counts:?}");
    stop.send(()).unwrap();
    let acknowledged = writer.await.unwrap();
    assert!(*counts.last().unwrap() <= acknowledged);
    let restored = restored(&archive(reading).await).await;
    let n_frames: usize = all(&restored).await.iter().map(|(_, frames)| frames.len()).sum();
    assert_eq!(n_frames, usize::try_from(acknowledged * BATCH).unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_beside_a_serving_process_is_of_one_moment() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("serving.db");
    let writing = Arc::new(SqliteStore::open(&path).await.unwrap());
    let labels: Vec<String> = (0..40).map(|channel| channel.to_string()).collect();
    for name in ["a", "b"] {
        writing.ensure_metric(name, &labels).await.unwrap();
    }
    let reading = SqliteStore::open_to_read(&path).await.unwrap();
    check_prefixes(Arc::clone(&writing) as Arc<dyn Store>, &reading).await;
    let refused = reading.ensure_metric("new", &[]).await.unwrap_err();
    assert_snapshot!(refused, @"the store is unavailable: the database was opened only to be read");
    reading.close().await;
    writing.close().await;
}
