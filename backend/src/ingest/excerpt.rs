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

/// The most characters of a message that was written elsewhere and may repeat foreign text.
const MAX_MESSAGE_CHARS: usize = 300;

/// A message on one line: control characters escaped, and the middle left out where it is long.
pub(super) fn on_one_line(message: &str) -> String {
    let letters: Vec<char> = message.chars().collect();
    let end = letters.len().saturating_sub(MAX_MESSAGE_CHARS / 2);
    let mut line = String::new();
    for (index, letter) in letters.iter().enumerate() {
        if letters.len() <= MAX_MESSAGE_CHARS || index < MAX_MESSAGE_CHARS / 2 || end <= index {
            if letter.is_control() {
                line.extend(letter.escape_default());
            } else {
                line.push(*letter);
            }
        } else if index == MAX_MESSAGE_CHARS / 2 {
            line.push('…');
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::{excerpt, on_one_line};

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(excerpt("a\nb"), r#""a\nb""#);
        assert_eq!(excerpt(&"é".repeat(61)), format!("\"{}\"…", "é".repeat(60)));
    }

    #[test]
    fn a_message_keeps_its_beginning_and_its_end() {
        let message = |name: &str| format!("unknown field `{name}`, expected `frames`");
        assert_eq!(on_one_line(&message("a\n\u{85}é")), message("a\\n\\u{85}é"));
        let short = on_one_line(&message(&"x".repeat(100_000)));
        assert_eq!(short.chars().count(), 301);
        assert!(short.starts_with("unknown field `xxx") && short.ends_with("xxx`, expected `frames`"));
    }
}
