//! The pyramid on databases that several servers share: a store and a pyramid with its cache for each of two servers.

use futures_util::future;
use shared::query::envelope::Envelope;

use super::*;
use crate::store::mongo::tests::Mongo;
use crate::store::postgres::tests::Postgres;
use crate::store::shared_conformance::SharedHarness;

/// Stamps every test onto a database.
macro_rules! on_a_shared_database {
    ($module:ident: $harness:ty) => {
        mod $module {
            use super::*;

            on_a_shared_database!(@each $harness:
                any_life_is_answered_as_by_brute_force
                a_rewrite_by_the_other_is_in_the_next_answer_about_a_cached_past
                what_the_other_drops_is_derived_again
                metrics_and_channels_of_the_other_are_in_the_next_answer
                both_may_write_and_derive_at_once
            );
        }
    };
    (@each $harness:ty: $($test:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test::<$harness>().await;
            }
        )*
    };
}

on_a_shared_database!(mongodb: Mongo);
on_a_shared_database!(postgresql: Postgres);

/// One of two servers.
struct Server {
    store: Arc<dyn Store>,
    pyramid: Pyramid,
}

impl Server {
    fn new(store: Arc<dyn Store>) -> Self {
        Self {
            pyramid: Pyramid::new(Arc::clone(&store)),
            store,
        }
    }

    /// The greatest value of an answer in a few columns.
    async fn max(&self, query: &EnvelopeQuery) -> f64 {
        let Envelope::Columns { series, .. } = envelope(&self.pyramid, query).await.unwrap() else {
            unreachable!("many samples in a few columns")
        };
        let all = series.iter().flat_map(|series| series.max.iter().copied());
        all.fold(f64::NEG_INFINITY, f64::max)
    }
}

async fn servers<H: SharedHarness>() -> (Server, Server, Box<dyn Send>) {
    let (one, two, guard) = H::pair().await;
    (Server::new(one), Server::new(two), guard)
}

async fn close(one: Server, two: Server) {
    one.store.close().await;
    two.store.close().await;
}

fn spike(metric: &StoredMetric, time: i64, value: f64) -> Frame {
    Frame {
        values: vec![Value::number(value)],
        ..ramp_frames(metric, time, time + 1)[0].clone()
    }
}

async fn any_life_is_answered_as_by_brute_force<H: SharedHarness>() {
    let guards = Mutex::new(Vec::new());
    let open = async |_life: u32| {
        let (one, two, guard) = H::pair().await;
        two.close().await;
        guards.lock().unwrap().push(guard);
        one
    };
    let n_tiles = run_lives(3, open, false).await;
    assert!(10 < n_tiles, "tiles must have been used: {n_tiles}");
}

async fn a_rewrite_by_the_other_is_in_the_next_answer_about_a_cached_past<H: SharedHarness>() {
    let (one, two, _guard) = servers::<H>().await;
    let metric = ramp(&*one.store, 1200).await;
    let past = query(0, 1000, 10, "0");
    let band = query(0, 1000, 10, "band");
    for server in [&one, &two] {
        check(&server.pyramid, &past).await;
        check(&server.pyramid, &band).await;
        assert!(0 < server.pyramid.cached_bytes());
    }
    let writers = [&two, &one];
    for (round, (writer, reader)) in writers.into_iter().zip([&one, &two]).cycle().take(4).enumerate() {
        let value = 1e6 + round as f64;
        writer.store.write(&[spike(&metric, 300, value)]).await.unwrap();
        assert_eq!(reader.max(&past).await.to_bits(), value.to_bits());
        assert_eq!(reader.max(&band).await.to_bits(), value.to_bits());
        check(&reader.pyramid, &past).await;
    }
    // One that is not in any tile yet, but in the same answer.
    two.store.write(&[spike(&metric, 1199, 2e6)]).await.unwrap();
    assert_eq!(one.max(&query(0, 1200, 10, "0")).await.to_bits(), 2e6_f64.to_bits());
    assert!(0 < verified(&one.store, &metric).await);
    close(one, two).await;
}

