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

use std::borrow::Cow;
use std::str::FromStr;
use std::sync::Arc;

use shared::time::Timestamp;
use shared::value::Value;

use super::excerpt::excerpt;
use super::{IncomingChannels, IncomingFrame, LineError, Parsed};

/// The channel of a line without tags.
const UNTAGGED_LABEL: &str = "0";

/// The field whose name is left out of the metric's.
const PLAIN_FIELD: &str = "value";

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
    let mut parsed = Parsed::default();
    let mut rest = body;
    let mut line = 1;
    while !rest.is_empty() {
        let (text, after) = split_line(rest);
        parse_line(text, line, options, &mut parsed);
        let n_newlines = |text: &[u8]| memchr::memchr_iter(b'\n', text).count();
        line += n_newlines(&rest[..rest.len() - after.len()]);
        rest = after;
    }
    parsed
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
pub(super) fn parse_line(text: &[u8], line: usize, options: &Options, parsed: &mut Parsed) {
    let mut reject = |message| {
        parsed.errors.push(LineError {
            position: line,
            message,
        });
    };
    let Ok(text) = std::str::from_utf8(text) else {
        return reject("the line is not UTF-8".to_owned());
    };
    let text = text.trim_matches([' ', '\t', '\r', '\n', '\0']);
    if text.is_empty() || text.starts_with('#') {
        return;
    }
    let point = match Point::parse(text, options.precision) {
        Ok(point) => point,
        Err(message) => return reject(message),
    };
    let label: Arc<[String]> = Arc::new([point.label()]);
    for (key, value) in point.fields {
        let value = match value {
            FieldValue::Number(number) => Value::number(number),
            FieldValue::Text(text) => {
                reject(format!(
                    "field {} holds the text {}; only numbers and booleans can be stored",
                    excerpt(&key),
                    excerpt(text)
                ));
                continue;
            }
        };
        let mut metric = String::with_capacity(options.prefix.len() + point.measurement.len() + 1 + key.len());
        metric.push_str(&options.prefix);
        metric.push_str(&point.measurement);
        if key != PLAIN_FIELD {
            metric.push('.');
            metric.push_str(&key);
        }
        parsed.frames.push(IncomingFrame {
            position: line,
            metric,
            time: point.time,
            channels: IncomingChannels::Labels(Arc::clone(&label)),
            values: vec![value],
        });
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

/// One line.
struct Point<'a> {
    measurement: Cow<'a, str>,
    tags: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    fields: Vec<(Cow<'a, str>, FieldValue<'a>)>,
    time: Option<Timestamp>,
}

enum FieldValue<'a> {
    Number(f64),
    Text(&'a str),
}

/// What a backslash can make plain in a measurement; in keys and tag values the equals sign too.
const MEASUREMENT_ESCAPES: &[u8] = b",\\ ";
const KEY_ESCAPES: &[u8] = b",\\ =";

impl<'a> Point<'a> {
    fn parse(text: &'a str, precision: Precision) -> Result<Self, String> {
        let mut cursor = Cursor { text, at: 0 };
        let measurement = cursor.take_until(b", ", MEASUREMENT_ESCAPES);
        if measurement.is_empty() {
            return Err("the line has no measurement before its first comma or space".to_owned());
        }
        let mut point = Self {
            measurement,
            tags: Vec::new(),
            fields: Vec::new(),
            time: None,
        };
        while cursor.skip(b',') {
            point.tags.push(cursor.take_tag()?);
        }
        point.tags.sort_by(|a, b| a.0.cmp(&b.0));
        if let Some(pair) = point.tags.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(format!("tag {} is there twice", excerpt(&pair[0].0)));
        }
        cursor.skip_spaces();
        if cursor.rest().is_empty() {
            return Err("the line has no fields; write measurement,tag=value field=1.5 time".to_owned());
        }
        loop {
            point.fields.push(cursor.take_field()?);
            if !cursor.skip(b',') {
                break;
            }
        }
        cursor.skip_spaces();
        point.time = parse_time(cursor.rest(), precision)?;
        Ok(point)
    }

    fn label(&self) -> String {
        if self.tags.is_empty() {
            return UNTAGGED_LABEL.to_owned();
        }
        let mut label = String::new();
        for (index, (_, value)) in self.tags.iter().enumerate() {
            if index > 0 {
                label.push(',');
            }
            if value.contains(',') {
                label.push_str(&value.replace(',', "\\,"));
            } else {
                label.push_str(value);
            }
        }
        label
    }
}

fn parse_time(text: &str, precision: Precision) -> Result<Option<Timestamp>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let count = text
        .parse::<i64>()
        .map_err(|_not_an_integer| format!("the time {} is not an integer of 64 bits", excerpt(text)))?;
    match precision.timestamp(count) {
        Some(time) => Ok(Some(time)),
        None => Err(format!(
            "the time {count} lies outside the years 0 to 9999; is the precision right?"
        )),
    }
}

