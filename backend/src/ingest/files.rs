//! Files of any length and format, bit by bit.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read};

use flate2::read::MultiGzDecoder;

use super::csv::{self, CsvReader};
use super::lines::{Line, Lines, too_long_message};
use super::{LineError, Parsed, jsonl, line_protocol};
use crate::store::MetricProperties;

/// The format of a file.
#[derive(Clone, PartialEq, Debug)]
pub enum Format {
    /// A table of comma-separated values.
    Csv(csv::Options),
    /// Line protocol.
    LineProtocol(line_protocol::Options),
    /// One JSON frame per line.
    JsonLines,
}

/// A file that is read bit by bit. Positions are lines, from 1.
pub struct FileReader<R>(Reader<R>);

enum Reader<R> {
    Csv(Box<CsvReader<R>>),
    LineProtocol(Lines<R>, line_protocol::Options, line_protocol::Labels),
    JsonLines(Lines<R>),
}

/// Undoes gzip where the content is compressed, whatever its name says.
pub fn decompressed<'a>(input: impl Read + Send + 'a) -> io::Result<Box<dyn BufRead + Send + 'a>> {
    const BUFFER_BYTES: usize = 128 << 10;
    const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
    let mut input = BufReader::with_capacity(BUFFER_BYTES, input);
    if input.fill_buf()?.starts_with(&GZIP_MAGIC) {
        let plain = MultiGzDecoder::new(input);
        Ok(Box::new(BufReader::with_capacity(BUFFER_BYTES, plain)))
    } else {
        Ok(Box::new(input))
    }
}

impl<R: BufRead> FileReader<R> {
    /// Starts to read; of a table the header is read and checked.
    pub fn open(input: R, format: &Format) -> Result<Self, csv::Error> {
        Ok(Self(match format {
            Format::Csv(options) => Reader::Csv(Box::new(CsvReader::open(input, options)?)),
            Format::LineProtocol(options) => {
                Reader::LineProtocol(Lines::new(input), options.clone(), line_protocol::Labels::default())
            }
            Format::JsonLines => Reader::JsonLines(Lines::new(input)),
        }))
    }

    /// What the file says of its metrics, as far as it has been read.
    pub fn metrics(&self) -> BTreeMap<String, MetricProperties> {
        match &self.0 {
            Reader::Csv(reader) => reader.metrics().clone(),
            Reader::LineProtocol(..) | Reader::JsonLines(_) => BTreeMap::new(),
        }
    }

    /// Reads until there are about `n_values` values; `None` at the end of the file.
    pub fn read_chunk(&mut self, n_values: usize) -> io::Result<Option<Parsed>> {
        match &mut self.0 {
            Reader::Csv(reader) => reader.read_chunk(n_values),
            Reader::LineProtocol(lines, options, labels) => read_lines(lines, n_values, |lines, line, parsed| {
                parse_point(lines, line, options, labels, parsed)
            }),
            Reader::JsonLines(lines) => read_lines(lines, n_values, |_, line, parsed| {
                jsonl::parse_line(&line.text, line.number, parsed);
                Ok(())
            }),
        }
    }
}

fn read_lines<R: BufRead>(
    lines: &mut Lines<R>,
    n_values: usize,
    mut parse: impl FnMut(&mut Lines<R>, &mut Line, &mut Parsed) -> io::Result<()>,
) -> io::Result<Option<Parsed>> {
    let mut parsed = Parsed::default();
    let mut line = Line::default();
    let (mut n_lines, mut n_read, mut n_frames) = (0, 0, 0);
    while n_lines + n_read < n_values.max(1) && lines.read(&mut line)? {
        n_lines += 1;
        if line.is_too_long {
            parsed.errors.push(LineError {
                position: line.number,
                message: too_long_message(),
            });
            continue;
        }
        parse(lines, &mut line, &mut parsed)?;
        n_read += parsed.frames[n_frames..]
            .iter()
            .map(|frame| frame.values.len())
            .sum::<usize>();
        n_frames = parsed.frames.len();
    }
    Ok((n_lines > 0).then_some(parsed))
}

/// Reads a point, which may reach over further lines inside a quoted text.
fn parse_point<R: BufRead>(
    lines: &mut Lines<R>,
    line: &mut Line,
    options: &line_protocol::Options,
    labels: &mut line_protocol::Labels,
    parsed: &mut Parsed,
) -> io::Result<()> {
    let n_first = line.text.len();
    let mut ends_in_crlf = line.ends_in_crlf;
    let mut further_lines: Vec<Line> = Vec::new();
    while line_protocol::is_open(&line.text) {
        let mut next = Line::default();
        if !lines.read(&mut next)? {
            break;
        }
        line.text.extend_from_slice(if ends_in_crlf { b"\r\n" } else { b"\n" });
        line.text.extend_from_slice(&next.text);
        ends_in_crlf = next.ends_in_crlf;
        further_lines.push(next);
    }
    if line_protocol::is_one_line(&line.text) {
        line_protocol::parse_line(&line.text, line.number, options, labels, parsed);
    } else {
        // The quote was never closed: only its own line is lost.
        lines.give_back(further_lines);
        line_protocol::parse_line(&line.text[..n_first], line.number, options, labels, parsed);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use proptest::prelude::*;

    use super::*;

    fn line_protocol() -> Format {
        Format::LineProtocol(line_protocol::Options::default())
    }

    fn read_all(text: &[u8], format: &Format, n_values: usize) -> Parsed {
        let mut reader = FileReader::open(text, format).unwrap();
        let mut all = Parsed::default();
        while let Some(chunk) = reader.read_chunk(n_values).unwrap() {
            all.frames.extend(chunk.frames);
            all.errors.extend(chunk.errors);
        }
        all
    }

    #[test]
    fn compressed_files_are_known_by_their_content() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(b"a value=1 0\n").unwrap();
        let packed = packed.finish().unwrap();
        for content in [packed.as_slice(), b"a value=1 0\n"] {
            let mut text = String::new();
            decompressed(content).unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(text, "a value=1 0\n");
        }
        let mut cut = decompressed(&packed[..packed.len() - 6]).unwrap();
        assert!(cut.read_to_end(&mut Vec::new()).is_err());
    }

    #[test]
    fn json_lines_are_numbered() {
        let frame = r#"{"metric":"a","time":"2026-11-20T21:00:00Z","values":[1,2]}"#;
        let parsed = read_all(format!("{frame}\n\n{{}}\n{frame}").as_bytes(), &Format::JsonLines, 1);
        let lines: Vec<_> = parsed.frames.iter().map(|frame| frame.position).collect();
        assert_eq!(lines, [1, 4]);
        assert_eq!(parsed.errors[0].position, 3);
    }

    proptest! {
        #[test]
        fn a_file_of_line_protocol_says_the_same_as_a_request(
            parts in prop::collection::vec(prop::sample::select(
                vec!["a", ",", " ", "=", "\\", "\"", "1", "\n", "\n", "#", "a b=1 5\n", "m s=\"x\ny\",v=2\n"]), 0..30),
            n_values in 0_usize..5,
        ) {
            let text = parts.concat();
            let request = line_protocol::parse(text.as_bytes(), &line_protocol::Options::default());
            prop_assert_eq!(read_all(text.as_bytes(), &line_protocol(), n_values), request);
        }
    }
}
