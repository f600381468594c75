//! The colours of a plot, as data: they come from the page's tokens, never from drawing code.

use plotters_backend::BackendColor;

/// How many colours lines take turns with.
pub const SERIES_COLORS: usize = 5;

/// A colour in sRGB with straight alpha; by default clear.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Rgba {
    /// Red, 0 to 255.
    pub red: u8,
    /// Green, 0 to 255.
    pub green: u8,
    /// Blue, 0 to 255.
    pub blue: u8,
    /// Opacity: 0 lets all through, 255 nothing.
    pub alpha: u8,
}

impl Rgba {
    /// Reads a CSS hex colour: `#rgb`, `#rgba`, `#rrggbb` or `#rrggbbaa`; anything else is `None`.
    pub fn from_css(text: &str) -> Option<Self> {
        let digits: Vec<u8> = text
            .trim()
            .strip_prefix('#')?
            .chars()
            .map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect::<Option<_>>()?;
        let (red, green, blue, alpha) = match digits[..] {
            [r, g, b] => (r * 17, g * 17, b * 17, 255),
            [r, g, b, a] => (r * 17, g * 17, b * 17, a * 17),
            [r1, r2, g1, g2, b1, b2] => (r1 * 16 + r2, g1 * 16 + g2, b1 * 16 + b2, 255),
            [r1, r2, g1, g2, b1, b2, a1, a2] => (r1 * 16 + r2, g1 * 16 + g2, b1 * 16 + b2, a1 * 16 + a2),
            _ => return None,
        };
        Some(Self {
            red,
            green,
            blue,
            alpha,
        })
    }

    /// The same colour, `opacity` times as opaque (0.0 to 1.0).
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a part of a u8 is a u8"
    )]
    pub fn faded(self, opacity: f64) -> Self {
        let alpha = (f64::from(self.alpha) * opacity.clamp(0.0, 1.0)).round() as u8;
        Self { alpha, ..self }
    }

    /// The colour as drawing backends want it.
    pub fn to_backend(self) -> BackendColor {
        BackendColor {
            alpha: f64::from(self.alpha) / 255.0,
            rgb: (self.red, self.green, self.blue),
        }
    }

    /// The colour that a backend was given.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to the range of u8"
    )]
    pub fn from_backend(color: BackendColor) -> Self {
        let (red, green, blue) = color.rgb;
        let alpha = (color.alpha.clamp(0.0, 1.0) * 255.0).round() as u8;
        Self {
            red,
            green,
            blue,
            alpha,
        }
    }
}

/// The colours of a plot. One per role; the page has a set for each theme.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Palette {
    /// Behind everything (`--surface`).
    pub background: Rgba,
    /// Grid lines (`--grid`).
    pub grid: Rgba,
    /// The line under the plot and beside its values (`--line`).
    pub axis: Rgba,
    /// Strong text (`--text`).
    pub text: Rgba,
    /// Labels of axes (`--text-dim`).
    pub text_dim: Rgba,
    /// The now-line and selections (`--accent`).
    pub accent: Rgba,
    /// The chosen channel (`--select`).
    pub select: Rgba,
    /// Limits that mean an alarm (`--alarm`).
    pub alarm: Rgba,
    /// Limits that mean a warning (`--warning`).
    pub warning: Rgba,
    /// States that are as they should be (`--ok`).
    pub ok: Rgba,
    /// Rules whose samples are missing (`--nodata`).
    pub nodata: Rgba,
    /// Rules that could not be evaluated (`--unknown`).
    pub unknown: Rgba,
    /// Lines, in turn (`--series-1` to `--series-5`).
    pub series: [Rgba; SERIES_COLORS],
}

