//! Tables of comma-separated values.
//!
//! The first line names the columns. A wide table has a row per time and a column per metric, or per channel of one
//! metric; a long table has a row per sample. What the columns mean is said by [`Options`].
//!
//! A row is taken as a whole or not at all. A record may reach over several lines inside quotes; it is named by its
//! first. Should a quote never be closed, only its own line is lost. Files of any length are read in bounded memory.

use std::collections::BTreeMap;
use std::io::{self, BufRead};

use super::lines::{Line, Lines, too_long_message};
use super::{LineError, Parsed};
use crate::store::MetricProperties;

mod options;
mod record;
mod rows;
mod time;

pub use options::{Layout, LongTarget, NullMark, Options, metric_name};
pub use time::TimeFormat;

use record::{Record, Split};
use rows::Rows;

/// Over how many lines a record may reach; beyond, its quote counts as one that was never closed.
const MAX_RECORD_LINES: usize = 64;

/// How many bytes a record may have to go on in a further line.
const MAX_OPEN_RECORD_BYTES: usize = 1 << 20;

/// Why a table cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The first line does not fit the options.
    #[error("line 1: {0}")]
    Header(String),
}

/// Reads a table bit by bit.
pub struct CsvReader<R> {
    lines: Lines<R>,
    record: Record,
    rows: Rows,
}

impl<R: BufRead> CsvReader<R> {
    /// Reads the header.
    pub fn open(input: R, options: &Options) -> Result<Self, Error> {
        let mut lines = Lines::new(input);
        let mut line = Line::default();
        if !lines.read(&mut line)? {
            return Err(Error::Header(
                "the file is empty; its first line must name the columns".to_owned(),
            ));
        }
        if line.text.starts_with("\u{feff}".as_bytes()) {
            line.text.drain(..3);
        }
        let mut record = Record::new();
        let taken = take_record(&mut lines, &mut record, &mut line)?;
        taken.result.map_err(Error::Header)?;
        let rows = Rows::new(&record, options).map_err(Error::Header)?;
        Ok(Self { lines, record, rows })
    }

    /// What the header, and the rows so far, say of the metrics.
    pub fn metrics(&self) -> &BTreeMap<String, MetricProperties> {
        &self.rows.metrics
    }

    /// Reads rows until there are about `n_values` values, or some errors; `None` at the end of the file.
    ///
    /// Positions are lines from 1.
    pub fn read_chunk(&mut self, n_values: usize) -> io::Result<Option<Parsed>> {
        let mut parsed = Parsed::default();
        let mut line = Line::default();
        let mut n_read = 0;
        let mut n_lines = 0;
        // A line without values counts too, so that a file of nothing but errors is also read bit by bit.
        while n_read + n_lines < n_values.max(1) && self.lines.read(&mut line)? {
            n_lines += 1;
            let position = line.number;
            match self.read_row(&mut line, &mut parsed)? {
                Ok(n_values) => n_read += n_values,
                Err(message) => parsed.errors.push(LineError { position, message }),
            }
        }
        Ok((n_lines > 0).then_some(parsed))
    }

    fn read_row(&mut self, line: &mut Line, parsed: &mut Parsed) -> io::Result<Result<usize, String>> {
        let position = line.number;
        let taken = take_record(&mut self.lines, &mut self.record, line)?;
        let result = match taken.result {
            Ok(()) if self.record.is_blank() && self.record.len() == 1 => Ok(0),
            Ok(()) => self.rows.read(&self.record, position, &mut parsed.frames),
            Err(message) => Err(message),
        };
        if result.is_err() {
            // The lines it would have swallowed may be good rows, and the quote the mistake.
            self.lines.give_back(taken.further_lines);
        }
        Ok(result)
    }
}

/// A record, and the lines beyond its first that it took.
struct Taken {
    result: Result<(), String>,
    further_lines: Vec<Line>,
}

/// Makes a record of a line and of those after it that it reaches over.
fn take_record<R: BufRead>(lines: &mut Lines<R>, record: &mut Record, line: &mut Line) -> io::Result<Taken> {
    let mut further_lines: Vec<Line> = Vec::new();
    let result = loop {
        if line.is_too_long {
            break Err(too_long_message());
        }
        match record.split(&line.text) {
            Split::Complete => break Ok(()),
            Split::NotText => break Err("the line is not UTF-8".to_owned()),
            Split::Open => {}
        }
        let mut next = Line::default();
        let is_full = further_lines.len() + 1 >= MAX_RECORD_LINES || line.text.len() > MAX_OPEN_RECORD_BYTES;
        if is_full || !lines.read(&mut next)? {
            break Err("a quote is opened and not closed".to_owned());
        }
        line.text.push(b'\n');
        line.text.extend_from_slice(&next.text);
        line.is_too_long = next.is_too_long;
        further_lines.push(next);
    };
    Ok(Taken { result, further_lines })
}

#[cfg(test)]
mod tests;
