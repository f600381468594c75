//! The suite, and what only a file can show.

use std::path::Path;
use std::sync::Arc;

use shared::metric::MetricKind;
use sqlx::{Connection as _, SqliteConnection};
use tempfile::TempDir;

use super::*;
use crate::store::Channels;
use crate::store::conformance::{Harness, store_conformance};
use crate::store::keep_conformance::keep_conformance;
use crate::store::record_conformance::{check_kept, check_read_only, keep, record_conformance};

struct Sqlite;

impl Harness for Sqlite {
    async fn empty() -> (Arc<dyn Store>, Box<dyn Send>) {
        let folder = TempDir::new().unwrap();
        let store = SqliteStore::open(&folder.path().join("test.db")).await.unwrap();
        (Arc::new(store), Box::new(folder))
    }
}

store_conformance!(Sqlite);
keep_conformance!(Sqlite);
record_conformance!(Sqlite);

fn frame(metric_id: MetricId, time: i64, values: &[f64]) -> Frame {
    Frame {
        metric_id,
        time: Timestamp::from_micros(time).unwrap(),
        arrival: Timestamp::EPOCH,
        channels: Channels::Dense,
        values: values.iter().map(|value| (*value).into()).collect(),
    }
}

async fn edit(path: &Path, sql: &'static str) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn everything_is_there_after_reopening() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("night.db");
    let properties = MetricProperties {
        title: "Temperature".to_owned(),
        unit: "°C".to_owned(),
        kind: MetricKind::State,
        interval_micros: Some(1),
    };
    let labels = ["b".to_owned(), "a".to_owned()];
    let store = SqliteStore::open(&path).await.unwrap();
    let id = store.ensure_metric("m", &labels).await.unwrap().id;
    store.set_properties(id, &properties).await.unwrap();
    store.write(&[frame(id, 10, &[1.0, 0.1])]).await.unwrap();
    keep(&store).await;
    let metrics = store.metrics().await.unwrap();
    let latest = store.latest(id).await.unwrap();
    store.close().await;

    let store = SqliteStore::open(&path).await.unwrap();
    assert_eq!(store.metrics().await.unwrap(), metrics);
    assert_eq!(store.latest(id).await.unwrap(), latest);
    assert_eq!(metrics[0].properties, properties);
    assert_eq!(metrics[0].channel_labels, labels);
    check_kept(&store).await;
    store.close().await;
    assert!(
        !folder.path().join("night.db-wal").exists(),
        "the log is emptied and removed"
    );
    let store = SqliteStore::open_to_read(&path).await.unwrap();
    check_read_only(&store).await;
    store.close().await;
}

#[tokio::test]
async fn a_second_opening_is_refused_until_the_first_is_closed() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("night.db");
    let store = SqliteStore::open(&path).await.unwrap();
    let refused = SqliteStore::open(&path).await.unwrap_err();
    assert!(matches!(refused, Error::InUse(_)));
    let expected = format!(
        "night.db is in use by process {}; stop it, or configure another store",
        std::process::id()
    );
    assert!(refused.to_string().ends_with(&expected), "{refused}");
    store.close().await;
    SqliteStore::open(&path).await.unwrap().close().await;
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_and_left_alone() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("night.db");
    SqliteStore::open(&path).await.unwrap().close().await;
    edit(
        &path,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (99, 'x', 1, x'00', 0)",
    )
    .await;
    let refused = SqliteStore::open(&path).await.unwrap_err();
    assert!(matches!(refused, Error::TooNew(_)), "{refused:?}");
    assert!(
        refused.to_string().ends_with(
            "night.db was made by a newer watchroom: it has schema 99, this one knows 4; use the newer program"
        ),
        "{refused}"
    );
}

#[tokio::test]
async fn damage_is_told_and_never_read_as_data() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("night.db");
    let store = SqliteStore::open(&path).await.unwrap();
    let id = store.ensure_metric("m", &["0".to_owned()]).await.unwrap().id;
    store.write(&[frame(id, 10, &[1.0])]).await.unwrap();
    store.close().await;
    edit(&path, "UPDATE frames SET samples = x'0100'").await;
    let store = SqliteStore::open(&path).await.unwrap();
    assert!(matches!(store.latest(id).await, Err(Error::Corrupt(_))));
    store.close().await;

    let other = folder.path().join("other.db");
    std::fs::write(
        &other,
        "this is not a database, but long enough to look like the header of one",
    )
    .unwrap();
    let refused = SqliteStore::open(&other).await.unwrap_err();
    assert!(matches!(refused, Error::Corrupt(_)), "{refused:?}");
}

#[tokio::test]
async fn a_missing_folder_is_named() {
    let folder = TempDir::new().unwrap();
    let refused = SqliteStore::open(&folder.path().join("nowhere/night.db"))
        .await
        .unwrap_err();
    assert!(matches!(refused, Error::Unavailable(_)));
    assert!(
        refused.to_string().contains("nowhere/night.db: No such file"),
        "{refused}"
    );
}

#[tokio::test]
async fn every_older_schema_is_brought_up_to_date_with_what_is_in_it() {
    let folder = TempDir::new().unwrap();
    for n_steps in 1..4 {
        let path = folder.path().join(format!("{n_steps}.db"));
        let options = sqlx::sqlite::SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true);
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        open::migrator(n_steps).run(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        edit(
            &path,
            "INSERT INTO metrics VALUES (1, 'm', 'Title', 'V', 'gauge', NULL); INSERT INTO channels VALUES (1, 0, 'a'); \
             INSERT INTO frames VALUES (1, 10, 20, NULL, x'010000c03f', NULL)",
        )
        .await;
        let refused = SqliteStore::open_to_read(&path).await.unwrap_err().to_string();
        let message = format!(
            "{n_steps}.db has the older schema {n_steps}, this program knows 4; start the server on it once, which brings it up to date"
        );
        assert!(refused.ends_with(&message), "{refused}");
        let store = SqliteStore::open(&path).await.unwrap();
        assert_eq!(store.span(MetricId(1)).await.unwrap().unwrap().0.as_micros(), 10);
        assert_eq!(store.tile_state(MetricId(1)).await.unwrap(), None);
        store.write(&[frame(MetricId(1), 11, &[1.0])]).await.unwrap();
        store.close().await;
        SqliteStore::open_to_read(&path).await.unwrap().close().await;
    }
}

#[tokio::test]
async fn the_oldest_schema_still_opens() {
    // Made from the first migration as it was released; must never need a change here.
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("night.db");
    let store = SqliteStore::open(&path).await.unwrap();
    store.close().await;
    edit(
        &path,
        "INSERT INTO metrics VALUES (1, 'm', 'Title', 'V', 'gauge', NULL); INSERT INTO channels VALUES (1, 0, 'a'); \
         INSERT INTO frames VALUES (1, 10, 20, NULL, x'010000c03f', NULL), (1, 11, 20, x'00000000', x'019a99993f', NULL), \
         (1, 12, 20, NULL, x'029a9999999999b93f', NULL), (1, 13, 20, NULL, x'016c6ec07f', NULL)",
    )
    .await;
    let store = SqliteStore::open(&path).await.unwrap();
    let mut values = Vec::new();
    let mut chunks = store.scan(MetricId(1), TimeRange::ALL, ChannelFilter::All);
    while let Some(chunk) = futures_util::TryStreamExt::try_next(&mut chunks).await.unwrap() {
        values.extend(chunk.iter().map(|frame| frame.samples[0].value.to_string()));
    }
    drop(chunks);
    assert_eq!(values, ["1.5", "1.2000000476837158", "0.1", "null"]);
    store.close().await;
}
