//! Drawings of parts: what is drawn anew, and that it is the same as in a drawing of all.

use super::*;
use crate::chart::clip::Area;
use crate::chart::path::Point;
use crate::chart::repaint::{Changed, Part, Repaint};

/// Ten seconds each, six in all: with a gap in the third, and a spike in the fifth.
fn series() -> ColumnSeries {
    columns(&[
        (0, 9, [20.0, 19.0, 21.0, 20.0]),
        (10, 9, [20.0, 20.0, 24.0, 23.0]),
        (30, 9, [20.0, 19.0, 21.0, 21.0]),
        (40, 9, [20.0, 19.0, 44.0, 21.0]),
        (50, 9, [20.0, 19.0, 21.0, 21.0]),
    ])
}

fn plot_over(seconds: i64) -> Plot {
    let range = TimeRange::new(
        minute().start().saturating_add_micros(seconds * MICROS_PER_SEC),
        minute().end().saturating_add_micros(seconds * MICROS_PER_SEC),
    );
    let series = series();
    let data = PlotData {
        rests: [Some((0.0, 60.0)), None],
        ..data(vec![line(Shape::Columns(&series), Axis::Left)])
    };
    let layout = PlotLayout {
        units_per_dot: 1,
        ..layout(356, 110)
    };
    Plot::new(
        layout,
        &PlotData {
            range: range.unwrap(),
            ..data
        },
    )
}

fn drawn(plot: &Plot) -> Vec<Mark> {
    let series = series();
    let data = data(vec![line(Shape::Columns(&series), Axis::Left)]);
    let scene = Rc::new(RefCell::new(Scene::new((356, 110), palette())));
    draw_plot(&DrawingArea::from(&scene), plot, &palette(), &data).unwrap();
    Rc::try_unwrap(scene).unwrap().into_inner().marks
}

/// The corners of the line that lie in a region, rising.
fn corners(marks: &[Mark], region: Area) -> Vec<(i32, i32)> {
    let of_line = marks.iter().filter_map(|mark| match mark {
        Mark::Path { color, points, .. } if *color == palette().line(0) => Some(points),
        _ => None,
    });
    let inside = |(x, y): &(i32, i32)| {
        region.contains(Point {
            x: f64::from(*x),
            y: f64::from(*y),
        })
    };
    let mut corners: Vec<(i32, i32)> = of_line.flatten().copied().filter(inside).collect();
    corners.sort_unstable();
    corners.dedup();
    corners
}

fn parts(repaint: Repaint) -> (f64, Vec<Part>) {
    match repaint {
        Repaint::Parts { by, parts, .. } => (by, parts),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_column_that_grew_is_drawn_alone_and_as_in_a_drawing_of_all() {
    let plot = plot_over(0);
    let changed = Changed::Between(at(40), at(60));
    let (by, parts) = parts(plot.repaint(&plot, changed, [None, None], false));
    assert!(by.abs() < f64::EPSILON && parts.len() == 1);
    let Part { region, data } = parts[0];
    assert!(region.left >= plot.time.x_from_time(at(40)) - 6.0 && region.left < plot.time.x_from_time(at(40)));
    assert!(data.left <= region.left && data.left > plot.area.left);
    let (all, part) = (drawn(&plot), drawn(&plot.only(&parts[0])));
    assert!(!corners(&all, region).is_empty());
    assert_eq!(corners(&part, region), corners(&all, region));
    let beside = Area {
        right: data.left - 1.0,
        ..plot.area
    };
    assert!(!corners(&all, beside).is_empty());
    assert!(
        corners(&part, beside).is_empty(),
        "what is there already is not drawn again"
    );
}

#[test]
fn a_window_that_slides_by_pixels_moves_its_picture() {
    // A second is five pixels wide.
    let (before, after) = (plot_over(0), plot_over(3));
    let changed = Changed::Between(at(50), at(60));
    let (by, parts) = parts(after.repaint(&before, changed, [None, None], true));
    assert!((by - 15.0).abs() < 1e-9, "{by}");
    let [right, left, labels] = &parts[..] else {
        panic!("{parts:?}")
    };
    assert!(right.region.right >= after.area.right && right.region.left <= after.time.x_from_time(at(50)));
    assert!(left.region.left < after.area.left && after.area.left < left.region.right);
    assert!(labels.region.top >= after.foot() && corners(&drawn(&after.only(labels)), after.area).is_empty());
    // The lowest label of the axis reaches below its foot, and the foot itself lies in the row of the times.
    let of_axes = |marks: Vec<Mark>| -> Vec<Mark> {
        let is_of_axes = |mark: &Mark| match mark {
            Mark::Text { .. } => true,
            Mark::Path { color, .. } => *color == palette().axis,
            _ => false,
        };
        marks.into_iter().filter(is_of_axes).collect()
    };
    let (all, part) = (of_axes(drawn(&after)), of_axes(drawn(&after.only(labels))));
    assert!(all.len() > 3);
    assert_eq!(part, all);
    assert_eq!(after.repaint(&before, changed, [None, None], false), Repaint::All);
    // Back in time, or by half a pixel.
    assert_eq!(before.repaint(&after, changed, [None, None], true), Repaint::All);
    assert_eq!(
        plot_over(40).repaint(&before, changed, [None, None], true),
        Repaint::All
    );
}

#[test]
fn nothing_is_drawn_where_nothing_has_changed() {
    let plot = plot_over(0);
    let now = Timestamp::from_micros(at(30));
    assert_eq!(
        plot.repaint(&plot, Changed::Nothing, [now, now], true),
        Repaint::Nothing
    );
    // What has changed lies out of sight.
    let later = Changed::Between(at(100), at(110));
    assert_eq!(plot.repaint(&plot, later, [now, now], true), Repaint::Nothing);
    assert_eq!(plot.repaint(&plot, Changed::All, [now, now], true), Repaint::All);
    let wide = Changed::Between(at(5), at(55));
    assert_eq!(plot.repaint(&plot, wide, [now, now], true), Repaint::All);
}

#[test]
fn the_now_line_is_wiped_where_it_was_and_drawn_where_it_is() {
    let plot = plot_over(0);
    let now = [20, 22].map(|seconds| Timestamp::from_micros(at(seconds)));
    let (_, parts) = parts(plot.repaint(&plot, Changed::Nothing, now, true));
    let [x, new_x] = [20, 22].map(|seconds| plot.time.x_from_time(at(seconds)));
    assert!(parts[0].region.left < x && new_x < parts[0].region.right);
}

#[test]
fn an_axis_that_grows_or_another_size_draws_all() {
    let plot = plot_over(0);
    let mut grown = plot.clone();
    if let Some(axis) = &mut grown.left {
        axis.ticks.pop();
    }
    assert_eq!(grown.repaint(&plot, Changed::Nothing, [None, None], true), Repaint::All);
    let mut wider = plot.clone();
    wider.area.right += 1.0;
    assert_eq!(wider.repaint(&plot, Changed::Nothing, [None, None], true), Repaint::All);
}

#[test]
fn changes_add_up() {
    let one = Changed::Between(3, 5);
    assert_eq!(one.and(Changed::Nothing), one);
    assert_eq!(one.and(Changed::Between(4, 9)), Changed::Between(3, 9));
    assert_eq!(one.and(Changed::All), Changed::All);
}
