//! Which nights hold data. Found by lookups in the index, never by walking over empty days.

use shared::dashboard::Site;
use shared::query::nights::{DEFAULT_LIMIT, MAX_LIMIT, Night, Nights, NightsQuery};
use shared::time::{Date, TimeRange, Timestamp};

use super::version::{Version, is_settled};
use super::{Error, Result, find_metric};
use crate::store::{Store, StoredMetric};

mod calendar;

pub use calendar::{NightCalendar, UnknownTimeZone};

/// Checks that the site's time zone is known, so that nights can be cut.
pub fn check_site(site: &Site) -> std::result::Result<NightCalendar, UnknownTimeZone> {
    NightCalendar::new(&site.time_zone, site.day_start_minutes)
}

/// Answers `GET /api/v1/nights`. Completeness counts what is expected up to `now`.
pub async fn nights(
    store: &dyn Store,
    calendar: &NightCalendar,
    now: Timestamp,
    query: &NightsQuery,
) -> Result<Nights> {
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    if limit == 0 || MAX_LIMIT < limit {
        return Err(Error::LimitOutOfRange { limit, max: MAX_LIMIT });
    }
    let metrics = match &query.metric {
        Some(names) => find_metrics(store, names).await?,
        None => store.metrics().await?,
    };
    let newest = newest_before(store, &metrics, Timestamp::MAX).await?;
    let before = query.before.map_or(Timestamp::MAX, |date| calendar.start_of(date));
    let dates = dates_with_data(store, calendar, &metrics, before, limit).await?;
    let ranges: Vec<TimeRange> = dates.iter().map(|(_, range)| *range).collect();
    let mut tallies = vec![Tally::default(); ranges.len()];
    for metric in &metrics {
        let counts = store.count_frames(metric.id, &ranges).await?;
        for ((tally, range), count) in tallies.iter_mut().zip(&ranges).zip(counts) {
            tally.add(count, metric.properties.interval_micros, *range, now);
        }
    }
    let nights = dates.iter().zip(tallies).map(|((date, range), tally)| Night {
        date: *date,
        start: range.start(),
        end: range.end(),
        frames: tally.frames,
        completeness: tally.completeness(),
    });
    Ok(Nights {
        nights: nights.collect(),
        newest: newest.map(|time| calendar.night_of(time)),
    })
}

/// The most metrics whose past is looked up for a version; more cost as much as the answer.
const MAX_VERSIONED: usize = 64;

/// The version of the answer where all nights that it can list are long over; `None` elsewhere, and for many metrics.
pub async fn version(
    store: &dyn Store,
    calendar: &NightCalendar,
    now: Timestamp,
    query: &NightsQuery,
) -> Result<Option<Version>> {
    let Some(before) = query.before.map(|date| calendar.start_of(date)) else {
        return Ok(None);
    };
    if !is_settled(now, before) {
        return Ok(None);
    }
    let metrics = match &query.metric {
        Some(names) => find_metrics(store, names).await?,
        None => store.metrics().await?,
    };
    if MAX_VERSIONED < metrics.len() {
        return Ok(None);
    }
    let mut version = Version::of_program();
    version.add(&format!("{calendar:?}"));
    for metric in &metrics {
        if !version.add_past(store, metric, before).await? {
            return Ok(None);
        }
    }
    // The one thing in it that is not about the past asked for.
    let newest = newest_before(store, &metrics, Timestamp::MAX).await?;
    version.add(&format!("{:?}", newest.map(|time| calendar.night_of(time))));
    Ok(Some(version))
}

/// One metric by its name, or several with commas between them.
async fn find_metrics(store: &dyn Store, names: &str) -> Result<Vec<StoredMetric>> {
    // A name may hold commas itself.
    if let Some(metric) = store.metric_by_name(names).await? {
        return Ok(vec![metric]);
    }
    let mut metrics: Vec<StoredMetric> = Vec::new();
    for name in names.split(',') {
        let metric = find_metric(store, name).await?;
        if metrics.iter().all(|known| known.id != metric.id) {
            metrics.push(metric);
        }
    }
    Ok(metrics)
}

async fn newest_before(store: &dyn Store, metrics: &[StoredMetric], before: Timestamp) -> Result<Option<Timestamp>> {
    let mut newest = None;
    for metric in metrics {
        newest = newest.max(store.newest_before(metric.id, before).await?);
    }
    Ok(newest)
}

/// The nights that start before a moment and hold data, newest first.
async fn dates_with_data(
    store: &dyn Store,
    calendar: &NightCalendar,
    metrics: &[StoredMetric],
    before: Timestamp,
    limit: u32,
) -> Result<Vec<(Date, TimeRange)>> {
    let mut dates = Vec::new();
    let mut before = before;
    // What is known of each metric stays known until the search has passed it.
    let mut newest_of: Vec<Option<Timestamp>> = Vec::with_capacity(metrics.len());
    for metric in metrics {
        newest_of.push(store.newest_before(metric.id, before).await?);
    }
    while dates.len() < limit as usize {
        for (metric, newest) in metrics.iter().zip(&mut newest_of) {
            if newest.is_some_and(|time| before <= time) {
                *newest = store.newest_before(metric.id, before).await?;
            }
        }
        let Some(time) = newest_of.iter().copied().max().flatten() else {
            break;
        };
        let date = calendar.night_of(time);
        let Some(range) = calendar.range_of(date) else { break };
        dates.push((date, range));
        before = range.start();
    }
    Ok(dates)
}

