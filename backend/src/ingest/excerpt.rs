//! Foreign text inside error messages.

/// How many characters of foreign text a message repeats.
const MAX_CHARS: usize = 60;

/// The text in quotes with control characters escaped, cut short where it is long.
pub(super) fn excerpt(text: &str) -> String {
    match text.char_indices().nth(MAX_CHARS) {
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::excerpt;

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(excerpt("a\nb"), r#""a\nb""#);
        assert_eq!(excerpt(&"é".repeat(61)), format!("\"{}\"…", "é".repeat(60)));
    }
}
