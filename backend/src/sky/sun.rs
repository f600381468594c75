//! How high the sun stands: the Solar Position Algorithm (Reda and Andreas 2003), good to 0.0003 degrees.

use solar_positioning::time::JulianDate;
use solar_positioning::{Location, SolarPositions};

use super::{Moment, Place};

/// Where one kind of light ends and the next begins, by the altitude of the sun's centre in degrees.
pub(super) const EDGES_DEG: [f64; 4] = [-0.833, -6.0, -12.0, -18.0];

/// The Julian date of 2000-01-01T12:00:00.
const J2000: f64 = 2_451_545.0;

/// The altitude of the sun's centre above the horizon in degrees, as it would be without air.
pub(super) fn altitude_deg(place: &Place, at_us: i64) -> f64 {
    let moment = Moment::of_micros(at_us);
    let location = Location {
        latitude: place.latitude_deg,
        longitude: place.longitude_deg,
    };
    let position = JulianDate::new(J2000 + moment.days, moment.delta_t())
        .and_then(|date| SolarPositions::new().at_from_julian(date, location, place.elevation_m, None));
    // A place that was checked has a sun at every moment that can be asked for.
    position.map_or(f64::NAN, |position| position.elevation_angle())
}
