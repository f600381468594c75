//! Collections that a site has already, in the layout of the camera of LST.

use mongodb::bson::Bson;
use shared::query::envelope::{Envelope, EnvelopeQuery};

use super::*;
use crate::pyramid::Pyramid;
use crate::query::envelope::tests::assert_same;
use crate::query::envelope::{by_brute_force, envelope};

/// A minute of the night on which the documents are.
fn minute(number: i64) -> DateTime {
    DateTime::from_millis(1_764_950_400_000 + 60_000 * number)
}

fn micros(number: i64) -> i64 {
    minute(number).timestamp_millis() * 1000
}

/// Documents as the camera's own program writes them.
async fn fill(database: &TestDatabase) {
    let plain = database.plain().await;
    let minutes: Collection<Document> = plain.collection("CLUSCO_min");
    let mut documents = Vec::new();
    for number in 0..3 {
        let temperatures: Vec<f64> = (0..4).map(|channel| f64::from(channel) + number as f64 / 4.0).collect();
        documents.push(doc! {
            "name": "scb_pixel_temperature", "date": minute(number), "avg": temperatures, "max": [50.0, 51.0, 52.0, 53.0],
        });
        documents.push(
            doc! { "name": "clusco_l1_rate_max", "date": minute(number), "avg": 400 + i32::try_from(number).unwrap() },
        );
    }
    documents
        .push(doc! { "name": "scb_pixel_temperature", "date": minute(3), "avg": [1.0, Bson::Null, f64::NAN, 4.0] });
    minutes.insert_many(documents).await.unwrap();
    let rates: Collection<Document> = plain.collection("TIB_min");
    let rate = doc! { "name": "TIB_Rates_BUSYRate", "date": minute(1), "avg": 7.5 };
    rates.insert_one(rate).await.unwrap();
}

fn url(database: &TestDatabase, options: &str) -> String {
    let separator = if database.url.contains('?') { '&' } else { '?' };
    format!(
        "{}{separator}collections=CLUSCO_min:avg,CLUSCO_min:max,TIB_min:avg{options}",
        database.url
    )
}

async fn named(store: &MongoStore, name: &str) -> StoredMetric {
    store.metric_by_name(name).await.unwrap().unwrap()
}

/// What both ways of opening must show.
async fn check_reading(store: &MongoStore) {
    let listed = store.metrics().await.unwrap();
    let mut listed: Vec<(String, usize)> = listed
        .into_iter()
        .map(|metric| (metric.name, metric.channel_labels.len()))
        .collect();
    listed.sort();
    let expected = [
        ("CLUSCO_min.clusco_l1_rate_max", 1),
        ("CLUSCO_min.scb_pixel_temperature", 4),
        ("CLUSCO_min.scb_pixel_temperature.max", 4),
        ("TIB_min.TIB_Rates_BUSYRate", 1),
    ];
    assert_eq!(listed, expected.map(|(name, n_channels)| (name.to_owned(), n_channels)));

    let temperature = named(store, "CLUSCO_min.scb_pixel_temperature").await;
    assert_eq!(temperature.channel_labels, ["0", "1", "2", "3"]);
    let id = temperature.id;
    assert_eq!(all(store, id).await.len(), 16);
    assert_eq!(store.span(id).await.unwrap(), Some((at(micros(0)), at(micros(3)))));
    assert_eq!(
        store.newest_before(id, at(micros(3))).await.unwrap(),
        Some(at(micros(2)))
    );
    let ranges = [
        TimeRange::new(at(micros(0)), at(micros(2))).unwrap(),
        TimeRange::new(at(micros(0) + 1), at(micros(2) + 1)).unwrap(),
    ];
    assert_eq!(store.count_frames(id, &ranges).await.unwrap(), [2, 2]);
    let latest = store.latest(id).await.unwrap();
    let values: Vec<String> = latest.iter().map(|(_, sample)| sample.value.to_string()).collect();
    assert_eq!(values, ["1", "null", "NaN", "4"]);
    assert!(
        latest
            .iter()
            .all(|(time, sample)| *time == at(micros(3)) && sample.arrival == *time)
    );

    let rate = named(store, "CLUSCO_min.clusco_l1_rate_max").await;
    let expected: Vec<_> = (0..3)
        .map(|number| (micros(number), 0, (400.0 + number as f64).into()))
        .collect();
    assert_eq!(all(store, rate.id).await, expected);
    let maxima = named(store, "CLUSCO_min.scb_pixel_temperature.max").await;
    let latest = store.latest(maxima.id).await.unwrap();
    assert_eq!(latest.len(), 4);
    assert_eq!((latest[3].0, latest[3].1.value), (at(micros(2)), 53.0.into()));
}

