use proptest::prelude::*;
use shared::value::Value;

use super::*;
use crate::query::fixture::{Fixture, at_secs};
use crate::store::{CatalogueStore as _, Channels, Frame, FrameStore as _};

fn query(format: ExportFormat) -> ExportQuery {
    ExportQuery {
        metric: "m".to_owned(),
        channels: ChannelSelection::All,
        from: at_secs(-10),
        to: at_secs(10_000_000),
        format,
    }
}

async fn exported(fixture: &Fixture, query: &ExportQuery) -> Vec<u8> {
    let export = Export::new(&*fixture.store, query).await.unwrap();
    let parts: Vec<Part> = export
        .stream(Arc::<crate::store::memory::MemoryStore>::clone(&fixture.store))
        .try_collect()
        .await
        .unwrap();
    parts.into_iter().flat_map(|part| part.bytes).collect()
}

async fn text(fixture: &Fixture, query: &ExportQuery) -> String {
    String::from_utf8(exported(fixture, query).await).unwrap()
}

/// Two channels with difficult labels and all kinds of values.
async fn difficult() -> Fixture {
    let fixture = Fixture::new(0, None).await;
    let labels = ["Höhe, \"Süd\"".to_owned(), String::new()];
    let metric = fixture.store.ensure_metric("m", &labels).await.unwrap();
    let values = [
        Value::NULL,
        Value::NAN,
        f64::INFINITY.into(),
        (-1e300).into(),
        0.1.into(),
        (-0.0).into(),
    ];
    let frames = values.iter().zip(0..).map(|(value, index)| Frame {
        metric_id: metric.id,
        time: Timestamp::from_micros(index - 1).unwrap(),
        arrival: Timestamp::from_micros(1_000_000 * index).unwrap(),
        channels: Channels::Sparse(vec![u32::try_from(index).unwrap() % 2]),
        values: vec![*value],
    });
    fixture.store.write(&frames.collect::<Vec<_>>()).await.unwrap();
    fixture
}

