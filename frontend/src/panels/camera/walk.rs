//! Walking from pixel to pixel with the keys.

use shared::chart::camera::shape::{CameraShape, Direction, Place};
use shared::display::CameraPart;

/// A module is crossed in fewer steps than this.
const MOST_STEPS: usize = 8;

/// Where a key leads from a pixel, or from `start` if there is none yet; `None` for keys that mean nothing here.
pub fn walk(
    shape: &CameraShape,
    part: CameraPart,
    key: &str,
    from: Option<usize>,
    start: Option<usize>,
) -> Option<usize> {
    let direction = match key {
        "ArrowRight" => Direction::Right,
        "ArrowUp" => Direction::Up,
        "ArrowLeft" => Direction::Left,
        "ArrowDown" => Direction::Down,
        "Home" => return (shape.n_pixels() > 0).then_some(0),
        "End" => return shape.n_pixels().checked_sub(1),
        _ => return None,
    };
    match from {
        Some(from) => Some(next(shape, part, from, direction).unwrap_or(from)),
        None => start.or_else(|| middle_of(shape)),
    }
}

/// The next pixel in a direction, or the middle of the next module.
fn next(shape: &CameraShape, part: CameraPart, from: usize, direction: Direction) -> Option<usize> {
    if part == CameraPart::Pixel {
        return shape.step(from, direction);
    }
    let mut to = from;
    for _ in 0..MOST_STEPS {
        to = shape.step(to, direction)?;
        if shape.module(to) != shape.module(from) {
            // From its middle, so that the way back is the same.
            return Some(centre_of_module(shape, to));
        }
    }
    None
}

fn middle_of(shape: &CameraShape) -> Option<usize> {
    let bounds = shape.bounds();
    let middle = Place {
        x_m: f64::midpoint(bounds.left_m, bounds.right_m),
        y_m: f64::midpoint(bounds.bottom_m, bounds.top_m),
    };
    nearest(shape, 0..shape.n_pixels(), middle)
}

fn centre_of_module(shape: &CameraShape, pixel: usize) -> usize {
    let Some(module) = shape.module(pixel) else {
        return pixel;
    };
    let pixels: Vec<usize> = shape.pixels_of(module).collect();
    let n_pixels = pixels.len().max(1) as f64;
    let sum = |part: fn(Place) -> f64| pixels.iter().map(|pixel| part(shape.place(*pixel))).sum::<f64>() / n_pixels;
    let centre = Place {
        x_m: sum(|place| place.x_m),
        y_m: sum(|place| place.y_m),
    };
    nearest(shape, pixels.iter().copied(), centre).unwrap_or(pixel)
}

fn nearest(shape: &CameraShape, pixels: impl Iterator<Item = usize>, to: Place) -> Option<usize> {
    let distance = |pixel: &usize| {
        let place = shape.place(*pixel);
        (place.x_m - to.x_m).hypot(place.y_m - to.y_m)
    };
    pixels.min_by(|one, other| distance(one).total_cmp(&distance(other)))
}
