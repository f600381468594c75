//! The files of the page beside its index.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use axum::body::Bytes;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::fresh_or;
use super::negotiation::{self, Encoding};

/// How long browsers keep a file whose name changes with its content.
const FOR_GOOD: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
pub(super) const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// One file, with its packed forms.
#[derive(Clone, Debug)]
pub(super) struct Asset {
    content_type: HeaderValue,
    cache_control: HeaderValue,
    etag: HeaderValue,
    plain: Bytes,
    /// Present where the packed form is smaller, in a release build.
    brotli: Option<Bytes>,
    gzip: Option<Bytes>,
}

impl Asset {
    fn new(name: &str, plain: Bytes, brotli: Option<Bytes>, gzip: Option<Bytes>) -> Self {
        Self {
            content_type: content_type(name),
            cache_control: if carries_hash(name) { FOR_GOOD } else { ASK_AGAIN },
            etag: etag(&plain),
            plain,
            brotli,
            gzip,
        }
    }

    /// In the form that the client can read and that is the smallest.
    pub(super) fn respond(&self, asked: &HeaderMap) -> Response {
        let packed = |encoding| match encoding {
            Encoding::Brotli => self.brotli.as_ref(),
            Encoding::Gzip => self.gzip.as_ref(),
            Encoding::Zstd => None,
        };
        let chosen = [Encoding::Brotli, Encoding::Gzip]
            .into_iter()
            .filter(|encoding| negotiation::accepts(asked, *encoding))
            .find_map(|encoding| Some((encoding, packed(encoding)?)));
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, self.content_type.clone());
        headers.insert(header::CACHE_CONTROL, self.cache_control.clone());
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        let body = match chosen {
            Some((encoding, body)) => {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding.name()));
                body
            }
            None => &self.plain,
        };
        fresh_or(&self.etag, asked, headers, body.clone())
    }
}

/// All files at or below a folder, by their path in it with slashes between; hidden files are left out.
pub(super) fn files_in(folder: &Path) -> io::Result<BTreeMap<String, Bytes>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![(folder.to_owned(), String::new())];
    while let Some((folder, path)) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            let name = format!("{path}{name}");
            if entry.path().is_dir() {
                folders.push((entry.path(), format!("{name}/")));
            } else {
                files.insert(name, Bytes::from(fs::read(entry.path())?));
            }
        }
    }
    Ok(files)
}

/// Files with their packed forms, `NAME.br` and `NAME.gz`.
pub(super) fn assets(files: BTreeMap<String, Bytes>) -> BTreeMap<String, Asset> {
    let packed = |name: &str, ending| files.get(&format!("{name}{ending}")).cloned();
    let is_packed = |name: &str| {
        let plain = name.strip_suffix(".br").or_else(|| name.strip_suffix(".gz"));
        plain.is_some_and(|plain| files.contains_key(plain) || plain == super::INDEX)
    };
    files
        .iter()
        .filter(|(name, _)| !is_packed(name))
        .map(|(name, plain)| {
            let asset = Asset::new(name, plain.clone(), packed(name, ".br"), packed(name, ".gz"));
            (name.clone(), asset)
        })
        .collect()
}

/// The version of a content. Weak, since whoever stands between may pack it anew.
pub(super) fn etag(content: &[u8]) -> HeaderValue {
    let digest = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(content));
    // Never fails: the text is ASCII. Should it ever, then nothing is taken for the same.
    HeaderValue::try_from(format!("W/\"{digest}\"")).unwrap_or(HeaderValue::from_static("W/\"\""))
}

/// Whether a name changes with its file's content: trunk puts `-` and at least eight hexadecimal digits into it.
fn carries_hash(name: &str) -> bool {
    name.split('-').skip(1).any(|rest| {
        let digits = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
        8 <= digits && rest[digits..].starts_with(['.', '_', '/'])
    })
}

fn content_type(name: &str) -> HeaderValue {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    HeaderValue::from_static(match ending {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "ico" => "image/x-icon",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        "webmanifest" => "application/manifest+json",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_with_a_hash_are_kept_for_good() {
        for name in [
            "frontend-1a2b3c4d5e6f7a8b.js",
            "frontend-1a2b3c4d5e6f7a8b_bg.wasm",
            "main-0123abcd.css",
            "snippets/chart-0123456789abcdef/inline0.js",
        ] {
            assert!(carries_hash(name), "{name}");
        }
        for name in [
            "robots.txt",
            "dead-beef.js",
            "main-0123abc.css",
            "main-0123abcdxyz.css",
            "0123456789abcdef.js",
        ] {
            assert!(!carries_hash(name), "{name}");
        }
    }
}
