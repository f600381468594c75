//! What the pyramid costs and saves, on a SQLite file of its own: `cargo bench -p backend --bench pyramid [-- --days N]`.
//!
//! One metric of one channel at 1/s over the days (365 unless said otherwise), and one night of 1855 channels at 1/min.
//! Each question is asked of the pyramid, cold and warm, and by brute force; the answers are compared.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench tells its figures, and ends where something fails"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use shared::query::envelope::{Envelope, EnvelopeQuery};
use shared::query::raster::{RasterQuery, Statistic};
use shared::time::{MICROS_PER_DAY, MICROS_PER_SEC, Timestamp};
use shared::value::Value;
use watchroom::pyramid::Pyramid;
use watchroom::query::envelope::{by_brute_force, envelope};
use watchroom::query::raster::{self, RasterAnswer, raster};
use watchroom::store::sqlite::SqliteStore;
use watchroom::store::{Channels, Frame, MetricProperties, Store, StoredMetric};

/// 2026-01-01T12:00:00Z.
const START_US: i64 = 1_767_268_800 * MICROS_PER_SEC;

/// How often a warm question is asked; the median is told.
const ROUNDS: usize = 21;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let days = arguments.iter().skip_while(|argument| *argument != "--days").nth(1);
    let days: i64 = days.map_or(365, |days| days.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&folder.path().join("bench.db")).await.unwrap());

    let year = fill(&store, "scalar", 1, MICROS_PER_SEC, days * 86_400).await;
    derive(&store, &year).await;
    ask(&store, "scalar", "0", days * MICROS_PER_DAY, 1200).await;
    ask(&store, "scalar", "0", MICROS_PER_DAY, 1200).await;
    ask(&store, "scalar", "0", 3_600_000_000, 1200).await;

    let night = fill(&store, "camera", 1855, 60 * MICROS_PER_SEC, 1440).await;
    derive(&store, &night).await;
    ask(&store, "camera", "band", MICROS_PER_DAY, 1200).await;
    ask(&store, "camera", "band", MICROS_PER_DAY, 150).await;
    ask(&store, "camera", "1000", MICROS_PER_DAY, 1200).await;
    ask(&store, "camera", "all", MICROS_PER_DAY, 60).await;
    for stat in [Statistic::Mean, Statistic::Max, Statistic::Last, Statistic::Density] {
        ask_raster(&store, "camera", stat, MICROS_PER_DAY, (600, 400)).await;
    }
    ask_raster(&store, "camera", Statistic::Max, MICROS_PER_DAY / 8, (600, 400)).await;

    let seconds = fill(&store, "fast camera", 1855, MICROS_PER_SEC, 6 * 3600).await;
    derive(&store, &seconds).await;
    ask(&store, "fast camera", "band", MICROS_PER_DAY / 4, 1200).await;
    ask(&store, "fast camera", "1000", MICROS_PER_DAY / 4, 1200).await;
    for stat in [Statistic::Mean, Statistic::Max, Statistic::Density] {
        ask_raster(&store, "fast camera", stat, MICROS_PER_DAY / 4, (600, 400)).await;
    }
    ask_raster(&store, "fast camera", Statistic::Max, MICROS_PER_DAY / 24, (600, 400)).await;
    store.close().await;
}

