//! The value of each channel in each minute.
//!
//! A pure function of (quantity, channel, minute): no state and no stream of random numbers, so that any part of any
//! night can be made at any time, in any order, and is always the same.

use shared::time::Timestamp;
use shared::value::Value;

use super::geometry::{Geometry, Place};
use super::moment::Moment;
use super::quantity::{Parts, Quantity};
use crate::demo::noise::{bell, hash, signed, unit, wander};
use crate::demo::simulation::{Sent, SimulatedMetric, Simulation, numbered};
use crate::store::Channels;

/// A pixel whose preamplifier runs hot and whose photomultiplier sees too much light.
pub const HOT_PIXEL: usize = 1203;
/// A pixel whose temperature sensor is broken: it reads NaN.
pub const BROKEN_PIXEL: usize = 631;
/// How far around the hot pixel others are warmed, in camera radii.
const HOT_REACH: f64 = 0.09;

/// The simulated camera.
#[derive(Clone, PartialEq, Debug)]
pub struct Camera {
    geometry: Geometry,
    /// What does not change about each pixel.
    pixels: Vec<Pixel>,
}

#[derive(Clone, PartialEq, Debug)]
struct Pixel {
    place: Place,
    module: usize,
    /// How much warmer it is than the camera's mean, °C.
    temperature: f64,
    nominal_voltage: f64,
    /// How strongly it amplifies, 1 on average.
    gain: f64,
}

impl Camera {
    /// A camera of this shape.
    pub fn new(geometry: Geometry) -> Self {
        let hot = geometry.pixels[HOT_PIXEL].0;
        let pixels = (0..).zip(&geometry.pixels).map(|(index, (place, module))| {
            let own = |trait_key: u64| signed(hash(trait_key, index));
            let from_hot = place.distance(hot);
            let is_hot = index.cast_unsigned() == HOT_PIXEL as u64;
            let warmed = if is_hot {
                7.0
            } else {
                2.0 * (1.0 - from_hot / HOT_REACH).max(0.0)
            };
            let radius = place.distance(Place::default());
            Pixel {
                place: *place,
                module: *module,
                temperature: 1.4 * place.y + 1.1 * (0.5 - radius * radius) + 0.5 * own(21) + warmed,
                nominal_voltage: 1_040.0 + 55.0 * own(22),
                gain: 1.0 + 0.12 * own(23) + if is_hot { 1.1 } else { 0.0 },
            }
        });
        Self {
            pixels: pixels.collect(),
            geometry,
        }
    }

    /// The frame of a quantity in a minute; `None` in a gap.
    ///
    /// Of a module that sends nothing the pixels are null, while its own quantities have no row.
    pub fn frame(&self, quantity: Quantity, moment: &Moment) -> Option<(Channels, Vec<Value>)> {
        if moment.is_gap(quantity) {
            return None;
        }
        let lost = moment.lost_module().filter(|_| quantity.parts() == Parts::Modules);
        let n_channels = quantity.n_channels();
        let values = (0..n_channels)
            .filter(|channel| Some(*channel) != lost)
            .map(|channel| self.value_in_frame(quantity, channel, moment))
            .collect();
        let channels = match lost {
            None => Channels::Dense,
            Some(lost) => Channels::Sparse((0..n_channels).filter(|channel| *channel != lost).map(as_u32).collect()),
        };
        Some((channels, values))
    }

    /// One channel's value; `None` where there is no row.
    pub fn value(&self, quantity: Quantity, channel: usize, minute: i64) -> Option<Value> {
        let moment = Moment::new(minute);
        let is_lost = quantity.parts() == Parts::Modules && moment.lost_module() == Some(channel);
        let exists = channel < quantity.n_channels() && !is_lost && !moment.is_gap(quantity);
        exists.then(|| self.value_in_frame(quantity, channel, &moment))
    }

    fn value_in_frame(&self, quantity: Quantity, channel: usize, moment: &Moment) -> Value {
        let key = quantity.key() + channel as u64;
        let value = match quantity.parts() {
            Parts::Pixels => {
                let pixel = &self.pixels[channel];
                if moment.lost_module() == Some(pixel.module) {
                    return Value::NULL;
                }
                if quantity == Quantity::PixelTemperature && channel == BROKEN_PIXEL {
                    return Value::NAN;
                }
                pixel.value(quantity, channel, key, moment)
            }
            Parts::Modules => module_value(quantity, self.geometry.modules[channel], channel, key, moment),
            Parts::Whole => whole_value(quantity, key, moment),
        };
        Value::number((value / quantity.step()).round() * quantity.step())
    }
}

impl Simulation for Camera {
    fn what(&self) -> &'static str {
        "a camera of 1855 pixels"
    }

    fn metrics(&self) -> Vec<SimulatedMetric> {
        let metric = |quantity: Quantity| SimulatedMetric {
            name: quantity.metric(),
            labels: numbered(quantity.n_channels()),
            sent: Sent::Always,
        };
        Quantity::ALL.map(metric).into()
    }

    fn arrival(&self, metric: usize, minute: i64) -> Timestamp {
        Moment::new(minute).arrival(Quantity::ALL[metric])
    }

    fn frame(&self, metric: usize, minute: i64) -> Option<(Channels, Vec<Value>)> {
        Self::frame(self, Quantity::ALL[metric], &Moment::new(minute))
    }
}

