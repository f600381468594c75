//! The envelope of channels over time: per column count, extremes with their times, first, last and mean.

use serde::{Deserialize, Serialize};

use crate::metric::ChannelSelection;
use crate::time::Timestamp;
use crate::value::Value;

mod parts;

/// The most columns that one envelope may be asked for; two 8k screens beside each other.
pub const MAX_COLUMNS: u32 = 16_384;

/// `GET /api/v1/envelope?metric=M&channels=0,3|all|band&from=…Z&to=…Z&columns=1200`
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct EnvelopeQuery {
    /// The metric by name.
    #[cfg_attr(feature = "openapi", param(example = "surfrad.temp"))]
    pub metric: String,
    /// Which channels, each for itself, or the band over all of them.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", param(schema_with = crate::openapi::channels_in_a_query))]
    pub channels: ChannelSelection,
    /// The first moment of the range.
    #[cfg_attr(feature = "openapi", param(example = "2016-01-01T12:00:00Z"))]
    pub from: Timestamp,
    /// The first moment after the range.
    #[cfg_attr(feature = "openapi", param(example = "2016-01-01T18:00:00Z"))]
    pub to: Timestamp,
    /// How many columns the range is to be cut into, 1 to [`MAX_COLUMNS`]: the pixels of the plot.
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 16_384, example = 300))]
    pub columns: u32,
}

/// The answer: columns, or the samples themselves where they are few.
///
/// Samples are given when no series has more than two samples per column on average. The band is always columns: where
/// frames are fewer than columns, one frame each.
#[derive(Clone, PartialEq, Debug)]
pub enum Envelope {
    /// Columns of summed-up samples.
    Columns {
        /// The metric by name.
        metric: String,
        /// Its unit.
        unit: String,
        /// One per channel asked for, in that order; or the one band.
        series: Vec<ColumnSeries>,
    },
    /// The stored samples.
    Samples {
        /// The metric by name.
        metric: String,
        /// Its unit.
        unit: String,
        /// One per channel asked for, in that order.
        series: Vec<SampleSeries>,
    },
}

/// The columns of a channel or of the band; all arrays have the same length, one entry per column with a finite sample.
///
/// Columns rise in time and do not overlap; columns without a finite sample are left out. Every sample of the range
/// lies in exactly one column of the cut.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ColumnSeries {
    /// The channel; `None` for the band.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub channel: Option<u32>,
    /// The label of the channel; empty for the band.
    pub label: String,
    /// Where the column starts, in microseconds since the epoch.
    pub start_us: Vec<i64>,
    /// Where it ends: the first microsecond after it.
    pub end_us: Vec<i64>,
    /// How many finite samples it holds, at least one.
    pub count: Vec<u64>,
    /// The least finite value.
    pub min: Vec<f64>,
    /// The greatest finite value.
    pub max: Vec<f64>,
    /// The first finite value; absent in the band.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub first: Vec<f64>,
    /// The last finite value; absent in the band.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub last: Vec<f64>,
    /// The mean of the finite values.
    pub mean: Vec<f64>,
    /// When the least value was taken; the earliest such time.
    pub min_us: Vec<i64>,
    /// When the greatest value was taken; the earliest such time.
    pub max_us: Vec<i64>,
    /// The channel of the least value, the lowest index at that time; only in the band.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub min_channel: Vec<u32>,
    /// The channel of the greatest value, the lowest index at that time; only in the band.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub max_channel: Vec<u32>,
}

/// The stored samples of a channel by rising time; nulls and NaN included.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SampleSeries {
    /// The channel.
    pub channel: u32,
    /// Its label.
    pub label: String,
    /// The time of each sample, in microseconds since the epoch.
    pub time_us: Vec<i64>,
    /// Its value.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<crate::openapi::SampleValue>))]
    pub value: Vec<Value>,
}
