//! Metrics and their channels.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::order::sort_by;
use crate::query::latest::Ages;
use crate::quoted::Quoted;
use crate::time::Timestamp;

/// What kind of quantity a metric measures; decides how it may be drawn and summed up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MetricKind {
    /// A value that goes up and down: a temperature, a voltage.
    #[default]
    Gauge,
    /// A value that only rises, apart from resets.
    Counter,
    /// A small set of numbered states.
    State,
}

/// A metric as the catalogue lists it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MetricInfo {
    /// The name by which queries ask for it.
    pub name: String,
    /// What a panel is headed with; the name where nothing better is known.
    pub title: String,
    /// The unit as written on an axis; empty for a pure number.
    pub unit: String,
    /// What kind of quantity it is.
    pub kind: MetricKind,
    /// How many channels it has; a scalar has one.
    pub channels: u32,
    /// Seconds between expected samples of a channel: as configured, else as learned from the samples; `None` where
    /// neither tells.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub interval_s: Option<f64>,
    /// From which age on a sample is late, in seconds: as configured, else two intervals; `None` where neither is known.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub late_after_s: Option<f64>,
    /// From which age on a sample is stale, in seconds: as configured, else three intervals; `None` where neither is known.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub stale_after_s: Option<f64>,
    /// The time of its oldest sample; `None` before the first.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub first: Option<Timestamp>,
    /// The time of its newest sample; `None` before the first.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub last: Option<Timestamp>,
}

impl MetricInfo {
    /// By which the age of a sample is judged.
    pub fn ages(&self) -> Option<Ages> {
        let (late_s, stale_s) = self.late_after_s.zip(self.stale_after_s)?;
        Some(Ages { late_s, stale_s })
    }
}

/// The answer to `GET /api/v1/metrics`, sorted by name.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Metrics {
    /// All metrics known to the store.
    pub metrics: Vec<MetricInfo>,
}

/// The longest name of a metric, in bytes.
pub const MAX_METRIC_NAME_BYTES: usize = 200;

/// The longest label of a channel, in bytes.
pub const MAX_CHANNEL_LABEL_BYTES: usize = 500;

/// Why a text cannot name a metric.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MetricNameError {
    /// Nothing there.
    Empty,
    /// Longer than [`MAX_METRIC_NAME_BYTES`].
    TooLong,
    /// It holds a control character.
    Control,
}

impl fmt::Display for MetricNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("a metric needs a name"),
            Self::TooLong => write!(f, "a metric name may have at most {MAX_METRIC_NAME_BYTES} bytes"),
            Self::Control => f.write_str("a metric name may not hold control characters"),
        }
    }
}

impl std::error::Error for MetricNameError {}

/// Checks that a text can name a metric: 1 to 200 bytes of any letters and signs, without control characters.
pub fn check_metric_name(name: &str) -> Result<(), MetricNameError> {
    if name.is_empty() {
        Err(MetricNameError::Empty)
    } else if name.len() > MAX_METRIC_NAME_BYTES {
        Err(MetricNameError::TooLong)
    } else if name.chars().any(char::is_control) {
        Err(MetricNameError::Control)
    } else {
        Ok(())
    }
}

/// The separator of several channels on the wire, as in `channels=0,3`.
const CHANNEL_SEPARATOR: char = ',';

/// Which channels a query is about. On the wire `all`, `band` or a list of indices such as `0,3`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum ChannelSelection {
    /// Every channel, each for itself.
    #[default]
    All,
    /// The envelope over all channels.
    Band,
    /// These channels, in this order, each once.
    List(Vec<u32>),
}

/// A text that does not select channels.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ChannelSelectionError {
    /// A part that is not a channel index.
    NotAnIndex(String),
    /// A channel named twice.
    Repeated(u32),
}

impl fmt::Display for ChannelSelectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnIndex(part) => {
                write!(
                    f,
                    "{} is not a channel index; write channels as all, band or indices such as 0,3",
                    Quoted(part)
                )
            }
            Self::Repeated(channel) => write!(f, "channel {channel} is named twice"),
        }
    }
}

impl std::error::Error for ChannelSelectionError {}

impl std::str::FromStr for ChannelSelection {
    type Err = ChannelSelectionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "all" => return Ok(Self::All),
            "band" => return Ok(Self::Band),
            _ => {}
        }
        let mut channels = Vec::new();
        for part in text.split(CHANNEL_SEPARATOR) {
            let channel = part
                .trim()
                .parse::<u32>()
                .map_err(|_not_a_number| ChannelSelectionError::NotAnIndex(part.chars().take(40).collect()))?;
            channels.push(channel);
        }
        let mut sorted = channels.clone();
        sort_by(&mut sorted, u32::cmp);
        if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(ChannelSelectionError::Repeated(pair[0]));
        }
        Ok(Self::List(channels))
    }
}

impl fmt::Display for ChannelSelection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Band => f.write_str("band"),
            Self::List(channels) => {
                for (position, channel) in channels.iter().enumerate() {
                    if position > 0 {
                        write!(f, "{CHANNEL_SEPARATOR}")?;
                    }
                    write!(f, "{channel}")?;
                }
                Ok(())
            }
        }
    }
}

impl Serialize for ChannelSelection {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ChannelSelection {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channel_selections_survive_their_text() {
        for text in ["all", "band", "0", "3,0,1854"] {
            assert_eq!(text.parse::<ChannelSelection>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_bad_selection_names_its_bad_part() {
        let message = |text: &str| text.parse::<ChannelSelection>().unwrap_err().to_string();
        assert_eq!(message("1,1"), "channel 1 is named twice");
        for text in ["", "1,", "-1", "all,1", "4294967296"] {
            assert!(message(text).contains("is not a channel index"), "{text}");
        }
    }

    #[test]
    fn names_of_metrics() {
        assert_eq!(check_metric_name("camera/scb_pixel_temperature.avg"), Ok(()));
        assert_eq!(check_metric_name(""), Err(MetricNameError::Empty));
        assert_eq!(check_metric_name(&"x".repeat(201)), Err(MetricNameError::TooLong));
        assert_eq!(check_metric_name("a\nb"), Err(MetricNameError::Control));
    }
}
