//! From the samples of a channel to strokes.

use super::gap::GapRule;
use super::path::{PathBuilder, Point, Strokes};
use super::scale::{Side, TimeScale, ValueScale};
use crate::query::envelope::SampleSeries;

/// Samples farther apart than this, in pixels, get a dot each.
const DOTS_FROM_PX: f64 = 6.0;
/// Marks at the edge nearer to each other than this, in pixels, are one.
const MARKS_PX: f64 = 9.0;

/// A value beyond the axis, marked at the edge of the plot.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct EdgeMark {
    /// Where it lies in time, in units.
    pub x: f64,
    /// Beyond which edge.
    pub side: Side,
}

/// Collects the marks of values beyond the axis, by rising time; those that would lie on each other are one.
#[derive(Debug)]
pub(super) struct EdgeMarks {
    value: ValueScale,
    spacing: f64,
    marks: Vec<EdgeMark>,
    last: [f64; 2],
}

impl EdgeMarks {
    pub(super) const fn new(canvas: &Canvas) -> Self {
        Self {
            value: canvas.value,
            spacing: MARKS_PX * canvas.units_per_px,
            marks: Vec::new(),
            last: [f64::NEG_INFINITY; 2],
        }
    }

    /// Takes a look at a value; null and NaN lie nowhere.
    pub(super) fn look_at(&mut self, x: f64, value: f64) {
        let Some(side) = self.value.side_of(value) else { return };
        let [above, below] = &mut self.last;
        let last = if side == Side::Above { above } else { below };
        if x - *last >= self.spacing {
            *last = x;
            self.marks.push(EdgeMark { x, side });
        }
    }

    pub(super) fn finish(self) -> Vec<EdgeMark> {
        self.marks
    }
}

/// How the samples of a channel are drawn.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct SampleStrokes {
    /// Paths and dots of the finite values.
    pub strokes: Strokes,
    /// The values beyond the axis, the infinite ones among them.
    pub edge_marks: Vec<EdgeMark>,
}

/// Where and how fine to draw: shared by all lines of a plot.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Canvas {
    /// Places times.
    pub time: TimeScale,
    /// Places values.
    pub value: ValueScale,
    /// Units in a pixel of the screen: what one upright stroke covers.
    pub units_per_dot: f64,
    /// Units in a CSS pixel: what people see as one step.
    pub units_per_px: f64,
}

