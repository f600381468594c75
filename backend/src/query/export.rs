//! Raw samples as a file, written while they are read.
//!
//! # The table
//!
//! One row per stored sample, by rising time and then by channel, in these columns:
//!
//! | column | type | |
//! |---|---|---|
//! | `time` | microseconds since the epoch, UTC | when the sample was taken |
//! | `channel` | unsigned, 32 bits | the channel's index |
//! | `label` | text | the channel's label |
//! | `value` | double, may be null | null: the sensor said that it has no value; NaN is another thing |
//! | `arrival` | as `time` | when this value came in |
//!
//! Times are text in CSV and JSON, RFC 3339 with six digits after the point, so that all of a column are of one form. How
//! null, NaN and the infinities are written:
//!
//! | | null | NaN | infinities |
//! |---|---|---|---|
//! | CSV | nothing between the commas | `NaN` | `Infinity`, `-Infinity` |
//! | JSON | `null` | `"NaN"` | `"Infinity"`, `"-Infinity"`, as in all answers |
//! | Parquet, Arrow | null | NaN | infinities |
//!
//! JSON is one array with one object per line. Parquet and Arrow carry `metric`, `title` and `unit` as metadata. Arrow is
//! the file format, not the stream: a reader of the stream takes one that was cut for one that has ended.
//!
//! # Bounds
//!
//! Memory holds a chunk of a scan ([`FrameStore::scan`](crate::store::FrameStore::scan)) in a few forms, and for Parquet a
//! row group; both do not grow with the range. What grows, by about a kilobyte per row group, is Parquet's table of
//! contents. The stream does nothing unless it is polled, and ends what it does when it is dropped. Whoever takes the file
//! slowly does not keep a scan open: it is dropped, and begun again behind the last frame when there is room. Samples that
//! are written meanwhile and lie ahead are in the file, those behind are not.

use std::sync::Arc;
use std::time::Duration;

use futures_core::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _, future, stream};
use shared::metric::ChannelSelection;
use shared::query::export::{ExportFormat, ExportQuery};
use shared::time::{TimeRange, Timestamp};
use tokio::sync::mpsc;

use super::{Error, Result, checked_range, find_metric, selected_channels};
use crate::store::{ChannelFilter, Store, StoredMetric};

mod arrow;
mod parquet;
mod table;
mod text;

use table::TableWriter;

/// How long a scan is kept open for someone who does not take what it gave.
const PATIENCE: Duration = Duration::from_secs(2);

/// An export that can be made: metric, channels and range are checked.
#[derive(Clone, Debug)]
pub struct Export {
    metric: StoredMetric,
    channels: ChannelFilter,
    range: TimeRange,
    format: ExportFormat,
}

/// The next part of the file, and how far it is written.
#[derive(Clone, Debug)]
pub struct Part {
    /// The bytes; may be none.
    pub bytes: Vec<u8>,
    /// How many rows are read so far.
    pub n_rows: u64,
    /// All samples before this moment are read.
    pub until: Timestamp,
}

impl Export {
    /// Checks what `GET /api/v1/export` asks for.
    pub async fn new(store: &dyn Store, query: &ExportQuery) -> Result<Self> {
        if query.channels == ChannelSelection::Band {
            return Err(Error::BandHasNoSamples);
        }
        let range = checked_range(query.from, query.to)?;
        let metric = find_metric(store, &query.metric).await?;
        let mut channels = selected_channels(&metric, &query.channels)?;
        channels.sort_unstable();
        Ok(Self {
            channels: match query.channels {
                ChannelSelection::List(_) => ChannelFilter::Only(channels),
                ChannelSelection::All | ChannelSelection::Band => ChannelFilter::All,
            },
            metric,
            range,
            format: query.format,
        })
    }

    /// What kind of file it is.
    pub fn format(&self) -> ExportFormat {
        self.format
    }

    /// How the file is best called: the metric, the range, and the ending of the format.
    ///
    /// Signs that mean something to a shell or a file system are underscores; letters of any language stay.
    pub fn file_name(&self) -> String {
        let name = self.metric.name.chars();
        let name: String = name
            .map(|c| {
                if c.is_alphanumeric() || "._-".contains(c) {
                    c
                } else {
                    '_'
                }
            })
            .collect();
        let moment = |time: Timestamp| time.to_string().replace([':', '-'], "").replace('.', "_");
        let (from, to) = (moment(self.range.start()), moment(self.range.end()));
        format!("{}_{from}_{to}.{}", name.trim_start_matches('.'), self.format.as_str())
    }

    /// The file, part by part. Nothing is read before it is polled; the first failure is its end.
    pub fn stream(self, store: Arc<dyn Store>) -> BoxStream<'static, Result<Part>> {
        self.stream_with(store, PATIENCE)
    }

    fn stream_with(self, store: Arc<dyn Store>, patience: Duration) -> BoxStream<'static, Result<Part>> {
        let (sender, mut receiver) = mpsc::channel(1);
        let parts = stream::poll_fn(move |context| receiver.poll_recv(context)).map(Ok);
        let writing = async move { self.write(&*store, &sender, patience).await };
        // No task of its own: who drops the stream drops the scan, and a panic is not taken for the end.
        let failure = stream::once(writing).filter_map(|written| future::ready(written.err().map(Err)));
        stream::select(parts, failure).boxed()
    }

    async fn write(&self, store: &dyn Store, sender: &mpsc::Sender<Part>, patience: Duration) -> Result<()> {
        let mut writer = TableWriter::new(self.format, &self.metric)?;
        let mut n_rows = 0;
        let mut until = self.range.start();
        while let Ok(rest) = TimeRange::new(until, self.range.end()) {
            let mut chunks = store.scan(self.metric.id, rest, self.channels.clone());
            loop {
                let frames = chunks.try_next().await?;
                until = match frames.as_ref().map(|frames| frames.last()) {
                    None => self.range.end(),
                    Some(last) => last.map_or(until, |frame| frame.time.saturating_add_micros(1)),
                };
                let frames = frames.unwrap_or_default();
                n_rows += writer.write(&frames)?;
                let part = Part {
                    bytes: writer.take_bytes(),
                    n_rows,
                    until,
                };
                if let Ok(permit) = tokio::time::timeout(patience, sender.reserve()).await {
                    let Ok(permit) = permit else { return Ok(()) };
                    permit.send(part);
                    if until == self.range.end() {
                        break;
                    }
                } else {
                    drop(chunks);
                    if sender.send(part).await.is_err() {
                        return Ok(());
                    }
                    break;
                }
            }
        }
        let part = Part {
            bytes: writer.finish()?,
            n_rows,
            until,
        };
        // Nobody takes it: then nobody needs it.
        let _unread = sender.send(part).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