async fn what_the_other_drops_is_derived_again<H: SharedHarness>() {
    let (one, two, _guard) = servers::<H>().await;
    let metric = ramp(&*one.store, 1200).await;
    one.pyramid.catch_up_metric(&metric).await.unwrap();
    let before = two.store.tiles().list_tiles(metric.id).await.unwrap();
    assert!(!before.is_empty());
    let mut done = keep::Done::new();
    one.pyramid.catch_up(&mut done).await.unwrap();
    two.store.tiles().drop_tiles(metric.id).await.unwrap();
    one.pyramid.catch_up(&mut done).await.unwrap();
    assert_eq!(two.store.tiles().list_tiles(metric.id).await.unwrap(), before);
    check(&one.pyramid, &query(0, 1200, 10, "0")).await;
    // Another rhythm makes another lattice, in which both answer.
    let properties = MetricProperties {
        interval_micros: Some(3),
        ..MetricProperties::default()
    };
    two.store.set_properties(metric.id, &properties).await.unwrap();
    for server in [&two, &one] {
        check(&server.pyramid, &query(0, 1200, 10, "0")).await;
        check(&server.pyramid, &query(0, 1200, 10, "band")).await;
    }
    let metric = one.store.metric_by_name("m").await.unwrap().unwrap();
    assert!(0 < verified(&one.store, &metric).await);
    close(one, two).await;
}

async fn metrics_and_channels_of_the_other_are_in_the_next_answer<H: SharedHarness>() {
    let (one, two, _guard) = servers::<H>().await;
    let named = |name: &str, n_channels: u32| {
        let labels: Vec<String> = (0..n_channels).map(|channel| channel.to_string()).collect();
        (name.to_owned(), labels)
    };
    let (name, labels) = named("m", 1);
    let metric = one.store.ensure_metric(&name, &labels).await.unwrap();
    let properties = MetricProperties {
        interval_micros: Some(1),
        ..MetricProperties::default()
    };
    one.store.set_properties(metric.id, &properties).await.unwrap();
    one.store.write(&ramp_frames(&metric, 0, 1200)).await.unwrap();
    let band = query(0, 1000, 10, "band");
    for server in [&one, &two] {
        check(&server.pyramid, &band).await;
    }
    // The first has read its entry of the metric; now that gets a channel, in the past and in what is to come.
    let (name, labels) = named("m", 2);
    let grown = two.store.ensure_metric(&name, &labels).await.unwrap();
    let of_new = |time: i64, value: f64| Frame {
        channels: Channels::Sparse(vec![1]),
        ..spike(&grown, time, value)
    };
    two.store.write(&[of_new(700, 1e6), of_new(1500, 3e6)]).await.unwrap();
    // Asked with what it knew of the metric before, as a question does that began before.
    one.pyramid.catch_up_metric(&metric).await.unwrap();
    assert_eq!(one.max(&band).await.to_bits(), 1e6_f64.to_bits());
    let all = query(0, 2000, 10, "all");
    assert_eq!(one.max(&all).await.to_bits(), 3e6_f64.to_bits());
    for server in [&one, &two] {
        check(&server.pyramid, &band).await;
        check(&server.pyramid, &all).await;
        check(&server.pyramid, &query(0, 2000, 10, "1")).await;
    }
    let (name, labels) = named("other", 1);
    let other = two.store.ensure_metric(&name, &labels).await.unwrap();
    two.store.write(&ramp_frames(&other, 0, 400)).await.unwrap();
    let of_other = EnvelopeQuery {
        metric: name,
        ..query(0, 400, 10, "0")
    };
    assert_eq!(one.max(&of_other).await.to_bits(), 399_f64.to_bits());
    verified(&one.store, &grown).await;
    close(one, two).await;
}

async fn both_may_write_and_derive_at_once<H: SharedHarness>() {
    const ROUNDS: i64 = 6;
    const FRAMES: i64 = 300;
    let (one, two, _guard) = servers::<H>().await;
    let metric = ramp(&*one.store, FRAMES).await;
    // Both go on in order, each with its half of the frames, rewrite what the other wrote, and ask.
    let live = async |server: &Server, half: i64| {
        for round in 1..ROUNDS {
            let frames = ramp_frames(&metric, round * FRAMES, (round + 1) * FRAMES);
            let mine: Vec<Frame> = frames
                .into_iter()
                .filter(|frame| frame.time.as_micros() % 2 == half)
                .collect();
            server.store.write(&mine).await.unwrap();
            let value = 1e6 + (2 * round + half) as f64;
            let late = spike(&metric, round * FRAMES - 100 + half, value);
            server.store.write(&[late]).await.unwrap();
            let seen = server.max(&query(0, ROUNDS * FRAMES, 7, "0")).await;
            assert!(
                value <= seen,
                "{value} was acknowledged, {seen} is the greatest of the answer"
            );
        }
    };
    future::join(live(&one, 0), live(&two, 1)).await;
    for server in [&one, &two] {
        for (columns, channels) in [(1, "0"), (7, "band"), (900, "0")] {
            check(&server.pyramid, &query(0, ROUNDS * FRAMES, columns, channels)).await;
        }
    }
    one.pyramid.catch_up_metric(&metric).await.unwrap();
    assert!(0 < verified(&two.store, &metric).await);
    close(one, two).await;
}
