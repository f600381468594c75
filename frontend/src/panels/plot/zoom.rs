//! From gestures to ranges of time: pure arithmetic.

use shared::time::{TimeRange, Timestamp};

/// The shortest range that gestures lead to.
const SHORTEST_US: i64 = 1_000;
/// The longest: two hundred years.
const LONGEST_US: i64 = 200 * 31_557_600 * 1_000_000;

/// The range made `factor` times as long, with `anchor` staying where it is on the screen.
pub fn zoomed(range: TimeRange, anchor: Timestamp, factor: f64) -> TimeRange {
    let length = (range.micros() as f64 * factor).clamp(SHORTEST_US as f64, LONGEST_US as f64);
    let part = anchor.micros_since(range.start()) as f64 / range.micros() as f64;
    let start = anchor.saturating_add_micros(whole(-part * length));
    between(start, start.saturating_add_micros(whole(length))).map_or(range, tidy)
}

/// The range moved later by `micros`, or earlier if negative; at the ends of the calendar it stays.
pub fn panned(range: TimeRange, micros: i64) -> TimeRange {
    let micros = rounded(micros, grain_of(range));
    let (start, end) = (
        range.start().saturating_add_micros(micros),
        range.end().saturating_add_micros(micros),
    );
    match TimeRange::new(start, end) {
        Ok(moved) if moved.micros() == range.micros() => moved,
        _ => range,
    }
}

/// The range between two moments in any order; `None` for one too short to be meant.
pub fn between(one: Timestamp, other: Timestamp) -> Option<TimeRange> {
    let range = TimeRange::new(one.min(other), one.max(other)).ok()?;
    (range.micros() >= SHORTEST_US).then_some(range)
}

/// The range with ends on round times, which is what links and people can bear: finer than a screen has pixels, and
/// no finer than a second where seconds do not show.
pub fn tidy(range: TimeRange) -> TimeRange {
    let grain = grain_of(range);
    let round = |time: Timestamp| Timestamp::saturating_from_micros(rounded(time.as_micros(), grain));
    TimeRange::new(round(range.start()), round(range.end())).unwrap_or(range)
}

/// How finely the ends of a range are told, in microseconds: a power of ten up to a second.
const fn grain_of(range: TimeRange) -> i64 {
    const FINEST_PARTS: i64 = 4_000;
    const SEC: i64 = 1_000_000;
    let mut grain = 1;
    while grain < SEC && grain * 10 * FINEST_PARTS <= range.micros() {
        grain *= 10;
    }
    grain
}

/// The multiple of `grain` next to a number; halves go down.
const fn rounded(micros: i64, grain: i64) -> i64 {
    let above = micros.rem_euclid(grain);
    micros - above + if above > grain / 2 { grain } else { 0 }
}

/// The range that puts two moments under two fingers, which are at parts 0 to 1 of the width.
pub fn pinched(range: TimeRange, moments: [Timestamp; 2], parts: [f64; 2]) -> TimeRange {
    let apart = parts[1] - parts[0];
    if apart.abs() < 0.02 {
        return range;
    }
    let length = (moments[1].micros_since(moments[0]) as f64 / apart).clamp(SHORTEST_US as f64, LONGEST_US as f64);
    let start = moments[0].saturating_add_micros(whole(-parts[0] * length));
    between(start, start.saturating_add_micros(whole(length))).map_or(range, tidy)
}

/// By how much a turn of the wheel zooms: less than 1 zooms in. Turns are in pixels, away from the person negative.
pub fn wheel_factor(turn_px: f64) -> f64 {
    // Mice send steps of a hundred pixels and more, touch pads a few at a time.
    (turn_px.clamp(-240.0, 240.0) * 0.0018).exp()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a cast of a float stops at the ends of i64"
)]
fn whole(micros: f64) -> i64 {
    micros.round() as i64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros).unwrap()
    }

    fn range(start: i64, end: i64) -> TimeRange {
        TimeRange::new(at(start), at(end)).unwrap()
    }

    #[test]
    fn zooming_keeps_the_moment_under_the_pointer() {
        assert_eq!(zoomed(range(0, 100_000), at(25_000), 0.5), range(12_500, 62_500));
        assert_eq!(zoomed(range(0, 100_000), at(0), 2.0), range(0, 200_000));
    }

    #[test]
    fn zooming_stops_at_a_millisecond_and_at_centuries() {
        assert_eq!(zoomed(range(0, 2_000), at(1_000), 1e-9).micros(), SHORTEST_US);
        assert_eq!(zoomed(range(0, 2_000), at(1_000), 1e99).micros(), LONGEST_US);
    }

    #[test]
    fn panning_keeps_the_length() {
        assert_eq!(panned(range(0, 100), 50), range(50, 150));
        let last = TimeRange::new(Timestamp::MAX.saturating_add_micros(-100), Timestamp::MAX).unwrap();
        assert_eq!(panned(last, 50), last);
    }

    #[test]
    fn a_selection_may_be_dragged_in_either_direction() {
        assert_eq!(between(at(9_000), at(2_000)), Some(range(2_000, 9_000)));
        assert_eq!(between(at(2_000), at(2_500)), None);
    }

    #[test]
    fn ends_are_as_round_as_the_length_allows() {
        let day = range(123_456_789, 86_400_000_000 + 987_654_321);
        assert_eq!(tidy(day), range(123_000_000, 87_388_000_000));
        let second = range(123_456, 1_123_456);
        assert_eq!(tidy(second), range(123_500, 1_123_500));
        let shortest = range(1, 1_001);
        assert_eq!(tidy(shortest), shortest);
    }

    #[test]
    fn two_fingers_hold_their_moments() {
        assert_eq!(
            pinched(range(0, 100_000), [at(20_000), at(80_000)], [0.2, 0.8]),
            range(0, 100_000)
        );
        assert_eq!(
            pinched(range(0, 100_000), [at(40_000), at(60_000)], [0.25, 0.75]),
            range(30_000, 70_000)
        );
        // Fingers on one spot say nothing.
        assert_eq!(pinched(range(0, 100), [at(0), at(90)], [0.5, 0.51]), range(0, 100));
    }

    proptest! {
        #[test]
        fn zooming_in_and_out_again_comes_back(start in -1_000_000_000_i64..1_000_000_000, part in 0.0..1.0_f64, turn in -200.0..200.0_f64) {
            let before = range(start, start + 3_600_000_000);
            let anchor = before.start().saturating_add_micros(whole(part * 3.6e9));
            let there = zoomed(before, anchor, wheel_factor(turn));
            let back = zoomed(there, anchor, wheel_factor(-turn));
            // Round ends move it by less than a pixel.
            let moved_us = back.start().micros_since(before.start()).abs();
            prop_assert!(moved_us <= before.micros() / 2_000, "{:?} {:?}", before, back);
        }
    }
}
