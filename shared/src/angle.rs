//! Sine and cosine of degrees, for angles as people give them. The standard library's are made for angles of any size,
//! and weigh ten kilobytes in the page.

use std::f64::consts::PI;

/// Sine and cosine of an angle in degrees, right to 15 digits; of a hundred million turns and more, to fewer.
pub fn sin_cos_deg(degrees: f64) -> (f64, f64) {
    // To the nearest quarter of a turn, and the rest, at most an eighth of one, in radians.
    let quarters = (degrees / 90.0).round();
    let rest = (degrees - quarters * 90.0) * (PI / 180.0);
    let (sin, cos) = (sin_of_small(rest), cos_of_small(rest));
    // Of four, without the remainder of the standard library, which is made for numbers of any size, too.
    match quarters - (quarters / 4.0).floor() * 4.0 {
        0.0 => (sin, cos),
        1.0 => (cos, -sin),
        2.0 => (-sin, -cos),
        _ => (-cos, sin),
    }
}

/// By its series; beyond an eighth of a turn it needs more terms.
fn sin_of_small(radians: f64) -> f64 {
    series(radians, radians, 1.0)
}

fn cos_of_small(radians: f64) -> f64 {
    series(1.0, radians, 0.0)
}

/// The alternating series that begins with `term`, whose next one is divided by the two whole numbers after `power`.
fn series(first: f64, radians: f64, power: f64) -> f64 {
    let (mut sum, mut term, mut power) = (first, first, power);
    for _ in 0..10 {
        term *= -radians * radians / ((power + 1.0) * (power + 2.0));
        power += 2.0;
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angles_of_any_quarter_are_those_of_the_standard_library() {
        for tenth in -7_200_i32..7_200 {
            let degrees = f64::from(tenth) / 10.0;
            let (sin, cos) = sin_cos_deg(degrees);
            let (expected_sin, expected_cos) = degrees.to_radians().sin_cos();
            assert!((sin - expected_sin).abs() < 4e-15, "{degrees}");
            assert!((cos - expected_cos).abs() < 4e-15, "{degrees}");
        }
        assert_eq!(sin_cos_deg(90.0), (1.0, 0.0));
    }
}
