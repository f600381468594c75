//! What a write keeps, replaces, merges and refuses.

use shared::time::TimeRange;
use shared::value::Value;

use super::{all, at, dense, metric, range, read, sparse};
use crate::store::{ChannelFilter, ChannelSample, Error, Frame, MetricId, Store};

pub(in crate::store) async fn what_is_written_is_read(store: &dyn Store) {
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

pub(in crate::store) async fn a_sample_written_again_is_replaced(store: &dyn Store) {
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

pub(in crate::store) async fn channels_of_one_time_are_merged(store: &dyn Store) {
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

pub(in crate::store) async fn arrival_is_kept_per_channel(store: &dyn Store) {
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

pub(in crate::store) async fn later_frames_of_a_batch_win(store: &dyn Store) {
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

pub(in crate::store) async fn many_times_are_merged_at_once(store: &dyn Store) {
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

pub(in crate::store) async fn null_nan_and_infinities_are_kept_bit_by_bit(store: &dyn Store) {
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

pub(in crate::store) async fn a_frame_without_values_leaves_nothing(store: &dyn Store) {
    let id = metric(store, "m", 1).await;
    store.write(&[dense(id, 10, &[]), sparse(id, 20, &[])]).await.unwrap();
    assert!(all(store, id).await.is_empty());
    assert_eq!(store.span(id).await.unwrap(), None);
    assert!(store.latest(id).await.unwrap().is_empty());
}

pub(in crate::store) async fn a_batch_is_stored_whole_or_not_at_all(store: &dyn Store) {
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

pub(in crate::store) async fn batches_written_side_by_side_are_all_kept(store: &dyn Store) {
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
