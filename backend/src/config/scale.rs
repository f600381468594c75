//! `scale`: from values to colours. Written as a name, or as a table of one's own.

use shared::display::{ColorMap, ColorScale, ColorStop};

use super::key::Key;
use super::section::Section;
use super::suggestion;
use super::word::{listed, one_of};

mod clusco;

/// The maps by name; `stops` is what a scale with stops has.
const MAPS: [(&str, ColorMap); 4] = [
    ("viridis", ColorMap::Viridis),
    ("cividis", ColorMap::Cividis),
    ("inferno", ColorMap::Inferno),
    ("gray", ColorMap::Gray),
];

/// What can be written as a scale.
pub(super) const VALUE: &str = "name, or { map, low, high, log } or { stops, log }";

/// The keys of a scale that is written as a table.
pub(super) const KEYS: &[Key] = &[
    Key::optional(
        "map",
        "\"viridis\", \"cividis\", \"inferno\" or \"gray\"",
        "\"viridis\"",
        "The colours, from the lowest value to the highest. All maps are even in lightness.",
    ),
    Key::optional(
        "low",
        "number",
        "the least visible value",
        "The value of the first colour; values below it are counted as beyond the scale.",
    ),
    Key::optional(
        "high",
        "number",
        "the greatest visible value",
        "The value of the last colour; values above it are counted as beyond the scale.",
    ),
    Key::optional(
        "log",
        "true or false",
        "false",
        "Equal ratios, rather than equal differences, are equally far apart; needs positive values.",
    ),
    Key::optional(
        "stops",
        "[[value, \"#rrggbb\"], …]",
        "none",
        "Colours at values, rising, two at least, in place of `map`, `low` and `high`; between two stops colours are mixed.",
    ),
];

/// The names that can be written as a scale, each with what it is.
pub(super) fn names() -> Vec<(&'static str, String)> {
    let maps = MAPS
        .iter()
        .map(|(name, _)| (*name, "over the visible values".to_owned()));
    let styles = clusco::STYLES.iter().map(|style| (style.name, style.told()));
    maps.chain(styles).collect()
}

/// Reads the key `scale`; `None` where it is missing or, which is noted, cannot be used.
pub(super) fn read(section: &mut Section<'_>) -> Option<ColorScale> {
    if !section.has("scale") {
        None
    } else if section.is_text("scale") {
        section.parsed("scale", "the name of a scale", named)
    } else {
        read_table(section.table("scale")?)
    }
}

fn named(text: &str) -> Result<ColorScale, String> {
    if let Some(style) = clusco::STYLES.iter().find(|style| style.name == text) {
        return Ok(style.scale());
    }
    match one_of(text, &MAPS) {
        Ok(map) => Ok(ColorScale {
            map,
            ..ColorScale::default()
        }),
        Err(_unknown) => {
            let hint = suggestion::hint(text, names().iter().map(|(name, _)| *name));
            Err(format!("{text:?} is not the name of a scale{hint}"))
        }
    }
}

fn read_table(mut table: Section<'_>) -> Option<ColorScale> {
    let has_stops = table.has("stops");
    let map = table.parsed("map", &listed(&MAPS), |text| one_of(text, &MAPS));
    let (low, high) = read_ends(&mut table);
    let log = table.flag("log").unwrap_or_default();
    let stops = read_stops(&mut table);
    if has_stops {
        for key in ["map", "low", "high"] {
            if table.has(key) {
                table.add_at(key, "has no meaning beside stops, which say the colours of all values");
            }
        }
    }
    let lowest = if has_stops {
        stops.as_ref()?.first().map(|stop| stop.value)
    } else {
        low
    };
    if log && lowest.is_some_and(|lowest| lowest <= 0.0) {
        table.add_at(if has_stops { "stops" } else { "low" }, NOT_LOGARITHMIC);
    }
    table.finish();
    if has_stops {
        let stops = stops?;
        Some(ColorScale {
            map: ColorMap::Stops,
            low: stops.first().map(|stop| stop.value),
            high: stops.last().map(|stop| stop.value),
            log,
            stops,
        })
    } else {
        Some(ColorScale {
            map: map.unwrap_or_default(),
            low,
            high,
            log,
            stops: Vec::new(),
        })
    }
}

/// What is wrong with an end of a logarithmic axis or scale.
pub(super) const NOT_LOGARITHMIC: &str = "is not above zero; a logarithmic scale cannot begin there";

/// The keys `low` and `high`, the second above the first.
pub(super) fn read_ends(section: &mut Section<'_>) -> (Option<f64>, Option<f64>) {
    let (low, high) = (section.number("low"), section.number("high"));
    if let (Some(low), Some(high)) = (low, high)
        && high <= low
    {
        section.add_at("high", &format!("is not above low, which is {low}"));
    }
    (low, high)
}

/// `None` where a mistake, which is noted, leaves fewer than two.
fn read_stops(table: &mut Section<'_>) -> Option<Vec<ColorStop>> {
    let mut stops: Vec<ColorStop> = Vec::new();
    for (value, text, offset) in table.pairs("stops", "pairs of a value and a colour, [[0.0, \"#0000ff\"], …]") {
        match parse_color(text) {
            Ok(_) if stops.last().is_some_and(|before| value <= before.value) => {
                table.add(offset, "stops", &format!("{value} is not above the value before it"));
            }
            Ok(rgb) => stops.push(ColorStop { value, rgb }),
            Err(message) => table.add(offset, "stops", &message),
        }
    }
    if table.has("stops") && stops.len() < 2 {
        table.add_at("stops", "there are too few; write two at least");
        return None;
    }
    Some(stops)
}

/// `#rrggbb`.
fn parse_color(text: &str) -> Result<[u8; 3], String> {
    let digits = text
        .strip_prefix('#')
        .filter(|digits| digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
    let number = number.ok_or_else(|| {
        format!("{text:?} is not a colour; write # and two digits of 0 to f each for red, green and blue")
    })?;
    let [_, red, green, blue] = number.to_be_bytes();
    Ok([red, green, blue])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_are_six_digits() {
        assert_eq!(parse_color("#ff7F0e"), Ok([255, 127, 14]));
        for text in ["ff7f0e", "#fff", "#+f7f0e", "#ff7f0e0", "#ff7f0g", "red", ""] {
            assert!(parse_color(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn names_of_scales_are_different_and_mean_something() {
        let mut seen = std::collections::BTreeSet::new();
        for (name, _) in names() {
            assert!(seen.insert(name), "{name}");
            assert!(named(name).is_ok(), "{name}");
        }
        let message = named("clusco-temperatur").unwrap_err();
        assert!(message.contains("did you mean \"clusco-temperature\"?"), "{message}");
    }
}
