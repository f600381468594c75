//! The raster against a plain oracle that knows nothing but the list of samples.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::FutureExt as _;
use proptest::prelude::*;
use shared::query::raster::Statistic;
use shared::time::Timestamp;
use shared::value::Value;

use super::*;
use crate::query::fixture::{Fixture, at_secs};
use crate::store::memory::MemoryStore;
use crate::store::{CatalogueStore as _, Channels, Frame, FrameStore as _, MetricProperties};

/// The stored samples by time and channel.
type Stored = BTreeMap<(i64, u32), Value>;

const CHANNELS: u32 = 5;

const ALL: [Statistic; 5] = [
    Statistic::Mean,
    Statistic::Min,
    Statistic::Max,
    Statistic::Last,
    Statistic::Density,
];

/// Asks the pyramid and by brute force; both must say the same: bit by bit, but for means, whose sums were added up in
/// another order. Gives what brute force says.
pub(crate) async fn check(pyramid: &Pyramid, query: &RasterQuery) -> RasterAnswer {
    check_counting(pyramid, query, MAX_COUNTED).await
}

async fn check_counting(pyramid: &Pyramid, query: &RasterQuery, max_counted: u64) -> RasterAnswer {
    let ask = async |stat: Statistic| {
        let query = RasterQuery { stat, ..query.clone() };
        let mut question = Question::new(pyramid.store(), &query).await.unwrap();
        question.max_counted = max_counted;
        let answer = answer(pyramid, &question).await.unwrap();
        let brute = answer_by_brute_force(pyramid.store(), &question).await.unwrap();
        (answer, brute)
    };
    let (answer, brute) = ask(query.stat).await;
    let RasterAnswer::Raster(raster) = &answer else {
        assert_eq!(answer, brute);
        return brute;
    };
    if query.stat != Statistic::Mean {
        assert_eq!(answer, brute);
        return brute;
    }
    let values = |answer: RasterAnswer| match answer {
        RasterAnswer::Raster(raster) => raster.cells.iter().collect::<Vec<Option<f64>>>(),
        RasterAnswer::Density(_) => unreachable!("a mean was asked for"),
    };
    let (least, greatest) = (values(ask(Statistic::Min).await.1), values(ask(Statistic::Max).await.1));
    let (means, expected) = (values(answer.clone()), values(brute.clone()));
    for (index, (mean, expected)) in means.iter().zip(&expected).enumerate() {
        assert_eq!(mean.is_some(), expected.is_some());
        if let (Some(mean), Some(expected), Some(min), Some(max)) = (mean, expected, least[index], greatest[index]) {
            let scale = min.abs().max(max.abs());
            assert!(
                (mean / 2.0 - expected / 2.0).abs() <= scale * 1e-12,
                "mean {mean} is not {expected}"
            );
        }
    }
    let mut same = brute.clone();
    if let RasterAnswer::Raster(same) = &mut same {
        same.cells.clone_from(&raster.cells);
    }
    assert_eq!(answer, same);
    brute
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        7 => (-32_i32..32).prop_map(|quarters| Value::number(f64::from(quarters) / 4.0)),
        1 => Just(Value::NULL),
        1 => Just(Value::NAN),
        1 => Just(Value::number(f64::INFINITY)),
    ]
}

