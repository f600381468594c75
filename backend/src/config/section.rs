//! Reading the tables of a file key by key, so that every mistake in it is told, not only the first.
//!
//! A reader asks a [`Section`] for each key that it knows. What is missing or wrong is noted with its place, and the
//! reader goes on with `None`; at the end [`Section::finish`] notes the keys that nobody asked for.

use std::borrow::Borrow as _;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::RangeInclusive;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::environment::Environment;
use super::mistake::Findings;
use super::suggestion;

/// One table of a file, and which of its keys were asked for.
#[derive(Debug)]
pub(super) struct Section<'a> {
    findings: &'a Findings<'a>,
    environment: &'a Environment,
    /// Whether the environment may set its keys.
    overridable: bool,
    /// The keys that lead here, with points between; empty for the file itself.
    path: String,
    /// Where the table begins, for keys that are missing.
    offset: usize,
    /// `None` where the file does not have the table: then only the environment can fill it.
    table: Option<&'a DeTable<'a>>,
    known: BTreeSet<&'static str>,
}

impl<'a> Section<'a> {
    /// The whole file.
    pub(super) fn file(findings: &'a Findings<'a>, environment: &'a Environment, table: &'a DeTable<'a>) -> Self {
        Self {
            findings,
            environment,
            overridable: false,
            path: String::new(),
            offset: 0,
            table: Some(table),
            known: BTreeSet::new(),
        }
    }