#[tokio::test]
async fn a_site_is_read_and_left_as_it_is() {
    let database = TestDatabase::new();
    fill(&database).await;
    let store = MongoStore::open(&url(&database, "&readOnly=true")).await.unwrap();
    check_reading(&store).await;
    let metric = named(&store, "TIB_min.TIB_Rates_BUSYRate").await;
    let refused = [
        store.write(&[frame(metric.id, 0, &[1.0.into()])]).await,
        store.ensure_metric("TIB_min.new", &["0".to_owned()]).await.map(drop),
        store.ensure_metric("own", &[]).await.map(drop),
        store.ensure_metric(&metric.name, &["east".to_owned()]).await.map(drop),
    ];
    for refused in refused {
        assert!(matches!(refused, Err(Error::ReadOnly(_))), "{refused:?}");
    }
    // What is known already may be named, and told more of, in this process.
    assert_eq!(
        store.ensure_metric(&metric.name, &["0".to_owned()]).await.unwrap(),
        metric
    );
    let properties = MetricProperties {
        unit: "Hz".to_owned(),
        ..MetricProperties::default()
    };
    store.set_properties(metric.id, &properties).await.unwrap();
    assert_eq!(named(&store, &metric.name).await.properties, properties);
    store.close().await;
    let mut names = database.plain().await.list_collection_names().await.unwrap();
    names.sort();
    assert_eq!(names, ["CLUSCO_min", "TIB_min"]);
}

#[tokio::test]
async fn a_site_is_read_and_written_where_it_is() {
    let database = TestDatabase::new();
    fill(&database).await;
    let store = MongoStore::open(&url(&database, "")).await.unwrap();
    check_reading(&store).await;
    let id = named(&store, "CLUSCO_min.scb_pixel_temperature").await.id;
    let late = Frame {
        channels: Channels::Sparse(vec![2]),
        ..frame(id, micros(0), &[9.5.into()])
    };
    let new = frame(id, micros(4), &[1.0, 2.0, 3.0, 4.0].map(Value::number));
    store.write(&[late, new]).await.unwrap();
    let samples = all(&store, id).await;
    assert_eq!(samples.len(), 20);
    assert_eq!(samples[1..3], [(micros(0), 1, 1.0.into()), (micros(0), 2, 9.5.into())]);
    assert_eq!(store.latest(id).await.unwrap()[2].1.value, 3.0.into());
    let minutes: Collection<Document> = database.plain().await.collection("CLUSCO_min");
    let filter = doc! { "name": "scb_pixel_temperature" };
    assert_eq!(minutes.count_documents(filter.clone()).await.unwrap(), 5);
    let mut filter = filter;
    filter.insert("date", minute(0));
    let first = minutes.find_one(filter).await.unwrap().unwrap();
    // What is not ours stays, what was asked for is changed.
    assert_eq!(first.get_array("max").unwrap().len(), 4);
    assert_eq!(first.get_array("avg").unwrap(), &[0.0, 1.0, 9.5, 3.0].map(Bson::from));
    store.close().await;
}

