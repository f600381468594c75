//! Which deliveries are expected, and which of them are silent.

use serde::{Deserialize, Serialize};

use crate::query::latest::Freshness;

/// The answer to `GET /api/v1/streams`: every metric by name, silent or not.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Streams {
    /// The server's clock, in microseconds since the epoch.
    pub now_us: i64,
    /// One per metric, by name.
    pub streams: Vec<StreamStatus>,
    /// One per source, by name.
    pub sources: Vec<SourceClock>,
}

/// How a metric is delivered.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StreamStatus {
    /// The metric by name.
    pub metric: String,
    /// What a panel is headed with.
    pub title: String,
    /// The source that it belongs to.
    pub source: String,
    /// The state of its newest sample of any channel.
    pub state: Freshness,
    /// When that was taken, in microseconds since the epoch; `None` if there never was one.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub last_us: Option<i64>,
    /// Since when it is late or stale: when the next sample was due; `None` while it is fresh or never spoke.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub since_us: Option<i64>,
    /// Seconds between expected samples of a channel; `None` where neither configuration nor samples tell.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub interval_s: Option<f64>,
    /// Whether the interval was learned from the samples rather than configured.
    pub learned: bool,
    /// Whether somebody is to be told when it is silent: metrics that ended long before this server started are not
    /// expected, unless the configuration says so.
    pub expected: bool,
    /// How many of its channels are fresh.
    pub fresh: u32,
    /// How many are late.
    pub late: u32,
    /// How many are stale.
    pub stale: u32,
    /// How many never spoke.
    pub never: u32,
}

/// How far the clock of a source can be trusted.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SourceClock {
    /// The source: as configured, else what its metrics' names begin with.
    pub source: String,
    /// The least of arrival minus sample time over the last minutes, in seconds: the way's delay minus how far the
    /// source's clock is ahead. Below zero it is ahead for certain.
    pub delay_s: f64,
    /// How that changes, in seconds per hour; `None` before there is enough to tell.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub drift_s_per_hour: Option<f64>,
    /// The last step of the source's clock; `None` if none was seen.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub step: Option<ClockStep>,
}

/// A clock that was set.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ClockStep {
    /// When it was noticed, by the server's clock, in microseconds since the epoch.
    pub at_us: i64,
    /// By how much the source's clock jumped, in seconds; forward above zero.
    pub by_s: f64,
}