/// Full and sparse frames in bursts with gaps between them.
fn any_stored(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Stored> {
    let channels = prop_oneof![
        Just((0..CHANNELS).collect::<Vec<u32>>()),
        prop::collection::btree_set(0..CHANNELS, 1..3).prop_map(|channels| channels.into_iter().collect()),
    ];
    let burst = (
        -3000_i64..3000,
        1_i64..60,
        channels,
        prop::collection::vec(value, 1..150),
    );
    prop::collection::vec(burst, 0..5).prop_map(|bursts| {
        let mut stored = Stored::new();
        for (start, step, channels, values) in bursts {
            for (position, value) in values.into_iter().enumerate() {
                let frame = i64::try_from(position / channels.len()).unwrap();
                stored.insert((start + step * frame, channels[position % channels.len()]), value);
            }
        }
        stored
    })
}

fn pyramid_of(stored: &Stored, interval_micros: Option<i64>) -> Pyramid {
    let store = MemoryStore::new();
    let labels: Vec<String> = (0..CHANNELS).map(|channel| channel.to_string()).collect();
    let metric_id = store.ensure_metric("m", &labels).now_or_never().unwrap().unwrap().id;
    let properties = MetricProperties {
        interval_micros,
        ..MetricProperties::default()
    };
    let set = store.set_properties(metric_id, &properties);
    set.now_or_never().unwrap().unwrap();
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
    Pyramid::new(Arc::new(store))
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(future)
}

/// Where a range is cut, by trying every candidate; and how wide the buckets are.
fn expected_columns(stored: &Stored, query: &RasterQuery, interval: Option<i64>) -> (Vec<(i64, i64)>, Option<i64>) {
    let (from, to, count) = (query.from.as_micros(), query.to.as_micros(), query.columns as usize);
    let inside: Vec<(i64, Value)> = stored
        .iter()
        .filter(|((time, _), _)| (from..to).contains(time))
        .map(|((time, _), value)| (*time, *value))
        .collect();
    let frames: BTreeSet<i64> = inside.iter().map(|(time, _)| *time).collect();
    let n_finite = inside.iter().filter(|(_, value)| value.finite().is_some()).count();
    let times: Vec<i64> = frames.into_iter().collect();
    if !times.is_empty() && times.len() <= 2 * count && times.len() * CHANNELS as usize <= 2 * n_finite {
        let mut distances: Vec<i64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        distances.sort_unstable();
        let middle = distances.get(distances.len() / 2).copied();
        let interval = interval.or(middle).unwrap_or(1_000_000);
        let end = |index: usize| match times.get(index + 1) {
            Some(next) if *next <= times[index] + 3 * interval => *next,
            _ => (times[index] + interval).min(to),
        };
        let columns = (0..times.len()).map(|index| (times[index], end(index)));
        return (columns.collect(), None);
    }
    let base = interval.unwrap_or(1_000_000);
    let mut widths: Vec<i64> = (0..12).map(|k| base * 4_i64.pow(k)).collect();
    widths.extend(
        (1..12)
            .filter(|k| base % 4_i64.pow(*k) == 0)
            .map(|k| base / 4_i64.pow(k)),
    );
    widths.sort_unstable();
    let buckets = |width: i64| {
        let mut edges: BTreeSet<i64> = [from, to].into();
        let first = from.div_euclid(width) * width;
        edges.extend(
            (1..)
                .map(|n| first + n * width)
                .take_while(|edge| *edge < to)
                .take(100_000),
        );
        edges.into_iter().collect::<Vec<i64>>()
    };
    let n_columns = |width: i64| buckets(width).len() - 1;
    let mut width = *widths.iter().find(|width| n_columns(**width) <= 2 * count).unwrap();
    if 2 * n_columns(width) < count {
        width = (1..=to - from)
            .find(|width| to - from <= width * i64::try_from(count).unwrap())
            .unwrap();
    }
    let is_wide_enough =
        |width: i64| times.is_empty() || n_columns(width) <= times.len() || interval.unwrap_or(to - from) <= width;
    if !is_wide_enough(width) {
        let wider = widths.iter().filter(|wider| width < **wider);
        width = *wider.into_iter().find(|width| is_wide_enough(**width)).unwrap();
    }
    let edges = buckets(width);
    (edges.windows(2).map(|pair| (pair[0], pair[1])).collect(), Some(width))
}

/// The samples of a cell: channel, time, value.
fn cell(stored: &Stored, (start, end): (i64, i64), channels: std::ops::RangeInclusive<u32>) -> Vec<(u32, i64, Value)> {
    let mut samples: Vec<(u32, i64, Value)> = stored
        .range((start, 0)..(end, 0))
        .filter(|((_, channel), _)| channels.contains(channel))
        .map(|((time, channel), value)| (*channel, *time, *value))
        .collect();
    samples.sort_by_key(|(channel, time, _)| (*channel, *time));
    samples
}

fn expected_value(samples: &[(u32, i64, Value)], stat: Statistic) -> Option<f64> {
    let finite: Vec<f64> = samples.iter().filter_map(|(_, _, value)| value.finite()).collect();
    match stat {
        // Quarters: their sums are exact in any order.
        Statistic::Mean if finite.is_empty() => None,
        Statistic::Mean => Some(finite.iter().sum::<f64>() / finite.len() as f64),
        Statistic::Min => finite.into_iter().reduce(f64::min),
        Statistic::Max => finite.into_iter().reduce(f64::max),
        Statistic::Last => finite.last().copied(),
        Statistic::Density => unreachable!("it has no values"),
    }
}

fn query(from: i64, length: i64, columns: u32, rows: u32, stat: Statistic) -> RasterQuery {
    RasterQuery {
        metric: "m".to_owned(),
        from: Timestamp::from_micros(from).unwrap(),
        to: Timestamp::from_micros(from + length).unwrap(),
        columns,
        rows,
        stat,
        value_min: None,
        value_max: None,
        log: false,
    }
}

fn any_query(stats: &'static [Statistic]) -> impl Strategy<Value = RasterQuery> {
    (
        -3500_i64..3500,
        prop_oneof![1_i64..300, 1_i64..8000],
        prop_oneof![1_u32..6, 1_u32..60, 1_u32..700],
        1_u32..9,
        prop::sample::select(stats),
    )
        .prop_map(|(from, length, columns, rows, stat)| query(from, length, columns, rows, stat))
}

fn any_interval() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![1 => Just(None), 3 => (1_i64..200).prop_map(Some), 1 => (1_i64..20).prop_map(|n| Some(n * 16))]
}