#[tokio::test]
async fn documents_of_one_time_are_one_frame() {
    let database = TestDatabase::new();
    fill(&database).await;
    let minutes: Collection<Document> = database.plain().await.collection("CLUSCO_min");
    let again = doc! { "name": "scb_pixel_temperature", "date": minute(3), "avg": [8.0] };
    minutes.insert_one(again).await.unwrap();
    let store = MongoStore::open(&url(&database, "")).await.unwrap();
    let id = named(&store, "CLUSCO_min.scb_pixel_temperature").await.id;
    let samples = all(&store, id).await;
    assert_eq!(samples.len(), 16);
    assert_eq!(
        (samples[12], samples[15]),
        ((micros(3), 0, 8.0.into()), (micros(3), 3, 4.0.into()))
    );
    store.write(&[frame(id, micros(3), &[7.0.into()])]).await.unwrap();
    assert_eq!(all(&store, id).await[12], (micros(3), 0, 7.0.into()));
    store.close().await;
}

#[tokio::test]
async fn what_a_site_adds_becomes_known() {
    let database = TestDatabase::new();
    fill(&database).await;
    let store = MongoStore::open(&url(&database, "&readOnly=true")).await.unwrap();
    let before = store.metrics().await.unwrap();
    let minutes: Collection<Document> = database.plain().await.collection("CLUSCO_min");
    let added = doc! { "name": "scb_humidity", "date": minute(4), "avg": [30.0, 31.0] };
    minutes.insert_one(added).await.unwrap();
    let noticing = async {
        while store.metrics().await.unwrap().len() == before.len() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), noticing)
        .await
        .unwrap();
    assert_eq!(named(&store, "CLUSCO_min.scb_humidity").await.channel_labels.len(), 2);
    // The others keep their numbers.
    let after = store.metrics().await.unwrap();
    assert!(before.iter().all(|metric| after.contains(metric)));
    store.close().await;
}

#[tokio::test]
async fn questions_about_a_site_are_answered_without_tiles_and_see_what_others_write() {
    let database = TestDatabase::new();
    fill(&database).await;
    let minutes: Collection<Document> = database.plain().await.collection("CLUSCO_min");
    let documents =
        (10..3000).map(|number| doc! { "name": "clusco_l1_rate_max", "date": minute(number), "avg": number as f64 });
    minutes.insert_many(documents).await.unwrap();
    let query = EnvelopeQuery {
        metric: "CLUSCO_min.clusco_l1_rate_max".to_owned(),
        channels: "0".parse().unwrap(),
        from: at(micros(0)),
        to: at(micros(3000)),
        columns: 10,
    };
    for options in ["&readOnly=true", ""] {
        let store: Arc<dyn Store> = Arc::new(MongoStore::open(&url(&database, options)).await.unwrap());
        let pyramid = Pyramid::new(Arc::clone(&store));
        // Others rewrite a past that was asked for before.
        for value in [5000.0, 6000.0] {
            let spike = doc! { "$set": { "avg": value } };
            let mut document = doc! { "name": "clusco_l1_rate_max" };
            document.insert("date", minute(500));
            minutes.update_one(document, spike).await.unwrap();
            let Envelope::Columns { series, .. } = envelope(&pyramid, &query).await.unwrap() else {
                unreachable!("3000 samples in 10 columns")
            };
            assert!(series[0].max.contains(&value), "{series:?}");
            assert_same(
                &envelope(&pyramid, &query).await.unwrap(),
                &by_brute_force(&*store, &query).await.unwrap(),
            );
        }
        let metric = store.metric_by_name(&query.metric).await.unwrap().unwrap();
        assert_eq!(pyramid.catch_up_metric(&metric).await.unwrap(), None);
        assert_eq!(pyramid.verify(&metric).await.unwrap().tiles, 0);
        let sizes = store.tiles().stored_sizes(metric.id).await.unwrap();
        assert_eq!((sizes.frames, sizes.values, sizes.tiles), (2993, 2993, 0));
        store.close().await;
    }
}
