//! One thing that happened to an alarm, and the words that tell it: for somebody who is woken at three in the morning.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use shared::alarm::AlarmState;
use shared::time::Timestamp;

/// What happened, with all that is said of it, as it was then.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Notice {
    /// The site's name; empty if it has none.
    pub site: String,
    /// The site's time zone.
    pub time_zone: String,
    /// The rule by name.
    pub rule: String,
    /// What is wrong when it fires.
    pub title: String,
    /// Where it belongs, from the whole to the part.
    pub system: Vec<String>,
    /// Who cares; empty if nobody is named.
    pub owner: String,
    /// What it says now.
    pub state: AlarmState,
    /// What it said before.
    pub before: AlarmState,
    /// When that changed, in microseconds since the epoch.
    pub at_us: i64,
    /// The value that decided, where it is a number.
    pub value: Option<f64>,
    /// Its unit.
    pub unit: String,
    /// One line about it: `limit 24.0`.
    pub detail: String,
    /// The label of the channel that decided; empty without one.
    pub channel: String,
    /// How many channels fulfil the condition.
    pub channels: u32,
    /// What to do, as text; empty if nothing is written.
    pub guidance: String,
    /// Where more is written; empty if nowhere.
    pub link: String,
    /// Where the page shows that time; empty if it is not known.
    pub page: String,
}

/// The word for a state in subjects and texts.
pub(super) const fn word(state: AlarmState) -> &'static str {
    match state {
        AlarmState::Ok => "OK",
        AlarmState::Warning => "WARNING",
        AlarmState::Alarm => "ALARM",
        AlarmState::NoData => "NO DATA",
        AlarmState::Unknown => "UNKNOWN",
    }
}

impl Notice {
    /// One line: `[LST-1] ALARM PACTA temperature too high: 24.9 °C`.
    pub fn subject(&self) -> String {
        let headline = self.headline();
        match self.site.as_str() {
            "" => headline,
            site => format!("[{site}] {headline}"),
        }
    }

    /// The subject without the site.
    pub fn headline(&self) -> String {
        let over = match (self.state, self.before) {
            (AlarmState::Ok, AlarmState::Ok) => String::new(),
            (AlarmState::Ok, before) => format!(" (was {})", word(before)),
            _ => String::new(),
        };
        let value = self.value_text();
        let value = if value.is_empty() { value } else { format!(": {value}") };
        one_line(&format!("{} {}{value}{over}", word(self.state), self.title))
    }

    /// All of it, for a mail.
    pub fn body(&self) -> String {
        let mut text = format!("{}  {}\n\n", word(self.state), one_line(&self.title));
        let mut line = |name: &str, value: &str| {
            if !value.is_empty() {
                // Writing into a text cannot fail.
                let _written = writeln!(text, "{name:<9} {}", one_line(value));
            }
        };
        line("Value", &self.value_with_channel());
        line("Detail", &self.detail);
        if self.state != self.before {
            line("Before", word(self.before));
        }
        line("Since", &moment_text(self.at_us, &self.time_zone));
        line("System", &self.system.join(" / "));
        line("Owner", &self.owner);
        line("Rule", &self.rule);
        if !self.guidance.is_empty() && self.state != AlarmState::Ok {
            text.push_str("\nWhat to do\n");
            for guidance in self.guidance.lines() {
                let _written = writeln!(text, "  {guidance}");
            }
        }
        if !(self.link.is_empty() && self.page.is_empty()) {
            text.push('\n');
        }
        for (name, address) in [("More", &self.link), ("Page", &self.page)] {
            if !address.is_empty() {
                let _written = writeln!(text, "{name}: {address}");
            }
        }
        text
    }

    fn value_text(&self) -> String {
        let Some(value) = self.value else {
            return String::new();
        };
        let number = number_text(value);
        match self.unit.as_str() {
            "" => number,
            unit => format!("{number} {unit}"),
        }
    }

    fn value_with_channel(&self) -> String {
        let mut text = self.value_text();
        if !self.channel.is_empty() {
            let _written = write!(
                text,
                "{}channel {}",
                if text.is_empty() { "" } else { ", " },
                self.channel
            );
        }
        if 1 < self.channels {
            let _written = write!(text, ", {} channels in all", self.channels);
        }
        text.trim_start_matches(", ").to_owned()
    }
}

/// A number as people say it: six significant digits at most, none that says nothing.
pub(super) fn number_text(number: f64) -> String {
    const DIGITS: i32 = 6;
    let magnitude = number.abs();
    if magnitude != 0.0 && !(1e-4..1e9).contains(&magnitude) {
        return format!("{number:.3e}");
    }
    let before_point = (1..=DIGITS)
        .find(|digits| magnitude < 10_f64.powi(*digits))
        .unwrap_or(DIGITS);
    let decimals = usize::try_from(DIGITS - before_point).unwrap_or(0);
    let text = format!("{number:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// A moment in UTC and at the site: `2026-11-21 03:12:48 UTC (03:12:48 Atlantic/Canary)`.
pub(super) fn moment_text(at_us: i64, time_zone: &str) -> String {
    let utc = Timestamp::saturating_from_micros(at_us);
    // To the second: RFC 3339 text, without its fraction and with a space.
    let text = utc.to_string().replace('T', " ");
    let text = text.get(..19).unwrap_or(&text);
    match local_time(at_us, time_zone) {
        Some(local) if time_zone != "UTC" => format!("{text} UTC ({local} {time_zone})"),
        _ => format!("{text} UTC"),
    }
}

/// The time of day at a place.
pub(super) fn local_time(at_us: i64, time_zone: &str) -> Option<String> {
    let at = jiff::Timestamp::from_microsecond(at_us).ok()?;
    let zone = jiff::tz::TimeZone::get(time_zone).ok()?;
    Some(at.to_zoned(zone).strftime("%H:%M:%S").to_string())
}

/// No line break, which would begin another header or line.
pub(super) fn one_line(text: &str) -> String {
    text.replace(['\r', '\n'], " ")
}

#[cfg(test)]
pub(super) mod tests;
