//! Whole plots, as recorded drawings and as SVG.

use std::cell::RefCell;
use std::rc::Rc;

use insta::assert_snapshot;
use plotters::drawing::{DrawingArea, IntoDrawingArea as _};

use super::axis_clock::AxisClock;
use super::draw::draw_plot;
use super::palette::{Palette, Rgba};
use super::plot::{Plot, PlotData, PlotLayout};
use super::scene::{Mark, Scene};
use super::shape::{PlotLine, Shape};
use crate::dashboard::Axis;
use crate::query::envelope::{ColumnSeries, SampleSeries};
use crate::time::{MICROS_PER_SEC, TimeRange, Timestamp};
use crate::value::Value;

mod marks;

mod repaint;

/// Opaque colours that all differ, so that a recorded drawing names each.
fn palette() -> Palette {
    let mut shade = 0;
    Palette::from_tokens(|_| {
        shade += 10;
        Rgba::from_css("#000").map(|black| Rgba { red: shade, ..black })
    })
    .unwrap()
}

fn layout(width: u32, height: u32) -> PlotLayout {
    PlotLayout {
        width,
        height,
        units_per_px: 1.0,
        units_per_dot: 1,
        font_family: "sans-serif".to_owned(),
        clock: AxisClock::utc(),
    }
}

/// A minute from noon, as a range.
fn minute() -> TimeRange {
    let noon: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
    TimeRange::new(noon, noon.saturating_add_micros(60 * MICROS_PER_SEC)).unwrap()
}

/// Seconds after noon, as microseconds since the epoch.
fn at(seconds: i64) -> i64 {
    minute().start().as_micros() + seconds * MICROS_PER_SEC
}

fn samples(values: &[(i64, Value)]) -> SampleSeries {
    SampleSeries {
        time_us: values.iter().map(|(seconds, _)| at(*seconds)).collect(),
        value: values.iter().map(|(_, value)| *value).collect(),
        ..SampleSeries::default()
    }
}

/// Columns of ten seconds: start, count, first, min, max, last; extremes lie in the middle.
fn columns(values: &[(i64, u64, [f64; 4])]) -> ColumnSeries {
    let mut columns = ColumnSeries::default();
    for &(start, count, [first, min, max, last]) in values {
        columns.start_us.push(at(start));
        columns.end_us.push(at(start + 10));
        columns.count.push(count);
        columns.first.push(first);
        columns.min.push(min);
        columns.max.push(max);
        columns.last.push(last);
        columns.mean.push(f64::midpoint(min, max));
        columns.min_us.push(at(start + 4));
        columns.max_us.push(at(start + 6));
    }
    columns
}

