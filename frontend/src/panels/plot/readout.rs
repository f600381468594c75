//! What the lines of a panel say at the cursor, as text with exact values.

use shared::chart::axis_clock::{AxisClock, second_digits};
use shared::chart::event::EventMoment;
use shared::chart::pick::{Extreme, Picked, pick};
use shared::chart::plot::Plot;
use shared::chart::strip::OnOff;
use shared::time::{MICROS_PER_DAY, MICROS_PER_SEC, Timestamp};
use shared::value::Value;

use super::content::{Content, Swatch};
use super::lines::PanelLine;
use super::marks::{PanelEvent, PanelStrip};
use super::watch::watch_rows;
use crate::browser::number::{text_of, text_of_value};
use crate::format;
use crate::panels::cells::readout::cell_rows;

/// How far from the cursor a sample at the edge of a gap is still meant, in CSS pixels.
pub const REACH_PX: f64 = 5.0;

/// How far from the cursor an event is still meant, in CSS pixels.
const EVENT_REACH_PX: f64 = 8.0;

/// The most lines that are told at once; the others are counted.
pub const MOST_ROWS: usize = 12;

/// What a panel says at a moment.
#[derive(Clone, PartialEq, Debug)]
pub struct Readout {
    /// The moment, as precise as the zoom allows: `20:25:00 UTC`.
    pub time: String,
    /// How long ago that is; empty for moments to come.
    pub ago: String,
    /// One per line, at most [`MOST_ROWS`]; then the events at hand, and one per strip.
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
    /// What stands before it.
    pub swatch: Swatch,
    /// Whether it is the one of several lines that the pointer is nearest to.
    pub is_nearest: bool,
    /// What is said, most important first; at least one.
    pub facts: Vec<Fact>,
}

/// One exact number, or the lack of one.
#[derive(Clone, PartialEq, Debug)]
pub struct Fact {
    /// What it is: `value`, `min`, `mean`, `max`, `event`, `state` or `none`.
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

// Not inlined: rows and facts are said in a dozen of places.
impl Row {
    /// What a line says, which the pointer is not known to be nearest to.
    #[inline(never)]
    pub fn new(key: &str, label: &str, swatch: Swatch, facts: Vec<Fact>) -> Self {
        Self {
            key: key.to_owned(),
            label: label.to_owned(),
            swatch,
            is_nearest: false,
            facts,
        }
    }
}

impl Fact {
    /// What is no number.
    #[inline(never)]
    pub fn word(kind: &'static str, text: &str, detail: String) -> Self {
        Self {
            kind,
            text: text.to_owned(),
            unit: String::new(),
            detail,
            value: None,
            time_us: None,
        }
    }

    /// A number.
    #[inline(never)]
    pub fn number(kind: &'static str, value: f64, unit: &str, detail: String, time_us: Option<i64>) -> Self {
        Self {
            unit: unit.to_owned(),
            value: Some(text_of(value)),
            time_us,
            ..Self::word(kind, &exact_text(value), detail)
        }
    }
}

/// Where a panel is being read.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct At {
    /// The moment.
    pub time: Timestamp,
    /// The height, in units of the plot; `None` where it does not matter.
    pub y: Option<f64>,
}

