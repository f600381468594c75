#![expect(clippy::float_cmp, reason = "exact by construction")]

use proptest::prelude::*;

use super::*;
use crate::time::{TimeRange, Timestamp};

fn range(start: i64, end: i64) -> TimeRange {
    let at = |micros| Timestamp::from_micros(micros).unwrap();
    TimeRange::new(at(start), at(end)).unwrap()
}

/// A plot of so many pixels over times from 0 and values from 0.
fn grid(cells: &Cells<'_>, (width, height): (f64, f64), time: (i64, i64), values: (f64, f64)) -> PixelGrid {
    let area = Area {
        left: 40.0,
        top: 8.0,
        right: 40.0 + width * 4.0,
        bottom: 8.0 + height * 4.0,
    };
    PixelGrid::new(
        cells,
        &TimeScale::new(range(time.0, time.1), area.left, area.right),
        &ValueScale::new(values.0, values.1, area.bottom, area.top),
        area,
        4.0,
    )
}

fn columns(n: usize) -> (Vec<i64>, Vec<i64>) {
    (0..i64::try_from(n).unwrap()).map(|at| (at * 10, at * 10 + 10)).unzip()
}

fn edges(n: usize) -> Vec<f64> {
    (0..=n).map(|edge| edge as f64).collect()
}

fn folded(cells: &Cells<'_>, grid: &PixelGrid, statistic: Statistic) -> Vec<Vec<f64>> {
    let mut row = Folded::default();
    let rows = grid.rows.iter().map(|rows| {
        grid.fold(cells, statistic, *rows, &mut row);
        row.values.clone()
    });
    rows.collect()
}

#[test]
fn one_hot_cell_among_sixteen_million_is_in_a_pixel() {
    const ROWS: usize = 1855;
    const COLUMNS: usize = 8640;
    let (start_us, end_us) = columns(COLUMNS);
    let edges = edges(ROWS);
    let hot = [(0, 0), (ROWS - 1, COLUMNS - 1), (927, 4321), (3, 8000), (1500, 17)];
    let mut values = vec![20.0_f32; ROWS * COLUMNS];
    for (row, column) in hot {
        values[row * COLUMNS + column] = 99.0;
    }
    let cells = Cells {
        start_us: &start_us,
        end_us: &end_us,
        edges: &edges,
        values: CellSlice::F32(&values),
        blanks: &[],
    };
    let grid = grid(&cells, (400.0, 300.0), (0, 86_400), (0.0, ROWS as f64));
    let rows = folded(&cells, &grid, Statistic::Max);
    for (row, column) in hot {
        // Higher channels lie higher.
        let (x, y) = (column * 400 / COLUMNS, 299 - row * 300 / ROWS);
        let near = (y.saturating_sub(1)..=y + 1)
            .flat_map(|y| (x.saturating_sub(1)..=x + 1).map(move |x| (x, y)))
            .any(|(x, y)| rows.get(y).and_then(|row| row.get(x)) == Some(&99.0));
        assert!(near, "channel {row}, column {column} is not at {x},{y}");
    }
    let n_hot = rows.iter().flatten().filter(|value| **value > 20.0).count();
    assert_eq!(n_hot, hot.len());
}

#[test]
fn wide_cells_tile_the_plot_and_gaps_stay_open() {
    let cells = Cells {
        start_us: &[0, 10, 40],
        end_us: &[10, 25, 50],
        edges: &edges(1),
        values: CellSlice::F64(&[1.0, f64::NAN, 3.0]),
        blanks: &[],
    };
    let grid = grid(&cells, (10.0, 1.0), (0, 50), (0.0, 1.0));
    let told: Vec<String> = folded(&cells, &grid, Statistic::Max)[0]
        .iter()
        .map(f64::to_string)
        .collect();
    assert_eq!(told.join(" "), "1 1 NaN NaN NaN NaN NaN NaN 3 3");
    let spans: Vec<(u32, u32)> = grid.columns.iter().map(|span| (span.first, span.end)).collect();
    let none = (2, 2);
    assert_eq!(
        spans,
        [(0, 1), (0, 1), (1, 2), (1, 2), (1, 2), none, none, none, (2, 3), (2, 3)]
    );
}

