//! One suite for every store: each test is a sentence of the contract in [`super`].
//!
//! A store joins by `store_conformance!(Harness)` in its own tests, where `Harness` opens an empty store of its kind.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::TryStreamExt as _;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config as ProptestConfig, RngAlgorithm, TestRng, TestRunner};
use shared::metric::MetricKind;
use shared::time::{TimeRange, Timestamp};
use shared::value::Value;

use super::tiles::{StoredSizes, Tile, TileKey, TileSpan};
use super::{
    ChannelFilter, ChannelSample, Channels, Error, Frame, FrameRead, MetricId, MetricProperties, SCAN_CHUNK_SAMPLES,
    Store,
};

/// Opens stores of one kind for tests.
pub(super) trait Harness {
    /// An empty store, and what must live as long as it.
    async fn empty() -> (Arc<dyn Store>, Box<dyn Send>);
}

/// Stamps every test of the suite onto a store.
macro_rules! store_conformance {
    ($harness:ty) => {
        store_conformance!(@each $harness:
            a_metric_is_made_once
            metrics_are_listed_by_rising_id
            labels_become_channels_in_order_and_each_once
            metrics_made_side_by_side_are_one
            properties_are_replaced
            what_is_written_is_read
            a_sample_written_again_is_replaced
            channels_of_one_time_are_merged
            arrival_is_kept_per_channel
            later_frames_of_a_batch_win
            many_times_are_merged_at_once
            null_nan_and_infinities_are_kept_bit_by_bit
            a_frame_without_values_leaves_nothing
            a_batch_is_stored_whole_or_not_at_all
            batches_written_side_by_side_are_all_kept
            ranges_are_half_open
            times_reach_from_end_to_end_of_the_calendar
            a_scan_yields_only_channels_asked_for
            a_scan_of_nothing_yields_nothing
            long_scans_come_in_bounded_chunks
            latest_is_per_channel
            latest_stays_right_through_late_data_and_rewrites
            span_and_newest_before_are_exact
            frames_are_counted_once_per_time
            metrics_do_not_see_each_other
            any_writes_read_back_as_a_plain_map_says
            sealing_only_ever_moves_forward
            tiles_are_read_by_level_block_and_start
            a_late_write_removes_the_tiles_over_its_times_and_no_others
            a_write_after_the_sealed_moment_leaves_tiles_alone
            a_tile_that_did_not_see_a_write_is_refused
            other_spans_and_dropping_remove_all_tiles
            tiles_of_metrics_are_apart
            sizes_are_told
            a_closed_store_refuses
        );
    };
    (@each $harness:ty: $($test:ident)*) => {
        $(
            #[tokio::test]
            async fn $test() {
                use $crate::store::conformance::Harness as _;
                let (store, _guard) = <$harness>::empty().await;
                $crate::store::conformance::$test(&*store).await;
                store.close().await;
            }
        )*
    };
}
pub(super) use store_conformance;

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap()
}

fn range(start: i64, end: i64) -> TimeRange {
    TimeRange::new(at(start), at(end)).unwrap()
}

fn labels(n_channels: usize) -> Vec<String> {
    (0..n_channels).map(|channel| channel.to_string()).collect()
}

async fn metric(store: &dyn Store, name: &str, n_channels: usize) -> MetricId {
    store.ensure_metric(name, &labels(n_channels)).await.unwrap().id
}

fn dense(metric_id: MetricId, time: i64, values: &[f64]) -> Frame {
    Frame {
        metric_id,
        time: at(time),
        arrival: at(time + 1),
        channels: Channels::Dense,
        values: values.iter().map(|value| Value::number(*value)).collect(),
    }
}

fn sparse(metric_id: MetricId, time: i64, samples: &[(u32, f64)]) -> Frame {
    Frame {
        channels: Channels::Sparse(samples.iter().map(|(channel, _)| *channel).collect()),
        ..dense(
            metric_id,
            time,
            &samples.iter().map(|(_, value)| *value).collect::<Vec<_>>(),
        )
    }
}

