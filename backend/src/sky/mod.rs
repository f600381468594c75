//! What light the sun and the moon give at the site: which kind of twilight it is when, and when the moon is up.
//!
//! Times are good to a few seconds for the sun and to a minute for the moon, on a horizon without mountains and in air as
//! it is on average: 34 arc minutes of refraction at the horizon. The height of the site does not lower its horizon, as in
//! the almanacs.

use shared::query::sky::{Light, MoonSpan, Sky, SunSpan};
use shared::time::{MICROS_PER_DAY, TimeRange};

mod moon;
mod passes;
mod sun;

use passes::Span;

/// A place on Earth.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Place {
    /// North of the equator, in degrees, -90 to 90.
    pub latitude_deg: f64,
    /// East of Greenwich, in degrees, -180 to 180.
    pub longitude_deg: f64,
    /// Above the sea, in metres.
    pub elevation_m: f64,
}

/// The longest range that may be asked for, in days.
pub const MAX_DAYS: i64 = 40;

/// The light over a place.
pub fn sky(place: &Place, range: TimeRange) -> Sky {
    let sun = passes::spans(range, &sun::EDGES_DEG, |at| sun::altitude_deg(place, at));
    let sun = sun.into_iter().map(|Span { start_us, end_us, band }| SunSpan {
        start_us,
        end_us,
        light: light(band),
    });
    let moon = passes::spans(range, &[0.0], |at| moon::height_deg(place, at));
    let moon = moon.into_iter().filter(|span| span.band == 0);
    let moon = moon.map(|Span { start_us, end_us, .. }| MoonSpan {
        start_us,
        end_us,
        lit: moon::lit(Moment::of_micros(start_us.midpoint(end_us))),
    });
    Sky {
        sun: sun.collect(),
        moon: moon.collect(),
    }
}

fn light(edges_above: usize) -> Light {
    match edges_above {
        0 => Light::Day,
        1 => Light::Civil,
        2 => Light::Nautical,
        3 => Light::Astronomical,
        _ => Light::Night,
    }
}

/// A moment as astronomers count it.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Moment {
    /// Days since 2000-01-01T12:00:00 in universal time, which the Earth turns by; UTC is within a second of it.
    days: f64,
}

impl Moment {
    fn of_micros(micros: i64) -> Self {
        /// 2000-01-01T12:00:00Z.
        const J2000_US: i64 = 946_728_000_000_000;
        Self {
            days: micros.saturating_sub(J2000_US) as f64 / MICROS_PER_DAY as f64,
        }
    }

    /// How far the even time of the orbits is ahead of the Earth, in seconds.
    fn delta_t(self) -> f64 {
        // Later and earlier than anybody knows it, some whole number is as good as another.
        solar_positioning::delta_t::estimate(2000.0 + self.days / 365.25).unwrap_or(0.0)
    }

    /// Centuries since 2000-01-01T12:00:00 in the even time of the orbits.
    fn centuries(self) -> f64 {
        (self.days + self.delta_t() / 86_400.0) / 36_525.0
    }
}

#[cfg(test)]
mod tests;
