//! The suite, and what only a server can show.

use std::sync::Arc;

use futures_util::TryStreamExt as _;
use mongodb::Collection;
use mongodb::bson::{DateTime, Document, doc};
use shared::metric::MetricKind;
use shared::value::Value;
use tempfile::TempDir;

use self::server::{SecantusProcess, TestDatabase, with_database};
use super::*;
use crate::store::conformance::{Harness, store_conformance};
use crate::store::keep_conformance::keep_conformance;
use crate::store::record_conformance::{check_kept, check_read_only, keep, record_conformance};
use crate::store::retention::{Horizon, Stand};
use crate::store::shared_conformance::{SharedHarness, shared_store_conformance};

mod server;

mod site;

mod sealing;

pub(crate) struct Mongo;

impl Harness for Mongo {
    async fn empty() -> (Arc<dyn Store>, Box<dyn Send>) {
        let database = TestDatabase::new();
        let store = MongoStore::open(&database.url).await.unwrap();
        (Arc::new(store), Box::new(database))
    }
}

impl SharedHarness for Mongo {
    async fn pair() -> (Arc<dyn Store>, Arc<dyn Store>, Box<dyn Send>) {
        let database = TestDatabase::new();
        // At once, as two servers that start with the machine do.
        let (one, two) = tokio::join!(MongoStore::open(&database.url), MongoStore::open(&database.url));
        (Arc::new(one.unwrap()), Arc::new(two.unwrap()), Box::new(database))
    }
}

store_conformance!(Mongo);

keep_conformance!(Mongo, without tiles that stand, nor one moment);

record_conformance!(Mongo);

shared_store_conformance!(Mongo);

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap()
}

fn frame(metric_id: MetricId, time: i64, values: &[Value]) -> Frame {
    Frame {
        metric_id,
        time: at(time),
        arrival: at(time + 1_500_007),
        channels: Channels::Dense,
        values: values.to_vec(),
    }
}

/// Everything of a metric as time, channel and value.
async fn all(store: &MongoStore, metric_id: MetricId) -> Vec<(i64, u32, Value)> {
    let chunks: Vec<Vec<FrameRead>> = store
        .scan(metric_id, TimeRange::ALL, ChannelFilter::All)
        .try_collect()
        .await
        .unwrap();
    let flat = chunks.iter().flatten().flat_map(|frame| {
        let samples = frame.samples.iter();
        samples.map(|sample| (frame.time.as_micros(), sample.channel, sample.value))
    });
    flat.collect()
}

async fn refusal(url: &str) -> Error {
    MongoStore::open(url).await.unwrap_err()
}

#[tokio::test]
async fn a_server_that_was_killed_while_it_set_up_holds_up_the_next_no_longer_than_its_time() {
    let database = TestDatabase::new();
    let schema: Collection<Document> = database.plain().await.collection("schema");
    let until = DateTime::from_millis(DateTime::now().timestamp_millis() + 1_500);
    schema
        .insert_one(doc! { "_id": "setup", "holder": "killed", "until": until })
        .await
        .unwrap();
    MongoStore::open(&database.url).await.unwrap();
    assert!(until < DateTime::now());
    assert_eq!(schema.find_one(doc! { "_id": "setup" }).await.unwrap(), None);
}

#[tokio::test]
async fn everything_is_there_after_reopening() {
    let database = TestDatabase::new();
    let properties = MetricProperties {
        title: "Temperature".to_owned(),
        unit: "°C".to_owned(),
        kind: MetricKind::State,
        interval_micros: Some(1),
    };
    let labels = ["b".to_owned(), "a".to_owned()];
    let store = MongoStore::open(&database.url).await.unwrap();
    let id = store.ensure_metric("m", &labels).await.unwrap().id;
    store.set_properties(id, &properties).await.unwrap();
    store.write(&[frame(id, 10, &[1.0.into(), 0.1.into()])]).await.unwrap();
    keep(&store).await;
    let metrics = store.metrics().await.unwrap();
    let latest = store.latest(id).await.unwrap();
    store.close().await;

    let store = MongoStore::open(&database.url).await.unwrap();
    assert_eq!(store.metrics().await.unwrap(), metrics);
    assert_eq!(store.latest(id).await.unwrap(), latest);
    assert_eq!(latest.len(), 2);
    assert_eq!(metrics[0].properties, properties);
    assert_eq!(metrics[0].channel_labels, labels);
    check_kept(&store).await;
    store.close().await;
    let separator = if database.url.contains('?') { '&' } else { '?' };
    let store = MongoStore::open(&format!("{}{separator}readOnly=true", database.url))
        .await
        .unwrap();
    check_read_only(&store).await;
    store.close().await;
}