/// What the shown content says somewhere. `plot` is where it is drawn, `units_per_px` its units in a CSS pixel. Times are
/// by the plot's clock; `zone` is what that is called at the moment.
pub fn readout(
    content: &Content,
    plot: &Plot,
    units_per_px: f64,
    at: At,
    now: Timestamp,
    zone: impl Fn(i64) -> String,
) -> Readout {
    let at_us = at.time.as_micros();
    let reach_us = plot.time.micros_in(REACH_PX * units_per_px);
    let digits = second_digits(plot.time.micros_in(units_per_px));
    let picks: Vec<(&PanelLine, Option<Picked>)> = content
        .lines
        .iter()
        .take(MOST_ROWS)
        .map(|line| (line, line.plot_line().and_then(|line| pick(&line, at_us, reach_us))))
        .collect();
    let event_reach_us = plot.time.micros_in(EVENT_REACH_PX * units_per_px);
    let events: Vec<(&PanelEvent, EventMoment)> = content
        .events
        .iter()
        .filter_map(|event| Some((event, nearest_event(event, at_us, event_reach_us)?)))
        .collect();
    // The moment told is that of the samples rather than that of the pointer between them.
    let told_us = picks
        .iter()
        .filter_map(|(_, picked)| sample_time(picked.as_ref()?))
        .min_by_key(|time_us| (time_us - at_us).abs());
    let clock = Clock {
        clock: plot.clock(),
        digits,
        with_date: plot.time.range().micros() > MICROS_PER_DAY,
    };
    // Of the pointer's own moment only the digits that a pixel tells are meant.
    let grain_us = [MICROS_PER_SEC, 1_000, 1][digits / 3];
    let told_us = told_us.unwrap_or_else(|| at_us - at_us.rem_euclid(grain_us));
    let ago_us = now.as_micros() - told_us;
    let mut rows: Vec<Row> = picks
        .iter()
        .map(|(line, picked)| row(line, *picked, told_us, clock))
        .collect();
    if let Some(nearest) = nearest_row(&picks, plot, at.y) {
        rows[nearest].is_nearest = true;
    }
    rows.extend(events.iter().map(|(event, moment)| event_row(event, *moment, clock)));
    rows.extend(content.strips.iter().map(|strip| strip_row(strip, at_us, clock)));
    if let Some(cells) = content.cells.as_ref().filter(|_| content.lines.is_empty()) {
        rows.extend(cell_rows(cells, plot, at, clock));
    }
    if let Some(watch) = &content.watch {
        rows.extend(watch_rows(watch, at_us, clock));
    }
    Readout {
        time: format!("{} {}", clock.text(told_us), zone(told_us)),
        ago: if ago_us >= 0 {
            format!("{} ago", format::age(ago_us))
        } else {
            String::new()
        },
        rows,
        more: content.lines.len().saturating_sub(MOST_ROWS),
    }
}

/// Which of several lines is nearest to a height; `None` where there is but one, or no height.
pub fn nearest_row(picks: &[(&PanelLine, Option<Picked>)], plot: &Plot, y: Option<f64>) -> Option<usize> {
    let y = y.filter(|_| picks.len() > 1)?;
    let distance = |(line, picked): &(&PanelLine, Option<Picked>)| {
        let axis = plot.axis(line.axis)?;
        Some(match picked.as_ref()? {
            Picked::Column { min, max, .. } => {
                let (low, high) = (axis.scale.y_from_value(min.value), axis.scale.y_from_value(max.value));
                // Between its extremes the pointer is on the line.
                (y - low).max(high - y).max(0.0)
            }
            picked @ Picked::Sample { .. } => line_distance(line, picked, plot, y)?,
        })
    };
    let known = picks
        .iter()
        .enumerate()
        .filter_map(|(at, pick)| Some((at, distance(pick)?)));
    known.min_by(|one, other| one.1.total_cmp(&other.1)).map(|(at, _)| at)
}

/// How far a height is from where a picked value is drawn, in units of the plot: its extremes and, of a band, its mean.
pub fn line_distance(line: &PanelLine, picked: &Picked, plot: &Plot, y: f64) -> Option<f64> {
    let axis = plot.axis(line.axis)?;
    let away = |value: f64| (axis.scale.y_from_value(value) - y).abs();
    Some(match picked {
        Picked::Sample { value, .. } => away(value.finite()?),
        Picked::Column { min, max, mean, .. } => away(min.value).min(away(max.value)).min(away(*mean)),
    })
}

const fn sample_time(picked: &Picked) -> Option<i64> {
    match picked {
        Picked::Sample { time_us, .. } => Some(*time_us),
        Picked::Column { .. } => None,
    }
}

/// How times are written.
#[derive(Clone, Copy)]
pub struct Clock<'a> {
    /// The clock itself.
    pub clock: &'a AxisClock,
    /// How many digits of the second are told.
    pub digits: usize,
    /// Whether the date is told.
    pub with_date: bool,
}

impl Clock<'_> {
    /// A time in microseconds as it is written.
    pub fn text(self, time_us: i64) -> String {
        // A time between two seconds is never rounded away.
        let digits = if time_us.rem_euclid(MICROS_PER_SEC) == 0 {
            self.digits
        } else if time_us.rem_euclid(1_000) == 0 {
            self.digits.max(3)
        } else {
            6
        };
        self.clock.text(time_us, digits, self.with_date)
    }
}

