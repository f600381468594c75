//! One suite for every store on forgetting and on snapshots; a store joins by `keep_conformance!(Harness)`, beside
//! `store_conformance!`.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::TryStreamExt as _;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config as ProptestConfig, RngAlgorithm, TestRng, TestRunner};
use shared::time::{TimeRange, Timestamp};
use shared::value::Value;

use super::retention::{Horizon, Stand};
use super::snapshot::Snapshot;
use super::tiles::{Tile, TileKey, TileSpan};
use super::{ChannelFilter, Channels, Error, Frame, FrameRead, MetricId, MetricProperties, Store, StoredMetric};

/// Stamps every test of the suite onto a store.
macro_rules! keep_conformance {
    ($harness:ty) => {
        keep_conformance!(@each $harness:
            what_is_left_after_forgetting_is_as_if_the_rest_had_never_been
            forgetting_what_is_not_there_changes_nothing
            tiles_over_deleted_samples_go_with_them
            tiles_that_stand_stay_until_their_own_time
            tiles_stand_only_whole_and_at_their_generation
            what_is_forgotten_is_not_written_again_under_tiles_that_stand
            room_is_given_back_without_a_sample_lost
            a_snapshot_is_one_moment_whatever_is_done_meanwhile
        );
    };
    ($harness:ty, without tiles that stand, nor one moment) => {
        keep_conformance!(@each $harness:
            what_is_left_after_forgetting_is_as_if_the_rest_had_never_been
            forgetting_what_is_not_there_changes_nothing
            tiles_over_deleted_samples_go_with_them
            room_is_given_back_without_a_sample_lost
        );
    };
    (@each $harness:ty: $($test:ident)*) => {
        $(
            #[tokio::test]
            async fn $test() {
                use $crate::store::conformance::Harness as _;
                let (store, _guard) = <$harness>::empty().await;
                $crate::store::keep_conformance::$test(&*store).await;
                store.close().await;
            }
        )*
    };
}
pub(super) use keep_conformance;

const SPANS: [TileSpan; 2] = [
    TileSpan {
        level: 0,
        span_micros: 10,
    },
    TileSpan {
        level: 2,
        span_micros: 40,
    },
];

const CHANNELS: u32 = 4;

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap()
}

fn gone_before(micros: i64) -> Horizon {
    Horizon {
        frames: at(micros),
        stand: None,
    }
}

fn standing_before(micros: i64, from: i64, generation: u64) -> Horizon {
    let stand = Some(Stand {
        generation,
        from: at(from),
    });
    Horizon {
        frames: at(micros),
        stand,
    }
}

async fn metric(store: &dyn Store, name: &str) -> MetricId {
    let labels: Vec<String> = (0..CHANNELS).map(|channel| channel.to_string()).collect();
    store.ensure_metric(name, &labels).await.unwrap().id
}

fn frame(metric_id: MetricId, time: i64, samples: &[(u32, f64)]) -> Frame {
    Frame {
        metric_id,
        time: at(time),
        arrival: at(time + 1),
        channels: Channels::Sparse(samples.iter().map(|(channel, _)| *channel).collect()),
        values: samples.iter().map(|(_, value)| Value::number(*value)).collect(),
    }
}

async fn all(store: &dyn Store, metric_id: MetricId) -> Vec<FrameRead> {
    let chunks: Vec<_> = store
        .scan(metric_id, TimeRange::ALL, ChannelFilter::All)
        .try_collect()
        .await
        .unwrap();
    chunks.concat()
}

async fn times(store: &dyn Store, metric_id: MetricId) -> Vec<i64> {
    all(store, metric_id)
        .await
        .iter()
        .map(|frame| frame.time.as_micros())
        .collect()
}

async fn put(store: &dyn Store, metric_id: MetricId, until: i64, keys: &[(u8, i64, u32)]) -> u64 {
    let state = store.tiles().seal_tiles(metric_id, &SPANS, at(until)).await.unwrap();
    let tile = |(level, start_us, block): &(u8, i64, u32)| Tile {
        key: TileKey {
            level: *level,
            start_us: *start_us,
            block: *block,
        },
        bytes: vec![*level, 7],
    };
    let tiles = keys.iter().map(tile).collect();
    assert!(
        store
            .tiles()
            .put_tiles(metric_id, state.generation, tiles)
            .await
            .unwrap()
    );
    state.generation
}

async fn tiles(store: &dyn Store, metric_id: MetricId) -> Vec<(u8, i64, u32)> {
    let keys = store.tiles().list_tiles(metric_id).await.unwrap();
    keys.iter().map(|key| (key.level, key.start_us, key.block)).collect()
}

/// Between the frames of any life: so far that stores with a partition per month have several.
const STEP: i64 = 20 * 86_400_000_000;

