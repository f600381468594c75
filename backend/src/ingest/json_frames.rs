//! JSON frames: the body of `POST /api/v1/frames`.

use std::fmt;
use std::iter::Enumerate;
use std::vec::IntoIter;

use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;
use shared::frame::FrameBody;

use super::excerpt::on_one_line;
use super::{IncomingChannels, IncomingFrame, LineError, Parsed};

/// The longest frame that is taken, in bytes; one of 20 000 channels has about 500 000.
const MAX_FRAME_BYTES: usize = 4 << 20;

/// The most frames of one request.
const MAX_FRAMES: usize = 1_000_000;

/// A body that is not a list of frames at all; nothing of it can be taken.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the body must be a JSON object {{\"frames\":[…]}}: {message} at line {line} column {column}")]
pub struct BodyError {
    /// What is wrong.
    pub message: String,
    /// Where, from 1.
    pub line: usize,
    /// Where, from 1; 0 at the end of a line.
    pub column: usize,
}

/// The body with its frames still unread, so that each can fail for itself.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with the key `frames`")]
struct Body<'a> {
    #[serde(borrow, deserialize_with = "read_list")]
    frames: Vec<&'a RawValue>,
}

/// Reads a list of not too many parts; short ones take more memory here than in the text.
fn read_list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<&'de RawValue>, D::Error> {
    struct List;

    impl<'de> Visitor<'de> for List {
        type Value = Vec<&'de RawValue>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a sequence")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut frames = Vec::new();
            while let Some(frame) = list.next_element()? {
                if frames.len() == MAX_FRAMES {
                    let message = format!("more than {MAX_FRAMES} frames; send them in several requests");
                    return Err(de::Error::custom(message));
                }
                frames.push(frame);
            }
            Ok(frames)
        }
    }

    deserializer.deserialize_seq(List)
}

/// Reads a body; a frame that cannot be read is an error at its index, from 0.
pub fn parse(body: &[u8]) -> Result<Parsed, BodyError> {
    Ok(parts(body, usize::MAX)?.next().unwrap_or_default())
}

/// Reads a body in parts of about so many values and mistakes, which all say the same as [`parse`].
///
/// The body is checked as a whole first: where it is not a list of frames there are no parts.
pub fn parts(body: &[u8], n_values: usize) -> Result<Parts<'_>, BodyError> {
    let body: Body<'_> = serde_json::from_slice(body).map_err(|error| BodyError {
        message: without_place(&error),
        line: error.line(),
        column: error.column(),
    })?;
    Ok(Parts {
        frames: body.frames.into_iter().enumerate(),
        n_values,
    })
}

/// A body that is read in parts.
#[derive(Debug)]
pub struct Parts<'a> {
    frames: Enumerate<IntoIter<&'a RawValue>>,
    n_values: usize,
}

impl Iterator for Parts<'_> {
    type Item = Parsed;

    fn next(&mut self) -> Option<Parsed> {
        let mut parsed = Parsed::default();
        let mut n_read = 0;
        while n_read < self.n_values
            && let Some((position, text)) = self.frames.next()
        {
            match parse_frame(position, text.get()) {
                Ok(frame) => {
                    n_read += frame.values.len().max(1);
                    parsed.frames.push(frame);
                }
                Err(message) => {
                    n_read += 1;
                    parsed.errors.push(LineError { position, message });
                }
            }
        }
        (n_read > 0).then_some(parsed)
    }
}

/// Reads one frame.
pub(super) fn parse_frame(position: usize, text: &str) -> Result<IncomingFrame, String> {
    if text.len() > MAX_FRAME_BYTES {
        return Err(format!("the frame is longer than {} MiB", MAX_FRAME_BYTES >> 20));
    }
    let body: FrameBody = serde_json::from_str(text).map_err(|error| without_place(&error))?;
    Ok(IncomingFrame {
        position,
        metric: body.metric,
        time: Some(body.time),
        channels: body.channels.map_or(IncomingChannels::Dense, IncomingChannels::Indices),
        values: body.values,
    })
}

