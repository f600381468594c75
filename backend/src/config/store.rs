//! `[store]`: where the samples are kept.

use super::section::Section;

/// What the URL of a store begins with; [`crate::store::open`] knows the rest.
const SCHEMES: [&str; 5] = ["sqlite:", "postgres:", "postgresql:", "mongodb:", "memory:"];

/// The URL of the store, if one is set.
pub(super) fn read(mut section: Section<'_>) -> Option<String> {
    let url = section.parsed("url", "a URL such as \"sqlite:watchroom.db\"", parse_url);
    section.finish();
    url
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
