//! Cutting lines and areas to the plot, since backends draw wherever they are told.

use super::path::Point;

/// A rectangle in units; `right` and `bottom` belong to it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Area {
    /// The left edge.
    pub left: f64,
    /// The upper edge.
    pub top: f64,
    /// The right edge.
    pub right: f64,
    /// The lower edge.
    pub bottom: f64,
}

impl Area {
    /// Whether a point lies in the rectangle or on its edge.
    pub fn contains(&self, point: Point) -> bool {
        self.left <= point.x && point.x <= self.right && self.top <= point.y && point.y <= self.bottom
    }

    /// The part of the line from `a` to `b` that lies inside, if any (by Liang and Barsky: narrow the line's own
    /// parameter edge by edge).
    fn clip_segment(&self, a: Point, b: Point) -> Option<(Point, Point)> {
        let (dx, dy) = (b.x - a.x, b.y - a.y);
        let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
        let edges = [
            (-dx, a.x - self.left),
            (dx, self.right - a.x),
            (-dy, a.y - self.top),
            (dy, self.bottom - a.y),
        ];
        for (towards, room) in edges {
            if towards == 0.0 {
                if room < 0.0 {
                    return None;
                }
            } else if towards < 0.0 {
                enter = enter.max(room / towards);
            } else {
                leave = leave.min(room / towards);
            }
        }
        let at = |part: f64| Point {
            x: a.x + part * dx,
            y: a.y + part * dy,
        };
        (enter <= leave).then(|| {
            (
                if enter > 0.0 { at(enter) } else { a },
                if leave < 1.0 { at(leave) } else { b },
            )
        })
    }

    /// The parts of a path that lie inside, each of at least two points.
    pub fn clip_path(&self, path: &[Point]) -> Vec<Vec<Point>> {
        if path.len() > 1 && path.iter().all(|point| self.contains(*point)) {
            return vec![path.to_vec()];
        }
        let mut parts: Vec<Vec<Point>> = Vec::new();
        let mut open = false;
        for pair in path.windows(2) {
            let &[a, b] = pair else { continue };
            let Some((from, to)) = self.clip_segment(a, b) else {
                open = false;
                continue;
            };
            match parts.last_mut().filter(|_| open && from == a) {
                Some(part) => part.push(to),
                None => parts.push(vec![from, to]),
            }
            open = to == b;
        }
        parts
    }

    /// The part of a polygon that lies inside; empty if none does (by Sutherland and Hodgman: cut edge by edge).
    pub fn clip_polygon(&self, polygon: Vec<Point>) -> Vec<Point> {
        if polygon.iter().all(|point| self.contains(*point)) {
            return polygon;
        }
        let cut_left = cut(&polygon, |p| p.x - self.left);
        let cut_right = cut(&cut_left, |p| self.right - p.x);
        let cut_top = cut(&cut_right, |p| p.y - self.top);
        cut(&cut_top, |p| self.bottom - p.y)
    }
}

/// The part of a polygon where `inside` is not negative; `inside` is linear in x and y.
fn cut(polygon: &[Point], inside: impl Fn(Point) -> f64) -> Vec<Point> {
    let mut kept = Vec::with_capacity(polygon.len());
    let Some(mut before) = polygon.last().copied() else {
        return kept;
    };
    for &point in polygon {
        let (room_before, room) = (inside(before), inside(point));
        if (room_before < 0.0) != (room < 0.0) {
            let part = room_before / (room_before - room);
            kept.push(Point {
                x: before.x + part * (point.x - before.x),
                y: before.y + part * (point.y - before.y),
            });
        }
        if room >= 0.0 {
            kept.push(point);
        }
        before = point;
    }
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const AREA: Area = Area {
        left: 0.0,
        top: 0.0,
        right: 10.0,
        bottom: 10.0,
    };

    fn path(points: &[(f64, f64)]) -> Vec<Point> {
        points.iter().map(|&(x, y)| Point { x, y }).collect()
    }

    #[track_caller]
    fn check(points: &[(f64, f64)], expected: &[&[(f64, f64)]]) {
        let expected: Vec<Vec<Point>> = expected.iter().map(|part| path(part)).collect();
        assert_eq!(AREA.clip_path(&path(points)), expected);
    }

    #[test]
    fn paths_are_cut_at_the_edges() {
        check(&[(1.0, 1.0), (9.0, 9.0)], &[&[(1.0, 1.0), (9.0, 9.0)]]);
        check(
            &[(-5.0, 5.0), (5.0, 5.0), (15.0, 5.0)],
            &[&[(0.0, 5.0), (5.0, 5.0), (10.0, 5.0)]],
        );
        // Out at the top and in again: two parts.
        check(
            &[(2.0, 5.0), (2.0, -5.0), (8.0, -5.0), (8.0, 5.0)],
            &[&[(2.0, 5.0), (2.0, 0.0)], &[(8.0, 0.0), (8.0, 5.0)]],
        );
        check(&[(-5.0, -1.0), (15.0, -1.0)], &[]);
        check(&[(5.0, 5.0)], &[]);
    }

    #[test]
    fn polygons_are_cut_at_the_edges() {
        let square = path(&[(-5.0, 2.0), (5.0, 2.0), (5.0, 20.0), (-5.0, 20.0)]);
        let mut cut = AREA.clip_polygon(square);
        cut.sort_by(|a, b| (a.x, a.y).partial_cmp(&(b.x, b.y)).unwrap());
        assert_eq!(cut, path(&[(0.0, 2.0), (0.0, 10.0), (5.0, 2.0), (5.0, 10.0)]));
        assert_eq!(
            AREA.clip_polygon(path(&[(11.0, 0.0), (12.0, 0.0), (12.0, 5.0)])),
            vec![]
        );
    }

    proptest! {
        #[test]
        fn nothing_is_left_outside(points in prop::collection::vec((-30.0..30.0_f64, -30.0..30.0_f64), 0..20)) {
            let wider = Area { left: -1e-9, top: -1e-9, right: 10.0 + 1e-9, bottom: 10.0 + 1e-9 };
            let clipped = AREA.clip_path(&path(&points));
            prop_assert!(clipped.iter().all(|part| part.len() > 1));
            prop_assert!(clipped.iter().flatten().all(|point| wider.contains(*point)));
            let polygon = AREA.clip_polygon(path(&points));
            prop_assert!(polygon.iter().all(|point| wider.contains(*point)));
        }
    }
}