async fn read(store: &dyn Store, metric_id: MetricId, range: TimeRange, filter: ChannelFilter) -> Vec<FrameRead> {
    let chunks: Vec<Vec<FrameRead>> = store.scan(metric_id, range, filter).try_collect().await.unwrap();
    chunks.concat()
}

/// Everything of a metric as time, channel and value.
async fn all(store: &dyn Store, metric_id: MetricId) -> Vec<(i64, u32, Value)> {
    let frames = read(store, metric_id, TimeRange::ALL, ChannelFilter::All).await;
    let flat = frames.iter().flat_map(|frame| {
        let samples = frame.samples.iter();
        samples.map(|sample| (frame.time.as_micros(), sample.channel, sample.value))
    });
    flat.collect()
}

pub(super) async fn a_metric_is_made_once(store: &dyn Store) {
    let made = store.ensure_metric("hall/temperature °C", &labels(2)).await.unwrap();
    assert_eq!(made.channel_labels, ["0", "1"]);
    assert_eq!(made.properties, MetricProperties::default());
    assert_eq!(
        store.metric_by_name("hall/temperature °C").await.unwrap().as_ref(),
        Some(&made)
    );
    assert_eq!(store.metric_by_name("hall").await.unwrap(), None);
    let again = store.ensure_metric("hall/temperature °C", &labels(1)).await.unwrap();
    assert_eq!(again, made);
    let other = store.ensure_metric("Hall/temperature °C", &[]).await.unwrap();
    assert_ne!(other.id, made.id);
    assert!(other.channel_labels.is_empty());
}

pub(super) async fn metrics_are_listed_by_rising_id(store: &dyn Store) {
    assert!(store.metrics().await.unwrap().is_empty());
    for name in ["b", "a", "c"] {
        metric(store, name, 1).await;
    }
    let listed = store.metrics().await.unwrap();
    assert!(listed.is_sorted_by_key(|metric| metric.id));
    assert_eq!(
        listed.iter().map(|metric| metric.name.as_str()).collect::<Vec<_>>(),
        ["b", "a", "c"]
    );
}

pub(super) async fn labels_become_channels_in_order_and_each_once(store: &dyn Store) {
    let ensure = async |labels: &[&str]| {
        let labels: Vec<String> = labels.iter().map(|label| (*label).to_owned()).collect();
        store.ensure_metric("m", &labels).await.unwrap().channel_labels
    };
    assert_eq!(ensure(&["north", "south"]).await, ["north", "south"]);
    assert_eq!(
        ensure(&["west", "north", "east", "west"]).await,
        ["north", "south", "west", "east"]
    );
    assert_eq!(ensure(&["east"]).await, ["north", "south", "west", "east"]);
    assert_eq!(
        store.metrics().await.unwrap()[0].channel_labels,
        ["north", "south", "west", "east"]
    );
}

pub(super) async fn metrics_made_side_by_side_are_one(store: &dyn Store) {
    let mine = |label: &str| [label.to_owned()];
    let (a, b, c, d) = (mine("a"), mine("b"), mine("c"), mine("a"));
    let made = futures_util::future::join_all([&a, &b, &c, &d].map(|labels| store.ensure_metric("m", labels))).await;
    let ids: Vec<MetricId> = made.into_iter().map(|metric| metric.unwrap().id).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let listed = store.metrics().await.unwrap();
    assert_eq!(listed.len(), 1);
    let mut channels = listed[0].channel_labels.clone();
    channels.sort();
    assert_eq!(channels, ["a", "b", "c"]);
}

pub(super) async fn properties_are_replaced(store: &dyn Store) {
    let id = metric(store, "m", 1).await;
    let properties = MetricProperties {
        title: "Høyspenning".to_owned(),
        unit: "V".to_owned(),
        kind: MetricKind::Counter,
        interval_micros: Some(60_000_000),
    };
    store.set_properties(id, &properties).await.unwrap();
    assert_eq!(store.metrics().await.unwrap()[0].properties, properties);
    assert_eq!(
        store.ensure_metric("m", &labels(3)).await.unwrap().properties,
        properties
    );
    store.set_properties(id, &MetricProperties::default()).await.unwrap();
    let listed = store.metrics().await.unwrap();
    assert_eq!(listed[0].properties, MetricProperties::default());
    assert_eq!(listed[0].channel_labels.len(), 3);
    store.set_properties(MetricId(id.0 + 1), &properties).await.unwrap();
    assert_eq!(store.metrics().await.unwrap(), listed);
}

