//! The axis of rows: channels by number, or by their labels, as many as do not overlap.

use super::value_axis::ValueTick;

/// How far apart two labels are at the least, in pixels.
const SPACING_PX: f64 = 15.0;

/// The edges of rows that hold these channels each, on an axis on which channel n reaches from n - 0.5 to n + 0.5.
pub fn channel_edges(row_first: &[u32], row_last: &[u32]) -> Vec<f64> {
    let lower = row_first.iter().map(|first| f64::from(*first) - 0.5);
    lower
        .chain(row_last.last().map(|last| f64::from(*last) + 0.5))
        .collect()
}

/// As many of the names of rows as do not overlap on an axis `height_px` high: every second, fifth, tenth, … of them.
pub fn thinned(names: &[ValueTick], height_px: f64) -> Vec<ValueTick> {
    let step = step_of(names.len() as f64, height_px);
    names.iter().step_by(step).cloned().collect()
}

/// The least of 1, 2, 5, 10, 20, … by which rows can be named without overlap.
fn step_of(n_rows: f64, height_px: f64) -> usize {
    let most = (height_px / SPACING_PX).floor().max(1.0);
    let mut step = 1;
    for factor in [2.0, 2.5, 2.0].iter().cycle().take(30) {
        if n_rows / step as f64 <= most {
            break;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at most ten thousand million rows"
        )]
        {
            step = (step as f64 * factor) as usize;
        }
    }
    step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(n_rows: u32, height_px: f64, expected: &str) {
        let names: Vec<ValueTick> = (0..n_rows)
            .map(|row| ValueTick {
                value: f64::from(row),
                label: row.to_string(),
            })
            .collect();
        let labels: Vec<String> = thinned(&names, height_px).into_iter().map(|tick| tick.label).collect();
        assert_eq!(labels.join(" "), expected);
    }

    #[test]
    fn labels_do_not_overlap() {
        check(5, 100.0, "0 1 2 3 4");
        check(265, 100.0, "0 50 100 150 200 250");
        check(1855, 200.0, "0 200 400 600 800 1000 1200 1400 1600 1800");
        check(1, 5.0, "0");
        check(300, 1.0, "0");
        check(0, 100.0, "");
    }

    #[test]
    fn rows_of_several_channels_end_where_the_next_begins() {
        assert_eq!(channel_edges(&[0, 4, 8], &[3, 7, 9]), [-0.5, 3.5, 7.5, 9.5]);
        assert!(channel_edges(&[], &[]).is_empty());
    }
}
