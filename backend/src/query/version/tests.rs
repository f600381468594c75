use std::sync::Arc;

use shared::value::Value;

use super::*;
use crate::pyramid::Pyramid;
use crate::query::fixture::{Fixture, at_secs};
use crate::store::{CatalogueStore as _, MetricProperties};

const NOW_SECS: i64 = 100_000;

async fn version(fixture: &Fixture, to_secs: i64) -> Option<String> {
    let version = Version::of_past(&*fixture.store, at_secs(NOW_SECS), "m", at_secs(to_secs)).await;
    version.unwrap().map(Version::text)
}

/// A sample a second for 10 000 seconds, and the tiles over them.
async fn filled() -> Fixture {
    let fixture = Fixture::new(2, Some(1)).await;
    let samples: Vec<(i64, u32, Value)> = (0..10_000).map(|secs| (secs, 0, 1.5.into())).collect();
    fixture.write(&samples).await;
    let metric = fixture.store.metric_by_name("m").await.unwrap().unwrap();
    let store: Arc<dyn Store> = Arc::<crate::store::memory::MemoryStore>::clone(&fixture.store);
    Pyramid::new(store).catch_up_metric(&metric).await.unwrap();
    fixture
}

#[tokio::test]
async fn the_last_hour_the_unknown_and_what_has_no_tiles_have_no_version() {
    let fixture = filled().await;
    let last_settled = NOW_SECS - 3600;
    assert!(version(&fixture, last_settled).await.is_some());
    assert_eq!(version(&fixture, last_settled + 1).await, None);
    assert_eq!(version(&fixture, NOW_SECS * 2).await, None);
    let unknown = Version::of_past(&*fixture.store, at_secs(NOW_SECS), "n", at_secs(10)).await;
    assert!(unknown.unwrap().is_none());
    let bare = Fixture::new(1, None).await;
    bare.write(&[(0, 0, 1.0.into())]).await;
    assert_eq!(version(&bare, 10).await, None);
}

#[tokio::test]
async fn a_version_stays_until_something_is_written_before_its_end() {
    // In the middle, between the last tile and the newest frame, and beyond the newest frame.
    for to_secs in [5_000, 9_990, 20_000] {
        let fixture = filled().await;
        let mut last = version(&fixture, to_secs).await.unwrap();
        assert_eq!(version(&fixture, to_secs).await.unwrap(), last);
        // After the range and all frames. A version that names the newest frame moves once with it.
        fixture.write(&[(30_000, 0, 1.5.into())]).await;
        let next = version(&fixture, to_secs).await.unwrap();
        assert_eq!(next == last, to_secs < 10_000, "to {to_secs}");
        last = next;
        fixture.write(&[(30_001, 0, 1.5.into())]).await;
        assert_eq!(version(&fixture, to_secs).await.unwrap(), last, "to {to_secs}");
        let late = [
            (to_secs - 1, 0, 2.5.into()),
            // The same again is another writing: its arrival is another one.
            (to_secs - 1, 0, 2.5.into()),
            (0, 1, Value::NULL),
            (-5, 0, Value::NAN),
        ];
        for sample in late {
            fixture.write(&[sample]).await;
            let next = version(&fixture, to_secs).await.unwrap();
            assert_ne!(next, last, "to {to_secs}, written {sample:?}");
            last = next;
        }
    }
}

#[tokio::test]
async fn what_becomes_known_of_a_metric_changes_its_version() {
    let fixture = filled().await;
    let metric = fixture.store.metric_by_name("m").await.unwrap().unwrap();
    let mut seen = vec![version(&fixture, 5_000).await.unwrap()];
    let properties = MetricProperties {
        title: "Voltage".to_owned(),
        ..metric.properties
    };
    fixture.store.set_properties(metric.id, &properties).await.unwrap();
    seen.push(version(&fixture, 5_000).await.unwrap());
    fixture.store.ensure_metric("m", &["south".to_owned()]).await.unwrap();
    seen.push(version(&fixture, 5_000).await.unwrap());
    seen.dedup();
    assert_eq!(seen.len(), 3);
}