/// Frames held, and frames expected of those metrics that have a known interval.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    frames: u64,
    of_known: u64,
    expected: Option<f64>,
}

impl Tally {
    fn add(&mut self, count: u64, interval_micros: Option<i64>, night: TimeRange, now: Timestamp) {
        self.frames += count;
        if let Some(interval_micros) = interval_micros {
            let until = now.clamp(night.start(), night.end());
            let expected = until.micros_since(night.start()) as f64 / interval_micros as f64;
            self.of_known += count;
            *self.expected.get_or_insert(0.0) += expected;
        }
    }

    fn completeness(&self) -> Option<f64> {
        self.expected.map(|expected| {
            let held = self.of_known as f64;
            // A night that has hardly begun expects less than a frame; whatever is there is all of it.
            if expected <= held { 1.0 } else { held / expected }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::fixture::Fixture;
    use crate::store::CatalogueStore as _;

    fn calendar(zone: &str) -> NightCalendar {
        NightCalendar::new(zone, 720).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn secs(text: &str) -> i64 {
        at(text).as_micros() / 1_000_000
    }

    fn query(limit: u32, before: Option<&str>) -> NightsQuery {
        NightsQuery {
            metric: Some("m".to_owned()),
            before: before.map(|date| date.parse().unwrap()),
            limit: Some(limit),
        }
    }

    async fn dates(fixture: &Fixture, query: &NightsQuery) -> (Vec<String>, Option<String>) {
        let now = at("2026-11-21T00:00:00Z");
        let answer = nights(&*fixture.store, &calendar("UTC"), now, query).await.unwrap();
        (
            answer.nights.iter().map(|night| night.date.to_string()).collect(),
            answer.newest.map(|date| date.to_string()),
        )
    }

    #[tokio::test]
    async fn nights_with_data_are_found_across_long_gaps() {
        let fixture = Fixture::new(1, Some(60)).await;
        for time in [
            "1971-08-01T12:00:00Z",
            "2026-11-19T11:59:59Z",
            "2026-11-20T12:00:00Z",
            "2026-11-20T13:00:00Z",
        ] {
            fixture.write(&[(secs(time), 0, 1.0.into())]).await;
        }
        let newest = Some("2026-11-20".to_owned());
        let all = ["2026-11-20", "2026-11-18", "1971-08-01"].map(str::to_owned).to_vec();
        assert_eq!(dates(&fixture, &query(90, None)).await, (all.clone(), newest.clone()));
        assert_eq!(
            dates(&fixture, &query(1, Some("2026-11-20"))).await,
            (all[1..2].to_vec(), newest.clone())
        );
        assert_eq!(dates(&fixture, &query(9, Some("1971-08-01"))).await, (vec![], newest));
    }

    #[tokio::test]
    async fn an_empty_archive_has_no_nights() {
        let fixture = Fixture::new(1, Some(60)).await;
        assert_eq!(dates(&fixture, &query(90, None)).await, (vec![], None));
    }

    #[tokio::test]
    async fn completeness_counts_until_now_and_stops_at_one() {
        let fixture = Fixture::new(1, Some(3600)).await;
        let start = secs("2026-11-20T12:00:00Z");
        fixture
            .write(
                &(0..6)
                    .map(|hour| (start + hour * 3600, 0, 1.0.into()))
                    .collect::<Vec<_>>(),
            )
            .await;
        let at_time = async |now: &str| {
            let answer = nights(&*fixture.store, &calendar("UTC"), at(now), &query(1, None))
                .await
                .unwrap();
            (answer.nights[0].frames, answer.nights[0].completeness)
        };
        assert_eq!(at_time("2026-11-20T18:00:00Z").await, (6, Some(1.0)));
        assert_eq!(at_time("2026-11-21T00:00:00Z").await, (6, Some(0.5)));
        assert_eq!(at_time("2027-01-01T00:00:00Z").await, (6, Some(0.25)));
        assert_eq!(at_time("2026-11-20T12:00:01Z").await, (6, Some(1.0)));
    }

    #[tokio::test]
    async fn several_metrics_are_summed_up() {
        let fixture = Fixture::new(1, Some(43_200)).await;
        fixture.store.ensure_metric("n", &["0".to_owned()]).await.unwrap();
        let time = secs("2026-11-20T12:00:00Z");
        fixture.write(&[(time, 0, 1.0.into())]).await;
        fixture
            .write_to("n", &[(time, 0, 1.0.into()), (time + 86_400, 0, 1.0.into())])
            .await;
        let query = NightsQuery {
            metric: Some("m,n".to_owned()),
            ..NightsQuery::default()
        };
        let now = at("2027-01-01T00:00:00Z");
        let answer = nights(&*fixture.store, &calendar("UTC"), now, &query).await.unwrap();
        let told: Vec<_> = answer
            .nights
            .iter()
            .map(|night| (night.frames, night.completeness))
            .collect();
        assert_eq!(told, [(1, Some(0.0)), (2, Some(0.5))]);
    }
}
