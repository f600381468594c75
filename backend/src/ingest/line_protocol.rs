//! Line protocol, as InfluxDB 1.x and 2.x clients write it.
//!
//! `measurement,tag=value field=1.5,other=2i 1763676000000000000`
//!
//! Every field of a line becomes a sample: its metric is `measurement.field` (just `measurement` where the field is named
//! `value`) behind the prefix of the database; its channel is labelled by the tag values in the order of their keys,
//! joined by commas (a comma inside a value is written `\,`). A line without tags is about the channel labelled `0`.
//!
//! Numbers become 64-bit floats, so that integers beyond 2^53 lose their last digits; booleans become 1 and 0. Text has no
//! place in a chart: such a field is an error of its own, and the other fields of the line are kept. Any other mistake
//! rejects its line. Times are rounded down to the microsecond.

use std::str::FromStr;

use shared::time::Timestamp;

use super::excerpt::excerpt;
use super::lines::{MAX_LINE_BYTES, too_long_message};
use super::{LineError, Parsed};

mod point;

pub(super) use point::Labels;
use point::read_point;

/// Over how many lines a quoted text may reach; beyond, its quote counts as one that was never closed.
const MAX_TEXT_LINES: usize = 64;

/// How to read line protocol.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// What stands before the name of every metric, such as `db/`; may be empty.
    pub prefix: String,
    /// The unit of the times.
    pub precision: Precision,
}

/// The unit of the times in line protocol.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Precision {
    /// 1e-9 s, written `ns` or `n`.
    #[default]
    Nanoseconds,
    /// 1e-6 s, written `us` or `u`.
    Microseconds,
    /// 1e-3 s, written `ms`.
    Milliseconds,
    /// Written `s`.
    Seconds,
    /// Written `m`.
    Minutes,
    /// Written `h`.
    Hours,
}

/// A text that names no unit of time.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0} is not a precision; write ns, us, ms, s, m or h")]
pub struct PrecisionError(String);

impl FromStr for Precision {
    type Err = PrecisionError;

    fn from_str(text: &str) -> Result<Self, PrecisionError> {
        match text {
            "ns" | "n" => Ok(Self::Nanoseconds),
            "us" | "u" | "µ" => Ok(Self::Microseconds),
            "ms" => Ok(Self::Milliseconds),
            "s" => Ok(Self::Seconds),
            "m" => Ok(Self::Minutes),
            "h" => Ok(Self::Hours),
            _ => Err(PrecisionError(excerpt(text))),
        }
    }
}

impl Precision {
    fn timestamp(self, count: i64) -> Option<Timestamp> {
        let micros = match self {
            Self::Nanoseconds => Some(count.div_euclid(1_000)),
            Self::Microseconds => Some(count),
            Self::Milliseconds => count.checked_mul(1_000),
            Self::Seconds => count.checked_mul(1_000_000),
            Self::Minutes => count.checked_mul(60_000_000),
            Self::Hours => count.checked_mul(3_600_000_000),
        };
        Timestamp::from_micros(micros?)
    }
}

/// Reads a whole body. Positions are lines from 1; a text that reaches over lines counts as its first.
pub fn parse(body: &[u8], options: &Options) -> Parsed {
    parts(body, options, usize::MAX).next().unwrap_or_default()
}

/// Reads a body in parts of about so many values and mistakes, which all say the same as [`parse`].
pub fn parts<'a>(body: &'a [u8], options: &'a Options, n_values: usize) -> Parts<'a> {
    Parts {
        rest: body,
        line: 1,
        options,
        n_values,
        labels: Labels::default(),
    }
}

/// A body that is read in parts.
#[derive(Debug)]
pub struct Parts<'a> {
    rest: &'a [u8],
    line: usize,
    options: &'a Options,
    n_values: usize,
    labels: Labels,
}

