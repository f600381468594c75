use super::*;
use crate::chart::shape::Shape;
use crate::query::envelope::SampleSeries;

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

fn plot_of(values: &[f64], axis: Axis) -> Plot {
    plot_with(values, axis, LeftAxis::PLAIN, Vec::new())
}

/// The ends of the left axis where it is so wished.
fn ends_of(values: &[f64], is_log: bool, low: Option<f64>, high: Option<f64>) -> Option<(f64, f64)> {
    let left = LeftAxis::Values { is_log, low, high };
    plot_with(values, Axis::Left, left, Vec::new())
        .left
        .map(|axis| axis.scale.bounds())
}

fn plot_with(values: &[f64], axis: Axis, left: LeftAxis, limits: Vec<LimitMark>) -> Plot {
    let series = SampleSeries {
        time_us: (0_i64..).take(values.len()).collect(),
        value: values.iter().map(|value| (*value).into()).collect(),
        ..SampleSeries::default()
    };
    let line = PlotLine {
        shape: Shape::Samples(&series),
        color: 0,
        axis,
        interval_s: None,
        is_faded: false,
    };
    let range = TimeRange::new(Timestamp::EPOCH, Timestamp::from_micros(100).unwrap()).unwrap();
    let data = PlotData {
        left,
        limits,
        lines: vec![line],
        ..PlotData::empty(range)
    };
    Plot::new(layout(), &data)
}

#[test]
fn plots_of_ordinary_numbers_share_their_left_edge() {
    let lefts = [0.5, 30.0, 9_000.0, -12.5].map(|value| plot_of(&[0.0, value], Axis::Left).area.left);
    assert_eq!(lefts, [46.0; 4]);
    assert_eq!(plot_of(&[0.0, 1_900_000.0], Axis::Left).area.left, 78.0);
}

#[test]
fn a_right_axis_has_its_own_room_and_an_empty_one_no_numbers() {
    let plot = plot_of(&[0.0, 30.0], Axis::Right);
    assert_eq!((plot.area.left, plot.area.right), (46.0, 354.0));
    assert!(plot.left.is_none() && plot.right.is_some());
    assert!(plot_of(&[f64::NAN], Axis::Left).left.is_none());
}

#[test]
fn wished_ends_of_the_axis_hold() {
    assert_eq!(ends_of(&[3.0, 7.0], false, Some(0.0), Some(30.0)), Some((0.0, 30.0)));
    assert_eq!(ends_of(&[3.0, 7.0], false, Some(-5.0), None), Some((-5.0, 7.5)));
    // Also where all data lie beyond them, or where there are none.
    assert_eq!(ends_of(&[3.0, 7.0], false, Some(100.0), None), Some((100.0, 105.0)));
    assert_eq!(ends_of(&[f64::NAN], false, Some(0.0), Some(30.0)), Some((0.0, 30.0)));
    assert_eq!(ends_of(&[f64::NAN], false, Some(0.0), None), None);
}

#[test]
fn a_logarithmic_axis_has_positive_ends_whatever_is_wished() {
    assert_eq!(ends_of(&[-3.0, 0.0, 0.3, 40.0], true, None, None), Some((0.2, 50.0)));
    assert_eq!(ends_of(&[0.3, 40.0], true, Some(0.0), Some(1e3)), Some((0.2, 1e3)));
    assert_eq!(ends_of(&[-3.0, 0.0], true, None, None), None);
}

#[test]
fn rows_lie_as_they_are_numbered() {
    let rows = LeftAxis::Rows {
        low: 3.5,
        high: -0.5,
        names: Vec::new(),
    };
    let plot = plot_with(&[f64::NAN], Axis::Left, rows, Vec::new());
    let axis = plot.left.unwrap();
    assert_eq!(axis.scale.y_from_value(-0.5), plot.area.top);
    assert_eq!(axis.scale.y_from_value(3.5), plot.area.bottom);
    assert!(!axis.ticks.is_empty());
}

#[test]
fn a_plot_without_room_still_has_an_area() {
    let tiny = PlotLayout {
        width: 1,
        height: 1,
        ..layout()
    };
    let area = Plot::new(tiny, &PlotData::empty(TimeRange::ALL)).area;
    assert!(area.left < area.right && area.top < area.bottom, "{area:?}");
}
