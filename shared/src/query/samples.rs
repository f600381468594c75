//! Raw samples with their arrival time, page by page.

use serde::{Deserialize, Serialize};

use crate::metric::ChannelSelection;
use crate::time::Timestamp;
use crate::value::Value;

/// The most samples on one page.
pub const MAX_LIMIT: u32 = 100_000;

/// How many samples a page has when the query does not say.
pub const DEFAULT_LIMIT: u32 = 1_000;

/// `GET /api/v1/samples?metric=M&channels=…&from&to&limit=1000[&cursor=…]`
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct SamplesQuery {
    /// The metric by name.
    #[cfg_attr(feature = "openapi", param(example = "surfrad.temp"))]
    pub metric: String,
    /// Which channels; the band has no samples.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", param(schema_with = crate::openapi::channels_in_a_query))]
    pub channels: ChannelSelection,
    /// The first moment of the range.
    #[cfg_attr(feature = "openapi", param(example = "2016-01-01T12:00:00Z"))]
    pub from: Timestamp,
    /// The first moment after the range.
    #[cfg_attr(feature = "openapi", param(example = "2016-01-01T18:00:00Z"))]
    pub to: Timestamp,
    /// How many samples at the most, 1 to [`MAX_LIMIT`].
    #[serde(default = "default_limit")]
    #[cfg_attr(
        feature = "openapi",
        param(minimum = 1, maximum = 100_000, default = 1_000, example = 5)
    )]
    pub limit: u32,
    /// Where the page before ended: its `next`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

const fn default_limit() -> u32 {
    DEFAULT_LIMIT
}

/// The answer: samples by rising time, then by channel.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Samples {
    /// One page of samples.
    pub samples: Vec<StoredSample>,
    /// The cursor of the next page; `None` on the last one.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub next: Option<String>,
}

/// A sample as it is stored.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StoredSample {
    /// The channel.
    pub channel: u32,
    /// When it was taken, in microseconds since the epoch.
    pub time_us: i64,
    /// When it came in, in microseconds since the epoch.
    pub arrival_us: i64,
    /// Its value.
    #[cfg_attr(feature = "openapi", schema(value_type = crate::openapi::SampleValue))]
    pub value: Value,
}
