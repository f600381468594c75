//! Where raw samples are kept: the traits, and one folder per database.
//!
//! Raw samples are the truth; whatever else is stored is derived from them. The traits are split by capability and kept
//! small; the contract of each method is its documentation, and one conformance suite (`conformance`) tests it on every store in the same way.
//!
//! [`memory`] keeps everything in the process, for tests and trials; [`sqlite`] is the default; [`postgres`] and [`mongo`]
//! are for sites that have a server of them, and for several of ours on one database.
//!
//! The identity of a sample is (metric, channel, time). Writing it again replaces its value; nothing is stored twice.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use futures_core::stream::BoxStream;
use shared::metric::MetricKind;
use shared::time::{TimeRange, Timestamp};
use shared::value::Value;

pub mod memory;

pub mod sqlite;

pub mod postgres;

pub mod mongo;

pub mod tiles;

pub mod records;

pub mod retention;

pub mod snapshot;

pub mod changes;

pub(crate) mod row;

pub(crate) mod packed;

mod newest;

#[cfg(test)]
mod conformance;

#[cfg(test)]
mod keep_conformance;

#[cfg(test)]
mod record_conformance;

#[cfg(test)]
pub(crate) mod shared_conformance;

/// How many samples make a chunk of a scan full: small enough to be worked on without a pause that others notice.
const SCAN_CHUNK_SAMPLES: usize = 32_768;

/// Opens the store that a URL names: `sqlite:FILE`, `postgres://…`, `mongodb://…` or `memory:`.
pub async fn open(url: &str) -> Result<Arc<dyn Store>> {
    if let Some(path) = sqlite_path(url) {
        return Ok(Arc::new(sqlite::SqliteStore::open(path).await?));
    }
    match url.split_once(':') {
        Some(("memory", "")) => return Ok(Arc::new(memory::MemoryStore::new())),
        Some(("postgres" | "postgresql", _)) => return Ok(Arc::new(postgres::PostgresStore::open(url).await?)),
        Some(("mongodb" | "mongodb+srv", _)) => return Ok(Arc::new(mongo::MongoStore::open(url).await?)),
        _ => {}
    }
    // A URL may hold a password, so one that looks like it is not repeated.
    let shown = if url.contains('@') { "this" } else { &format!("{url:?}") };
    Err(Error::Unavailable(format!(
        "{shown} is not the URL of a store; write sqlite:FILE, postgres://USER@HOST/DATABASE, mongodb://HOST/DATABASE or memory:"
    )))
}

/// Opens a store only to read it, beside whoever else has it open. Whatever would change it fails.
///
/// A SQLite file must exist and have the schema of this version; what is made in it by others later may not be seen.
pub async fn open_to_read(url: &str) -> Result<Arc<dyn Store>> {
    match sqlite_path(url) {
        Some(path) => Ok(Arc::new(sqlite::SqliteStore::open_to_read(path).await?)),
        None => open(url).await,
    }
}

/// The file that a URL of SQLite names.
pub fn sqlite_path(url: &str) -> Option<&Path> {
    let path = url.strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    (!(path.is_empty() || path.starts_with(':') || path.contains('?'))).then(|| Path::new(path))
}

/// A metric's number within one store; names are for people and the wire.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MetricId(pub u32);

/// A metric as the store keeps it.
#[derive(Clone, PartialEq, Debug)]
pub struct StoredMetric {
    /// Its number, given by the store and kept for ever.
    pub id: MetricId,
    /// Its name, unique in the store.
    pub name: String,
    /// What is known about it besides.
    pub properties: MetricProperties,
    /// The labels of its channels; the position is the channel's index.
    pub channel_labels: Vec<String>,
}

impl StoredMetric {
    /// A metric without channels of which nothing more is known.
    fn new(id: MetricId, name: &str) -> Self {
        Self {
            id,
            name: name.to_owned(),
            properties: MetricProperties::default(),
            channel_labels: Vec::new(),
        }
    }

    /// Appends the labels that it does not have yet, each once, and returns how many those were.
    fn add_labels(&mut self, labels: &[String]) -> usize {
        let known = self.channel_labels.len();
        // The common case, without building a set: the caller names the channels as they are.
        if self.channel_labels.starts_with(labels) {
            return 0;
        }
        let mut seen: BTreeSet<&str> = self.channel_labels.iter().map(String::as_str).collect();
        let new: Vec<String> = labels.iter().filter(|label| seen.insert(label)).cloned().collect();
        self.channel_labels.extend(new);
        self.channel_labels.len() - known
    }
}

/// What is known of a metric besides its name and channels.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct MetricProperties {
    /// What a panel is headed with; empty where nothing better than the name is known.
    pub title: String,
    /// The unit; empty for a pure number or an unknown one.
    pub unit: String,
    /// What kind of quantity it is.
    pub kind: MetricKind,
    /// Microseconds between expected samples of a channel, above zero; `None` where no rhythm is known.
    pub interval_micros: Option<i64>,
}

/// The samples of some channels of one metric at one time, as written.
#[derive(Clone, PartialEq, Debug)]
pub struct Frame {
    /// The metric.
    pub metric_id: MetricId,
    /// When the samples were taken.
    pub time: Timestamp,
    /// When they came in.
    pub arrival: Timestamp,
    /// Which channels, rising, each once; each below the metric's number of channels.
    pub channels: Channels,
    /// One value per channel.
    pub values: Vec<Value>,
}

/// The channels of a frame.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Channels {
    /// Channels 0 to n-1, where n is the number of values.
    Dense,
    /// These channels, rising, each once.
    Sparse(Vec<u32>),
}

