//! Foreign text inside messages.

use std::fmt::{self, Write as _};

/// A text between double quotes, control characters escaped: what stands in a message stays on one line, and does nothing to
/// a terminal.
///
/// In place of the form of `Debug`, which is empty in a page that is built for release.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for letter in self.0.chars() {
            if letter.is_control() {
                write!(f, "{}", letter.escape_default())?;
            } else {
                f.write_char(letter)?;
            }
        }
        f.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use super::Quoted;

    #[test]
    fn control_characters_are_escaped_and_letters_are_not() {
        assert_eq!(Quoted("a\n\u{19}é").to_string(), r#""a\n\u{19}é""#);
    }
}
