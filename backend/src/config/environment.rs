//! Environment variables that stand in for single keys: `WATCHROOM_SERVER__LISTEN` for `listen` in `[server]`.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::suggestion;

const PREFIX: &str = "WATCHROOM_";
/// Between the section and the key. Variables without it, such as those of build tools, are not for this.
const SEPARATOR: &str = "__";

/// The variables that mean keys of the configuration, and what is wrong with them.
#[derive(Debug, Default)]
pub(super) struct Environment {
    variables: Vec<(String, String)>,
    /// The variables that would have been heeded.
    known: RefCell<BTreeSet<String>>,
    mistakes: RefCell<Vec<String>>,
}

impl Environment {
    /// Picks the variables that are for the configuration.
    pub(super) fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let ours = |name: &str| name.strip_prefix(PREFIX).is_some_and(|rest| rest.contains(SEPARATOR));
        let mut variables: Vec<_> = variables.into_iter().filter(|(name, _)| ours(name)).collect();
        variables.sort();
        Self {
            variables,
            ..Self::default()
        }
    }

    /// The variable that stands in for a key, with its value.
    pub(super) fn variable(&self, section: &str, key: &str) -> Option<(&str, &str)> {
        let name = format!("{PREFIX}{section}{SEPARATOR}{key}").to_uppercase();
        let set = self.variables.iter().find(|variable| variable.0 == name);
        self.known.borrow_mut().insert(name);
        set.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Notes that the value of a variable cannot be used.
    pub(super) fn add(&self, variable: &str, message: &str) {
        self.mistakes
            .borrow_mut()
            .push(format!("environment variable {variable}: {message}"));
    }

    /// One line per mistake, variables that nothing asked for among them, unless nothing was asked for at all.
    pub(super) fn into_lines(self) -> Vec<String> {
        let (known, mut lines) = (self.known.into_inner(), self.mistakes.into_inner());
        for (name, _) in &self.variables {
            if !known.is_empty() && !known.contains(name) {
                let hint = suggestion::hint(name, known.iter().map(String::as_str));
                lines.push(format!("environment variable {name}: stands for no key{hint}"));
            }
        }
        lines
    }
}