/// Samples of some channels at one time, as read back: merged from all that was written for this time.
#[derive(Clone, PartialEq, Debug)]
pub struct FrameRead {
    /// When the samples were taken.
    pub time: Timestamp,
    /// The samples by rising channel; only channels that were asked for and were written, at least one.
    pub samples: Vec<ChannelSample>,
}

/// One channel's sample at the time of its frame.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ChannelSample {
    /// The channel's index.
    pub channel: u32,
    /// Its value.
    pub value: Value,
    /// When this value came in.
    pub arrival: Timestamp,
}

/// Which channels to read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ChannelFilter {
    /// All of them.
    All,
    /// These, rising, each once.
    Only(Vec<u32>),
}

/// Why a store could not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The database cannot be reached, is locked by another process, is full, or failed; trying later may help.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// What is stored cannot be understood.
    #[error("the store holds data that cannot be read: {0}")]
    Corrupt(String),
    /// The store was made by a newer version.
    #[error("{0}")]
    TooNew(String),
    /// Another process uses the store.
    #[error("{0}")]
    InUse(String),
    /// The store was opened for reading only.
    #[error("{0}")]
    ReadOnly(String),
    /// The batch breaks the contract of the call; nothing of it is stored. A mistake in this program, not of a user.
    #[error("the batch cannot be stored: {0}")]
    Invalid(String),
}

impl Error {
    fn closed() -> Self {
        Self::Unavailable("it is closed".to_owned())
    }
}

/// What a store call gives.
pub type Result<T> = std::result::Result<T, Error>;

/// The metrics and channels that a store knows.
#[async_trait]
pub trait CatalogueStore: fmt::Debug + Send + Sync + 'static {
    /// All metrics by rising id.
    async fn metrics(&self) -> Result<Vec<StoredMetric>>;

    /// The metric of a name.
    async fn metric_by_name(&self, name: &str) -> Result<Option<StoredMetric>> {
        Ok(self.metrics().await?.into_iter().find(|metric| metric.name == name))
    }

    /// Makes sure that a metric of this name exists and has at least these channels, and returns it as it then is.
    ///
    /// A label that the metric does not have yet becomes its next channel, in the order given. Labels are unique within
    /// a metric. Durable when it returns. Calling it again, or from two processes at once, changes nothing more.
    async fn ensure_metric(&self, name: &str, channel_labels: &[String]) -> Result<StoredMetric>;

    /// Replaces what is known of a metric besides its name and channels. An unknown id does nothing.
    async fn set_properties(&self, metric_id: MetricId, properties: &MetricProperties) -> Result<()>;
}

/// Raw samples.
#[async_trait]
pub trait FrameStore: fmt::Debug + Send + Sync + 'static {
    /// Stores a batch: all of it or none. When it returns `Ok` the batch is durable.
    ///
    /// A channel that already has a sample at the frame's time gets the new value and arrival; other channels at that
    /// time keep theirs. Within a batch later frames win over earlier ones.
    async fn write(&self, frames: &[Frame]) -> Result<()>;

    /// The frames of a metric in a range by rising time, in chunks of bounded size; each time occurs once.
    ///
    /// Frames that hold none of the channels asked for are left out. An unknown metric yields nothing. The stream ends
    /// with its first error.
    fn scan(
        &self,
        metric_id: MetricId,
        range: TimeRange,
        channels: ChannelFilter,
    ) -> BoxStream<'_, Result<Vec<FrameRead>>>;

    /// The newest sample of each channel that has one, by rising channel, with its time; null and NaN count.
    async fn latest(&self, metric_id: MetricId) -> Result<Vec<(Timestamp, ChannelSample)>>;

    /// The times of a metric's oldest and newest frame, by the index; `None` before the first.
    async fn span(&self, metric_id: MetricId) -> Result<Option<(Timestamp, Timestamp)>>;

    /// The time of the newest frame before a moment, by the index.
    async fn newest_before(&self, metric_id: MetricId, before: Timestamp) -> Result<Option<Timestamp>>;

    /// How many frames lie in each of the ranges, in their order.
    async fn count_frames(&self, metric_id: MetricId, ranges: &[TimeRange]) -> Result<Vec<u64>>;
}

/// All that the server needs of a database.
#[async_trait]
pub trait Store: CatalogueStore + FrameStore {
    /// The tiles that are derived from its samples, in the same database.
    fn tiles(&self) -> &dyn tiles::TileStore;

    /// What deletes samples that are too old.
    fn retention(&self) -> &dyn retention::RetentionStore;

    /// What shows one moment of it, for backups.
    fn snapshots(&self) -> &dyn snapshot::SnapshotStore;

    /// What is kept besides samples: records and events.
    fn records(&self) -> &dyn records::RecordStore;

    /// What tells of writes of other processes; `None` where there are none, or none can be heard.
    fn changes(&self) -> Option<&dyn changes::ChangeFeed> {
        None
    }

    /// Whether the database answers now.
    async fn ping(&self) -> Result<()>;

    /// Gives back what it holds (locks, connections, logs) after finishing what was begun. Later calls fail.
    async fn close(&self);
}

/// How databases name a kind.
pub(crate) const fn kind_to_text(kind: MetricKind) -> &'static str {
    match kind {
        MetricKind::Gauge => "gauge",
        MetricKind::Counter => "counter",
        MetricKind::State => "state",
    }
}

pub(crate) fn kind_from_text(text: &str) -> Option<MetricKind> {
    [MetricKind::Gauge, MetricKind::Counter, MetricKind::State]
        .into_iter()
        .find(|kind| kind_to_text(*kind) == text)
}
