//! Scans, newest samples, spans and counts.

use futures_util::TryStreamExt as _;
use shared::time::{TimeRange, Timestamp};
use shared::value::Value;

use super::{all, at, dense, metric, range, read, sparse};
use crate::store::{ChannelFilter, Frame, FrameRead, MetricId, SCAN_CHUNK_SAMPLES, Store};

pub(in crate::store) async fn ranges_are_half_open(store: &dyn Store) {
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

pub(in crate::store) async fn times_reach_from_end_to_end_of_the_calendar(store: &dyn Store) {
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

pub(in crate::store) async fn a_scan_yields_only_channels_asked_for(store: &dyn Store) {
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

pub(in crate::store) async fn a_scan_of_nothing_yields_nothing(store: &dyn Store) {
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

pub(in crate::store) async fn long_scans_come_in_bounded_chunks(store: &dyn Store) {
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

pub(super) async fn latest(store: &dyn Store, metric_id: MetricId) -> Vec<(i64, u32, Value)> {
    let latest = store.latest(metric_id).await.unwrap();
    latest
        .into_iter()
        .map(|(time, sample)| (time.as_micros(), sample.channel, sample.value))
        .collect()
}

pub(in crate::store) async fn latest_is_per_channel(store: &dyn Store) {
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

pub(in crate::store) async fn latest_stays_right_through_late_data_and_rewrites(store: &dyn Store) {
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

pub(in crate::store) async fn span_and_newest_before_are_exact(store: &dyn Store) {
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

pub(in crate::store) async fn frames_are_counted_once_per_time(store: &dyn Store) {
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

pub(in crate::store) async fn metrics_do_not_see_each_other(store: &dyn Store) {
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
