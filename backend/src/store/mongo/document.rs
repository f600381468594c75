//! Frames as documents, and back.

use mongodb::bson::raw::cstr;
use mongodb::bson::{Document, RawArrayBuf, RawBsonRef, RawDocument, RawDocumentBuf, doc};
use shared::time::Timestamp;
use shared::value::Value;

use super::super::row::{Arrivals, Row};
use super::super::{Channels, Error, Result};
use super::moment::Moment;
use super::place::Place;

/// The document of a row that is not stored yet.
pub(super) fn new_document(place: &Place, time: Timestamp, row: &Row) -> RawDocumentBuf {
    let moment = Moment::from(time);
    let arrival = Moment::from(newest_arrival(row));
    let mut document = RawDocumentBuf::new();
    document.append(cstr!("name"), place.name.as_str());
    document.append(cstr!("date"), moment.date);
    document.append(cstr!("micros"), moment.micros);
    document.append(cstr!("arrival"), arrival.date);
    document.append(cstr!("arrival_micros"), arrival.micros);
    document.append(&place.field, values(row));
    if let Some(channels) = channels(row) {
        document.append(cstr!("channels"), channels);
    }
    if let Some(arrivals) = arrivals(row) {
        document.append(cstr!("arrivals"), arrivals);
    }
    document
}

/// The update that puts a row into a stored document; fields that are not ours stay.
pub(super) fn update(place: &Place, row: &Row) -> Document {
    let arrival = Moment::from(newest_arrival(row));
    let mut set = doc! { "arrival": arrival.date, "arrival_micros": arrival.micros };
    set.insert(place.field.as_str(), plain(&values(row)));
    let mut unset = Document::new();
    for (field, array) in [("channels", channels(row)), ("arrivals", arrivals(row))] {
        match array {
            Some(array) => set.insert(field, plain(&array)),
            None => unset.insert(field, ""),
        };
    }
    let mut update = doc! { "$set": set };
    if !unset.is_empty() {
        update.insert("$unset", unset);
    }
    update
}

fn plain(array: &RawArrayBuf) -> Vec<mongodb::bson::Bson> {
    // Made here from numbers and nulls alone, so that no element can fail.
    array
        .into_iter()
        .filter_map(|element| element.ok()?.try_into().ok())
        .collect()
}

fn values(row: &Row) -> RawArrayBuf {
    let mut array = RawArrayBuf::new();
    for value in &row.values {
        match value.as_number() {
            Some(number) => array.push(number),
            None => array.push(RawBsonRef::Null),
        }
    }
    array
}

fn channels(row: &Row) -> Option<RawArrayBuf> {
    match &row.channels {
        Channels::Dense => None,
        Channels::Sparse(channels) => Some(channels.iter().map(|channel| i64::from(*channel)).collect()),
    }
}

fn arrivals(row: &Row) -> Option<RawArrayBuf> {
    match &row.arrivals {
        Arrivals::Together(_) => None,
        Arrivals::Each(arrivals) => Some(arrivals.iter().map(|arrival| arrival.as_micros()).collect()),
    }
}

fn newest_arrival(row: &Row) -> Timestamp {
    match &row.arrivals {
        Arrivals::Together(arrival) => *arrival,
        Arrivals::Each(arrivals) => arrivals.iter().copied().max().unwrap_or(Timestamp::EPOCH),
    }
}

/// The time of a document.
pub(super) fn time_of(document: &RawDocument) -> Result<Timestamp> {
    let micros = document.get("micros").map_err(damaged)?;
    let micros = micros.map_or(Some(0), integer);
    let date = document.get_datetime("date").map_err(damaged)?;
    let moment = micros.and_then(|micros| Moment { date, micros }.time());
    moment.ok_or_else(|| Error::Corrupt(format!("{} has a time outside the calendar", describe(document))))
}

