use std::sync::Arc;

use shared::chart::axis_clock::AxisClock;
use shared::chart::plot::{PlotData, PlotLayout};
use shared::dashboard::Severity;
use shared::display::{ColorScale, StateName};
use shared::query::raster::{CellValues, Density, DensityOf, Raster, Statistic};
use shared::time::{TimeRange, Timestamp};

use super::*;
use crate::panels::cells::csv::cells_csv;
use crate::panels::cells::summary::summary_rows;

const NONE: f64 = f64::NAN;

fn layer(answer: CellAnswer, greatest: Option<CellAnswer>) -> CellLayer {
    CellLayer {
        metric: "hv".to_owned(),
        title: "High voltage".to_owned(),
        unit: "V".to_owned(),
        n_channels: 4,
        scale: ColorScale::default(),
        states: vec![
            StateName {
                value: 0,
                label: "free".to_owned(),
                severity: Severity::Ok,
            },
            StateName {
                value: 3,
                label: "busy".to_owned(),
                severity: Severity::Alarm,
            },
        ],
        first_row: 0,
        answer: Some(Arc::new(answer)),
        greatest: greatest.map(Arc::new),
        extremes: None,
        failure: None,
    }
}

/// Two rows of two channels, three columns of ten seconds with a gap before the last.
fn raster(values: [f64; 6]) -> CellAnswer {
    CellAnswer::of_raster(Raster {
        start_us: vec![0, 10_000_000, 40_000_000],
        end_us: vec![10_000_000, 20_000_000, 50_000_000],
        row_first: vec![0, 2],
        row_last: vec![1, 3],
        cells: CellValues::narrowest(values.to_vec()),
        bucket_us: Some(10_000_000),
        blanks: vec![[0, 1, 1]],
    })
}

fn heatmap(values: [f64; 6]) -> PanelCells {
    PanelCells {
        spec: CellsSpec::Values {
            metric: "hv".to_owned(),
            statistic: Statistic::Max,
            scale: None,
        },
        layers: vec![layer(raster(values), None)],
    }
}

/// What is said at a second and, if any, at a position on the left axis.
fn told(cells: &PanelCells, second: i64, value: Option<f64>) -> Vec<String> {
    let range = TimeRange::new(Timestamp::EPOCH, Timestamp::from_micros(60_000_000).unwrap()).unwrap();
    let layout = PlotLayout {
        width: 400,
        height: 200,
        units_per_px: 1.0,
        units_per_dot: 1,
        font_family: "sans-serif".to_owned(),
        clock: AxisClock::utc(),
    };
    let mut data = PlotData::empty(range);
    data.left = cells.left_axis().unwrap();
    let plot = Plot::new(layout, &data);
    let utc = AxisClock::utc();
    let clock = Clock {
        clock: &utc,
        digits: 0,
        with_date: false,
    };
    let at = At {
        time: Timestamp::from_micros(second * 1_000_000).unwrap(),
        y: value.map(|value| plot.left.as_ref().unwrap().scale.y_from_value(value)),
    };
    let rows = cell_rows(cells, &plot, at, clock);
    let facts = rows
        .iter()
        .flat_map(|row| row.facts.iter().map(move |fact| (row, fact)));
    facts
        .map(|(row, fact)| {
            let value = fact.value.as_deref().unwrap_or("-");
            format!(
                "{} {} {} {} | {} | {value}",
                row.label, fact.kind, fact.text, fact.unit, fact.detail
            )
            .trim()
            .to_owned()
        })
        .collect()
}

#[test]
fn a_cell_tells_its_value_its_channels_and_its_time() {
    let cells = heatmap([1.5, NONE, NONE, 0.1, 8.25, NONE]);
    assert_eq!(
        told(&cells, 5, Some(0.9)),
        ["value 1.5 V | max of channels 0–1 · 00:00:00 to 00:00:10 | 1.5"]
    );
    // Exact in eight bytes, and told so.
    assert_eq!(
        told(&cells, 5, Some(2.0)),
        ["value 0.1 V | max of channels 2–3 · 00:00:00 to 00:00:10 | 0.1"]
    );
}

#[test]
fn no_value_no_sample_and_no_column_differ() {
    let cells = heatmap([1.5, NONE, NONE, 0.1, 8.25, NONE]);
    assert_eq!(
        told(&cells, 15, Some(0.0)),
        ["none no value (null or NaN)  | channels 0–1 · 00:00:10 to 00:00:20 | -"]
    );
    assert_eq!(
        told(&cells, 45, Some(3.0)),
        ["none no sample  | channels 2–3 · 00:00:40 to 00:00:50 | -"]
    );
    assert_eq!(told(&cells, 30, Some(3.0)), ["none no sample  |  | -"]);
}

