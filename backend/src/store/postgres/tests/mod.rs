//! The suites, and what only a server can show.

mod archives;
mod failures;

use std::collections::BTreeSet;

use futures_util::TryStreamExt as _;
use shared::metric::MetricKind;
use shared::value::Value;

use super::test_server::TestDatabase;
use super::*;
use crate::store::Channels;
use crate::store::conformance::{Harness, store_conformance};
use crate::store::keep_conformance::keep_conformance;
use crate::store::record_conformance::{check_kept, keep, record_conformance};
use crate::store::shared_conformance::{SharedHarness, shared_store_conformance};

pub(crate) struct Postgres;

impl Harness for Postgres {
    async fn empty() -> (Arc<dyn Store>, Box<dyn Send>) {
        let (store, database) = empty().await;
        (Arc::new(store), Box::new(database))
    }
}

impl SharedHarness for Postgres {
    async fn pair() -> (Arc<dyn Store>, Arc<dyn Store>, Box<dyn Send>) {
        let database = TestDatabase::empty().await;
        // Both at once, so that both find an empty database.
        let (one, two) =
            futures_util::future::join(PostgresStore::open(&database.url), PostgresStore::open(&database.url)).await;
        (Arc::new(one.unwrap()), Arc::new(two.unwrap()), Box::new(database))
    }
}

store_conformance!(Postgres);
keep_conformance!(Postgres);
record_conformance!(Postgres);
shared_store_conformance!(Postgres);

async fn empty() -> (PostgresStore, TestDatabase) {
    let database = TestDatabase::empty().await;
    (PostgresStore::open(&database.url).await.unwrap(), database)
}

async fn metric(store: &PostgresStore, name: &str, n_channels: usize) -> MetricId {
    let labels: Vec<String> = (0..n_channels).map(|channel| channel.to_string()).collect();
    store.ensure_metric(name, &labels).await.unwrap().id
}

