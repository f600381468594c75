//! The inner loops, each on one core: `cargo bench -p backend --bench kernels`; `cargo xtask bench kernels` shows them beside
//! other programs and the machine's memory.
//!
//! With `WATCHROOM_KERNEL_ARRAY` the values of the envelope are written to that file, for others to work on the same.
#![expect(clippy::unwrap_used, reason = "a bench ends where something fails")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use shared::time::{MICROS_PER_SEC, TimeRange, Timestamp};
use watchroom::ingest::json_frames;
use watchroom::ingest::line_protocol::{self, Options, Precision};
use watchroom::mock::{Batches, MockFrame, Plan, Quantity, START_SECONDS, Site, text};
use watchroom::pyramid::packing::{pack_samples, unpack_samples};
use watchroom::pyramid::summary::Summary;
use watchroom::query::columns::{Columns, Cursor};
use watchroom::store::{ChannelSample, FrameRead};

/// Samples of the envelope: so many that no cache holds them.
const N_SAMPLES: usize = 10_000_000;

/// Columns that they are summed up in.
const N_COLUMNS: u32 = 1200;

criterion_group!(benches, kernels);
criterion_main!(benches);

fn kernels(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("kernels");
    group.sample_size(10);

    let values = values();
    let range = range(N_SAMPLES);
    group.throughput(Throughput::Elements(N_SAMPLES as u64));
    group.bench_function("envelope of samples", |bencher| {
        bencher.iter(|| envelope(range, black_box(&values)));
    });
    drop(values);

    let plan = plan();
    let frames: Vec<MockFrame> = Batches::new(plan.clone()).flatten().collect();
    let mut lines = Vec::new();
    let mut json = b"{\"frames\":[".to_vec();
    for (index, frame) in frames.iter().enumerate() {
        if index > 0 {
            json.push(b',');
        }
        text::write_lines(&mut lines, &plan, frame).unwrap();
        text::write_json(&mut json, &plan, frame).unwrap();
    }
    json.extend_from_slice(b"]}");
    let options = Options {
        prefix: String::new(),
        precision: Precision::default(),
    };
    group.throughput(Throughput::Bytes(lines.len() as u64));
    group.bench_function("line protocol parsed", |bencher| {
        bencher.iter(|| line_protocol::parse(black_box(&lines), &options));
    });
    group.throughput(Throughput::Bytes(json.len() as u64));
    group.bench_function("JSON frames parsed", |bencher| {
        bencher.iter(|| json_frames::parse(black_box(&json)).unwrap());
    });

    let block: Vec<FrameRead> = frames.iter().map(first_block).collect();
    let n_samples = block.iter().map(|frame| frame.samples.len()).sum::<usize>();
    let packed = pack_samples(&block).unwrap();
    assert_eq!(unpack_samples(&packed), Some(n_samples));
    // In bytes as raw frames have them: four per sample.
    group.throughput(Throughput::Bytes(n_samples as u64 * 4));
    group.bench_function("tile packed, raw bytes", |bencher| {
        bencher.iter(|| pack_samples(black_box(&block)));
    });
    group.bench_function("tile unpacked, raw bytes", |bencher| {
        bencher.iter(|| unpack_samples(black_box(&packed)));
    });
    group.finish();
}

/// Four minutes of the camera at one sample a second: 256 frames are a tile.
fn plan() -> Plan {
    Plan {
        prefix: "mock".to_owned(),
        quantities: vec![Quantity::Pixel],
        start: START_SECONDS,
        end: START_SECONDS + 256,
        interval: 1,
    }
}

/// One value a second, of a pixel that is not broken.
fn values() -> Vec<f64> {
    let site = Site::new();
    let day: Vec<f64> = (0..86_400)
        .filter_map(|second| site.frame(Quantity::Scalar(0), START_SECONDS + second))
        .filter_map(|frame| frame.values[0].finite())
        .collect();
    let values: Vec<f64> = day.iter().copied().cycle().take(N_SAMPLES).collect();
    if let Some(file) = std::env::var_os("WATCHROOM_KERNEL_ARRAY") {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        std::fs::write(file, bytes).unwrap();
    }
    values
}

fn range(n_samples: usize) -> TimeRange {
    let end = i64::try_from(n_samples).unwrap() * MICROS_PER_SEC;
    TimeRange::new(Timestamp::EPOCH, Timestamp::from_micros(end).unwrap()).unwrap()
}

/// Count, sum, extremes with their times, first and last of each column.
fn envelope(range: TimeRange, values: &[f64]) -> Vec<(usize, Summary)> {
    let columns = Columns::cut(range, N_COLUMNS, MICROS_PER_SEC);
    let mut cursor = Cursor::default();
    let mut summed = Vec::with_capacity(columns.len());
    for (time_us, value) in (0..).step_by(1_000_000).zip(values) {
        summed.extend(cursor.add(&columns, time_us, Summary::new(time_us, 0, *value)));
    }
    summed.extend(cursor.finish());
    summed
}

fn first_block(frame: &MockFrame) -> FrameRead {
    let samples = (0..).zip(&frame.values).take(64).map(|(channel, value)| ChannelSample {
        channel,
        value: *value,
        arrival: frame.arrival,
    });
    FrameRead {
        time: frame.time(),
        samples: samples.collect(),
    }
}