/// Every finite sample as quarters, and which bin it is in, in whole numbers; `None` below and above.
fn expected_bin(value: f64, (min, max): (f64, f64), n_bins: u32) -> Option<usize> {
    #[expect(clippy::cast_possible_truncation, reason = "small numbers of sixteenths")]
    let whole = |number: f64| (number * 16.0) as i64;
    let (value, min, max) = (whole(value), whole(min), whole(max));
    let n_bins = i64::from(n_bins);
    if value < min || max < value {
        None
    } else if min == max {
        usize::try_from(n_bins / 2).ok()
    } else {
        usize::try_from(((value - min) * n_bins / (max - min)).min(n_bins - 1)).ok()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_cell_is_what_the_samples_say(
        stored in any_stored(any_value()), interval in any_interval(), query in any_query(&ALL[..4]),
    ) {
        let pyramid = pyramid_of(&stored, interval);
        let RasterAnswer::Raster(raster) = run(check(&pyramid, &query)) else {
            return Err(TestCaseError::fail("no density was asked for"));
        };
        let (columns, bucket_us) = expected_columns(&stored, &query, interval);
        prop_assert_eq!(&raster.start_us, &columns.iter().map(|(start, _)| *start).collect::<Vec<_>>());
        prop_assert_eq!(&raster.end_us, &columns.iter().map(|(_, end)| *end).collect::<Vec<_>>());
        prop_assert_eq!(raster.bucket_us, bucket_us);
        prop_assert_eq!(raster.n_rows(), CHANNELS.min(query.rows) as usize);
        prop_assert_eq!(raster.row_last.len(), raster.n_rows());
        prop_assert_eq!(raster.cells.len(), raster.n_rows() * columns.len());
        let mut n_samples = 0;
        for row in 0..raster.n_rows() {
            for (column, edges) in columns.iter().enumerate() {
                let value = raster.value(row, column);
                let samples = cell(&stored, *edges, raster.row_first[row]..=raster.row_last[row]);
                prop_assert_eq!(value, expected_value(&samples, query.stat));
                let is_blank = raster.blanks.iter().any(|[in_row, first, last]| {
                    *in_row as usize == row && (*first as usize..=*last as usize).contains(&column)
                });
                prop_assert_eq!(is_blank, value.is_none() && !samples.is_empty());
                n_samples += samples.len();
            }
        }
        let all = (query.from.as_micros(), query.to.as_micros());
        prop_assert_eq!(n_samples, cell(&stored, all, 0..=CHANNELS).len());
    }

    #[test]
    fn every_count_is_what_the_samples_say(
        stored in any_stored(any_value()), interval in any_interval(), query in any_query(&ALL[4..]),
        ends in prop::option::of((-40_i32..40, 1_i32..60)), one_end in any::<[bool; 2]>(),
    ) {
        let pyramid = pyramid_of(&stored, interval);
        let mut query = query;
        if let Some((min, length)) = ends {
            query.value_min = one_end[0].then_some(f64::from(min) / 4.0);
            query.value_max = one_end[1].then_some(f64::from(min + length) / 4.0);
        }
        let RasterAnswer::Density(density) = run(check(&pyramid, &query)) else {
            return Err(TestCaseError::fail("a density was asked for"));
        };
        prop_assert_eq!(density.of, DensityOf::Samples);
        let (columns, _) = expected_columns(&stored, &query, interval);
        let all = (query.from.as_micros(), query.to.as_micros());
        let finite: Vec<f64> = cell(&stored, all, 0..=CHANNELS).iter().filter_map(|(_, _, value)| value.finite()).collect();
        let (least, greatest) = (finite.iter().copied().reduce(f64::min), finite.iter().copied().reduce(f64::max));
        prop_assert_eq!(density.value_min, query.value_min.or(least.map(|least| least.min(query.value_max.unwrap_or(least)))));
        prop_assert_eq!(density.value_max, query.value_max.or(greatest.map(|most| most.max(query.value_min.unwrap_or(most)))));
        prop_assert_eq!(density.n_rows(), query.rows as usize);
        prop_assert_eq!(&density.start_us, &columns.iter().map(|(start, _)| *start).collect::<Vec<_>>());
        let counted: u64 = density.counts.iter().copied().map(u64::from).sum();
        prop_assert_eq!(counted + density.below + density.above, finite.len() as u64);
        let (Some(min), Some(max)) = (density.value_min, density.value_max) else {
            prop_assert_eq!(counted, 0);
            return Ok(());
        };
        for (column, edges) in columns.iter().enumerate() {
            let samples = cell(&stored, *edges, 0..=CHANNELS);
            let values: Vec<f64> = samples.iter().filter_map(|(_, _, value)| value.finite()).collect();
            for bin in 0..density.n_rows() {
                let expected = values.iter().filter(|value| expected_bin(**value, (min, max), query.rows) == Some(bin)).count();
                prop_assert_eq!(density.count(bin, column) as usize, expected);
            }
            let is_blank = density.blanks.iter().any(|[first, last]| (*first as usize..=*last as usize).contains(&column));
            prop_assert_eq!(is_blank, values.is_empty() && !samples.is_empty());
        }
        let below = finite.iter().filter(|value| **value < min).count();
        prop_assert_eq!(density.below, below as u64);
    }

    #[test]
    fn where_samples_are_too_many_each_channel_of_a_column_counts_once_by_its_mean(
        stored in any_stored(any_value()), interval in any_interval(), query in any_query(&ALL[4..]), max_counted in 0_u64..200,
    ) {
        let pyramid = pyramid_of(&stored, interval);
        let RasterAnswer::Density(density) = run(check_counting(&pyramid, &query, max_counted)) else {
            return Err(TestCaseError::fail("a density was asked for"));
        };
        let (columns, bucket_us) = expected_columns(&stored, &query, interval);
        let all = (query.from.as_micros(), query.to.as_micros());
        let n_finite = cell(&stored, all, 0..=CHANNELS).iter().filter(|(_, _, value)| value.finite().is_some()).count();
        let expected_of = if bucket_us.is_none() || n_finite as u64 <= max_counted { DensityOf::Samples } else { DensityOf::Buckets };
        prop_assert_eq!(density.of, expected_of);
        if density.of == DensityOf::Samples {
            return Ok(());
        }
        let (mut n_means, mut in_column) = (0, vec![0; columns.len()]);
        for (column, edges) in columns.iter().enumerate() {
            for channel in 0..CHANNELS {
                let mean = expected_value(&cell(&stored, *edges, channel..=channel), Statistic::Mean);
                n_means += u64::from(mean.is_some());
                in_column[column] += u64::from(mean.is_some());
            }
        }
        // The ends are those of the samples, so that no mean lies outside.
        prop_assert_eq!((density.below, density.above), (0, 0));
        prop_assert_eq!(density.counts.iter().copied().map(u64::from).sum::<u64>(), n_means);
        for (column, expected) in in_column.into_iter().enumerate() {
            prop_assert_eq!((0..density.n_rows()).map(|row| u64::from(density.count(row, column))).sum::<u64>(), expected);
        }
    }

    #[test]
    fn values_of_any_size_are_answered_as_by_brute_force(
        stored in any_stored(any::<f64>().prop_map(Value::number)), interval in any_interval(), query in any_query(&ALL),
    ) {
        let pyramid = pyramid_of(&stored, interval);
        run(check(&pyramid, &query));
    }
}

#[tokio::test]
async fn late_and_rewritten_samples_are_in_the_next_answer() {
    let fixture = Fixture::new(2, Some(1)).await;
    let ramp: Vec<(i64, u32, Value)> = (0..3000).map(|secs| (secs, 0, Value::number(1.0))).collect();
    fixture.write(&ramp).await;
    let pyramid = Pyramid::new(Arc::<MemoryStore>::clone(&fixture.store));
    let query = RasterQuery {
        from: at_secs(0),
        to: at_secs(3000),
        ..query(0, 1, 12, 2, Statistic::Max)
    };
    let greatest = async || match check(&pyramid, &query).await {
        RasterAnswer::Raster(raster) => raster.cells.iter().flatten().reduce(f64::max),
        RasterAnswer::Density(_) => None,
    };
    assert_eq!(greatest().await, Some(1.0));
    fixture
        .write(&[(17, 0, Value::number(9.0)), (18, 1, Value::number(10.0))])
        .await;
    assert_eq!(greatest().await, Some(10.0));
    fixture.write(&[(18, 1, Value::NULL)]).await;
    assert_eq!(greatest().await, Some(9.0));
}

#[tokio::test]
async fn a_metric_of_one_channel_and_one_without_any_have_answers() {
    let fixture = Fixture::new(1, Some(1)).await;
    let samples: Vec<(i64, u32, Value)> = (0..2000).map(|secs| (secs, 0, Value::number(secs as f64))).collect();
    fixture.write(&samples).await;
    fixture.store.ensure_metric("empty", &[]).await.unwrap();
    let pyramid = Pyramid::new(Arc::<MemoryStore>::clone(&fixture.store));
    for (metric, stat) in ["m", "empty"]
        .into_iter()
        .flat_map(|metric| ALL.map(|stat| (metric, stat)))
    {
        let query = RasterQuery {
            metric: metric.to_owned(),
            from: at_secs(-10),
            to: at_secs(1990),
            ..query(0, 1, 20, 5, stat)
        };
        let n_rows = match check(&pyramid, &query).await {
            RasterAnswer::Raster(raster) => raster.n_rows(),
            RasterAnswer::Density(density) => density.n_rows(),
        };
        let expected = match (stat, metric) {
            (Statistic::Density, _) => 5,
            (_, "m") => 1,
            _ => 0,
        };
        assert_eq!(n_rows, expected, "{metric} {stat:?}");
    }
}

#[tokio::test]
async fn bad_questions_are_answered_with_what_to_change() {
    let fixture = Fixture::new(2, Some(60)).await;
    let labels: Vec<String> = (0..20_000).map(|channel: u32| channel.to_string()).collect();
    fixture.store.ensure_metric("wide", &labels).await.unwrap();
    let pyramid = Pyramid::new(Arc::<MemoryStore>::clone(&fixture.store));
    let message = async |change: &dyn Fn(&mut RasterQuery)| {
        let mut query = query(0, 100, 600, 400, Statistic::Mean);
        change(&mut query);
        raster(&pyramid, &query).await.unwrap_err().to_string()
    };
    let density = |min: Option<f64>, max: Option<f64>| {
        move |query: &mut RasterQuery| {
            (query.stat, query.value_min, query.value_max) = (Statistic::Density, min, max);
        }
    };
    let messages = [
        message(&|query| query.metric = "n".to_owned()).await,
        message(&|query| query.to = query.from).await,
        message(&|query| query.from = Timestamp::MIN).await,
        message(&|query| query.columns = 0).await,
        message(&|query| query.columns = 16_385).await,
        message(&|query| query.rows = 0).await,
        message(&|query| query.rows = 16_385).await,
        message(&|query| (query.metric, query.columns, query.rows) = ("wide".to_owned(), 600, 10_000)).await,
        message(&|query| (query.metric, query.columns, query.rows) = ("wide".to_owned(), 1000, 10)).await,
        message(&|query| (query.columns, query.rows, query.stat) = (4000, 4000, Statistic::Density)).await,
        message(&|query| query.value_min = Some(1.0)).await,
        message(&density(Some(1.0), Some(1.0))).await,
        message(&density(Some(f64::NAN), None)).await,
    ];
    insta::assert_snapshot!(messages.join("\n"), @r#"
    there is no metric "n"
    the range must end after it starts, but it goes from 1970-01-01T00:00:00Z to 1970-01-01T00:00:00Z
    the range spans 719528 days, at most 110000 can be asked for at once; ask for a shorter one
    columns must be 1 to 16384, not 0
    columns must be 1 to 16384, not 16385
    rows must be 1 to 16384, not 0
    rows must be 1 to 16384, not 16385
    10000 rows x 600 columns are more than 1500000 cells; ask for fewer columns or fewer rows
    20000 channels x 1000 columns are more than the 16000000 that one raster reads; ask for fewer columns
    4000 rows x 4000 columns are more than 1500000 cells; ask for fewer columns or fewer rows
    value_min, value_max and log are for stat=density; leave them out
    value_min must be below value_max and both must be finite, and positive with log; they are 1 and 1
    value_min must be below value_max and both must be finite, and positive with log; they are NaN and not given
    "#);
}
