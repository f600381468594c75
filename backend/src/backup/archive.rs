//! Writing an archive.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use shared::time::TimeRange;

use crate::store::packed::Packed;
use crate::store::records::{Event, Record};
use crate::store::row::Row;
use crate::store::tiles::{Tile, TileSpan};
use crate::store::{FrameRead, MetricId, StoredMetric, kind_to_text};

/// What an archive of this version begins with.
pub(super) const MAGIC: &[u8] = b"WATCHROOM BACKUP 2\n";

/// The letters of records.
pub(super) const METRIC: u8 = b'M';
pub(super) const STANDING: u8 = b'S';
pub(super) const TILE: u8 = b'T';
pub(super) const FRAMES: u8 = b'F';
pub(super) const RECORD: u8 = b'R';
pub(super) const EVENT: u8 = b'V';
pub(super) const END: u8 = b'E';

/// The flags of a row.
pub(super) const FLAG_CHANNELS: u8 = 1;
pub(super) const FLAG_ARRIVALS: u8 = 2;

/// A record of frames is ended when it is longer.
const RECORD_BYTES: usize = 1 << 20;

/// Measured values hardly shrink more for more time.
const LEVEL: Compression = Compression::fast();

/// What is in an archive.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Metrics.
    pub metrics: u64,
    /// Frames.
    pub frames: u64,
    /// Samples in frames.
    pub samples: u64,
    /// Tiles that stand for deleted samples.
    pub tiles: u64,
    /// Records: what is kept besides samples, and replaced.
    pub records: u64,
    /// Events: what is kept besides samples, and only added.
    pub events: u64,
}

/// A metric in an archive.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MetricRecord {
    pub(super) id: u32,
    pub(super) name: String,
    pub(super) title: String,
    pub(super) unit: String,
    pub(super) kind: String,
    pub(super) interval_us: Option<i64>,
    pub(super) channels: Vec<String>,
}

/// What is kept besides samples, in an archive.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeptRecord {
    pub(super) collection: String,
    pub(super) key: String,
    pub(super) body: Box<RawValue>,
}

/// An event in an archive.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeptEvent {
    pub(super) log: String,
    pub(super) time_us: i64,
    pub(super) key: String,
    pub(super) body: Box<RawValue>,
}

/// Writes an archive, record by record.
pub struct ArchiveWriter<W: Write> {
    output: GzEncoder<W>,
    hash: Sha256,
    counts: Counts,
    body: Vec<u8>,
}

impl<W: Write> ArchiveWriter<W> {
    /// Begins an archive.
    pub fn new(output: W) -> io::Result<Self> {
        let mut archive = Self {
            output: GzEncoder::new(output, LEVEL),
            hash: Sha256::new(),
            counts: Counts::default(),
            body: Vec::new(),
        };
        archive.put(MAGIC)?;
        Ok(archive)
    }

    /// Adds a metric; what belongs to it comes next.
    pub fn metric(&mut self, metric: &StoredMetric) -> io::Result<()> {
        let properties = &metric.properties;
        let record = MetricRecord {
            id: metric.id.0,
            name: metric.name.clone(),
            title: properties.title.clone(),
            unit: properties.unit.clone(),
            kind: kind_to_text(properties.kind).to_owned(),
            interval_us: properties.interval_micros,
            channels: metric.channel_labels.clone(),
        };
        self.counts.metrics += 1;
        self.body = serde_json::to_vec(&record)?;
        self.record(METRIC)
    }

    /// Adds frames of a metric, which rise by time.
    pub fn frames(&mut self, metric_id: MetricId, frames: &[FrameRead]) -> io::Result<()> {
        let mut frames = frames.iter().peekable();
        while frames.peek().is_some() {
            self.begin(metric_id);
            while self.body.len() < RECORD_BYTES
                && let Some(frame) = frames.next()
            {
                self.counts.frames += 1;
                self.counts.samples += frame.samples.len() as u64;
                push_row(&mut self.body, frame);
            }
            self.record(FRAMES)?;
        }
        Ok(())
    }

