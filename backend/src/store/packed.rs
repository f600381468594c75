//! A row as SQLite and archives hold it: little-endian blobs. The layout is described in [`super::sqlite`].

use shared::time::Timestamp;
use shared::value::Value;

use super::row::{Arrivals, Row, f32_exactly};
use super::{ChannelFilter, ChannelSample, Channels, Error, FrameRead, Result};

/// The leading byte of samples that are all exact as 32-bit floats.
const FORMAT_F32: u8 = 1;
/// The leading byte of samples that are not.
const FORMAT_F64: u8 = 2;

/// Null among 32-bit floats: a quiet NaN whose payload spells "nl". The canonical NaN is `0x7fc0_0000`.
const NULL_F32: u32 = 0x7fc0_6e6c;

/// A row ready to be bound to a statement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Packed {
    /// When its values came in; where they came at different times, the newest of those.
    pub(crate) arrival_us: i64,
    /// `u32` per channel; `None` for channels 0 to n-1.
    pub(crate) channels: Option<Vec<u8>>,
    /// A format byte, then one float per channel.
    pub(crate) samples: Vec<u8>,
    /// `i64` per channel; `None` where all came in together.
    pub(crate) arrivals: Option<Vec<u8>>,
}

impl Packed {
    /// Packs a row.
    pub(crate) fn from_row(row: &Row) -> Self {
        let (arrival, arrivals) = match &row.arrivals {
            Arrivals::Together(arrival) => (*arrival, None),
            Arrivals::Each(arrivals) => {
                let bytes = arrivals.iter().flat_map(|arrival| arrival.as_micros().to_le_bytes());
                let newest = arrivals.iter().max().copied();
                (newest.unwrap_or(Timestamp::EPOCH), Some(bytes.collect()))
            }
        };
        Self {
            arrival_us: arrival.as_micros(),
            channels: match &row.channels {
                Channels::Dense => None,
                Channels::Sparse(channels) => Some(channels.iter().flat_map(|channel| channel.to_le_bytes()).collect()),
            },
            samples: pack_values(&row.values),
            arrivals,
        }
    }

    /// Looks into it.
    pub(crate) fn view(&self) -> Result<PackedView<'_>> {
        PackedView::new(
            self.arrival_us,
            self.channels.as_deref(),
            &self.samples,
            self.arrivals.as_deref(),
        )
    }
}

/// A row inside the bytes that the database handed out: only what is asked for is unpacked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PackedView<'a> {
    arrival: Timestamp,
    channels: Option<&'a [[u8; 4]]>,
    samples: Samples<'a>,
    arrivals: Option<&'a [[u8; 8]]>,
}

#[derive(Clone, Copy, Debug)]
enum Samples<'a> {
    F32(&'a [[u8; 4]]),
    F64(&'a [[u8; 8]]),
}

impl<'a> PackedView<'a> {
    /// Checks that the blobs fit together.
    pub(crate) fn new(
        arrival_us: i64,
        channels: Option<&'a [u8]>,
        samples: &'a [u8],
        arrivals: Option<&'a [u8]>,
    ) -> Result<Self> {
        let view = Self {
            arrival: moment(arrival_us)?,
            channels: channels.map(words).transpose()?,
            samples: match samples.split_first() {
                Some((&FORMAT_F32, floats)) => Samples::F32(words(floats)?),
                Some((&FORMAT_F64, floats)) => Samples::F64(words(floats)?),
                Some((format, _)) => return Err(Error::Corrupt(format!("samples have the unknown format {format}"))),
                None => return Err(Error::Corrupt("samples are empty".to_owned())),
            },
            arrivals: arrivals.map(words).transpose()?,
        };
        let n_samples = view.len();
        let lengths = [view.channels.map(<[_]>::len), view.arrivals.map(<[_]>::len)];
        if lengths.into_iter().flatten().any(|length| length != n_samples) {
            return Err(Error::Corrupt("a row has blobs of different lengths".to_owned()));
        }
        Ok(view)
    }

    fn len(&self) -> usize {
        match self.samples {
            Samples::F32(floats) => floats.len(),
            Samples::F64(floats) => floats.len(),
        }
    }

    fn value(&self, position: usize) -> Value {
        match self.samples {
            Samples::F32(floats) => value_from_f32_bits(u32::from_le_bytes(floats[position])),
            Samples::F64(floats) => Value::from_bits(u64::from_le_bytes(floats[position])),
        }
    }

    fn sample(&self, position: usize) -> ChannelSample {
        ChannelSample {
            channel: match self.channels {
                Some(channels) => u32::from_le_bytes(channels[position]),
                None => u32::try_from(position).unwrap_or(u32::MAX),
            },
            value: self.value(position),
            arrival: match self.arrivals {
                Some(arrivals) => Timestamp::saturating_from_micros(i64::from_le_bytes(arrivals[position])),
                None => self.arrival,
            },
        }
    }

    /// The sample of a channel, if the row has one.
    pub(crate) fn channel(&self, channel: u32) -> Option<ChannelSample> {
        let position = match self.channels {
            Some(channels) => channels
                .binary_search_by_key(&channel, |bytes| u32::from_le_bytes(*bytes))
                .ok()?,
            None => usize::try_from(channel)
                .ok()
                .filter(|position| *position < self.len())?,
        };
        Some(self.sample(position))
    }

    /// The channels asked for; `None` where the row has none of them.
    pub(crate) fn read(&self, time: Timestamp, filter: &ChannelFilter) -> Option<FrameRead> {
        let samples: Vec<ChannelSample> = match filter {
            ChannelFilter::All => (0..self.len()).map(|position| self.sample(position)).collect(),
            ChannelFilter::Only(channels) => channels.iter().filter_map(|channel| self.channel(*channel)).collect(),
        };
        (!samples.is_empty()).then_some(FrameRead { time, samples })
    }

    /// Unpacks all of it.
    pub(crate) fn to_row(self) -> Row {
        let positions = 0..self.len();
        Row {
            channels: match self.channels {
                Some(channels) => Channels::Sparse(channels.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect()),
                None => Channels::Dense,
            },
            values: positions.clone().map(|position| self.value(position)).collect(),
            arrivals: match self.arrivals {
                Some(_) => Arrivals::Each(positions.map(|position| self.sample(position).arrival).collect()),
                None => Arrivals::Together(self.arrival),
            },
        }
    }
}

/// The moment of a column, which must lie in the calendar.
pub(crate) fn moment(micros: i64) -> Result<Timestamp> {
    Timestamp::from_micros(micros).ok_or_else(|| Error::Corrupt(format!("the time {micros} lies outside the calendar")))
}

/// A blob as items of `N` bytes.
fn words<const N: usize>(bytes: &[u8]) -> Result<&[[u8; N]]> {
    match bytes.as_chunks() {
        (words, []) => Ok(words),
        _ => Err(Error::Corrupt(format!(
            "a blob of {} bytes is not a whole number of {N}-byte items",
            bytes.len()
        ))),
    }
}

fn pack_values(values: &[Value]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + values.len() * 4);
    bytes.push(FORMAT_F32);
    for value in values {
        match f32_bits_from_value(*value) {
            Some(bits) => bytes.extend_from_slice(&bits.to_le_bytes()),
            None => return pack_values_f64(values),
        }
    }
    bytes
}

