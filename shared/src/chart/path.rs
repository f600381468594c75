//! Folding of points into paths, pixel column by pixel column.

/// A position in the plot, in units; y grows downwards.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Point {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
}

/// What is to be drawn of a line: unbroken paths, and dots for what has no neighbour.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Strokes {
    /// Unbroken paths of at least two points.
    pub paths: Vec<Vec<Point>>,
    /// Lone points, and all points where they are sparse.
    pub dots: Vec<Point>,
}

/// Builds [`Strokes`] from points by rising x.
///
/// Up to two points in a pixel column stay where they are. More are drawn as one upright stroke from the highest to
/// the lowest of them, entered at the first and left at the last: no extreme is lost, and no work is done twice.
#[derive(Debug)]
pub struct PathBuilder {
    pixel: f64,
    path: Vec<Point>,
    column: Option<Column>,
    strokes: Strokes,
}

/// The points of one pixel column.
#[derive(Clone, Copy, Debug)]
struct Column {
    pixel: i64,
    count: usize,
    first: Point,
    last: Point,
    /// The one with the least y.
    highest: Point,
    /// The one with the greatest y.
    lowest: Point,
    highest_comes_first: bool,
}

impl PathBuilder {
    /// `pixel` is the width of a pixel of the screen, in units.
    pub fn new(pixel: f64) -> Self {
        Self {
            pixel,
            path: Vec::new(),
            column: None,
            strokes: Strokes::default(),
        }
    }

    /// Goes on to a point.
    pub fn push(&mut self, point: Point) {
        let pixel = pixel_of(point.x / self.pixel);
        match &mut self.column {
            Some(column) if column.pixel == pixel => column.push(point),
            _ => {
                self.flush_column();
                self.column = Some(Column::new(pixel, point));
            }
        }
    }

    /// Lifts the pen: nothing joins what came before with what follows.
    pub fn lift(&mut self) {
        self.flush_column();
        match self.path.as_slice() {
            [] => {}
            [lone] if self.strokes.dots.last() == Some(lone) => {}
            [lone] => self.strokes.dots.push(*lone),
            _ => self.strokes.paths.push(std::mem::take(&mut self.path)),
        }
        self.path.clear();
    }

    /// A dot, whatever the path does.
    pub fn dot(&mut self, point: Point) {
        self.strokes.dots.push(point);
    }

    /// What was built.
    pub fn finish(mut self) -> Strokes {
        self.lift();
        self.strokes
    }

    fn flush_column(&mut self) {
        let Some(column) = self.column.take() else { return };
        if column.count <= 2 {
            self.go_to(column.first);
            self.go_to(column.last);
            return;
        }
        let x = (column.pixel as f64 + 0.5) * self.pixel;
        let (early, late) = if column.highest_comes_first {
            (column.highest, column.lowest)
        } else {
            (column.lowest, column.highest)
        };
        for point in [column.first, early, late, column.last] {
            self.go_to(Point { x, y: point.y });
        }
    }

    fn go_to(&mut self, point: Point) {
        if self.path.last() != Some(&point) {
            self.path.push(point);
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "positions lie within a few million pixels"
)]
fn pixel_of(position: f64) -> i64 {
    position.floor() as i64
}

impl Column {
    const fn new(pixel: i64, point: Point) -> Self {
        Self {
            pixel,
            count: 1,
            first: point,
            last: point,
            highest: point,
            lowest: point,
            highest_comes_first: true,
        }
    }

    fn push(&mut self, point: Point) {
        self.count += 1;
        self.last = point;
        if point.y < self.highest.y {
            self.highest = point;
            self.highest_comes_first = false;
        }
        if point.y > self.lowest.y {
            self.lowest = point;
            self.highest_comes_first = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn build(points: &[(f64, f64)]) -> Strokes {
        let mut builder = PathBuilder::new(1.0);
        for &(x, y) in points {
            builder.push(Point { x, y });
        }
        builder.finish()
    }

    #[track_caller]
    fn check(points: &[(f64, f64)], expected: &str) {
        let strokes = build(points);
        let paths = strokes
            .paths
            .iter()
            .map(|path| write(path))
            .collect::<Vec<_>>()
            .join(" | ");
        assert_eq!(format!("{paths}; {}", write(&strokes.dots)), expected);
    }

    fn write(points: &[Point]) -> String {
        points
            .iter()
            .map(|p| format!("{},{}", p.x, p.y))
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn few_points_stay_where_they_are() {
        check(&[(0.1, 5.0), (0.9, 6.0), (3.2, 7.0)], "0.1,5 0.9,6 3.2,7; ");
    }

    #[test]
    fn many_points_in_a_pixel_become_one_upright_stroke() {
        check(
            &[(0.1, 5.0), (0.2, 9.0), (0.3, 1.0), (0.4, 4.0), (1.5, 4.0)],
            "0.5,5 0.5,9 0.5,1 0.5,4 1.5,4; ",
        );
    }

    #[test]
    fn a_lone_point_is_a_dot() {
        check(&[(2.0, 5.0)], "; 2,5");
        check(&[], "; ");
    }

    proptest! {
        #[test]
        fn every_pixel_column_reaches_exactly_from_its_least_to_its_greatest(
            steps in prop::collection::vec((0.0..0.7_f64, -100.0..100.0_f64), 2..200),
        ) {
            let mut x = 0.0;
            let points: Vec<(f64, f64)> = steps.iter().map(|&(step, y)| { x += step; (x, y) }).collect();
            let strokes = build(&points);
            let drawn: Vec<Point> = strokes.paths.concat().into_iter().chain(strokes.dots).collect();
            for pixel in 0..=200 {
                let of_pixel = |x: f64| pixel_of(x) == pixel;
                let extent = |ys: Vec<f64>| {
                    ys.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), y| (low.min(*y), high.max(*y)))
                };
                let expected = extent(points.iter().filter(|p| of_pixel(p.0)).map(|p| p.1).collect());
                let got = extent(drawn.iter().filter(|p| of_pixel(p.x)).map(|p| p.y).collect());
                prop_assert_eq!(got, expected, "pixel {}", pixel);
            }
        }
    }
}
