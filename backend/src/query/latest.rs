//! The newest sample of each channel, its age, and what that means; now, or as of a moment of the past.

use futures_util::TryStreamExt as _;
use shared::query::latest::{Freshness, Latest, LatestChannel, LatestQuery};
use shared::time::{MICROS_PER_SEC, TimeRange, Timestamp};
use shared::value::Value;

use super::{Result, find_metric};
use crate::store::{ChannelFilter, ChannelSample, Store, StoredMetric};
use crate::streams::{Expectation, Watch};

/// The newest sample of each channel, where one is known.
type Newest = Vec<Option<(Timestamp, ChannelSample)>>;

/// Answers `GET /api/v1/latest`. Ages count back from the moment asked for, else from `now`; `streams` knows how they are
/// judged.
pub async fn latest(store: &dyn Store, streams: &Watch, now: Timestamp, query: &LatestQuery) -> Result<Latest> {
    let metric = find_metric(store, &query.metric).await?;
    let expectation = streams.learned_expectation(store, &metric).await?;
    let mut newest: Newest = vec![None; metric.channel_labels.len()];
    let (at, without) = if let Some(at) = query.at {
        (at, look_back(store, &metric, &expectation, at, &mut newest).await?)
    } else {
        for (time, sample) in store.latest(metric.id).await? {
            note(&mut newest, time, sample);
        }
        (now, Freshness::Never)
    };
    let labelled = (0_u32..).zip(metric.channel_labels).zip(newest);
    let channels = labelled.map(|((channel, label), newest)| {
        let age = newest.map(|(time, _)| at.micros_since(time));
        // What a clock that is ahead has sent is as old as its arrival; of the past, nothing later has a part in it.
        let heard = newest.map(|(time, sample)| {
            if query.at.is_none() {
                time.min(sample.arrival)
            } else {
                time
            }
        });
        let state = heard.map_or(without, |heard| expectation.freshness(at.micros_since(heard)));
        LatestChannel {
            channel,
            label,
            time_us: newest.map(|(time, _)| time.as_micros()),
            value: newest.map_or(Value::NULL, |(_, sample)| sample.value),
            age_s: age.map(secs),
            state,
        }
    });
    Ok(Latest {
        metric: metric.name,
        now_us: at.as_micros(),
        channels: channels.collect(),
    })
}

/// Reads what was not stale at a moment: one short range of samples. Gives the state of the channels without any.
///
/// Nothing later than the moment has a part in it, so that the answer about a moment stays the same, apart from late data.
/// Samples that were deleted for their age are not there, as in all that reads samples.
async fn look_back(
    store: &dyn Store,
    metric: &StoredMetric,
    expectation: &Expectation,
    at: Timestamp,
    newest: &mut Newest,
) -> Result<Freshness> {
    let end = at.saturating_add_micros(1);
    let start = end.saturating_add_micros(-expectation.look_back_micros());
    if let Ok(range) = TimeRange::new(start, end) {
        let mut chunks = store.scan(metric.id, range, ChannelFilter::All);
        while let Some(frames) = chunks.try_next().await? {
            for frame in frames {
                for sample in frame.samples {
                    note(newest, frame.time, sample);
                }
            }
        }
    }
    // Before any frame there is nothing that could have grown stale.
    let first = store.span(metric.id).await?.map(|(first, _)| first);
    Ok(match first {
        Some(first) if first <= at => Freshness::Stale,
        _ => Freshness::Never,
    })
}

fn note(newest: &mut Newest, time: Timestamp, sample: ChannelSample) {
    // A channel that came into being since the metric was looked up waits for the next query.
    if let Some(slot) = newest.get_mut(sample.channel as usize) {
        *slot = Some((time, sample));
    }
}

