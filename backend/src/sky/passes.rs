//! When something that rises and sets passes given heights.

use shared::time::{MICROS_PER_SEC, TimeRange};

/// A time between two passes, from its start on and before its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Span {
    pub(super) start_us: i64,
    pub(super) end_us: i64,
    /// How many of the edges are not below it.
    pub(super) band: usize,
}

/// How far apart it is looked at first. Between two of these moments it turns round at most once.
const STEP_US: i64 = 20 * 60 * MICROS_PER_SEC;

/// Cuts a range where a height passes one of the edges, which fall; to a second.
///
/// Passes up and down again between two looks are found too, because the turn between them is sought first.
pub(super) fn spans(range: TimeRange, edges: &[f64], height: impl Fn(i64) -> f64) -> Vec<Span> {
    let (start, end) = (range.start().as_micros(), range.end().as_micros());
    let looks = looks(start, end, &height);
    let band = |height: f64| edges.iter().filter(|edge| height <= **edge).count();
    let mut spans: Vec<Span> = Vec::new();
    let mut add = |from_us: i64, to_us: i64, band: usize| {
        let (start_us, end_us) = (from_us.max(start), to_us.min(end));
        match spans.last_mut() {
            _ if end_us <= start_us => {}
            Some(last) if last.band == band => last.end_us = end_us,
            _ => spans.push(Span { start_us, end_us, band }),
        }
    };
    for pair in looks.windows(2) {
        let [(left_us, left), (right_us, right)] = [pair[0], pair[1]];
        let (mut at_us, mut at_band, last_band) = (left_us, band(left), band(right));
        while at_band != last_band {
            let sinks = at_band < last_band;
            let edge = edges[if sinks { at_band } else { at_band - 1 }];
            let passed_us = pass(at_us, right_us, |at| (height(at) <= edge) == sinks);
            add(at_us, passed_us, at_band);
            at_us = passed_us;
            at_band = if sinks { at_band + 1 } else { at_band - 1 };
        }
        add(at_us, right_us, at_band);
    }
    spans
}

/// Moments with their heights, from before the range to after it, between which the height only rises or only falls.
fn looks(start_us: i64, end_us: i64, height: &impl Fn(i64) -> f64) -> Vec<(i64, f64)> {
    let mut looks: Vec<(i64, f64)> = Vec::new();
    let mut at_us = start_us - STEP_US;
    while at_us < end_us + 2 * STEP_US {
        let look = (at_us, height(at_us));
        if let [.., before, middle] = looks[..]
            && (before.1 < middle.1) != (middle.1 < look.1)
        {
            let turn = turn((before.0, look.0), middle.1 < look.1, height);
            let place = looks.len() - usize::from(turn.0 < middle.0);
            looks.insert(place, turn);
        }
        looks.push(look);
        at_us += STEP_US;
    }
    looks
}

/// The lowest or the highest point between two moments, to a second.
fn turn((mut from_us, mut to_us): (i64, i64), is_lowest: bool, height: &impl Fn(i64) -> f64) -> (i64, f64) {
    while MICROS_PER_SEC < to_us - from_us {
        let third = (to_us - from_us) / 3;
        let (left_us, right_us) = (from_us + third, to_us - third);
        if (height(left_us) < height(right_us)) == is_lowest {
            to_us = right_us;
        } else {
            from_us = left_us;
        }
    }
    let at_us = from_us.midpoint(to_us);
    (at_us, height(at_us))
}

/// The moment, to a second, from which on something is so that was not so before.
fn pass(mut before_us: i64, mut after_us: i64, is_so: impl Fn(i64) -> bool) -> i64 {
    while MICROS_PER_SEC < after_us - before_us {
        let middle_us = before_us.midpoint(after_us);
        if is_so(middle_us) {
            after_us = middle_us;
        } else {
            before_us = middle_us;
        }
    }
    after_us
}

#[cfg(test)]
mod tests {
    use shared::time::{MICROS_PER_DAY, Timestamp};

    use super::*;

    /// Once round in a day, highest at the epoch.
    fn cosine(at_us: i64) -> f64 {
        (at_us as f64 / MICROS_PER_DAY as f64 * std::f64::consts::TAU).cos()
    }

    fn secs_and_bands(from_secs: i64, to_secs: i64, edges: &[f64]) -> Vec<(i64, i64, usize)> {
        let at = |secs: i64| Timestamp::from_micros(secs * MICROS_PER_SEC).unwrap();
        let range = TimeRange::new(at(from_secs), at(to_secs)).unwrap();
        let secs = |micros: i64| (micros + MICROS_PER_SEC / 2).div_euclid(MICROS_PER_SEC);
        let spans = spans(range, edges, cosine);
        let told = spans
            .iter()
            .map(|span| (secs(span.start_us), secs(span.end_us), span.band));
        told.collect()
    }

    #[test]
    fn a_range_is_cut_at_every_pass_and_nowhere_else() {
        let hour = 3600;
        let cut = secs_and_bands(0, 24 * hour, &[0.5, -0.5]);
        let expected = [(0, 4, 0), (4, 8, 1), (8, 16, 2), (16, 20, 1), (20, 24, 0)];
        assert_eq!(cut.len(), expected.len());
        for (found, (start, end, band)) in cut.iter().zip(expected) {
            assert!(
                (found.0 - start * hour).abs() <= 1 && (found.1 - end * hour).abs() <= 1,
                "{cut:?}"
            );
            assert_eq!(found.2, band);
        }
        assert_eq!(secs_and_bands(100, 200, &[2.0, -2.0]), [(100, 200, 1)]);
    }

    #[test]
    fn a_pass_up_and_down_between_two_looks_is_found_wherever_the_range_begins() {
        // Above the edge for about four minutes around the turn.
        let edge = cosine(120 * MICROS_PER_SEC);
        for start in [-86_400, -1000, -130, -601] {
            let cut = secs_and_bands(start, 86_400 / 2, &[edge]);
            let above: Vec<_> = cut
                .iter()
                .filter(|(start, end, band)| *band == 0 && start.abs() < 200 && *end < 200)
                .collect();
            assert_eq!(above.len(), 1, "{start}: {cut:?}");
            assert!((above[0].1 - 120).abs() <= 1, "{cut:?}");
        }
        let inside = secs_and_bands(-50, 50, &[edge]);
        assert_eq!(inside, [(-50, 50, 0)]);
    }
}
