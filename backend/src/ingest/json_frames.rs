//! JSON frames: the body of `POST /api/v1/frames`.

use serde::Deserialize;
use serde_json::value::RawValue;
use shared::frame::FrameBody;

use super::excerpt::on_one_line;
use super::{IncomingChannels, IncomingFrame, LineError, Parsed};

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
    #[serde(borrow)]
    frames: Vec<&'a RawValue>,
}

/// Reads a body; a frame that cannot be read is an error at its index, from 0.
pub fn parse(body: &[u8]) -> Result<Parsed, BodyError> {
    let body: Body<'_> = serde_json::from_slice(body).map_err(|error| BodyError {
        message: without_place(&error),
        line: error.line(),
        column: error.column(),
    })?;
    let mut parsed = Parsed {
        frames: Vec::with_capacity(body.frames.len()),
        errors: Vec::new(),
    };
    for (position, text) in body.frames.iter().enumerate() {
        match parse_frame(position, text.get()) {
            Ok(frame) => parsed.frames.push(frame),
            Err(message) => parsed.errors.push(LineError { position, message }),
        }
    }
    Ok(parsed)
}

/// Reads one frame.
pub(super) fn parse_frame(position: usize, text: &str) -> Result<IncomingFrame, String> {
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

    proptest! {
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