pub(super) async fn what_is_written_is_read(store: &dyn Store) {
    let id = metric(store, "m", 9).await;
    let frames = [
        sparse(id, 30, &[(3, 0.1), (8, 2.5)]),
        dense(id, 10, &[1.0, 2.0, 3.0]),
        sparse(id, 20, &[(0, 7.0)]),
    ];
    store.write(&frames).await.unwrap();
    store.write(&[]).await.unwrap();
    let expected = [
        (10, 0, 1.0.into()),
        (10, 1, 2.0.into()),
        (10, 2, 3.0.into()),
        (20, 0, 7.0.into()),
        (30, 3, 0.1.into()),
        (30, 8, 2.5.into()),
    ];
    assert_eq!(all(store, id).await, expected);
}

pub(super) async fn a_sample_written_again_is_replaced(store: &dyn Store) {
    let id = metric(store, "m", 2).await;
    store.write(&[dense(id, 10, &[1.0, 2.0])]).await.unwrap();
    store.write(&[dense(id, 10, &[3.5, 0.1])]).await.unwrap();
    assert_eq!(all(store, id).await, [(10, 0, 3.5.into()), (10, 1, 0.1.into())]);
    store.write(&[sparse(id, 10, &[(1, 1.0)])]).await.unwrap();
    assert_eq!(all(store, id).await, [(10, 0, 3.5.into()), (10, 1, 1.0.into())]);
    let mut null = dense(id, 10, &[0.0]);
    null.values[0] = Value::NULL;
    store.write(&[null]).await.unwrap();
    assert_eq!(all(store, id).await, [(10, 0, Value::NULL), (10, 1, 1.0.into())]);
}

pub(super) async fn channels_of_one_time_are_merged(store: &dyn Store) {
    let id = metric(store, "m", 6).await;
    store
        .write(&[sparse(id, 10, &[(4, 4.0)]), sparse(id, 10, &[(1, 1.0)])])
        .await
        .unwrap();
    store
        .write(&[dense(id, 10, &[0.5]), sparse(id, 20, &[(2, 2.0)])])
        .await
        .unwrap();
    store.write(&[sparse(id, 10, &[(1, 9.0), (5, 5.0)])]).await.unwrap();
    let expected = [
        (10, 0, 0.5.into()),
        (10, 1, 9.0.into()),
        (10, 4, 4.0.into()),
        (10, 5, 5.0.into()),
        (20, 2, 2.0.into()),
    ];
    assert_eq!(all(store, id).await, expected);
    assert_eq!(store.count_frames(id, &[TimeRange::ALL]).await.unwrap(), [2]);
}

pub(super) async fn arrival_is_kept_per_channel(store: &dyn Store) {
    let id = metric(store, "m", 3).await;
    let arriving = |arrival: i64, frame: Frame| Frame {
        arrival: at(arrival),
        ..frame
    };
    store
        .write(&[arriving(100, dense(id, 10, &[1.0, 2.0, 3.0]))])
        .await
        .unwrap();
    store
        .write(&[arriving(300, sparse(id, 10, &[(1, 2.5)]))])
        .await
        .unwrap();
    store
        .write(&[arriving(200, sparse(id, 10, &[(2, 3.5)]))])
        .await
        .unwrap();
    let sample = |channel, value: f64, arrival| ChannelSample {
        channel,
        value: value.into(),
        arrival: at(arrival),
    };
    let expected = [sample(0, 1.0, 100), sample(1, 2.5, 300), sample(2, 3.5, 200)];
    assert_eq!(
        read(store, id, TimeRange::ALL, ChannelFilter::All).await[0].samples,
        expected
    );
    let latest = store.latest(id).await.unwrap();
    assert_eq!(latest, expected.map(|sample| (at(10), sample)));
    // All at once again.
    store
        .write(&[arriving(400, dense(id, 10, &[1.0, 2.5, 3.5]))])
        .await
        .unwrap();
    let expected = expected.map(|sample| ChannelSample {
        arrival: at(400),
        ..sample
    });
    assert_eq!(
        read(store, id, TimeRange::ALL, ChannelFilter::All).await[0].samples,
        expected
    );
}

