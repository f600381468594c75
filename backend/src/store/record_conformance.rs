//! One suite for every store on records and events; a store joins by `record_conformance!(Harness)`, beside `store_conformance!`.

use futures_util::future;
use serde_json::{Value as Json, json};
use shared::time::{TimeRange, Timestamp};

use super::records::{Applied, Event, EventOrder, EventQuery, Expected, MAX_BODY_BYTES, MAX_KEY_BYTES, RecordChange};
use super::{Error, Store};

/// Stamps every test of the suite onto a store.
macro_rules! record_conformance {
    ($harness:ty) => {
        record_conformance!(@each $harness:
            a_record_is_put_replaced_and_deleted
            a_change_is_made_only_where_its_expectation_holds
            a_batch_of_changes_is_made_whole_or_not_at_all
            changes_see_those_before_them_in_the_batch
            of_two_writers_at_once_one_conflicts
            counting_by_many_at_once_loses_no_step
            records_come_by_rising_key_and_collections_are_apart
            events_are_of_a_range_in_order_and_no_more_than_asked_for
            events_of_one_time_stay_in_their_order
            json_survives
            what_cannot_be_kept_everywhere_is_refused_everywhere
            a_closed_store_refuses_records
        );
    };
    (@each $harness:ty: $($test:ident)*) => {
        $(
            #[tokio::test]
            async fn $test() {
                use $crate::store::conformance::Harness as _;
                let (store, _guard) = <$harness>::empty().await;
                $crate::store::record_conformance::$test(&*store).await;
                store.close().await;
            }
        )*
    };
}
pub(super) use record_conformance;

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap()
}

fn put(key: &str, expected: Expected, body: &str) -> RecordChange {
    put_in("c", key, expected, body)
}

fn put_in(collection: &str, key: &str, expected: Expected, body: &str) -> RecordChange {
    RecordChange::Put {
        collection: collection.to_owned(),
        key: key.to_owned(),
        expected,
        body: body.to_owned(),
    }
}

fn delete(key: &str, expected: Expected) -> RecordChange {
    RecordChange::Delete {
        collection: "c".to_owned(),
        key: key.to_owned(),
        expected,
    }
}

fn append(time: i64, key: &str, body: &str) -> RecordChange {
    RecordChange::Append {
        log: "l".to_owned(),
        time: at(time),
        key: key.to_owned(),
        body: body.to_owned(),
    }
}

fn all_events() -> EventQuery {
    EventQuery {
        log: "l".to_owned(),
        key: None,
        range: TimeRange::ALL,
        order: EventOrder::OldestFirst,
        limit: usize::MAX,
    }
}

async fn apply(store: &dyn Store, changes: &[RecordChange]) -> Applied {
    store.records().apply(changes).await.unwrap()
}

fn conflict(key: &str) -> Applied {
    Applied::Conflict {
        collection: "c".to_owned(),
        key: key.to_owned(),
    }
}

/// The records of the collection `c` as text: key, version and body.
async fn records(store: &dyn Store) -> Vec<String> {
    let records = store.records().records("c").await.unwrap();
    let text = records
        .into_iter()
        .map(|record| format!("{} {} {}", record.key, record.version, record.body));
    text.collect()
}

async fn events(store: &dyn Store, query: &EventQuery) -> Vec<String> {
    let events = store.records().events(query).await.unwrap();
    let text = |event: Event| format!("{} {} {}", event.time.as_micros(), event.key, event.body);
    events.into_iter().map(text).collect()
}

pub(super) async fn a_record_is_put_replaced_and_deleted(store: &dyn Store) {
    assert!(records(store).await.is_empty());
    assert_eq!(apply(store, &[]).await, Applied::All);
    assert_eq!(apply(store, &[put("a", Expected::Any, "1")]).await, Applied::All);
    assert_eq!(apply(store, &[put("a", Expected::Any, "2")]).await, Applied::All);
    assert_eq!(records(store).await, ["a 2 2"]);
    assert_eq!(apply(store, &[delete("a", Expected::Any)]).await, Applied::All);
    assert_eq!(apply(store, &[delete("a", Expected::Any)]).await, Applied::All);
    assert!(records(store).await.is_empty());
    apply(store, &[put("a", Expected::Absent, "3")]).await;
    assert_eq!(records(store).await, ["a 1 3"], "it begins anew");
}

