//! One suite for every store that several servers can share: each test is a sentence about two stores on one database.
//!
//! A store joins by `shared_store_conformance!(Harness)` in its own tests, beside `store_conformance!`.

use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _, future};
use shared::time::{TimeRange, Timestamp};
use shared::value::Value;

use super::changes::Heard;
use super::{ChannelFilter, Channels, Error, Frame, MetricId, MetricProperties, Result, Store};

/// Opens pairs of stores for tests.
pub(crate) trait SharedHarness {
    /// Two stores on one empty database, and what must live as long as they.
    async fn pair() -> (Arc<dyn Store>, Arc<dyn Store>, Box<dyn Send>);
}

/// Stamps every test of the suite onto a store.
macro_rules! shared_store_conformance {
    ($harness:ty) => {
        shared_store_conformance!(@each $harness:
            metrics_and_channels_of_the_other_are_seen
            metrics_that_both_make_are_one
            channels_that_both_add_are_all_there_in_one_order
            frames_of_a_metric_that_the_other_made_are_taken
            what_the_other_wrote_is_read
            both_may_write_the_same_frames_in_any_order
            closing_one_leaves_the_other
            each_hears_what_the_other_writes_and_not_what_it_wrote_itself
            of_two_servers_at_once_one_conflicts
        );
    };
    (@each $harness:ty: $($test:ident)*) => {
        $(
            #[tokio::test]
            async fn $test() {
                use $crate::store::shared_conformance::SharedHarness as _;
                let (one, two, _guard) = <$harness>::pair().await;
                $crate::store::shared_conformance::$test(&*one, &*two).await;
                one.close().await;
                two.close().await;
            }
        )*
    };
}
pub(super) use shared_store_conformance;

fn labels(n_channels: u32) -> Vec<String> {
    (0..n_channels).map(|channel| channel.to_string()).collect()
}

fn frame(metric_id: MetricId, time: i64, channel: u32, value: f64) -> Frame {
    Frame {
        metric_id,
        time: Timestamp::saturating_from_micros(time),
        arrival: Timestamp::EPOCH,
        channels: Channels::Sparse(vec![channel]),
        values: vec![value.into()],
    }
}

async fn all(store: &dyn Store, metric_id: MetricId) -> Vec<(i64, u32, Value)> {
    let chunks: Vec<_> = store
        .scan(metric_id, TimeRange::ALL, ChannelFilter::All)
        .try_collect()
        .await
        .unwrap();
    let frames = chunks.into_iter().flatten();
    let flat = frames.flat_map(|frame| {
        let time = frame.time.as_micros();
        let samples = frame.samples.into_iter();
        samples.map(move |sample| (time, sample.channel, sample.value))
    });
    flat.collect()
}

pub(super) async fn metrics_and_channels_of_the_other_are_seen(one: &dyn Store, two: &dyn Store) {
    let id = one.ensure_metric("m", &labels(2)).await.unwrap().id;
    assert_eq!(two.metrics().await.unwrap(), one.metrics().await.unwrap());
    let grown = two.ensure_metric("m", &labels(3)).await.unwrap();
    assert_eq!((grown.id, grown.channel_labels.len()), (id, 3));
    assert_eq!(one.metric_by_name("m").await.unwrap(), Some(grown));
    let properties = MetricProperties {
        unit: "V".to_owned(),
        ..MetricProperties::default()
    };
    one.set_properties(id, &properties).await.unwrap();
    assert_eq!(two.ensure_metric("m", &labels(3)).await.unwrap().properties, properties);
}

pub(super) async fn metrics_that_both_make_are_one(one: &dyn Store, two: &dyn Store) {
    let names: Vec<String> = (0..10).map(|number| format!("m{number}")).collect();
    let no_channels = [];
    let made = names.iter().flat_map(|name| {
        [
            one.ensure_metric(name, &no_channels),
            two.ensure_metric(name, &no_channels),
        ]
    });
    let made: Vec<_> = future::join_all(made).await.into_iter().map(Result::unwrap).collect();
    assert!(made.chunks(2).all(|pair| pair[0].id == pair[1].id), "{made:?}");
    assert_eq!(one.metrics().await.unwrap().len(), 10);
    assert_eq!(one.metrics().await.unwrap(), two.metrics().await.unwrap());
}

pub(super) async fn channels_that_both_add_are_all_there_in_one_order(one: &dyn Store, two: &dyn Store) {
    let mine: Vec<Vec<String>> = (0..20)
        .map(|number| vec![format!("c{number}"), "all".to_owned()])
        .collect();
    let added = mine.iter().zip([one, two].into_iter().cycle());
    let added = future::join_all(added.map(|(labels, store)| store.ensure_metric("m", labels))).await;
    let seen = one.metrics().await.unwrap().remove(0).channel_labels;
    assert_eq!(seen.len(), 21);
    for (metric, labels) in added.into_iter().zip(&mine) {
        let answered = metric.unwrap().channel_labels;
        assert!(seen.starts_with(&answered), "{answered:?} in {seen:?}");
        assert!(labels.iter().all(|label| answered.contains(label)));
    }
    assert_eq!(two.metrics().await.unwrap()[0].channel_labels, seen);
}