pub(super) async fn later_frames_of_a_batch_win(store: &dyn Store) {
    let id = metric(store, "m", 2).await;
    let batch = [
        dense(id, 10, &[1.0, 1.0]),
        dense(id, 20, &[1.0]),
        sparse(id, 10, &[(1, 2.0)]),
        dense(id, 10, &[3.0]),
    ];
    store.write(&batch).await.unwrap();
    let expected = [(10, 0, 3.0.into()), (10, 1, 2.0.into()), (20, 0, 1.0.into())];
    assert_eq!(all(store, id).await, expected);
}

pub(super) async fn many_times_are_merged_at_once(store: &dyn Store) {
    let one = metric(store, "one", 3).await;
    let two = metric(store, "two", 3).await;
    let frames = |metric_id, times: std::ops::Range<i64>, channel| {
        times.map(move |time| sparse(metric_id, time, &[(channel, time as f64)]))
    };
    store.write(&frames(one, 0..100, 0).collect::<Vec<_>>()).await.unwrap();
    // Some times are there, some are not; and a second metric has some of the same times.
    let batch: Vec<Frame> = frames(one, 37..130, 2).chain(frames(two, 90..110, 1)).collect();
    store.write(&batch).await.unwrap();
    store.write(&batch).await.unwrap();
    let mut expected: Vec<(i64, u32, Value)> = (0..100).map(|time| (time, 0, (time as f64).into())).collect();
    expected.extend((37..130).map(|time| (time, 2, Value::from(time as f64))));
    expected.sort_by_key(|(time, channel, _)| (*time, *channel));
    assert_eq!(all(store, one).await, expected);
    assert_eq!(all(store, two).await.len(), 20);
    assert_eq!(store.count_frames(one, &[TimeRange::ALL]).await.unwrap(), [130]);
}

pub(super) async fn null_nan_and_infinities_are_kept_bit_by_bit(store: &dyn Store) {
    let values = [
        Value::NULL,
        Value::NAN,
        Value::number(f64::INFINITY),
        Value::number(f64::NEG_INFINITY),
        Value::number(-0.0),
        Value::number(0.0),
        Value::number(f64::MIN_POSITIVE / 2.0),
        Value::number(f64::MAX),
        Value::number(f64::from(f32::MIN_POSITIVE) / 4.0),
        Value::number(0.1),
        Value::number(16_777_217.0),
    ];
    let id = metric(store, "m", values.len()).await;
    // Alone and together: a store may pack values differently beside each other.
    for (time, value) in (100..).zip(values) {
        let frame = Frame {
            values: vec![value],
            ..dense(id, time, &[])
        };
        store.write(&[frame]).await.unwrap();
        assert_eq!(
            read(store, id, range(time, time + 1), ChannelFilter::All).await[0].samples[0].value,
            value
        );
    }
    let together = Frame {
        values: values.to_vec(),
        ..dense(id, 10, &[])
    };
    store.write(&[together]).await.unwrap();
    let samples = &read(store, id, range(10, 11), ChannelFilter::All).await[0].samples;
    assert_eq!(samples.iter().map(|sample| sample.value).collect::<Vec<_>>(), values);
}

pub(super) async fn a_frame_without_values_leaves_nothing(store: &dyn Store) {
    let id = metric(store, "m", 1).await;
    store.write(&[dense(id, 10, &[]), sparse(id, 20, &[])]).await.unwrap();
    assert!(all(store, id).await.is_empty());
    assert_eq!(store.span(id).await.unwrap(), None);
    assert!(store.latest(id).await.unwrap().is_empty());
}

