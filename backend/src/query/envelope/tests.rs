//! The envelope against a plain oracle that knows nothing but the list of samples.

use std::collections::BTreeMap;

use futures_util::FutureExt as _;
use proptest::prelude::*;
use shared::time::Timestamp;
use shared::value::Value;

use super::*;
use crate::query::fixture::{Fixture, at_secs};
use crate::store::{CatalogueStore as _, Channels, Frame, FrameStore as _, MetricProperties};

/// The stored samples: what a later write at the same time and channel replaced is gone.
type Stored = BTreeMap<(i64, u32), Value>;

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => (-8_i32..8).prop_map(|number| Value::number(f64::from(number) / 4.0)),
        2 => any::<f64>().prop_map(Value::number),
        1 => Just(Value::NULL),
        1 => Just(Value::NAN),
        1 => Just(Value::number(f64::INFINITY)),
        1 => Just(Value::number(f64::NEG_INFINITY)),
    ]
}

/// Two answers are the same: bit by bit, but for means, whose sums were added up in another order.
#[track_caller]
pub(crate) fn assert_same(left: &Envelope, right: &Envelope) {
    let (Envelope::Columns { series: lefts, .. }, Envelope::Columns { series: rights, .. }) = (left, right) else {
        assert_eq!(left, right);
        return;
    };
    let mut means_apart = left.clone();
    let Envelope::Columns { series, .. } = &mut means_apart else {
        return;
    };
    for ((series, left), right) in series.iter_mut().zip(lefts).zip(rights) {
        for position in 0..left.mean.len().min(right.mean.len()) {
            let scale = right.max[position].abs().max(right.min[position].abs());
            let (mean, expected) = (left.mean[position], right.mean[position]);
            assert!(
                (mean - expected).abs() <= scale * 1e-12,
                "mean {mean} is not {expected}"
            );
        }
        series.mean.clone_from(&right.mean);
    }
    assert_eq!(&means_apart, right);
}

/// Samples in bursts with gaps between them.
fn any_stored() -> impl Strategy<Value = Stored> {
    let burst = (
        -2000_i64..2000,
        1_i64..40,
        1_usize..30,
        prop::collection::vec((0_u32..4, any_value()), 1..60),
    );
    prop::collection::vec(burst, 0..4).prop_map(|bursts| {
        let mut stored = Stored::new();
        for (start, step, per_channel, samples) in bursts {
            for (position, (channel, value)) in samples.into_iter().enumerate() {
                let time = start + step * i64::try_from(position % per_channel).unwrap();
                stored.insert((time, channel), value);
            }
        }
        stored
    })
}

/// Where a range is cut, found by trying every candidate.
fn expected_edges(from: i64, to: i64, n_columns: i64, base: i64) -> Vec<i64> {
    let length = to - from;
    let fitting = (0..8)
        .rev()
        .map(|k| base << (2 * k))
        .find(|bucket| bucket * 2 * n_columns <= length);
    let bucket = fitting.unwrap_or(1);
    let mut edges = vec![from];
    for column in 1..n_columns {
        let distance = |edge: &i64| (edge * n_columns - from * n_columns - length * column).abs();
        let around = (from + length * column / n_columns).div_euclid(bucket) * bucket;
        // Of two that are equally near the later one is taken.
        let nearest = [around + 2 * bucket, around + bucket, around, around - bucket]
            .into_iter()
            .min_by_key(distance);
        edges.extend(nearest.filter(|edge| from < *edge && *edge < to));
    }
    edges.push(to);
    edges.dedup();
    edges
}

fn in_range(stored: &Stored, from: i64, to: i64, channel: Option<u32>) -> Vec<(i64, u32, Value)> {
    let samples = stored.iter().map(|((time, channel), value)| (*time, *channel, *value));
    samples
        .filter(|(time, of, _)| from <= *time && *time < to && channel.is_none_or(|channel| channel == *of))
        .collect()
}

