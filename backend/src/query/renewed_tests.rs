//! Parts of answers against whole ones: after any writes the old answer with the parts in it is the new answer.

use std::sync::Arc;

use proptest::prelude::*;
use shared::live::{Increment, Misfit, Part, Position, Question};
use shared::metric::ChannelSelection;
use shared::query::envelope::EnvelopeQuery;
use shared::query::raster::{Raster, RasterQuery, Statistic};
use shared::value::Value;

use super::dirty::Dirty;
use super::fixture::{Fixture, at_secs};
use super::raster::RasterAnswer;
use super::{Ask, Renewed, envelope, raster};
use crate::pyramid::Pyramid;
use crate::store::memory::MemoryStore;

const CHANNELS: u32 = 5;

/// Samples that are written together: second, channel, value.
type Batch = Vec<(i64, u32, Value)>;

#[derive(Clone, Debug)]
enum Asked {
    Envelope(EnvelopeQuery),
    Raster(RasterQuery),
}

#[derive(Debug, Default)]
struct Memories {
    envelope: envelope::Memory,
    raster: raster::Memory,
}

fn part_of_raster(answer: RasterAnswer) -> Part {
    match answer {
        RasterAnswer::Raster(raster) => Part::Raster(raster),
        RasterAnswer::Density(density) => Part::Density(density),
    }
}

impl Asked {
    async fn whole(&self, pyramid: &Pyramid) -> Part {
        match self {
            Self::Envelope(query) => Part::Envelope(envelope::envelope(pyramid, query).await.unwrap()),
            Self::Raster(query) => part_of_raster(raster::raster(pyramid, query).await.unwrap()),
        }
    }

    async fn renewed(&self, pyramid: &Pyramid, memories: &mut Memories, dirty: &Dirty, ask: Ask) -> Vec<Increment> {
        let dirty = dirty.ranges();
        match self {
            Self::Envelope(query) => {
                let parts = envelope::refresh(pyramid, query, &mut memories.envelope, dirty, ask).await;
                parts
                    .unwrap()
                    .into_iter()
                    .map(|part| increment(part, Part::Envelope))
                    .collect()
            }
            Self::Raster(query) => {
                let parts = raster::refresh(pyramid, query, &mut memories.raster, dirty, ask).await;
                parts
                    .unwrap()
                    .into_iter()
                    .map(|part| increment(part, part_of_raster))
                    .collect()
            }
        }
    }
}

fn increment<T>(renewed: Renewed<T>, part: impl Fn(T) -> Part) -> Increment {
    Increment {
        id: 0,
        position: Position { epoch: 0, sequence: 0 },
        from_us: renewed.from_us,
        to_us: renewed.to_us,
        part: part(renewed.part),
    }
}

/// Equal but for means, whose sums may have been added up in another order.
#[track_caller]
fn assert_same(held: &Part, whole: &Part, asked: &Asked) {
    match (held, whole) {
        (Part::Envelope(held), Part::Envelope(whole)) => envelope::tests::assert_same(held, whole),
        (Part::Raster(held), Part::Raster(whole)) => {
            assert_eq!(held.cells.len(), whole.cells.len(), "{asked:?}");
            for (held, whole) in held.cells.iter().zip(whole.cells.iter()) {
                assert_eq!(held.is_some(), whole.is_some(), "{asked:?}");
                if let Some((held, whole)) = held.zip(whole) {
                    assert!((held - whole).abs() <= 1e-9, "{held} is not {whole}: {asked:?}");
                }
            }
            let with_the_same_cells = Raster {
                cells: whole.cells.clone(),
                ..held.clone()
            };
            assert_eq!(&with_the_same_cells, whole, "{asked:?}");
        }
        (held, whole) => assert_eq!(held, whole, "{asked:?}"),
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        8 => (-32_i32..32).prop_map(|quarters| Value::number(f64::from(quarters) / 4.0)),
        1 => Just(Value::NULL),
        1 => Just(Value::NAN),
    ]
}

