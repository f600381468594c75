//! Transactions that meet: a write and a sealing that do not see each other must not both be.

use super::super::sealing::{self, WriterId};
use super::super::transaction::{Failure, Outcome, begin, end};
use super::*;
use crate::store::tiles::{Tile, TileKey, TileSpan};

const SPANS: [TileSpan; 1] = [TileSpan {
    level: 0,
    span_micros: 10,
}];

/// A store with one metric, and a server that is registered to write it.
async fn opened() -> (TestDatabase, MongoStore, MetricId, WriterId) {
    let database = TestDatabase::new();
    let store = MongoStore::open(&database.url).await.unwrap();
    let id = store.ensure_metric("m", &["0".to_owned()]).await.unwrap().id;
    let writer = WriterId::new();
    sealing::register(&store.database, writer, &["m"]).await.unwrap();
    (database, store, id, writer)
}

/// A transaction of another server that has its snapshot, and has not committed yet.
async fn begun(store: &MongoStore) -> mongodb::ClientSession {
    let mut session = begin(&store.client).await.unwrap();
    let frames: Collection<Document> = store.database.collection("frames");
    let frame = doc! { "name": "m", "date": DateTime::from_millis(0), "micros": 5_i64, "values": [1.0] };
    frames.insert_one(frame).session(&mut session).await.unwrap();
    session
}

async fn finished(store: &MongoStore, mut session: mongodb::ClientSession, writer: WriterId) -> Outcome<()> {
    let written = [("m", vec![5])];
    let guarded = sealing::guard(&mut session, &store.database, writer, &written).await;
    end(session, guarded).await
}

fn tile() -> Tile {
    let key = TileKey {
        level: 0,
        start_us: 0,
        block: 0,
    };
    Tile { key, bytes: vec![1] }
}

#[tokio::test]
async fn a_write_below_a_moment_that_was_sealed_after_its_snapshot_starts_again() {
    let (_database, store, id, writer) = opened().await;
    for until in [10, 20] {
        let session = begun(&store).await;
        let state = store.seal_tiles(id, &SPANS, at(until)).await.unwrap();
        assert!(store.put_tiles(id, state.generation, vec![tile()]).await.unwrap());
        let met = finished(&store, session, writer).await;
        assert!(matches!(met, Err(Failure::Conflict(_))), "{met:?}");
        assert!(all(&store, id).await.is_empty());
        assert_eq!(store.list_tiles(id).await.unwrap(), [tile().key]);
    }
    // Begun after the sealing, it removes the tile.
    finished(&store, begun(&store).await, writer).await.unwrap();
    assert_eq!(all(&store, id).await, [(5, 0, 1.0.into())]);
    assert!(store.list_tiles(id).await.unwrap().is_empty());
    store.close().await;
}

#[tokio::test]
async fn a_sealing_starts_again_where_a_registration_came_between() {
    let (_database, store, id, _writer) = opened().await;
    let known = sealing::stored(&store.database, "m").await.unwrap().unwrap();
    let state = crate::store::tiles::TileState {
        spans: SPANS.to_vec(),
        sealed: at(10),
        generation: 1,
        standing: None,
    };
    let mut session = begin(&store.client).await.unwrap();
    let states: Collection<Document> = store.database.collection("tile_states");
    states.find_one(doc! {}).session(&mut session).await.unwrap().unwrap();
    // It has its snapshot now, and does not see the document of the new writer, whose write does not see it.
    let writer = WriterId::new();
    sealing::register(&store.database, writer, &["m"]).await.unwrap();
    finished(&store, begun(&store).await, writer).await.unwrap();
    let sealed = sealing::seal(&mut session, &store.database, &known, &state).await;
    let sealed = end(session, sealed).await;
    assert!(matches!(sealed, Err(Failure::Conflict(_))), "{sealed:?}");
    assert_eq!(store.tile_state(id).await.unwrap(), None);
    store.close().await;
}

#[tokio::test]
async fn a_tile_is_refused_where_a_late_write_commits_while_it_is_stored() {
    let (_database, store, id, writer) = opened().await;
    let state = store.seal_tiles(id, &SPANS, at(10)).await.unwrap();
    let mut session = begin(&store.client).await.unwrap();
    let tiles: Collection<Document> = store.database.collection("tiles");
    tiles.find_one(doc! {}).session(&mut session).await.unwrap();
    finished(&store, begun(&store).await, writer).await.unwrap();
    let held = sealing::hold_generation(&mut session, &store.database, "m", state.generation).await;
    let held = end(session, held.map(|held| assert!(held, "by its snapshot it is"))).await;
    assert!(matches!(held, Err(Failure::Conflict(_))), "{held:?}");
    assert!(!store.put_tiles(id, state.generation, vec![tile()]).await.unwrap());
    store.close().await;
}

#[tokio::test]
async fn a_writer_that_was_silent_for_long_registers_again() {
    let (database, store, id, writer) = opened().await;
    store.write(&[frame(id, 7, &[1.0.into()])]).await.unwrap();
    let writers: Collection<Document> = database.plain().await.collection("tile_writers");
    assert_eq!(writers.count_documents(doc! {}).await.unwrap(), 2);
    let long_ago = doc! { "$set": { "seen": DateTime::from_millis(0) } };
    writers.update_many(doc! {}, long_ago).await.unwrap();
    store.seal_tiles(id, &SPANS, at(10)).await.unwrap();
    assert_eq!(writers.count_documents(doc! {}).await.unwrap(), 0);
    let outdated = finished(&store, begun(&store).await, writer).await;
    assert!(matches!(outdated, Err(Failure::Outdated(_))), "{outdated:?}");
    store.write(&[frame(id, 15, &[2.0.into()])]).await.unwrap();
    assert_eq!(all(&store, id).await.len(), 2);
    assert_eq!(writers.count_documents(doc! {}).await.unwrap(), 1);
    store.close().await;
}