/// Compares the columns of one answer with those that the samples say.
#[expect(clippy::float_cmp, reason = "an extreme is one of the samples, to the last bit")]
fn check_columns(
    answer: &ColumnSeries,
    stored: &Stored,
    edges: &[(i64, i64)],
) -> std::result::Result<(), TestCaseError> {
    let mut position = 0;
    for (start, end) in edges {
        let samples = in_range(stored, *start, *end, answer.channel);
        let finite: Vec<(i64, u32, f64)> = samples
            .iter()
            .filter_map(|(time, channel, value)| Some((*time, *channel, value.finite()?)))
            .collect();
        let (Some(first), Some(last)) = (finite.first(), finite.last()) else {
            continue;
        };
        let numbers = || finite.iter().map(|(_, _, number)| *number);
        let min = numbers().reduce(f64::min).unwrap();
        let max = numbers().reduce(f64::max).unwrap();
        let min_at = finite.iter().find(|(_, _, number)| *number == min).unwrap();
        let max_at = finite.iter().find(|(_, _, number)| *number == max).unwrap();
        prop_assert_eq!((answer.start_us[position], answer.end_us[position]), (*start, *end));
        prop_assert_eq!(answer.count[position], finite.len() as u64);
        prop_assert_eq!((answer.min[position], answer.max[position]), (min, max));
        prop_assert_eq!((answer.min_us[position], answer.max_us[position]), (min_at.0, max_at.0));
        let scale = numbers().map(f64::abs).reduce(f64::max).unwrap();
        let mean: f64 = numbers().map(|number| number / finite.len() as f64).sum();
        prop_assert!(
            (answer.mean[position] - mean).abs() <= scale * 1e-12,
            "{} {mean}",
            answer.mean[position]
        );
        prop_assert!(min <= answer.mean[position] && answer.mean[position] <= max);
        if answer.channel.is_some() {
            prop_assert_eq!((answer.first[position], answer.last[position]), (first.2, last.2));
        } else {
            prop_assert_eq!(
                (answer.min_channel[position], answer.max_channel[position]),
                (min_at.1, max_at.1)
            );
        }
        position += 1;
    }
    let lengths = [
        answer.start_us.len(),
        answer.end_us.len(),
        answer.count.len(),
        answer.mean.len(),
        answer.max_us.len(),
    ];
    prop_assert_eq!(lengths, [position; 5]);
    let only_channels = if answer.channel.is_some() { position } else { 0 };
    let only_band = position - only_channels;
    prop_assert_eq!((answer.first.len(), answer.last.len()), (only_channels, only_channels));
    prop_assert_eq!(
        (answer.min_channel.len(), answer.max_channel.len()),
        (only_band, only_band)
    );
    Ok(())
}

fn store_of(stored: &Stored, base: i64) -> crate::store::memory::MemoryStore {
    let store = crate::store::memory::MemoryStore::new();
    let labels = ["a", "b", "c", "d"].map(str::to_owned);
    let metric_id = store.ensure_metric("m", &labels).now_or_never().unwrap().unwrap().id;
    let properties = MetricProperties {
        interval_micros: Some(base),
        ..MetricProperties::default()
    };
    store
        .set_properties(metric_id, &properties)
        .now_or_never()
        .unwrap()
        .unwrap();
    let frames: Vec<Frame> = stored
        .iter()
        .map(|((time, channel), value)| Frame {
            metric_id,
            time: Timestamp::from_micros(*time).unwrap(),
            arrival: Timestamp::EPOCH,
            channels: Channels::Sparse(vec![*channel]),
            values: vec![*value],
        })
        .collect();
    store.write(&frames).now_or_never().unwrap().unwrap();
    store
}

