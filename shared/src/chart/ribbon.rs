//! What rules of alarms said over a range: a ribbon under the time axis, or in a row of a list.
//!
//! The state is told by the height as well as by the colour, so that a ribbon can be read in the red theme and without
//! seeing colours: OK is low, unknown and warning are higher, an alarm fills the ribbon, no data is hollow. Where there is
//! no span the rule was not evaluated, and only the track is seen.

use super::clip::Area;
use super::palette::{Palette, Rgba};
use super::scale::TimeScale;
use crate::alarm::{AlarmSpan, AlarmState};
use crate::order::sort_by;

/// What is left of the line's colour where nothing was evaluated.
const TRACK_OPACITY: f64 = 0.5;

/// All states, the calmest first: by [`AlarmState::urgency`].
const BY_URGENCY: [AlarmState; 5] = [
    AlarmState::Ok,
    AlarmState::Unknown,
    AlarmState::Warning,
    AlarmState::NoData,
    AlarmState::Alarm,
];

/// A filled part of a ribbon.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Patch {
    /// Where it lies.
    pub area: Area,
    /// Its colour.
    pub color: Rgba,
}

/// The most urgent state of several rules at every moment: spans by rising time, not overlapping, neighbours of the same
/// state joined. Where none of the rules has a span there is none.
pub fn worst_of<'a>(spans: impl IntoIterator<Item = &'a AlarmSpan>) -> Vec<AlarmSpan> {
    // When a state of some urgency begins or ends.
    let mut edges: Vec<(i64, u8, bool)> = Vec::new();
    for span in spans {
        if span.from_us < span.to_us {
            edges.push((span.from_us, span.state.urgency(), true));
            edges.push((span.to_us, span.state.urgency(), false));
        }
    }
    sort_by(&mut edges, |one, other| one.0.cmp(&other.0));
    let mut open = [0_u32; BY_URGENCY.len()];
    let mut worst: Vec<AlarmSpan> = Vec::new();
    let mut before_us = i64::MIN;
    for (time_us, urgency, begins) in edges {
        let state = BY_URGENCY.iter().zip(&open).rfind(|(_, open)| **open > 0);
        if let Some((state, _)) = state.filter(|_| before_us < time_us) {
            match worst.last_mut() {
                Some(last) if last.state == *state && last.to_us == before_us => last.to_us = time_us,
                _ => worst.push(AlarmSpan {
                    from_us: before_us,
                    to_us: time_us,
                    state: *state,
                }),
            }
        }
        before_us = time_us;
        if let Some(open) = open.get_mut(usize::from(urgency)) {
            *open = if begins { *open + 1 } else { open.saturating_sub(1) };
        }
    }
    worst
}

/// The ribbon of some spans, from the bottom up: its track, then calm states, then urgent ones, so that where several
/// share a pixel of the screen, `dot` wide, the most urgent is seen. Nothing is narrower than a pixel.
pub fn patches(spans: &[AlarmSpan], time: &TimeScale, area: Area, dot: f64, palette: &Palette) -> Vec<Patch> {
    let mut patches = vec![Patch {
        area,
        color: palette.axis.faded(TRACK_OPACITY),
    }];
    for state in BY_URGENCY {
        let of_state = spans.iter().filter(|span| span.state == state);
        let mut run: Option<(f64, f64)> = None;
        for span in of_state {
            let left = (time.x_from_time(span.from_us).max(area.left) / dot).floor() * dot;
            let right = (time.x_from_time(span.to_us).min(area.right) / dot).ceil() * dot;
            let (left, right) = (left.max(area.left), right.min(area.right).max(left + dot));
            if time.x_from_time(span.to_us) <= area.left || left >= area.right {
                continue;
            }
            match &mut run {
                Some(run) if left <= run.1 => run.1 = run.1.max(right),
                run => {
                    if let Some(ended) = run.replace((left, right)) {
                        push(&mut patches, ended, state, area, dot, palette);
                    }
                }
            }
        }
        if let Some(run) = run {
            push(&mut patches, run, state, area, dot, palette);
        }
    }
    patches
}

