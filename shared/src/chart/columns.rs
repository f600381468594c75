//! From the columns of a channel, or of the band over all channels, to strokes.

use super::gap::GapRule;
use super::line::{Canvas, EdgeMark, EdgeMarks};
use super::path::{PathBuilder, Point, Strokes};
use super::shape::Shape;
use crate::query::envelope::ColumnSeries;

/// How a band is drawn. Each part is broken at gaps.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct BandStrokes {
    /// Closed outlines of the areas from min to max.
    pub areas: Vec<Vec<Point>>,
    /// Along the greatest values.
    pub max: Strokes,
    /// Along the means.
    pub mean: Strokes,
    /// Along the least values.
    pub min: Strokes,
}

/// The marks of the columns whose extremes lie beyond the axis, each at its own time.
pub fn edge_marks(columns: &ColumnSeries, canvas: &Canvas) -> Vec<EdgeMark> {
    let mut marks = EdgeMarks::new(canvas);
    for at in Shape::Columns(columns).visible(canvas.time.range()) {
        let extremes = [(&columns.min_us, &columns.min), (&columns.max_us, &columns.max)];
        for (times, values) in extremes {
            if let (Some(time_us), Some(value)) = (times.get(at), values.get(at)) {
                marks.look_at(canvas.time.x_from_time(*time_us), *value);
            }
        }
    }
    marks.finish()
}

/// The entries to draw: those that the range shows, and one more on either side.
fn shown(columns: &ColumnSeries, canvas: &Canvas) -> std::ops::Range<usize> {
    let visible = Shape::Columns(columns).visible(canvas.time.range());
    visible.start.saturating_sub(1)..(visible.end + 1).min(columns.start_us.len())
}

/// Draws each column from its first value over its extremes, each at its own time, to its last, joined to the next
/// column unless a gap lies between.
pub fn strokes(columns: &ColumnSeries, gaps: GapRule, canvas: &Canvas) -> Strokes {
    let mut builder = PathBuilder::new(canvas.units_per_dot);
    let shown = shown(columns, canvas);
    let first_shown = shown.start;
    for at in shown {
        let Some(column) = Column::get(columns, at) else { break };
        if at > first_shown && gaps.is_gap_between(columns, at - 1, at) {
            builder.lift();
        }
        for (time_us, value) in column.corners() {
            builder.push(Point {
                x: canvas.time.x_from_time(time_us),
                y: canvas.value.y_from_value(value),
            });
        }
    }
    builder.finish()
}

/// One column of a channel.
struct Column {
    start_us: i64,
    end_us: i64,
    count: u64,
    first: f64,
    last: f64,
    min: (i64, f64),
    max: (i64, f64),
}

impl Column {
    fn get(columns: &ColumnSeries, at: usize) -> Option<Self> {
        Some(Self {
            start_us: *columns.start_us.get(at)?,
            end_us: *columns.end_us.get(at)?,
            count: *columns.count.get(at)?,
            first: *columns.first.get(at)?,
            last: *columns.last.get(at)?,
            min: (*columns.min_us.get(at)?, *columns.min.get(at)?),
            max: (*columns.max_us.get(at)?, *columns.max.get(at)?),
        })
    }

    /// Times and values to go through, by rising time.
    ///
    /// An extreme that is also the first value stands for it. Where the column does not tell the time of its first or
    /// last value, they lie at its edges: less than a column away from the truth.
    #[expect(clippy::float_cmp, reason = "the same stored value or another one")]
    fn corners(&self) -> impl Iterator<Item = (i64, f64)> {
        let (early, late) = if self.min.0 <= self.max.0 {
            (self.min, self.max)
        } else {
            (self.max, self.min)
        };
        let first = (self.count > 2 && self.first != early.1).then_some((self.start_us, self.first));
        let last_us = (self.end_us - 1).max(late.0);
        let one_corner = late == early;
        let last = (self.count > 2 || (self.count == 2 && one_corner)).then_some((last_us, self.last));
        let late = (!one_corner).then_some(late);
        first.into_iter().chain([early]).chain(late).chain(last)
    }
}

