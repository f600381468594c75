//! What fails: the server, its connections, its data, and what it is given.

use std::collections::{BTreeMap, BTreeSet};

use super::super::test_server::{Durability, TestServer};
use super::*;

#[tokio::test]
async fn a_server_that_is_not_there_is_named_without_the_password() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let refused = PostgresStore::open(&format!("postgres://me:secret@127.0.0.1:{port}/night"))
        .await
        .unwrap_err();
    assert!(matches!(refused, Error::Unavailable(_)));
    let text = refused.to_string();
    assert!(
        text.contains(&format!("postgres database night at 127.0.0.1:{port}: ")),
        "{text}"
    );
    assert!(!text.contains("secret") && !format!("{refused:?}").contains("secret"));
    let misspelt = crate::store::open("postgre://me:secret@host/night").await.unwrap_err();
    assert!(!misspelt.to_string().contains("secret"), "{misspelt}");
}

#[tokio::test]
async fn damage_is_told_and_never_read_as_data() {
    let (store, database) = empty().await;
    let id = metric(&store, "m", 2).await;
    store.write(&[frame(id, Timestamp::EPOCH, &[1.0, 2.0])]).await.unwrap();
    for damage in [
        "UPDATE frame SET channels = '{1,0}'",
        "UPDATE frame SET channels = '{0}'",
        "UPDATE frame SET channels = '{0,NULL}'",
        "UPDATE frame SET channels = NULL, values_real = '{}'",
        "UPDATE frame SET values_real = '{{1,2}}'",
        "UPDATE frame SET values_real = '{1,2}', arrivals = '{infinity,infinity}'",
    ] {
        database.run(damage).await;
        assert!(matches!(store.latest(id).await, Err(Error::Corrupt(_))), "{damage}");
        let scanned: Result<Vec<_>> = store.scan(id, TimeRange::ALL, ChannelFilter::All).try_collect().await;
        assert!(matches!(scanned, Err(Error::Corrupt(_))), "{damage}");
    }
    store.close().await;
}

#[tokio::test]
async fn a_write_that_the_server_refuses_leaves_nothing_and_the_next_one_works() {
    let (store, database) = empty().await;
    let ids = [metric(&store, "a", 1).await, metric(&store, "b", 1).await];
    let batch = |time: &str, value: f64| ids.map(|id| frame(id, at(time), &[value]));
    store.write(&batch("2026-11-20T00:00:00Z", 1.0)).await.unwrap();
    database
        .run("ALTER TABLE frame ADD CONSTRAINT full_disk CHECK (metric_id <> 2) NOT VALID")
        .await;
    for time in ["2026-11-20T00:00:00Z", "2026-11-20T00:00:01Z", "2027-11-20T00:00:00Z"] {
        let refused = store.write(&batch(time, 2.0)).await.unwrap_err();
        assert!(matches!(refused, Error::Unavailable(_)), "{refused:?}");
        assert!(refused.to_string().contains("full_disk"), "{refused}");
    }
    database.run("ALTER TABLE frame DROP CONSTRAINT full_disk").await;
    for id in ids {
        let latest = store.latest(id).await.unwrap();
        assert_eq!(
            (latest[0].0, latest[0].1.value),
            (at("2026-11-20T00:00:00Z"), 1.0.into())
        );
        assert_eq!(store.count_frames(id, &[TimeRange::ALL]).await.unwrap(), [1]);
    }
    store.write(&batch("2027-11-20T00:00:00Z", 3.0)).await.unwrap();
    assert_eq!(store.count_frames(ids[1], &[TimeRange::ALL]).await.unwrap(), [2]);
    store.close().await;
}

#[tokio::test]
async fn text_that_the_database_cannot_hold_is_refused_by_itself() {
    let (store, _database) = empty().await;
    let id = metric(&store, "m", 1).await;
    let refused = store.ensure_metric("m", &["a\0b".to_owned()]).await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    let properties = MetricProperties {
        unit: "\0".to_owned(),
        ..MetricProperties::default()
    };
    let refused = store.set_properties(id, &properties).await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    store.close().await;
}