pub(super) async fn frames_of_a_metric_that_the_other_made_are_taken(one: &dyn Store, two: &dyn Store) {
    let id = one.ensure_metric("m", &labels(1)).await.unwrap().id;
    two.write(&[frame(id, 10, 0, 1.0)]).await.unwrap();
    one.ensure_metric("m", &labels(2)).await.unwrap();
    two.write(&[frame(id, 10, 1, 2.0)]).await.unwrap();
    let refused = two.write(&[frame(id, 10, 2, 3.0)]).await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    assert_eq!(all(two, id).await, [(10, 0, 1.0.into()), (10, 1, 2.0.into())]);
}

pub(super) async fn what_the_other_wrote_is_read(one: &dyn Store, two: &dyn Store) {
    let id = one.ensure_metric("m", &labels(2)).await.unwrap().id;
    let latest = async || {
        let latest = two.latest(id).await.unwrap();
        let flat = latest
            .into_iter()
            .map(|(time, sample)| (time.as_micros(), sample.channel, sample.value));
        flat.collect::<Vec<_>>()
    };
    one.write(&[frame(id, 20, 0, 1.0)]).await.unwrap();
    assert_eq!(latest().await, [(20, 0, 1.0.into())]);
    // Late, rewritten and by turns.
    two.write(&[frame(id, 10, 0, 2.0), frame(id, 10, 1, 2.0)])
        .await
        .unwrap();
    one.write(&[frame(id, 20, 0, 3.0)]).await.unwrap();
    assert_eq!(latest().await, [(20, 0, 3.0.into()), (10, 1, 2.0.into())]);
    let expected = [(10, 0, 2.0.into()), (10, 1, 2.0.into()), (20, 0, 3.0.into())];
    assert_eq!(all(one, id).await, expected);
    assert_eq!(all(two, id).await, expected);
    assert_eq!(one.span(id).await.unwrap(), two.span(id).await.unwrap());
}

pub(super) async fn both_may_write_the_same_frames_in_any_order(one: &dyn Store, two: &dyn Store) {
    const TIMES: i64 = 10;
    let mut ids = Vec::new();
    for name in ["a", "b", "c"] {
        ids.push(one.ensure_metric(name, &labels(2)).await.unwrap().id);
    }
    let batch = |channel: u32, round: i64| -> Vec<Frame> {
        let frames = ids.iter().flat_map(|id| (0..TIMES).map(|time| (*id, time)));
        let mut frames: Vec<Frame> = frames
            .map(|(id, time)| frame(id, time, channel, (100 * round + time) as f64))
            .collect();
        if channel == 1 {
            frames.reverse();
        }
        frames
    };
    let rounds = async |store: &dyn Store, channel: u32| {
        for round in 0..8 {
            store.write(&batch(channel, round)).await?;
        }
        Result::Ok(())
    };
    let (first, second) = future::join(rounds(one, 0), rounds(two, 1)).await;
    first.unwrap();
    second.unwrap();
    let expected: Vec<_> = (0..TIMES)
        .flat_map(|time| [0, 1].map(|channel| (time, channel, Value::number((700 + time) as f64))))
        .collect();
    for id in ids {
        assert_eq!(all(one, id).await, expected);
        assert_eq!(all(two, id).await, expected);
        assert_eq!(two.latest(id).await.unwrap().len(), 2);
    }
}

pub(super) async fn each_hears_what_the_other_writes_and_not_what_it_wrote_itself(one: &dyn Store, two: &dyn Store) {
    let id = one.ensure_metric("m", &labels(1)).await.unwrap().id;
    two.write(&[frame(id, 5, 0, 1.0)]).await.unwrap();
    let mut told = one.changes().unwrap().listen().await.unwrap();
    one.write(&[frame(id, 10, 0, 1.0)]).await.unwrap();
    two.write(&[frame(id, 20, 0, 1.0), frame(id, 21, 0, 1.0)])
        .await
        .unwrap();
    let heard = tokio::time::timeout(std::time::Duration::from_mins(1), told.next()).await;
    let expected = Heard::Written {
        metric_id: id,
        from_us: 20,
        to_us: 22,
    };
    assert_eq!(heard.unwrap().unwrap().unwrap(), [expected]);
    // What came to nothing is not told, and what is late is.
    let refused = two.write(&[frame(id, 30, 7, 1.0)]).await;
    assert!(refused.is_err());
    two.write(&[frame(id, 1, 0, 2.0)]).await.unwrap();
    let heard = tokio::time::timeout(std::time::Duration::from_mins(1), told.next()).await;
    let expected = Heard::Written {
        metric_id: id,
        from_us: 1,
        to_us: 2,
    };
    assert_eq!(heard.unwrap().unwrap().unwrap(), [expected]);
}

pub(super) async fn closing_one_leaves_the_other(one: &dyn Store, two: &dyn Store) {
    let id = one.ensure_metric("m", &labels(1)).await.unwrap().id;
    one.close().await;
    two.write(&[frame(id, 10, 0, 1.0)]).await.unwrap();
    assert_eq!(all(two, id).await, [(10, 0, 1.0.into())]);
}

pub(super) async fn of_two_servers_at_once_one_conflicts(one: &dyn Store, two: &dyn Store) {
    super::record_conformance::one_of_two_conflicts(one, two).await;
}