fn secs(micros: i64) -> f64 {
    micros as f64 / MICROS_PER_SEC as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use shared::query::latest::Ages;

    use super::*;
    use crate::query::fixture::{Fixture, at_secs};
    use crate::store::{CatalogueStore as _, Channels, Frame, FrameStore as _};

    fn query(at: Option<i64>) -> LatestQuery {
        LatestQuery {
            metric: "m".to_owned(),
            at: at.map(at_secs),
        }
    }

    /// Time in seconds, value, age and state of each channel.
    fn told(answer: &Latest) -> Vec<(Option<i64>, Value, Option<f64>, Freshness)> {
        let channels = answer.channels.iter();
        let told = channels.map(|channel| {
            let secs = channel.time_us.map(|micros| micros / MICROS_PER_SEC);
            (secs, channel.value, channel.age_s, channel.state)
        });
        told.collect()
    }

    #[tokio::test]
    async fn every_channel_is_listed_with_its_own_age_and_state() {
        let fixture = Fixture::new(4, Some(60)).await;
        fixture
            .write(&[
                (0, 0, 1.0.into()),
                (0, 1, 2.0.into()),
                (130, 1, Value::NULL),
                (190, 3, 4.0.into()),
            ])
            .await;
        let query = query(None);
        let answer = latest(&*fixture.store, &fixture.streams, at_secs(180), &query)
            .await
            .unwrap();
        assert_eq!(answer.now_us, 180_000_000);
        let told: Vec<_> = answer
            .channels
            .iter()
            .map(|channel| {
                (
                    channel.channel,
                    channel.time_us,
                    channel.value,
                    channel.age_s,
                    channel.state,
                )
            })
            .collect();
        let expected = [
            (0, Some(0), 1.0.into(), Some(180.0), Freshness::Stale),
            (1, Some(130_000_000), Value::NULL, Some(50.0), Freshness::Fresh),
            (2, None, Value::NULL, None, Freshness::Never),
            (3, Some(190_000_000), 4.0.into(), Some(-10.0), Freshness::Fresh),
        ];
        assert_eq!(told, expected);
    }

    #[tokio::test]
    async fn without_a_known_interval_nothing_is_fresh() {
        let fixture = Fixture::new(1, None).await;
        fixture.write(&[(10, 0, 1.0.into())]).await;
        let query = query(None);
        let answer = latest(&*fixture.store, &fixture.streams, at_secs(10), &query)
            .await
            .unwrap();
        assert_eq!(answer.channels[0].state, Freshness::Stale);
    }

    #[tokio::test]
    async fn a_moment_of_the_past_knows_what_came_before_it_and_was_not_stale() {
        let fixture = Fixture::new(4, Some(60)).await;
        fixture
            .write(&[
                (0, 0, 1.0.into()),
                (60, 1, Value::NULL),
                (179, 2, 3.0.into()),
                (181, 2, 4.0.into()),
            ])
            .await;
        let at = async |secs| {
            latest(&*fixture.store, &fixture.streams, at_secs(9999), &query(Some(secs)))
                .await
                .unwrap()
        };
        let answer = at(180).await;
        assert_eq!(answer.now_us, 180 * MICROS_PER_SEC);
        let (none, null) = (None, Value::NULL);
        let expected = [
            // As old as three intervals: no more found, and no value made up.
            (none, null, None, Freshness::Stale),
            (Some(60), null, Some(120.0), Freshness::Late),
            (Some(179), 3.0.into(), Some(1.0), Freshness::Fresh),
            (none, null, None, Freshness::Stale),
        ];
        assert_eq!(told(&answer), expected);
        assert_eq!(
            told(&at(179).await)[0],
            (Some(0), 1.0.into(), Some(179.0), Freshness::Late)
        );
        assert_eq!(
            told(&at(181).await)[2],
            (Some(181), 4.0.into(), Some(0.0), Freshness::Fresh)
        );
        assert!(
            told(&at(-1).await)
                .iter()
                .all(|channel| *channel == (none, null, None, Freshness::Never))
        );
        for ends in [Timestamp::MIN, Timestamp::MAX] {
            let query = LatestQuery {
                at: Some(ends),
                ..query(None)
            };
            assert_eq!(
                latest(&*fixture.store, &fixture.streams, at_secs(0), &query)
                    .await
                    .unwrap()
                    .channels[0]
                    .value,
                null
            );
        }
    }

    #[tokio::test]
    async fn without_a_known_interval_the_past_is_looked_at_for_an_hour() {
        let fixture = Fixture::new(1, None).await;
        fixture.write(&[(10, 0, 1.0.into())]).await;
        let at = async |secs| {
            told(
                &latest(&*fixture.store, &fixture.streams, at_secs(0), &query(Some(secs)))
                    .await
                    .unwrap(),
            )[0]
        };
        assert_eq!(at(3609).await, (Some(10), 1.0.into(), Some(3599.0), Freshness::Stale));
        assert_eq!(at(3610).await, (None, Value::NULL, None, Freshness::Stale));
    }

    #[tokio::test]
    async fn an_interval_that_was_learned_proves_samples_fresh() {
        let fixture = Fixture::new(2, None).await;
        let samples: Vec<_> = (0..6_i64).map(|index| (index * 10, 0, Value::number(1.0))).collect();
        fixture.write(&samples).await;
        let query = query(None);
        let state = async |now| {
            let answer = latest(&*fixture.store, &fixture.streams, at_secs(now), &query).await;
            answer.unwrap().channels[0].state
        };
        assert_eq!(state(69).await, Freshness::Fresh);
        assert_eq!(state(70).await, Freshness::Late);
        assert_eq!(state(80).await, Freshness::Stale);
    }

    #[tokio::test]
    async fn a_sample_from_the_future_is_as_old_as_its_arrival() {
        let fixture = Fixture::new(1, Some(10)).await;
        let metric_id = fixture.store.ensure_metric("m", &[]).await.unwrap().id;
        let ahead = Frame {
            metric_id,
            time: at_secs(1800),
            arrival: at_secs(0),
            channels: Channels::Dense,
            values: vec![Value::number(1.0)],
        };
        fixture.store.write(&[ahead]).await.unwrap();
        let answer = latest(&*fixture.store, &fixture.streams, at_secs(30), &query(None)).await;
        let channel = &answer.unwrap().channels[0];
        assert_eq!((channel.age_s, channel.state), (Some(-1770.0), Freshness::Stale));
    }

    proptest! {
        #[test]
        fn any_moment_is_answered_as_by_looking_at_all_samples(
            samples in prop::collection::btree_map((0_i64..500, 0_u32..4), 0_i32..9, 0..60),
            interval_s in 1_i64..90, secs in -10_i64..600,
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let answer = runtime.block_on(async {
                let fixture = Fixture::new(4, Some(interval_s)).await;
                let samples: Vec<_> = samples.iter().map(|((secs, channel), value)| (*secs, *channel, f64::from(*value).into())).collect();
                fixture.write(&samples).await;
                latest(&*fixture.store, &fixture.streams, at_secs(9999), &query(Some(secs))).await.unwrap()
            });
            let look_back = 3 * interval_s;
            let has_any = samples.keys().any(|(at, _)| *at <= secs);
            for (channel, told) in (0_u32..).zip(told(&answer)) {
                let newest = samples.iter().rfind(|((at, of), _)| *of == channel && *at <= secs && secs - *at < look_back);
                let expected = match newest {
                    Some(((at, _), value)) => {
                        let age_s = (secs - at) as f64;
                        let state = Freshness::from_age(age_s, Some(Ages::of_interval(interval_s as f64)));
                        (Some(*at), f64::from(*value).into(), Some(age_s), state)
                    }
                    None => (None, Value::NULL, None, if has_any { Freshness::Stale } else { Freshness::Never }),
                };
                prop_assert_eq!(told, expected);
            }
        }
    }
}
