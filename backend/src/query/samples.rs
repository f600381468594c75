//! Raw samples with their arrival time, page by page.

use futures_util::TryStreamExt as _;
use shared::metric::ChannelSelection;
use shared::query::samples::{MAX_LIMIT, Samples, SamplesQuery, StoredSample};
use shared::time::{TimeRange, Timestamp};

use super::{Error, Result, checked_range, find_metric, selected_channels};
use crate::store::{ChannelFilter, Store};

/// Answers `GET /api/v1/samples`.
///
/// The cursor is the last sample of the page before; samples that were stored meanwhile and lie behind it are not
/// delivered later, those ahead of it are.
pub async fn samples(store: &dyn Store, query: &SamplesQuery) -> Result<Samples> {
    if query.limit == 0 || MAX_LIMIT < query.limit {
        return Err(Error::LimitOutOfRange {
            limit: query.limit,
            max: MAX_LIMIT,
        });
    }
    if query.channels == ChannelSelection::Band {
        return Err(Error::BandHasNoSamples);
    }
    let range = checked_range(query.from, query.to)?;
    let metric = find_metric(store, &query.metric).await?;
    let mut channels = selected_channels(&metric, &query.channels)?;
    channels.sort_unstable();
    let cursor = match &query.cursor {
        Some(text) => Some(read_cursor(text, range).ok_or_else(|| Error::BadCursor(text.chars().take(60).collect()))?),
        None => None,
    };
    let start = cursor.map_or(range.start(), |(time, _)| time);
    let rest = TimeRange::new(start, range.end())?;
    let limit = query.limit as usize;
    let mut page: Vec<StoredSample> = Vec::new();
    let mut chunks = store.scan(metric.id, rest, ChannelFilter::Only(channels));
    while let Some(frames) = chunks.try_next().await? {
        for frame in frames {
            for sample in frame.samples {
                if cursor.is_some_and(|cursor| (frame.time, sample.channel) <= cursor) {
                    continue;
                }
                // One more than the page holds proves that there is a next one.
                if page.len() == limit {
                    let next = page.last().map(write_cursor);
                    return Ok(Samples { samples: page, next });
                }
                page.push(StoredSample {
                    channel: sample.channel,
                    time_us: frame.time.as_micros(),
                    arrival_us: sample.arrival.as_micros(),
                    value: sample.value,
                });
            }
        }
        // Where a client that is gone is noticed, and others get their turn.
        tokio::task::yield_now().await;
    }
    Ok(Samples {
        samples: page,
        next: None,
    })
}

fn write_cursor(last: &StoredSample) -> String {
    format!("{}.{}", last.time_us, last.channel)
}

/// The sample that a cursor names; `None` for a text that is no cursor, or of another range.
fn read_cursor(text: &str, range: TimeRange) -> Option<(Timestamp, u32)> {
    let (time, channel) = text.split_once('.')?;
    let time = Timestamp::from_micros(time.parse().ok()?)?;
    range.contains(time).then_some((time, channel.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::fixture::{Fixture, at_secs};

    fn query(channels: &str, limit: u32, cursor: Option<String>) -> SamplesQuery {
        SamplesQuery {
            metric: "m".to_owned(),
            channels: channels.parse().unwrap(),
            from: at_secs(0),
            to: at_secs(100),
            limit,
            cursor,
        }
    }

    #[tokio::test]
    async fn pages_of_any_size_give_every_sample_once() {
        let fixture = Fixture::new(3, None).await;
        let written: Vec<_> = (0..10)
            .flat_map(|time| [(time, 0, 1.5.into()), (time, 2, 2.5.into())])
            .collect();
        fixture.write(&written).await;
        fixture.write(&[(100, 0, 9.0.into())]).await;
        for limit in [1, 2, 3, 7, 19, 20, 21] {
            let mut got = Vec::new();
            let mut cursor = None;
            loop {
                let page = samples(&*fixture.store, &query("all", limit, cursor)).await.unwrap();
                assert!(page.samples.len() <= limit as usize);
                got.extend(
                    page.samples
                        .iter()
                        .map(|sample| (sample.time_us / 1_000_000, sample.channel, sample.value)),
                );
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
                assert_eq!(page.samples.len(), limit as usize);
            }
            assert_eq!(got, written, "limit {limit}");
        }
        let page = samples(&*fixture.store, &query("2,1", 1000, None)).await.unwrap();
        assert_eq!(page.samples.len(), 10);
        assert!(page.samples.iter().all(|sample| sample.channel == 2));
    }

    #[tokio::test]
    async fn a_strange_cursor_is_refused() {
        let fixture = Fixture::new(1, None).await;
        for cursor in ["", "1", "x.0", "-1.0", "100000000.0", "9999999999999999999.0"] {
            let answer = samples(&*fixture.store, &query("all", 10, Some(cursor.to_owned()))).await;
            assert!(matches!(answer, Err(Error::BadCursor(_))), "{cursor}");
        }
    }
}
