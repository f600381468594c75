//! Tiles of the pyramid: sealing, reading, removal and sizes.

use super::{at, dense, metric, sparse};
use crate::store::tiles::{StoredSizes, Tile, TileKey, TileSpan};
use crate::store::{Error, MetricId, Store};

pub(super) const SPANS: [TileSpan; 2] = [
    TileSpan {
        level: 0,
        span_micros: 10,
    },
    TileSpan {
        level: 2,
        span_micros: 40,
    },
];

fn key(level: u8, start_us: i64, block: u32) -> TileKey {
    TileKey { level, start_us, block }
}

pub(super) fn tile(level: u8, start_us: i64, block: u32) -> Tile {
    let key = key(level, start_us, block);
    Tile {
        key,
        bytes: format!("{key:?}").into_bytes(),
    }
}

/// Seals up to a moment and stores tiles, which must be taken.
async fn put(store: &dyn Store, metric_id: MetricId, until: i64, tiles: &[Tile]) {
    let state = store.tiles().seal_tiles(metric_id, &SPANS, at(until)).await.unwrap();
    assert!(
        store
            .tiles()
            .put_tiles(metric_id, state.generation, tiles.to_vec())
            .await
            .unwrap()
    );
}

pub(in crate::store) async fn sealing_only_ever_moves_forward(store: &dyn Store) {
    let id = metric(store, "m", 1).await;
    assert_eq!(store.tiles().tile_state(id).await.unwrap(), None);
    let first = store.tiles().seal_tiles(id, &SPANS, at(40)).await.unwrap();
    assert_eq!((first.sealed, first.spans.as_slice()), (at(40), SPANS.as_slice()));
    assert_eq!(store.tiles().tile_state(id).await.unwrap().as_ref(), Some(&first));
    assert_eq!(store.tiles().seal_tiles(id, &SPANS, at(-5)).await.unwrap(), first);
    let further = store.tiles().seal_tiles(id, &SPANS, at(41)).await.unwrap();
    assert_eq!((further.sealed, further.generation), (at(41), first.generation));
    let unknown = store.tiles().seal_tiles(MetricId(id.0 + 1), &SPANS, at(40)).await;
    assert!(matches!(unknown, Err(Error::Invalid(_))), "{unknown:?}");
}

pub(in crate::store) async fn tiles_are_read_by_level_block_and_start(store: &dyn Store) {
    let id = metric(store, "m", 1).await;
    let tiles = [
        tile(0, -20, 0),
        tile(0, -10, 0),
        tile(0, -10, 7),
        tile(0, -10, u32::MAX),
        tile(0, 10, 0),
        tile(2, -40, 0),
    ];
    put(store, id, 80, &tiles).await;
    assert_eq!(
        store.tiles().list_tiles(id).await.unwrap(),
        tiles.clone().map(|tile| tile.key)
    );
    let read = async |level, block, first, last| store.tiles().read_tiles(id, level, block, first, last).await.unwrap();
    assert_eq!(
        read(0, 0, -20, 10).await,
        [tiles[0].clone(), tiles[1].clone(), tiles[4].clone()]
    );
    assert_eq!(read(0, 0, -19, 9).await, [tiles[1].clone()]);
    assert_eq!(read(0, u32::MAX, -100, 100).await, [tiles[3].clone()]);
    assert_eq!(read(2, 0, -40, -40).await, [tiles[5].clone()]);
    assert_eq!(read(1, 0, -100, 100).await, []);
    assert_eq!(read(0, 0, 10, -20).await, []);
    let newer = Tile {
        bytes: vec![0; 100_000],
        ..tiles[0].clone()
    };
    put(store, id, 80, std::slice::from_ref(&newer)).await;
    assert_eq!(read(0, 0, -20, -20).await, [newer]);
}

pub(in crate::store) async fn a_late_write_removes_the_tiles_over_its_times_and_no_others(store: &dyn Store) {
    let id = metric(store, "m", 2).await;
    store
        .write(&[dense(id, 5, &[1.0]), dense(id, 500, &[1.0])])
        .await
        .unwrap();
    let tiles: Vec<Tile> = [-40, -30, -20, -10, 0, 10, 20, 30]
        .map(|start_us| tile(0, start_us, 1))
        .into_iter()
        .chain([-80, -40, 0, 40].map(|start_us| tile(2, start_us, u32::MAX)))
        .collect();
    put(store, id, 80, &tiles).await;
    let before = store.tiles().tile_state(id).await.unwrap().unwrap();
    // Late, a rewrite, before 1970, and one in order; out of order in the batch.
    let batch = [
        dense(id, 19, &[2.0]),
        dense(id, 501, &[1.0]),
        dense(id, 5, &[3.0]),
        dense(id, -11, &[4.0]),
    ];
    store.write(&batch).await.unwrap();
    let left = [
        key(0, -40, 1),
        key(0, -30, 1),
        key(0, -10, 1),
        key(0, 20, 1),
        key(0, 30, 1),
        key(2, -80, u32::MAX),
        key(2, 40, u32::MAX),
    ];
    assert_eq!(store.tiles().list_tiles(id).await.unwrap(), left);
    let after = store.tiles().tile_state(id).await.unwrap().unwrap();
    assert!(before.generation < after.generation);
    assert_eq!(after.sealed, before.sealed);
    // A batch that is refused changes nothing.
    store
        .write(&[dense(id, 25, &[1.0]), sparse(id, 25, &[(2, 1.0)])])
        .await
        .unwrap_err();
    assert_eq!(store.tiles().list_tiles(id).await.unwrap(), left);
    assert_eq!(store.tiles().tile_state(id).await.unwrap().unwrap(), after);
}