#[tokio::test]
async fn csv_tells_null_from_nan_and_quotes_what_it_must() {
    let fixture = difficult().await;
    insta::assert_snapshot!(text(&fixture, &query(ExportFormat::Csv)).await, @r#"
    time,channel,label,value,arrival
    1969-12-31T23:59:59.999999Z,0,"Höhe, ""Süd""",,1970-01-01T00:00:00.000000Z
    1970-01-01T00:00:00.000000Z,1,"",NaN,1970-01-01T00:00:01.000000Z
    1970-01-01T00:00:00.000001Z,0,"Höhe, ""Süd""",Infinity,1970-01-01T00:00:02.000000Z
    1970-01-01T00:00:00.000002Z,1,"",-1e300,1970-01-01T00:00:03.000000Z
    1970-01-01T00:00:00.000003Z,0,"Höhe, ""Süd""",0.1,1970-01-01T00:00:04.000000Z
    1970-01-01T00:00:00.000004Z,1,"",-0.0,1970-01-01T00:00:05.000000Z
    "#);
    let nothing = ExportQuery {
        from: at_secs(5),
        ..query(ExportFormat::Csv)
    };
    assert_eq!(text(&fixture, &nothing).await, "time,channel,label,value,arrival\n");
}

#[tokio::test]
async fn json_is_one_array_with_a_line_per_sample() {
    let fixture = difficult().await;
    let query = query(ExportFormat::Json);
    let text = text(&fixture, &query).await;
    insta::assert_snapshot!(text, @r#"
    [
    {"time":"1969-12-31T23:59:59.999999Z","channel":0,"label":"Höhe, \"Süd\"","value":null,"arrival":"1970-01-01T00:00:00.000000Z"},
    {"time":"1970-01-01T00:00:00.000000Z","channel":1,"label":"","value":"NaN","arrival":"1970-01-01T00:00:01.000000Z"},
    {"time":"1970-01-01T00:00:00.000001Z","channel":0,"label":"Höhe, \"Süd\"","value":"Infinity","arrival":"1970-01-01T00:00:02.000000Z"},
    {"time":"1970-01-01T00:00:00.000002Z","channel":1,"label":"","value":-1e+300,"arrival":"1970-01-01T00:00:03.000000Z"},
    {"time":"1970-01-01T00:00:00.000003Z","channel":0,"label":"Höhe, \"Süd\"","value":0.1,"arrival":"1970-01-01T00:00:04.000000Z"},
    {"time":"1970-01-01T00:00:00.000004Z","channel":1,"label":"","value":-0.0,"arrival":"1970-01-01T00:00:05.000000Z"}
    ]
    "#);
    serde_json::from_str::<Vec<serde_json::Value>>(&text).unwrap();
    let nothing = ExportQuery {
        from: at_secs(5),
        ..query
    };
    assert_eq!(exported(&fixture, &nothing).await, b"[\n]\n");
}

#[tokio::test]
async fn a_file_is_called_by_its_metric_and_range() {
    let fixture = Fixture::new(1, None).await;
    let name = async |metric: &str| {
        fixture.store.ensure_metric(metric, &[]).await.unwrap();
        let query = ExportQuery {
            metric: metric.to_owned(),
            ..query(ExportFormat::Parquet)
        };
        Export::new(&*fixture.store, &query).await.unwrap().file_name()
    };
    assert_eq!(name("m").await, "m_19691231T235950Z_19700426T174640Z.parquet");
    assert_eq!(
        name("../télescope \"1\"/a.b").await,
        "_télescope__1__a.b_19691231T235950Z_19700426T174640Z.parquet"
    );
}

#[tokio::test]
async fn the_band_and_unknown_channels_are_refused() {
    let fixture = Fixture::new(2, None).await;
    let refused = async |channels: &str| {
        let query = ExportQuery {
            channels: channels.parse().unwrap(),
            ..query(ExportFormat::Csv)
        };
        Export::new(&*fixture.store, &query).await.unwrap_err()
    };
    assert!(matches!(refused("band").await, Error::BandHasNoSamples));
    assert!(matches!(refused("2").await, Error::UnknownChannel { channel: 2, .. }));
}

#[tokio::test]
async fn who_takes_the_file_slowly_gets_all_of_it_once() {
    let fixture = Fixture::new(1, None).await;
    let samples: Vec<_> = (0..200_000_i32)
        .map(|secs| (i64::from(secs), 0, f64::from(secs).into()))
        .collect();
    fixture.write(&samples).await;
    let query = query(ExportFormat::Csv);
    let at_once = text(&fixture, &query).await;
    assert_eq!(at_once.lines().count(), 200_001);
    let export = Export::new(&*fixture.store, &query).await.unwrap();
    // Without patience every part that finds no room ends the scan, and another one is begun behind it.
    let parts: Vec<Part> = export
        .stream_with(
            Arc::<crate::store::memory::MemoryStore>::clone(&fixture.store),
            Duration::ZERO,
        )
        .try_collect()
        .await
        .unwrap();
    assert_eq!(parts.last().unwrap().n_rows, 200_000);
    let slowly: Vec<u8> = parts.into_iter().flat_map(|part| part.bytes).collect();
    assert!(slowly == at_once.into_bytes());
}

/// The value of a row of CSV, read by someone who knows nothing of how it was written.
fn read_value(text: &str) -> Value {
    match text {
        "" => Value::NULL,
        number => number.parse::<f64>().unwrap().into(),
    }
}

proptest! {
    #[test]
    fn csv_gives_back_every_value_and_time(
        samples in prop::collection::btree_map(-5_000_000_i64..5_000_000, any::<Option<f64>>(), 0..50),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let text = runtime.block_on(async {
            let fixture = Fixture::new(1, None).await;
            let metric_id = fixture.store.ensure_metric("m", &[]).await.unwrap().id;
            let frames = samples.iter().map(|(time_us, value)| Frame {
                metric_id,
                time: Timestamp::from_micros(*time_us).unwrap(),
                arrival: Timestamp::EPOCH,
                channels: Channels::Dense,
                values: vec![(*value).into()],
            });
            fixture.store.write(&frames.collect::<Vec<_>>()).await.unwrap();
            text(&fixture, &query(ExportFormat::Csv)).await
        });
        let read: Vec<(i64, Value)> = text.lines().skip(1).map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            (fields[0].parse::<Timestamp>().unwrap().as_micros(), read_value(fields[3]))
        }).collect();
        let written: Vec<(i64, Value)> = samples.into_iter().map(|(time_us, value)| (time_us, value.into())).collect();
        prop_assert_eq!(read, written);
    }
}
