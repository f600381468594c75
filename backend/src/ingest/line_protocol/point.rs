//! One line of line protocol, taken apart.

use std::borrow::Cow;

use shared::time::Timestamp;

use super::Precision;
use crate::ingest::excerpt::excerpt;

/// The channel of a line without tags.
const UNTAGGED_LABEL: &str = "0";

/// How many fields a line may have.
const MAX_FIELDS: usize = 65_536;

/// One line.
pub(super) struct Point<'a> {
    pub(super) measurement: Cow<'a, str>,
    tags: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    pub(super) fields: Vec<(Cow<'a, str>, FieldValue<'a>)>,
    pub(super) time: Option<Timestamp>,
}

pub(super) enum FieldValue<'a> {
    Number(f64),
    Text(&'a str),
}

/// What a backslash can make plain in a measurement; in keys and tag values the equals sign too.
const MEASUREMENT_ESCAPES: &[u8] = b",\\ ";
const KEY_ESCAPES: &[u8] = b",\\ =";

impl<'a> Point<'a> {
    pub(super) fn parse(text: &'a str, precision: Precision) -> Result<Self, String> {
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
            if point.fields.len() == MAX_FIELDS {
                return Err(format!(
                    "the line has more than {MAX_FIELDS} fields; write several lines"
                ));
            }
            point.fields.push(cursor.take_field()?);
            if !cursor.skip(b',') {
                break;
            }
        }
        cursor.skip_spaces();
        point.time = parse_time(cursor.rest(), precision)?;
        Ok(point)
    }

    pub(super) fn label(&self) -> String {
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