/// The message of an error without its line and column, which would count from the start of a part.
fn without_place(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let end = message.rfind(" at line ").unwrap_or(message.len());
    // It may repeat names and texts of the input, of any length.
    on_one_line(&message[..end])
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;
    use shared::frame::FramesBody;
    use shared::value::Value;

    use super::*;

    fn report(body: &str) -> String {
        match parse(body.as_bytes()) {
            Err(error) => error.to_string(),
            Ok(parsed) => {
                let frames = parsed.frames.iter().map(|frame| format!("{frame:?}"));
                let errors = parsed
                    .errors
                    .iter()
                    .map(|error| format!("{}: {}", error.position, error.message));
                frames.chain(errors).collect::<Vec<_>>().join("\n")
            }
        }
    }

    #[test]
    fn dense_and_sparse_frames_are_read() {
        assert_snapshot!(
            report(
                r#"{"frames":[
                    {"metric":"hv","time":"2026-11-20T22:00:00.5+01:00","values":[1,null,"NaN"]},
                    {"metric":"hv","time":"2026-11-20T21:01:00Z","channels":[9,3],"values":[1.5,-2]}]}"#
            ),
            @r#"
        IncomingFrame { position: 0, metric: "hv", time: Some(2026-11-20T21:00:00.5Z), channels: Dense, values: [1, null, NaN] }
        IncomingFrame { position: 1, metric: "hv", time: Some(2026-11-20T21:01:00Z), channels: Indices([9, 3]), values: [1.5, -2] }
        "#
        );
    }

    #[test]
    fn a_bad_frame_is_named_by_its_index_and_the_others_are_kept() {
        assert_snapshot!(
            report(
                r#"{"frames":[
                    {"metric":"a","time":"2026-11-20T21:00:00Z","values":[1]},
                    {"metric":"a","values":[1]},
                    {"metric":7,"time":"2026-11-20T21:00:00Z","values":[1]},
                    {"metric":"a","time":"yesterday","values":[1]},
                    {"metric":"a","time":"2026-11-20T21:00:00Z","values":["nan"]},
                    {"metric":"a","time":"2026-11-20T21:00:00Z","values":[1e999]},
                    {"metric":"a","time":"2026-11-20T21:00:00Z","values":[1],"channel":[0]},
                    {"metric":"a","time":"2026-11-20T21:00:00Z","channels":[-1],"values":[1]},
                    3,
                    {"metric":"b","time":"2026-11-20T21:00:00Z","values":[2]}]}"#
            ),
            @r#"
        IncomingFrame { position: 0, metric: "a", time: Some(2026-11-20T21:00:00Z), channels: Dense, values: [1] }
        IncomingFrame { position: 9, metric: "b", time: Some(2026-11-20T21:00:00Z), channels: Dense, values: [2] }
        1: missing field `time`
        2: invalid type: integer `7`, expected a string
        3: "yesterday" is not a time: it is too short; write it like 2026-11-20T03:12:48Z
        4: invalid value: string "nan", expected a number, null, "NaN", "Infinity" or "-Infinity"
        5: number out of range
        6: unknown field `channel`, expected one of `metric`, `time`, `channels`, `values`
        7: invalid value: integer `-1`, expected u32
        8: invalid type: integer `3`, expected an object with `metric`, `time` and `values`
        "#
        );
    }

    #[test]
    fn a_body_that_is_no_list_of_frames_is_one_error_with_its_place() {
        assert_snapshot!(report("{\"frames\":[\n{\"metric\":}]}"), @r#"the body must be a JSON object {"frames":[…]}: expected value at line 2 column 11"#);
        assert_snapshot!(report("[]"), @r#"the body must be a JSON object {"frames":[…]}: invalid length 0, expected an object with the key `frames` at line 1 column 2"#);
        assert_snapshot!(report("{\"points\":[]}"), @r#"the body must be a JSON object {"frames":[…]}: unknown field `points`, expected `frames` at line 1 column 9"#);
        assert_snapshot!(report(""), @r#"the body must be a JSON object {"frames":[…]}: EOF while parsing a value at line 1 column 0"#);
        assert!(parse(b"\xff\xfe").is_err());
    }

    #[test]
    fn endless_bodies_and_frames_are_refused() {
        let many = format!("{{\"frames\":[{}1]}}", "1,".repeat(1_000_000));
        let wide = format!("{{\"frames\":[{{\"values\":[{}1]}}]}}", "1,".repeat(2_200_000));
        assert_snapshot!([many, wide].map(|body| report(&body)).join("\n"), @r#"
        the body must be a JSON object {"frames":[…]}: more than 1000000 frames; send them in several requests at line 1 column 2000013
        0: the frame is longer than 4 MiB
        "#);
    }

    proptest! {
        #[test]
        fn parts_say_the_same_as_the_whole(
            frames in prop::collection::vec(prop::sample::select(vec![
                r#"{"metric":"a","time":"2026-11-20T21:00:00Z","values":[1,2,3]}"#,
                r#"{"metric":"b","time":"2026-11-20T21:00:00Z","values":[]}"#, "7"]), 0..20),
            n_values in 1_usize..5,
        ) {
            let body = format!("{{\"frames\":[{}]}}", frames.join(","));
            let mut all = Parsed::default();
            for part in parts(body.as_bytes(), n_values).unwrap() {
                all.frames.extend(part.frames);
                all.errors.extend(part.errors);
            }
            prop_assert_eq!(all, parse(body.as_bytes()).unwrap());
        }

        #[test]
        fn what_is_written_is_read_back(
            values in prop::collection::vec(prop::option::of(any::<f64>()), 0..20),
            micros in -62_000_000_000_000_000_i64..250_000_000_000_000_000,
            metric in ".*",
        ) {
            let time = shared::time::Timestamp::saturating_from_micros(micros);
            let values: Vec<Value> = values.into_iter().map(Value::from).collect();
            let frame = FrameBody { metric: metric.clone(), time, channels: None, values: values.clone() };
            let text = serde_json::to_string(&FramesBody { frames: vec![frame] }).unwrap();
            let parsed = parse(text.as_bytes()).unwrap();
            prop_assert_eq!(parsed.errors, vec![]);
            let expected = IncomingFrame { position: 0, metric, time: Some(time), channels: IncomingChannels::Dense, values };
            prop_assert_eq!(parsed.frames, vec![expected]);
        }

        #[test]
        fn no_body_panics(body in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(parse(&body).is_ok_and(|parsed| parsed.frames.is_empty()) || parse(&body).is_err());
        }
    }
}