pub(super) async fn what_is_left_after_forgetting_is_as_if_the_rest_had_never_been(store: &dyn Store) {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(ProptestConfig::default(), rng);
    let samples = prop::collection::btree_map(0..CHANNELS, -4_i32..4, 1..4);
    let writes = prop::collection::vec((-4_i64..8, samples), 1..12);
    let horizons = prop::collection::vec(-5_i64..9, 1..4);
    for case in 0..12 {
        let (writes, horizons) = (&writes, &horizons).new_tree(&mut runner).unwrap().current();
        let id = metric(store, &format!("m{case}")).await;
        let mut left: BTreeMap<i64, BTreeMap<u32, f64>> = BTreeMap::new();
        let (before, after) = writes.split_at(writes.len() / 2);
        for (half, horizon) in [before, after].into_iter().zip(horizons.iter().chain(&[-9])) {
            for (step, samples) in half {
                let samples: Vec<(u32, f64)> = samples
                    .iter()
                    .map(|(channel, value)| (*channel, f64::from(*value)))
                    .collect();
                store.write(&[frame(id, step * STEP, &samples)]).await.unwrap();
                left.entry(step * STEP).or_default().extend(samples);
            }
            let kept = left.split_off(&(horizon * STEP));
            let dropped = store
                .retention()
                .drop_before(id, &gone_before(horizon * STEP))
                .await
                .unwrap();
            assert_eq!(dropped, Some(left.len() as u64), "case {case}");
            left = kept;
            check(store, id, &left).await;
        }
    }
}

/// Compares all that can be asked with a plain map.
async fn check(store: &dyn Store, id: MetricId, left: &BTreeMap<i64, BTreeMap<u32, f64>>) {
    let read = all(store, id).await;
    let read: BTreeMap<i64, BTreeMap<u32, f64>> = read
        .iter()
        .map(|frame| {
            let samples = frame.samples.iter();
            let samples = samples.map(|sample| (sample.channel, sample.value.finite().unwrap()));
            (frame.time.as_micros(), samples.collect())
        })
        .collect();
    assert_eq!(&read, left);
    let newest: BTreeMap<u32, (i64, f64)> = left
        .iter()
        .flat_map(|(time, samples)| samples.iter().map(|(channel, value)| (*channel, (*time, *value))))
        .collect();
    let latest = store.latest(id).await.unwrap();
    let latest: BTreeMap<u32, (i64, f64)> = latest
        .iter()
        .map(|(time, sample)| (sample.channel, (time.as_micros(), sample.value.finite().unwrap())))
        .collect();
    assert_eq!(latest, newest);
    let ends = left.keys().next().zip(left.keys().next_back());
    assert_eq!(
        store.span(id).await.unwrap(),
        ends.map(|(first, last)| (at(*first), at(*last)))
    );
    assert_eq!(
        store.count_frames(id, &[TimeRange::ALL]).await.unwrap(),
        [left.len() as u64]
    );
    let before = left.keys().next_back().copied().unwrap_or(0);
    let expected = left.range(..before).next_back().map(|(time, _)| at(*time));
    assert_eq!(store.newest_before(id, at(before)).await.unwrap(), expected);
}

pub(super) async fn forgetting_what_is_not_there_changes_nothing(store: &dyn Store) {
    let (one, two) = (metric(store, "one").await, metric(store, "two").await);
    store
        .write(&[frame(one, 50, &[(0, 1.0)]), frame(two, 5, &[(0, 1.0)])])
        .await
        .unwrap();
    put(store, one, 80, &[(0, 50, 0), (2, 40, 0)]).await;
    let before = store.tiles().tile_state(one).await.unwrap();
    assert_eq!(
        store.retention().drop_before(one, &gone_before(50)).await.unwrap(),
        Some(0)
    );
    assert_eq!(store.tiles().tile_state(one).await.unwrap(), before);
    assert_eq!(tiles(store, one).await, [(0, 50, 0), (2, 40, 0)]);
    assert_eq!(
        store
            .retention()
            .drop_before(MetricId(two.0 + 1), &gone_before(50))
            .await
            .unwrap(),
        Some(0)
    );
    assert_eq!(times(store, two).await, [5], "another metric's");
}

