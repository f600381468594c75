//! The pyramid against brute force, on stores of both kinds, while samples are written, rewritten and come late.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config as ProptestConfig, RngAlgorithm, TestRng, TestRunner};
use shared::query::envelope::EnvelopeQuery;
use shared::query::raster::{RasterQuery, Statistic};
use shared::time::Timestamp;
use shared::value::Value;
use tempfile::TempDir;

use super::*;
use crate::query::envelope::tests::assert_same;
use crate::query::envelope::{by_brute_force, envelope};
use crate::query::raster;
use crate::store::memory::MemoryStore;
use crate::store::sqlite::SqliteStore;
use crate::store::{Channels, Frame, MetricProperties, StoredMetric};

mod servers;

/// Where data and questions lie, in microseconds around 1970.
const REACH: i64 = 40_000;

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap()
}

/// One thing that happens to a store.
#[derive(Clone, Debug)]
enum Event {
    /// Frames from a time on, so far apart, of some channels.
    Write {
        start: i64,
        step: i64,
        n_frames: i64,
        channels: Vec<u32>,
        seed: u64,
    },
    Ask {
        from: i64,
        length: i64,
        columns: u32,
        channels: &'static str,
    },
    CatchUp,
    Forget,
    Reopen,
}

/// How many channels the metric of the tests has: two blocks.
const CHANNELS: u32 = 70;

fn any_event() -> impl Strategy<Value = Event> {
    let channels = prop_oneof![
        2 => Just((0..CHANNELS).collect::<Vec<u32>>()),
        2 => Just(vec![0, 1, 2]),
        1 => prop::collection::btree_set(0..CHANNELS, 1..4).prop_map(|set| set.into_iter().collect()),
    ];
    let write = (
        -REACH..REACH,
        prop_oneof![1_i64..4, 1_i64..60],
        prop_oneof![1_i64..4, 1_i64..900],
        channels,
        any::<u64>(),
    );
    let selection = prop::sample::select(vec!["all", "band", "band", "0", "69", "2,66,0"]);
    let ask = (
        -REACH - 100..REACH,
        prop_oneof![1_i64..50, 1_i64..3000, 1_i64..3 * REACH],
        prop_oneof![1_u32..4, 1_u32..60, 1_u32..2000],
        selection,
    );
    prop_oneof![
        4 => write.prop_map(|(start, step, n_frames, channels, seed)| Event::Write { start, step, n_frames, channels, seed }),
        6 => ask.prop_map(|(from, length, columns, channels)| Event::Ask { from, length, columns, channels }),
        1 => Just(Event::CatchUp),
        1 => Just(Event::Forget),
        1 => Just(Event::Reopen),
    ]
}