/// A document as a row; `None` where it has no value of this place, as a document of another field.
pub(super) fn row(document: &RawDocument, place: &Place) -> Result<Option<(Timestamp, Row)>> {
    let time = time_of(document)?;
    let Some(stored) = document.get(place.field.as_str()).map_err(damaged)? else {
        return Ok(None);
    };
    let bad = |what: &str| Error::Corrupt(format!("{}: {what}", describe(document)));
    let values = match stored {
        RawBsonRef::Array(array) => array
            .into_iter()
            .map(|element| value(element.map_err(damaged)?).ok_or_else(|| bad("a value is not a number or null")))
            .collect::<Result<Vec<Value>>>()?,
        scalar => vec![value(scalar).ok_or_else(|| bad("its value is not a number, null or an array of these"))?],
    };
    if values.is_empty() {
        return Ok(None);
    }
    let channels = match integers(document, "channels")? {
        None => Channels::Dense,
        Some(channels) => {
            let channels: Option<Vec<u32>> = channels.into_iter().map(|channel| channel.try_into().ok()).collect();
            let channels = channels.ok_or_else(|| bad("a channel is not an index"))?;
            if channels.len() != values.len() || !channels.is_sorted_by(|left, right| left < right) {
                return Err(bad("its channels do not fit its values"));
            }
            Channels::Sparse(channels)
        }
    };
    let arrivals = match integers(document, "arrivals")? {
        None => Arrivals::Together(arrival_of(document, time)?),
        Some(arrivals) => {
            let arrivals: Option<Vec<Timestamp>> = arrivals.into_iter().map(Timestamp::from_micros).collect();
            let arrivals = arrivals.filter(|arrivals| arrivals.len() == values.len());
            Arrivals::Each(arrivals.ok_or_else(|| bad("its arrivals do not fit its values"))?)
        }
    };
    let row = Row {
        channels,
        values,
        arrivals,
    };
    Ok(Some((time, row)))
}

/// When a document came in; where it does not say so, as in databases of others, the time of its samples.
fn arrival_of(document: &RawDocument, time: Timestamp) -> Result<Timestamp> {
    let Some(date) = document.get("arrival").map_err(damaged)? else {
        return Ok(time);
    };
    let micros = document.get("arrival_micros").map_err(damaged)?;
    let micros = micros.map_or(Some(0), integer);
    let moment = date
        .as_datetime()
        .zip(micros)
        .and_then(|(date, micros)| Moment { date, micros }.time());
    moment.ok_or_else(|| Error::Corrupt(format!("{}: its arrival is not a time", describe(document))))
}

fn integers(document: &RawDocument, field: &str) -> Result<Option<Vec<i64>>> {
    let Some(array) = document.get(field).map_err(damaged)? else {
        return Ok(None);
    };
    let bad = || Error::Corrupt(format!("{}: {field} is not an array of integers", describe(document)));
    let array = array.as_array().ok_or_else(bad)?;
    let integers = array
        .into_iter()
        .map(|element| integer(element.map_err(damaged)?).ok_or_else(bad));
    integers.collect::<Result<Vec<i64>>>().map(Some)
}

/// Any of BSON's integers.
fn integer(value: RawBsonRef<'_>) -> Option<i64> {
    value.as_i64().or_else(|| value.as_i32().map(i64::from))
}

/// Any of BSON's numbers, or null.
fn value(value: RawBsonRef<'_>) -> Option<Value> {
    match value {
        RawBsonRef::Null => Some(Value::NULL),
        RawBsonRef::Double(number) => Some(Value::number(number)),
        other => integer(other).map(|number| Value::number(number as f64)),
    }
}

/// Names a document in an error.
fn describe(document: &RawDocument) -> String {
    let name = document.get_str("name").unwrap_or("?");
    match document.get_datetime("date") {
        Ok(date) => {
            let time = Moment { date, micros: 0 }.time();
            let time = time.map_or_else(|| format!("{} ms", date.timestamp_millis()), |time| time.to_string());
            format!("the document of {name:?} at {time}")
        }
        Err(_no_date) => format!("a document of {name:?}"),
    }
}

/// What a document that breaks BSON's own rules, or lacks a field, means.
pub(super) fn damaged(error: impl std::fmt::Display) -> Error {
    Error::Corrupt(format!("a document is damaged: {error}"))
}

#[cfg(test)]
mod tests {
    use mongodb::bson::{DateTime, rawdoc};
    use proptest::prelude::*;

    use super::*;

    fn place() -> Place {
        Place::own("m")
    }