pub(super) async fn tiles_over_deleted_samples_go_with_them(store: &dyn Store) {
    let id = metric(store, "m").await;
    let frames = [5, 15, 25, 45].map(|time| frame(id, time, &[(0, 1.0), (3, 2.0)]));
    store.write(&frames).await.unwrap();
    put(
        store,
        id,
        80,
        &[
            (0, 0, 0),
            (0, 10, 0),
            (0, 10, 9),
            (0, 20, 0),
            (0, 40, 0),
            (2, 0, 0),
            (2, 40, 0),
        ],
    )
    .await;
    let before = store.tiles().tile_state(id).await.unwrap().unwrap();
    assert_eq!(
        store.retention().drop_before(id, &gone_before(16)).await.unwrap(),
        Some(2)
    );
    assert_eq!(times(store, id).await, [25, 45]);
    assert_eq!(tiles(store, id).await, [(0, 20, 0), (0, 40, 0), (2, 40, 0)]);
    let after = store.tiles().tile_state(id).await.unwrap().unwrap();
    assert!(before.generation < after.generation);
    assert_eq!((after.sealed, after.standing), (before.sealed, None));
    // What is gone may come again: nothing stands for it.
    store.write(&[frame(id, 5, &[(0, 9.0)])]).await.unwrap();
    assert_eq!(times(store, id).await, [5, 25, 45]);
}

const STANDING: [(u8, i64, u32); 9] = [
    (0, 0, 0),
    (0, 0, 9),
    (0, 10, 0),
    (0, 20, 0),
    (0, 40, 0),
    (0, 50, 0),
    (2, 0, 0),
    (2, 0, 9),
    (2, 40, 0),
];

/// A metric whose frames before 30 are deleted and whose tiles stand for them.
async fn with_standing(store: &dyn Store) -> MetricId {
    let id = metric(store, "m").await;
    let frames = [5, 15, 25, 45, 55].map(|time| frame(id, time, &[(0, 1.0)]));
    store.write(&frames).await.unwrap();
    let generation = put(store, id, 80, &STANDING).await;
    let dropped = store
        .retention()
        .drop_before(id, &standing_before(30, -100, generation))
        .await
        .unwrap();
    assert_eq!(dropped, Some(3));
    id
}

pub(super) async fn tiles_that_stand_stay_until_their_own_time(store: &dyn Store) {
    let id = with_standing(store).await;
    assert_eq!(times(store, id).await, [45, 55]);
    assert_eq!(tiles(store, id).await, STANDING, "none is touched");
    let state = store.tiles().tile_state(id).await.unwrap().unwrap();
    assert_eq!(state.standing, Some(TimeRange::new(at(0), at(30)).unwrap()));
    // Neither a rebuild nor another lattice takes what nothing could derive again.
    store.tiles().drop_tiles(id).await.unwrap();
    assert_eq!(tiles(store, id).await, STANDING[..4]);
    let sealed = store.tiles().seal_tiles(id, &SPANS[..1], at(100)).await.unwrap();
    assert_eq!((sealed.spans.as_slice(), sealed.sealed), (SPANS.as_slice(), at(100)));
    assert_eq!(sealed.standing, state.standing);
    // Their own time comes; a tile that is needed in part stays.
    put(store, id, 80, &[(2, 0, 0), (2, 40, 0)]).await;
    let generation = store.tiles().tile_state(id).await.unwrap().unwrap().generation;
    let dropped = store
        .retention()
        .drop_before(id, &standing_before(50, 15, generation))
        .await
        .unwrap();
    assert_eq!(dropped, Some(1));
    assert_eq!(tiles(store, id).await, [(0, 10, 0), (0, 20, 0), (2, 40, 0)]);
    let state = store.tiles().tile_state(id).await.unwrap().unwrap();
    assert_eq!(state.standing, Some(TimeRange::new(at(10), at(50)).unwrap()));
    // Without a wish that tiles stand they go as their samples do.
    assert_eq!(
        store.retention().drop_before(id, &gone_before(50)).await.unwrap(),
        Some(0)
    );
    assert_eq!(tiles(store, id).await, []);
    assert_eq!(store.tiles().tile_state(id).await.unwrap().unwrap().standing, None);
    assert_eq!(times(store, id).await, [55]);
}

pub(super) async fn tiles_stand_only_whole_and_at_their_generation(store: &dyn Store) {
    let id = metric(store, "m").await;
    store
        .write(&[frame(id, 5, &[(0, 1.0)]), frame(id, 45, &[(0, 1.0)])])
        .await
        .unwrap();
    let unsealed = store
        .retention()
        .drop_before(id, &standing_before(10, 0, 1))
        .await
        .unwrap();
    assert_eq!(unsealed, None);
    let generation = put(store, id, 40, &[(0, 0, 0)]).await;
    for (before, generation) in [(15, generation), (50, generation)] {
        let refused = store
            .retention()
            .drop_before(id, &standing_before(before, 0, generation))
            .await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    }
    // Late data: the tile is gone, and must be derived again before it can stand.
    store.write(&[frame(id, 6, &[(0, 1.0)])]).await.unwrap();
    let moved = store
        .retention()
        .drop_before(id, &standing_before(10, 0, generation))
        .await
        .unwrap();
    assert_eq!(moved, None);
    assert_eq!(times(store, id).await, [5, 6, 45]);
    assert_eq!(store.tiles().tile_state(id).await.unwrap().unwrap().standing, None);
}