/// A value of every kind, from a hash.
fn value(seed: u64, time: i64, channel: u32) -> Value {
    let mut hash = seed ^ (time.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15)) ^ (u64::from(channel) << 32);
    hash = (hash ^ (hash >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash ^= hash >> 32;
    let number = f64::from(u16::try_from(hash & 0xfff).unwrap());
    match hash >> 16 & 0x3f {
        0 => Value::NULL,
        1 => Value::NAN,
        2 => Value::number(f64::INFINITY),
        3 => Value::number(-0.0),
        4 => Value::number(f64::MAX),
        5..12 => Value::number(number / 10.0),
        // Few different values, so that extremes are met more than once.
        _ => Value::number(number % 8.0),
    }
}

fn frames(metric: &StoredMetric, event: &Event) -> Vec<Frame> {
    let Event::Write {
        start,
        step,
        n_frames,
        channels,
        seed,
    } = event
    else {
        return Vec::new();
    };
    let frame = |index: i64| {
        let time = start + step * index;
        Frame {
            metric_id: metric.id,
            time: at(time),
            arrival: Timestamp::EPOCH,
            channels: Channels::Sparse(channels.clone()),
            values: channels.iter().map(|channel| value(*seed, time, *channel)).collect(),
        }
    };
    (0..*n_frames).map(frame).collect()
}

async fn metric(store: &dyn Store, interval_micros: Option<i64>) -> StoredMetric {
    let labels: Vec<String> = (0..CHANNELS).map(|channel| channel.to_string()).collect();
    let id = store.ensure_metric("m", &labels).await.unwrap().id;
    let properties = MetricProperties {
        interval_micros,
        ..MetricProperties::default()
    };
    store.set_properties(id, &properties).await.unwrap();
    store.metric_by_name("m").await.unwrap().unwrap()
}

fn query(from: i64, length: i64, columns: u32, channels: &str) -> EnvelopeQuery {
    EnvelopeQuery {
        metric: "m".to_owned(),
        channels: channels.parse().unwrap(),
        from: at(from),
        to: at(from + length),
        columns,
    }
}

async fn check(pyramid: &Pyramid, query: &EnvelopeQuery) {
    let answer = envelope(pyramid, query).await.unwrap();
    let expected = by_brute_force(pyramid.store(), query).await.unwrap();
    assert_same(&answer, &expected);
    // The same window as a raster, of each kind in turn.
    let stats = [
        Statistic::Mean,
        Statistic::Min,
        Statistic::Max,
        Statistic::Last,
        Statistic::Density,
    ];
    let length = query.to.as_micros() - query.from.as_micros();
    let query = RasterQuery {
        metric: query.metric.clone(),
        from: query.from,
        to: query.to,
        columns: query.columns.min(700),
        rows: 1 + query.columns % 90,
        stat: stats[usize::try_from(length % 5).unwrap()],
        value_min: None,
        value_max: None,
        log: false,
    };
    raster::tests::check(pyramid, &query).await;
}

/// How many tiles are kept, after checking that all are what they should be.
async fn verified(store: &Arc<dyn Store>, metric: &StoredMetric) -> u64 {
    let verified = Pyramid::new(Arc::clone(store)).verify(metric).await.unwrap();
    assert_eq!(verified.differences, []);
    verified.tiles
}

/// Runs some random lives of a store; gives how many tiles were kept at their ends in all.
async fn run_lives(n_lives: u32, open: impl AsyncFn(u32) -> Arc<dyn Store>, can_reopen: bool) -> u64 {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(ProptestConfig::default(), rng);
    let mut n_tiles = 0;
    for life in 0..n_lives {
        let events = prop::collection::vec(any_event(), 10..30)
            .new_tree(&mut runner)
            .unwrap()
            .current();
        let interval = [Some(1), Some(3), Some(20), None][life as usize % 4];
        let mut store = open(life).await;
        let metric = metric(&*store, interval).await;
        let mut pyramid = Pyramid::new(Arc::clone(&store));
        for event in &events {
            match event {
                Event::Write { .. } => store.write(&frames(&metric, event)).await.unwrap(),
                Event::Ask {
                    from,
                    length,
                    columns,
                    channels,
                } => {
                    let columns = if *channels == "all" {
                        (*columns).min(500)
                    } else {
                        *columns
                    };
                    check(&pyramid, &query(*from, *length, columns, channels)).await;
                }
                Event::CatchUp => drop(pyramid.catch_up_metric(&metric).await.unwrap()),
                Event::Forget => pyramid = Pyramid::new(Arc::clone(&store)),
                Event::Reopen if can_reopen => {
                    store.close().await;
                    store = open(life).await;
                    pyramid = Pyramid::new(Arc::clone(&store));
                }
                Event::Reopen => {}
            }
        }
        n_tiles += verified(&store, &metric).await;
        store.close().await;
    }
    n_tiles
}

#[tokio::test]
async fn any_life_of_a_memory_store_is_answered_as_by_brute_force() {
    let n_tiles = run_lives(60, async |_| Arc::new(MemoryStore::new()) as Arc<dyn Store>, false).await;
    assert!(1000 < n_tiles, "tiles must have been used: {n_tiles}");
}

#[tokio::test]
async fn any_life_of_a_sqlite_file_is_answered_as_by_brute_force() {
    let folder = TempDir::new().unwrap();
    let open = async |life: u32| {
        let store = SqliteStore::open(&folder.path().join(format!("{life}.db")))
            .await
            .unwrap();
        Arc::new(store) as Arc<dyn Store>
    };
    let n_tiles = run_lives(16, open, true).await;
    assert!(100 < n_tiles, "tiles must have been used: {n_tiles}");
}

/// One channel, one sample per microsecond from 0 on.
async fn ramp(store: &dyn Store, n_frames: i64) -> StoredMetric {
    let metric = metric(store, Some(1)).await;
    store.write(&ramp_frames(&metric, 0, n_frames)).await.unwrap();
    metric
}

fn ramp_frames(metric: &StoredMetric, from: i64, to: i64) -> Vec<Frame> {
    let frame = |time: i64| Frame {
        metric_id: metric.id,
        time: at(time),
        arrival: at(time),
        channels: Channels::Dense,
        values: vec![Value::number(time as f64)],
    };
    (from..to).map(frame).collect()
}

#[tokio::test]
async fn a_late_sample_is_seen_by_the_next_question_and_rebuilds_only_its_tiles() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let metric = ramp(&*store, 20_000).await;
    let pyramid = Pyramid::new(Arc::clone(&store));
    let all = query(0, 20_000, 10, "0");
    check(&pyramid, &all).await;
    let before = store.tiles().list_tiles(metric.id).await.unwrap();
    let spike = Frame {
        values: vec![Value::number(1e9)],
        ..ramp_frames(&metric, 300, 301)[0].clone()
    };
    store.write(&[spike]).await.unwrap();
    let after = store.tiles().list_tiles(metric.id).await.unwrap();
    // Two blocks and the band, of levels 0, 2 and 3.
    assert_eq!(after.len() + 9, before.len());
    check(&pyramid, &all).await;
    let shared::query::envelope::Envelope::Columns { series, .. } = envelope(&pyramid, &all).await.unwrap() else {
        unreachable!("20000 samples in 10 columns")
    };
    assert!(series[0].max.contains(&1e9));
    assert_eq!(store.tiles().list_tiles(metric.id).await.unwrap(), before);
}

