//! `[store]`: where the samples are kept, and how long.

use super::keep;
use super::section::Section;
use crate::retention::Keep;

/// What the URL of a store begins with; [`crate::store::open`] knows the rest.
const SCHEMES: [&str; 5] = ["sqlite:", "postgres:", "postgresql:", "mongodb:", "memory:"];

/// The URL of the store, if one is set, and how long samples are kept of which nothing else is said.
pub(super) fn read(mut section: Section<'_>) -> (Option<String>, Keep) {
    let url = section.parsed("url", "a URL such as \"sqlite:watchroom.db\"", parse_url);
    let keep = keep::read(&mut section);
    section.finish();
    (url, keep)
}

fn parse_url(text: &str) -> Result<String, String> {
    if SCHEMES.iter().any(|scheme| text.starts_with(scheme)) {
        Ok(text.to_owned())
    } else {
        // It may hold a password.
        let shown = if text.contains('@') {
            "this"
        } else {
            &format!("{text:?}")
        };
        Err(format!(
            "{shown} is not the URL of a store; write sqlite:FILE, postgres://USER@HOST/DATABASE, mongodb://HOST/DATABASE or memory:"
        ))
    }
}
