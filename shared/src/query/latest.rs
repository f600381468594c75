//! The newest sample of each channel, its age and its state.

use serde::{Deserialize, Serialize};

use crate::time::{MICROS_PER_SEC, Timestamp};
use crate::value::Value;

/// `GET /api/v1/latest?metric=M[&at=…Z]`
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct LatestQuery {
    /// The metric by name.
    #[cfg_attr(feature = "openapi", param(example = "surfrad.temp"))]
    pub metric: String,
    /// The moment to answer for, as it was known from the samples up to then; now without it.
    ///
    /// Then it is looked back only as far as a sample is not stale: less than three intervals, unless the configuration says
    /// otherwise, or, where no interval is known, less than an hour. A channel without a sample in that time is `stale`, and its time, value and age are null,
    /// whether it had one before or not; all are `never` where the metric had no sample at all up to then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(value_type = Option<Timestamp>, example = "2016-01-01T18:00:00Z"))]
    pub at: Option<Timestamp>,
}

/// The answer: every channel of the metric by index, also those that never spoke.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Latest {
    /// The metric by name.
    pub metric: String,
    /// The moment that was asked for, else the server's clock when it answered, in microseconds since the epoch; ages
    /// count back from here.
    pub now_us: i64,
    /// All channels.
    pub channels: Vec<LatestChannel>,
}

/// The newest sample of one channel.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LatestChannel {
    /// The channel.
    pub channel: u32,
    /// Its label.
    pub label: String,
    /// When the sample was taken, in microseconds since the epoch; `None` if there never was one, or, of a moment that
    /// was asked for, none that was not stale then.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub time_us: Option<i64>,
    /// Its value; null also where there is no `time_us`.
    #[cfg_attr(feature = "openapi", schema(value_type = crate::openapi::SampleValue))]
    pub value: Value,
    /// Its age in seconds; negative for a source clock ahead of the server's.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub age_s: Option<f64>,
    /// What its age means.
    pub state: Freshness,
}

/// What the age of a sample means, by the interval in which samples are expected: the configured one or, where none is, the
/// one that was learned from the samples (see [`crate::query::streams`]).
///
/// A sample from the future, of a clock that is ahead, is taken to be as old as its arrival, so that such a source does not
/// look alive for as long as it is ahead once it is silent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Freshness {
    /// As young as it should be.
    Fresh,
    /// Older than expected; the next one is overdue.
    Late,
    /// So old that it says nothing about now.
    Stale,
    /// There never was a sample.
    Never,
}

/// A sample is late from this many intervals on, and fresh before, unless `[streams]` of the configuration says otherwise.
pub const LATE_INTERVALS: f64 = 2.0;

/// A sample is stale from this many intervals on; the same count breaks a drawn line.
pub const STALE_INTERVALS: f64 = 3.0;

/// How far back a moment of the past looks for samples where no interval is known, in microseconds: one hour.
pub const UNKNOWN_INTERVAL_LOOK_MICROS: i64 = 3600 * MICROS_PER_SEC;

/// From which ages on a sample is late and stale, in seconds.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Ages {
    /// At this age it is late, and fresh before.
    pub late_s: f64,
    /// At this age it is stale.
    pub stale_s: f64,
}

impl Ages {
    /// Where a sample is expected every `interval_s` seconds, and nothing else is said.
    pub fn of_interval(interval_s: f64) -> Self {
        Self {
            late_s: interval_s * LATE_INTERVALS,
            stale_s: interval_s * STALE_INTERVALS,
        }
    }
}

impl Freshness {
    /// What an age means.
    ///
    /// Where nothing is configured or learned yet, nothing can be proven fresh: such a sample is stale.
    pub fn from_age(age_s: f64, terms: Option<Ages>) -> Self {
        match terms {
            Some(terms) if age_s < terms.late_s => Self::Fresh,
            Some(terms) if age_s < terms.stale_s => Self::Late,
            _ => Self::Stale,
        }
    }

    /// The word on the wire and on the screen.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Late => "late",
            Self::Stale => "stale",
            Self::Never => "never",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn freshness_follows_the_interval() {
        assert_eq!(
            Freshness::from_age(-1.0, Some(Ages::of_interval(60.0))),
            Freshness::Fresh
        );
        assert_eq!(
            Freshness::from_age(119.9, Some(Ages::of_interval(60.0))),
            Freshness::Fresh
        );
        assert_eq!(
            Freshness::from_age(120.0, Some(Ages::of_interval(60.0))),
            Freshness::Late
        );
        assert_eq!(
            Freshness::from_age(180.0, Some(Ages::of_interval(60.0))),
            Freshness::Stale
        );
        assert_eq!(Freshness::from_age(0.0, None), Freshness::Stale);
    }
}