impl Palette {
    /// Collects the colours from the page's tokens; `None` as soon as `read` has no colour for one of them.
    ///
    /// `read` gets names such as `--series-1`.
    pub fn from_tokens(mut read: impl FnMut(&str) -> Option<Rgba>) -> Option<Self> {
        Some(Self {
            background: read("--surface")?,
            grid: read("--grid")?,
            axis: read("--line")?,
            text: read("--text")?,
            text_dim: read("--text-dim")?,
            accent: read("--accent")?,
            select: read("--select")?,
            alarm: read("--alarm")?,
            warning: read("--warning")?,
            ok: read("--ok")?,
            nodata: read("--nodata")?,
            unknown: read("--unknown")?,
            series: [
                read("--series-1")?,
                read("--series-2")?,
                read("--series-3")?,
                read("--series-4")?,
                read("--series-5")?,
            ],
        })
    }

    /// The colour of the line at `position`; colours repeat after [`SERIES_COLORS`].
    pub const fn line(&self, position: usize) -> Rgba {
        self.series[position % SERIES_COLORS]
    }

    /// Whether all of it is red alone, as in the theme in which every pixel has G = B = 0. Colours that are not of the
    /// palette have to keep to that.
    pub fn is_red(&self) -> bool {
        [self.text, self.accent, self.background]
            .iter()
            .all(|color| color.green == 0 && color.blue == 0)
            && self.text.red > 0
    }

    /// The role of a colour, for people who read a recorded drawing; `None` for a colour that is not in the palette.
    pub fn name_of(&self, color: Rgba) -> Option<&'static str> {
        let roles = [
            (self.background, "background"),
            (self.grid, "grid"),
            (self.axis, "axis"),
            (self.text, "text"),
            (self.text_dim, "text-dim"),
            (self.accent, "accent"),
            (self.select, "select"),
            (self.alarm, "alarm"),
            (self.warning, "warning"),
            (self.ok, "ok"),
            (self.nodata, "nodata"),
            (self.unknown, "unknown"),
            (self.series[0], "series-1"),
            (self.series[1], "series-2"),
            (self.series[2], "series-3"),
            (self.series[3], "series-4"),
            (self.series[4], "series-5"),
        ];
        roles.into_iter().find(|(role, _)| *role == color).map(|(_, name)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<(u8, u8, u8, u8)>) {
        let read = Rgba::from_css(text).map(|color| (color.red, color.green, color.blue, color.alpha));
        assert_eq!(read, expected);
    }

    #[test]
    fn css_hex_colours_of_all_lengths_are_read() {
        check(" #6cb4ff ", Some((0x6c, 0xb4, 0xff, 255)));
        check("#ffffff0d", Some((255, 255, 255, 13)));
        check("#f00", Some((255, 0, 0, 255)));
        check("#f008", Some((255, 0, 0, 0x88)));
    }

    #[test]
    fn other_texts_are_no_colours() {
        for text in ["", "#", "red", "#12", "#12345", "#gggggg", "rgb(1, 2, 3)", "#ééé"] {
            check(text, None);
        }
    }

    #[test]
    fn a_missing_token_gives_no_palette() {
        let black = Rgba::from_css("#000");
        assert!(Palette::from_tokens(|_| black).is_some());
        assert!(Palette::from_tokens(|name| black.filter(|_| name != "--series-5")).is_none());
    }

    #[test]
    fn a_red_palette_is_known() {
        let of = |text: &str, ground: &str| {
            let read = |name: &str| Rgba::from_css(if name == "--surface" { ground } else { text });
            Palette::from_tokens(read).unwrap().is_red()
        };
        assert!(of("#d00000", "#0d0000"));
        assert!(!of("#dbe2ea", "#0d0000") && !of("#d00000", "#ffffff") && !of("#000", "#000"));
    }

    #[test]
    fn fading_keeps_the_hue() {
        let red = Rgba::from_css("#ff0000").unwrap().faded(0.5);
        assert_eq!((red.red, red.green, red.blue, red.alpha), (255, 0, 0, 128));
        assert_eq!(Rgba::from_backend(red.to_backend()), red);
    }
}
