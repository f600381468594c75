use std::sync::Arc;

use shared::query::envelope::EnvelopeQuery;
use shared::value::Value;

use super::*;
use crate::pyramid::Pyramid;
use crate::query::envelope::tests::assert_same;
use crate::query::envelope::{by_brute_force, envelope};
use crate::store::memory::MemoryStore;
use crate::store::{CatalogueStore as _, Channels, Frame, FrameStore as _, Store, StoredMetric};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn policy(default: (&str, &str), own: (&str, &str)) -> Policy {
    let duration = |text: &str| match text {
        "" => None,
        "forever" => Some(Duration::Forever),
        days => Some(Duration::Micros(days.parse::<i64>().unwrap() * MICROS_PER_DAY)),
    };
    let keep = |(samples, pyramid)| Keep {
        samples: duration(samples),
        pyramid: duration(pyramid),
    };
    Policy {
        default: keep(default),
        metrics: [("m".to_owned(), keep(own))].into(),
    }
}

#[test]
fn what_is_said_of_a_metric_wins_and_whole_days_go() {
    let now = at("2026-11-20T03:12:48Z");
    let horizons = |default, own| {
        let horizons = policy(default, own).horizons("m", now)?;
        Some((
            horizons.samples.to_string(),
            horizons.pyramid.map(|pyramid| pyramid.to_string()),
        ))
    };
    let on = |samples: &str, pyramid: Option<&str>| {
        let midnight = |date: &str| format!("{date}T00:00:00Z");
        Some((midnight(samples), pyramid.map(midnight)))
    };
    assert_eq!(horizons(("", ""), ("", "")), None);
    assert_eq!(horizons(("10", ""), ("", "")), on("2026-11-10", None));
    assert_eq!(horizons(("10", ""), ("forever", "")), None);
    assert_eq!(horizons(("10", ""), ("20", "")), on("2026-10-31", None));
    assert_eq!(horizons(("10", "15"), ("", "")), on("2026-11-10", Some("2026-11-05")));
    assert_eq!(horizons(("10", "15"), ("", "30")), on("2026-11-10", Some("2026-10-21")));
    // The pyramid of samples is never kept shorter than they are.
    assert_eq!(horizons(("10", "15"), ("20", "")), on("2026-10-31", None));
    assert_eq!(
        horizons(("10", "forever"), ("", "")),
        on("2026-11-10", Some("0000-01-01"))
    );
}