pub(super) async fn a_change_is_made_only_where_its_expectation_holds(store: &dyn Store) {
    let refused = conflict("a");
    assert_eq!(apply(store, &[put("a", Expected::Version(1), "0")]).await, refused);
    assert_eq!(apply(store, &[delete("a", Expected::Version(1))]).await, refused);
    assert_eq!(apply(store, &[put("a", Expected::Absent, "1")]).await, Applied::All);
    assert_eq!(apply(store, &[put("a", Expected::Absent, "0")]).await, refused);
    assert_eq!(apply(store, &[delete("a", Expected::Absent)]).await, refused);
    assert_eq!(apply(store, &[put("a", Expected::Version(1), "2")]).await, Applied::All);
    assert_eq!(apply(store, &[put("a", Expected::Version(1), "0")]).await, refused);
    assert_eq!(apply(store, &[put("a", Expected::Version(3), "0")]).await, refused);
    assert_eq!(apply(store, &[delete("a", Expected::Version(1))]).await, refused);
    assert_eq!(records(store).await, ["a 2 2"]);
    assert_eq!(apply(store, &[delete("a", Expected::Version(2))]).await, Applied::All);
    assert_eq!(apply(store, &[delete("a", Expected::Absent)]).await, Applied::All);
    assert!(records(store).await.is_empty());
}

pub(super) async fn a_batch_of_changes_is_made_whole_or_not_at_all(store: &dyn Store) {
    apply(
        store,
        &[put("b", Expected::Absent, "1"), put("d", Expected::Absent, "1")],
    )
    .await;
    let changes = [
        append(1, "k", "1"),
        put("a", Expected::Any, "1"),
        delete("d", Expected::Any),
        put("b", Expected::Version(7), "2"),
        put_in("other", "a", Expected::Any, "1"),
    ];
    assert_eq!(apply(store, &changes).await, conflict("b"));
    assert_eq!(records(store).await, ["b 1 1", "d 1 1"]);
    assert!(events(store, &all_events()).await.is_empty());
    assert!(store.records().records("other").await.unwrap().is_empty());
    let fitting = [&changes[..3], &[put("b", Expected::Version(1), "2")], &changes[4..]].concat();
    assert_eq!(apply(store, &fitting).await, Applied::All);
    assert_eq!(records(store).await, ["a 1 1", "b 2 2"]);
    assert_eq!(events(store, &all_events()).await, ["1 k 1"]);
    assert_eq!(store.records().records("other").await.unwrap().len(), 1);
    // Nor where one of them is no change at all.
    let refused = store
        .records()
        .apply(&[put("a", Expected::Any, "3"), put("b", Expected::Any, "{")])
        .await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    assert_eq!(records(store).await, ["a 1 1", "b 2 2"]);
}

pub(super) async fn changes_see_those_before_them_in_the_batch(store: &dyn Store) {
    let changes = [
        put("a", Expected::Absent, "1"),
        put("a", Expected::Version(1), "2"),
        put("b", Expected::Absent, "1"),
        delete("b", Expected::Version(1)),
        put("c", Expected::Any, "1"),
        delete("c", Expected::Any),
        put("c", Expected::Absent, "2"),
    ];
    assert_eq!(apply(store, &changes).await, Applied::All);
    assert_eq!(records(store).await, ["a 2 2", "c 1 2"]);
    let refused = [delete("a", Expected::Version(2)), put("a", Expected::Version(2), "3")];
    assert_eq!(apply(store, &refused).await, conflict("a"));
    let again = [delete("a", Expected::Version(2)), put("a", Expected::Absent, "3")];
    assert_eq!(apply(store, &again).await, Applied::All);
    assert_eq!(records(store).await, ["a 1 3", "c 1 2"]);
}

pub(super) async fn of_two_writers_at_once_one_conflicts(store: &dyn Store) {
    one_of_two_conflicts(store, store).await;
}

/// Both may be the same store.
pub(super) async fn one_of_two_conflicts(one: &dyn Store, two: &dyn Store) {
    for round in 0..10_u64 {
        let expected = match round {
            0 => Expected::Absent,
            version => Expected::Version(version),
        };
        let batch = |name: &str| [put("lease", expected, &format!("{name:?}")), append(0, name, "1")];
        let (mine, others) = (batch("one"), batch("two"));
        let (first, second) = future::join(one.records().apply(&mine), two.records().apply(&others)).await;
        let (first, second) = (first.unwrap(), second.unwrap());
        let winner = match (&first, &second) {
            (Applied::All, lost) if *lost == conflict("lease") => "one",
            (lost, Applied::All) if *lost == conflict("lease") => "two",
            _ => panic!("{first:?} and {second:?}"),
        };
        assert_eq!(records(two).await, [format!("lease {} {winner:?}", round + 1)]);
        assert_eq!(events(one, &all_events()).await.len() as u64, round + 1);
    }
}

