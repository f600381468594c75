//! How high the moon stands and how much of it is lit.
//!
//! The position is that of J. Meeus, *Astronomical Algorithms*, 2nd edition 1998, chapter 47, with the largest terms of its
//! tables only: within 0.01 degrees of the whole, which the moon takes a few seconds to rise by. Rising and setting are
//! those of chapter 15, the part that is lit is that of chapter 48, the sun that lights it that of chapter 25.

use super::{Moment, Place};

/// Multiples of the four arguments D, M, M' and F, and the coefficients of the longitude (sine, 10^-6 degrees) and of the
/// distance (cosine, metres): table 47.A.
const LONGITUDE_AND_DISTANCE: [([i8; 4], f64, f64); 27] = [
    ([0, 0, 1, 0], 6_288_774.0, -20_905_355.0),
    ([2, 0, -1, 0], 1_274_027.0, -3_699_111.0),
    ([2, 0, 0, 0], 658_314.0, -2_955_968.0),
    ([0, 0, 2, 0], 213_618.0, -569_925.0),
    ([0, 1, 0, 0], -185_116.0, 48_888.0),
    ([0, 0, 0, 2], -114_332.0, -3_149.0),
    ([2, 0, -2, 0], 58_793.0, 246_158.0),
    ([2, -1, -1, 0], 57_066.0, -152_138.0),
    ([2, 0, 1, 0], 53_322.0, -170_733.0),
    ([2, -1, 0, 0], 45_758.0, -204_586.0),
    ([0, 1, -1, 0], -40_923.0, -129_620.0),
    ([1, 0, 0, 0], -34_720.0, 108_743.0),
    ([0, 1, 1, 0], -30_383.0, 104_755.0),
    ([2, 0, 0, -2], 15_327.0, 10_321.0),
    ([0, 0, 1, 2], -12_528.0, 0.0),
    ([0, 0, 1, -2], 10_980.0, 79_661.0),
    ([4, 0, -1, 0], 10_675.0, -34_782.0),
    ([0, 0, 3, 0], 10_034.0, -23_210.0),
    ([4, 0, -2, 0], 8_548.0, -21_636.0),
    ([2, 1, -1, 0], -7_888.0, 24_208.0),
    ([2, 1, 0, 0], -6_766.0, 30_824.0),
    ([1, 0, -1, 0], -5_163.0, -8_379.0),
    ([1, 1, 0, 0], 4_987.0, -16_675.0),
    ([2, -1, 1, 0], 4_036.0, -12_831.0),
    ([2, 0, 2, 0], 3_994.0, -10_445.0),
    ([4, 0, 0, 0], 3_861.0, -11_650.0),
    ([2, 0, -3, 0], 3_665.0, 14_403.0),
];

/// The same for the latitude (sine, 10^-6 degrees): table 47.B.
const LATITUDE: [([i8; 4], f64); 13] = [
    ([0, 0, 0, 1], 5_128_122.0),
    ([0, 0, 1, 1], 280_602.0),
    ([0, 0, 1, -1], 277_693.0),
    ([2, 0, 0, -1], 173_237.0),
    ([2, 0, -1, 1], 55_413.0),
    ([2, 0, -1, -1], 46_271.0),
    ([2, 0, 0, 1], 32_573.0),
    ([0, 0, 2, 1], 17_198.0),
    ([2, 0, 1, -1], 9_266.0),
    ([0, 0, 2, -1], 8_822.0),
    ([2, -1, 0, -1], 8_216.0),
    ([2, 0, -2, -1], 4_324.0),
    ([2, 0, 1, 1], 4_200.0),
];

/// The refraction at the horizon, in degrees.
const REFRACTION_DEG: f64 = 34.0 / 60.0;

/// Where the moon is, seen from the middle of the Earth: angles in radians, distance in kilometres.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Position {
    longitude: f64,
    latitude: f64,
    distance_km: f64,
}

impl Position {
    fn at(moment: Moment) -> Self {
        let t = moment.centuries();
        let mean_longitude = 218.316_447_7 + 481_267.881_234_21 * t - 0.001_578_6 * t * t;
        let arguments = [
            297.850_192_1 + 445_267.111_403_4 * t - 0.001_881_9 * t * t,
            357.529_109_2 + 35_999.050_290_9 * t - 0.000_153_6 * t * t,
            134.963_396_4 + 477_198.867_505_5 * t + 0.008_741_4 * t * t,
            93.272_095 + 483_202.017_523_3 * t - 0.003_653_9 * t * t,
        ];
        let arguments = arguments.map(f64::to_radians);
        let eccentricity = 1.0 - 0.002_516 * t - 0.000_007_4 * t * t;
        let angle = |multiples: &[i8; 4]| -> f64 {
            let terms = multiples.iter().zip(arguments);
            terms.map(|(multiple, argument)| f64::from(*multiple) * argument).sum()
        };
        let weight = |multiples: &[i8; 4]| eccentricity.powi(i32::from(multiples[1].abs()));
        // The last of them for Venus and for the flattening of the Earth.
        let mut longitude = 3_958.0 * (119.75 + 131.849 * t).to_radians().sin()
            + 1_962.0 * (mean_longitude.to_radians() - arguments[3]).sin();
        let mut distance_m = 0.0;
        for (multiples, of_longitude, of_distance) in &LONGITUDE_AND_DISTANCE {
            let (sine, cosine) = angle(multiples).sin_cos();
            longitude += weight(multiples) * of_longitude * sine;
            distance_m += weight(multiples) * of_distance * cosine;
        }
        let mut latitude = -2_235.0 * mean_longitude.to_radians().sin();
        for (multiples, of_latitude) in &LATITUDE {
            latitude += weight(multiples) * of_latitude * angle(multiples).sin();
        }
        Self {
            longitude: (mean_longitude + longitude / 1e6).to_radians(),
            latitude: (latitude / 1e6).to_radians(),
            distance_km: 385_000.56 + distance_m / 1e3,
        }
    }