fn pack_values_f64(values: &[Value]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + values.len() * 8);
    bytes.push(FORMAT_F64);
    for value in values {
        bytes.extend_from_slice(&value.to_bits().to_le_bytes());
    }
    bytes
}

/// The value as a 32-bit float, if nothing is lost by that.
fn f32_bits_from_value(value: Value) -> Option<u32> {
    let Some(number) = value.as_number() else {
        return Some(NULL_F32);
    };
    f32_exactly(number).map(f32::to_bits)
}

fn value_from_f32_bits(bits: u32) -> Value {
    if bits == NULL_F32 {
        Value::NULL
    } else {
        Value::number(f64::from(f32::from_bits(bits)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::NULL),
            Just(Value::NAN),
            any::<f64>().prop_map(Value::number),
            any::<f32>().prop_map(|number| Value::number(f64::from(number))),
            Just(Value::number(-0.0)),
            Just(Value::number(f64::INFINITY)),
        ]
    }

    fn any_row() -> impl Strategy<Value = Row> {
        let channels = prop::collection::btree_map(0_u32..40, (any_value(), 0_i64..3), 1..20);
        channels.prop_map(|channels| {
            let rows = channels.iter().map(|(channel, (value, arrival))| {
                let frame = super::super::Frame {
                    metric_id: super::super::MetricId(1),
                    time: Timestamp::EPOCH,
                    arrival: Timestamp::saturating_from_micros(*arrival),
                    channels: Channels::Sparse(vec![*channel]),
                    values: vec![*value],
                };
                Row::from_frame(&frame).unwrap()
            });
            rows.reduce(|older, newer| older.merged_with(&newer)).unwrap()
        })
    }

    proptest! {
        #[test]
        fn rows_survive_packing_bit_by_bit(row in any_row(), asked in prop::collection::btree_set(0_u32..40, 0..10)) {
            let packed = Packed::from_row(&row);
            let view = packed.view().unwrap();
            prop_assert_eq!(&view.to_row(), &row);
            for filter in [ChannelFilter::All, ChannelFilter::Only(asked.into_iter().collect())] {
                prop_assert_eq!(view.read(Timestamp::EPOCH, &filter), row.read(Timestamp::EPOCH, &filter));
            }
        }

        #[test]
        fn no_blob_makes_reading_panic(
            arrival in any::<i64>(),
            channels in prop::option::of(prop::collection::vec(any::<u8>(), 0..20)),
            samples in prop::collection::vec(prop_oneof![0_u8..4, any::<u8>()], 0..20),
            arrivals in prop::option::of(prop::collection::vec(any::<u8>(), 0..20)),
        ) {
            if let Ok(view) = PackedView::new(arrival, channels.as_deref(), &samples, arrivals.as_deref()) {
                view.read(Timestamp::EPOCH, &ChannelFilter::All);
            }
        }
    }

    #[test]
    fn numbers_that_fit_take_four_bytes_each() {
        let values = [Value::number(0.1_f32.into()), Value::NULL, Value::NAN];
        assert_eq!(pack_values(&values).len(), 1 + 3 * 4);
        assert_eq!(pack_values(&[Value::number(0.1)]).len(), 1 + 8);
    }
}
