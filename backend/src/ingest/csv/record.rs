//! The fields of one record.

/// The fields of one record, trimmed, in memory that the next record reuses.
pub(super) struct Record {
    text: String,
    /// Where each field starts and ends in `text`.
    spans: Vec<(usize, usize)>,
    quotes: csv_core::Reader,
    unquoted: Vec<u8>,
    ends: Vec<usize>,
}

/// What became of a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Split {
    /// It is a record.
    Complete,
    /// A quote in it is still open: the record goes on in the next line.
    Open,
    /// It is not UTF-8.
    NotText,
}

impl Record {
    pub(super) fn new() -> Self {
        Self {
            text: String::new(),
            spans: Vec::new(),
            quotes: csv_core::ReaderBuilder::new()
                .terminator(csv_core::Terminator::Any(b'\n'))
                .build(),
            unquoted: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// Takes the lines of a record apart at commas outside of quotes.
    pub(super) fn split(&mut self, text: &[u8]) -> Split {
        self.text.clear();
        self.spans.clear();
        let Ok(text) = std::str::from_utf8(text) else {
            return Split::NotText;
        };
        if text.contains('"') {
            return self.split_quoted(text);
        }
        self.text.push_str(text);
        let mut start = 0;
        for (comma, _) in text.match_indices(',') {
            self.spans.push((start, comma));
            start = comma + 1;
        }
        self.spans.push((start, text.len()));
        Split::Complete
    }

    fn split_quoted(&mut self, text: &str) -> Split {
        self.quotes.reset();
        self.unquoted.resize(text.len(), 0);
        self.ends
            .resize(text.bytes().filter(|byte| *byte == b',').count() + 1, 0);
        let (result, _, n_out, n_ends) = self
            .quotes
            .read_record(text.as_bytes(), &mut self.unquoted, &mut self.ends);
        // The line break ends the record, unless it is inside a quoted field.
        let (end, _, n_more_out, n_more_ends) = match result {
            csv_core::ReadRecordResult::InputEmpty => {
                let (unquoted, ends) = (&mut self.unquoted[n_out..], &mut self.ends[n_ends..]);
                // One byte of room, should the line break be part of a field.
                if unquoted.is_empty() {
                    self.quotes.read_record(b"\n", &mut [0; 1], ends)
                } else {
                    self.quotes.read_record(b"\n", unquoted, ends)
                }
            }
            _ => return Split::Open,
        };
        if end != csv_core::ReadRecordResult::Record {
            return Split::Open;
        }
        let Ok(unquoted) = std::str::from_utf8(&self.unquoted[..n_out + n_more_out]) else {
            return Split::NotText;
        };
        self.text.push_str(unquoted);
        let mut start = 0;
        for end in &self.ends[..n_ends + n_more_ends] {
            self.spans.push((start, *end));
            start = *end;
        }
        Split::Complete
    }

    /// How many fields there are, at least one.
    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is nothing in it.
    pub(super) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// A field without the space around it; empty where there is none.
    pub(super) fn field(&self, index: usize) -> &str {
        match self.spans.get(index) {
            Some((start, end)) => self.text[*start..*end].trim(),
            None => "",
        }
    }

    /// All fields.
    pub(super) fn fields(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|index| self.field(index))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let mut record = Record::new();
        assert_eq!(record.split(text.as_bytes()), Split::Complete, "{text:?}");
        assert_eq!(record.fields().collect::<Vec<_>>(), expected, "{text:?}");
    }

    #[test]
    fn commas_split_and_quotes_hold_together() {
        check("", &[""]);
        check("a, b ,", &["a", "b", ""]);
        check(r#""a,b","c""d",e"#, &["a,b", "c\"d", "e"]);
        check("\"two\nlines\",1", &["two\nlines", "1"]);
        check(r#"5" pipe,2"#, &["5\" pipe", "2"]);
        check("\"\"", &[""]);
    }

    #[test]
    fn an_open_quote_asks_for_more() {
        let mut record = Record::new();
        for text in ["\"", "a,\"b", "a,\"b,\"\"", "\"a\n"] {
            assert_eq!(record.split(text.as_bytes()), Split::Open, "{text:?}");
        }
        assert_eq!(record.split(b"\xff"), Split::NotText);
    }

    proptest! {
        #[test]
        fn fields_written_with_quotes_are_read_back(fields in prop::collection::vec("[a-z\",é\n]{0,5}", 1..6)) {
            let quoted = fields.iter().map(|field| format!("\"{}\"", field.replace('"', "\"\"")));
            let text = quoted.collect::<Vec<_>>().join(",");
            let mut record = Record::new();
            prop_assert_eq!(record.split(text.as_bytes()), Split::Complete);
            let trimmed: Vec<_> = fields.iter().map(|field| field.trim()).collect();
            prop_assert_eq!(record.fields().collect::<Vec<_>>(), trimmed);
        }

        #[test]
        fn no_text_panics(text in "[ab,\"\n\r é]{0,30}") {
            let mut record = Record::new();
            record.split(text.as_bytes());
            prop_assert!(record.fields().all(|field| field.len() <= text.len()));
        }
    }
}