    /// Right ascension and declination in radians.
    fn equatorial(self, moment: Moment) -> (f64, f64) {
        let obliquity = (23.439_291_1 - 0.013_004_2 * moment.centuries()).to_radians();
        let (sin_longitude, cos_longitude) = self.longitude.sin_cos();
        let (sin_latitude, cos_latitude) = self.latitude.sin_cos();
        let (sin_obliquity, cos_obliquity) = obliquity.sin_cos();
        let ascension =
            (sin_longitude * cos_obliquity - sin_latitude / cos_latitude * sin_obliquity).atan2(cos_longitude);
        let declination = (sin_latitude * cos_obliquity + cos_latitude * sin_obliquity * sin_longitude).asin();
        (ascension, declination)
    }

    /// The angle at which the Earth's radius is seen from there, in radians.
    fn parallax(self) -> f64 {
        (6_378.14 / self.distance_km).asin()
    }
}

/// How far the moon's upper edge is above the horizon, in degrees, refraction at the horizon included: zero where it rises
/// and sets, and good only near there.
pub(super) fn height_deg(place: &Place, at_us: i64) -> f64 {
    let moment = Moment::of_micros(at_us);
    let position = Position::at(moment);
    let (ascension, declination) = position.equatorial(moment);
    let sidereal_deg = 280.460_618_37 + 360.985_647_366_29 * moment.days + place.longitude_deg;
    let hour_angle = sidereal_deg.to_radians() - ascension;
    let latitude = place.latitude_deg.to_radians();
    let sin_altitude = latitude.sin() * declination.sin() + latitude.cos() * declination.cos() * hour_angle.cos();
    let altitude_deg = sin_altitude.clamp(-1.0, 1.0).asin().to_degrees();
    altitude_deg - (0.7275 * position.parallax().to_degrees() - REFRACTION_DEG)
}

/// Which part of the disc is lit, 0.0 to 1.0.
pub(super) fn lit(moment: Moment) -> f64 {
    let moon = Position::at(moment);
    let (sun_longitude, sun_distance_km) = sun(moment);
    let elongation = (moon.latitude.cos() * (moon.longitude - sun_longitude).cos())
        .clamp(-1.0, 1.0)
        .acos();
    let phase = (sun_distance_km * elongation.sin()).atan2(moon.distance_km - sun_distance_km * elongation.cos());
    f64::midpoint(1.0, phase.cos())
}

/// The longitude of the sun in radians, and its distance in kilometres.
fn sun(moment: Moment) -> (f64, f64) {
    let t = moment.centuries();
    let anomaly = (357.529_11 + 35_999.050_29 * t).to_radians();
    let centre_deg = (1.914_602 - 0.004_817 * t) * anomaly.sin() + 0.019_993 * (2.0 * anomaly).sin();
    let longitude_deg = 280.466_46 + 36_000.769_83 * t + centre_deg;
    let eccentricity = 0.016_708_634;
    let true_anomaly = anomaly + centre_deg.to_radians();
    let distance_units =
        1.000_001_018 * (1.0 - eccentricity * eccentricity) / (1.0 + eccentricity * true_anomaly.cos());
    (longitude_deg.to_radians(), distance_units * 149_597_870.7)
}

#[cfg(test)]
mod tests {
    use shared::time::Timestamp;

    use super::*;

    /// Meeus' examples 47.a and 48.a: 1992 April 12 at 0h of the even time of the orbits.
    fn example() -> Moment {
        let at: Timestamp = "1992-04-12T00:00:00Z".parse().unwrap();
        let of_earth = Moment::of_micros(at.as_micros());
        Moment {
            days: of_earth.days - of_earth.delta_t() / 86_400.0,
        }
    }

    #[test]
    fn the_position_is_that_of_the_published_example() {
        let position = Position::at(example());
        let longitude_deg = position.longitude.to_degrees().rem_euclid(360.0);
        assert!((longitude_deg - 133.162_655).abs() < 0.01, "{longitude_deg}");
        let latitude_deg = position.latitude.to_degrees();
        assert!((latitude_deg + 3.229_126).abs() < 0.01, "{latitude_deg}");
        assert!(
            (position.distance_km - 368_409.7).abs() < 60.0,
            "{}",
            position.distance_km
        );
        assert!((position.parallax().to_degrees() - 0.991_990).abs() < 0.000_2);
        // Apparent, that is with a nutation of 0.0046 degrees, which is left out here.
        let (ascension, declination) = position.equatorial(example());
        let ascension_deg = ascension.to_degrees().rem_euclid(360.0);
        assert!((ascension_deg - 134.688_470).abs() < 0.02, "{ascension_deg}");
        assert!((declination.to_degrees() - 13.768_368).abs() < 0.01, "{declination}");
    }

    #[test]
    fn the_lit_part_is_that_of_the_published_example() {
        let lit = lit(example());
        assert!((lit - 0.678_6).abs() < 0.000_5, "{lit}");
    }
}