pub(super) async fn counting_by_many_at_once_loses_no_step(store: &dyn Store) {
    apply(store, &[put("n", Expected::Absent, "0")]).await;
    let count = async || {
        for _ in 0..5 {
            loop {
                let record = store.records().records("c").await.unwrap().remove(0);
                let next = record.body.parse::<u64>().unwrap() + 1;
                let put = put("n", Expected::Version(record.version), &next.to_string());
                if apply(store, &[put]).await == Applied::All {
                    break;
                }
            }
        }
    };
    future::join4(count(), count(), count(), count()).await;
    assert_eq!(records(store).await, ["n 21 20"]);
}

pub(super) async fn records_come_by_rising_key_and_collections_are_apart(store: &dyn Store) {
    let keys = ["ü", "a/b", "b", "B", "a", "a.b", "$a", "10", "9", "a b", "日"];
    let mut changes: Vec<_> = keys.iter().map(|key| put(key, Expected::Absent, "1")).collect();
    changes.extend(["C", "c ", "cc"].map(|other| put_in(other, "a", Expected::Absent, "2")));
    assert_eq!(apply(store, &changes).await, Applied::All);
    let mut expected: Vec<String> = keys.iter().map(|key| format!("{key} 1 1")).collect();
    expected.sort_unstable();
    assert_eq!(records(store).await, expected);
    let long = "k".repeat(MAX_KEY_BYTES);
    assert_eq!(
        apply(store, &[put_in(&long, &long, Expected::Absent, "1")]).await,
        Applied::All
    );
    assert_eq!(store.records().records(&long).await.unwrap()[0].key, long);
    assert!(store.records().records("nowhere").await.unwrap().is_empty());
}

pub(super) async fn events_are_of_a_range_in_order_and_no_more_than_asked_for(store: &dyn Store) {
    let other_log = RecordChange::Append {
        log: "other".to_owned(),
        time: at(3),
        key: "a".to_owned(),
        body: "0".to_owned(),
    };
    let times = [(3000, "a"), (1, "b"), (2, "a"), (-5, "a"), (2999, "b"), (1000, "a")];
    let mut changes: Vec<_> = times.iter().map(|(time, key)| append(*time, key, "1")).collect();
    changes.push(other_log);
    apply(store, &changes).await;
    apply(
        store,
        &[
            append(Timestamp::MIN.as_micros(), "b", "1"),
            append(Timestamp::MAX.as_micros() - 1, "b", "1"),
        ],
    )
    .await;
    let query = |start, end, key: Option<&str>, order, limit| EventQuery {
        key: key.map(str::to_owned),
        range: TimeRange::new(at(start), at(end)).unwrap(),
        order,
        limit,
        ..all_events()
    };
    let (oldest, newest) = (EventOrder::OldestFirst, EventOrder::NewestFirst);
    assert_eq!(events(store, &all_events()).await.len(), 8);
    assert_eq!(
        events(store, &query(1, 3000, None, oldest, 9)).await,
        ["1 b 1", "2 a 1", "1000 a 1", "2999 b 1"]
    );
    assert_eq!(
        events(store, &query(1, 3001, None, newest, 3)).await,
        ["3000 a 1", "2999 b 1", "1000 a 1"]
    );
    assert_eq!(
        events(store, &query(-5, 3000, Some("a"), oldest, 2)).await,
        ["-5 a 1", "2 a 1"]
    );
    assert_eq!(
        events(store, &query(-5, 3000, Some("a"), newest, 2)).await,
        ["1000 a 1", "2 a 1"]
    );
    for nothing in [
        query(3, 1000, None, oldest, 9),
        query(-9, 4000, None, oldest, 0),
        query(-9, 4000, Some("c"), newest, 9),
    ] {
        assert!(events(store, &nothing).await.is_empty(), "{nothing:?}");
    }
}

pub(super) async fn events_of_one_time_stay_in_their_order(store: &dyn Store) {
    let mut expected = Vec::new();
    for batch in 0..3 {
        let numbers = (0..10).map(|index| batch * 10 + index);
        let changes: Vec<_> = numbers.map(|number| append(7, "k", &number.to_string())).collect();
        apply(store, &changes).await;
        expected.extend((0..10).map(|index| format!("7 k {}", batch * 10 + index)));
    }
    assert_eq!(events(store, &all_events()).await, expected);
    let newest = EventQuery {
        key: Some("k".to_owned()),
        order: EventOrder::NewestFirst,
        ..all_events()
    };
    expected.reverse();
    assert_eq!(events(store, &newest).await, expected);
    let few = EventQuery { limit: 12, ..newest };
    assert_eq!(events(store, &few).await, expected[..12]);
}