    fn time(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros).unwrap()
    }

    fn any_row() -> impl Strategy<Value = Row> {
        let value = prop_oneof![
            any::<f64>().prop_map(Value::number),
            Just(Value::NULL),
            Just(Value::NAN)
        ];
        let samples = prop::collection::btree_map(0_u32..9, (value, 0_i64..3), 1..9);
        samples.prop_map(|samples| {
            let mut row: Option<Row> = None;
            for (channel, (value, arrival)) in samples {
                let one = Row {
                    channels: if channel == 0 {
                        Channels::Dense
                    } else {
                        Channels::Sparse(vec![channel])
                    },
                    values: vec![value],
                    arrivals: Arrivals::Together(time(arrival)),
                };
                row = Some(row.map_or(one.clone(), |row| row.merged_with(&one)));
            }
            row.unwrap()
        })
    }

    proptest! {
        #[test]
        fn a_row_survives_its_document(micros in -3_000_000_i64..3_000_000, stored in any_row()) {
            let document = new_document(&place(), time(micros), &stored);
            prop_assert_eq!(row(&document, &place()).unwrap(), Some((time(micros), stored)));
        }
    }

    #[test]
    fn the_document_is_in_native_types() {
        let stored = Row {
            channels: Channels::Sparse(vec![3, 9]),
            values: vec![Value::NULL, 1.5.into()],
            arrivals: Arrivals::Together(time(2_000_007)),
        };
        let document = new_document(&place(), time(1_000_250), &stored);
        insta::assert_snapshot!(Document::try_from(document).unwrap(), @r#"{ "name": "m", "date": DateTime("1970-01-01 0:00:01.0 +00:00:00"), "micros": 250, "arrival": DateTime("1970-01-01 0:00:02.0 +00:00:00"), "arrival_micros": 7, "values": [null, 1.5], "channels": [3, 9] }"#);
    }

    #[test]
    fn integers_and_scalars_of_others_are_read() {
        let date = DateTime::from_millis(5);
        let others = |value: RawBsonRef<'_>| {
            let mut document = rawdoc! { "name": "m", "date": date };
            document.append(cstr!("values"), value);
            row(&document, &place()).map(|row| row.map(|(_, row)| row.values))
        };
        assert_eq!(others(RawBsonRef::Int32(3)).unwrap(), Some(vec![3.0.into()]));
        assert_eq!(others(RawBsonRef::Int64(-3)).unwrap(), Some(vec![(-3.0).into()]));
        assert_eq!(others(RawBsonRef::Null).unwrap(), Some(vec![Value::NULL]));
        insta::assert_snapshot!(others(RawBsonRef::String("off")).unwrap_err(), @r#"the store holds data that cannot be read: the document of "m" at 1970-01-01T00:00:00.005Z: its value is not a number, null or an array of these"#);
    }

    #[test]
    fn a_document_of_another_field_is_none() {
        let document = rawdoc! { "name": "m", "date": DateTime::from_millis(5), "max": 4.0 };
        assert_eq!(row(&document, &place()).unwrap(), None);
    }

    #[test]
    fn damage_is_told() {
        let date = DateTime::from_millis(5);
        let bad = [
            rawdoc! { "name": "m", "values": [1.0] },
            rawdoc! { "name": "m", "date": date, "micros": 1000, "values": [1.0] },
            rawdoc! { "name": "m", "date": DateTime::from_millis(i64::MAX), "values": [1.0] },
            rawdoc! { "name": "m", "date": date, "values": [1.0, "x"] },
            rawdoc! { "name": "m", "date": date, "values": [1.0], "channels": [1, 2] },
            rawdoc! { "name": "m", "date": date, "values": [1.0, 2.0], "channels": [2, 1] },
            rawdoc! { "name": "m", "date": date, "values": [1.0], "channels": [-1] },
            rawdoc! { "name": "m", "date": date, "values": [1.0], "arrivals": [] },
            rawdoc! { "name": "m", "date": date, "values": [1.0], "arrival": 7 },
        ];
        for document in bad {
            let read = row(&document, &place());
            assert!(matches!(read, Err(Error::Corrupt(_))), "{document:?}: {read:?}");
        }
    }
}