impl Iterator for Parts<'_> {
    type Item = Parsed;

    fn next(&mut self) -> Option<Parsed> {
        if self.rest.is_empty() {
            return None;
        }
        let mut parsed = Parsed::default();
        while !self.rest.is_empty() && parsed.frames.len() + parsed.errors.len() < self.n_values {
            let (text, after) = split_line(self.rest);
            parse_line(text, self.line, self.options, &mut self.labels, &mut parsed);
            let n_newlines = |text: &[u8]| memchr::memchr_iter(b'\n', text).count();
            self.line += n_newlines(&self.rest[..self.rest.len() - after.len()]);
            self.rest = after;
        }
        Some(parsed)
    }
}

/// Whether a line goes on in the next one, because a quoted text in it is still open.
pub(super) fn is_open(text: &[u8]) -> bool {
    matches!(closing_newline(text), LineEnd::Open)
}

/// Whether a text with line breaks in it is one line all the same, because they are all inside a quoted text.
pub(super) fn is_one_line(text: &[u8]) -> bool {
    matches!(closing_newline(text), LineEnd::TextEnd)
}

/// Reads one line, with or without its line break; blank lines and comments give nothing.
pub(super) fn parse_line(text: &[u8], line: usize, options: &Options, labels: &mut Labels, parsed: &mut Parsed) {
    let reject = |parsed: &mut Parsed, message| {
        parsed.errors.push(LineError {
            position: line,
            message,
        });
    };
    if text.len() > MAX_LINE_BYTES {
        return reject(parsed, too_long_message());
    }
    let Ok(text) = std::str::from_utf8(text) else {
        return reject(parsed, "the line is not UTF-8".to_owned());
    };
    let text = text.trim_matches([' ', '\t', '\r', '\n', '\0']);
    if text.is_empty() || text.starts_with('#') {
        return;
    }
    let (n_frames, n_errors) = (parsed.frames.len(), parsed.errors.len());
    if let Err(message) = read_point(text, line, options, labels, parsed) {
        parsed.frames.truncate(n_frames);
        parsed.errors.truncate(n_errors);
        reject(parsed, message);
    }
}

/// Where the first line of a text ends.
enum LineEnd {
    /// Before this newline.
    At(usize),
    /// Nowhere; the text is all of it.
    TextEnd,
    /// Not yet: it is inside a quoted text.
    Open,
}

/// The first line and what follows it.
fn split_line(text: &[u8]) -> (&[u8], &[u8]) {
    let end = match closing_newline(text) {
        LineEnd::At(end) => Some(end),
        LineEnd::TextEnd => None,
        LineEnd::Open => memchr::memchr(b'\n', text),
    };
    match end {
        Some(end) => (&text[..end], &text[end + 1..]),
        None => (text, &[]),
    }
}

/// Finds the newline that ends the first line: the first one outside of a quoted field value.
fn closing_newline(text: &[u8]) -> LineEnd {
    let newline = memchr::memchr(b'\n', text);
    let first = &text[..newline.unwrap_or(text.len())];
    let plain = if let Some(newline) = newline {
        LineEnd::At(newline)
    } else {
        LineEnd::TextEnd
    };
    let content = first.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\0'));
    if !first.contains(&b'"') || content.is_none_or(|content| first[content] == b'#') {
        return plain;
    }
    let (mut in_fields, mut in_quotes, mut n_newlines) = (false, false, 0);
    let mut at = content.unwrap_or(0);
    while at < text.len() {
        match text[at] {
            b'\\' if text.get(at + 1) != Some(&b'\n') => at += 1,
            b'\n' if !in_quotes => return LineEnd::At(at),
            b'\n' => {
                n_newlines += 1;
                if n_newlines >= MAX_TEXT_LINES {
                    return plain;
                }
            }
            b' ' if !in_quotes => in_fields = true,
            b'"' if in_quotes => {
                in_quotes = false;
                // Something else after a closing quote: it was the opening quote of another line.
                if !matches!(text.get(at + 1), None | Some(b',' | b' ' | b'\r' | b'\n')) {
                    return plain;
                }
            }
            b'"' if in_fields && at > 0 && text[at - 1] == b'=' => in_quotes = true,
            _ => {}
        }
        at += 1;
    }
    if in_quotes { LineEnd::Open } else { LineEnd::TextEnd }
}

#[cfg(test)]
mod tests;
