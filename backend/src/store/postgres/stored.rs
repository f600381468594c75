//! A row as table `frame` holds it: written by `COPY` in its binary form, read from results. The columns are described
//! in [`super`].

use shared::time::Timestamp;
use shared::value::Value;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::super::row::{Arrivals, Row, f32_exactly};
use super::super::{Channels, Error, MetricId, Result};
use super::array::{self, FLOAT4, FLOAT8, INT4, TIMESTAMPTZ};
use super::open::store_error;
use super::time::{PgTime, pg_micros_from_time, time_from_pg_micros};

/// What [`CopyRows`] is sent to.
pub(super) const COPY_ROWS: &str = "COPY frame (metric_id, time, arrival, channels, values, values_real, arrivals) \
     FROM STDIN (FORMAT binary)";

/// The columns that [`row_from_result`] wants, in this order.
macro_rules! row_columns {
    () => {
        "time, arrival, channels, values, values_real, arrivals"
    };
}
pub(super) use row_columns;

/// Rows in the binary form of `COPY`, to be sent piece by piece.
#[derive(Debug)]
pub(super) struct CopyRows {
    buffer: Vec<u8>,
}

impl CopyRows {
    pub(super) fn new() -> Self {
        // Signature, flags, length of an extension that there is none of.
        Self {
            buffer: b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0".to_vec(),
        }
    }

    /// How many bytes wait to be taken.
    pub(super) fn len(&self) -> usize {
        self.buffer.len()
    }

    /// What was added since the last time.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.buffer)
    }

    /// Ends the rows.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.buffer.extend_from_slice(&(-1_i16).to_be_bytes());
        self.buffer
    }

    pub(super) fn push(&mut self, metric_id: MetricId, time: Timestamp, row: &Row) {
        let (arrival, arrivals) = match &row.arrivals {
            Arrivals::Together(arrival) => (*arrival, None),
            Arrivals::Each(arrivals) => {
                let newest = arrivals.iter().max().copied();
                (newest.unwrap_or(Timestamp::EPOCH), Some(arrivals))
            }
        };
        let floats = reals_from_values(&row.values);
        self.buffer.extend_from_slice(&7_i16.to_be_bytes());
        self.field(|buffer| buffer.extend_from_slice(&metric_id.0.to_be_bytes()));
        self.field(|buffer| buffer.extend_from_slice(&time_bytes(time)));
        self.field(|buffer| buffer.extend_from_slice(&time_bytes(arrival)));
        match &row.channels {
            Channels::Dense => self.null(),
            Channels::Sparse(channels) => {
                let channels = channels.iter().map(|channel| Some(channel.to_be_bytes()));
                self.field(|buffer| array::put(buffer, INT4, channels));
            }
        }
        if let Some(floats) = floats {
            self.null();
            let floats = floats.iter().map(|float| float.map(f32::to_be_bytes));
            self.field(|buffer| array::put(buffer, FLOAT4, floats));
        } else {
            let numbers = row.values.iter().map(|value| value.as_number().map(f64::to_be_bytes));
            self.field(|buffer| array::put(buffer, FLOAT8, numbers));
            self.null();
        }
        match arrivals {
            None => self.null(),
            Some(arrivals) => {
                let arrivals = arrivals.iter().map(|arrival| Some(time_bytes(*arrival)));
                self.field(|buffer| array::put(buffer, TIMESTAMPTZ, arrivals));
            }
        }
    }

    /// Appends a field and, before it, its length.
    fn field(&mut self, put: impl FnOnce(&mut Vec<u8>)) {
        let start = self.buffer.len();
        self.buffer.extend_from_slice(&[0; 4]);
        put(&mut self.buffer);
        let length = array::wire_length(self.buffer.len() - start - 4);
        self.buffer[start..start + 4].copy_from_slice(&length.to_be_bytes());
    }

    fn null(&mut self) {
        self.buffer.extend_from_slice(&(-1_i32).to_be_bytes());
    }
}