fn line(shape: Shape<'_>, axis: Axis) -> PlotLine<'_> {
    PlotLine {
        shape,
        color: usize::from(axis == Axis::Right),
        axis,
        interval_s: Some(5.0),
        is_faded: false,
    }
}

fn data(lines: Vec<PlotLine<'_>>) -> PlotData<'_> {
    PlotData {
        lines,
        left_unit: "°C".to_owned(),
        right_unit: "%".to_owned(),
        ..PlotData::empty(minute())
    }
}

fn draw(data: &PlotData<'_>) -> Scene {
    let layout = layout(200, 110);
    let scene = Rc::new(RefCell::new(Scene::new((layout.width, layout.height), palette())));
    draw_plot(&DrawingArea::from(&scene), &Plot::new(layout, data), &palette(), data).unwrap();
    Rc::try_unwrap(scene).unwrap().into_inner()
}

/// Only the data, without background, grid and axes.
fn draw_data(lines: Vec<PlotLine<'_>>) -> String {
    let drawn = draw(&data(lines)).to_text();
    let of_data = drawn.lines().filter(|line| line.contains("series-"));
    of_data
        .filter(|line| !line.starts_with("text"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn a_whole_plot_with_a_gap_and_the_now_line() {
    let series = samples(&[(0, 1.0.into()), (10, 2.0.into()), (40, 3.0.into()), (45, 5.0.into())]);
    let mut data = data(vec![line(Shape::Samples(&series), Axis::Left)]);
    data.now = Timestamp::from_micros(at(50));
    assert_snapshot!(draw(&data).to_text());
}

#[test]
fn a_spike_of_one_sample_stands_out_of_its_column() {
    let series = columns(&[
        (0, 9, [20.0, 20.0, 20.0, 20.0]),
        (10, 9, [20.0, 20.0, 95.0, 20.0]),
        (20, 9, [20.0, 19.0, 21.0, 21.0]),
    ]);
    assert_snapshot!(draw_data(vec![line(Shape::Columns(&series), Axis::Left)]));
}

#[test]
fn a_null_in_the_middle_breaks_the_line() {
    let series = samples(&[
        (0, 1.0.into()),
        (5, 2.0.into()),
        (10, Value::NULL),
        (15, 3.0.into()),
        (20, 4.0.into()),
    ]);
    assert_snapshot!(draw_data(vec![line(Shape::Samples(&series), Axis::Left)]));
}

#[test]
fn infinities_have_marks_at_the_edges() {
    let values = [
        (0, 1.0.into()),
        (5, f64::INFINITY.into()),
        (10, f64::NEG_INFINITY.into()),
        (15, 1.0.into()),
    ];
    assert_snapshot!(draw_data(vec![line(Shape::Samples(&samples(&values)), Axis::Left)]));
}

#[test]
fn a_band_is_broken_at_a_gap() {
    let frame = |start, low: f64, high: f64| (start, 50, [0.0, low, high, 0.0]);
    let series = columns(&[
        frame(0, 1.0, 3.0),
        frame(10, 2.0, 4.0),
        frame(40, 1.0, 5.0),
        frame(50, 1.0, 3.0),
    ]);
    assert_snapshot!(draw_data(vec![line(Shape::Band(&series), Axis::Left)]));
}

#[test]
fn two_axes_have_their_own_numbers_and_units() {
    let (left, right) = (
        samples(&[(0, 1.0.into()), (10, 2.0.into())]),
        samples(&[(0, 100.0.into()), (10, 50.0.into())]),
    );
    let lines = vec![
        line(Shape::Samples(&left), Axis::Left),
        line(Shape::Samples(&right), Axis::Right),
    ];
    let drawn = draw(&data(lines)).to_text();
    let told = drawn
        .lines()
        .filter(|line| line.contains("series-") || line.contains("middle"));
    assert_snapshot!(told.collect::<Vec<_>>().join("\n"));
}

#[test]
fn an_empty_plot_has_times_and_no_values() {
    assert_snapshot!(draw(&data(Vec::new())).to_text());
}

#[test]
fn a_single_sample_is_a_dot() {
    let series = samples(&[(30, 7.0.into())]);
    assert_snapshot!(draw_data(vec![line(Shape::Samples(&series), Axis::Left)]));
}

#[test]
fn data_beyond_the_range_run_to_the_edge_and_no_further() {
    let series = samples(&[(-5, 1.0.into()), (5, 2.0.into()), (55, 2.0.into()), (65, 1.0.into())]);
    assert_snapshot!(draw_data(vec![line(Shape::Samples(&series), Axis::Left)]));
}

#[test]
fn every_colour_comes_from_the_palette() {
    let band = columns(&[(0, 50, [0.0, 1.0, 3.0, 0.0]), (10, 50, [0.0, 2.0, 4.0, 0.0])]);
    let mut data = data(vec![
        line(Shape::Band(&band), Axis::Left),
        line(Shape::Columns(&band), Axis::Right),
    ]);
    data.now = Timestamp::from_micros(at(50));
    for mark in draw(&data).marks {
        let (Mark::Path { color, .. }
        | Mark::Polygon { color, .. }
        | Mark::Rectangle { color, .. }
        | Mark::Circle { color, .. }
        | Mark::Text { color, .. }) = mark;
        // In a theme of reds alone, nothing else may appear.
        assert_eq!((color.green, color.blue), (0, 0), "{mark:?}");
    }
}

#[test]
fn the_same_plot_is_drawn_as_svg() {
    let noise = |second: i64| f64::from(u8::try_from(second * 37 % 11).unwrap()) / 10.0;
    let values: Vec<(i64, Value)> = (0..60)
        .filter(|second| !(22..34).contains(second))
        .map(|second| {
            (
                second,
                (15.0 + noise(second) + if second == 48 { 9.0 } else { 0.0 }).into(),
            )
        })
        .collect();
    let (series, band) = (
        samples(&values),
        columns(&[(0, 50, [0.0, 45.0, 55.0, 0.0]), (10, 50, [0.0, 47.0, 60.0, 0.0])]),
    );
    let mut second_line = line(Shape::Samples(&series), Axis::Left);
    second_line.interval_s = Some(1.0);
    let mut data = data(vec![line(Shape::Band(&band), Axis::Right), second_line]);
    data.now = Timestamp::from_micros(at(58));
    let mut svg = String::new();
    {
        let target = plotters_svg::SVGBackend::with_string(&mut svg, (640, 240)).into_drawing_area();
        draw_plot(&target, &Plot::new(layout(640, 240), &data), &palette(), &data).unwrap();
        target.present().unwrap();
    }
    // To be looked at.
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/chart");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("plot.svg"), &svg).unwrap();
    assert!(
        svg.contains("<polyline") && svg.contains("<polygon") && svg.trim_end().ends_with("</svg>"),
        "{svg}"
    );
    assert_eq!(
        svg.matches("12:0").count(),
        Plot::new(layout(640, 240), &data).time_ticks.len(),
        "{svg}"
    );
}
