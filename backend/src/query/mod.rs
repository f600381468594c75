//! Answers from the stored samples: one file per query, no HTTP in here.
//!
//! Everything is exact. What sums up samples over time asks [`crate::pyramid`], and can do the same by brute
//! force over the raw samples, with the same accumulators ([`columns`]).

use shared::metric::ChannelSelection;
use shared::time::{ReversedRange, TimeRange, Timestamp};

use crate::pyramid;
use crate::store::{self, MetricId, Store, StoredMetric};

pub mod envelope;

pub mod raster;

pub mod latest;

pub mod samples;

pub mod export;

pub mod nights;

pub mod metrics;

pub mod geometry;

pub mod sky;

pub mod columns;

pub mod dirty;

pub mod version;

pub mod turns;

#[cfg(test)]
mod fixture;

#[cfg(test)]
mod renewed_tests;

/// The longest range that a query may ask for, in days: about 300 years.
pub const MAX_SPAN_DAYS: i64 = 110_000;

/// The most points (channels x columns) of one answer.
pub const MAX_POINTS: u64 = 500_000;

/// Why a query has no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// There is no metric of this name.
    #[error("there is no metric {name:?}{}", did_you_mean(nearest.as_deref()))]
    UnknownMetric {
        /// The name asked for.
        name: String,
        /// The name that it may have been meant to be.
        nearest: Option<String>,
    },
    /// The metric has no such channel.
    #[error("metric {metric:?} has no channel {channel}; its channels are {}", channel_range(*n_channels))]
    UnknownChannel {
        /// The metric.
        metric: String,
        /// The channel asked for.
        channel: u32,
        /// How many the metric has.
        n_channels: usize,
    },
    /// No camera of this name is configured.
    #[error("there is no geometry {name:?}{}", did_you_mean(nearest.as_deref()))]
    UnknownGeometry {
        /// The name asked for.
        name: String,
        /// The name that it may have been meant to be.
        nearest: Option<String>,
    },
    /// The site has no place on Earth.
    #[error("it is not known where the site is; set latitude and longitude of [site] in the configuration")]
    UnknownPlace,
    /// The range does not end after it starts.
    #[error("{0}")]
    ReversedRange(#[from] ReversedRange),
    /// The range is longer than [`MAX_SPAN_DAYS`].
    #[error("the range spans {days} days, at most {MAX_SPAN_DAYS} can be asked for at once; ask for a shorter one")]
    SpanTooLong {
        /// Its length.
        days: i64,
    },
    /// The range is longer than the sky is told for at once.
    #[error(
        "the range spans {days} days, the sky is told for at most {limit}; ask for a shorter one",
        limit = crate::sky::MAX_DAYS
    )]
    SkySpanTooLong {
        /// Its length.
        days: i64,
    },
    /// No columns, or more than a screen has.
    #[error("columns must be 1 to {limit}, not {columns}", limit = shared::query::envelope::MAX_COLUMNS)]
    TooManyColumns {
        /// How many were asked for.
        columns: u32,
    },
    /// More channels x columns than [`MAX_POINTS`].
    #[error(
        "{n_channels} channels x {columns} columns are more than {MAX_POINTS} points; \
         ask for fewer channels, fewer columns, or for channels=band"
    )]
    TooManyPoints {
        /// How many channels were asked for.
        n_channels: usize,
        /// How many columns of each.
        columns: u32,
    },
    /// No rows, or more than a screen has.
    #[error("rows must be 1 to {limit}, not {rows}", limit = shared::query::raster::MAX_ROWS)]
    TooManyRows {
        /// How many were asked for.
        rows: u32,
    },
    /// More rows x columns than [`raster::MAX_CELLS`].
    #[error(
        "{rows} rows x {columns} columns are more than {limit} cells; ask for fewer columns or fewer rows",
        limit = raster::MAX_CELLS
    )]
    TooManyCells {
        /// How many rows the answer would have.
        rows: u32,
        /// How many columns were asked for.
        columns: u32,
    },
    /// More channels x columns than [`raster::MAX_READ`].
    #[error(
        "{n_channels} channels x {columns} columns are more than the {limit} that one raster reads; ask for fewer columns",
        limit = raster::MAX_READ
    )]
    TooMuchToRead {
        /// How many channels the metric has.
        n_channels: usize,
        /// How many columns were asked for.
        columns: u32,
    },
    /// Values that are no range.
    #[error(
        "value_min must be below value_max and both must be finite, and positive with log; they are {value_min} and {value_max}"
    )]
    BadValueRange {
        /// The lower end, as far as it was given.
        value_min: String,
        /// The upper end, as far as it was given.
        value_max: String,
    },
    /// A range of values for a statistic that has no use for it.
    #[error("value_min, value_max and log are for stat=density; leave them out")]
    ValueRangeWithoutDensity,
    /// A limit outside its bounds.
    #[error("limit must be 1 to {max}, not {limit}")]
    LimitOutOfRange {
        /// What was asked for.
        limit: u32,
        /// The most that can be.
        max: u32,
    },
    /// A cursor that is none of ours, or of another query.
    #[error("{0:?} is not a cursor of this query; start again without it")]
    BadCursor(String),
    /// The band was asked for where only channels have an answer.
    #[error("the band has no samples of its own; ask for channels=all or for indices such as 0,3")]
    BandHasNoSamples,
    /// The library that writes a file format refused.
    #[error("the file cannot be written: {0}")]
    Unwritable(String),
    /// The store failed.
    #[error("{0}")]
    Store(#[from] store::Error),
}