fn nearest_event(event: &PanelEvent, at_us: i64, reach_us: i64) -> Option<EventMoment> {
    let moments = &event.events.as_ref()?.moments;
    let after = moments.partition_point(|moment| moment.time_us < at_us);
    let near = moments.get(after.saturating_sub(1)..(after + 1).min(moments.len()))?;
    let distance = |moment: &&EventMoment| (moment.time_us - at_us).abs();
    near.iter()
        .filter(|moment| distance(moment) <= reach_us)
        .min_by_key(distance)
        .copied()
}

fn event_row(event: &PanelEvent, moment: EventMoment, clock: Clock<'_>) -> Row {
    let at = clock.text(moment.time_us);
    let more = if moment.is_exact {
        ""
    } else {
        ", maybe more in this column"
    };
    let detail = match (moment.channel, moment.count) {
        (Some(channel), _) => format!("channel {channel} at {at}{more}"),
        (None, 1) if !moment.is_exact => format!("at {at}{more}"),
        (None, 1) => format!("at {at}"),
        (None, count) => format!("at {at}, {} in this column", format::count(count)),
    };
    let fact = Fact::number("event", moment.value, &event.unit, detail, Some(moment.time_us));
    Row::new(&event.key, &event.label, Swatch::Event(event.color), vec![fact])
}

fn strip_row(strip: &PanelStrip, at_us: i64, clock: Clock<'_>) -> Row {
    let found = strip.stretches.as_ref().and_then(|stretches| {
        let at = stretches.partition_point(|stretch| stretch.end_us <= at_us);
        stretches.get(at).filter(|stretch| stretch.start_us <= at_us).copied()
    });
    let (text, detail) = match (found, &strip.failure) {
        (Some(stretch), _) => {
            let word = match stretch.state {
                OnOff::On => "on",
                OnOff::Off => "off",
                OnOff::Mixed => "on and off",
            };
            let (start, end) = (clock.text(stretch.start_us), clock.text(stretch.end_us));
            (word, format!("{start} to {end}"))
        }
        (None, Some(_)) => ("failed", String::new()),
        (None, None) if strip.stretches.is_none() => ("loading", String::new()),
        (None, None) => ("unknown", String::new()),
    };
    let fact = Fact {
        value: found.map(|_| text.to_owned()),
        time_us: found.map(|stretch| stretch.start_us),
        ..Fact::word(if found.is_some() { "state" } else { "none" }, text, detail)
    };
    Row::new(&strip.key, &strip.label, Swatch::Strip(strip.color), vec![fact])
}

fn row(line: &PanelLine, picked: Option<Picked>, told_us: i64, clock: Clock<'_>) -> Row {
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
            let of = format!("mean of {} samples", format::count(count));
            let mean = Fact {
                text: format::number(mean),
                ..Fact::number("mean", mean, &line.unit, of, None)
            };
            vec![extreme(line, "max", max, clock), mean, extreme(line, "min", min, clock)]
        }
    };
    Row::new(&line.key, &line.label, Swatch::Line(line.color), facts)
}

fn nothing(line: &PanelLine) -> Fact {
    let text = match (&line.failure, line.shape()) {
        (Some(_), None) => "failed",
        (None, None) => "loading",
        _ => "no sample",
    };
    Fact::word("none", text, String::new())
}

fn sample(line: &PanelLine, time_us: i64, value: Value, detail: String) -> Fact {
    match value.finite() {
        Some(number) => Fact::number("value", number, &line.unit, detail, Some(time_us)),
        None => Fact {
            value: Some(text_of_value(value)),
            time_us: Some(time_us),
            ..Fact::word("value", &format::value(value), detail)
        },
    }
}

fn extreme(line: &PanelLine, kind: &'static str, extreme: Extreme, clock: Clock<'_>) -> Fact {
    let at = clock.text(extreme.time_us);
    let detail = match extreme.channel {
        Some(channel) => format!("{kind} · channel {channel} at {at}"),
        None => format!("{kind} at {at}"),
    };
    Fact::number(kind, extreme.value, &line.unit, detail, Some(extreme.time_us))
}

/// All digits where they are few, as sensors give them; else the digits that matter (the rest is noise of arithmetic).
pub fn exact_text(number: f64) -> String {
    const FEW_DIGITS: usize = 9;
    let all = text_of(number);
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
        let utc = AxisClock::utc();
        let clock = Clock {
            clock: &utc,
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
