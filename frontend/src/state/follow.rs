//! Windows that slide with now: pure arithmetic.

use std::fmt;

use shared::dashboard::{MAX_DELAY_SECS, MAX_LOOKBACK_SECS};
use shared::time::{MICROS_PER_SEC, TimeRange, Timestamp};

/// Into how many parts a window is cut. So much is asked for ahead that it need not be asked for again before the window
/// has slid by one of them.
pub const PARTS: u32 = 8;

/// How a window slides with now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lookback {
    /// How long it is, in seconds, at least 1.
    pub secs: u32,
    /// How far its end stays behind now, in seconds: sources that deliver late need not be watched late.
    pub delay_secs: u16,
}

impl Lookback {
    /// So many seconds up to now.
    pub const fn of_secs(secs: u32) -> Self {
        Self { secs, delay_secs: 0 }
    }

    /// What lies in the window at a moment.
    pub fn window(self, now: Timestamp) -> TimeRange {
        let end = now.saturating_add_micros(-i64::from(self.delay_secs) * MICROS_PER_SEC);
        let start = end.saturating_add_micros(-i64::from(self.secs.max(1)) * MICROS_PER_SEC);
        TimeRange::new(start, end).unwrap_or(TimeRange::ALL)
    }

    /// The least time in which the window moves by about half a pixel, in milliseconds.
    pub fn step_ms(self) -> u64 {
        (u64::from(self.secs) / 2).clamp(50, 1_000)
    }

    /// For people: `Last 6 hours`.
    pub fn name(self) -> String {
        let (number, unit) = parts(self.secs);
        let unit = match unit {
            'h' => "hour",
            'm' => "minute",
            _ => "second",
        };
        match number {
            1 => format!("Last {unit}"),
            _ => format!("Last {number} {unit}s"),
        }
    }
}

/// As it stands in a link.
impl fmt::Display for Lookback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, unit) = parts(self.secs);
        write!(f, "{number}{unit}")
    }
}

/// The number of the greatest unit that it is a multiple of.
const fn parts(secs: u32) -> (u32, char) {
    if secs.is_multiple_of(3_600) {
        (secs / 3_600, 'h')
    } else if secs.is_multiple_of(60) {
        (secs / 60, 'm')
    } else {
        (secs, 's')
    }
}

/// Reads `90s`, `15m` and `6h`; `None` for what is no time up to a month.
fn secs_of(text: &str) -> Option<u32> {
    let number = text.get(..text.len().checked_sub(1)?)?;
    let unit = match text.as_bytes().last()? {
        b'h' => 3_600,
        b'm' => 60,
        b's' => 1,
        _ => return None,
    };
    let is_plain = number.bytes().all(|digit| digit.is_ascii_digit());
    let secs = number.parse::<u32>().ok().filter(|_| is_plain)?.checked_mul(unit)?;
    (secs <= MAX_LOOKBACK_SECS).then_some(secs)
}

/// Reads how long a window is.
pub fn lookback_of(text: &str) -> Result<Lookback, String> {
    let secs = secs_of(text).filter(|secs| *secs > 0);
    let secs = secs.ok_or_else(|| format!("\"{text}\" is not written like 90s, 15m or 6h, up to 744h"))?;
    Ok(Lookback::of_secs(secs))
}

/// Reads how far a window stays behind now.
pub fn delay_of(text: &str) -> Result<u16, String> {
    let secs = secs_of(text).and_then(|secs| u16::try_from(secs).ok());
    let secs = secs.filter(|secs| *secs <= MAX_DELAY_SECS);
    secs.ok_or_else(|| format!("\"{text}\" is not written like 5s or 2m, up to 1h"))
}

/// What is asked for so that a window can slide: the same for all windows of a length that end in the same eighth of it,
/// up to the end of that.
pub fn asked_for(window: TimeRange) -> TimeRange {
    let length = window.micros();
    let grain = (length / i64::from(PARTS)).max(1);
    let end = (window.end().as_micros().div_euclid(grain) + 1) * grain;
    let time = Timestamp::saturating_from_micros;
    TimeRange::new(time(end - grain - length), time(end)).unwrap_or(window)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_window_ends_at_now_or_a_little_before() {
        let now = at("2026-11-20T20:00:00.25Z");
        let window = Lookback::of_secs(90).window(now);
        assert_eq!((window.end(), window.micros()), (now, 90 * MICROS_PER_SEC));
        let late = Lookback {
            secs: 90,
            delay_secs: 5,
        };
        assert_eq!(late.window(now).end().to_string(), "2026-11-20T19:59:55.25Z");
    }

    #[test]
    fn times_are_written_in_their_greatest_unit() {
        let told = [30, 60, 90, 900, 3_600, 5_400, 86_400].map(|secs| {
            let lookback = Lookback::of_secs(secs);
            format!("{lookback}: {}", lookback.name())
        });
        assert_eq!(
            told,
            [
                "30s: Last 30 seconds",
                "1m: Last minute",
                "90s: Last 90 seconds",
                "15m: Last 15 minutes",
                "1h: Last hour",
                "90m: Last 90 minutes",
                "24h: Last 24 hours"
            ]
        );
        assert_eq!(["6h", "15m", "0s"].map(secs_of), [Some(21_600), Some(900), Some(0)]);
        assert_eq!(["745h", "6", "h", "", "+6h", "6 h", "6d"].map(secs_of), [None; 7]);
    }

    proptest! {
        #[test]
        fn what_is_asked_for_holds_the_window_until_that_has_slid_by_an_eighth(secs in 1..MAX_LOOKBACK_SECS, now_us in 0..4_000_000_000_000_000_i64) {
            let now = Timestamp::saturating_from_micros(now_us);
            let window = Lookback::of_secs(secs).window(now);
            let asked = asked_for(window);
            prop_assert_eq!(asked.intersection(window), Some(window));
            prop_assert!(asked.micros() <= window.micros() + window.micros() / i64::from(PARTS));
            let next = asked.end().micros_since(now);
            let later = Lookback::of_secs(secs).window(now.saturating_add_micros(next - 1));
            prop_assert_eq!(asked_for(later), asked);
        }
    }
}
