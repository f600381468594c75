//! From values to colours: the scale of a heatmap, of a camera, and of a line that is coloured by its values.

use super::cell_image::bytes;
use super::palette::Rgba;
use crate::display::{ColorMap, ColorScale, ColorStop};

/// How many colours a table tells apart.
const ENTRIES: usize = 256;
/// Room on both sides of a single value, as a part of it.
const ROOM: f64 = 0.05;
/// The least such room.
const LEAST_ROOM: f64 = 1e-280;
/// The least length of a scale, as it is measured along it.
const LEAST_SPAN: f64 = 1e-300;
/// A logarithmic scale without a positive lower end spans so much below its upper end.
const LOG_SPAN: f64 = 1e3;
/// The darkest red of the red theme's ramp, which still differs from the ground, and the brightest.
const DARK_RED: f64 = 38.0;
const BRIGHT_RED: f64 = 255.0;

/// Evenly spaced colours of the published maps, mixed in between: at most seven of 255 off.
const VIRIDIS: [[u8; 3]; 16] = [
    [68, 1, 84],
    [72, 26, 108],
    [71, 47, 125],
    [65, 68, 135],
    [57, 86, 140],
    [49, 104, 142],
    [42, 120, 142],
    [35, 136, 142],
    [31, 152, 139],
    [34, 168, 132],
    [53, 183, 121],
    [84, 197, 104],
    [122, 209, 81],
    [165, 219, 54],
    [210, 226, 27],
    [253, 231, 37],
];
const CIVIDIS: [[u8; 3]; 16] = [
    [0, 32, 81],
    [1, 44, 101],
    [20, 55, 108],
    [42, 67, 109],
    [65, 80, 109],
    [86, 92, 109],
    [104, 104, 111],
    [120, 117, 114],
    [134, 130, 118],
    [148, 143, 120],
    [164, 156, 119],
    [182, 171, 114],
    [202, 185, 105],
    [223, 201, 93],
    [242, 217, 79],
    [253, 233, 69],
];
const INFERNO: [[u8; 3]; 16] = [
    [0, 0, 4],
    [12, 8, 38],
    [36, 12, 79],
    [66, 10, 104],
    [93, 18, 110],
    [120, 28, 109],
    [147, 38, 103],
    [174, 48, 92],
    [199, 62, 76],
    [221, 81, 58],
    [237, 105, 37],
    [248, 133, 15],
    [252, 165, 10],
    [250, 198, 45],
    [242, 230, 97],
    [252, 255, 164],
];
/// From a dark gray that differs from a dark ground to one that differs from a light one.
const GRAY: [[u8; 3]; 2] = [[36, 36, 36], [224, 224, 224]];

/// On which side of a scale a value lies.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Place {
    /// Less than its lower end; on a logarithmic scale also every value that is not positive.
    Below,
    /// Between its ends, the ends included.
    Within,
    /// Greater than its upper end.
    Above,
}

/// The colours of a scale, ready to be looked up.
#[derive(Clone, PartialEq, Debug)]
pub struct ColorTable {
    colors: Vec<Rgba>,
    low: f64,
    high: f64,
    is_log: bool,
    /// The lower end as it is measured along the scale, and how many entries a unit of that measure is.
    origin: f64,
    entries_per_unit: f64,
}

impl ColorTable {
    /// The colours of a scale. Ends that it leaves open are those of `visible`, the least and the greatest finite value
    /// to be shown: for a logarithmic scale the least positive one. With nothing visible, an open scale runs from 0 to 1.
    ///
    /// `is_red` is for a theme in which every pixel has G = B = 0: any map becomes a ramp from dark to bright red.
    pub fn new(scale: &ColorScale, visible: Option<(f64, f64)>, is_red: bool) -> Self {
        let stops = stops_of(scale);
        let (low, high) = ends(scale, stops, visible);
        let is_log = scale.log && low > 0.0;
        let measured = |value: f64| if is_log { value.ln() } else { value };
        let origin = measured(low);
        // Halved, so that the widest span does not overflow.
        let half_span = (measured(high) / 2.0 - origin / 2.0).max(LEAST_SPAN);
        let colors = (0..ENTRIES).map(|entry| {
            let part = entry as f64 / (ENTRIES - 1) as f64;
            match (is_red, stops) {
                (true, _) => red_at(part),
                (false, None) => mixed(map_of(scale.map), part),
                (false, Some(stops)) => color_between(stops, origin + part * 2.0 * half_span, measured),
            }
        });
        Self {
            colors: colors.collect(),
            low,
            high,
            is_log,
            origin,
            entries_per_unit: (ENTRIES - 1) as f64 / 2.0 / half_span,
        }
    }

    /// The values of the first colour and of the last one; the first is less than the second.
    pub const fn ends(&self) -> (f64, f64) {
        (self.low, self.high)
    }

    /// Whether equal ratios, rather than equal differences, are equally far apart.
    pub const fn is_log(&self) -> bool {
        self.is_log
    }

    /// How far along the scale a value is, 0 to 1; values beyond an end are at that end, and so is NaN at the lower one.
    pub fn part_of(&self, value: f64) -> f64 {
        (self.entry(value) / (ENTRIES - 1) as f64).clamp(0.0, 1.0)
    }

    /// The value at a part of the way, 0 to 1.
    pub fn value_at(&self, part: f64) -> f64 {
        let measured = self.origin + part * (ENTRIES - 1) as f64 / self.entries_per_unit;
        if self.is_log { measured.exp() } else { measured }
    }