pub(in crate::store) async fn a_write_after_the_sealed_moment_leaves_tiles_alone(store: &dyn Store) {
    let id = metric(store, "m", 1).await;
    put(store, id, 40, &[tile(0, 30, 0), tile(2, 0, 0)]).await;
    let before = store.tiles().tile_state(id).await.unwrap();
    store
        .write(&[dense(id, 40, &[1.0]), dense(id, 45, &[1.0])])
        .await
        .unwrap();
    assert_eq!(store.tiles().tile_state(id).await.unwrap(), before);
    assert_eq!(store.tiles().list_tiles(id).await.unwrap().len(), 2);
}

pub(in crate::store) async fn a_tile_that_did_not_see_a_write_is_refused(store: &dyn Store) {
    let id = metric(store, "m", 1).await;
    let state = store.tiles().seal_tiles(id, &SPANS, at(40)).await.unwrap();
    // Here raw samples are read; then, before the tile is stored, a write comes.
    store.write(&[dense(id, 39, &[1.0])]).await.unwrap();
    let stored = store
        .tiles()
        .put_tiles(id, state.generation, vec![tile(2, 0, 0)])
        .await
        .unwrap();
    assert!(!stored);
    assert!(store.tiles().list_tiles(id).await.unwrap().is_empty());
    let state = store.tiles().seal_tiles(id, &SPANS, at(40)).await.unwrap();
    // A write after the sealed moment cannot be in the tile.
    store.write(&[dense(id, 40, &[1.0])]).await.unwrap();
    assert!(
        store
            .tiles()
            .put_tiles(id, state.generation, vec![tile(2, 0, 0)])
            .await
            .unwrap()
    );
    // Dropping raises the generation too.
    store.tiles().drop_tiles(id).await.unwrap();
    assert!(
        !store
            .tiles()
            .put_tiles(id, state.generation, vec![tile(2, 0, 0)])
            .await
            .unwrap()
    );
    assert!(
        !store
            .tiles()
            .put_tiles(MetricId(id.0 + 1), 1, vec![tile(2, 0, 0)])
            .await
            .unwrap()
    );
}

pub(in crate::store) async fn other_spans_and_dropping_remove_all_tiles(store: &dyn Store) {
    let id = metric(store, "m", 1).await;
    put(store, id, 40, &[tile(0, 30, 0), tile(2, 0, 3)]).await;
    let before = store.tiles().tile_state(id).await.unwrap().unwrap();
    store.tiles().drop_tiles(id).await.unwrap();
    let dropped = store.tiles().tile_state(id).await.unwrap().unwrap();
    assert!(store.tiles().list_tiles(id).await.unwrap().is_empty());
    assert_eq!((&dropped.spans, dropped.sealed), (&before.spans, before.sealed));
    assert!(before.generation < dropped.generation);
    put(store, id, 40, &[tile(0, 30, 0)]).await;
    let other = store.tiles().seal_tiles(id, &SPANS[..1], at(20)).await.unwrap();
    assert!(store.tiles().list_tiles(id).await.unwrap().is_empty());
    assert_eq!((other.spans.as_slice(), other.sealed), (&SPANS[..1], at(20)));
    assert!(dropped.generation < other.generation);
}

pub(in crate::store) async fn tiles_of_metrics_are_apart(store: &dyn Store) {
    let one = metric(store, "one", 1).await;
    let two = metric(store, "two", 1).await;
    put(store, one, 40, &[tile(0, 0, 0)]).await;
    put(store, two, 40, &[tile(0, 0, 0)]).await;
    store
        .write(&[dense(one, 5, &[1.0]), dense(two, 50, &[1.0])])
        .await
        .unwrap();
    assert!(store.tiles().list_tiles(one).await.unwrap().is_empty());
    assert_eq!(store.tiles().list_tiles(two).await.unwrap(), [key(0, 0, 0)]);
    store.tiles().drop_tiles(one).await.unwrap();
    assert_eq!(store.tiles().list_tiles(two).await.unwrap(), [key(0, 0, 0)]);
}

pub(in crate::store) async fn sizes_are_told(store: &dyn Store) {
    let id = metric(store, "m", 3).await;
    assert_eq!(store.tiles().stored_sizes(id).await.unwrap(), StoredSizes::default());
    store
        .write(&[dense(id, 1, &[1.0, 2.0, 3.0]), sparse(id, 2, &[(1, 0.1)])])
        .await
        .unwrap();
    put(store, id, 40, &[tile(0, 0, 0), tile(2, 0, 0)]).await;
    let sizes = store.tiles().stored_sizes(id).await.unwrap();
    assert_eq!((sizes.frames, sizes.values, sizes.tiles), (2, 4, 2));
    assert!(4 * 4 <= sizes.raw_bytes, "{sizes:?}");
    assert_eq!(
        sizes.tile_bytes,
        (tile(0, 0, 0).bytes.len() + tile(2, 0, 0).bytes.len()) as u64
    );
}