/// A slow swing with a little noise, in steps of a thousandth as sensors give them, exact in 32 bits.
fn value(time_us: i64, channel: u32) -> Value {
    let phase = (time_us % MICROS_PER_DAY) as f64 / MICROS_PER_DAY as f64 * std::f64::consts::TAU;
    let mut hash = (time_us / 1000).cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (u64::from(channel) << 40);
    hash = (hash ^ (hash >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let noise = f64::from(u8::try_from(hash >> 56).unwrap()) / 256.0;
    let number = 20.0 + 0.01 * f64::from(channel) + phase.sin() * 5.0 + noise * 0.2;
    #[expect(clippy::cast_possible_truncation, reason = "a sensor of 32 bits")]
    let number = ((number * 1024.0).round() / 1024.0) as f32;
    Value::number(f64::from(number))
}

async fn fill(store: &Arc<dyn Store>, name: &str, n_channels: u32, interval_us: i64, n_frames: i64) -> StoredMetric {
    let labels: Vec<String> = (0..n_channels).map(|channel| channel.to_string()).collect();
    let metric = store.ensure_metric(name, &labels).await.unwrap();
    let properties = MetricProperties {
        interval_micros: Some(interval_us),
        ..MetricProperties::default()
    };
    store.set_properties(metric.id, &properties).await.unwrap();
    let per_batch = (500_000 / i64::from(n_channels)).max(1);
    let mut writing = Duration::ZERO;
    for first in (0..n_frames).step_by(usize::try_from(per_batch).unwrap()) {
        let frame = |index: i64| {
            let time_us = START_US + index * interval_us;
            Frame {
                metric_id: metric.id,
                time: Timestamp::from_micros(time_us).unwrap(),
                arrival: Timestamp::from_micros(time_us).unwrap(),
                channels: Channels::Dense,
                values: (0..n_channels).map(|channel| value(time_us, channel)).collect(),
            }
        };
        let frames: Vec<Frame> = (first..n_frames.min(first + per_batch)).map(frame).collect();
        let start = Instant::now();
        store.write(&frames).await.unwrap();
        writing += start.elapsed();
    }
    let n_values = n_frames * i64::from(n_channels);
    println!(
        "\n{name}: {n_values} values, written at {:.2} M/s",
        n_values as f64 / writing.as_secs_f64() / 1e6
    );
    store.metric_by_name(name).await.unwrap().unwrap()
}

async fn derive(store: &Arc<dyn Store>, metric: &StoredMetric) {
    let start = Instant::now();
    Pyramid::new(Arc::clone(store)).catch_up_metric(metric).await.unwrap();
    let took = start.elapsed();
    let sizes = store.tiles().stored_sizes(metric.id).await.unwrap();
    let n_values = sizes.values as f64;
    println!(
        "  derived in {:.1} s, {:.2} M values/s; bytes per value: raw {:.2}, derived {:.2}",
        took.as_secs_f64(),
        n_values / took.as_secs_f64() / 1e6,
        sizes.raw_bytes as f64 / n_values,
        sizes.tile_bytes as f64 / n_values,
    );
}

async fn ask(store: &Arc<dyn Store>, metric: &str, channels: &str, length_us: i64, columns: u32) {
    // Off the grid at both ends.
    let (from, to) = (START_US + 12_345_678, START_US + length_us - 7_654_321);
    let query = EnvelopeQuery {
        metric: metric.to_owned(),
        channels: channels.parse().unwrap(),
        from: Timestamp::from_micros(from).unwrap(),
        to: Timestamp::from_micros(to).unwrap(),
        columns,
    };
    let pyramid = Pyramid::new(Arc::clone(store));
    let start = Instant::now();
    let cold_answer = envelope(&pyramid, &query).await.unwrap();
    let cold = start.elapsed();
    let mut warm: Vec<Duration> = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let answer = envelope(&pyramid, &query).await.unwrap();
        warm.push(start.elapsed());
        drop(answer);
    }
    warm.sort_unstable();
    let start = Instant::now();
    let expected = by_brute_force(&**store, &query).await.unwrap();
    let brute = start.elapsed();
    assert_eq!(without_means(cold_answer), without_means(expected));
    println!(
        "  {channels} over {:.2} d in {columns} columns: cold {:.2} ms, warm {:.2} ms, brute force {:.1} ms; cache {:.1} MB",
        length_us as f64 / MICROS_PER_DAY as f64,
        millis(cold),
        millis(warm[ROUNDS / 2]),
        millis(brute),
        pyramid.cached_bytes() as f64 / 1e6,
    );
}

async fn ask_raster(
    store: &Arc<dyn Store>,
    metric: &str,
    statistic: Statistic,
    length_us: i64,
    (columns, rows): (u32, u32),
) {
    let (from, to) = (START_US + 12_345_678, START_US + length_us - 7_654_321);
    let query = RasterQuery {
        metric: metric.to_owned(),
        from: Timestamp::from_micros(from).unwrap(),
        to: Timestamp::from_micros(to).unwrap(),
        columns,
        rows,
        stat: statistic,
        value_min: None,
        value_max: None,
        log: false,
    };
    let pyramid = Pyramid::new(Arc::clone(store));
    let start = Instant::now();
    let cold_answer = raster(&pyramid, &query).await.unwrap();
    let cold = start.elapsed();
    let mut warm: Vec<Duration> = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let answer = raster(&pyramid, &query).await.unwrap();
        warm.push(start.elapsed());
        drop(answer);
    }
    warm.sort_unstable();
    let start = Instant::now();
    let expected = raster::by_brute_force(&**store, &query).await.unwrap();
    let brute = start.elapsed();
    let n_columns = match (&cold_answer, &expected) {
        (RasterAnswer::Raster(answer), RasterAnswer::Raster(expected)) => {
            for (value, expected) in answer.cells.iter().zip(expected.cells.iter()) {
                let (value, expected) = (value.unwrap(), expected.unwrap());
                assert!((value - expected).abs() <= 1e-9, "{value} {expected}");
            }
            answer.start_us.len()
        }
        (RasterAnswer::Density(answer), RasterAnswer::Density(expected)) => {
            // Means of buckets may be on the other side of an edge, by their last bits.
            let total = |counts: &[u32]| counts.iter().copied().map(u64::from).sum::<u64>();
            assert_eq!(total(&answer.counts), total(&expected.counts));
            answer.start_us.len()
        }
        _ => unreachable!("one kind of answer to one question"),
    };
    println!(
        "  raster, {} over {:.2} d in {columns} x {rows} ({n_columns} columns): cold {:.2} ms, warm {:.2} ms, brute force {:.1} ms; cache {:.1} MB",
        statistic.as_str(),
        length_us as f64 / MICROS_PER_DAY as f64,
        millis(cold),
        millis(warm[ROUNDS / 2]),
        millis(brute),
        pyramid.cached_bytes() as f64 / 1e6,
    );
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// What must be the same to the last bit: sums are added up in another order.
fn without_means(mut answer: Envelope) -> Envelope {
    if let Envelope::Columns { series, .. } = &mut answer {
        for series in series {
            series.mean.clear();
        }
    }
    answer
}