    /// The colour of a value; values beyond an end have the colour of that end. NaN is for the caller to treat.
    pub fn color(&self, value: f64) -> Rgba {
        self.look_up(value)
    }

    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "looked up for each pixel of a picture, where a call takes longest"
    )]
    fn look_up(&self, value: f64) -> Rgba {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a cast of a float stops at the ends, and makes NaN 0"
        )]
        let entry = (self.entry(value) + 0.5) as usize;
        self.colors[entry.min(ENTRIES - 1)]
    }

    /// Gives each pixel the colour of its value; where that is NaN the pixel stays as it is.
    pub fn paint(&self, values: &[f64], pixels: &mut [[u8; 4]]) {
        for (pixel, value) in pixels.iter_mut().zip(values).filter(|(_, value)| !value.is_nan()) {
            *pixel = bytes(self.look_up(*value));
        }
    }

    /// Where a value lies; NaN counts as below, but is for the caller to treat.
    pub fn place(&self, value: f64) -> Place {
        if value > self.high {
            Place::Above
        } else if value >= self.low {
            Place::Within
        } else {
            Place::Below
        }
    }

    /// Counted along the colours, at least 0 and NaN for NaN.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "as above")]
    fn entry(&self, value: f64) -> f64 {
        let measured = if self.is_log { value.max(self.low).ln() } else { value };
        if value < self.low {
            return 0.0;
        }
        // An infinity minus an end stays one, and is cut by the caller.
        (measured - self.origin) * self.entries_per_unit
    }
}

/// The colours at values of a scale that is made of such; `None` for a named map.
fn stops_of(scale: &ColorScale) -> Option<&[ColorStop]> {
    let is_made_of_stops = scale.map == ColorMap::Stops && scale.stops.len() >= 2;
    is_made_of_stops.then_some(scale.stops.as_slice())
}

/// The values of the first and of the last colour: finite, the first less than the second.
fn ends(scale: &ColorScale, stops: Option<&[ColorStop]>, visible: Option<(f64, f64)>) -> (f64, f64) {
    let first = stops.and_then(|stops| stops.first()).map(|stop| stop.value);
    let last = stops.and_then(|stops| stops.last()).map(|stop| stop.value);
    let seen = visible.filter(|(least, greatest)| least.is_finite() && greatest.is_finite());
    let low = scale.low.or(first).or(seen.map(|(least, _)| least));
    let high = scale.high.or(last).or(seen.map(|(_, greatest)| greatest));
    let (low, high) = match (low, high) {
        (Some(low), Some(high)) => (low, high),
        (Some(low), None) => (low, low + 1.0),
        (None, Some(high)) => (high - 1.0, high),
        (None, None) => (0.0, 1.0),
    };
    let low = if scale.log && low <= 0.0 && high > 0.0 {
        high / LOG_SPAN
    } else {
        low
    };
    let (low, high) = (low.clamp(f64::MIN, f64::MAX), high.clamp(f64::MIN, f64::MAX));
    if low < high {
        return (low, high);
    }
    // One value, or values that all lie beyond the fixed end: there must be something to measure along.
    let room_at = |end: f64| {
        if end == 0.0 {
            1.0
        } else {
            (end.abs() * ROOM).max(LEAST_ROOM)
        }
    };
    let (low, high) = match (scale.low.or(first), scale.high.or(last)) {
        (Some(_), None) => (low, low + room_at(low)),
        (None, Some(_)) => (high - room_at(high), high),
        _ => (low - room_at(low), low + room_at(low)),
    };
    // At the end of all numbers there is room on one side only.
    if high.is_infinite() {
        (low / 2.0, f64::MAX)
    } else {
        (low.max(f64::MIN), if low.is_infinite() { high / 2.0 } else { high })
    }
}

const fn map_of(map: ColorMap) -> &'static [[u8; 3]] {
    match map {
        // Too few stops make no scale.
        ColorMap::Viridis | ColorMap::Stops => &VIRIDIS,
        ColorMap::Cividis => &CIVIDIS,
        ColorMap::Inferno => &INFERNO,
        ColorMap::Gray => &GRAY,
    }
}

/// The colour at a part of the way, 0 to 1, along evenly spaced ones.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between the first colour and the last"
)]
fn mixed(colors: &[[u8; 3]], part: f64) -> Rgba {
    let way = part * (colors.len() - 1) as f64;
    let before = (way as usize).min(colors.len() - 2);
    mix(colors[before], colors[before + 1], way - before as f64)
}

/// The colour at a measure along the scale, between the two stops on either side of it.
fn color_between(stops: &[ColorStop], at: f64, measured: impl Fn(f64) -> f64) -> Rgba {
    let after = stops.partition_point(|stop| measured(stop.value) <= at);
    let before = &stops[after.saturating_sub(1)];
    let after = &stops[after.min(stops.len() - 1)];
    let (from, to) = (measured(before.value), measured(after.value));
    let part = if from < to { (at - from) / (to - from) } else { 0.0 };
    mix(before.rgb, after.rgb, part.clamp(0.0, 1.0))
}

fn mix(one: [u8; 3], other: [u8; 3], part: f64) -> Rgba {
    let [red, green, blue] =
        [0, 1, 2].map(|at| channel(f64::from(one[at]) * (1.0 - part) + f64::from(other[at]) * part));
    Rgba {
        red,
        green,
        blue,
        alpha: 255,
    }
}

fn red_at(part: f64) -> Rgba {
    Rgba {
        red: channel(DARK_RED + (BRIGHT_RED - DARK_RED) * part),
        green: 0,
        blue: 0,
        alpha: 255,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast of a float stops at the ends of u8"
)]
fn channel(value: f64) -> u8 {
    value.round() as u8
}

#[cfg(test)]
mod tests;