pub(super) async fn what_is_forgotten_is_not_written_again_under_tiles_that_stand(store: &dyn Store) {
    let id = with_standing(store).await;
    for time in [29, 5, -100] {
        let refused = store
            .write(&[frame(id, 60, &[(1, 1.0)]), frame(id, time, &[(0, 9.0)])])
            .await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    }
    assert_eq!(times(store, id).await, [45, 55]);
    assert_eq!(tiles(store, id).await, STANDING);
    store.write(&[frame(id, 30, &[(0, 9.0)])]).await.unwrap();
    assert_eq!(times(store, id).await, [30, 45, 55]);
}

pub(super) async fn room_is_given_back_without_a_sample_lost(store: &dyn Store) {
    const DAY: i64 = 86_400_000_000;
    let (one, two) = (metric(store, "one").await, metric(store, "two").await);
    let days = [0, 1, 40, 41, 80].map(|day| day * DAY);
    let frames = days
        .iter()
        .flat_map(|time| [one, two].map(|id| frame(id, *time, &[(0, 1.0)])));
    store.write(&frames.collect::<Vec<_>>()).await.unwrap();
    store
        .retention()
        .drop_before(one, &gone_before(41 * DAY))
        .await
        .unwrap();
    store
        .retention()
        .drop_before(two, &gone_before(40 * DAY))
        .await
        .unwrap();
    store.retention().reclaim().await.unwrap();
    store.retention().reclaim().await.unwrap();
    assert_eq!(times(store, one).await, days[3..]);
    assert_eq!(times(store, two).await, days[2..]);
    // And room is made again where it is needed.
    store.write(&[frame(one, 0, &[(0, 1.0)])]).await.unwrap();
    store.retention().reclaim().await.unwrap();
    assert_eq!(times(store, one).await, [0, days[3], days[4]]);
}

async fn seen(snapshot: &mut dyn Snapshot) -> Vec<(StoredMetric, Option<(Timestamp, Timestamp)>, Vec<FrameRead>)> {
    let mut seen = Vec::new();
    for metric in snapshot.metrics().await.unwrap() {
        let span = snapshot.span(metric.id).await.unwrap();
        let chunks: Vec<_> = snapshot.frames(metric.id).try_collect().await.unwrap();
        seen.push((metric, span, chunks.concat()));
    }
    seen
}

pub(super) async fn a_snapshot_is_one_moment_whatever_is_done_meanwhile(store: &dyn Store) {
    let id = with_standing(store).await;
    let other = metric(store, "other").await;
    store.write(&[frame(other, 1, &[(0, 1.0), (2, 0.1)])]).await.unwrap();
    let metrics = store.metrics().await.unwrap();
    let expected = [(id, all(store, id).await), (other, all(store, other).await)];
    let mut snapshot = store.snapshots().snapshot().await.unwrap();

    store
        .write(&[frame(id, 60, &[(0, 1.0)]), frame(other, 1, &[(0, 2.0)])])
        .await
        .unwrap();
    store.retention().drop_before(id, &gone_before(50)).await.unwrap();
    store.retention().drop_before(other, &gone_before(50)).await.unwrap();
    store.retention().reclaim().await.unwrap();
    store.ensure_metric("new", &["a".to_owned()]).await.unwrap();
    store.ensure_metric("m", &["new".to_owned()]).await.unwrap();
    let properties = MetricProperties {
        unit: "V".to_owned(),
        ..MetricProperties::default()
    };
    store.set_properties(id, &properties).await.unwrap();
    store.tiles().drop_tiles(id).await.unwrap();

    let seen = seen(&mut *snapshot).await;
    assert_eq!(
        seen.iter().map(|(metric, ..)| metric.clone()).collect::<Vec<_>>(),
        metrics
    );
    for ((metric, span, frames), (id, expected)) in seen.iter().zip(&expected) {
        assert_eq!((metric.id, frames), (*id, expected));
        let ends = expected.first().zip(expected.last());
        assert_eq!(*span, ends.map(|(first, last)| (first.time, last.time)));
    }
    let state = snapshot.standing(id).await.unwrap().unwrap();
    assert_eq!(state.standing, Some(TimeRange::new(at(0), at(30)).unwrap()));
    assert_eq!(snapshot.standing(other).await.unwrap(), None);
    let finest = snapshot.finest_tiles(id, 0, 0, 29).await.unwrap();
    let keys: BTreeSet<(i64, u32)> = finest.iter().map(|tile| (tile.key.start_us, tile.key.block)).collect();
    assert_eq!(keys, [(0, 0), (0, 9), (10, 0), (20, 0)].into_iter().collect());
    assert!(finest.iter().all(|tile| tile.bytes == [0, 7]));
}