/// Draws the band: areas from min to max, each extreme at its own time, and the means in the middle of their columns.
pub fn band_strokes(columns: &ColumnSeries, gaps: GapRule, canvas: &Canvas) -> BandStrokes {
    let builder = || PathBuilder::new(canvas.units_per_dot);
    let (mut max, mut mean, mut min) = (builder(), builder(), builder());
    let mut areas = Vec::new();
    let (mut upper, mut lower) = (Vec::new(), Vec::new());
    let shown = shown(columns, canvas);
    let first_shown = shown.start;
    let point = |time_us: i64, value: f64| Point {
        x: canvas.time.x_from_time(time_us),
        y: canvas.value.y_from_value(value),
    };
    for at in shown {
        let (Some(column), Some(&mean_value)) = (BandColumn::get(columns, at), columns.mean.get(at)) else {
            break;
        };
        if at > first_shown && gaps.is_gap_between(columns, at - 1, at) {
            for builder in [&mut max, &mut mean, &mut min] {
                builder.lift();
            }
            close_area(&mut areas, &mut upper, &mut lower);
        }
        let (high, low) = (point(column.max.0, column.max.1), point(column.min.0, column.min.1));
        max.push(high);
        min.push(low);
        mean.push(point(column.middle_us, mean_value));
        upper.push(high);
        lower.push(low);
    }
    close_area(&mut areas, &mut upper, &mut lower);
    BandStrokes {
        areas,
        max: max.finish(),
        mean: mean.finish(),
        min: min.finish(),
    }
}

struct BandColumn {
    middle_us: i64,
    min: (i64, f64),
    max: (i64, f64),
}

impl BandColumn {
    fn get(columns: &ColumnSeries, at: usize) -> Option<Self> {
        let (start_us, end_us) = (*columns.start_us.get(at)?, *columns.end_us.get(at)?);
        let min = (*columns.min_us.get(at)?, *columns.min.get(at)?);
        let max = (*columns.max_us.get(at)?, *columns.max.get(at)?);
        // One frame: all its values share its time, wherever in the column it lies.
        let middle_us = if min.0 == max.0 {
            min.0
        } else {
            start_us + (end_us - start_us) / 2
        };
        Some(Self { middle_us, min, max })
    }
}

