//! Exports that people can read: CSV and JSON.

use std::io::Write as _;

use serde::Serialize;
use shared::time::Timestamp;
use shared::value::Value;

use super::table::{COLUMNS, Row};

/// Comma-separated values.
pub(super) struct Csv {
    bytes: Vec<u8>,
}

impl Csv {
    pub(super) fn new() -> Self {
        let mut bytes = COLUMNS.join(",").into_bytes();
        bytes.push(b'\n');
        Self { bytes }
    }

    pub(super) fn write(&mut self, row: &Row<'_>) {
        let bytes = &mut self.bytes;
        push_time(bytes, row.time_us);
        push(bytes, format_args!(",{},", row.channel));
        push_quoted(bytes, row.label);
        bytes.push(b',');
        push_value(bytes, row.value);
        bytes.push(b',');
        push_time(bytes, row.arrival_us);
        bytes.push(b'\n');
    }

    pub(super) fn take_bytes(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }
}

fn push(bytes: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // A vector takes whatever is written to it.
    let _always_written = bytes.write_fmt(text);
}

/// The digits of the second stand at the end, before the Z: all six are written, or none.
fn push_time(bytes: &mut Vec<u8>, time_us: i64) {
    let time = Timestamp::saturating_from_micros(time_us);
    let whole_us = time_us.div_euclid(1_000_000) * 1_000_000;
    let start = bytes.len();
    push(
        bytes,
        format_args!("{}", time.saturating_add_micros(whole_us - time_us)),
    );
    // Without its Z.
    bytes.truncate(bytes.len().max(start + 1) - 1);
    push(bytes, format_args!(".{:06}Z", time_us - whole_us));
}

/// Between quotes where a reader would otherwise see something else: an empty label is not null.
fn push_quoted(bytes: &mut Vec<u8>, text: &str) {
    let plain =
        !text.is_empty() && text.trim() == text && !text.contains(|c: char| c == ',' || c == '"' || c.is_control());
    if plain {
        bytes.extend_from_slice(text.as_bytes());
    } else {
        push(bytes, format_args!("\"{}\"", text.replace('"', "\"\"")));
    }
}

fn push_value(bytes: &mut Vec<u8>, value: Value) {
    match value.as_number() {
        None => {}
        Some(number) if number.is_nan() => bytes.extend_from_slice(b"NaN"),
        Some(number) if number.is_infinite() => {
            let text: &[u8] = if number > 0.0 { b"Infinity" } else { b"-Infinity" };
            bytes.extend_from_slice(text);
        }
        // With an exponent where the number is very large or small; exact when read back.
        Some(number) => push(bytes, format_args!("{number:?}")),
    }
}

/// One array of objects, each on its line.
pub(super) struct JsonArray {
    bytes: Vec<u8>,
    is_empty: bool,
}

/// A row as an object; its fields are [`COLUMNS`].
#[derive(Serialize)]
struct Object<'a> {
    time: &'a str,
    channel: u32,
    label: &'a str,
    value: Value,
    arrival: &'a str,
}

impl JsonArray {
    pub(super) fn new() -> Self {
        Self {
            bytes: b"[".to_vec(),
            is_empty: true,
        }
    }

    pub(super) fn write(&mut self, row: &Row<'_>) {
        self.bytes.extend_from_slice(if self.is_empty { b"\n" } else { b",\n" });
        self.is_empty = false;
        let (time, arrival) = (time_text(row.time_us), time_text(row.arrival_us));
        let object = Object {
            time: &time,
            channel: row.channel,
            label: row.label,
            value: row.value,
            arrival: &arrival,
        };
        // Neither the vector nor the types can refuse.
        let _always_written = serde_json::to_writer(&mut self.bytes, &object);
    }

    pub(super) fn take_bytes(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.bytes.extend_from_slice(b"\n]\n");
        self.bytes
    }
}

fn time_text(time_us: i64) -> String {
    let mut bytes = Vec::with_capacity(27);
    push_time(&mut bytes, time_us);
    String::from_utf8_lossy(&bytes).into_owned()
}
