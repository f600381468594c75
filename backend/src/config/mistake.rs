//! What is wrong with a configuration, and where.

use std::cell::RefCell;
use std::fmt;

/// All that is wrong with a configuration, one line each: `file:line:column: key: what to change`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mistakes(Vec<String>);

impl Mistakes {
    /// `None` if there are none.
    pub(super) fn new(lines: Vec<String>) -> Option<Self> {
        (!lines.is_empty()).then_some(Self(lines))
    }

    /// The lines, in the order of the files and of their text.
    pub fn lines(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Mistakes {}

/// Collects what is wrong in one file while it is read.
#[derive(Debug)]
pub(super) struct Findings<'a> {
    file: &'a str,
    text: &'a str,
    found: RefCell<Vec<(usize, String)>>,
    /// What the readers asked for: the table and its key, in the order of asking.
    asked: RefCell<Vec<(String, &'static str)>>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        Self {
            file,
            text,
            found: RefCell::default(),
            asked: RefCell::default(),
        }
    }

    /// Notes a mistake at a byte of the text.
    pub(super) fn add(&self, offset: usize, message: String) {
        self.found.borrow_mut().push((offset, message));
    }

    /// Notes that a reader asked for a key of a table, whether it is there or not.
    pub(super) fn ask(&self, table: &str, key: &'static str) {
        self.asked.borrow_mut().push((table.to_owned(), key));
    }

    /// The keys of a table that were asked for, in the order of asking, each once.
    #[cfg(test)]
    pub(super) fn asked_of(&self, table: &str) -> Vec<&'static str> {
        let mut keys = Vec::new();
        for (path, key) in &*self.asked.borrow() {
            if path == table && !keys.contains(key) {
                keys.push(*key);
            }
        }
        keys
    }

    /// One line per mistake, from the top of the file to its end.
    pub(super) fn into_lines(self) -> Vec<String> {
        let Self { file, text, found, .. } = self;
        let mut found = found.into_inner();
        found.sort_by_key(|(offset, _)| *offset);
        let line = |(offset, message): (usize, String)| {
            let (line, column) = line_and_column(text, offset);
            format!("{file}:{line}:{column}: {message}")
        };
        found.into_iter().map(line).collect()
    }
}

/// Both from 1; columns count characters.
fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.matches('\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters_from_one() {
        let text = "a\nüb = 1\n";
        assert_eq!(line_and_column(text, 0), (1, 1));
        assert_eq!(line_and_column(text, text.find('b').unwrap()), (2, 2));
        assert_eq!(line_and_column(text, text.len()), (3, 1));
        assert_eq!(line_and_column(text, text.len() + 9), (3, 1));
    }
}