#[test]
fn an_old_answer_is_stretched_over_a_new_range() {
    let (start_us, end_us) = columns(4);
    let cells = Cells {
        start_us: &start_us,
        end_us: &end_us,
        edges: &edges(1),
        values: CellSlice::F64(&[1.0, 2.0, 3.0, 4.0]),
        blanks: &[],
    };
    // Zoomed in onto the second column, which then is wider than the plot.
    let zoomed = grid(&cells, (3.0, 1.0), (12, 18), (0.0, 1.0));
    assert_eq!(folded(&cells, &zoomed, Statistic::Max), [[2.0; 3]]);
    // Moved so far that the last column is cut down to a sliver of a pixel, which still shows it.
    let moved = grid(&cells, (4.0, 1.0), (1, 31), (0.0, 1.0));
    assert_eq!(folded(&cells, &moved, Statistic::Max), [[1.0, 2.0, 2.0, 4.0]]);
    let away = grid(&cells, (2.0, 1.0), (1000, 2000), (0.0, 1.0));
    assert!(
        folded(&cells, &away, Statistic::Max)[0]
            .iter()
            .all(|value| value.is_nan())
    );
}

#[test]
fn each_statistic_folds_in_its_own_way() {
    let (start_us, end_us) = columns(4);
    let cells = Cells {
        start_us: &start_us,
        end_us: &end_us,
        edges: &edges(2),
        values: CellSlice::F32(&[1.0, 8.0, f32::NAN, 3.0, 2.0, f32::NAN, f32::NAN, f32::NAN]),
        blanks: &[],
    };
    let grid = grid(&cells, (2.0, 1.0), (0, 40), (0.0, 2.0));
    let of = |statistic| folded(&cells, &grid, statistic)[0].clone();
    assert_eq!(of(Statistic::Max), [8.0, 3.0]);
    assert_eq!(of(Statistic::Min), [1.0, 3.0]);
    assert_eq!(of(Statistic::Mean), [11.0 / 3.0, 3.0]);
    // The upper row comes last, and has nothing in the second pixel.
    assert_eq!(of(Statistic::Last), [2.0, 3.0]);
    assert_eq!(of(Statistic::Density), [11.0, 3.0]);
}

#[test]
fn places_are_found_by_time_and_value() {
    let cells = Cells {
        start_us: &[0, 10, 40],
        end_us: &[10, 25, 50],
        edges: &[-0.5, 1.5, 2.5],
        values: CellSlice::Counts(&[1, 0, 3, 4, 5, 6]),
        blanks: &[[0, 1, 1]],
    };
    let found = [-1, 0, 9, 10, 24, 25, 39, 40, 50].map(|time_us| cells.column_at(time_us));
    assert_eq!(
        found,
        [None, Some(0), Some(0), Some(1), Some(1), None, None, Some(2), None]
    );
    let found = [-0.6, -0.5, 1.4, 1.5, 2.4, 2.5].map(|value| cells.row_at(value));
    assert_eq!(found, [None, Some(0), Some(0), Some(1), Some(1), None]);
    assert_eq!(cells.value(1, 2), 6.0);
    assert!(cells.value(0, 1).is_nan() && cells.value(7, 7).is_nan());
    assert!(cells.is_blank(0, 1) && !cells.is_blank(1, 1) && !cells.is_blank(0, 2));
    assert_eq!(cells.extremes()[0], Some((1.0, 6.0)));
}

#[test]
fn a_logarithmic_scale_asks_for_the_least_positive_value() {
    let cells = Cells {
        start_us: &[0],
        end_us: &[1],
        edges: &edges(4),
        values: CellSlice::F64(&[-1.0, 0.0, 0.5, f64::NAN]),
        blanks: &[],
    };
    assert_eq!(cells.extremes(), [Some((-1.0, 0.5)), Some((0.5, 0.5))]);
    let none = Cells {
        values: CellSlice::F64(&[f64::NAN; 4]),
        ..cells
    };
    assert_eq!(none.extremes(), [None; 2]);
}

proptest! {
    /// Whatever the columns, the range and the width of the plot.
    #[test]
    fn every_cell_that_is_visible_is_in_a_pixel_and_no_other(
        steps in prop::collection::vec((0..30_i64, 1..50_i64), 1..60), from in -100..2_000_i64, length in 1..3_000_i64,
        width in 1..50_u8,
    ) {
        let mut end = 0;
        let (start_us, end_us): (Vec<i64>, Vec<i64>) = steps
            .iter()
            .map(|(gap, length)| {
                let start = end + gap;
                end = start + length;
                (start, end)
            })
            .unzip();
        let values: Vec<f64> = vec![1.0; start_us.len()];
        let edges = edges(1);
        let cells = Cells { start_us: &start_us, end_us: &end_us, edges: &edges, values: CellSlice::F64(&values), blanks: &[] };
        let grid = grid(&cells, (f64::from(width), 1.0), (from, from + length), (0.0, 1.0));
        for (column, (start, end)) in start_us.iter().zip(&end_us).enumerate() {
            let is_visible = *end > from && *start < from + length;
            let is_drawn = grid.columns.iter().any(|span| span.range().contains(&column));
            prop_assert_eq!(is_visible, is_drawn, "{} {}", start, end);
        }
    }
}
