//! What no bytes may do to a parser: panic, take memory without bound, or give something that breaks its own contract.
//!
//! Each target takes any bytes. `cargo xtask fuzz` searches for bytes that break one, led by coverage; here, with all
//! tests, they get their seeds (`backend/fuzz/seeds`, with whatever was once found) and damaged copies of these.

use std::io::Cursor;

use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::compact;
use shared::frame::{FrameBody, FramesBody};
use shared::query::envelope::Envelope;
use shared::query::latest::Latest;
use shared::query::nights::Nights;
use shared::query::samples::Samples;

use crate::ingest::csv::{self, Layout, LongTarget, NullMark, TimeFormat};
use crate::ingest::files::{FileReader, Format};
use crate::ingest::line_protocol::{self, Precision};
use crate::ingest::{IncomingChannels, LineError, Parsed, json_frames};
use crate::pyramid::fuzz::decode_tile;

/// The longest message about a part of the input, in bytes: long input must not come back whole.
const MAX_MESSAGE_BYTES: usize = 1_000;

/// Takes any bytes, and panics where something does not hold.
pub type Target = fn(&[u8]);

/// All targets by name.
pub const TARGETS: [(&str, Target); 6] = [
    ("line_protocol", line_protocol),
    ("json_frames", json_frames),
    ("json_lines", json_lines),
    ("csv", csv),
    ("compact", compact),
    ("tile", decode_tile),
];

/// A first byte for the options, then a body; a request and a file must say the same.
fn line_protocol(data: &[u8]) {
    use Precision::{Hours, Microseconds, Milliseconds, Minutes, Nanoseconds, Seconds};
    let (choice, body) = choice_and_rest(data);
    let precisions = [Nanoseconds, Microseconds, Milliseconds, Seconds, Minutes, Hours];
    let options = line_protocol::Options {
        prefix: if choice < 128 { String::new() } else { "db/".to_owned() },
        precision: precisions[usize::from(choice) % precisions.len()],
    };
    let request = line_protocol::parse(body, &options);
    check(&request, body);
    let format = Format::LineProtocol(options);
    assert_eq!(read_file(body, &format, 1), Ok(request), "a file and a request differ");
}

/// A body; what is read of it and written again is read as the same.
fn json_frames(body: &[u8]) {
    let parsed = match json_frames::parse(body) {
        Ok(parsed) => parsed,
        Err(error) => return check_message(&error.to_string()),
    };
    // Positions count items here, and there are fewer items than bytes.
    check_places(&parsed, body.len());
    let as_body = |frame: &crate::ingest::IncomingFrame| FrameBody {
        metric: frame.metric.clone(),
        time: frame.time.expect("a JSON frame has a time"),
        channels: match &frame.channels {
            IncomingChannels::Indices(indices) => Some(indices.clone()),
            IncomingChannels::Dense | IncomingChannels::Labels(_) => None,
        },
        values: frame.values.clone(),
    };
    let frames = parsed.frames.iter().map(as_body).collect();
    let written = serde_json::to_vec(&FramesBody { frames }).expect("what was read can be written");
    let again = json_frames::parse(&written).expect("what was written can be read");
    assert_eq!(again.errors, []);
    for (frame, again) in parsed.frames.iter().zip(&again.frames) {
        assert_eq!((&frame.metric, frame.time), (&again.metric, again.time));
        assert_eq!((&frame.channels, &frame.values), (&again.channels, &again.values));
    }
}

/// A file of one JSON frame per line.
fn json_lines(body: &[u8]) {
    let parsed = read_file(body, &Format::JsonLines, 1_000_000).expect("it has no header that could be wrong");
    check_places(&parsed, n_lines(body));
}

