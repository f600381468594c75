//! The data set as text, as real sources send it.

use std::io::{self, Write};

use shared::frame::FrameBody;

use super::{MockFrame, Plan};

/// Writes a frame as one JSON object on a line, as `POST /api/v1/frames` and `ingest --format jsonl` take it.
pub fn write_json(out: &mut impl Write, plan: &Plan, frame: &MockFrame) -> io::Result<()> {
    let body = FrameBody {
        metric: plan.metric(frame.quantity),
        time: frame.time(),
        channels: None,
        values: frame.values.clone(),
    };
    serde_json::to_writer(&mut *out, &body)?;
    out.write_all(b"\n")
}

/// Writes a frame in line protocol: a line per channel, tagged with it, or one without a tag where there is only one; times
/// are nanoseconds. Null and NaN have no lines: the format cannot say them.
pub fn write_lines(out: &mut impl Write, plan: &Plan, frame: &MockFrame) -> io::Result<()> {
    let metric = plan.metric(frame.quantity);
    let second = frame.second;
    for (channel, value) in frame.values.iter().enumerate() {
        let Some(value) = value.finite() else { continue };
        if frame.values.len() == 1 {
            writeln!(out, "{metric} value={value} {second}000000000")?;
        } else {
            writeln!(out, "{metric},channel={channel} value={value} {second}000000000")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::json_frames;
    use crate::ingest::line_protocol::{self, Options, Precision};
    use crate::mock::{Quantity, START_SECONDS, Site};

    #[test]
    fn our_own_parsers_read_back_what_is_written() {
        let plan = Plan {
            prefix: "mock".to_owned(),
            quantities: vec![Quantity::Module],
            start: START_SECONDS,
            end: START_SECONDS + 1,
            interval: 1,
        };
        let frame = Site::new().frame(Quantity::Module, START_SECONDS).unwrap();
        let mut json = b"{\"frames\":[".to_vec();
        write_json(&mut json, &plan, &frame).unwrap();
        json.extend(b"]}");
        let parsed = json_frames::parse(&json).unwrap();
        assert_eq!(parsed.frames[0].values, frame.values);
        assert_eq!(
            (parsed.frames[0].metric.as_str(), parsed.errors.len()),
            ("mock.module", 0)
        );

        let mut lines = Vec::new();
        write_lines(&mut lines, &plan, &frame).unwrap();
        let options = Options {
            prefix: String::new(),
            precision: Precision::default(),
        };
        let parsed = line_protocol::parse(&lines, &options);
        let values: Vec<f64> = parsed
            .frames
            .iter()
            .flat_map(|frame| &frame.values)
            .filter_map(|value| value.finite())
            .collect();
        let finite: Vec<f64> = frame.values.iter().filter_map(|value| value.finite()).collect();
        assert_eq!((values, parsed.errors.len()), (finite, 0));
        assert!(
            parsed
                .frames
                .iter()
                .all(|parsed| parsed.metric == "mock.module" && parsed.time == Some(frame.time()))
        );
    }
}
