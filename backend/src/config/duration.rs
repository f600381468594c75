//! Durations with a unit, such as `60s`.

const UNITS: [(&str, i128); 6] = [
    ("us", 1),
    ("ms", 1_000),
    ("s", 1_000_000),
    ("m", 60_000_000),
    ("h", 3_600_000_000),
    ("d", 86_400_000_000),
];

/// Far longer than any that makes sense, far from an overflow.
const MAX_DAYS: i128 = 36_500;

/// Reads a duration above zero, in microseconds: a decimal number and `us`, `ms`, `s`, `m`, `h` or `d`.
///
/// Nothing is rounded: a number finer than a microsecond is an error.
pub(crate) fn parse_micros(text: &str) -> Result<i64, String> {
    let wrong = || format!("{text:?} is not a duration; write a number and a unit, such as \"60s\", \"5m\" or \"1h\"");
    let unit_start = text
        .find(|letter: char| letter.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let (number, unit) = (text[..unit_start].trim(), &text[unit_start..]);
    if unit.is_empty() && number.parse::<f64>().is_ok() {
        return Err(format!(
            "{text:?} has no unit; write \"{number}s\" for seconds, or one of us, ms, m, h, d"
        ));
    }
    let unit_micros = UNITS
        .into_iter()
        .find_map(|(name, micros)| (name == unit).then_some(micros))
        .ok_or_else(wrong)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = format!("{whole}{fraction}");
    if whole.is_empty() || fraction.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    // So many digits times the longest unit still fit.
    if digits.len() > 24 {
        return Err(format!("{text:?} has too many digits"));
    }
    let places = u32::try_from(fraction.len()).map_err(|_too_many| wrong())?;
    let divisor = 10_i128.pow(places);
    let scaled = digits.parse::<i128>().map_err(|_not_a_number| wrong())? * unit_micros;
    if scaled % divisor != 0 {
        return Err(format!("{text:?} is finer than a microsecond"));
    }
    match i64::try_from(scaled / divisor) {
        Ok(0) => Err(format!("{text:?} is not above zero")),
        Ok(micros) if i128::from(micros) <= MAX_DAYS * 86_400_000_000 => Ok(micros),
        _ => Err(format!("{text:?} is too long; the longest is {MAX_DAYS}d")),
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn durations_are_exact() {
        for (text, micros) in [
            ("60s", 60_000_000),
            ("5m", 300_000_000),
            ("1h", 3_600_000_000),
            ("1d", 86_400_000_000),
            ("500ms", 500_000),
            ("0.151s", 151_000),
            ("1.21 s", 1_210_000),
            ("0.5h", 1_800_000_000),
            ("1us", 1),
            ("36500d", 3_153_600_000_000_000),
        ] {
            assert_eq!(parse_micros(text), Ok(micros), "{text}");
        }
    }

    #[test]
    fn a_bad_duration_says_what_to_write() {
        let texts = [
            "",
            "60",
            "s",
            "60sec",
            "-5s",
            "1e3s",
            "1.s",
            "0s",
            "0.5us",
            "36501d",
            "9999999999999999999999999s",
        ];
        let messages: Vec<_> = texts.iter().map(|text| parse_micros(text).unwrap_err()).collect();
        assert_snapshot!(messages.join("\n"));
    }
}