pub(super) async fn json_survives(store: &dyn Store) {
    let deep = (0..60).fold(json!(1), |inner, _| json!([inner]));
    let bodies = [
        json!(null),
        json!(true),
        json!("24.9 °C \"quoted\" \\ \n\t 日本 🌙 $where {\"a\":1}"),
        json!([]),
        json!({}),
        json!([1, "a", null, {"b": [[]]}]),
        json!({"": 0, "a.b": 1, "$set": {"$oid": "x"}, "_id": 2, "ü": {"$date": 5}, "collection": "c"}),
        json!([
            i64::MIN,
            i64::MAX,
            0,
            0.1,
            -2.5e-300,
            1.797_693_134_862_315_7e308,
            4.9e-324
        ]),
        json!({"since_us": 1_764_388_800_123_456_i64, "value": 24.9}),
        deep,
        json!("x".repeat(MAX_BODY_BYTES - 2)),
    ];
    for body in &bodies {
        let text = body.to_string();
        apply(store, &[put("a", Expected::Any, &text), append(1, "a", &text)]).await;
        let record = store.records().records("c").await.unwrap().remove(0);
        assert_eq!(serde_json::from_str::<Json>(&record.body).unwrap(), *body);
        let event = EventQuery {
            order: EventOrder::NewestFirst,
            limit: 1,
            ..all_events()
        };
        let event = store.records().events(&event).await.unwrap().remove(0);
        assert_eq!(serde_json::from_str::<Json>(&event.body).unwrap(), *body);
    }
    // A float that is whole may come back as a whole number, and what PostgreSQL cannot keep as something else.
    apply(
        store,
        &[put("a", Expected::Any, r#"{"a\u0000": [1.0, 1e20, "b\u0000c"]}"#)],
    )
    .await;
    let record = store.records().records("c").await.unwrap().remove(0);
    let read: std::collections::BTreeMap<String, (f64, f64, String)> = serde_json::from_str(&record.body).unwrap();
    assert_eq!(
        read.into_iter().collect::<Vec<_>>(),
        [("a\u{fffd}".to_owned(), (1.0, 1e20, "b\u{fffd}c".to_owned()))]
    );
}

pub(super) async fn what_cannot_be_kept_everywhere_is_refused_everywhere(store: &dyn Store) {
    let long_key = "k".repeat(MAX_KEY_BYTES + 1);
    let long_body = format!("{:?}", "x".repeat(MAX_BODY_BYTES));
    let deep = "[".repeat(65) + &"]".repeat(65);
    let bad = [
        put("a", Expected::Any, ""),
        put("a", Expected::Any, "{\"a\": 1} x"),
        put("a", Expected::Any, "NaN"),
        put("a", Expected::Any, "18446744073709551615"),
        put("a", Expected::Any, r#""\ud800""#),
        put("a", Expected::Any, &long_body),
        put("a", Expected::Any, &deep),
        put("", Expected::Any, "1"),
        put("a\0", Expected::Any, "1"),
        put(&long_key, Expected::Any, "1"),
        put_in("", "a", Expected::Any, "1"),
        delete("", Expected::Any),
        append(1, "", "1"),
        append(1, "a", "'"),
    ];
    for bad in bad {
        let refused = store.records().apply(&[put("good", Expected::Any, "1"), bad]).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    }
    assert!(records(store).await.is_empty());
}

pub(super) async fn a_closed_store_refuses_records(store: &dyn Store) {
    apply(store, &[put("a", Expected::Any, "1")]).await;
    store.close().await;
    let refused = [
        store.records().apply(&[put("a", Expected::Any, "2")]).await.map(drop),
        store.records().records("c").await.map(drop),
        store.records().events(&all_events()).await.map(drop),
    ];
    for refused in refused {
        assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
    }
}

/// Keeps something, which [`check_kept`] finds again.
pub(super) async fn keep(store: &dyn Store) {
    let changes = [
        put("a", Expected::Any, "1"),
        put("a", Expected::Any, r#"{"b": 2}"#),
        append(-5, "a", "[0.1]"),
        append(-5, "b", "2"),
    ];
    assert_eq!(apply(store, &changes).await, Applied::All);
}

/// What [`keep`] has kept is there, and nothing else.
pub(super) async fn check_kept(store: &dyn Store) {
    let record = store.records().records("c").await.unwrap().remove(0);
    assert_eq!((record.key.as_str(), record.version), ("a", 2));
    assert_eq!(serde_json::from_str::<Json>(&record.body).unwrap(), json!({"b": 2}));
    assert_eq!(events(store, &all_events()).await, ["-5 a [0.1]", "-5 b 2"]);
}

/// Nothing can be changed in a store that was opened only to be read.
pub(super) async fn check_read_only(store: &dyn Store) {
    check_kept(store).await;
    for changes in [
        [put("a", Expected::Any, "3")],
        [append(1, "a", "1")],
        [delete("a", Expected::Any)],
    ] {
        let refused = store.records().apply(&changes).await;
        let told = refused.unwrap_err();
        assert!(matches!(told, Error::Unavailable(_) | Error::ReadOnly(_)), "{told:?}");
    }
    check_kept(store).await;
}