/// Asks the pyramid, and by brute force, which must agree.
fn ask(store: crate::store::memory::MemoryStore, channels: &str, from: i64, to: i64, columns: u32) -> Envelope {
    let query = EnvelopeQuery {
        metric: "m".to_owned(),
        channels: channels.parse().unwrap(),
        from: Timestamp::from_micros(from).unwrap(),
        to: Timestamp::from_micros(to).unwrap(),
        columns,
    };
    let pyramid = Pyramid::new(std::sync::Arc::new(store));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let answer = runtime.block_on(envelope(&pyramid, &query)).unwrap();
    let brute = runtime.block_on(by_brute_force(pyramid.store(), &query)).unwrap();
    assert_same(&answer, &brute);
    brute
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_column_of_every_channel_is_what_the_samples_say(
        stored in any_stored(),
        from in -2100_i64..2100, length in 1_i64..4000, n_columns in 1_u32..40, base in 1_i64..200,
        channels in prop::sample::select(vec!["all", "2", "3,0", "1,2"]),
    ) {
        let store = store_of(&stored, base);
        let to = from + length;
        let asked: Vec<u32> = match channels {
            "all" => (0..4).collect(),
            list => list.split(',').map(|channel| channel.parse().unwrap()).collect(),
        };
        let many = asked.iter().any(|channel| {
            2 * (n_columns as usize) < in_range(&stored, from, to, Some(*channel)).len()
        });
        match ask(store, channels, from, to, n_columns) {
            Envelope::Samples { series, .. } => {
                prop_assert!(!many);
                prop_assert_eq!(series.len(), asked.len());
                for (series, channel) in series.iter().zip(asked) {
                    let got: Vec<_> = series.time_us.iter().zip(&series.value).map(|(time, value)| (*time, channel, *value)).collect();
                    prop_assert_eq!(series.channel, channel);
                    prop_assert_eq!(&series.label, ["a", "b", "c", "d"][channel as usize]);
                    prop_assert_eq!(got, in_range(&stored, from, to, Some(channel)));
                }
            }
            Envelope::Columns { series, .. } => {
                prop_assert!(many);
                let edges = expected_edges(from, to, i64::from(n_columns), base);
                let columns: Vec<(i64, i64)> = edges.windows(2).map(|pair| (pair[0], pair[1])).collect();
                prop_assert_eq!(series.iter().map(|series| series.channel).collect::<Vec<_>>(), asked.into_iter().map(Some).collect::<Vec<_>>());
                for series in &series {
                    check_columns(series, &stored, &columns)?;
                }
            }
        }
    }

    #[test]
    fn every_column_of_the_band_is_what_the_samples_say(
        stored in any_stored(),
        from in -2100_i64..2100, length in 1_i64..4000, n_columns in 1_u32..60, base in 1_i64..200,
    ) {
        let store = store_of(&stored, base);
        let to = from + length;
        let mut times: Vec<i64> = in_range(&stored, from, to, None).iter().map(|(time, _, _)| *time).collect();
        times.dedup();
        let columns: Vec<(i64, i64)> = if times.len() <= n_columns as usize {
            times.iter().map(|time| (*time, time + 1)).collect()
        } else {
            expected_edges(from, to, i64::from(n_columns), base).windows(2).map(|pair| (pair[0], pair[1])).collect()
        };
        let Envelope::Columns { series, .. } = ask(store, "band", from, to, n_columns) else {
            return Err(TestCaseError::fail("the band is always columns"));
        };
        prop_assert_eq!(series.len(), 1);
        prop_assert_eq!((series[0].channel, series[0].label.as_str()), (None, ""));
        check_columns(&series[0], &stored, &columns)?;
    }
}

#[tokio::test]
async fn bad_questions_are_answered_with_what_to_change() {
    let fixture = Fixture::new(2, Some(60)).await;
    let message = async |change: &dyn Fn(&mut EnvelopeQuery)| {
        let mut query = EnvelopeQuery {
            metric: "m".to_owned(),
            channels: ChannelSelection::All,
            from: at_secs(0),
            to: at_secs(100),
            columns: 100,
        };
        change(&mut query);
        let pyramid = Pyramid::new(std::sync::Arc::<crate::store::memory::MemoryStore>::clone(
            &fixture.store,
        ));
        envelope(&pyramid, &query).await.unwrap_err().to_string()
    };
    let labels: Vec<String> = (0..5000).map(|channel: u32| channel.to_string()).collect();
    fixture
        .store
        .ensure_metric("camera.high_voltage", &labels)
        .await
        .unwrap();
    let messages = [
        message(&|query| query.metric = "camera.hihg_voltage".to_owned()).await,
        message(&|query| query.metric = "elsewhere".to_owned()).await,
        message(&|query| query.channels = ChannelSelection::List(vec![0, 2])).await,
        message(&|query| query.to = at_secs(0)).await,
        message(&|query| query.columns = 0).await,
        message(&|query| query.columns = 16_385).await,
        message(&|query| (query.metric, query.columns) = ("camera.high_voltage".to_owned(), 1000)).await,
        message(&|query| query.from = Timestamp::MIN).await,
    ];
    insta::assert_snapshot!(messages.join("\n"), @r#"
    there is no metric "camera.hihg_voltage"; did you mean "camera.high_voltage"?
    there is no metric "elsewhere"
    metric "m" has no channel 2; its channels are 0 to 1
    the range must end after it starts, but it goes from 1970-01-01T00:00:00Z to 1970-01-01T00:00:00Z
    columns must be 1 to 16384, not 0
    columns must be 1 to 16384, not 16385
    5000 channels x 1000 columns are more than 500000 points; ask for fewer channels, fewer columns, or for channels=band
    the range spans 719528 days, at most 110000 can be asked for at once; ask for a shorter one
    "#);
}
