//! Sun and moon over the site: what light there is.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// `GET /api/v1/sky?from=…Z&to=…Z`
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct SkyQuery {
    /// The first moment of the range.
    #[cfg_attr(feature = "openapi", param(example = "2026-11-20T12:00:00Z"))]
    pub from: Timestamp,
    /// The first moment after the range; at most 40 days later.
    #[cfg_attr(feature = "openapi", param(example = "2026-11-21T12:00:00Z"))]
    pub to: Timestamp,
}

/// What light there is over a range, in rising order and without holes or overlaps.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sky {
    /// The light of the sun.
    pub sun: Vec<SunSpan>,
    /// When the moon is above the horizon; below it in between.
    pub moon: Vec<MoonSpan>,
}

/// A time of one kind of light.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SunSpan {
    /// When it begins, in microseconds since the epoch.
    pub start_us: i64,
    /// The first microsecond after it.
    pub end_us: i64,
    /// What light.
    pub light: Light,
}

/// Where the sun is, by the altitude of its centre above the horizon, in degrees.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Light {
    /// Above -0.833: its upper edge is seen.
    Day,
    /// Down to -6.
    Civil,
    /// Down to -12.
    Nautical,
    /// Down to -18.
    Astronomical,
    /// Below -18.
    Night,
}

/// A time with the moon above the horizon.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MoonSpan {
    /// When it rises or the range begins, in microseconds since the epoch.
    pub start_us: i64,
    /// When it sets or the range ends.
    pub end_us: i64,
    /// Which part of its disc is lit in the middle of that time, 0.0 (new) to 1.0 (full).
    pub lit: f64,
}