/// Bursts of full and sparse frames, in any order of time: late ones, and ones that replace what is there.
fn any_batches() -> impl Strategy<Value = Vec<Batch>> {
    let channels = prop_oneof![
        Just((0..CHANNELS).collect::<Vec<u32>>()),
        prop::collection::btree_set(0..CHANNELS, 1..3).prop_map(|channels| channels.into_iter().collect()),
    ];
    let burst = (
        -60_i64..1500,
        1_i64..20,
        channels,
        prop::collection::vec(any_value(), 1..300),
    );
    let batch = burst.prop_map(|(start, step, channels, values)| {
        let sample = |(position, value): (usize, Value)| {
            let frame = i64::try_from(position / channels.len()).unwrap();
            (start + step * frame, channels[position % channels.len()], value)
        };
        values.into_iter().enumerate().map(sample).collect()
    });
    prop::collection::vec(batch, 1..9)
}

fn any_question() -> impl Strategy<Value = Asked> {
    let range = (-100_i64..600, 1_i64..1500);
    let channels = prop_oneof![
        Just(ChannelSelection::All),
        Just(ChannelSelection::Band),
        Just(ChannelSelection::List(vec![3, 1])),
    ];
    let stat = prop::sample::select(vec![
        Statistic::Mean,
        Statistic::Min,
        Statistic::Max,
        Statistic::Last,
        Statistic::Density,
        Statistic::Density,
    ]);
    let ends = prop::option::of((-6.0_f64..0.0, 0.5_f64..6.0));
    (
        range,
        channels,
        stat,
        prop_oneof![1_u32..12, 1_u32..400],
        1_u32..8,
        ends,
        any::<bool>(),
    )
        .prop_map(|((from, length), channels, stat, columns, rows, ends, is_raster)| {
            let (from, to) = (at_secs(from), at_secs(from + length));
            let metric = "m".to_owned();
            if !is_raster {
                return Asked::Envelope(EnvelopeQuery {
                    metric,
                    channels,
                    from,
                    to,
                    columns,
                });
            }
            let (value_min, value_max) = ends.filter(|_| stat == Statistic::Density).unzip();
            Asked::Raster(RasterQuery {
                metric,
                from,
                to,
                columns,
                rows,
                stat,
                value_min,
                value_max,
                log: stat == Statistic::Density && ends.is_none() && columns.is_multiple_of(2),
            })
        })
}

async fn check(asked: &Asked, batches: &[Batch], interval_s: Option<i64>) {
    let fixture = Fixture::new(CHANNELS as usize, interval_s).await;
    let pyramid = Pyramid::new(Arc::<MemoryStore>::clone(&fixture.store));
    let question = match asked {
        Asked::Envelope(query) => Question::Envelope(query.clone()),
        Asked::Raster(query) => Question::Raster(query.clone()),
    };
    let first = asked.whole(&pyramid).await;
    let (mut followed, mut resumed) = (first.clone(), first);
    let mut memories = Memories::default();
    // The form of the first answer is known from here on.
    asked
        .renewed(&pyramid, &mut memories, &Dirty::default(), Ask::Whole)
        .await;
    for batch in batches {
        fixture.write(batch).await;
        let mut dirty = Dirty::default();
        for (secs, ..) in batch {
            let time_us = at_secs(*secs).as_micros();
            dirty.add(time_us, time_us + 1);
        }
        for increment in asked.renewed(&pyramid, &mut memories, &dirty, Ask::Parts).await {
            assert_eq!(increment.apply_to(&question, &mut followed), Ok(()), "{asked:?}");
        }
        let whole = asked.whole(&pyramid).await;
        assert_same(&followed, &whole, asked);
        // Who comes back to a server that knows nothing of the question any more.
        for increment in asked
            .renewed(&pyramid, &mut Memories::default(), &dirty, Ask::Parts)
            .await
        {
            if increment.apply_to(&question, &mut resumed) == Err(Misfit) {
                resumed = whole.clone();
                break;
            }
        }
        assert_same(&resumed, &whole, asked);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn after_any_writes_an_old_answer_with_the_parts_in_it_is_the_new_answer(
        asked in any_question(), batches in any_batches(), interval_s in prop::option::of(prop::sample::select(vec![1_i64, 4, 60])),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(check(&asked, &batches, interval_s));
    }
}
