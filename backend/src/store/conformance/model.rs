//! Writes of any kind against a plain map.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config as ProptestConfig, RngAlgorithm, TestRng, TestRunner};
use shared::time::TimeRange;
use shared::value::Value;

use super::reads::latest;
use super::{at, metric, read};
use crate::store::{ChannelFilter, Channels, Frame, Store};

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

pub(in crate::store) async fn any_writes_read_back_as_a_plain_map_says(store: &dyn Store) {
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
