//! The colours and names of states.

use super::palette::{Palette, Rgba};
use crate::dashboard::Severity;
use crate::display::StateName;

/// What a state is called; `None` for one without a name, which is told by its value.
pub fn state_label(states: &[StateName], value: f64) -> Option<&str> {
    position_of(states, value).map(|at| states[at].label.as_str())
}

/// The colour of a state: by what it means; states that mean nothing in particular take turns, and of several states
/// that mean the same each is fainter than the one before. States without a name are told by their value.
pub fn state_color(states: &[StateName], value: f64, palette: &Palette) -> Rgba {
    let Some(at) = position_of(states, value) else {
        return palette.line(turn_of(value)).faded(FAINTEST);
    };
    let severity = states[at].severity;
    let same_before = states[..at].iter().filter(|state| state.severity == severity).count();
    let color = match severity {
        Severity::None => return palette.line(same_before),
        Severity::Ok => palette.ok,
        Severity::Warning => palette.warning,
        Severity::Alarm => palette.alarm,
    };
    color.faded((1.0 - 0.3 * same_before as f64).max(FAINTEST))
}

const FAINTEST: f64 = 0.4;

/// Which colour values without a name have.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast of a float stops at the ends"
)]
fn turn_of(value: f64) -> usize {
    value.abs() as usize
}

/// Zero is zero, whatever its sign.
fn position_of(states: &[StateName], value: f64) -> Option<usize> {
    states
        .iter()
        .position(|state| (state.value as f64).total_cmp(&(value + 0.0)).is_eq())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states() -> Vec<StateName> {
        let state = |value, label: &str, severity| StateName {
            value,
            label: label.to_owned(),
            severity,
        };
        vec![
            state(0, "idle", Severity::None),
            state(1, "free", Severity::Ok),
            state(2, "half busy", Severity::Warning),
            state(3, "busy", Severity::Warning),
            state(4, "parked", Severity::None),
        ]
    }

    #[test]
    fn states_are_told_by_name_and_by_what_they_mean() {
        let mut shade = 0;
        let palette = Palette::from_tokens(|_| {
            shade += 10;
            Rgba::from_css("#000").map(|black| Rgba { red: shade, ..black })
        })
        .unwrap();
        let of = |value| state_color(&states(), value, &palette);
        assert_eq!(of(1.0), palette.ok);
        assert_eq!(of(2.0), palette.warning);
        assert_eq!(of(3.0), palette.warning.faded(0.7));
        assert_eq!((of(0.0), of(4.0)), (palette.series[0], palette.series[1]));
        assert_ne!(of(7.0), of(8.0));
        let states = states();
        let labels = [0.0, 3.0, 7.0, 1.5].map(|value| state_label(&states, value));
        assert_eq!(labels, [Some("idle"), Some("busy"), None, None]);
    }
}
