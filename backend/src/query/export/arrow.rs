//! Exports as files of Arrow.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::builder::{Float64Builder, StringBuilder, TimestampMicrosecondBuilder, UInt32Builder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_ipc::writer::FileWriter;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};

use super::table::{COLUMNS, Row, metadata};
use crate::store::StoredMetric;

const UTC: &str = "UTC";

/// A file of Arrow batches, not packed, so that readers can map it.
pub(super) struct ArrowFile {
    schema: SchemaRef,
    writer: FileWriter<Vec<u8>>,
}

impl ArrowFile {
    pub(super) fn new(metric: &StoredMetric) -> Result<Self, ArrowError> {
        let schema = schema(metric);
        let writer = FileWriter::try_new(Vec::new(), &schema)?;
        Ok(Self { schema, writer })
    }

    /// Writes a batch of its own for these rows.
    pub(super) fn write<'a>(&mut self, rows: impl Iterator<Item = Row<'a>>) -> Result<(), ArrowError> {
        let batch = batch(&self.schema, rows)?;
        if batch.num_rows() == 0 {
            return Ok(());
        }
        self.writer.write(&batch)
    }

    pub(super) fn take_bytes(&mut self) -> Vec<u8> {
        std::mem::take(self.writer.get_mut())
    }

    pub(super) fn finish(mut self) -> Result<Vec<u8>, ArrowError> {
        self.writer.finish()?;
        Ok(self.take_bytes())
    }
}

fn schema(metric: &StoredMetric) -> SchemaRef {
    let [time, channel, label, value, arrival] = COLUMNS;
    let moment = DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into()));
    let fields = vec![
        Field::new(time, moment.clone(), false),
        Field::new(channel, DataType::UInt32, false),
        Field::new(label, DataType::Utf8, false),
        Field::new(value, DataType::Float64, true),
        Field::new(arrival, moment, false),
    ];
    let metadata: HashMap<String, String> = metadata(metric).into();
    Arc::new(Schema::new_with_metadata(fields, metadata))
}

fn batch<'a>(schema: &SchemaRef, rows: impl Iterator<Item = Row<'a>>) -> Result<RecordBatch, ArrowError> {
    let moments = || TimestampMicrosecondBuilder::new().with_timezone(UTC);
    let (mut times, mut arrivals) = (moments(), moments());
    let (mut channels, mut labels) = (UInt32Builder::new(), StringBuilder::new());
    let mut values = Float64Builder::new();
    for row in rows {
        times.append_value(row.time_us);
        channels.append_value(row.channel);
        labels.append_value(row.label);
        values.append_option(row.value.as_number());
        arrivals.append_value(row.arrival_us);
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(times.finish()),
        Arc::new(channels.finish()),
        Arc::new(labels.finish()),
        Arc::new(values.finish()),
        Arc::new(arrivals.finish()),
    ];
    RecordBatch::try_new(Arc::clone(schema), columns)
}
