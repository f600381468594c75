//! Amounts of memory with a unit, such as `64MiB`.

const UNITS: [(&str, u64); 6] = [
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

/// Reads a size from 1 kB to 1 TB, in bytes: a whole number and `kB`, `MB`, `GB`, `KiB`, `MiB` or `GiB`.
pub(super) fn parse_bytes(text: &str) -> Result<usize, String> {
    let wrong = || format!("{text:?} is not a size; write a whole number and a unit, such as \"64MiB\" or \"500MB\"");
    let unit_start = text
        .find(|letter: char| letter.is_ascii_alphabetic())
        .ok_or_else(wrong)?;
    let (number, unit) = (text[..unit_start].trim(), &text[unit_start..]);
    let unit_bytes = UNITS
        .into_iter()
        .find_map(|(name, bytes)| (name == unit).then_some(bytes))
        .ok_or_else(wrong)?;
    let number = number.parse::<u64>().map_err(|_not_a_number| wrong())?;
    let bytes = number
        .checked_mul(unit_bytes)
        .filter(|bytes| (1_000..=1_000_000_000_000).contains(bytes));
    bytes
        .and_then(|bytes| usize::try_from(bytes).ok())
        .ok_or_else(|| format!("{text:?} is out of range; write a size from 1kB to 1000GB"))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn sizes_are_exact() {
        for (text, bytes) in [
            ("64MiB", 64 << 20),
            ("500 MB", 500_000_000),
            ("1kB", 1_000),
            ("1KiB", 1_024),
            ("2GiB", 2 << 30),
            ("1000GB", 1_000_000_000_000),
        ] {
            assert_eq!(parse_bytes(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn a_bad_size_says_what_to_write() {
        let texts = [
            "",
            "64",
            "64mb",
            "-1MB",
            "1.5GB",
            "0kB",
            "1001GB",
            "99999999999999999999GB",
            "MB",
        ];
        assert_snapshot!(texts.map(|text| parse_bytes(text).unwrap_err()).join("\n"), @r#"
        "" is not a size; write a whole number and a unit, such as "64MiB" or "500MB"
        "64" is not a size; write a whole number and a unit, such as "64MiB" or "500MB"
        "64mb" is not a size; write a whole number and a unit, such as "64MiB" or "500MB"
        "-1MB" is not a size; write a whole number and a unit, such as "64MiB" or "500MB"
        "1.5GB" is not a size; write a whole number and a unit, such as "64MiB" or "500MB"
        "0kB" is out of range; write a size from 1kB to 1000GB
        "1001GB" is out of range; write a size from 1kB to 1000GB
        "99999999999999999999GB" is not a size; write a whole number and a unit, such as "64MiB" or "500MB"
        "MB" is not a size; write a whole number and a unit, such as "64MiB" or "500MB"
        "#);
    }
}
