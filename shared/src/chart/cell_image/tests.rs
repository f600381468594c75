use super::*;
use crate::chart::cells::CellSlice;
use crate::chart::clip::Area;
use crate::chart::scale::{TimeScale, ValueScale};
use crate::time::{TimeRange, Timestamp};

const BLANK: Rgba = Rgba {
    red: 9,
    green: 9,
    blue: 9,
    alpha: 90,
};

/// A plot of ten pixels by the rows of the cells, over a hundred microseconds.
fn grid(cells: &Cells<'_>, height: f64) -> PixelGrid {
    let end = Timestamp::from_micros(100).unwrap();
    let area = Area {
        left: 0.0,
        top: 0.0,
        right: 10.0,
        bottom: height,
    };
    PixelGrid::new(
        cells,
        &TimeScale::new(TimeRange::new(Timestamp::EPOCH, end).unwrap(), 0.0, 10.0),
        &ValueScale::new(0.0, cells.edges[cells.edges.len() - 1], height, 0.0),
        area,
        1.0,
    )
}

fn ink(value: f64) -> Rgba {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small numbers")]
    let red = value as u8;
    Rgba {
        red,
        green: 0,
        blue: 0,
        alpha: 255,
    }
}

/// The picture as text: the value of each pixel, `.` where it is clear, `#` where it is hatched.
fn text(image: &CellImage) -> Vec<String> {
    let sign = |color: Rgba| match color {
        Rgba { alpha: 0, .. } => '.',
        BLANK => '#',
        Rgba { red, .. } => char::from(b'0' + red),
    };
    let line = |y| (0..image.width).map(|x| sign(image.pixel(x, y))).collect();
    (0..image.height).map(line).collect()
}

fn row_ink(values: &[f64], pixels: &mut [[u8; 4]]) {
    for (pixel, value) in pixels.iter_mut().zip(values).filter(|(_, value)| !value.is_nan()) {
        *pixel = bytes(ink(*value));
    }
}

const COLUMNS: ([i64; 4], [i64; 4]) = ([0, 30, 60, 80], [30, 60, 80, 100]);

fn cells<'a>(values: &'a [f64], edges: &'a [f64], blanks: &'a [[u32; 3]]) -> Cells<'a> {
    Cells {
        start_us: &COLUMNS.0,
        end_us: &COLUMNS.1,
        edges,
        values: CellSlice::F64(values),
        blanks,
    }
}

#[test]
fn values_blanks_and_gaps_differ() {
    let none = f64::NAN;
    let (values, edges) = ([1.0, none, none, 2.0, 3.0, 3.0, none, none], [0.0, 1.0, 2.0]);
    let cells = cells(&values, &edges, &[[0, 1, 1], [1, 2, 2]]);
    let image = CellImage::of_values(&cells, &grid(&cells, 4.0), Statistic::Max, &row_ink, BLANK);
    assert_eq!(text(&image), ["333333##..", "333333#...", "111.##..22", "111##...22"]);
}

#[test]
fn cells_that_saw_several_states_are_striped() {
    let edges = [0.0, 1.0];
    let least = cells(&[1.0, 1.0, 2.0, f64::NAN], &edges, &[]);
    let greatest = cells(&[1.0, 3.0, 2.0, f64::NAN], &edges, &[]);
    let image = CellImage::of_states(&least, &greatest, &grid(&least, 3.0), &ink, BLANK);
    assert_eq!(
        text(&image),
        [
            "111133".to_owned() + "22..",
            "111333".to_owned() + "22..",
            "111333".to_owned() + "22.."
        ]
    );
}

#[test]
fn runs_are_the_same_picture() {
    let (values, edges) = ([1.0, 1.0, f64::NAN, 2.0, 1.0, 3.0, f64::NAN, 2.0], [0.0, 1.0, 2.0]);
    let cells = cells(&values, &edges, &[[1, 2, 2]]);
    let image = CellImage::of_values(&cells, &grid(&cells, 5.0), Statistic::Max, &row_ink, BLANK);
    let mut again = CellImage {
        rgba: vec![0; image.rgba.len()],
        ..image
    };
    let runs = image.runs();
    for run in &runs {
        for y in run.y..run.y + run.height {
            for x in run.x..run.x + run.width {
                let at = (y * image.width + x) * 4;
                assert_eq!(again.rgba[at + 3], 0, "painted twice at {x},{y}");
                again.rgba[at..at + 4].copy_from_slice(&bytes(run.color));
            }
        }
    }
    assert_eq!(again, image);
    // The columns on the right are one rectangle over both rows.
    assert!(
        runs.iter().any(|run| (run.x, run.width, run.height) == (8, 2, 5)),
        "{runs:?}"
    );
}

#[test]
fn a_single_sample_of_a_density_is_visible_and_more_are_more_so() {
    let color = ink(200.0);
    let shades = DensityInk::new(color, 1855.0);
    let opacities = [1.0, 2.0, 50.0, 1855.0, 9000.0].map(|count| shades.color(count).alpha);
    assert!(opacities[0] >= 60, "{opacities:?}");
    assert!(opacities.is_sorted(), "{opacities:?}");
    assert_eq!(opacities[3], opacities[4]);
    assert_eq!(DensityInk::new(color, 1.0).color(1.0).alpha, opacities[0]);
}
