//! The colour bars of Clusco Dashboard, so that a crew sees its camera in the colours that it knows.

use shared::display::{ColorMap, ColorScale, ColorStop};

/// A colour bar by name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    pub(super) name: &'static str,
    /// What it is made for, with its unit.
    quantity: &'static str,
    low: f64,
    high: f64,
    /// Colours at fractions of the way from `low` to `high`.
    stops: &'static [(f64, [u8; 3])],
}

const BLUE: [u8; 3] = [0, 0, 255];
const GREEN: [u8; 3] = [0, 128, 0];
const YELLOW: [u8; 3] = [255, 255, 0];
const ORANGE: [u8; 3] = [255, 165, 0];
const RED: [u8; 3] = [255, 0, 0];

const TEMPERATURE: &[(f64, [u8; 3])] = &[
    (0.0, BLUE),
    (18.0 / 30.0, GREEN),
    (25.0 / 30.0, ORANGE),
    (26.0 / 30.0, RED),
    (1.0, RED),
];

pub(super) const STYLES: [Style; 6] = [
    Style {
        name: "clusco-temperature",
        quantity: "temperature of pixels and modules, °C",
        low: 0.0,
        high: 30.0,
        stops: TEMPERATURE,
    },
    Style {
        name: "clusco-humidity",
        quantity: "humidity of modules, %",
        low: 0.0,
        high: 80.0,
        stops: &[
            (0.0, ORANGE),
            (10.0 / 80.0, YELLOW),
            (40.0 / 80.0, GREEN),
            (70.0 / 80.0, YELLOW),
            (74.0 / 80.0, ORANGE),
            (1.0, RED),
        ],
    },
    Style {
        name: "clusco-anode-current",
        quantity: "anode current, µA",
        low: 0.0,
        high: 100.0,
        stops: &[(0.0, BLUE), (0.05, GREEN), (0.6, YELLOW), (0.8, ORANGE), (1.0, RED)],
    },
    Style {
        name: "clusco-high-voltage",
        quantity: "high voltage, V",
        low: 10.0,
        high: 1400.0,
        stops: &[
            (0.0, BLUE),
            (10.0 / 1400.0, BLUE),
            (200.0 / 1400.0, GREEN),
            (950.0 / 1400.0, YELLOW),
            (1200.0 / 1400.0, ORANGE),
            (1.0, RED),
        ],
    },
    Style {
        name: "clusco-backplane-temperature",
        quantity: "temperature of backplanes, °C",
        low: 0.0,
        high: 37.0,
        stops: &[
            (0.0, BLUE),
            (20.0 / 37.0, GREEN),
            (30.0 / 37.0, YELLOW),
            (33.0 / 37.0, ORANGE),
            (35.0 / 37.0, RED),
            (1.0, RED),
        ],
    },
    Style {
        name: "clusco-rate",
        quantity: "trigger rates, Hz",
        low: 0.0,
        high: 1000.0,
        stops: TEMPERATURE,
    },
];

impl Style {
    /// What it is, in a few words.
    pub(super) fn told(&self) -> String {
        format!("{}, {} to {}", self.quantity, self.low, self.high)
    }

    /// The colours at values.
    pub(super) fn scale(&self) -> ColorScale {
        let stop = |&(fraction, rgb): &(f64, [u8; 3])| ColorStop {
            value: self.low + fraction * (self.high - self.low),
            rgb,
        };
        ColorScale {
            map: ColorMap::Stops,
            low: Some(self.low),
            high: Some(self.high),
            log: false,
            stops: self.stops.iter().map(stop).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stops_rise_from_end_to_end() {
        for style in STYLES {
            let scale = style.scale();
            let values: Vec<f64> = scale.stops.iter().map(|stop| stop.value).collect();
            assert!(
                values.is_sorted_by(|before, after| before < after),
                "{}: {values:?}",
                style.name
            );
            assert_eq!(values.first().copied(), scale.low, "{}", style.name);
            assert_eq!(values.last().copied(), scale.high, "{}", style.name);
        }
    }

    #[test]
    fn temperatures_are_green_at_18_and_red_from_26_degrees_on() {
        let stops = STYLES[0].scale().stops;
        let color_at = |value: f64| {
            let stop = stops.iter().find(|stop| (stop.value - value).abs() < 1e-9);
            stop.map(|stop| stop.rgb)
        };
        assert_eq!(color_at(18.0), Some(GREEN));
        assert_eq!(color_at(25.0), Some(ORANGE));
        assert_eq!(color_at(26.0), Some(RED));
        assert_eq!(color_at(30.0), Some(RED));
    }
}
