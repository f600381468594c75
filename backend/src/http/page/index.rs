//! `index.html`: its `<base>`, and the policy that names its scripts.

use axum::body::Bytes;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};

use super::{asset, fresh_or};

/// The index, cut at the place of its `<base>`.
#[derive(Clone, Debug)]
pub(super) struct Index {
    before_base: String,
    after_base: String,
    policy: HeaderValue,
}

impl Index {
    /// `None` if it has no `<base>`.
    pub(super) fn new(html: &str) -> Option<Self> {
        let base = tags(html, "base").next()?;
        let hashes: Vec<String> = inline_scripts(html).map(hash).collect();
        Some(Self {
            before_base: html[..base.start].to_owned(),
            after_base: html[base.end..].to_owned(),
            policy: policy(&hashes),
        })
    }

    pub(super) fn policy(&self) -> &HeaderValue {
        &self.policy
    }

    /// The index for a browser that sees the server under this path, which is plain enough to stand in an attribute.
    pub(super) fn respond(&self, base_path: &str, asked: &HeaderMap) -> Response {
        let html = format!("{}<base href=\"{base_path}/\">{}", self.before_base, self.after_base);
        let headers = HeaderMap::from_iter([
            (
                header::CONTENT_TYPE,
                HeaderValue::from_static("text/html; charset=utf-8"),
            ),
            (header::CACHE_CONTROL, asset::ASK_AGAIN),
            (
                header::VARY,
                HeaderValue::from_static("accept-encoding, x-forwarded-prefix"),
            ),
        ]);
        fresh_or(&asset::etag(html.as_bytes()), asked, headers, Bytes::from(html))
    }
}

/// The Content-Security-Policy: this server and nothing else, and of inline scripts those with these hashes.
pub(super) fn policy(script_hashes: &[String]) -> HeaderValue {
    let mut scripts = vec!["'self'".to_owned(), "'wasm-unsafe-eval'".to_owned()];
    scripts.extend(script_hashes.iter().map(|hash| format!("'sha256-{hash}'")));
    let scripts = scripts.join(" ");
    let policy = format!(
        "default-src 'none'; script-src {scripts}; style-src 'self'; img-src 'self' data: blob:; \
         connect-src 'self'; font-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'self'"
    );
    // Never fails: the text is ASCII. Should it ever, then nothing may run.
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// The hash of a script or a style, as a policy names it.
pub(in crate::http) fn hash(script: &str) -> String {
    BASE64_STANDARD.encode(Sha256::digest(script))
}

/// The texts of the scripts that stand in the page itself, byte for byte.
fn inline_scripts(html: &str) -> impl Iterator<Item = &str> {
    tags(html, "script").filter_map(|tag| {
        let attributes = html[tag.clone()].split_ascii_whitespace().skip(1);
        let mut names = attributes.map(|attribute| attribute.split('=').next().unwrap_or_default());
        if names.any(|name| name.eq_ignore_ascii_case("src")) {
            return None;
        }
        let text = &html[tag.end..];
        Some(&text[..find_ignoring_case(text, "</script")?])
    })
}

/// Where the opening tags of a name stand, outside of comments; attributes may not hold `>`.
fn tags<'a>(html: &'a str, name: &'a str) -> impl Iterator<Item = std::ops::Range<usize>> + 'a {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at + html[at..].find('<')?;
            let rest = &html[start + 1..];
            if rest.starts_with("!--") {
                at = start + html[start..].find("-->")? + "-->".len();
                continue;
            }
            at = start + 1;
            let is_name = rest
                .get(..name.len())
                .is_some_and(|word| word.eq_ignore_ascii_case(name))
                && rest[name.len()..]
                    .starts_with(|next: char| next.is_ascii_whitespace() || next == '>' || next == '/');
            if is_name {
                let end = start + html[start..].find('>')? + 1;
                at = end;
                return Some(start..end);
            }
        }
    })
}

fn find_ignoring_case(text: &str, word: &str) -> Option<usize> {
    text.to_ascii_lowercase().find(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn rebased(html: &str) -> Option<String> {
        let index = Index::new(html)?;
        Some(format!("{}<base href=\"/x/\">{}", index.before_base, index.after_base))
    }

    #[test]
    fn the_base_is_replaced_however_it_is_written() {
        for base in [
            "<base href=./>",
            "<base href=\"./\">",
            "<base href='./' />",
            "<BASE HREF=/a/>",
            "<base\n  href=\"/\"\n/>",
            "<base>",
        ] {
            let html = format!("<head><!-- <base> of a comment -->{base}<link href=a.css>");
            let expected = "<head><!-- <base> of a comment --><base href=\"/x/\"><link href=a.css>";
            assert_eq!(rebased(&html).as_deref(), Some(expected), "{base}");
        }
    }

    #[test]
    fn an_index_without_a_base_is_refused() {
        for html in ["", "<head></head>", "<!-- <base> -->", "<basefont size=1>", "<base"] {
            assert_eq!(rebased(html), None, "{html}");
        }
    }

    #[test]
    fn only_scripts_in_the_page_itself_are_hashed() {
        let html = "<script src=a.js></script><script type=module>\nimport a\n</script><!-- <script>no</script> -->\
                    <SCRIPT>b</SCRIPT ><script data-src=x>c</script><script\n async src=\"d.js\"></script>";
        assert_eq!(inline_scripts(html).collect::<Vec<_>>(), ["\nimport a\n", "b", "c"]);
        // As by `printf b | openssl dgst -sha256 -binary | base64`.
        assert_eq!(hash("b"), "PiPoFgA5WUoziU9lZOGxNIu9egCI1CxKy3PurtWcAJ0=");
    }
}