/// Draws the samples that the range shows, and one more on either side, so that lines run on to the edges.
///
/// Null, NaN and infinities break the line, and so does a gap. What lies beyond the axis leaves a mark at the edge.
pub fn strokes(samples: &SampleSeries, gaps: GapRule, canvas: &Canvas) -> SampleStrokes {
    let range = canvas.time.range();
    let visible = super::shape::Shape::Samples(samples).visible(range);
    let is_sparse = {
        let span_us = samples
            .time_us
            .get(visible.clone())
            .and_then(|times| Some(times.last()? - times.first()?));
        let steps = visible.len().saturating_sub(1).max(1) as f64;
        let span_units = span_us.map_or(0.0, |micros| micros as f64 / canvas.time.micros_in(1.0) as f64);
        span_units / steps > DOTS_FROM_PX * canvas.units_per_px
    };
    let shown = visible.start.saturating_sub(1)..(visible.end + 1).min(samples.time_us.len());
    let mut builder = PathBuilder::new(canvas.units_per_dot);
    let mut edge_marks = EdgeMarks::new(canvas);
    let mut before: Option<i64> = None;
    for at in shown {
        let (Some(&time_us), Some(value)) = (samples.time_us.get(at), samples.value.get(at)) else {
            break;
        };
        let x = canvas.time.x_from_time(time_us);
        if let Some(number) = value.as_number() {
            edge_marks.look_at(x, number);
        }
        let Some(number) = value.finite() else {
            builder.lift();
            continue;
        };
        if before.is_some_and(|before_us| gaps.is_gap(before_us, time_us)) {
            builder.lift();
        }
        before = Some(time_us);
        let point = Point {
            x,
            y: canvas.value.y_from_value(number),
        };
        builder.push(point);
        if is_sparse {
            builder.dot(point);
        }
    }
    SampleStrokes {
        strokes: builder.finish(),
        edge_marks: edge_marks.finish(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chart::scale::{TimeScale, ValueScale};
    use crate::time::{TimeRange, Timestamp};
    use crate::value::Value;

    /// A hundred pixels of 10 µs each, one unit a pixel; y is the value.
    fn canvas() -> Canvas {
        let end = Timestamp::from_micros(1000).unwrap();
        Canvas {
            time: TimeScale::new(TimeRange::new(Timestamp::EPOCH, end).unwrap(), 0.0, 100.0),
            value: ValueScale::new(0.0, 100.0, 0.0, 100.0),
            units_per_dot: 1.0,
            units_per_px: 1.0,
        }
    }

    fn draw(samples: &[(i64, Value)], interval_us: f64) -> SampleStrokes {
        let (time_us, value) = samples.iter().copied().unzip();
        let series = SampleSeries {
            time_us,
            value,
            ..SampleSeries::default()
        };
        strokes(&series, GapRule::new(Some(interval_us / 1e6), Vec::new), &canvas())
    }

    #[track_caller]
    fn check(samples: &[(i64, Value)], expected: &str) {
        let write = |points: &[Point]| {
            let points: Vec<String> = points.iter().map(|p| format!("{},{}", p.x, p.y.round())).collect();
            points.join(" ")
        };
        let drawn = draw(samples, 10.0);
        let paths: Vec<String> = drawn.strokes.paths.iter().map(|path| write(path)).collect();
        assert_eq!(
            format!("{}; {}", paths.join(" | "), write(&drawn.strokes.dots)),
            expected
        );
    }

    #[test]
    fn a_null_and_a_nan_break_the_line() {
        let [one, two, three, four] = [1.0, 2.0, 3.0, 4.0].map(Value::from);
        check(
            &[(0, one), (10, two), (20, Value::NULL), (30, three), (40, four)],
            "0,1 1,2 | 3,3 4,4; ",
        );
        check(&[(0, one), (10, two), (20, Value::NAN), (30, three)], "0,1 1,2; 3,3");
    }

    #[test]
    fn silence_breaks_the_line() {
        let value = Value::from(5.0);
        check(
            &[(0, value), (30, value), (61, value), (70, value)],
            "0,5 3,5 | 6.1,5 7,5; ",
        );
    }

    #[test]
    fn sparse_samples_have_dots() {
        let value = Value::from(5.0);
        assert_eq!(
            draw(&[(0, value), (61, value), (122, value)], 60.0).strokes.dots.len(),
            3
        );
        assert_eq!(
            draw(&[(0, value), (59, value), (118, value)], 60.0).strokes.dots.len(),
            0
        );
    }

    #[test]
    fn infinities_are_marked_at_the_edge() {
        let drawn = draw(
            &[
                (10, 1.0.into()),
                (20, f64::INFINITY.into()),
                (30, f64::NEG_INFINITY.into()),
            ],
            10.0,
        );
        let mark = |x, side| EdgeMark { x, side };
        assert_eq!(drawn.edge_marks, [mark(2.0, Side::Above), mark(3.0, Side::Below)]);
        assert_eq!(drawn.strokes.paths, Vec::<Vec<Point>>::new());
    }

    proptest! {
        #[test]
        fn nothing_is_drawn_inside_a_gap(
            steps in prop::collection::vec((1..60_i64, prop::option::weighted(0.8, 0.0..100.0_f64)), 2..100),
        ) {
            let mut time_us = 0;
            let samples: Vec<(i64, Value)> = steps
                .iter()
                .map(|(step, value)| { time_us += step; (time_us, Value::from(*value)) })
                .collect();
            let drawn = draw(&samples, 10.0).strokes;
            for pair in samples.windows(2) {
                let ((before, first), (after, second)) = (pair[0], pair[1]);
                if after - before <= 30 && first.finite().is_some() && second.finite().is_some() {
                    continue;
                }
                // The pixels of both ends may hold other samples; what lies between must stay open.
                let (from, to) = ((before / 10 + 1) as f64, (after / 10) as f64);
                if to <= from {
                    continue;
                }
                for segment in drawn.paths.iter().flat_map(|path| path.windows(2)) {
                    prop_assert!(segment[1].x <= from || to <= segment[0].x, "{:?} in {}..{}", segment, from, to);
                }
            }
        }
    }
}