pub(super) async fn a_batch_is_stored_whole_or_not_at_all(store: &dyn Store) {
    let id = metric(store, "m", 2).await;
    store.write(&[dense(id, 10, &[1.0])]).await.unwrap();
    let unknown = MetricId(id.0 + 1);
    let bad_frames = [
        dense(unknown, 30, &[1.0]),
        dense(id, 30, &[1.0, 2.0, 3.0]),
        sparse(id, 30, &[(2, 1.0)]),
        sparse(id, 30, &[(1, 1.0), (0, 1.0)]),
        sparse(id, 30, &[(1, 1.0), (1, 2.0)]),
    ];
    for bad in bad_frames {
        let refused = store.write(&[dense(id, 10, &[9.0]), dense(id, 20, &[9.0]), bad]).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
        assert_eq!(all(store, id).await, [(10, 0, 1.0.into())]);
        assert_eq!(store.latest(id).await.unwrap().len(), 1);
    }
}

pub(super) async fn batches_written_side_by_side_are_all_kept(store: &dyn Store) {
    let id = metric(store, "m", 40).await;
    let batches: Vec<Vec<Frame>> = (0..40_u32)
        .map(|channel| {
            (0..5)
                .map(|time| sparse(id, time, &[(channel, f64::from(channel))]))
                .collect()
        })
        .collect();
    let beyond = [sparse(id, 0, &[(40, 1.0)])];
    let writes = batches.iter().map(Vec::as_slice).chain([beyond.as_slice()]);
    let written = futures_util::future::join_all(writes.map(|batch| store.write(batch))).await;
    let (bad, good) = written.split_last().unwrap();
    assert!(
        good.iter().all(Result::is_ok),
        "a bad batch must not fail its neighbors: {good:?}"
    );
    assert!(bad.is_err());
    let samples = all(store, id).await;
    assert_eq!(samples.len(), 40 * 5);
    assert!(
        samples
            .iter()
            .all(|(_, channel, value)| *value == Value::number(f64::from(*channel)))
    );
}

pub(super) async fn ranges_are_half_open(store: &dyn Store) {
    let id = metric(store, "m", 1).await;
    let frames: Vec<Frame> = (9..=21).map(|time| dense(id, time, &[1.0])).collect();
    store.write(&frames).await.unwrap();
    let read = read(store, id, range(10, 20), ChannelFilter::All).await;
    assert_eq!(
        read.iter().map(|frame| frame.time.as_micros()).collect::<Vec<_>>(),
        (10..20).collect::<Vec<_>>()
    );
    assert_eq!(
        store
            .count_frames(id, &[range(10, 20), range(9, 10), range(21, 30)])
            .await
            .unwrap(),
        [10, 1, 1]
    );
}

pub(super) async fn times_reach_from_end_to_end_of_the_calendar(store: &dyn Store) {
    let id = metric(store, "m", 1).await;
    let times = [
        Timestamp::MIN,
        at(-86_400_000_001),
        at(-1),
        Timestamp::EPOCH,
        Timestamp::MAX,
    ];
    let frames = times.map(|time| Frame {
        time,
        arrival: Timestamp::MAX,
        ..dense(id, 0, &[1.0])
    });
    store.write(&frames).await.unwrap();
    let read = read(store, id, TimeRange::ALL, ChannelFilter::All).await;
    // The last microsecond of the calendar cannot lie inside a half-open range.
    assert_eq!(read.iter().map(|frame| frame.time).collect::<Vec<_>>(), times[..4]);
    assert_eq!(store.span(id).await.unwrap(), Some((Timestamp::MIN, Timestamp::MAX)));
    assert_eq!(
        store.newest_before(id, Timestamp::MAX).await.unwrap(),
        Some(Timestamp::EPOCH)
    );
    assert_eq!(store.newest_before(id, Timestamp::MIN).await.unwrap(), None);
    assert_eq!(store.latest(id).await.unwrap()[0].0, Timestamp::MAX);
}