fn frame(metric_id: MetricId, time: Timestamp, values: &[f64]) -> Frame {
    Frame {
        metric_id,
        time,
        arrival: "2026-11-20T03:12:50.5Z".parse().unwrap(),
        channels: Channels::Dense,
        values: values.iter().map(|value| (*value).into()).collect(),
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The first column of a query as lines of text.
async fn lines(database: &TestDatabase, sql: &'static str) -> String {
    let mut connection = database.connect().await;
    let lines: Vec<Option<String>> = sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap();
    let lines: Vec<String> = lines
        .into_iter()
        .map(|line| line.unwrap_or("NULL".to_owned()))
        .collect();
    lines.join("\n")
}

#[tokio::test]
async fn everything_is_there_after_reopening() {
    let (store, database) = empty().await;
    let id = metric(&store, "m", 2).await;
    let properties = MetricProperties {
        title: "Temperature".to_owned(),
        unit: "°C".to_owned(),
        kind: MetricKind::State,
        interval_micros: Some(1),
    };
    store.set_properties(id, &properties).await.unwrap();
    store.write(&[frame(id, Timestamp::EPOCH, &[1.0, 0.1])]).await.unwrap();
    keep(&store).await;
    let metrics = store.metrics().await.unwrap();
    let latest = store.latest(id).await.unwrap();
    store.close().await;

    let store = PostgresStore::open(&database.url).await.unwrap();
    assert_eq!(store.metrics().await.unwrap(), metrics);
    assert_eq!(metrics[0].properties, properties);
    assert_eq!(store.latest(id).await.unwrap(), latest);
    check_kept(&store).await;
    store.close().await;
}

#[tokio::test]
async fn anybody_can_read_it_with_plain_sql() {
    let (store, database) = empty().await;
    let id = metric(&store, "camera.high_voltage", 4).await;
    let time = at("2026-11-20T03:12:48.123456Z");
    let mut exact = frame(id, time, &[1000.5, f64::NAN, 0.0, 3.0]);
    exact.values[2] = Value::NULL;
    let sparse = Frame {
        channels: Channels::Sparse(vec![3]),
        arrival: at("2026-11-20T03:13:00Z"),
        ..frame(id, time, &[7.0])
    };
    let double = frame(id, at("2026-11-20T03:12:49Z"), &[0.1]);
    let alone = Frame {
        time: at("2026-11-20T03:12:50Z"),
        ..sparse.clone()
    };
    store.write(&[exact, double, alone]).await.unwrap();
    store.write(&[sparse]).await.unwrap();
    store.close().await;
    let frames = "SELECT concat_ws(' | ', time AT TIME ZONE 'UTC', arrival AT TIME ZONE 'UTC', 'channels=' || channels::text, \
         'double=' || values::text, 'real=' || values_real::text, 'arrivals=' || cardinality(arrivals)) FROM frame ORDER BY time";
    insta::assert_snapshot!(lines(&database, frames).await, @r"
    2026-11-20 03:12:48.123456 | 2026-11-20 03:13:00 | real={1000.5,NaN,NULL,7} | arrivals=4
    2026-11-20 03:12:49 | 2026-11-20 03:12:50.5 | double={0.1}
    2026-11-20 03:12:50 | 2026-11-20 03:13:00 | channels={3} | real={7}
    ");
    let samples = "SELECT concat_ws(' | ', metric, time AT TIME ZONE 'UTC', channel, coalesce(value::text, 'null'), \
         arrival AT TIME ZONE 'UTC') FROM sample WHERE metric = 'camera.high_voltage' ORDER BY time, channel";
    insta::assert_snapshot!(lines(&database, samples).await, @r"
    camera.high_voltage | 2026-11-20 03:12:48.123456 | 0 | 1000.5 | 2026-11-20 03:12:50.5
    camera.high_voltage | 2026-11-20 03:12:48.123456 | 1 | NaN | 2026-11-20 03:12:50.5
    camera.high_voltage | 2026-11-20 03:12:48.123456 | 2 | null | 2026-11-20 03:12:50.5
    camera.high_voltage | 2026-11-20 03:12:48.123456 | 3 | 7 | 2026-11-20 03:13:00
    camera.high_voltage | 2026-11-20 03:12:49 | 0 | 0.1 | 2026-11-20 03:12:50.5
    camera.high_voltage | 2026-11-20 03:12:50 | 3 | 7 | 2026-11-20 03:13:00
    ");
}

#[tokio::test]
async fn months_have_partitions_and_odd_times_do_not_make_more() {
    let (store, database) = empty().await;
    let id = metric(&store, "m", 1).await;
    let months = [
        "2026-11-30T23:59:59.999999Z",
        "2026-12-01T00:00:00Z",
        "1995-01-31T00:00:00Z",
    ]
    .map(at);
    let years = (0..100).map(|year| Timestamp::saturating_from_micros(year * 100 * 366 * 86_400_000_000));
    let odd: Vec<Timestamp> = years
        .skip(2)
        .chain([Timestamp::MIN, at("1971-07-31T22:00:00Z")])
        .collect();
    let times: BTreeSet<Timestamp> = months.into_iter().chain(odd).collect();
    let frames: Vec<Frame> = times.iter().map(|time| frame(id, *time, &[1.0])).collect();
    for frames in frames.chunks(7) {
        store.write(frames).await.unwrap();
    }
    let partitions = "SELECT relname || ' ' || pg_get_expr(relpartbound, oid) FROM pg_class \
         WHERE relispartition AND relkind = 'r' ORDER BY relname";
    insta::assert_snapshot!(lines(&database, partitions).await, @r"
    frame_1995_01 FOR VALUES FROM ('1995-01-01 00:00:00+00') TO ('1995-02-01 00:00:00+00')
    frame_2026_11 FOR VALUES FROM ('2026-11-01 00:00:00+00') TO ('2026-12-01 00:00:00+00')
    frame_2026_12 FOR VALUES FROM ('2026-12-01 00:00:00+00') TO ('2027-01-01 00:00:00+00')
    frame_after_2099 FOR VALUES FROM ('2100-01-01 00:00:00+00') TO (MAXVALUE)
    frame_before_1990 FOR VALUES FROM (MINVALUE) TO ('1990-01-01 00:00:00+00')
    ");
    let frames: Vec<Vec<FrameRead>> = store
        .scan(id, TimeRange::ALL, ChannelFilter::All)
        .try_collect()
        .await
        .unwrap();
    let read: Vec<Timestamp> = frames.concat().iter().map(|frame| frame.time).collect();
    let expected: Vec<Timestamp> = times.iter().copied().filter(|time| *time < Timestamp::MAX).collect();
    assert_eq!(read, expected, "in order over all partitions");
    for (earlier, later) in times.iter().zip(times.iter().skip(1)) {
        assert_eq!(store.newest_before(id, *later).await.unwrap(), Some(*earlier));
    }
    store.close().await;
}

#[tokio::test]
async fn keys_of_all_tables_that_grow_hold_the_metric() {
    let (store, database) = empty().await;
    let id = metric(&store, "m", 1).await;
    store
        .write(&[frame(id, at("2026-11-20T00:00:00Z"), &[1.0])])
        .await
        .unwrap();
    store.close().await;
    let without = "SELECT indexrelid::regclass::text FROM pg_index \
         JOIN pg_class ON pg_class.oid = indrelid \
         WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE '\\_sqlx%' AND relname NOT LIKE 'kept\\_%' \
             AND NOT EXISTS (SELECT FROM pg_attribute \
                 WHERE attrelid = indexrelid AND attname = 'metric_id') \
         ORDER BY 1";
    // The table of metrics is copied to all nodes of a cluster; what is kept besides samples stays on the coordinator.
    assert_eq!(lines(&database, without).await, "metric_name_key");
}

#[tokio::test]
async fn commits_are_synced_whatever_the_database_says() {
    let database = TestDatabase::empty().await;
    macro_rules! set_default {
        ($value:literal) => {
            concat!(
                "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = ",
                $value,
                "', current_database()); END $$"
            )
        };
    }
    for (sql, expected) in [
        (set_default!("off"), "on"),
        (set_default!("local"), "on"),
        (set_default!("remote_apply"), "remote_apply"),
    ] {
        database.run(sql).await;
        let store = PostgresStore::open(&database.url).await.unwrap();
        let place = open::Place::parse(&database.url).unwrap();
        let mut of_writer = place.connect().await.unwrap();
        let mut of_pool = store.pool.acquire().await.unwrap();
        for connection in [&mut of_writer, &mut *of_pool] {
            let found: String = sqlx::query_scalar("SHOW synchronous_commit")
                .fetch_one(connection)
                .await
                .unwrap();
            assert_eq!(found, expected);
        }
        drop(of_pool);
        store.close().await;
    }
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_and_left_alone() {
    let (store, database) = empty().await;
    store.close().await;
    database
        .run("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (99, 'x', true, '', 0)")
        .await;
    let refused = PostgresStore::open(&database.url).await.unwrap_err();
    assert!(matches!(refused, Error::TooNew(_)), "{refused:?}");
    assert!(
        refused
            .to_string()
            .ends_with("was made by a newer watchroom: it has schema 99, this one knows 4; use the newer program"),
        "{refused}"
    );
}

#[tokio::test]
async fn servers_that_start_together_bring_an_older_schema_up_to_date_once() {
    for n_steps in 1..4 {
        let database = TestDatabase::empty().await;
        let mut connection = database.connect().await;
        open::migrator(n_steps).run(&mut connection).await.unwrap();
        database
            .run("INSERT INTO metric VALUES (1, 'm', 'Title', 'V', 'gauge', NULL, 1); INSERT INTO channel VALUES (1, 0, 'a')")
            .await;
        let opened = futures_util::future::join_all((0..4).map(|_| PostgresStore::open(&database.url))).await;
        for store in opened {
            let store = store.unwrap();
            assert_eq!(store.metrics().await.unwrap()[0].name, "m");
            assert_eq!(store.tile_state(MetricId(1)).await.unwrap(), None);
            store.close().await;
        }
        assert_eq!(
            lines(&database, "SELECT version::text FROM _sqlx_migrations ORDER BY version").await,
            "1\n2\n3\n4"
        );
    }
}
