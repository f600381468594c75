//! A line that is coloured by its values.

use super::color::ColorTable;
use super::palette::Rgba;
use super::path::Point;
use super::scale::ValueScale;

/// How many colours such a line is cut into at the most.
const CLASSES: usize = 32;

/// A path cut where its colour changes: each part with its colour, joined to the next where that begins.
///
/// A stroke that spans several colours, such as a spike, is cut at each of them.
pub fn colored(path: &[Point], value: &ValueScale, table: &ColorTable) -> Vec<(Rgba, Vec<Point>)> {
    let part_of = |point: Point| table.part_of(value.value_from_y(point.y));
    let mut parts: Vec<(usize, Vec<Point>)> = Vec::new();
    let mut before: Option<Point> = None;
    for point in path.iter().copied() {
        let Some(from) = before.replace(point) else {
            parts.push((class_of(part_of(point)), vec![point]));
            continue;
        };
        for (class, end) in cuts(from, point, part_of(from), part_of(point), |part| {
            value.y_from_value(table.value_at(part))
        }) {
            match parts.last_mut() {
                Some((last, points)) if *last == class => points.push(end),
                last => {
                    let joint = last.and_then(|(_, points)| points.last().copied()).unwrap_or(from);
                    parts.push((class, vec![joint, end]));
                }
            }
        }
    }
    let colors = parts
        .into_iter()
        .filter(|(_, points)| points.len() > 1 || path.len() == 1);
    colors
        .map(|(class, points)| {
            let middle = (class as f64 + 0.5) / CLASSES as f64;
            (table.color(table.value_at(middle)), points)
        })
        .collect()
}

/// The pieces of a straight stroke, each with its class and where it ends.
fn cuts(
    from: Point,
    to: Point,
    from_part: f64,
    to_part: f64,
    y_of: impl Fn(f64) -> f64,
) -> impl Iterator<Item = (usize, Point)> {
    let (first, last) = (class_of(from_part), class_of(to_part));
    let n_pieces = first.abs_diff(last) + 1;
    (0..n_pieces).map(move |piece| {
        if piece + 1 == n_pieces {
            return (last, to);
        }
        // Upwards a class ends where the next one begins, downwards where it begins itself.
        let (class, edge) = if first < last {
            (first + piece, first + piece + 1)
        } else {
            (first - piece, first - piece)
        };
        let y = y_of(edge as f64 / CLASSES as f64);
        let height = to.y - from.y;
        let way = if height.abs() > 0.0 { (y - from.y) / height } else { 1.0 };
        let way = way.clamp(0.0, 1.0);
        let x = from.x + (to.x - from.x) * way;
        (
            class,
            Point {
                x,
                y: from.y + (to.y - from.y) * way,
            },
        )
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a part of the classes, 0 for NaN"
)]
fn class_of(part: f64) -> usize {
    ((part * CLASSES as f64) as usize).min(CLASSES - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::display::{ColorMap, ColorScale};

    fn table() -> ColorTable {
        let scale = ColorScale {
            map: ColorMap::Gray,
            low: Some(0.0),
            high: Some(32.0),
            ..ColorScale::default()
        };
        ColorTable::new(&scale, None, false)
    }

    /// One unit up is one colour further.
    fn scale() -> ValueScale {
        ValueScale::new(0.0, 32.0, 32.0, 0.0)
    }

    fn points(points: &[(f64, f64)]) -> Vec<Point> {
        points.iter().map(|(x, y)| Point { x: *x, y: 32.0 - y }).collect()
    }

    #[test]
    fn a_level_line_is_one_part() {
        let path = points(&[(0.0, 3.5), (1.0, 3.5), (2.0, 3.9)]);
        let parts = colored(&path, &scale(), &table());
        assert_eq!(parts, [(table().color(3.5), path)]);
    }

    #[test]
    fn a_spike_has_every_color_on_its_way() {
        let parts = colored(&points(&[(0.0, 0.5), (1.0, 31.5), (2.0, 0.5)]), &scale(), &table());
        assert_eq!(parts.len(), 2 * CLASSES - 1);
        for pair in parts.windows(2) {
            assert_eq!(pair[0].1.last(), pair[1].1.first(), "parts are joined");
        }
        let top = parts[CLASSES - 1].clone();
        assert_eq!(top.0, table().color(31.5));
        assert!(top.1.contains(&Point { x: 1.0, y: 0.5 }), "{top:?}");
    }

    #[test]
    fn beyond_the_scale_the_color_of_its_end_goes_on() {
        let parts = colored(&points(&[(0.0, 40.0), (1.0, 90.0)]), &scale(), &table());
        assert_eq!(parts.len(), 1);
        assert_eq!(parts[0].0, table().color(31.5));
    }

    #[test]
    fn a_lone_point_keeps_its_color_and_nothing_is_nothing() {
        assert_eq!(colored(&points(&[(0.0, 8.5)]), &scale(), &table()).len(), 1);
        assert!(colored(&[], &scale(), &table()).is_empty());
    }
}