/// What a query gives.
pub type Result<T> = std::result::Result<T, Error>;

/// What is to be computed anew of an answer that somebody holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ask {
    /// All of it.
    Whole,
    /// What has changed in the form that was given last; all of it where that has changed.
    Parts,
    /// The same for somebody who may hold it in an older form.
    PartsOfAnyForm,
}

/// A part of an answer that was computed anew, cut as in the whole; the whole where its form has changed.
#[derive(Clone, PartialEq, Debug)]
pub struct Renewed<T> {
    /// The first moment of what it replaces, in microseconds since the epoch.
    pub from_us: i64,
    /// The first moment after it.
    pub to_us: i64,
    /// What takes the place of all that starts there.
    pub part: T,
}

impl<T> Renewed<T> {
    /// The same with its part as something else.
    pub fn map<U>(self, to: impl FnOnce(T) -> U) -> Renewed<U> {
        Renewed {
            from_us: self.from_us,
            to_us: self.to_us,
            part: to(self.part),
        }
    }
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |nearest| format!("; did you mean {nearest:?}?"))
}

fn channel_range(n_channels: usize) -> String {
    match n_channels {
        0 => "none yet".to_owned(),
        1 => "only 0".to_owned(),
        n => format!("0 to {}", n - 1),
    }
}

/// How often to begin again where late writes change the pyramid under a question; after that brute force answers.
const ATTEMPTS: u32 = 3;

/// Whether to ask the pyramid once more after it did not answer; otherwise brute force answers, and the log says why.
fn asks_again(error: &pyramid::Error, metric: &str) -> bool {
    match error {
        pyramid::Error::Moved => true,
        // A full disk takes no tiles, and can be read all the same. Where it cannot, reading says so.
        pyramid::Error::Store(error) => {
            tracing::warn!(metric, %error, "answered without tiles: {error}");
            false
        }
        pyramid::Error::Unsuited | pyramid::Error::Codec(_) => {
            tracing::debug!(metric, %error, "answered by brute force: {error}");
            false
        }
    }
}

/// The metric of a name, or why there is none.
pub async fn metric_id(store: &dyn Store, name: &str) -> Result<MetricId> {
    Ok(find_metric(store, name).await?.id)
}

/// The metric of a name, or an error that names the nearest one.
async fn find_metric(store: &dyn Store, name: &str) -> Result<StoredMetric> {
    if let Some(metric) = store.metric_by_name(name).await? {
        return Ok(metric);
    }
    let metrics = store.metrics().await?;
    let names = metrics.iter().map(|metric| metric.name.as_str());
    Err(Error::UnknownMetric {
        name: name.chars().take(200).collect(),
        nearest: crate::nearest::nearest(name, names).map(str::to_owned),
    })
}

/// A range as a query may ask for it.
fn checked_range(from: Timestamp, to: Timestamp) -> Result<TimeRange> {
    let range = TimeRange::new(from, to)?;
    let days = range.micros() / shared::time::MICROS_PER_DAY;
    if MAX_SPAN_DAYS < days {
        return Err(Error::SpanTooLong { days });
    }
    Ok(range)
}

/// The channels of a selection in the order asked for; all of them for the band.
fn selected_channels(metric: &StoredMetric, selection: &ChannelSelection) -> Result<Vec<u32>> {
    let n_channels = metric.channel_labels.len();
    match selection {
        ChannelSelection::All | ChannelSelection::Band => {
            Ok((0..u32::try_from(n_channels).unwrap_or(u32::MAX)).collect())
        }
        ChannelSelection::List(channels) => {
            let unknown = channels.iter().find(|channel| n_channels <= **channel as usize);
            match unknown {
                Some(channel) => Err(Error::UnknownChannel {
                    metric: metric.name.clone(),
                    channel: *channel,
                    n_channels,
                }),
                None => Ok(channels.clone()),
            }
        }
    }
}