    /// A table in this one whose keys the environment may set; empty where it is missing.
    pub(super) fn overridable(&mut self, key: &'static str) -> Section<'a> {
        let value = self.value(key);
        let table = value.and_then(|value| self.as_table(key, value));
        Section {
            findings: self.findings,
            environment: self.environment,
            overridable: true,
            path: self.path_of(key),
            offset: value.map_or(0, |value| value.span().start),
            table,
            known: BTreeSet::new(),
        }
    }

    /// The tables in the table `key`, with their names.
    pub(super) fn named(&mut self, key: &'static str) -> Vec<(&'a str, Section<'a>)> {
        let Some(tables) = self.value(key).and_then(|value| self.as_table(key, value)) else {
            return Vec::new();
        };
        let mut sections = Vec::new();
        for (name, value) in tables {
            let name: &'a str = name.get_ref().borrow();
            let path = format!("{}.{name:?}", self.path_of(key));
            if let Some(section) = self.inner(path, value) {
                sections.push((name, section));
            }
        }
        sections
    }

    /// The tables in the list `key`; none where it is missing.
    pub(super) fn list(&mut self, key: &'static str) -> Vec<Section<'a>> {
        let path = self.path_of(key);
        self.items(key, "tables")
            .iter()
            .filter_map(|item| self.inner(path.clone(), item))
            .collect()
    }

    /// The tables in the list `key`, at least one; `example` shows what to write.
    pub(super) fn required_list(&mut self, key: &'static str, example: &str) -> Vec<Section<'a>> {
        self.require_item(key, example);
        self.list(key)
    }

    /// The texts in the list `key`, at least one, each with its place; `example` shows what to write.
    pub(super) fn required_texts(&mut self, key: &'static str, example: &str) -> Vec<(&'a str, usize)> {
        self.require_item(key, example);
        self.texts(key)
    }

    /// The texts in the list `key`, each with its place; none where it is missing.
    pub(super) fn texts(&mut self, key: &'static str) -> Vec<(&'a str, usize)> {
        let mut texts = Vec::new();
        for item in self.items(key, "texts") {
            match item.get_ref().as_str() {
                Some(text) => texts.push((text, item.span().start)),
                None => self.wrong_type(self.path_of(key), "a text", item),
            }
        }
        texts
    }

    /// A text; `None` where it is missing.
    pub(super) fn text(&mut self, key: &'static str) -> Option<&'a str> {
        self.parsed(key, "a text", Ok::<_, String>)
    }

    /// A text that must be there and say something.
    pub(super) fn required_text(&mut self, key: &'static str) -> Option<&'a str> {
        self.required(key, "a text", not_blank)
    }

    /// A text that must be there and means something else.
    pub(super) fn required<T, E: Display>(
        &mut self,
        key: &'static str,
        expected: &str,
        parse: impl FnOnce(&'a str) -> Result<T, E>,
    ) -> Option<T> {
        if self.value(key).is_none() {
            self.add(self.offset, key, &format!("is missing; write {expected}"));
        }
        self.parsed(key, expected, parse)
    }

    /// Marks keys as known without reading them.
    pub(super) fn know(&mut self, keys: &[&'static str]) {
        self.known.extend(keys);
    }

    /// A text that means something else; `expected` says what, such as `a duration such as "60s"`.
    ///
    /// `None` where it is missing or, which is noted, cannot be parsed.
    pub(super) fn parsed<T, E: Display>(
        &mut self,
        key: &'static str,
        expected: &str,
        parse: impl FnOnce(&'a str) -> Result<T, E>,
    ) -> Option<T> {
        // Asked for in any case, so that a variable that replaces the key does not make it unknown.
        let value = self.value(key);
        let environment = self.environment;
        if self.overridable
            && let Some((name, text)) = environment.variable(&self.path, key)
        {
            return parse(text)
                .map_err(|error| environment.add(name, &error.to_string()))
                .ok();
        }
        let value = value?;
        let Some(text) = value.get_ref().as_str() else {
            self.wrong_type(self.path_of(key), expected, value);
            return None;
        };
        parse(text)
            .map_err(|error| self.add(value.span().start, key, &error.to_string()))
            .ok()
    }

    /// A whole number; `None` where it is missing or, which is noted, out of range.
    pub(super) fn integer<N>(&mut self, key: &'static str, range: RangeInclusive<N>) -> Option<N>
    where
        N: TryFrom<i64> + PartialOrd + Display,
    {
        // As in `parsed`: asked for in any case.
        let value = self.value(key);
        let (low, high) = (range.start(), range.end());
        let environment = self.environment;
        if self.overridable
            && let Some((name, text)) = environment.variable(&self.path, key)
        {
            let number = text.parse().ok().and_then(|number: i64| N::try_from(number).ok());
            let inside = number.filter(|number| range.contains(number));
            if inside.is_none() {
                environment.add(name, &format!("{text:?} is not a whole number from {low} to {high}"));
            }
            return inside;
        }
        let value = value?;
        let Some(digits) = value.get_ref().as_integer() else {
            self.wrong_type(
                self.path_of(key),
                &format!("a whole number from {low} to {high}"),
                value,
            );
            return None;
        };
        let number = i64::from_str_radix(digits.as_str(), digits.radix());
        let number = number.ok().and_then(|number| N::try_from(number).ok());
        let inside = number.filter(|number| range.contains(number));
        if inside.is_none() {
            let message = format!("{digits} is out of range; write a number from {low} to {high}");
            self.add(value.span().start, key, &message);
        }
        inside
    }

    /// A finite number, whole or not; `None` where it is missing or, which is noted, no such number.
    pub(super) fn number(&mut self, key: &'static str) -> Option<f64> {
        // As in `parsed`: asked for in any case.
        let value = self.value(key);
        let environment = self.environment;
        if self.overridable
            && let Some((name, text)) = environment.variable(&self.path, key)
        {
            let number = text.parse().ok().filter(|number: &f64| number.is_finite());
            if number.is_none() {
                environment.add(name, &format!("{text:?} is not a finite number"));
            }
            return number;
        }
        let value = value?;
        let number = finite(value.get_ref());
        match (number, value.get_ref()) {
            (None, DeValue::Float(digits)) => {
                let message = format!("{} is not a finite number", digits.as_str());
                self.add(value.span().start, key, &message);
            }
            (None, _) => self.wrong_type(self.path_of(key), "a number", value),
            (Some(_), _) => {}
        }
        number
    }

    /// A table inside this one; `None` where it is missing.
    pub(super) fn table(&mut self, key: &'static str) -> Option<Section<'a>> {
        let value = self.value(key)?;
        self.inner(self.path_of(key), value)
    }

    /// Whether there is a text, for keys that take a text or a table.
    pub(super) fn is_text(&mut self, key: &'static str) -> bool {
        self.value(key).is_some_and(|value| value.get_ref().is_str())
    }

    /// Whether there is a value.
    pub(super) fn has(&mut self, key: &'static str) -> bool {
        self.value(key).is_some()
    }

    /// Numbers with a text each, each with its place: `[[number, text], …]`; none where it is missing.
    pub(super) fn pairs(&mut self, key: &'static str, of: &str) -> Vec<(f64, &'a str, usize)> {
        let mut pairs = Vec::new();
        for item in self.items(key, of) {
            let parts = item.get_ref().as_array().map(|parts| &parts[..]);
            let pair = match parts {
                Some([number, text]) => finite(number.get_ref()).zip(text.get_ref().as_str()),
                _ => None,
            };
            match pair {
                Some((number, text)) => pairs.push((number, text, item.span().start)),
                None => self.add(item.span().start, key, &format!("this is none of the {of}")),
            }
        }
        pairs
    }

    /// Yes or no; `None` where it is missing.
    pub(super) fn flag(&mut self, key: &'static str) -> Option<bool> {
        let value = self.value(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong_type(self.path_of(key), "true or false", value);
        }
        flag
    }

    /// Notes a mistake about a key, at a place that came with its value.
    pub(super) fn add(&self, offset: usize, key: &str, message: &str) {
        self.findings.add(offset, format!("{}: {message}", self.path_of(key)));
    }

    /// Notes a mistake about the table itself.
    pub(super) fn add_here(&self, message: &str) {
        let path = if self.path.is_empty() { "this file" } else { &self.path };
        self.findings.add(self.offset, format!("{path}: {message}"));
    }

    /// Notes a mistake about the value of a key, or about the table where the key is missing.
    pub(super) fn add_at(&self, key: &str, message: &str) {
        let value = self.table.and_then(|table| table.get(key));
        self.add(value.map_or(self.offset, |value| value.span().start), key, message);
    }

    /// Notes the keys that nobody asked for.
    pub(super) fn finish(self) {
        for (name, _) in self.table.into_iter().flatten() {
            let key: &str = name.get_ref().borrow();
            if !self.known.contains(key) {
                let hint = suggestion::hint(key, self.known.iter().copied());
                self.add(name.span().start, key, &format!("unknown key{hint}"));
            }
        }
    }

    /// Whether neither the table nor the environment has a key.
    pub(super) fn is_missing(&self, key: &'static str) -> bool {
        let variable = self.overridable.then(|| self.environment.variable(&self.path, key));
        self.table.is_none_or(|table| table.get(key).is_none()) && variable.flatten().is_none()
    }

    fn value(&mut self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        if self.known.insert(key) {
            self.findings.ask(&self.path, key);
        }
        self.table?.get(key)
    }

    fn require_item(&mut self, key: &'static str, example: &str) {
        let value = self.value(key);
        let list = value.map(|value| value.get_ref().as_array());
        // Another type than a list is told by whoever reads the items.
        if list.is_none_or(|list| list.is_some_and(|items| items.is_empty())) {
            self.add_at(key, &format!("there are none; write at least one, such as {example}"));
        }
    }

    fn items(&mut self, key: &'static str, of: &str) -> &'a [Spanned<DeValue<'a>>] {
        let Some(value) = self.value(key) else { return &[] };
        let items = value.get_ref().as_array();
        if items.is_none() {
            self.wrong_type(self.path_of(key), &format!("a list of {of}"), value);
        }
        items.map_or(&[], |items| items)
    }

    fn as_table(&self, key: &str, value: &'a Spanned<DeValue<'a>>) -> Option<&'a DeTable<'a>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.wrong_type(self.path_of(key), "a table", value);
        }
        table
    }

    fn inner(&self, path: String, value: &'a Spanned<DeValue<'a>>) -> Option<Section<'a>> {
        let Some(table) = value.get_ref().as_table() else {
            self.wrong_type(path, "a table", value);
            return None;
        };
        Some(Section {
            findings: self.findings,
            environment: self.environment,
            overridable: false,
            path,
            offset: value.span().start,
            table: Some(table),
            known: BTreeSet::new(),
        })
    }

    fn wrong_type(&self, path: String, expected: &str, found: &Spanned<DeValue<'_>>) {
        let found_type = match found.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a time without quotes",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        let message = format!("{path}: expected {expected}, found {found_type}");
        self.findings.add(found.span().start, message);
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }
}

fn finite(value: &DeValue<'_>) -> Option<f64> {
    let number = match value {
        DeValue::Integer(digits) => i64::from_str_radix(digits.as_str(), digits.radix()).ok()? as f64,
        DeValue::Float(digits) => digits.as_str().parse().ok()?,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

/// A text that says something.
pub(super) fn not_blank(text: &str) -> Result<&str, &'static str> {
    if text.trim().is_empty() {
        Err("is empty")
    } else {
        Ok(text)
    }
}
