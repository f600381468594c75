//! JSON lines: one frame per line, in the form of `POST /api/v1/frames`.

use super::json_frames::parse_frame;
use super::{LineError, Parsed};

/// Reads one line; lines without content give nothing. `line` counts from 1.
pub fn parse_line(text: &[u8], line: usize, parsed: &mut Parsed) {
    let frame = match std::str::from_utf8(text) {
        Ok(text) if text.trim().is_empty() => return,
        Ok(text) => parse_frame(line, text),
        Err(_not_utf8) => Err("the line is not UTF-8".to_owned()),
    };
    match frame {
        Ok(frame) => parsed.frames.push(frame),
        Err(message) => parsed.errors.push(LineError {
            position: line,
            message,
        }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_line_is_a_frame_or_an_error() {
        let mut parsed = Parsed::default();
        let text = "{\"metric\":\"a\",\"time\":\"2026-11-20T21:00:00Z\",\"values\":[1]}\r\n\nnonsense\n";
        for (index, line) in text.split('\n').enumerate() {
            parse_line(line.as_bytes(), index + 1, &mut parsed);
        }
        assert_eq!(parsed.frames.len(), 1);
        assert_eq!(parsed.frames[0].position, 1);
        assert_eq!(
            parsed.errors,
            [LineError {
                position: 3,
                message: "expected ident".to_owned()
            }]
        );
    }

    proptest! {
        #[test]
        fn no_line_panics(text in prop::collection::vec(any::<u8>(), 0..100)) {
            let mut parsed = Parsed::default();
            parse_line(&text, 1, &mut parsed);
            prop_assert!(parsed.frames.len() + parsed.errors.len() <= 1);
        }
    }
}
