//! The rows of an export, and who writes them in which format.

use shared::query::export::ExportFormat;
use shared::value::Value;

use super::arrow::ArrowFile;
use super::parquet::ParquetFile;
use super::text::{Csv, JsonArray};
use crate::query::{Error, Result};
use crate::store::{FrameRead, StoredMetric};

/// The names of the columns, in their order.
pub(super) const COLUMNS: [&str; 5] = ["time", "channel", "label", "value", "arrival"];

/// What is known of the metric, for whoever finds the file years later.
pub(super) fn metadata(metric: &StoredMetric) -> [(String, String); 3] {
    let named = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    [
        named("metric", &metric.name),
        named("title", &metric.properties.title),
        named("unit", &metric.properties.unit),
    ]
}

/// One sample.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    pub(super) time_us: i64,
    pub(super) channel: u32,
    pub(super) label: &'a str,
    pub(super) value: Value,
    pub(super) arrival_us: i64,
}

/// Writes rows in one format.
pub(super) struct TableWriter {
    labels: Vec<String>,
    file: File,
}

enum File {
    Csv(Csv),
    Json(JsonArray),
    Parquet(Box<ParquetFile>),
    Arrow(Box<ArrowFile>),
}

impl TableWriter {
    pub(super) fn new(format: ExportFormat, metric: &StoredMetric) -> Result<Self> {
        Ok(Self {
            labels: metric.channel_labels.clone(),
            file: match format {
                ExportFormat::Csv => File::Csv(Csv::new()),
                ExportFormat::Json => File::Json(JsonArray::new()),
                ExportFormat::Parquet => File::Parquet(Box::new(ParquetFile::new(metric).map_err(unwritable)?)),
                ExportFormat::Arrow => File::Arrow(Box::new(ArrowFile::new(metric).map_err(unwritable)?)),
            },
        })
    }

    /// Writes the samples of frames, and gives how many those are.
    ///
    /// A channel that came into being after the export was begun is left out.
    pub(super) fn write(&mut self, frames: &[FrameRead]) -> Result<u64> {
        let labels = &self.labels;
        let rows = frames.iter().flat_map(|frame| {
            frame.samples.iter().filter_map(|sample| {
                Some(Row {
                    time_us: frame.time.as_micros(),
                    channel: sample.channel,
                    label: labels.get(sample.channel as usize)?,
                    value: sample.value,
                    arrival_us: sample.arrival.as_micros(),
                })
            })
        });
        let mut n_rows = 0;
        let rows = rows.inspect(|_| n_rows += 1);
        match &mut self.file {
            File::Csv(file) => rows.for_each(|row| file.write(&row)),
            File::Json(file) => rows.for_each(|row| file.write(&row)),
            File::Parquet(file) => file.write(rows).map_err(unwritable)?,
            File::Arrow(file) => file.write(rows).map_err(unwritable)?,
        }
        Ok(n_rows)
    }

    /// What is written since the last call.
    pub(super) fn take_bytes(&mut self) -> Vec<u8> {
        match &mut self.file {
            File::Csv(file) => file.take_bytes(),
            File::Json(file) => file.take_bytes(),
            File::Parquet(file) => file.take_bytes(),
            File::Arrow(file) => file.take_bytes(),
        }
    }

    /// The rest of the file. Without it no reader takes the file for complete, except one of CSV.
    pub(super) fn finish(self) -> Result<Vec<u8>> {
        match self.file {
            File::Csv(mut file) => Ok(file.take_bytes()),
            File::Json(file) => Ok(file.finish()),
            File::Parquet(file) => file.finish().map_err(unwritable),
            File::Arrow(file) => file.finish().map_err(unwritable),
        }
    }
}

fn unwritable(error: impl std::fmt::Display) -> Error {
    Error::Unwritable(error.to_string())
}