/// The elements of a `real` array, NULL for null; `None` where that would lose something.
fn reals_from_values(values: &[Value]) -> Option<Vec<Option<f32>>> {
    let mut reals = Vec::with_capacity(values.len());
    for value in values {
        reals.push(match value.as_number() {
            None => None,
            Some(number) => Some(f32_exactly(number)?),
        });
    }
    Some(reals)
}

fn time_bytes(time: Timestamp) -> [u8; 8] {
    pg_micros_from_time(time).to_be_bytes()
}

/// The time and samples of a result row whose columns from `first` on are those of [`row_columns`].
pub(super) fn row_from_result(result: &PgRow, first: usize) -> Result<(Timestamp, Row)> {
    let PgTime(time) = result.try_get(first).map_err(store_error)?;
    let PgTime(arrival) = result.try_get(first + 1).map_err(store_error)?;
    let damaged = |what: &str| Error::Corrupt(format!("the frame at {time} {what}"));
    let channels = column(result, first + 2, |bytes| array::get(bytes, INT4, channel_from_element))?;
    let numbers = column(result, first + 3, |bytes| array::get(bytes, FLOAT8, value_from_double))?;
    let floats = column(result, first + 4, |bytes| array::get(bytes, FLOAT4, value_from_real))?;
    let arrivals = column(result, first + 5, |bytes| {
        array::get(bytes, TIMESTAMPTZ, time_from_element)
    })?;
    let values = numbers.or(floats).ok_or_else(|| damaged("has no values"))?;
    let lengths = [channels.as_ref().map(Vec::len), arrivals.as_ref().map(Vec::len)];
    if values.is_empty() || lengths.into_iter().flatten().any(|length| length != values.len()) {
        return Err(damaged("has columns of different lengths"));
    }
    if let Some(channels) = &channels
        && !channels.is_sorted_by(|left, right| left < right)
    {
        return Err(damaged("names channels that do not rise"));
    }
    let row = Row {
        channels: channels.map_or(Channels::Dense, Channels::Sparse),
        values,
        arrivals: arrivals.map_or(Arrivals::Together(arrival), Arrivals::Each),
    };
    Ok((time, row))
}

/// Converts the bytes of a column unless it is NULL.
fn column<T>(result: &PgRow, index: usize, convert: impl FnOnce(&[u8]) -> Result<T>) -> Result<Option<T>> {
    let bytes: Option<Bytes<'_>> = result.try_get_unchecked(index).map_err(store_error)?;
    bytes.map(|bytes| convert(bytes.0)).transpose()
}

/// The bytes of a column, whatever its type is; what reads them checks that.
struct Bytes<'r>(&'r [u8]);

impl<'r> sqlx::Decode<'r, sqlx::Postgres> for Bytes<'r> {
    fn decode(value: sqlx::postgres::PgValueRef<'r>) -> std::result::Result<Self, sqlx::error::BoxDynError> {
        value.as_bytes().map(Self)
    }
}

fn channel_from_element(element: Option<[u8; 4]>) -> Result<u32> {
    let channel = element.map(i32::from_be_bytes).map(u32::try_from);
    match channel {
        Some(Ok(channel)) => Ok(channel),
        _ => Err(Error::Corrupt("a frame names a channel that is none".to_owned())),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "one form for all elements")]
fn value_from_double(element: Option<[u8; 8]>) -> Result<Value> {
    Ok(element.map(f64::from_be_bytes).into())
}

#[expect(clippy::unnecessary_wraps, reason = "one form for all elements")]
fn value_from_real(element: Option<[u8; 4]>) -> Result<Value> {
    Ok(element.map(|bytes| f64::from(f32::from_be_bytes(bytes))).into())
}

fn time_from_element(element: Option<[u8; 8]>) -> Result<Timestamp> {
    let time = element.and_then(|bytes| time_from_pg_micros(i64::from_be_bytes(bytes)));
    time.ok_or_else(|| Error::Corrupt("an arrival lies outside the calendar".to_owned()))
}
