//! How a metric looks wherever it is shown: limits, colours, names of its states, its place in the camera.
//!
//! It comes from the configuration (`[metrics."NAME"]`), not from the store, and changes nothing that is stored.

use serde::{Deserialize, Serialize};

use crate::dashboard::Severity;

/// How one metric looks.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MetricDisplay {
    /// The metric by name.
    pub metric: String,
    /// Where values are worth a warning or an alarm.
    #[serde(default)]
    pub limits: Limits,
    /// Its colours in heatmaps and in the camera; viridis over the visible values where it is `None`.
    #[serde(default)]
    pub scale: Option<ColorScale>,
    /// What its values are called, for metrics of kind `state`, by rising value.
    #[serde(default)]
    pub states: Vec<StateName>,
    /// Where its channels are in a camera.
    #[serde(default)]
    pub place: Option<Place>,
}

/// Values beyond which something is wrong, in the unit of the metric. A limit itself is still within.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Limits {
    /// Below it is an alarm.
    #[serde(default)]
    pub low_alarm: Option<f64>,
    /// Below it is a warning.
    #[serde(default)]
    pub low_warning: Option<f64>,
    /// Above it is a warning.
    #[serde(default)]
    pub high_warning: Option<f64>,
    /// Above it is an alarm.
    #[serde(default)]
    pub high_alarm: Option<f64>,
}

impl Limits {
    /// What a value means; [`Severity::None`] where no limit is set or the value is not finite.
    pub fn severity_of(&self, value: f64) -> Severity {
        let is_below = |limit: Option<f64>| limit.is_some_and(|limit| value < limit);
        let is_above = |limit: Option<f64>| limit.is_some_and(|limit| value > limit);
        if !value.is_finite() || *self == Self::default() {
            Severity::None
        } else if is_below(self.low_alarm) || is_above(self.high_alarm) {
            Severity::Alarm
        } else if is_below(self.low_warning) || is_above(self.high_warning) {
            Severity::Warning
        } else {
            Severity::Ok
        }
    }
}

/// From values to colours.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ColorScale {
    /// Which colours, from the lowest value to the highest.
    #[serde(default)]
    pub map: ColorMap,
    /// The value of the first colour; the least visible one where it is `None`.
    #[serde(default)]
    pub low: Option<f64>,
    /// The value of the last colour; the greatest visible one where it is `None`.
    #[serde(default)]
    pub high: Option<f64>,
    /// Whether equal ratios, rather than equal differences, are equally far apart; needs positive values.
    #[serde(default)]
    pub log: bool,
    /// Colours at values, rising, two at least; between two stops colours are mixed. Only for [`ColorMap::Stops`].
    #[serde(default)]
    pub stops: Vec<ColorStop>,
}

/// Named colours. In the red theme every map becomes a ramp from dark to bright red.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ColorMap {
    /// From dark blue over green to yellow; even in lightness, safe for colour-blind people.
    #[default]
    Viridis,
    /// From blue to yellow; made for colour-blind people.
    Cividis,
    /// From black over red to yellow.
    Inferno,
    /// From dark to light, without hue.
    Gray,
    /// The stops of the scale.
    Stops,
}

/// A colour at a value.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ColorStop {
    /// The value, in the unit of the metric.
    pub value: f64,
    /// Red, green and blue, 0 to 255.
    pub rgb: [u8; 3],
}

/// What a value of a state is called.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StateName {
    /// The value.
    pub value: i64,
    /// What it is called.
    pub label: String,
    /// What it means.
    #[serde(default)]
    pub severity: Severity,
}

/// Which parts of a camera the channels of a metric are.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Place {
    /// The geometry by name, for `GET /api/v1/geometry`.
    pub geometry: String,
    /// What a channel is.
    pub part: CameraPart,
}

/// What a channel is in a camera.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CameraPart {
    /// The pixel of the same number.
    #[default]
    Pixel,
    /// The module of the same number: all its pixels have its value.
    Module,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_itself_is_within_and_alarms_win() {
        let limits = Limits {
            low_alarm: Some(0.0),
            low_warning: Some(1.0),
            high_warning: Some(10.0),
            high_alarm: Some(20.0),
        };
        let told = [-0.1, 0.0, 1.0, 10.0, 10.1, 20.0, 20.1, f64::NAN].map(|value| limits.severity_of(value));
        let expected = [
            Severity::Alarm,
            Severity::Warning,
            Severity::Ok,
            Severity::Ok,
            Severity::Warning,
            Severity::Warning,
            Severity::Alarm,
            Severity::None,
        ];
        assert_eq!(told, expected);
        assert_eq!(Limits::default().severity_of(5.0), Severity::None);
    }
}