pub(super) async fn a_scan_yields_only_channels_asked_for(store: &dyn Store) {
    let id = metric(store, "m", 6).await;
    let frames = [
        dense(id, 10, &[0.0, 1.0, 2.0]),
        sparse(id, 20, &[(1, 1.0), (5, 5.0)]),
        sparse(id, 30, &[(4, 4.0)]),
    ];
    store.write(&frames).await.unwrap();
    let only = async |channels: &[u32]| {
        let frames = read(store, id, TimeRange::ALL, ChannelFilter::Only(channels.to_vec())).await;
        let flat = frames.iter().flat_map(|frame| {
            let samples = frame.samples.iter();
            samples.map(|sample| (frame.time.as_micros(), sample.channel))
        });
        flat.collect::<Vec<_>>()
    };
    assert_eq!(only(&[1]).await, [(10, 1), (20, 1)]);
    assert_eq!(only(&[2, 4, 5]).await, [(10, 2), (20, 5), (30, 4)]);
    assert_eq!(only(&[3, 77]).await, []);
    assert_eq!(only(&[]).await, []);
}

pub(super) async fn a_scan_of_nothing_yields_nothing(store: &dyn Store) {
    let id = metric(store, "m", 1).await;
    let unknown = MetricId(id.0 + 1);
    for id in [id, unknown] {
        assert!(all(store, id).await.is_empty());
        assert_eq!(store.span(id).await.unwrap(), None);
        assert_eq!(store.newest_before(id, Timestamp::MAX).await.unwrap(), None);
        assert!(store.latest(id).await.unwrap().is_empty());
        assert_eq!(store.count_frames(id, &[TimeRange::ALL]).await.unwrap(), [0]);
        assert!(store.count_frames(id, &[]).await.unwrap().is_empty());
    }
}

pub(super) async fn long_scans_come_in_bounded_chunks(store: &dyn Store) {
    const CHANNELS: usize = 100;
    let id = metric(store, "m", CHANNELS).await;
    let n_frames = i64::try_from(3 * SCAN_CHUNK_SAMPLES / CHANNELS).unwrap();
    let frames: Vec<Frame> = (0..n_frames)
        .map(|time| dense(id, time, &[time as f64; CHANNELS]))
        .collect();
    store.write(&frames).await.unwrap();
    let chunks: Vec<Vec<FrameRead>> = store
        .scan(id, TimeRange::ALL, ChannelFilter::All)
        .try_collect()
        .await
        .unwrap();
    for chunk in &chunks {
        assert!(!chunk.is_empty());
        let n_samples: usize = chunk.iter().map(|frame| frame.samples.len()).sum();
        assert!(n_samples < SCAN_CHUNK_SAMPLES + CHANNELS, "{n_samples}");
    }
    assert!(3 <= chunks.len());
    let times: Vec<i64> = chunks.concat().iter().map(|frame| frame.time.as_micros()).collect();
    assert_eq!(times, (0..n_frames).collect::<Vec<_>>());
    // A channel that few frames have: the search goes on through chunks that hold none of it.
    store.ensure_metric("m", &["rare".to_owned()]).await.unwrap();
    let rare = u32::try_from(CHANNELS).unwrap();
    store.write(&[sparse(id, n_frames - 1, &[(rare, 1.0)])]).await.unwrap();
    assert_eq!(
        read(store, id, TimeRange::ALL, ChannelFilter::Only(vec![rare]))
            .await
            .len(),
        1
    );
}

async fn latest(store: &dyn Store, metric_id: MetricId) -> Vec<(i64, u32, Value)> {
    let latest = store.latest(metric_id).await.unwrap();
    latest
        .into_iter()
        .map(|(time, sample)| (time.as_micros(), sample.channel, sample.value))
        .collect()
}

pub(super) async fn latest_is_per_channel(store: &dyn Store) {
    let id = metric(store, "m", 5).await;
    let mut null = sparse(id, 40, &[(1, 0.0)]);
    null.values[0] = Value::NULL;
    let frames = [
        dense(id, 10, &[0.0, 1.0, 2.0]),
        sparse(id, 30, &[(0, 0.5), (4, f64::NAN)]),
        null,
        sparse(id, 20, &[(2, 2.5)]),
    ];
    store.write(&frames).await.unwrap();
    let expected = [
        (30, 0, 0.5.into()),
        (40, 1, Value::NULL),
        (20, 2, 2.5.into()),
        (30, 4, Value::NAN),
    ];
    assert_eq!(latest(store, id).await, expected);
}

