//! Exports as Parquet, packed with Snappy.

use std::sync::Arc;

use parquet::basic::{Compression, Encoding};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::ColumnPath;

use super::table::{COLUMNS, Row, metadata};
use crate::store::StoredMetric;

/// How many rows make a row group, which is what is in memory of a file: some megabytes.
const ROW_GROUP_ROWS: usize = 131_072;

type RowGroup<'a> = SerializedRowGroupWriter<'a, Vec<u8>>;

/// A file whose rows are collected until they make a row group.
pub(super) struct ParquetFile {
    writer: SerializedFileWriter<Vec<u8>>,
    labels: Vec<ByteArray>,
    rows: Columns,
}

/// The rows of the next row group, column by column.
#[derive(Default)]
struct Columns {
    times: Vec<i64>,
    channels: Vec<i32>,
    /// Only those that are not null.
    values: Vec<f64>,
    /// For each row 1, or 0 where its value is null.
    value_levels: Vec<i16>,
    arrivals: Vec<i64>,
}

impl ParquetFile {
    pub(super) fn new(metric: &StoredMetric) -> Result<Self, ParquetError> {
        let [time, channel, label, value, arrival] = COLUMNS;
        let schema = parse_message_type(&format!(
            "message samples {{
                required int64 {time} (TIMESTAMP(MICROS, true));
                required int32 {channel} (INTEGER(32, false));
                required binary {label} (STRING);
                optional double {value};
                required int64 {arrival} (TIMESTAMP(MICROS, true));
            }}"
        ))?;
        let entry = |(key, value)| KeyValue {
            key,
            value: Some(value),
        };
        let mut properties = WriterProperties::builder()
            .set_created_by(concat!("watchroom ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_compression(Compression::SNAPPY)
            .set_key_value_metadata(Some(metadata(metric).map(entry).to_vec()));
        // Times rise in small steps: their differences are a few bits each.
        for column in [time, arrival] {
            let path = ColumnPath::from(column);
            properties = properties
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
        }
        Ok(Self {
            writer: SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties.build()))?,
            labels: metric
                .channel_labels
                .iter()
                .map(|label| ByteArray::from(label.as_str()))
                .collect(),
            rows: Columns::default(),
        })
    }

    pub(super) fn write<'a>(&mut self, rows: impl Iterator<Item = Row<'a>>) -> Result<(), ParquetError> {
        for row in rows {
            self.rows.push(&row);
            if self.rows.times.len() == ROW_GROUP_ROWS {
                self.end_row_group()?;
            }
        }
        Ok(())
    }

    pub(super) fn take_bytes(&mut self) -> Vec<u8> {
        std::mem::take(self.writer.inner_mut())
    }

    pub(super) fn finish(mut self) -> Result<Vec<u8>, ParquetError> {
        if !self.rows.times.is_empty() {
            self.end_row_group()?;
        }
        self.writer.finish()?;
        Ok(self.take_bytes())
    }

    fn end_row_group(&mut self) -> Result<(), ParquetError> {
        let rows = std::mem::take(&mut self.rows);
        let index = |channel: &i32| self.labels.get(channel.cast_unsigned() as usize).cloned();
        let labels: Vec<ByteArray> = rows
            .channels
            .iter()
            .map(|channel| index(channel).unwrap_or_default())
            .collect();
        let mut group = self.writer.next_row_group()?;
        write_column::<Int64Type>(&mut group, &rows.times, None)?;
        write_column::<Int32Type>(&mut group, &rows.channels, None)?;
        write_column::<ByteArrayType>(&mut group, &labels, None)?;
        write_column::<DoubleType>(&mut group, &rows.values, Some(&rows.value_levels))?;
        write_column::<Int64Type>(&mut group, &rows.arrivals, None)?;
        group.close().map(drop)
    }
}

impl Columns {
    fn push(&mut self, row: &Row<'_>) {
        self.times.push(row.time_us);
        self.channels.push(row.channel.cast_signed());
        let value = row.value.as_number();
        self.values.extend(value);
        self.value_levels.push(i16::from(value.is_some()));
        self.arrivals.push(row.arrival_us);
    }
}

fn write_column<T: DataType>(
    group: &mut RowGroup<'_>,
    values: &[T::T],
    levels: Option<&[i16]>,
) -> Result<(), ParquetError> {
    let Some(mut column) = group.next_column()? else {
        return Err(ParquetError::General("a row has more values than columns".to_owned()));
    };
    column.typed::<T>().write_batch(values, levels, None)?;
    column.close()
}
