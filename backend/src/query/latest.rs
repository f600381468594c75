//! The newest sample of each channel, its age, and what that means.

use shared::query::latest::{Freshness, Latest, LatestChannel, LatestQuery};
use shared::time::{MICROS_PER_SEC, Timestamp};
use shared::value::Value;

use super::{Result, find_metric};
use crate::store::{ChannelSample, Store};

/// Answers `GET /api/v1/latest`. Ages count back from `now`.
pub async fn latest(store: &dyn Store, now: Timestamp, query: &LatestQuery) -> Result<Latest> {
    let metric = find_metric(store, &query.metric).await?;
    let mut newest: Vec<Option<(Timestamp, ChannelSample)>> = vec![None; metric.channel_labels.len()];
    for (time, sample) in store.latest(metric.id).await? {
        // A channel that came into being since the metric was looked up waits for the next query.
        if let Some(slot) = newest.get_mut(sample.channel as usize) {
            *slot = Some((time, sample));
        }
    }
    let interval_s = metric.properties.interval_micros.map(secs);
    let labelled = (0_u32..).zip(metric.channel_labels).zip(newest);
    let channels = labelled.map(|((channel, label), newest)| {
        let age_s = newest.map(|(time, _)| secs(now.micros_since(time)));
        LatestChannel {
            channel,
            label,
            time_us: newest.map(|(time, _)| time.as_micros()),
            value: newest.map_or(Value::NULL, |(_, sample)| sample.value),
            age_s,
            state: age_s.map_or(Freshness::Never, |age_s| Freshness::from_age(age_s, interval_s)),
        }
    });
    Ok(Latest {
        metric: metric.name,
        now_us: now.as_micros(),
        channels: channels.collect(),
    })
}

fn secs(micros: i64) -> f64 {
    micros as f64 / MICROS_PER_SEC as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::fixture::{Fixture, at_secs};

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
        let query = LatestQuery { metric: "m".to_owned() };
        let answer = latest(&*fixture.store, at_secs(180), &query).await.unwrap();
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
        let query = LatestQuery { metric: "m".to_owned() };
        let answer = latest(&*fixture.store, at_secs(10), &query).await.unwrap();
        assert_eq!(answer.channels[0].state, Freshness::Stale);
    }
}