/// A first byte for the layout, then a table; in small parts and at once it must say the same.
fn csv(data: &[u8]) {
    let (choice, table) = choice_and_rest(data);
    let layout = match choice % 4 {
        0 => Layout::Metrics {
            prefix: "p.".to_owned(),
        },
        1 => Layout::Channels { metric: "m".to_owned() },
        rest => Layout::Long {
            channel: "channel".to_owned(),
            value: "value".to_owned(),
            target: if rest == 2 {
                LongTarget::Metric("m".to_owned())
            } else {
                LongTarget::MetricPerChannel("p.".to_owned())
            },
        },
    };
    let format = [
        None,
        Some("%Y/%m/%d %H:%M:%S%.f"),
        Some("%s"),
        Some("%d %b %Y %I:%M %p"),
    ][usize::from(choice / 4 % 4)];
    let zone = (choice < 128).then_some("Europe/Madrid");
    let options = csv::Options {
        time_columns: vec!["time".to_owned()],
        time_format: TimeFormat::new(format, zone, 1).expect("these are formats and zones"),
        nulls: vec![NullMark::new("-9999.9"), NullMark::new("---")],
        quality_suffix: Some("_qc".to_owned()),
        skipped: vec!["note".to_owned()],
        layout,
    };
    let format = Format::Csv(options);
    let in_parts = read_file(table, &format, 1);
    match &in_parts {
        Ok(parsed) => check(parsed, table),
        Err(message) => check_message(message),
    }
    assert_eq!(
        read_file(table, &format, 1_000_000),
        in_parts,
        "parts and the whole differ"
    );
}

/// A first byte for the type of answer, then its compact form; what is read is written and read as the same.
fn compact(data: &[u8]) {
    let (choice, bytes) = choice_and_rest(data);
    let read_and_write = [
        survives::<Envelope>,
        survives::<Latest>,
        survives::<Samples>,
        survives::<Nights>,
        survives::<shared::metric::Metrics>,
        survives::<shared::dashboard::Dashboards>,
        survives::<shared::error::ApiError>,
    ];
    read_and_write[usize::from(choice) % read_and_write.len()](bytes);
}

fn survives<T: Serialize + DeserializeOwned>(bytes: &[u8]) {
    // Bytes are compared, because a NaN equals nothing.
    let Ok(answer) = compact::from_bytes::<T>(bytes) else {
        return;
    };
    let written = compact::to_bytes(&answer).expect("what was read can be written");
    let again: T = compact::from_bytes(&written).expect("what was written can be read");
    assert_eq!(compact::to_bytes(&again).as_ref(), Ok(&written));
}

fn choice_and_rest(data: &[u8]) -> (u8, &[u8]) {
    data.split_first().map_or((0, data), |(choice, rest)| (*choice, rest))
}

/// Reads a file in parts of about so many values; the error is that of its header.
fn read_file(bytes: &[u8], format: &Format, n_values: usize) -> Result<Parsed, String> {
    let mut reader = FileReader::open(Cursor::new(bytes), format).map_err(|error| error.to_string())?;
    let mut all = Parsed::default();
    while let Some(chunk) = reader.read_chunk(n_values).expect("memory does not fail") {
        all.frames.extend(chunk.frames);
        all.errors.extend(chunk.errors);
    }
    Ok(all)
}

fn n_lines(bytes: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', bytes).count() + 1
}

/// What holds for the result of every parser that finds the channels itself.
fn check(parsed: &Parsed, input: &[u8]) {
    check_places(parsed, n_lines(input));
    for frame in &parsed.frames {
        let n_channels = match &frame.channels {
            IncomingChannels::Dense => frame.values.len(),
            IncomingChannels::Indices(indices) => indices.len(),
            IncomingChannels::Labels(labels) => labels.len(),
        };
        assert_eq!(n_channels, frame.values.len(), "{frame:?}");
    }
}

/// Positions rise and are within the input; messages can be shown.
fn check_places(parsed: &Parsed, n_positions: usize) {
    assert!(parsed.frames.is_sorted_by_key(|frame| frame.position));
    assert!(parsed.errors.is_sorted_by_key(|error| error.position));
    let positions = parsed.frames.iter().map(|frame| frame.position);
    let positions = positions.chain(parsed.errors.iter().map(|error| error.position));
    assert!(positions.max().is_none_or(|last| last <= n_positions));
    for LineError { message, .. } in &parsed.errors {
        check_message(message);
    }
}