/// A place in a line.
struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.at += 1;
        }
        found
    }

    fn skip_spaces(&mut self) {
        while self.skip(b' ') {}
    }

    /// Text up to one of the (ASCII) stops that no backslash precedes, with its escapes undone.
    ///
    /// A backslash before anything but an escapable byte stands for itself.
    fn take_until(&mut self, stops: &[u8], escapes: &[u8]) -> Cow<'a, str> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let mut unescaped: Option<String> = None;
        let mut copied = start;
        while self.at < bytes.len() && !stops.contains(&bytes[self.at]) {
            let is_escape =
                bytes[self.at] == b'\\' && bytes.get(self.at + 1).is_some_and(|byte| escapes.contains(byte));
            if is_escape {
                unescaped
                    .get_or_insert_with(String::new)
                    .push_str(&self.text[copied..self.at]);
                copied = self.at + 1;
                self.at += 1;
            }
            self.at += 1;
        }
        match unescaped {
            None => Cow::Borrowed(&self.text[start..self.at]),
            Some(mut text) => {
                text.push_str(&self.text[copied..self.at]);
                Cow::Owned(text)
            }
        }
    }

    fn take_tag(&mut self) -> Result<(Cow<'a, str>, Cow<'a, str>), String> {
        let key = self.take_until(b"=, ", KEY_ESCAPES);
        if key.is_empty() {
            return Err("a tag has no key".to_owned());
        }
        if !self.skip(b'=') {
            return Err(format!("tag {} has no value; write key=value", excerpt(&key)));
        }
        let value = self.take_until(b"=, ", KEY_ESCAPES);
        if value.is_empty() {
            return Err(format!("tag {} has an empty value", excerpt(&key)));
        }
        if self.peek() == Some(b'=') {
            return Err(format!(
                "the value of tag {} holds an equals sign; write it as \\=",
                excerpt(&key)
            ));
        }
        Ok((key, value))
    }

    fn take_field(&mut self) -> Result<(Cow<'a, str>, FieldValue<'a>), String> {
        let key = self.take_until(b"=, ", KEY_ESCAPES);
        if key.is_empty() {
            return Err("a field has no key".to_owned());
        }
        if !self.skip(b'=') {
            return Err(format!("field {} has no value; write key=value", excerpt(&key)));
        }
        if self.skip(b'"') {
            let text = self
                .take_text()
                .ok_or_else(|| format!("the text of field {} is not closed by a quote", excerpt(&key)))?;
            return Ok((key, FieldValue::Text(text)));
        }
        let start = self.at;
        while self.peek().is_some_and(|byte| byte != b',' && byte != b' ') {
            self.at += 1;
        }
        let number =
            parse_number(&self.text[start..self.at]).map_err(|wrong| format!("field {}: {wrong}", excerpt(&key)))?;
        Ok((key, FieldValue::Number(number)))
    }

    /// The text up to its closing quote, escapes and all; behind the quote the field must end.
    fn take_text(&mut self) -> Option<&'a str> {
        let start = self.at;
        loop {
            match self.peek()? {
                b'\\' => self.at += 2,
                b'"' => break,
                _ => self.at += 1,
            }
        }
        let text = &self.text[start..self.at];
        self.at += 1;
        matches!(self.peek(), None | Some(b',' | b' ')).then_some(text)
    }
}

fn parse_number(text: &str) -> Result<f64, String> {
    match text {
        "t" | "T" | "true" | "True" | "TRUE" => return Ok(1.0),
        "f" | "F" | "false" | "False" | "FALSE" => return Ok(0.0),
        _ => {}
    }
    let wrong = || format!("{} is not a number, an integer such as 3i, or a boolean", excerpt(text));
    let out_of_range = || format!("{} is beyond the integers of 64 bits", excerpt(text));
    let is_integer = |digits: &str| {
        let digits = digits.strip_prefix(['+', '-']).unwrap_or(digits);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    if let Some(digits) = text.strip_suffix('i').filter(|digits| is_integer(digits)) {
        return digits
            .parse::<i64>()
            .map(|n| n as f64)
            .map_err(|_overflow| out_of_range());
    }
    if let Some(digits) = text.strip_suffix('u').filter(|digits| is_integer(digits)) {
        return digits
            .parse::<u64>()
            .map(|n| n as f64)
            .map_err(|_overflow| out_of_range());
    }
    // Rust also reads the words "inf" and "nan", which line protocol does not have.
    let has_number_shape = text
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    let number = text
        .parse::<f64>()
        .ok()
        .filter(|_| has_number_shape)
        .ok_or_else(wrong)?;
    if number.is_finite() {
        Ok(number)
    } else {
        Err(format!("{} is beyond the floats of 64 bits", excerpt(text)))
    }
}

#[cfg(test)]
mod tests;
