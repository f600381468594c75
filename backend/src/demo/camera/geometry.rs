//! Where the camera's 1855 pixels are, and which module each belongs to.

use crate::demo::Error;
use crate::demo::bundled::{Bundle, LSTCAM_PIXELS};

/// How many pixels the camera has.
pub(super) const N_PIXELS: usize = 1855;
/// How many modules it has, of seven pixels each.
pub(super) const N_MODULES: usize = 265;

/// A place on the camera, in units of its radius: -1 to 1.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Place {
    pub(super) x: f64,
    pub(super) y: f64,
}

impl Place {
    pub(super) fn distance(self, other: Self) -> f64 {
        (self.x - other.x).hypot(self.y - other.y)
    }
}

/// The camera.
#[derive(Clone, PartialEq, Debug)]
pub struct Geometry {
    /// The place and module of each pixel.
    pub(super) pixels: Vec<(Place, usize)>,
    /// The centre of each module.
    pub(super) modules: Vec<Place>,
}

/// The camera's radius in metres.
const RADIUS_M: f64 = 1.18;

impl Geometry {
    /// Reads the bundled table.
    pub fn bundled() -> Result<Self, Error> {
        let bundle: &Bundle = &LSTCAM_PIXELS;
        let text = bundle.text()?;
        let broken = |line: usize| Error::broken(bundle, format!("line {line} is not a pixel"));
        let mut pixels = Vec::with_capacity(N_PIXELS);
        let mut modules = vec![(Place::default(), 0_u32); N_MODULES];
        for (index, line) in text.lines().enumerate().skip(1) {
            let (pixel, place, module) = parse_pixel(line).ok_or_else(|| broken(index + 1))?;
            if pixel != pixels.len() || module >= N_MODULES {
                return Err(broken(index + 1));
            }
            pixels.push((place, module));
            let (centre, n_pixels) = &mut modules[module];
            *n_pixels += 1;
            centre.x += (place.x - centre.x) / f64::from(*n_pixels);
            centre.y += (place.y - centre.y) / f64::from(*n_pixels);
        }
        if pixels.len() != N_PIXELS {
            return Err(Error::broken(bundle, format!("it has {} pixels", pixels.len())));
        }
        Ok(Self {
            pixels,
            modules: modules.into_iter().map(|(centre, _)| centre).collect(),
        })
    }
}

/// `pixel_id,x_m,y_m,area_m2,module_id,…`
fn parse_pixel(line: &str) -> Option<(usize, Place, usize)> {
    let mut fields = line.split(',');
    let pixel = fields.next()?.parse().ok()?;
    let x = fields.next()?.parse::<f64>().ok()? / RADIUS_M;
    let y = fields.next()?.parse::<f64>().ok()? / RADIUS_M;
    let module = fields.nth(1)?.parse().ok()?;
    Some((pixel, Place { x, y }, module))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_module_has_seven_pixels_around_its_centre() {
        let geometry = Geometry::bundled().unwrap();
        let mut n_pixels = vec![0; N_MODULES];
        for (place, module) in &geometry.pixels {
            n_pixels[*module] += 1;
            assert!(place.distance(geometry.modules[*module]) < 0.05);
            assert!(place.distance(Place::default()) < 1.0);
        }
        assert_eq!(n_pixels, vec![7; N_MODULES]);
        assert_eq!(geometry.pixels[1203].1, 219);
    }
}