#[tokio::test]
async fn a_damaged_tile_is_found_by_verify_and_never_answers() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let metric = ramp(&*store, 9000).await;
    let pyramid = Pyramid::new(Arc::clone(&store));
    check(&pyramid, &query(0, 9000, 5, "0")).await;
    let keys = store.tiles().list_tiles(metric.id).await.unwrap();
    let read = async |key: TileKey| {
        let tiles = store
            .tiles()
            .read_tiles(metric.id, key.level, key.block, key.start_us, key.start_us)
            .await
            .unwrap();
        tiles.into_iter().next().unwrap()
    };
    let generation = store.tiles().tile_state(metric.id).await.unwrap().unwrap().generation;
    let (first, second) = (read(keys[0]).await, read(keys[keys.len() - 1]).await);
    let cut = crate::store::tiles::Tile {
        key: first.key,
        bytes: first.bytes[..first.bytes.len() / 2].to_vec(),
    };
    // A tile that is whole, but of another place.
    let foreign = crate::store::tiles::Tile {
        key: keys[3],
        bytes: first.bytes.clone(),
    };
    assert!(
        store
            .tiles()
            .put_tiles(metric.id, generation, vec![cut, foreign])
            .await
            .unwrap()
    );
    let found = Pyramid::new(Arc::clone(&store)).verify(&metric).await.unwrap();
    let wrong: Vec<TileKey> = found.differences.iter().map(|difference| difference.key).collect();
    assert!(
        wrong.contains(&first.key) && wrong.contains(&keys[3]) && !wrong.contains(&second.key),
        "{found:?}"
    );
    store.tiles().drop_tiles(metric.id).await.unwrap();
    Pyramid::new(Arc::clone(&store)).catch_up_metric(&metric).await.unwrap();
    assert_eq!(verified(&store, &metric).await, keys.len() as u64);
}