fn close_area(areas: &mut Vec<Vec<Point>>, upper: &mut Vec<Point>, lower: &mut Vec<Point>) {
    if upper.len() > 1 {
        areas.push(upper.drain(..).chain(lower.drain(..).rev()).collect());
    }
    upper.clear();
    lower.clear();
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chart::scale::{TimeScale, ValueScale};
    use crate::time::{TimeRange, Timestamp};

    const SAMPLE_US: i64 = 10;

    /// A plot of `pixels` pixels of 100 µs each, one unit a pixel, values upside down so that y is the value.
    fn canvas(pixels: i64) -> Canvas {
        let end = Timestamp::from_micros(pixels * 100).unwrap();
        Canvas {
            time: TimeScale::new(TimeRange::new(Timestamp::EPOCH, end).unwrap(), 0.0, pixels as f64),
            value: ValueScale::new(0.0, 1000.0, 0.0, 1000.0),
            units_per_dot: 1.0,
            units_per_px: 1.0,
        }
    }

    /// Cuts samples into columns of 100 µs, the slow and obvious way.
    fn cut(samples: &[(i64, f64)], pixels: i64) -> ColumnSeries {
        let mut columns = ColumnSeries::default();
        for start_us in (0..pixels).map(|pixel| pixel * 100) {
            let inside: Vec<_> = samples
                .iter()
                .filter(|s| start_us <= s.0 && s.0 < start_us + 100)
                .copied()
                .collect();
            let (Some(first), Some(last)) = (inside.first(), inside.last()) else {
                continue;
            };
            let min = inside
                .iter()
                .copied()
                .reduce(|a, b| if b.1 < a.1 { b } else { a })
                .unwrap();
            let max = inside
                .iter()
                .copied()
                .reduce(|a, b| if b.1 > a.1 { b } else { a })
                .unwrap();
            columns.start_us.push(start_us);
            columns.end_us.push(start_us + 100);
            columns.count.push(inside.len() as u64);
            columns.first.push(first.1);
            columns.last.push(last.1);
            columns
                .mean
                .push(inside.iter().map(|s| s.1).sum::<f64>() / inside.len() as f64);
            columns.min.push(min.1);
            columns.min_us.push(min.0);
            columns.max.push(max.1);
            columns.max_us.push(max.0);
        }
        columns
    }

    /// Values at every tenth microsecond; `None` is silence.
    fn samples() -> impl Strategy<Value = Vec<(i64, f64)>> {
        let value = prop_oneof![4 => (0..1000_i32).prop_map(|v| Some(f64::from(v))), 1 => Just(None)];
        prop::collection::vec((value, 1..30_usize), 1..30).prop_map(|runs| {
            let values = runs
                .into_iter()
                .flat_map(|(value, length)| std::iter::repeat_n(value, length));
            let timed = values.zip((0_i64..).map(|at| at * SAMPLE_US));
            timed.filter_map(|(value, time_us)| Some((time_us, value?))).collect()
        })
    }

    proptest! {
        #[test]
        fn every_pixel_column_shows_the_true_extremes_of_its_samples(samples in samples()) {
            let columns = cut(&samples, 90);
            let strokes = strokes(&columns, GapRule::new(Some(1e-5), Vec::new), &canvas(90));
            let drawn: Vec<Point> = strokes.paths.concat().into_iter().chain(strokes.dots).collect();
            for pixel in 0..90 {
                let of_samples = samples.iter().filter(|s| s.0 / 100 == pixel).map(|s| s.1);
                let of_points = drawn.iter().filter(|p| p.x.floor().total_cmp(&(pixel as f64)).is_eq()).map(|p| p.y.round());
                let extent = |ys: &mut dyn Iterator<Item = f64>| ys.map(|y| (y, y)).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
                prop_assert_eq!(extent(&mut { of_points }), extent(&mut { of_samples }), "pixel {}", pixel);
            }
        }

        #[test]
        fn no_line_crosses_a_column_without_samples(samples in samples()) {
            let strokes = strokes(&cut(&samples, 90), GapRule::new(Some(1e-5), Vec::new), &canvas(90));
            for pair in strokes.paths.iter().flat_map(|path| path.windows(2)) {
                prop_assert!(pair[1].x.floor() - pair[0].x.floor() <= 1.0, "{:?}", pair);
            }
        }

        #[test]
        fn a_band_reaches_the_extremes_and_keeps_gaps_open(samples in samples()) {
            let columns = cut(&samples, 90);
            let band = band_strokes(&columns, GapRule::new(Some(1e-5), Vec::new), &canvas(90));
            let max: Vec<Point> = band.max.paths.concat().into_iter().chain(band.max.dots).collect();
            for (max_us, value) in columns.max_us.iter().zip(&columns.max) {
                let found = max.iter().any(|p| (p.x.floor(), p.y.round()) == ((max_us / 100) as f64, *value));
                prop_assert!(found, "{} at {}", value, max_us);
            }
            let columns_in_areas: usize = band.areas.iter().map(|area| area.len() / 2).sum();
            prop_assert!(columns_in_areas <= columns.start_us.len());
            for pair in band.max.paths.iter().flat_map(|path| path.windows(2)) {
                prop_assert!(pair[1].x.floor() - pair[0].x.floor() <= 1.0, "{:?}", pair);
            }
        }
    }
}
