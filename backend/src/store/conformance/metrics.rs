//! Metrics, their channels and their properties.

use shared::metric::MetricKind;

use super::{labels, metric};
use crate::store::{MetricId, MetricProperties, Store};

pub(in crate::store) async fn a_metric_is_made_once(store: &dyn Store) {
    let made = store.ensure_metric("hall/temperature °C", &labels(2)).await.unwrap();
    assert_eq!(made.channel_labels, ["0", "1"]);
    assert_eq!(made.properties, MetricProperties::default());
    assert_eq!(
        store.metric_by_name("hall/temperature °C").await.unwrap().as_ref(),
        Some(&made)
    );
    assert_eq!(store.metric_by_name("hall").await.unwrap(), None);
    let again = store.ensure_metric("hall/temperature °C", &labels(1)).await.unwrap();
    assert_eq!(again, made);
    let other = store.ensure_metric("Hall/temperature °C", &[]).await.unwrap();
    assert_ne!(other.id, made.id);
    assert!(other.channel_labels.is_empty());
}

pub(in crate::store) async fn metrics_are_listed_by_rising_id(store: &dyn Store) {
    assert!(store.metrics().await.unwrap().is_empty());
    for name in ["b", "a", "c"] {
        metric(store, name, 1).await;
    }
    let listed = store.metrics().await.unwrap();
    assert!(listed.is_sorted_by_key(|metric| metric.id));
    assert_eq!(
        listed.iter().map(|metric| metric.name.as_str()).collect::<Vec<_>>(),
        ["b", "a", "c"]
    );
}

pub(in crate::store) async fn labels_become_channels_in_order_and_each_once(store: &dyn Store) {
    let ensure = async |labels: &[&str]| {
        let labels: Vec<String> = labels.iter().map(|label| (*label).to_owned()).collect();
        store.ensure_metric("m", &labels).await.unwrap().channel_labels
    };
    assert_eq!(ensure(&["north", "south"]).await, ["north", "south"]);
    assert_eq!(
        ensure(&["west", "north", "east", "west"]).await,
        ["north", "south", "west", "east"]
    );
    assert_eq!(ensure(&["east"]).await, ["north", "south", "west", "east"]);
    assert_eq!(
        store.metrics().await.unwrap()[0].channel_labels,
        ["north", "south", "west", "east"]
    );
}

pub(in crate::store) async fn metrics_made_side_by_side_are_one(store: &dyn Store) {
    let mine = |label: &str| [label.to_owned()];
    let (a, b, c, d) = (mine("a"), mine("b"), mine("c"), mine("a"));
    let made = futures_util::future::join_all([&a, &b, &c, &d].map(|labels| store.ensure_metric("m", labels))).await;
    let ids: Vec<MetricId> = made.into_iter().map(|metric| metric.unwrap().id).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let listed = store.metrics().await.unwrap();
    assert_eq!(listed.len(), 1);
    let mut channels = listed[0].channel_labels.clone();
    channels.sort();
    assert_eq!(channels, ["a", "b", "c"]);
}

pub(in crate::store) async fn properties_are_replaced(store: &dyn Store) {
    let id = metric(store, "m", 1).await;
    let properties = MetricProperties {
        title: "Høyspenning".to_owned(),
        unit: "V".to_owned(),
        kind: MetricKind::Counter,
        interval_micros: Some(60_000_000),
    };
    store.set_properties(id, &properties).await.unwrap();
    assert_eq!(store.metrics().await.unwrap()[0].properties, properties);
    assert_eq!(
        store.ensure_metric("m", &labels(3)).await.unwrap().properties,
        properties
    );
    store.set_properties(id, &MetricProperties::default()).await.unwrap();
    let listed = store.metrics().await.unwrap();
    assert_eq!(listed[0].properties, MetricProperties::default());
    assert_eq!(listed[0].channel_labels.len(), 3);
    store.set_properties(MetricId(id.0 + 1), &properties).await.unwrap();
    assert_eq!(store.metrics().await.unwrap(), listed);
}