pub(super) async fn latest_stays_right_through_late_data_and_rewrites(store: &dyn Store) {
    let id = metric(store, "m", 3).await;
    store.write(&[dense(id, 100, &[1.0, 2.0])]).await.unwrap();
    // Late: older than the newest, but the first of its channel.
    store.write(&[dense(id, 50, &[9.0, 9.0, 9.0])]).await.unwrap();
    assert_eq!(
        latest(store, id).await,
        [(100, 0, 1.0.into()), (100, 1, 2.0.into()), (50, 2, 9.0.into())]
    );
    // Rewritten in place.
    store
        .write(&[sparse(id, 100, &[(1, 2.5)]), sparse(id, 50, &[(2, 8.0)])])
        .await
        .unwrap();
    assert_eq!(
        latest(store, id).await,
        [(100, 0, 1.0.into()), (100, 1, 2.5.into()), (50, 2, 8.0.into())]
    );
    store.write(&[sparse(id, 200, &[(0, 3.0)])]).await.unwrap();
    assert_eq!(
        latest(store, id).await,
        [(200, 0, 3.0.into()), (100, 1, 2.5.into()), (50, 2, 8.0.into())]
    );
}

pub(super) async fn span_and_newest_before_are_exact(store: &dyn Store) {
    let id = metric(store, "m", 2).await;
    for time in [30, 10, 20] {
        store.write(&[sparse(id, time, &[(1, 1.0)])]).await.unwrap();
    }
    assert_eq!(store.span(id).await.unwrap(), Some((at(10), at(30))));
    for (before, newest) in [
        (10, None),
        (11, Some(10)),
        (20, Some(10)),
        (21, Some(20)),
        (31, Some(30)),
    ] {
        assert_eq!(
            store.newest_before(id, at(before)).await.unwrap(),
            newest.map(at),
            "before {before}"
        );
    }
}

pub(super) async fn frames_are_counted_once_per_time(store: &dyn Store) {
    let id = metric(store, "m", 2).await;
    for _ in 0..2 {
        store
            .write(&[sparse(id, 10, &[(0, 1.0)]), sparse(id, 10, &[(1, 1.0)])])
            .await
            .unwrap();
        store.write(&[dense(id, 20, &[1.0, 2.0])]).await.unwrap();
    }
    let counts = store
        .count_frames(id, &[range(0, 100), range(0, 20), range(11, 20)])
        .await
        .unwrap();
    assert_eq!(counts, [2, 1, 0]);
}

pub(super) async fn metrics_do_not_see_each_other(store: &dyn Store) {
    let one = metric(store, "one", 1).await;
    let two = metric(store, "two", 1).await;
    store
        .write(&[dense(one, 10, &[1.0]), dense(two, 20, &[2.0])])
        .await
        .unwrap();
    assert_eq!(all(store, one).await, [(10, 0, 1.0.into())]);
    assert_eq!(all(store, two).await, [(20, 0, 2.0.into())]);
    assert_eq!(store.span(two).await.unwrap(), Some((at(20), at(20))));
    assert_eq!(store.newest_before(two, at(20)).await.unwrap(), None);
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => (-4_i32..4).prop_map(|number| Value::number(f64::from(number) / 2.0)),
        1 => any::<f64>().prop_map(Value::number),
        1 => Just(Value::NULL),
        1 => Just(Value::NAN),
    ]
}

/// The time of a frame, its arrival and its samples by channel.
type AnyFrame = (i64, i64, BTreeMap<u32, Value>);

fn any_batches() -> impl Strategy<Value = Vec<Vec<AnyFrame>>> {
    let frame = (
        -5_i64..5,
        0_i64..4,
        prop::collection::btree_map(0_u32..6, any_value(), 0..6),
    );
    prop::collection::vec(prop::collection::vec(frame, 0..5), 1..6)
}

