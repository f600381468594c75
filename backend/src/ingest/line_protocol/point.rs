//! One line of line protocol, taken apart.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use shared::time::Timestamp;
use shared::value::Value;

use super::{Options, Precision};
use crate::ingest::excerpt::excerpt;
use crate::ingest::{IncomingChannels, IncomingFrame, LineError, Parsed};

/// The channel of a line without tags.
const UNTAGGED_LABEL: &str = "0";

/// The field whose name is left out of the metric's.
const PLAIN_FIELD: &str = "value";

/// How many fields a line may have.
const MAX_FIELDS: usize = 65_536;

/// The labels of the tags met so far: most lines have the tags of an earlier one, and then need not be taken apart.
#[derive(Debug, Default)]
pub(in crate::ingest) struct Labels {
    known: HashMap<String, Arc<[String]>>,
}

/// How many are remembered; beyond, all are forgotten.
const MAX_KNOWN_LABELS: usize = 32_768;

/// The longest tags that are remembered, in bytes.
const MAX_KNOWN_BYTES: usize = 512;

impl Labels {
    fn remember(&mut self, tags: &str, label: &Arc<[String]>) {
        if tags.len() > MAX_KNOWN_BYTES {
            return;
        }
        if self.known.len() >= MAX_KNOWN_LABELS {
            self.known.clear();
        }
        self.known.insert(tags.to_owned(), Arc::clone(label));
    }
}

/// Key and value.
type Tag<'a> = (Cow<'a, str>, Cow<'a, str>);

enum FieldValue<'a> {
    Number(f64),
    Text(&'a str),
}

/// What a backslash can make plain in a measurement; in keys and tag values the equals sign too.
const MEASUREMENT_ESCAPES: &[u8] = b",\\ ";
const KEY_ESCAPES: &[u8] = b",\\ =";

/// Reads a line that is neither blank nor a comment. After an error some of what it appended must be taken off again.
pub(super) fn read_point(
    text: &str,
    line: usize,
    options: &Options,
    labels: &mut Labels,
    parsed: &mut Parsed,
) -> Result<(), String> {
    let mut cursor = Cursor { text, at: 0 };
    let measurement = cursor.take_until([b',', b' '], MEASUREMENT_ESCAPES);
    if measurement.is_empty() {
        return Err("the line has no measurement before its first comma or space".to_owned());
    }
    let label = cursor.take_label(labels)?;
    cursor.skip_spaces();
    if cursor.rest().is_empty() {
        return Err("the line has no fields; write measurement,tag=value field=1.5 time".to_owned());
    }
    let first = parsed.frames.len();
    for n_fields in 0.. {
        if n_fields == MAX_FIELDS {
            return Err(format!(
                "the line has more than {MAX_FIELDS} fields; write several lines"
            ));
        }
        match cursor.take_field()? {
            (key, FieldValue::Number(number)) => parsed.frames.push(IncomingFrame {
                position: line,
                metric: metric_name(&options.prefix, &measurement, &key),
                time: None,
                channels: IncomingChannels::Labels(Arc::clone(&label)),
                values: vec![Value::number(number)],
            }),
            (key, FieldValue::Text(text)) => parsed.errors.push(LineError {
                position: line,
                message: format!(
                    "field {} holds the text {}; only numbers and booleans can be stored",
                    excerpt(&key),
                    excerpt(text)
                ),
            }),
        }
        if !cursor.skip(b',') {
            break;
        }
    }
    cursor.skip_spaces();
    let time = parse_time(cursor.rest(), options.precision)?;
    for frame in &mut parsed.frames[first..] {
        frame.time = time;
    }
    Ok(())
}

fn metric_name(prefix: &str, measurement: &str, key: &str) -> String {
    let mut metric = String::with_capacity(prefix.len() + measurement.len() + 1 + key.len());
    metric.push_str(prefix);
    metric.push_str(measurement);
    if key != PLAIN_FIELD {
        metric.push('.');
        metric.push_str(key);
    }
    metric
}

/// The values of tags in the order of their keys.
fn label_of(tags: &[Tag<'_>]) -> String {
    let mut label = String::new();
    for (index, (_, value)) in tags.iter().enumerate() {
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
    fn take_until<const N: usize>(&mut self, stops: [u8; N], escapes: &[u8]) -> Cow<'a, str> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let mut unescaped: Option<String> = None;
        let mut copied = start;
        loop {
            let plain = bytes[self.at..].iter();
            let n_plain = plain
                .take_while(|byte| **byte != b'\\' && !stops.contains(byte))
                .count();
            self.at += n_plain;
            if bytes.get(self.at) != Some(&b'\\') {
                break;
            }
            if bytes.get(self.at + 1).is_some_and(|byte| escapes.contains(byte)) {
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

    /// The label of the tags that begin here, if any do.
    fn take_label(&mut self, labels: &mut Labels) -> Result<Arc<[String]>, String> {
        let rest = self.rest();
        // Up to here, if nothing in it is escaped.
        let tags = &rest[..memchr::memchr(b' ', rest.as_bytes()).unwrap_or(rest.len())];
        if let Some(label) = labels.known.get(tags) {
            self.at += tags.len();
            return Ok(Arc::clone(label));
        }
        let start = self.at;
        let label = if tags.is_empty() {
            UNTAGGED_LABEL.to_owned()
        } else {
            label_of(&self.take_tags()?)
        };
        let label: Arc<[String]> = Arc::new([label]);
        if self.at - start == tags.len() {
            labels.remember(tags, &label);
        }
        Ok(label)
    }

    /// All tags by rising key.
    fn take_tags(&mut self) -> Result<Vec<Tag<'a>>, String> {
        let mut tags = Vec::new();
        while self.skip(b',') {
            tags.push(self.take_tag()?);
        }
        tags.sort_by(|a, b| a.0.cmp(&b.0));
        match tags.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            Some(pair) => Err(format!("tag {} is there twice", excerpt(&pair[0].0))),
            None => Ok(tags),
        }
    }

    fn take_tag(&mut self) -> Result<Tag<'a>, String> {
        let key = self.take_until([b'=', b',', b' '], KEY_ESCAPES);
        if key.is_empty() {
            return Err("a tag has no key".to_owned());
        }
        if !self.skip(b'=') {
            return Err(format!("tag {} has no value; write key=value", excerpt(&key)));
        }
        let value = self.take_until([b'=', b',', b' '], KEY_ESCAPES);
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
        let key = self.take_until([b'=', b',', b' '], KEY_ESCAPES);
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
    let begins_as_number = matches!(text.as_bytes().first(), Some(b'0'..=b'9' | b'-' | b'+' | b'.'));
    match text {
        _ if begins_as_number => {}
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