#[tokio::test]
async fn samples_that_lie_more_densely_than_the_first_ones_get_shorter_tiles() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let metric = metric(&*store, None).await;
    let sparse: Vec<Frame> = ramp_frames(&metric, 0, 600)
        .into_iter()
        .map(|frame| Frame {
            time: at(frame.time.as_micros() * 1_000_000),
            ..frame
        })
        .collect();
    store.write(&sparse).await.unwrap();
    let pyramid = Pyramid::new(Arc::clone(&store));
    check(&pyramid, &query(0, 600_000_000, 20, "0")).await;
    let before = store.tiles().tile_state(metric.id).await.unwrap().unwrap();
    store.write(&ramp_frames(&metric, 0, 70_000)).await.unwrap();
    check(&pyramid, &query(0, 600_000_000, 20, "0")).await;
    check(&pyramid, &query(0, 70_000, 20, "band")).await;
    let after = store.tiles().tile_state(metric.id).await.unwrap().unwrap();
    assert!(after.spans[0].span_micros < before.spans[0].span_micros);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_between_writes_and_rewrites_see_all_that_was_acknowledged() {
    let folder = TempDir::new().unwrap();
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&folder.path().join("stress.db")).await.unwrap());
    let metric = ramp(&*store, 1000).await;
    let pyramid = Arc::new(Pyramid::new(Arc::clone(&store)));
    // One goes on in order, one rewrites early samples with ever greater values.
    let appending = tokio::spawn({
        let (store, metric) = (Arc::clone(&store), metric.clone());
        async move {
            for part in 1..120_i64 {
                store
                    .write(&ramp_frames(&metric, part * 250, (part + 1) * 250))
                    .await
                    .unwrap();
                if part == 119 {
                    return part;
                }
            }
            0
        }
    });
    let rewriting = tokio::spawn({
        let (store, metric) = (Arc::clone(&store), metric.clone());
        async move {
            let mut acknowledged = 0.0;
            for round in 1..60_i64 {
                let late = Frame {
                    values: vec![Value::number(1e6 + round as f64)],
                    ..ramp_frames(&metric, round * 13 % 900, round * 13 % 900 + 1)[0].clone()
                };
                store.write(&[late]).await.unwrap();
                acknowledged = 1e6 + round as f64;
                tokio::task::yield_now().await;
            }
            acknowledged
        }
    });
    let asking = (0..3).map(|asker| {
        let pyramid = Arc::clone(&pyramid);
        tokio::spawn(async move {
            let mut greatest: f64 = 0.0;
            for round in 0..40 {
                let channels = if (asker + round) % 2 == 0 { "0" } else { "band" };
                let answer = envelope(&pyramid, &query(0, 40_000, 5 + round, channels))
                    .await
                    .unwrap();
                let shared::query::envelope::Envelope::Columns { series, .. } = answer else {
                    unreachable!("a thousand samples in a few columns")
                };
                let max = series[0].max.iter().copied().fold(0.0, f64::max);
                // What was seen once stays.
                assert!(greatest <= max, "{greatest} {max}");
                greatest = max;
            }
        })
    });
    let asked = futures_util::future::join_all(asking).await;
    for asked in asked {
        asked.unwrap();
    }
    assert_eq!(appending.await.unwrap(), 119);
    let greatest = rewriting.await.unwrap();
    for (columns, channels) in [(1, "0"), (7, "band"), (900, "0"), (30, "all")] {
        check(&pyramid, &query(0, 40_000, columns, channels)).await;
    }
    let shared::query::envelope::Envelope::Columns { series, .. } =
        envelope(&pyramid, &query(0, 40_000, 1, "0")).await.unwrap()
    else {
        unreachable!("many samples")
    };
    assert_eq!(series[0].max[0].to_bits(), f64::to_bits(greatest));
    assert!(0 < verified(&store, &metric).await);
    store.close().await;
}
