//! Reading an archive: everything is checked, for it may come from anywhere.

use std::io::{self, BufReader, Read};

use flate2::read::GzDecoder;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use shared::time::{TimeRange, Timestamp};

use super::archive::{
    Counts, END, EVENT, FLAG_ARRIVALS, FLAG_CHANNELS, FRAMES, KeptEvent, KeptRecord, MAGIC, METRIC, MetricRecord,
    RECORD, STANDING, TILE,
};
use crate::store::packed::PackedView;
use crate::store::records::{Expected, RecordChange};
use crate::store::row::Row;
use crate::store::tiles::{Tile, TileKey, TileSpan};
use crate::store::{MetricId, MetricProperties, StoredMetric, kind_from_text};

/// What an archive of the version before begins with; it has no records nor events.
const MAGIC_1: &[u8] = b"WATCHROOM BACKUP 1\n";

/// No record of ours is longer: the longest is one frame, or the labels of all channels.
const MAX_RECORD_BYTES: u32 = 1 << 28;

/// How much is unpacked ahead.
const BUFFER_BYTES: usize = 1 << 18;

/// Why an archive cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadArchive {
    /// It is another file.
    #[error("this is not a backup that watchroom made")]
    Foreign,
    /// A newer version made it.
    #[error("this backup has format {0:?}, this program knows format 2; use the newer program")]
    TooNew(String),
    /// It ends too early.
    #[error("this backup is not complete: it ends too early; make or copy it again")]
    Truncated,
    /// What is in it does not fit together.
    #[error("this backup is damaged: {0}")]
    Damaged(String),
    /// It cannot be read.
    #[error("{0}")]
    Io(io::Error),
}

/// One piece of an archive.
#[derive(Debug)]
pub(super) enum Record {
    Metric(StoredMetric),
    Standing(MetricId, TimeRange, Vec<TileSpan>),
    /// A tile of the finest level, the number of which is that of the first span before.
    Tile(MetricId, Tile),
    Frames(MetricId, Vec<(Timestamp, Row)>),
    /// A record or an event, to be put or appended.
    Kept(RecordChange),
    End(Counts),
}

/// Reads an archive record by record.
pub struct ArchiveReader<R: Read> {
    input: BufReader<GzDecoder<R>>,
    hash: Sha256,
    counts: Counts,
    counts_kept: bool,
    finest_level: u8,
    body: Vec<u8>,
}

impl<R: Read> ArchiveReader<R> {
    /// Checks what it begins with.
    pub fn open(input: R) -> Result<Self, BadArchive> {
        let mut archive = Self {
            input: BufReader::with_capacity(BUFFER_BYTES, GzDecoder::new(input)),
            hash: Sha256::new(),
            counts: Counts::default(),
            counts_kept: true,
            finest_level: 0,
            body: Vec::new(),
        };
        let mut magic = vec![0; MAGIC.len()];
        archive
            .input
            .read_exact(&mut magic)
            .map_err(|error| match error.kind() {
                io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                    BadArchive::Foreign
                }
                _ => BadArchive::Io(error),
            })?;
        archive.counts_kept = magic != MAGIC_1;
        if magic != MAGIC && magic != MAGIC_1 {
            let version = magic
                .strip_prefix(b"WATCHROOM BACKUP ".as_slice())
                .ok_or(BadArchive::Foreign)?;
            return Err(BadArchive::TooNew(String::from_utf8_lossy(version).trim().to_owned()));
        }
        archive.hash.update(&magic);
        Ok(archive)
    }

    /// The next record. After [`Record::End`], which proves that all before it was right, there is none.
    pub(super) fn next(&mut self) -> Result<Record, BadArchive> {
        let before = self.hash.clone();
        let mut head = [0; 5];
        self.input.read_exact(&mut head).map_err(bad)?;
        let [letter, length @ ..] = head;
        let length = u32::from_le_bytes(length);
        if MAX_RECORD_BYTES < length {
            return Err(damaged("a record is too long"));
        }
        self.body.clear();
        // Grows with what is there, whatever the length says.
        let read = self
            .input
            .by_ref()
            .take(u64::from(length))
            .read_to_end(&mut self.body)
            .map_err(bad)?;
        if read < length as usize {
            return Err(BadArchive::Truncated);
        }
        self.hash.update(head);
        self.hash.update(&self.body);
        let body = std::mem::take(&mut self.body);
        let record = self.parse(letter, &body, before);
        self.body = body;
        record
    }

    fn parse(&mut self, letter: u8, body: &[u8], hash_before: Sha256) -> Result<Record, BadArchive> {
        let mut fields = Fields(body);
        match letter {
            METRIC => {
                self.counts.metrics += 1;
                metric(body).map(Record::Metric)
            }
            STANDING => {
                let metric_id = MetricId(fields.u32()?);
                let range = TimeRange::new(fields.time()?, fields.time()?);
                let range = range.map_err(|error| damaged(&error.to_string()))?;
                let n_spans = fields.take::<1>()?[0];
                let mut spans = Vec::new();
                for _ in 0..n_spans {
                    let [level] = fields.take()?;
                    let span_micros = fields.i64()?;
                    if span_micros <= 0 {
                        return Err(damaged("a tile spans no time"));
                    }
                    spans.push(TileSpan { level, span_micros });
                }
                self.finest_level = spans.first().ok_or_else(|| damaged("tiles have no level"))?.level;
                Ok(Record::Standing(metric_id, range, spans))
            }
            TILE => {
                self.counts.tiles += 1;
                let metric_id = MetricId(fields.u32()?);
                let (start_us, block) = (fields.i64()?, fields.u32()?);
                let key = TileKey {
                    level: self.finest_level,
                    start_us,
                    block,
                };
                Ok(Record::Tile(
                    metric_id,
                    Tile {
                        key,
                        bytes: fields.0.to_vec(),
                    },
                ))
            }
            FRAMES => {
                let metric_id = MetricId(fields.u32()?);
                let mut rows = Vec::new();
                while !fields.0.is_empty() {
                    let (time, row) = row(&mut fields)?;
                    self.counts.frames += 1;
                    self.counts.samples += row.len() as u64;
                    rows.push((time, row));
                }
                Ok(Record::Frames(metric_id, rows))
            }
            RECORD => {
                self.counts.records += 1;
                kept_record(body).map(Record::Kept)
            }
            EVENT => {
                self.counts.events += 1;
                kept_event(body).map(Record::Kept)
            }
            END => self.end(fields, hash_before),
            other => Err(damaged(&format!("it has a record of the unknown kind {other}"))),
        }
    }

    /// The end proves that all before it was right.
    fn end(&mut self, mut fields: Fields<'_>, hash_before: Sha256) -> Result<Record, BadArchive> {
        let mut counts = Counts {
            metrics: fields.u64()?,
            frames: fields.u64()?,
            samples: fields.u64()?,
            tiles: fields.u64()?,
            ..Counts::default()
        };
        if self.counts_kept {
            (counts.records, counts.events) = (fields.u64()?, fields.u64()?);
        }
        let hash: [u8; 32] = hash_before.finalize().into();
        if fields.0 != hash || counts != self.counts {
            return Err(damaged("its checksum does not fit to what is in it"));
        }
        // To the end of the file, so that its own checksum is compared too.
        match self.input.read(&mut [0]).map_err(bad)? {
            0 => Ok(Record::End(counts)),
            _ => Err(damaged("something comes after its end")),
        }
    }
}

fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, BadArchive> {
    serde_json::from_slice(body).map_err(|error| damaged(&error.to_string()))
}

fn kept_record(body: &[u8]) -> Result<RecordChange, BadArchive> {
    let KeptRecord { collection, key, body } = json(body)?;
    Ok(RecordChange::Put {
        collection,
        key,
        expected: Expected::Any,
        body: body.get().to_owned(),
    })
}

fn kept_event(body: &[u8]) -> Result<RecordChange, BadArchive> {
    let KeptEvent {
        log,
        time_us,
        key,
        body,
    } = json(body)?;
    Ok(RecordChange::Append {
        log,
        time: time(time_us)?,
        key,
        body: body.get().to_owned(),
    })
}

fn time(micros: i64) -> Result<Timestamp, BadArchive> {
    Timestamp::from_micros(micros).ok_or_else(|| damaged(&format!("the time {micros} lies outside the calendar")))
}

fn metric(body: &[u8]) -> Result<StoredMetric, BadArchive> {
    let record: MetricRecord = json(body)?;
    let kind = kind_from_text(&record.kind).ok_or_else(|| damaged(&format!("unknown kind {:?}", record.kind)))?;
    if record.interval_us.is_some_and(|micros| micros <= 0) {
        return Err(damaged("an interval is not above zero"));
    }
    Ok(StoredMetric {
        id: MetricId(record.id),
        name: record.name,
        properties: MetricProperties {
            title: record.title,
            unit: record.unit,
            kind,
            interval_micros: record.interval_us,
        },
        channel_labels: record.channels,
    })
}

fn row(fields: &mut Fields<'_>) -> Result<(Timestamp, Row), BadArchive> {
    let (time, arrival_us) = (fields.time()?, fields.i64()?);
    let [flags] = fields.take()?;
    let n_values = fields.u32()? as usize;
    let channels = (flags & FLAG_CHANNELS != 0)
        .then(|| fields.slice(n_values, 4))
        .transpose()?;
    let width = match fields.0.first() {
        Some(1) => 4,
        Some(2) => 8,
        _ => return Err(damaged("values of an unknown format")),
    };
    let (samples, rest) = fields
        .0
        .split_at_checked(1 + n_values.saturating_mul(width))
        .ok_or_else(|| damaged("a frame ends too early"))?;
    fields.0 = rest;
    let arrivals = (flags & FLAG_ARRIVALS != 0)
        .then(|| fields.slice(n_values, 8))
        .transpose()?;
    let view = PackedView::new(arrival_us, channels, samples, arrivals).map_err(|error| damaged(&error.to_string()))?;
    let row = view.to_row();
    if row.len() == 0 {
        return Err(damaged("a frame has no values"));
    }
    Ok((time, row))
}

/// The rest of a body.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], BadArchive> {
        let (head, rest) = self
            .0
            .split_first_chunk()
            .ok_or_else(|| damaged("a record ends too early"))?;
        self.0 = rest;
        Ok(*head)
    }

    fn slice(&mut self, count: usize, width: usize) -> Result<&'a [u8], BadArchive> {
        let length = count.saturating_mul(width);
        let (head, rest) = self
            .0
            .split_at_checked(length)
            .ok_or_else(|| damaged("a record ends too early"))?;
        self.0 = rest;
        Ok(head)
    }

    fn u32(&mut self) -> Result<u32, BadArchive> {
        self.take().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, BadArchive> {
        self.take().map(u64::from_le_bytes)
    }

    fn i64(&mut self) -> Result<i64, BadArchive> {
        self.take().map(i64::from_le_bytes)
    }

    fn time(&mut self) -> Result<Timestamp, BadArchive> {
        time(self.i64()?)
    }
}

fn damaged(what: &str) -> BadArchive {
    BadArchive::Damaged(what.to_owned())
}

/// What an error in the middle means.
fn bad(error: io::Error) -> BadArchive {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => BadArchive::Truncated,
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => BadArchive::Damaged(error.to_string()),
        _ => BadArchive::Io(error),
    }
}
