//! What the lines of a panel say at the cursor, as text with exact values.

use shared::chart::pick::{Extreme, Picked, pick};
use shared::chart::plot::Plot;
use shared::chart::time_axis::{clock_text, second_digits};
use shared::time::{MICROS_PER_DAY, MICROS_PER_SEC, Timestamp};
use shared::value::Value;

use super::lines::PanelLine;
use crate::format;

/// How far from the cursor a sample at the edge of a gap is still meant, in CSS pixels.
pub const REACH_PX: f64 = 5.0;

/// The most lines that are told at once; the others are counted.
pub const MOST_ROWS: usize = 12;

/// What a panel says at a moment.
#[derive(Clone, PartialEq, Debug)]
pub struct Readout {
    /// The moment, as precise as the zoom allows: `20:25:00 UTC`.
    pub time: String,
    /// How long ago that is; empty for moments to come.
    pub ago: String,
    /// One per line, at most [`MOST_ROWS`].
    pub rows: Vec<Row>,
    /// How many more lines there are.
    pub more: usize,
}

/// What one line says.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    /// The line's name in the page.
    pub key: String,
    /// Its name for people.
    pub label: String,
    /// Its colour, counted from 0.
    pub color: usize,
    /// What is said, most important first; at least one.
    pub facts: Vec<Fact>,
}

/// One exact number, or the lack of one.
#[derive(Clone, PartialEq, Debug)]
pub struct Fact {
    /// What it is: `value`, `min`, `mean`, `max` or `none`.
    pub kind: &'static str,
    /// As people read it, such as `22.82` or `no sample`.
    pub text: String,
    /// Its unit, or nothing.
    pub unit: String,
    /// What else there is to say: which extreme, on which channel, at what time.
    pub detail: String,
    /// All digits of the number; `None` where there is none.
    pub value: Option<String>,
    /// Its very time in microseconds since the epoch; `None` for means and where there is no sample.
    pub time_us: Option<i64>,
}

/// What the shown lines say at a moment. `plot` is where they are drawn, `units_per_px` its units in a CSS pixel.
pub fn readout(lines: &[PanelLine], plot: &Plot, units_per_px: f64, at: Timestamp, now: Timestamp) -> Readout {
    let reach_us = plot.time.micros_in(REACH_PX * units_per_px);
    let digits = second_digits(plot.time.micros_in(units_per_px));
    let picks: Vec<(&PanelLine, Option<Picked>)> = lines
        .iter()
        .take(MOST_ROWS)
        .map(|line| {
            (
                line,
                line.plot_line().and_then(|line| pick(&line, at.as_micros(), reach_us)),
            )
        })
        .collect();
    // The moment told is that of the samples rather than that of the pointer between them.
    let told_us = picks
        .iter()
        .filter_map(|(_, picked)| sample_time(picked.as_ref()?))
        .min_by_key(|time_us| (time_us - at.as_micros()).abs());
    let clock = Clock {
        digits,
        with_date: plot.time.range().micros() > MICROS_PER_DAY,
    };
    // Of the pointer's own moment only the digits that a pixel tells are meant.
    let grain_us = [MICROS_PER_SEC, 1_000, 1][digits / 3];
    let told_us = told_us.unwrap_or_else(|| at.as_micros() - at.as_micros().rem_euclid(grain_us));
    let ago_us = now.as_micros() - told_us;
    Readout {
        time: format!("{} UTC", clock.text(told_us)),
        ago: if ago_us >= 0 {
            format!("{} ago", format::age(ago_us))
        } else {
            String::new()
        },
        rows: picks
            .iter()
            .map(|(line, picked)| row(line, *picked, told_us, clock))
            .collect(),
        more: lines.len().saturating_sub(MOST_ROWS),
    }
}

const fn sample_time(picked: &Picked) -> Option<i64> {
    match picked {
        Picked::Sample { time_us, .. } => Some(*time_us),
        Picked::Column { .. } => None,
    }
}

/// How times are written.
#[derive(Clone, Copy)]
struct Clock {
    digits: usize,
    with_date: bool,
}

