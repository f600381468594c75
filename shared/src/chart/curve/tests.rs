use std::cell::RefCell;
use std::rc::Rc;

use plotters::drawing::DrawingArea;

use super::*;
use crate::chart::axis_clock::AxisClock;
use crate::chart::scene::{Mark, Scene};

fn palette() -> Palette {
    let mut next = 0_u8;
    Palette::from_tokens(|_| {
        next += 1;
        Some(Rgba {
            red: next,
            green: 0,
            blue: 0,
            alpha: 255,
        })
    })
    .unwrap()
}

fn layout() -> PlotLayout {
    PlotLayout {
        width: 400,
        height: 200,
        units_per_px: 1.0,
        units_per_dot: 1,
        font_family: "sans-serif".to_owned(),
        clock: AxisClock::utc(),
    }
}

fn data(values: &[f64], log_y: bool) -> CurveData {
    let points = values.iter().zip(0_u32..);
    CurveData {
        points: points
            .map(|(y, channel)| CurvePoint {
                channel,
                x: f64::from(channel),
                y: *y,
            })
            .collect(),
        log_y,
        ..CurveData::default()
    }
}

/// The number of lines in the colour of the curve with the points of each, of dots, and of triangles.
fn drawn(data: &CurveData) -> (Vec<usize>, usize, usize) {
    let scene = Rc::new(RefCell::new(Scene::new((400, 200), palette())));
    draw_curve(
        &DrawingArea::from(&scene),
        &Curve::new(layout(), data),
        data,
        &palette(),
    )
    .unwrap();
    let (mut lines, mut n_dots, mut n_triangles) = (Vec::new(), 0, 0);
    for mark in Rc::try_unwrap(scene).unwrap().into_inner().marks {
        match mark {
            Mark::Path { color, points, .. } if color == palette().line(0) => lines.push(points.len()),
            Mark::Circle { .. } => n_dots += 1,
            Mark::Polygon { .. } => n_triangles += 1,
            _ => {}
        }
    }
    (lines, n_dots, n_triangles)
}

#[test]
fn a_channel_without_a_value_breaks_the_line() {
    let (lines, _, n_triangles) = drawn(&data(&[1.0, 2.0, f64::NAN, 4.0, 5.0, 6.0], false));
    assert_eq!((lines, n_triangles), (vec![2, 3], 0));
}

#[test]
fn a_channel_alone_is_a_dot() {
    let mut values = vec![f64::NAN; 300];
    values[150] = 3.0;
    assert_eq!(drawn(&data(&values, false)), (vec![], 1, 0));
}

#[test]
fn what_is_not_positive_is_marked_on_a_logarithmic_axis() {
    let (lines, _, n_triangles) = drawn(&data(&[1.0, 10.0, 0.0, -5.0, 100.0, 1000.0, f64::INFINITY], true));
    assert_eq!((lines, n_triangles), (vec![2, 2], 3));
}

#[test]
fn equal_ratios_are_equally_far_apart_on_a_logarithmic_axis() {
    let data = data(&[1.0, 10.0, 100.0], true);
    let curve = Curve::new(layout(), &data);
    let y: Vec<f64> = data
        .points
        .iter()
        .filter_map(|point| Some(curve.place(point, &data)?.y))
        .collect();
    assert!(((y[0] - y[1]) - (y[1] - y[2])).abs() < 1e-9, "{y:?}");
}

#[test]
fn the_nearest_channel_is_found_by_its_place() {
    let data = data(&[1.0, f64::NAN, 3.0, 4.0], false);
    let curve = Curve::new(layout(), &data);
    for position in [0, 2, 3] {
        let place = curve.place(&data.points[position], &data).unwrap();
        assert_eq!(curve.nearest(&data, place), Some(position));
    }
    assert_eq!(curve.place(&data.points[1], &data), None);
}

#[test]
fn a_frame_without_values_has_no_axes() {
    let data = data(&[f64::NAN, f64::NAN], false);
    let curve = Curve::new(layout(), &data);
    assert!(curve.y.is_none());
    assert_eq!(curve.nearest(&data, Point { x: 0.0, y: 0.0 }), None);
    assert_eq!(drawn(&data), (vec![], 0, 0));
}

#[test]
fn channels_that_go_to_and_fro_are_dots() {
    let mut data = data(&[1.0, 2.0, 3.0, 4.0], false);
    data.points[1].x = 3.5;
    assert_eq!(drawn(&data), (vec![], 4, 0));
    data.points.reverse();
    data.points[2].x = 1.0;
    assert_eq!(drawn(&data).0, [4]);
}
