use std::collections::BTreeMap;

use shared::chart::palette::Rgba;

const TOKENS: &str = include_str!("../../../style/tokens.css");

/// The colours of a theme by the names of their tokens.
fn tokens(theme: &str) -> BTreeMap<String, Rgba> {
    let block = TOKENS
        .split_once(&format!("[data-theme=\"{theme}\"] {{"))
        .and_then(|(_, rest)| rest.split_once('}'))
        .map(|(block, _)| block)
        .unwrap();
    block
        .lines()
        .filter_map(|line| line.trim().strip_suffix(';')?.split_once(": "))
        .filter_map(|(name, value)| Some((name.to_owned(), Rgba::from_css(value)?)))
        .collect()
}

/// As WCAG defines it.
fn luminance(color: Rgba) -> f64 {
    let linear = |part: u8| {
        let part = f64::from(part) / 255.0;
        if part <= 0.040_45 {
            part / 12.92
        } else {
            ((part + 0.055) / 1.055).powf(2.4)
        }
    };
    0.212_6 * linear(color.red) + 0.715_2 * linear(color.green) + 0.072_2 * linear(color.blue)
}

fn contrast(a: Rgba, b: Rgba) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn text_can_be_read_on_every_ground_in_dark_and_light() {
    let inks = [
        "--text",
        "--text-dim",
        "--text-faint",
        "--accent",
        "--select",
        "--ok",
        "--warning",
        "--alarm",
        "--nodata",
        "--unknown",
    ];
    for theme in ["dark", "light"] {
        let tokens = tokens(theme);
        for ink in inks {
            for ground in ["--bg", "--surface", "--surface-2"] {
                let contrast = contrast(tokens[ink], tokens[ground]);
                assert!(contrast >= 4.5, "{theme}: {ink} on {ground} is {contrast:.2}");
            }
        }
        assert!(
            contrast(tokens["--on-accent"], tokens["--accent"]) >= 4.5,
            "{theme}: on accent"
        );
    }
}

#[test]
fn lines_stand_out_from_their_ground_in_dark_and_light() {
    for theme in ["dark", "light"] {
        let tokens = tokens(theme);
        for series in 1..=5 {
            let contrast = contrast(tokens[&format!("--series-{series}")], tokens["--surface"]);
            assert!(contrast >= 3.0, "{theme}: series {series} is {contrast:.2}");
        }
    }
}

#[test]
fn the_red_theme_has_no_green_and_no_blue() {
    let tokens = tokens("red");
    for (name, color) in &tokens {
        assert_eq!((color.green, color.blue), (0, 0), "{name}");
    }
    // Every colour that the other themes have must have its red twin, or theirs would shine through.
    for name in self::tokens("dark").keys() {
        assert!(tokens.contains_key(name), "{name}");
    }
}