#[test]
fn without_a_height_the_extremes_of_the_column_are_told() {
    let cells = heatmap([1.5, NONE, NONE, 0.1, 8.25, NONE]);
    assert_eq!(
        told(&cells, 5, None),
        [
            "max 1.5 V | max · channels 0–1 · 00:00:00 to 00:00:10 | 1.5",
            "min 0.1 V | min · channels 2–3 · 00:00:00 to 00:00:10 | 0.1"
        ]
    );
}

#[test]
fn states_are_told_by_name_and_several_as_such() {
    let least = raster([0.0, NONE, 3.0, 0.0, 0.0, NONE]);
    let greatest = raster([0.0, NONE, 3.0, 3.0, 0.0, NONE]);
    let cells = PanelCells {
        spec: CellsSpec::States {
            metrics: vec!["hv".to_owned()],
        },
        layers: vec![layer(least, Some(greatest))],
    };
    assert_eq!(
        told(&cells, 45, Some(0.0)),
        ["0 state busy  | 00:00:40 to 00:00:50 | 3"]
    );
    assert_eq!(
        told(&cells, 5, Some(3.0)),
        ["1 mixed several: free to busy  | 00:00:00 to 00:00:10 | 0 3"]
    );
    assert_eq!(told(&cells, 5, None).len(), 2);
}

#[test]
fn a_density_tells_how_many_lie_in_a_step() {
    let density = CellAnswer::of_density(
        Density {
            start_us: vec![0],
            end_us: vec![10_000_000],
            value_min: Some(0.0),
            value_max: Some(4.0),
            below: 0,
            above: 0,
            of: DensityOf::Samples,
            counts: vec![7, 0],
            bucket_us: None,
            blanks: Vec::new(),
        },
        false,
    );
    let cells = PanelCells {
        spec: CellsSpec::Counts {
            metric: "hv".to_owned(),
            bins: Some(2),
            low: Some(0.0),
            high: Some(4.0),
            is_log: false,
        },
        layers: vec![layer(density, None)],
    };
    assert_eq!(
        told(&cells, 5, Some(1.0)),
        ["count 7 samples | from 0 to 2 V · at 00:00:00 | 7"]
    );
    assert_eq!(
        told(&cells, 5, Some(3.0)),
        ["count 0 samples | from 2 to 4 V · at 00:00:00 | 0"]
    );
    assert_eq!(
        cells_csv(&cells),
        "metric,start,end,value_from,value_to,count\nhv,1970-01-01T00:00:00Z,1970-01-01T00:00:10Z,0,2,7\n"
    );
}

#[test]
fn the_file_has_a_line_for_each_cell_that_holds_anything() {
    let cells = heatmap([1.5, NONE, NONE, 0.1, 8.25, NONE]);
    let csv = cells_csv(&cells);
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 5, "{csv}");
    assert_eq!(lines[1], "hv,1970-01-01T00:00:00Z,1970-01-01T00:00:10Z,0,1,max,1.5");
    // Samples without a value have a line without one.
    assert_eq!(lines[3], "hv,1970-01-01T00:00:10Z,1970-01-01T00:00:20Z,0,1,max,");
}

#[test]
fn the_table_tells_first_last_least_and_greatest() {
    let rows = summary_rows(&heatmap([1.5, NONE, NONE, 0.1, 8.25, NONE]));
    assert_eq!(rows.len(), 2);
    let (label, told) = &rows[1];
    let told = told.as_ref().unwrap();
    assert_eq!(label, "channels 2 to 3");
    let times = ["1970-01-01 00:00"; 4];
    let values = ["0.1", "8.25", "0.1", "8.25"];
    for ((told, value), time) in told.iter().zip(values).zip(times) {
        assert_eq!(told, &format!("{value} V at {time}"));
    }
}

#[test]
fn answers_about_another_time_show_nothing_of_this_one() {
    let cells = heatmap([1.5, NONE, NONE, 0.1, 8.25, NONE]);
    let range = |from: i64, to: i64| {
        let at = |second: i64| Timestamp::from_micros(second * 1_000_000).unwrap();
        TimeRange::new(at(from), at(to)).unwrap()
    };
    assert!(cells.holds_any(range(45, 90)));
    assert!(!cells.holds_any(range(50, 90)));
    assert_eq!(cells.newest(), Timestamp::from_micros(10_000_000));
}