fn push(
    patches: &mut Vec<Patch>,
    (left, right): (f64, f64),
    state: AlarmState,
    area: Area,
    dot: f64,
    palette: &Palette,
) {
    let height = area.bottom - area.top;
    let part = |part: f64| area.bottom - ((height * part) / dot).round().max(1.0) * dot;
    let mut fill = |left: f64, top: f64, right: f64, bottom: f64, color: Rgba| {
        patches.push(Patch {
            area: Area {
                left,
                top,
                right,
                bottom,
            },
            color,
        });
    };
    match state {
        AlarmState::Ok => fill(left, part(0.25), right, area.bottom, palette.ok),
        AlarmState::Unknown => fill(left, part(0.5), right, area.bottom, palette.unknown),
        AlarmState::Warning => fill(left, part(0.7), right, area.bottom, palette.warning),
        AlarmState::Alarm => fill(left, area.top, right, area.bottom, palette.alarm),
        AlarmState::NoData => {
            // Hollow: what was drawn beneath is put out first.
            let edge = (height / dot * 0.2).round().max(1.0) * dot;
            fill(left, area.top, right, area.bottom, palette.background);
            fill(left, area.top, right, area.top + edge, palette.nodata);
            fill(left, area.bottom - edge, right, area.bottom, palette.nodata);
            fill(left, area.top, left + dot, area.bottom, palette.nodata);
            fill(right - dot, area.top, right, area.bottom, palette.nodata);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{TimeRange, Timestamp};

    fn span(from_us: i64, to_us: i64, state: AlarmState) -> AlarmSpan {
        AlarmSpan { from_us, to_us, state }
    }

    fn told(spans: &[AlarmSpan]) -> String {
        let tell = |span: &AlarmSpan| format!("{}..{} {}", span.from_us, span.to_us, span.state.as_str());
        spans.iter().map(tell).collect::<Vec<_>>().join(", ")
    }

    fn palette() -> Palette {
        let mut next = 0;
        let read = |_: &str| {
            next += 1;
            Some(Rgba {
                red: next,
                green: 0,
                blue: 0,
                alpha: 255,
            })
        };
        Palette::from_tokens(read).unwrap()
    }

    fn scale() -> TimeScale {
        let end = Timestamp::from_micros(1_000).unwrap();
        TimeScale::new(TimeRange::new(Timestamp::EPOCH, end).unwrap(), 0.0, 100.0)
    }

    const AREA: Area = Area {
        left: 0.0,
        top: 0.0,
        right: 100.0,
        bottom: 8.0,
    };

    #[test]
    fn the_worst_of_several_rules_counts_and_gaps_stay_open() {
        let spans = [
            span(0, 100, AlarmState::Ok),
            span(20, 40, AlarmState::Alarm),
            span(30, 60, AlarmState::NoData),
            span(60, 70, AlarmState::Warning),
            span(65, 66, AlarmState::Unknown),
            span(150, 200, AlarmState::Ok),
            span(200, 220, AlarmState::Ok),
        ];
        assert_eq!(
            told(&worst_of(&spans)),
            "0..20 ok, 20..40 alarm, 40..60 no_data, 60..70 warning, 70..100 ok, 150..220 ok"
        );
        assert!(worst_of(&[]).is_empty());
    }

    #[test]
    fn an_alarm_shorter_than_a_pixel_fills_one_and_lies_on_top() {
        let palette = palette();
        let spans = [
            span(0, 501, AlarmState::Ok),
            span(501, 502, AlarmState::Alarm),
            span(502, 1_000, AlarmState::Ok),
        ];
        let patches = patches(&spans, &scale(), AREA, 1.0, &palette);
        let last = patches.last().unwrap();
        assert_eq!(last.color, palette.alarm);
        assert_eq!((last.area.left, last.area.right, last.area.top), (50.0, 51.0, 0.0));
        // Both stretches of OK meet in that pixel: one patch after the track.
        assert_eq!(patches.len(), 3);
    }

    #[test]
    fn states_differ_in_height_and_what_was_not_evaluated_is_track_alone() {
        let palette = palette();
        let height = |state| {
            let all = patches(&[span(100, 200, state)], &scale(), AREA, 1.0, &palette);
            let top = all.iter().skip(1).map(|patch| patch.area.top).fold(8.0, f64::min);
            8.0 - top
        };
        let heights = [
            AlarmState::Ok,
            AlarmState::Unknown,
            AlarmState::Warning,
            AlarmState::Alarm,
        ]
        .map(height);
        assert_eq!(heights.map(f64::to_bits), [2.0, 4.0, 6.0, 8.0].map(f64::to_bits));
        assert_eq!(patches(&[], &scale(), AREA, 1.0, &palette).len(), 1);
        let beyond = [span(-50, -10, AlarmState::Alarm), span(1_200, 1_300, AlarmState::Alarm)];
        assert_eq!(patches(&beyond, &scale(), AREA, 1.0, &palette).len(), 1);
    }
}