    /// Says that tiles of a metric stand for samples; the tiles come next.
    pub(super) fn standing(&mut self, metric_id: MetricId, range: TimeRange, spans: &[TileSpan]) -> io::Result<()> {
        self.begin(metric_id);
        self.body.extend(range.start().as_micros().to_le_bytes());
        self.body.extend(range.end().as_micros().to_le_bytes());
        self.body.push(u8::try_from(spans.len()).unwrap_or(u8::MAX));
        for span in spans {
            self.body.push(span.level);
            self.body.extend(span.span_micros.to_le_bytes());
        }
        self.record(STANDING)
    }

    /// Adds a tile of the finest level.
    pub(super) fn tile(&mut self, metric_id: MetricId, tile: &Tile) -> io::Result<()> {
        self.counts.tiles += 1;
        self.begin(metric_id);
        self.body.extend(tile.key.start_us.to_le_bytes());
        self.body.extend(tile.key.block.to_le_bytes());
        self.body.extend(&tile.bytes);
        self.record(TILE)
    }

    /// Adds a record of a collection; comes after all metrics.
    pub(super) fn kept_record(&mut self, collection: String, record: Record) -> io::Result<()> {
        self.counts.records += 1;
        self.body = serde_json::to_vec(&KeptRecord {
            collection,
            key: record.key,
            body: RawValue::from_string(record.body)?,
        })?;
        self.record(RECORD)
    }

    /// Adds an event of a log; comes after all records.
    pub(super) fn kept_event(&mut self, log: String, event: Event) -> io::Result<()> {
        self.counts.events += 1;
        self.body = serde_json::to_vec(&KeptEvent {
            log,
            time_us: event.time.as_micros(),
            key: event.key,
            body: RawValue::from_string(event.body)?,
        })?;
        self.record(EVENT)
    }

    /// Ends the archive. Without this it is refused when it is read.
    pub fn finish(mut self) -> io::Result<(W, Counts)> {
        let Counts {
            metrics,
            frames,
            samples,
            tiles,
            records,
            events,
        } = self.counts;
        self.body.clear();
        for count in [metrics, frames, samples, tiles, records, events] {
            self.body.extend(count.to_le_bytes());
        }
        let hash = self.hash.clone().finalize();
        self.body.extend_from_slice(&hash);
        self.record(END)?;
        let mut output = self.output.finish()?;
        output.flush()?;
        Ok((output, self.counts))
    }

    fn begin(&mut self, metric_id: MetricId) {
        self.body.clear();
        self.body.extend(metric_id.0.to_le_bytes());
    }

    fn record(&mut self, letter: u8) -> io::Result<()> {
        let body = std::mem::take(&mut self.body);
        let length =
            u32::try_from(body.len()).map_err(|_too_long| io::Error::other("a record is longer than 4 GiB"))?;
        self.put(&[letter])?;
        self.put(&length.to_le_bytes())?;
        self.put(&body)?;
        self.body = body;
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.output.write_all(bytes)
    }
}

fn push_row(body: &mut Vec<u8>, frame: &FrameRead) {
    let packed = Packed::from_row(&Row::from_samples(&frame.samples));
    body.extend(frame.time.as_micros().to_le_bytes());
    body.extend(packed.arrival_us.to_le_bytes());
    let channels = packed.channels.as_ref().map_or(0, |_| FLAG_CHANNELS);
    let arrivals = packed.arrivals.as_ref().map_or(0, |_| FLAG_ARRIVALS);
    body.push(channels | arrivals);
    body.extend(u32::try_from(frame.samples.len()).unwrap_or(u32::MAX).to_le_bytes());
    body.extend(packed.channels.iter().flatten());
    body.extend(&packed.samples);
    body.extend(packed.arrivals.iter().flatten());
}