impl Clock {
    fn text(self, time_us: i64) -> String {
        // A time between two seconds is never rounded away.
        let digits = if time_us.rem_euclid(MICROS_PER_SEC) == 0 {
            self.digits
        } else if time_us.rem_euclid(1_000) == 0 {
            self.digits.max(3)
        } else {
            6
        };
        let clock = clock_text(time_us, digits);
        if self.with_date {
            let (date, _) = Timestamp::saturating_from_micros(time_us).utc_date_and_micros();
            format!("{date} {clock}")
        } else {
            clock
        }
    }
}

fn row(line: &PanelLine, picked: Option<Picked>, told_us: i64, clock: Clock) -> Row {
    let facts = match picked {
        None => vec![nothing(line)],
        Some(Picked::Sample { time_us, value }) => {
            let detail = if time_us == told_us {
                String::new()
            } else {
                format!("at {}", clock.text(time_us))
            };
            vec![sample(line, time_us, value, detail)]
        }
        Some(Picked::Column {
            count, mean, min, max, ..
        }) => {
            let mean = Fact {
                kind: "mean",
                text: format::number(mean),
                unit: line.unit.clone(),
                detail: format!("mean of {} samples", format::count(count)),
                value: Some(mean.to_string()),
                time_us: None,
            };
            vec![extreme(line, "max", max, clock), mean, extreme(line, "min", min, clock)]
        }
    };
    Row {
        key: line.key.clone(),
        label: line.label.clone(),
        color: line.color,
        facts,
    }
}

fn nothing(line: &PanelLine) -> Fact {
    let text = match (&line.failure, line.shape()) {
        (Some(_), None) => "failed",
        (None, None) => "loading",
        _ => "no sample",
    };
    Fact {
        kind: "none",
        text: text.to_owned(),
        unit: String::new(),
        detail: String::new(),
        value: None,
        time_us: None,
    }
}

fn sample(line: &PanelLine, time_us: i64, value: Value, detail: String) -> Fact {
    let unit = if value.finite().is_some() {
        line.unit.clone()
    } else {
        String::new()
    };
    Fact {
        kind: "value",
        text: value.finite().map_or_else(|| format::value(value), exact_text),
        unit,
        detail,
        value: Some(value.to_string()),
        time_us: Some(time_us),
    }
}

fn extreme(line: &PanelLine, kind: &'static str, extreme: Extreme, clock: Clock) -> Fact {
    let at = clock.text(extreme.time_us);
    let detail = match extreme.channel {
        Some(channel) => format!("{kind} · channel {channel} at {at}"),
        None => format!("{kind} at {at}"),
    };
    Fact {
        kind,
        text: exact_text(extreme.value),
        unit: line.unit.clone(),
        detail,
        value: Some(extreme.value.to_string()),
        time_us: Some(extreme.time_us),
    }
}

/// All digits where they are few, as sensors give them; else the digits that matter (the rest is noise of arithmetic).
fn exact_text(number: f64) -> String {
    const FEW_DIGITS: usize = 9;
    let all = number.to_string();
    let n_digits = all.chars().filter(char::is_ascii_digit).count();
    let is_grouped = number.abs() >= 10_000.0;
    if n_digits <= FEW_DIGITS && !is_grouped {
        all.replacen('-', "\u{2212}", 1)
    } else {
        format::number(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sensors_digits_are_all_shown_and_noise_is_not() {
        assert_eq!(exact_text(22.82), "22.82");
        assert_eq!(exact_text(-0.001_25), "\u{2212}0.00125");
        assert_eq!(exact_text(14.060_000_419_616_7), "14.06");
        assert_eq!(exact_text(1_000_000.0), format::number(1_000_000.0));
    }

    #[test]
    fn times_between_seconds_keep_their_digits() {
        let clock = Clock {
            digits: 0,
            with_date: false,
        };
        assert_eq!(clock.text(3_600_000_000), "01:00:00");
        assert_eq!(clock.text(3_600_250_000), "01:00:00.250");
        assert_eq!(clock.text(3_600_250_001), "01:00:00.250001");
        let dated = Clock {
            with_date: true,
            ..clock
        };
        assert_eq!(dated.text(-1_000_000), "1969-12-31 23:59:59");
    }
}
