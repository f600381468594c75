//! The lines of a file, however long it is and whatever is in it.

use std::collections::VecDeque;
use std::io::{self, BufRead, Read as _};

/// The longest line that is taken, in bytes; a row of 20 000 numbers has about 300 000.
pub(super) const MAX_LINE_BYTES: usize = 4 << 20;

/// One line of a file without its line break.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Line {
    /// Its number, from 1.
    pub(super) number: usize,
    /// What is in it; nothing where `is_too_long`.
    pub(super) text: Vec<u8>,
    /// Whether it was longer than memory should hold.
    pub(super) is_too_long: bool,
    /// Whether its break was a carriage return and a line feed: a quoted text that reaches over it holds both.
    pub(super) ends_in_crlf: bool,
}

/// What to say of a line that is too long.
pub(super) fn too_long_message() -> String {
    format!("the line is longer than {} MiB", MAX_LINE_BYTES >> 20)
}

/// Reads lines one by one; some may be given back.
#[derive(Debug)]
pub(super) struct Lines<R> {
    input: R,
    n_read: usize,
    given_back: VecDeque<Line>,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            n_read: 0,
            given_back: VecDeque::new(),
        }
    }

    /// Reads the next line into `line`, reusing its memory. `false` at the end of the file.
    pub(super) fn read(&mut self, line: &mut Line) -> io::Result<bool> {
        if let Some(earlier) = self.given_back.pop_front() {
            *line = earlier;
            return Ok(true);
        }
        line.text.clear();
        line.is_too_long = false;
        line.ends_in_crlf = false;
        let limit = MAX_LINE_BYTES as u64 + 1;
        if self.input.by_ref().take(limit).read_until(b'\n', &mut line.text)? == 0 {
            return Ok(false);
        }
        self.n_read += 1;
        line.number = self.n_read;
        if line.text.last() == Some(&b'\n') {
            line.text.pop();
            line.ends_in_crlf = line.text.last() == Some(&b'\r');
        } else if line.text.len() > MAX_LINE_BYTES {
            line.text.clear();
            line.is_too_long = true;
            self.skip_line()?;
        }
        if line.text.last() == Some(&b'\r') {
            line.text.pop();
        }
        Ok(true)
    }

    /// Gives lines back that come right before the next one, in their order.
    pub(super) fn give_back(&mut self, lines: Vec<Line>) {
        for line in lines.into_iter().rev() {
            self.given_back.push_front(line);
        }
    }

    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let buffer = self.input.fill_buf()?;
            let newline = buffer.iter().position(|byte| *byte == b'\n');
            let n_skipped = newline.map_or(buffer.len(), |newline| newline + 1);
            let is_last = newline.is_some() || buffer.is_empty();
            self.input.consume(n_skipped);
            if is_last {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(input: &[u8]) -> Vec<(usize, usize, bool)> {
        let mut lines = Lines::new(input);
        let mut line = Line::default();
        let mut all = Vec::new();
        while lines.read(&mut line).unwrap() {
            all.push((line.number, line.text.len(), line.is_too_long));
        }
        all
    }

    #[test]
    fn lines_end_at_newlines_with_or_without_carriage_return() {
        assert_eq!(read_all(b""), []);
        assert_eq!(read_all(b"ab\r\n\nc"), [(1, 2, false), (2, 0, false), (3, 1, false)]);
    }

    #[test]
    fn an_endless_line_is_skipped_without_being_held() {
        let mut input = vec![b'x'; MAX_LINE_BYTES];
        assert_eq!(read_all(&input), [(1, MAX_LINE_BYTES, false)]);
        input.extend_from_slice(b"xxx\nab");
        assert_eq!(read_all(&input), [(1, 0, true), (2, 2, false)]);
    }

    #[test]
    fn lines_given_back_come_again_in_their_order() {
        let mut lines = Lines::new(b"a\nb\nc\nd".as_slice());
        let mut taken = Vec::new();
        for _ in 0..3 {
            let mut line = Line::default();
            assert!(lines.read(&mut line).unwrap());
            taken.push(line);
        }
        lines.give_back(taken.split_off(1));
        let mut line = Line::default();
        let mut numbers = Vec::new();
        while lines.read(&mut line).unwrap() {
            numbers.push(line.number);
        }
        assert_eq!(numbers, [2, 3, 4]);
    }
}