#[tokio::test]
async fn any_client_reads_a_frame_without_us() {
    let database = TestDatabase::new();
    let store = MongoStore::open(&database.url).await.unwrap();
    let labels: Vec<String> = (0..4).map(|channel| channel.to_string()).collect();
    let id = store.ensure_metric("camera.hv", &labels).await.unwrap().id;
    let sparse = Frame {
        channels: Channels::Sparse(vec![3]),
        ..frame(id, 2_000_000, &[2.5.into()])
    };
    let dense = frame(id, 1_000_250, &[1.5.into(), Value::NULL, Value::NAN]);
    store.write(&[dense, sparse]).await.unwrap();
    let frames: Collection<Document> = database.plain().await.collection("frames");
    let found: Vec<Document> = frames
        .find(doc! { "name": "camera.hv" })
        .projection(doc! { "_id": 0 })
        .sort(doc! { "date": 1 })
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    let text: Vec<String> = found.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(text.join("\n"), @r#"
    { "name": "camera.hv", "date": DateTime("1970-01-01 0:00:01.0 +00:00:00"), "micros": 250, "arrival": DateTime("1970-01-01 0:00:02.5 +00:00:00"), "arrival_micros": 257, "values": [1.5, null, NaN] }
    { "name": "camera.hv", "date": DateTime("1970-01-01 0:00:02.0 +00:00:00"), "micros": 0, "arrival": DateTime("1970-01-01 0:00:03.5 +00:00:00"), "arrival_micros": 7, "values": [2.5], "channels": [3] }
    "#);
    store.close().await;
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_and_left_alone() {
    let database = TestDatabase::new();
    MongoStore::open(&database.url).await.unwrap().close().await;
    let schema: Collection<Document> = database.plain().await.collection("schema");
    let newer = doc! { "$set": { "version": 99 } };
    schema.update_one(doc! { "_id": "watchroom" }, newer).await.unwrap();
    let refused = refusal(&database.url).await;
    assert!(matches!(refused, Error::TooNew(_)), "{refused:?}");
    let ending = "was made by a newer watchroom: it has schema 99, this one knows 2; use the newer program";
    assert!(refused.to_string().ends_with(ending), "{refused}");
    assert_eq!(schema.count_documents(doc! { "version": 99 }).await.unwrap(), 1);
}

#[tokio::test]
async fn a_url_that_is_wrong_or_keeps_less_than_promised_is_refused() {
    let database = TestDatabase::new();
    let mut refused = Vec::new();
    for options in [
        "w=1",
        "journal=false",
        "readConcernLevel=local",
        "readPreference=secondary",
    ] {
        let separator = if database.url.contains('?') { '&' } else { '?' };
        refused.push(
            refusal(&format!("{}{separator}{options}", database.url))
                .await
                .to_string(),
        );
    }
    for url in [
        "mongodb://127.0.0.1:1",
        "mongodb://anna:pass/word@127.0.0.1/night",
        "mongodb://127.0.0.1:no/night",
    ] {
        refused.push(refusal(url).await.to_string());
    }
    insta::assert_snapshot!(refused.join("\n"), @"
    the store is unavailable: with its w or journal the store's URL would let go of acknowledged samples; leave it out, or write w=majority&journal=true
    the store is unavailable: with its w or journal the store's URL would let go of acknowledged samples; leave it out, or write w=majority&journal=true
    the store is unavailable: with its readConcernLevel the store's URL would let go of acknowledged samples; leave it out, or write readConcernLevel=majority
    the store is unavailable: with its readPreference the store's URL would let go of acknowledged samples; leave it out, or write readPreference=primary
    the store is unavailable: the store's URL names no database; write mongodb://HOST/DATABASE
    the store is unavailable: the store's URL: it cannot be read; in a name or password the signs : / ? # [ ] @ % are written as %3A and so on
    the store is unavailable: the store's URL: invalid server address 127.0.0.1:no: the port must be an integer between 1 and 65535, got no
    ");
}

#[tokio::test]
async fn a_server_without_transactions_is_refused_unless_it_is_only_read() {
    let server = SecantusProcess::start(&["--standalone"]);
    let url = with_database(&server.url(), "night");
    let refused = refusal(&url).await;
    assert!(matches!(refused, Error::Unavailable(_)), "{refused:?}");
    assert!(refused.to_string().contains("start it with --replSet rs0"), "{refused}");
    let store = MongoStore::open(&format!("{url}?readOnly=true")).await.unwrap();
    assert!(store.metrics().await.unwrap().is_empty());
    store.close().await;
    server.stop();
}

#[tokio::test]
async fn a_server_that_goes_is_unavailable_and_one_that_comes_back_is_used_again() {
    let folder = TempDir::new().unwrap();
    let server = SecantusProcess::start_in(folder.path(), 0);
    let url = format!("{}?serverSelectionTimeoutMS=500", with_database(&server.url(), "night"));
    let store = MongoStore::open(&url).await.unwrap();
    let id = store.ensure_metric("m", &["0".to_owned()]).await.unwrap().id;
    store.write(&[frame(id, 10, &[1.0.into()])]).await.unwrap();
    let port = server.port();
    server.stop();
    let failed = [
        store.ping().await,
        store.write(&[frame(id, 20, &[2.0.into()])]).await,
        store.metrics().await.map(drop),
        store.latest(id).await.map(drop),
    ];
    for failed in failed {
        assert!(matches!(failed, Err(Error::Unavailable(_))), "{failed:?}");
    }
    let server = SecantusProcess::start_in(folder.path(), port);
    store.write(&[frame(id, 30, &[3.0.into()])]).await.unwrap();
    let samples = all(&store, id).await;
    assert_eq!(samples, [(10, 0, 1.0.into()), (30, 0, 3.0.into())]);
    store.close().await;
    server.stop();
}

#[tokio::test]
async fn a_write_that_failed_halfway_leaves_latest_right() {
    let database = TestDatabase::new();
    let store = MongoStore::open(&database.url).await.unwrap();
    let labels = ["0".to_owned(), "1".to_owned(), "2".to_owned()];
    let id = store.ensure_metric("m", &labels).await.unwrap().id;
    let sparse = Frame {
        channels: Channels::Sparse(vec![1]),
        ..frame(id, 20, &[2.0.into()])
    };
    store
        .write(&[frame(id, 10, &[1.0.into(), 1.0.into()]), sparse])
        .await
        .unwrap();
    // What is left where a server dies between announcing its frames and storing them.
    let newest: Collection<Document> = database.plain().await.collection("newest");
    let runs = vec![doc! { "first": 0, "channels": 3, "date": DateTime::from_millis(99), "micros": 5 }];
    let announced = doc! { "$set": { "runs": runs }, "$inc": { "revision": 1 } };
    newest.update_one(doc! { "_id": "m" }, announced).await.unwrap();
    let latest = store.latest(id).await.unwrap();
    let latest: Vec<_> = latest
        .iter()
        .map(|(time, sample)| (time.as_micros(), sample.channel))
        .collect();
    assert_eq!(latest, [(10, 0), (20, 1)]);
    // And our own next write is not misled by what it remembers.
    store.write(&[frame(id, 30, &[3.0.into()])]).await.unwrap();
    store.write(&[frame(id, 100_000, &[4.0.into()])]).await.unwrap();
    let latest = store.latest(id).await.unwrap();
    let latest: Vec<_> = latest
        .iter()
        .map(|(time, sample)| (time.as_micros(), sample.channel))
        .collect();
    assert_eq!(latest, [(100_000, 0), (20, 1)]);
    store.close().await;
}

#[tokio::test]
async fn damage_is_told_and_never_read_as_data() {
    let database = TestDatabase::new();
    let store = MongoStore::open(&database.url).await.unwrap();
    let id = store.ensure_metric("m", &["0".to_owned()]).await.unwrap().id;
    store.write(&[frame(id, 10, &[1.0.into()])]).await.unwrap();
    let plain = database.plain().await;
    let frames: Collection<Document> = plain.collection("frames");
    let damage = doc! { "$set": { "values": ["warm"] } };
    frames.update_one(doc! { "name": "m" }, damage).await.unwrap();
    assert!(matches!(store.latest(id).await, Err(Error::Corrupt(_))));
    let metrics: Collection<Document> = plain.collection("metrics");
    let damage = doc! { "$set": { "kind": "smell" }, "$inc": { "revision": 1 } };
    metrics.update_one(doc! { "name": "m" }, damage).await.unwrap();
    let listed = store.metrics().await;
    assert!(matches!(listed, Err(Error::Corrupt(_))), "{listed:?}");
    store.close().await;
}

#[tokio::test]
async fn tiles_that_are_to_stand_are_refused_and_a_backup_holds_everything() {
    let (store, _guard) = Mongo::empty().await;
    crate::backup::tests::fill(&*store).await;
    let id = store.metrics().await.unwrap()[0].id;
    let frames = store.span(id).await.unwrap().unwrap().1;
    let stand = Some(Stand {
        generation: 1,
        from: Timestamp::MIN,
    });
    let refused = store.retention().drop_before(id, &Horizon { frames, stand }).await;
    assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
    crate::backup::tests::check_copy(&*store).await;
    store.close().await;
}