/// A message is one short line without control characters, so that no input can write lines of its own into a log.
fn check_message(message: &str) {
    assert!(message.len() <= MAX_MESSAGE_BYTES, "too long: {message}");
    assert!(
        !message.chars().any(char::is_control),
        "control characters: {message:?}"
    );
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;

    /// One change to some bytes.
    #[derive(Clone, Debug)]
    enum Edit {
        Replace(Index, u8),
        Insert(Index, Vec<u8>),
        Remove(Index, usize),
        Repeat(Index, usize),
        Cut(Index),
    }

    fn any_edit() -> impl Strategy<Value = Edit> {
        // What parsers look for.
        let tokens: Vec<&[u8]> = vec![
            b"\n",
            b"\r\n",
            b"\"",
            b"\\",
            b",",
            b"=",
            b" ",
            b"#",
            b"{",
            b"}",
            b"[",
            b"]",
            b":",
            b"null",
            b"NaN",
            b"1e999",
            b"-9223372036854775808",
            b"i",
            b"\xff",
            b"\0",
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        ];
        let token = prop::sample::select(tokens).prop_map(<[u8]>::to_vec);
        prop_oneof![
            (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Edit::Replace(at, byte)),
            (any::<Index>(), token).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
            (any::<Index>(), 1_usize..9).prop_map(|(at, n)| Edit::Remove(at, n)),
            (any::<Index>(), 1_usize..60).prop_map(|(at, n)| Edit::Repeat(at, n)),
            any::<Index>().prop_map(Edit::Cut),
        ]
    }

    fn edited(seed: &[u8], edits: &[Edit]) -> Vec<u8> {
        let mut bytes = seed.to_vec();
        for edit in edits {
            let place = |at: &Index| at.index(bytes.len() + 1);
            match edit {
                Edit::Replace(at, byte) => {
                    let at = place(at);
                    bytes.get_mut(at).into_iter().for_each(|old| *old = *byte);
                }
                Edit::Insert(at, more) => {
                    let at = place(at);
                    bytes.splice(at..at, more.iter().copied());
                }
                Edit::Remove(at, n) => {
                    let at = place(at);
                    bytes.drain(at..bytes.len().min(at + n));
                }
                Edit::Repeat(at, n) => {
                    let at = place(at);
                    let again = bytes[at..bytes.len().min(at + n)].to_vec();
                    bytes.splice(at..at, again);
                }
                Edit::Cut(at) => {
                    let at = place(at);
                    bytes.truncate(at);
                }
            }
        }
        bytes
    }

    fn seeds(name: &str) -> Vec<Vec<u8>> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut folders = vec![root.join("fuzz/seeds").join(name)];
        if name == "tile" {
            folders.push(root.join("src/pyramid/codec/fixtures"));
        }
        let files = folders
            .iter()
            .flat_map(|folder| std::fs::read_dir(folder).into_iter().flatten());
        let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        paths.sort();
        assert!(!paths.is_empty(), "{name} has no seeds");
        paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
    }

    /// Gives a target its seeds, and damaged ones.
    fn run(name: &str) {
        let (_, target) = TARGETS.iter().find(|(known, _)| *known == name).unwrap();
        let seeds = seeds(name);
        for seed in &seeds {
            target(seed);
        }
        let damaged = (prop::sample::select(seeds), prop::collection::vec(any_edit(), 1..8));
        proptest!(|((seed, edits) in damaged)| target(&edited(&seed, &edits)));
    }

    #[test]
    fn line_protocol_withstands_damage() {
        run("line_protocol");
    }

    #[test]
    fn json_frames_withstand_damage() {
        run("json_frames");
    }

    #[test]
    fn json_lines_withstand_damage() {
        run("json_lines");
    }

    #[test]
    fn tables_withstand_damage() {
        run("csv");
    }

    #[test]
    fn the_compact_form_withstands_damage() {
        run("compact");
    }

    #[test]
    fn tiles_withstand_damage() {
        run("tile");
    }
}