pub(super) async fn any_writes_read_back_as_a_plain_map_says(store: &dyn Store) {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(ProptestConfig::default(), rng);
    for case in 0..24 {
        let batches = any_batches().new_tree(&mut runner).unwrap().current();
        let id = metric(store, &format!("m{case}"), 6).await;
        let mut expected: BTreeMap<(i64, u32), (Value, i64)> = BTreeMap::new();
        for batch in &batches {
            let frames: Vec<Frame> = batch
                .iter()
                .map(|(time, arrival, samples)| Frame {
                    metric_id: id,
                    time: at(*time),
                    arrival: at(*arrival),
                    channels: Channels::Sparse(samples.keys().copied().collect()),
                    values: samples.values().copied().collect(),
                })
                .collect();
            store.write(&frames).await.unwrap();
            for (time, arrival, samples) in batch {
                expected.extend(
                    samples
                        .iter()
                        .map(|(channel, value)| ((*time, *channel), (*value, *arrival))),
                );
            }
        }
        let frames = read(store, id, TimeRange::ALL, ChannelFilter::All).await;
        let got = frames.iter().flat_map(|frame| {
            let samples = frame.samples.iter();
            samples.map(|sample| {
                (
                    (frame.time.as_micros(), sample.channel),
                    (sample.value, sample.arrival.as_micros()),
                )
            })
        });
        assert!(got.eq(expected.clone()), "case {case}: {batches:?}");
        let newest: BTreeMap<u32, (i64, Value)> = expected
            .iter()
            .map(|((time, channel), (value, _))| (*channel, (*time, *value)))
            .collect();
        let got = latest(store, id).await;
        let got: BTreeMap<u32, (i64, Value)> = got
            .into_iter()
            .map(|(time, channel, value)| (channel, (time, value)))
            .collect();
        assert_eq!(got, newest, "case {case}: {batches:?}");
    }
}

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

fn key(level: u8, start_us: i64, block: u32) -> TileKey {
    TileKey { level, start_us, block }
}

fn tile(level: u8, start_us: i64, block: u32) -> Tile {
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

pub(super) async fn sealing_only_ever_moves_forward(store: &dyn Store) {
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

pub(super) async fn tiles_are_read_by_level_block_and_start(store: &dyn Store) {
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

pub(super) async fn a_late_write_removes_the_tiles_over_its_times_and_no_others(store: &dyn Store) {
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

pub(super) async fn a_write_after_the_sealed_moment_leaves_tiles_alone(store: &dyn Store) {
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

pub(super) async fn a_tile_that_did_not_see_a_write_is_refused(store: &dyn Store) {
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

pub(super) async fn other_spans_and_dropping_remove_all_tiles(store: &dyn Store) {
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

pub(super) async fn tiles_of_metrics_are_apart(store: &dyn Store) {
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

pub(super) async fn sizes_are_told(store: &dyn Store) {
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

pub(super) async fn a_closed_store_refuses(store: &dyn Store) {
    let id = metric(store, "m", 1).await;
    store.ping().await.unwrap();
    store.close().await;
    store.close().await;
    let refused = [
        store.ping().await.map(drop),
        store.metrics().await.map(drop),
        store.ensure_metric("m", &labels(1)).await.map(drop),
        store.ensure_metric("n", &[]).await.map(drop),
        store.set_properties(id, &MetricProperties::default()).await,
        store.write(&[dense(id, 10, &[1.0])]).await,
        store
            .scan(id, TimeRange::ALL, ChannelFilter::All)
            .try_collect::<Vec<_>>()
            .await
            .map(drop),
        store.latest(id).await.map(drop),
        store.span(id).await.map(drop),
        store.newest_before(id, at(0)).await.map(drop),
        store.tiles().tile_state(id).await.map(drop),
        store.tiles().seal_tiles(id, &SPANS, at(0)).await.map(drop),
        store.tiles().read_tiles(id, 0, 0, 0, 0).await.map(drop),
        store.tiles().put_tiles(id, 1, vec![tile(0, 0, 0)]).await.map(drop),
        store.tiles().drop_tiles(id).await,
        store.tiles().list_tiles(id).await.map(drop),
        store.tiles().stored_sizes(id).await.map(drop),
        store.count_frames(id, &[TimeRange::ALL]).await.map(drop),
    ];
    for refused in refused {
        assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
    }
}
