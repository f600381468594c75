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
#[serde(deny_unknown_fields)]
pub struct SamplesQuery {
    /// The metric by name.
    pub metric: String,
    /// Which channels; the band has no samples.
    #[serde(default)]
    pub channels: ChannelSelection,
    /// The first moment of the range.
    pub from: Timestamp,
    /// The first moment after the range.
    pub to: Timestamp,
    /// How many samples at the most, 1 to [`MAX_LIMIT`].
    #[serde(default = "default_limit")]
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
pub struct Samples {
    /// One page of samples.
    pub samples: Vec<StoredSample>,
    /// The cursor of the next page; `None` on the last one.
    pub next: Option<String>,
}

/// A sample as it is stored.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct StoredSample {
    /// The channel.
    pub channel: u32,
    /// When it was taken, in microseconds since the epoch.
    pub time_us: i64,
    /// When it came in, in microseconds since the epoch.
    pub arrival_us: i64,
    /// Its value.
    pub value: Value,
}
