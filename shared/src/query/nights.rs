//! Which nights hold data, and how complete they are.

use serde::{Deserialize, Serialize};

use crate::time::{Date, Timestamp};

/// The most nights in one answer.
pub const MAX_LIMIT: u32 = 4_000;

/// How many nights an answer has when the query does not say.
pub const DEFAULT_LIMIT: u32 = 90;

/// `GET /api/v1/nights[?metric=M&before=2026-11-21&limit=90]`
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct NightsQuery {
    /// The metric by name, or several with commas between them; all metrics without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(example = "surfrad.temp"))]
    pub metric: Option<String>,
    /// Only nights before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(value_type = Option<Date>, example = "2026-11-21"))]
    pub before: Option<Date>,
    /// How many nights at the most, 1 to [`MAX_LIMIT`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 4_000, default = 90, example = 7))]
    pub limit: Option<u32>,
}

/// The answer: nights with data, newest first.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Nights {
    /// Nights that hold at least one frame.
    pub nights: Vec<Night>,
    /// The newest night with data of all, also if it is not in the list; `None` before the first sample.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub newest: Option<Date>,
}

/// A night with data.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Night {
    /// Its name: the site's local date at which it starts.
    pub date: Date,
    /// When it starts.
    pub start: Timestamp,
    /// The first moment after it. A night of a change to or from summer time has 23 or 25 hours.
    pub end: Timestamp,
    /// How many frames it holds.
    pub frames: u64,
    /// Frames held over frames expected until now, 0 to 1; `None` where no interval is known.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub completeness: Option<f64>,
}