#[tokio::test]
async fn connections_that_the_server_ends_are_made_again() {
    let (store, database) = empty().await;
    let id = metric(&store, "m", 1).await;
    store.write(&[frame(id, Timestamp::EPOCH, &[1.0])]).await.unwrap();
    let end_all = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()";
    database.run(end_all).await;
    store.write(&[frame(id, Timestamp::EPOCH, &[2.0])]).await.unwrap();
    database.run(end_all).await;
    assert_eq!(store.latest(id).await.unwrap()[0].1.value, 2.0.into());
    store.ping().await.unwrap();
    // Ended in the middle: an error, not a short answer.
    let frames: Vec<Frame> = (1..10_000)
        .map(|second| frame(id, Timestamp::EPOCH.saturating_add_micros(second * 1_000_000), &[1.0]))
        .collect();
    store.write(&frames).await.unwrap();
    let mut chunks = store.scan(id, TimeRange::ALL, ChannelFilter::All);
    chunks.try_next().await.unwrap().unwrap();
    database.run(end_all).await;
    let rest: Result<Vec<_>> = chunks.try_collect().await;
    assert!(matches!(rest, Err(Error::Unavailable(_))), "{rest:?}");
    store.close().await;
}

#[tokio::test]
async fn a_scan_that_is_given_up_leaves_the_connection_usable() {
    let (store, _database) = empty().await;
    let id = metric(&store, "m", 1).await;
    let frames: Vec<Frame> = (0..10_000)
        .map(|second| frame(id, Timestamp::EPOCH.saturating_add_micros(second * 1_000_000), &[1.0]))
        .collect();
    store.write(&frames).await.unwrap();
    // More than there are connections.
    for _ in 0..20 {
        let mut chunks = store.scan(id, TimeRange::ALL, ChannelFilter::All);
        assert!(!chunks.try_next().await.unwrap().unwrap().is_empty());
    }
    assert_eq!(store.count_frames(id, &[TimeRange::ALL]).await.unwrap(), [10_000]);
    store.close().await;
}

/// Writes numbered frames, two channels each, until `enough` were acknowledged after the start; returns which were
/// acknowledged and which were not.
async fn write_until(store: &PostgresStore, id: MetricId, from: i64, enough: usize) -> (Vec<i64>, Vec<i64>) {
    let (mut acknowledged, mut failed) = (Vec::new(), Vec::new());
    for number in from.. {
        let time = Timestamp::EPOCH.saturating_add_micros(number);
        match store.write(&[frame(id, time, &[number as f64, 0.1])]).await {
            Ok(()) => acknowledged.push(number),
            Err(Error::Unavailable(_)) => failed.push(number),
            Err(other) => panic!("{other:?}"),
        }
        if enough <= acknowledged.len() {
            break;
        }
        tokio::task::yield_now().await;
    }
    (acknowledged, failed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_there_after_crashes_of_the_server_under_load() {
    const WRITERS: i64 = 4;
    const CRASHES: i64 = 3;
    let server = Arc::new(TestServer::start(Durability::Synced));
    let database = server.database().await;
    let store = Arc::new(PostgresStore::open(&database.url).await.unwrap());
    let id = metric(&store, "m", 2).await;
    let mut acknowledged = BTreeSet::new();
    let mut failed = BTreeSet::new();
    for crash in 0..CRASHES {
        let crashing = Arc::clone(&server);
        let writers = (0..WRITERS).map(|writer| {
            let store = Arc::clone(&store);
            let from = (crash * WRITERS + writer) * 1_000_000_000;
            tokio::spawn(async move { write_until(&store, id, from, 200).await })
        });
        let writers: Vec<_> = writers.collect();
        // The writers go on until they have their acknowledgements, before, during or after this.
        tokio::task::spawn_blocking(move || crashing.crash_and_restart())
            .await
            .unwrap();
        for writer in writers {
            let (kept, lost) = writer.await.unwrap();
            acknowledged.extend(kept);
            failed.extend(lost);
        }
        let reader = PostgresStore::open(&database.url).await.unwrap();
        let chunks: Vec<Vec<FrameRead>> = reader
            .scan(id, TimeRange::ALL, ChannelFilter::All)
            .try_collect()
            .await
            .unwrap();
        let read: BTreeMap<i64, FrameRead> = chunks
            .concat()
            .into_iter()
            .map(|frame| (frame.time.as_micros(), frame))
            .collect();
        for number in &acknowledged {
            assert!(read.contains_key(number), "frame {number} was acknowledged and is lost");
        }
        for (number, frame) in &read {
            assert!(acknowledged.contains(number) || failed.contains(number));
            let values: Vec<Value> = frame.samples.iter().map(|sample| sample.value).collect();
            assert_eq!(
                values,
                [Value::number(*number as f64), 0.1.into()],
                "all of a frame or none"
            );
        }
        let newest = read.keys().next_back().copied();
        let latest = reader.latest(id).await.unwrap();
        assert!(
            latest.iter().all(|(time, _)| Some(time.as_micros()) == newest),
            "derived tables agree"
        );
        reader.close().await;
    }
    assert!(!failed.is_empty(), "a crash under load must be felt");
    store.close().await;
}