impl Pixel {
    fn value(&self, quantity: Quantity, channel: usize, key: u64, moment: &Moment) -> f64 {
        let flicker = bell(hash(key, moment.minute));
        match quantity {
            Quantity::PixelTemperature => {
                let drift = wander(key, moment.minute, 95);
                let flutter = if channel == HOT_PIXEL { 1.6 * drift } else { 0.3 * drift };
                moment.outside + 2.4 * moment.warmth + self.temperature + flutter + 0.12 * flicker
            }
            Quantity::HighVoltage if moment.tripped_pixel() == Some(channel) => 310.0 + 20.0 * flicker,
            Quantity::HighVoltage => {
                2.0 + 0.5 * flicker + moment.voltage * (self.nominal_voltage - 2.0 + 0.6 * flicker)
            }
            Quantity::PixelRate => {
                3.0 * unit(hash(key, moment.minute)) + 24.0 * self.light(moment) * (1.0 + 0.1 * flicker)
            }
            _ => 0.25 + 0.1 * flicker + self.light(moment) * (1.0 + 0.03 * flicker),
        }
    }

    /// The anode current that the night sky draws, in µA.
    fn light(&self, moment: &Moment) -> f64 {
        if moment.voltage <= 0.0 {
            return 0.0;
        }
        let glow = self.place.x * moment.glow.x + self.place.y * moment.glow.y;
        let star = self.place.distance(moment.star) / 0.05;
        let starlight = if star < 4.0 { 38.0 * (-star * star).exp() } else { 0.0 };
        // The gain of a photomultiplier rises with a high power of its voltage.
        moment.voltage.powi(7) * self.gain * (moment.sky * (13.0 + 4.0 * glow) + starlight)
    }
}

fn module_value(quantity: Quantity, centre: Place, module: usize, key: u64, moment: &Moment) -> f64 {
    let flicker = bell(hash(key, moment.minute));
    let own = signed(hash(key, -1));
    let drift = wander(key, moment.minute, 130);
    let radius = centre.distance(Place::default());
    match quantity {
        Quantity::BoardTemperature => {
            let spread = 1.2 * centre.y + 0.8 * (0.5 - radius * radius) + 0.5 * own;
            moment.outside + 3.5 + 3.0 * moment.warmth + spread + 0.25 * drift + 0.08 * flicker
        }
        Quantity::BackplaneTemperature => {
            let spread = 1.5 * centre.y + 1.5 * (0.5 - radius * radius) + 0.7 * own;
            moment.outside + 9.0 + 5.0 * moment.warmth + spread + 0.3 * drift + 0.1 * flicker
        }
        Quantity::BoardHumidity => {
            // Warm air inside is drier.
            let humidity = moment.humidity - 6.0 * moment.warmth - 3.0 * centre.y + 2.0 * own;
            (humidity + 0.8 * drift + 0.3 * flicker).clamp(4.0, 96.0)
        }
        Quantity::ModuleRate => {
            let noise = 2.0 * unit(hash(key, moment.minute));
            let glow = centre.x * moment.glow.x + centre.y * moment.glow.y;
            let rate = 360.0 * moment.sky * (1.0 + 0.15 * glow + 0.08 * own + 0.03 * drift + 0.05 * flicker);
            noise + moment.voltage.powi(7) * rate
        }
        _ => {
            let chance = unit(hash(key, moment.minute));
            let is_prone = module % 53 == 7;
            match chance {
                _ if !moment.is_observing() => 0.0,
                _ if chance < 0.000_02 => 3.0,
                _ if chance < if is_prone { 0.02 } else { 0.0004 } => 2.0,
                _ if chance < if is_prone { 0.2 } else { 0.03 } => 1.0,
                _ => 0.0,
            }
        }
    }
}

fn whole_value(quantity: Quantity, key: u64, moment: &Moment) -> f64 {
    let flicker = bell(hash(key, moment.minute));
    let on = if moment.is_observing() { 1.0 } else { 0.0 };
    // Runs of twenty minutes with a minute of calibration between them.
    let is_calibrating = moment.minute_of_night % 21 == 20;
    let running = if is_calibrating { 0.0 } else { on };
    let trigger = 8_200.0 * (0.85 + 0.15 * moment.sky) * (1.0 + 0.06 * wander(key, moment.minute, 120));
    match quantity {
        Quantity::CameraRate => running * (trigger + 60.0 * flicker),
        Quantity::LocalRate => running * (0.48 * trigger + 45.0 * flicker),
        Quantity::PedestalRate => on * (if is_calibrating { 450.0 } else { 100.0 } + 1.5 * flicker),
        Quantity::CalibrationRate => on * (if is_calibrating { 980.0 } else { 93.0 } + 1.5 * flicker),
        Quantity::BusyRate => running * (180.0 + 60.0 * wander(key, moment.minute, 50) + 25.0 * flicker),
        Quantity::PixelRateControl => f64::from(u8::from(on > 0.0 && unit(hash(key, moment.minute)) < 0.008)),
        Quantity::ModuleRateControl => f64::from(u8::from(on > 0.0 && unit(hash(key, moment.minute)) < 0.012)),
        Quantity::PixelRateMax => 900.0,
        Quantity::ModuleRateMax => 620.0,
        _ => 400.0,
    }
}

fn as_u32(channel: usize) -> u32 {
    u32::try_from(channel).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
