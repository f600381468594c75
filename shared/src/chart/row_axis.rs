//! The axis of rows: channels by number, or by their labels, as many as do not overlap.

use super::value_axis::ValueTick;

/// How far apart two labels are at the least, in pixels.
const SPACING_PX: f64 = 15.0;
/// Longer labels are cut, in characters.
const LONGEST: usize = 18;

/// The edges of rows that hold these channels each, on an axis on which channel n reaches from n - 0.5 to n + 0.5.
pub fn channel_edges(row_first: &[u32], row_last: &[u32]) -> Vec<f64> {
    let lower = row_first.iter().map(|first| f64::from(*first) - 0.5);
    lower
        .chain(row_last.last().map(|last| f64::from(*last) + 0.5))
        .collect()
}

/// Round channel numbers between the first and the last, named by `label`, on an axis `height_px` high.
pub fn channel_ticks(first: u32, last: u32, height_px: f64, label: &dyn Fn(u32) -> String) -> Vec<ValueTick> {
    let step = step_of(f64::from(last - first.min(last)) + 1.0, height_px);
    let from = first.div_ceil(step) * step;
    let channels = (from..=last).step_by(step as usize);
    channels
        .map(|channel| ValueTick {
            value: f64::from(channel),
            label: cut(&label(channel)),
        })
        .collect()
}

/// The least of 1, 2, 5, 10, 20, … by which rows can be named without overlap.
fn step_of(n_rows: f64, height_px: f64) -> u32 {
    let most = (height_px / SPACING_PX).floor().max(1.0);
    let mut step = 1;
    for factor in [2.0, 2.5, 2.0].iter().cycle().take(30) {
        if n_rows / f64::from(step) <= most {
            break;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at most ten thousand million rows"
        )]
        {
            step = (f64::from(step) * factor) as u32;
        }
    }
    step
}

fn cut(label: &str) -> String {
    if label.chars().count() <= LONGEST {
        return label.to_owned();
    }
    let mut cut: String = label.chars().take(LONGEST - 1).collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(first: u32, last: u32, height_px: f64, expected: &str) {
        let ticks = channel_ticks(first, last, height_px, &|channel| channel.to_string());
        let labels: Vec<String> = ticks.into_iter().map(|tick| tick.label).collect();
        assert_eq!(labels.join(" "), expected);
    }

    #[test]
    fn labels_do_not_overlap() {
        check(0, 4, 100.0, "0 1 2 3 4");
        check(0, 264, 100.0, "0 50 100 150 200 250");
        check(0, 1854, 200.0, "0 200 400 600 800 1000 1200 1400 1600 1800");
        check(7, 12, 40.0, "10");
        check(3, 3, 5.0, "3");
        check(0, u32::MAX - 1, 1.0, "0");
    }

    #[test]
    fn long_labels_are_cut() {
        let ticks = channel_ticks(0, 0, 50.0, &|_| "a-job-with-a-very-long-name".to_owned());
        assert_eq!(ticks[0].label, "a-job-with-a-very…");
    }

    #[test]
    fn rows_of_several_channels_end_where_the_next_begins() {
        assert_eq!(channel_edges(&[0, 4, 8], &[3, 7, 9]), [-0.5, 3.5, 7.5, 9.5]);
        assert!(channel_edges(&[], &[]).is_empty());
    }
}