#[test]
fn a_sample_that_is_too_old_is_refused_with_what_to_change() {
    let gate = Gate::new(policy(("", ""), ("10", "")));
    let now = at("2026-11-20T12:00:00Z");
    assert_eq!(gate.check("m", at("2026-11-10T12:00:00Z"), now), Ok(()));
    assert_eq!(gate.check("other", at("1971-11-10T12:00:00Z"), now), Ok(()));
    insta::assert_snapshot!(gate.check("m", at("2026-11-10T11:59:59Z"), now).unwrap_err(), @r#"its time 2026-11-10T11:59:59Z is older than samples of "m" are kept, 10 days; set a longer keep in the configuration"#);
    gate.stands_until("m", at("2026-11-12T00:00:00Z"));
    assert_eq!(gate.check("m", at("2026-11-12T00:00:00Z"), now), Ok(()));
    insta::assert_snapshot!(gate.check("m", at("2026-11-11T23:59:59Z"), now).unwrap_err(), @r#"its time 2026-11-11T23:59:59Z lies where samples of "m" are forgotten, before 2026-11-12T00:00:00Z; what is kept of them cannot be added to"#);
}

const CHANNELS: u32 = 3;

/// Six days of one frame every ten minutes, with nulls and NaN, and a gap of a day.
fn frames(metric: &StoredMetric) -> Vec<Frame> {
    let start = at("2026-11-14T00:00:00Z");
    let frame = |index: i64| Frame {
        metric_id: metric.id,
        time: start.saturating_add_micros(index * 600_000_000),
        arrival: start,
        channels: Channels::Dense,
        values: (0..i64::from(CHANNELS))
            .map(|channel| match (index * 7 + channel * 3) % 41 {
                0 => Value::NULL,
                1 => Value::NAN,
                other => Value::number(other as f64 / 4.0),
            })
            .collect(),
    };
    (0..6 * 144)
        .filter(|index| !(150..290).contains(index))
        .map(frame)
        .collect()
}

async fn filled() -> (Arc<dyn Store>, StoredMetric) {
    let store = MemoryStore::new();
    let labels: Vec<String> = (0..CHANNELS).map(|channel| channel.to_string()).collect();
    let metric = store.ensure_metric("m", &labels).await.unwrap();
    store.write(&frames(&metric)).await.unwrap();
    (Arc::new(store), metric)
}

fn queries() -> impl Iterator<Item = EnvelopeQuery> {
    let ranges = [
        ("2026-11-13T00:00:00Z", "2026-11-21T00:00:00Z"),
        ("2026-11-14T03:17:00Z", "2026-11-16T21:01:00Z"),
        ("2026-11-16T23:00:00Z", "2026-11-17T03:10:00.000001Z"),
    ];
    ranges.into_iter().flat_map(|(from, to)| {
        [1, 7, 40, 1000].into_iter().flat_map(move |columns| {
            ["all", "band", "1"].into_iter().map(move |channels| EnvelopeQuery {
                metric: "m".to_owned(),
                channels: channels.parse().unwrap(),
                from: at(from),
                to: at(to),
                columns,
            })
        })
    })
}

#[tokio::test]
async fn answers_after_forgetting_are_brute_force_over_what_is_left() {
    let (store, metric) = filled().await;
    let pyramid = Pyramid::new(Arc::clone(&store));
    for query in queries() {
        envelope(&pyramid, &query).await.unwrap();
    }
    let gate = Gate::new(policy(("4", ""), ("", "")));
    let now = at("2026-11-20T12:00:00Z");
    let n_frames = prune(&pyramid, &gate, now).await.unwrap();
    let left = frames(&metric)
        .into_iter()
        .filter(|frame| at("2026-11-16T00:00:00Z") <= frame.time)
        .count();
    assert_eq!(n_frames, (frames(&metric).len() - left) as u64);
    assert_eq!(
        store.span(metric.id).await.unwrap().unwrap().0,
        at("2026-11-16T00:20:00Z")
    );
    for query in queries() {
        let expected = by_brute_force(&*store, &query).await.unwrap();
        assert_same(&envelope(&pyramid, &query).await.unwrap(), &expected);
    }
    assert_eq!(prune(&pyramid, &gate, now).await.unwrap(), 0);
    assert_eq!(Pyramid::new(store).verify(&metric).await.unwrap().differences, []);
}

#[tokio::test]
async fn where_tiles_stand_answers_are_as_before_through_rebuilds_and_restarts() {
    let (store, metric) = filled().await;
    let (untouched, _) = filled().await;
    let gate = Gate::new(policy(("4", "forever"), ("", "")));
    let now = at("2026-11-20T12:00:00Z");
    let check = async |pyramid: &Pyramid| {
        for query in queries() {
            let expected = by_brute_force(&*untouched, &query).await.unwrap();
            assert_same(&envelope(pyramid, &query).await.unwrap(), &expected);
        }
    };
    let pyramid = Pyramid::new(Arc::clone(&store));
    // Nothing was ever asked or derived before.
    assert!(0 < prune(&pyramid, &gate, now).await.unwrap());
    let first = store.span(metric.id).await.unwrap().unwrap().0;
    assert!(
        at("2026-11-14T00:00:00Z") < first && first <= at("2026-11-16T00:20:00Z"),
        "{first}"
    );
    check(&pyramid).await;
    check(&Pyramid::new(Arc::clone(&store))).await;
    let verified = Pyramid::new(Arc::clone(&store)).verify(&metric).await.unwrap();
    assert_eq!(verified.differences, []);
    assert!(0 < verified.standing && verified.standing < verified.tiles);

    store.tiles().drop_tiles(metric.id).await.unwrap();
    let rebuilt = Pyramid::new(Arc::clone(&store));
    rebuilt.catch_up_metric(&metric).await.unwrap();
    check(&rebuilt).await;

    // Another interval wants another lattice, for which there is nothing to derive it from.
    let mut properties = metric.properties.clone();
    properties.interval_micros = Some(7_000_000);
    store.set_properties(metric.id, &properties).await.unwrap();
    untouched.set_properties(metric.id, &properties).await.unwrap();
    check(&Pyramid::new(Arc::clone(&store))).await;

    // Days go by, until the last whole tile stands; and those go in their own time.
    prune(&rebuilt, &gate, at("2027-01-01T00:00:00Z")).await.unwrap();
    check(&Pyramid::new(Arc::clone(&store))).await;
    let gate = Gate::new(policy(("4", "30"), ("", "")));
    prune(&rebuilt, &gate, at("2026-12-16T00:00:00Z")).await.unwrap();
    let standing = store
        .tiles()
        .tile_state(metric.id)
        .await
        .unwrap()
        .unwrap()
        .standing
        .unwrap();
    assert!(at("2026-11-14T00:00:00Z") < standing.start() && standing.start() <= at("2026-11-16T00:00:00Z"));
    let gate = Gate::new(policy(("4", ""), ("", "")));
    prune(&rebuilt, &gate, at("2027-12-16T00:00:00Z")).await.unwrap();
    assert_eq!(store.tiles().list_tiles(metric.id).await.unwrap(), []);
    assert_eq!(store.span(metric.id).await.unwrap(), None);
}
