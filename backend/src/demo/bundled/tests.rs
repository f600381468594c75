use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::TryStreamExt as _;
use shared::time::TimeRange;
use shared::value::Value;

use super::*;
use crate::clock::ManualClock;
use crate::config::Config;
use crate::ingest::Limits;
use crate::store::memory::MemoryStore;
use crate::store::{CatalogueStore as _, ChannelFilter, FrameStore as _};

fn config() -> Config {
    crate::demo::config().unwrap()
}

fn options(config: &Config) -> BTreeMap<String, csv::Options> {
    let sources = config.csv.iter();
    sources
        .map(|(name, source)| (name.clone(), source.options().unwrap()))
        .collect()
}

async fn loaded() -> (Arc<MemoryStore>, Vec<Option<usize>>) {
    let config = config();
    let store = Arc::new(MemoryStore::new());
    let clock = Arc::new(ManualClock::new("2026-11-20T22:00:00Z".parse().unwrap()));
    let writer = Writer::new(
        Arc::clone(&store) as Arc<dyn Store>,
        clock,
        Limits::default(),
        config.metrics.clone(),
    );
    let mut counts = Vec::new();
    for bundle in &MEASUREMENTS {
        counts.push(load(bundle, &options(&config), store.as_ref(), &writer).await.unwrap());
    }
    for bundle in &MEASUREMENTS {
        assert_eq!(
            load(bundle, &options(&config), store.as_ref(), &writer).await.unwrap(),
            None
        );
    }
    (store, counts)
}

/// The samples of a metric with one channel.
async fn samples(store: &MemoryStore, metric: &str) -> Vec<(String, Value)> {
    let metrics = store.metrics().await.unwrap();
    let metric = metrics.iter().find(|known| known.name == metric).unwrap();
    assert_eq!(metric.channel_labels.len(), 1);
    let chunks: Vec<_> = store
        .scan(metric.id, TimeRange::ALL, ChannelFilter::All)
        .try_collect()
        .await
        .unwrap();
    let frames = chunks.into_iter().flatten();
    frames
        .map(|frame| (frame.time.to_string(), frame.samples[0].value))
        .collect()
}

#[tokio::test]
async fn every_table_is_loaded_once_and_holds_what_its_file_holds() {
    let (store, counts) = loaded().await;
    assert_eq!(
        counts,
        [Some(15 * 1440), Some(15 * 1440), Some(22_695), Some(7_267), Some(2_592)]
    );
    let check = async |metric: &str, n_samples: usize, expected: &[(usize, &str, Option<f64>)]| {
        let samples = samples(&store, metric).await;
        assert_eq!(samples.len(), n_samples, "{metric}");
        for (index, time, value) in expected {
            assert_eq!(
                samples[*index],
                ((*time).to_owned(), Value::from(*value)),
                "{metric} {index}"
            );
        }
    };
    // First and last line of each file, read by eye.
    let day = |first, last| {
        [
            (0, "2016-01-01T00:00:00Z", Some(first)),
            (1439, "2016-01-01T23:59:00Z", Some(last)),
        ]
    };
    check("surfrad.temp", 1440, &day(-7.6, -8.5)).await;
    check("surfrad.zen", 1440, &day(91.65, 91.34)).await;
    check("surfrad.pressure", 1440, &day(773.5, 777.0)).await;
    check("surfrad.par", 1440, &[(700, "2016-01-01T11:40:00Z", None)]).await;
    let day = |first, last| [(0, "2018-10-18T07:00:00Z", first), (1439, "2018-10-19T06:59:00Z", last)];
    check("midc.air_temperature", 1440, &day(Some(16.1), Some(17.25))).await;
    check(
        "midc.station_pressure",
        1440,
        &day(Some(927.935), Some(927.136_000_000_000_1)),
    )
    .await;
    check("midc.temp_chp1", 1440, &day(None, None)).await;
    check("midc.temp_chp1", 1440, &[(1, "2018-10-18T07:01:00Z", Some(-373.4))]).await;
    let first = (0, "2013-12-02T21:15:00Z", Some(73.967_322_07));
    check(
        "nab.machine_temperature",
        22_683,
        &[first, (22_682, "2014-02-19T15:25:00Z", Some(96.903_860_85))],
    )
    .await;
    let last = (7266, "2014-05-28T15:00:00Z", Some(72.584_088_58));
    check(
        "nab.ambient_temperature",
        7267,
        &[(0, "2013-07-04T00:00:00Z", Some(69.880_835_14)), last],
    )
    .await;
    check("apollo.lpx", 648, &[(1, "1971-08-02T23:12:49.632Z", Some(508.0))]).await;
    check("apollo.tmp", 81, &[(80, "1971-08-02T23:14:26.689Z", Some(557.0))]).await;
}

#[tokio::test]
async fn the_configuration_describes_every_metric_and_the_dashboards_name_no_other() {
    let (store, _) = loaded().await;
    let described: BTreeSet<String> = config().metrics.into_keys().collect();
    let stored = store.metrics().await.unwrap().into_iter().map(|metric| metric.name);
    let simulations = crate::demo::simulations().unwrap();
    let simulated = simulations.iter().flat_map(|source| source.metrics());
    let existing: BTreeSet<String> = stored.chain(simulated.map(|metric| metric.name.to_owned())).collect();
    assert_eq!(described, existing);
    for dashboard in config().dashboards {
        for tab in dashboard.tabs {
            // What does not exist looks like an error, and that is what this tab shows.
            let is_missing = |metric: &str| tab.id == "error" && metric == "gallery.missing";
            for panel in &tab.panels {
                for metric in panel.show.metrics() {
                    assert!(
                        existing.contains(metric) || is_missing(metric),
                        "{}: {metric}",
                        panel.id
                    );
                }
            }
        }
    }
}

#[test]
fn the_camera_and_its_place_are_known() {
    let config = crate::demo::config().unwrap();
    assert!(config.site.has_sky && config.place.is_some());
    let geometry = &config.geometries["lstcam"];
    assert_eq!((geometry.x_m.len(), geometry.module.iter().max()), (1855, Some(&264)));
}
