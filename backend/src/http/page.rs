//! The page: the files that trunk built, out of the binary or out of a folder.
//!
//! Files whose names carry a hash of their content are kept by browsers for good; everything else is asked for anew each
//! time and answered with 304 while it is the same. Files travel as brotli or gzip where the build left them packed
//! beside themselves. A path without a point that is not of the API is a place within the page and is answered with
//! `index.html`, whose `<base>` is set to the prefix under which the browser sees the server.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use axum::body::{Body, Bytes};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};

use crate::config::{Server, parse_base_path};

mod asset;
#[cfg(feature = "embed-page")]
mod embedded;
pub(super) mod index;
pub(super) mod negotiation;

use asset::Asset;
use index::Index;
use negotiation::has_version;

/// The path, below the site's host, that a proxy has taken off before the request came here.
const FORWARDED_PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");

const INDEX: &str = "index.html";

/// Says that a page is not there, in place of the page.
const NOT_BUILT_IN: &str = "The page is not built into this server.\n\n\
    Build both with `cargo xtask build`, or name the folder of a built page: `watchroom serve --page-dir DIR`.\n";

/// The page as it is served; made once at the start.
#[derive(Clone, Debug)]
pub struct Page {
    /// As in [`Server::base_path`].
    base_path: String,
    /// `None` where the server has no page.
    built: Option<Built>,
}

#[derive(Clone, Debug)]
struct Built {
    index: Index,
    /// All other files by their path, without a slash at its begin.
    assets: BTreeMap<String, Asset>,
}

/// Why the page cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder or a file in it cannot be read.
    #[error("the page in {} cannot be read: {source}", folder.display())]
    Unreadable {
        /// The folder of the page.
        folder: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A file that a page must have is missing.
    #[error("the page in {place} has no {INDEX}; build it with `cargo xtask build`")]
    NoIndex {
        /// The folder of the page, or the binary.
        place: String,
    },
    /// The index is not one of ours.
    #[error("{INDEX} of the page in {place} has no <base>, so it cannot be served under a prefix")]
    NoBase {
        /// The folder of the page, or the binary.
        place: String,
    },
}

impl Page {
    /// The page from the configured folder, else the one inside the binary, else none.
    pub fn open(server: &Server) -> Result<Self, Error> {
        match &server.page_dir {
            Some(folder) => Self::from_dir(folder, &server.base_path),
            None => Self::embedded(&server.base_path),
        }
    }

    /// The page in a folder. It is read once: a page that is built anew needs a new start.
    pub fn from_dir(folder: &Path, base_path: &str) -> Result<Self, Error> {
        let files = asset::files_in(folder).map_err(|source| Error::Unreadable {
            folder: folder.to_owned(),
            source,
        })?;
        Self::new(files, base_path, folder.display())
    }

    /// The page inside the binary; without the feature `embed-page` there is none, and [`Page::respond`] says so.
    #[cfg(feature = "embed-page")]
    pub fn embedded(base_path: &str) -> Result<Self, Error> {
        Self::new(embedded::files(), base_path, "this binary")
    }

    /// The page inside the binary; without the feature `embed-page` there is none, and [`Page::respond`] says so.
    #[cfg(not(feature = "embed-page"))]
    pub fn embedded(base_path: &str) -> Result<Self, Error> {
        Ok(Self::none(base_path))
    }

    /// In place of the page, a text that says how to get it.
    pub fn none(base_path: &str) -> Self {
        Self {
            base_path: base_path.to_owned(),
            built: None,
        }
    }

    fn new(mut files: BTreeMap<String, Bytes>, base_path: &str, place: impl fmt::Display) -> Result<Self, Error> {
        let place = place.to_string();
        let Some(html) = files.remove(INDEX) else {
            return Err(Error::NoIndex { place });
        };
        let Some(index) = Index::new(&String::from_utf8_lossy(&html)) else {
            return Err(Error::NoBase { place });
        };
        let assets = asset::assets(files);
        Ok(Self {
            base_path: base_path.to_owned(),
            built: Some(Built { index, assets }),
        })
    }

    /// Whether a path, below the base path, is the page's to answer: all are but those of the API.
    pub(super) fn answers(path: &str) -> bool {
        path != "/api" && !path.starts_with("/api/")
    }

    /// Answers GET and HEAD of a path below the base path.
    pub fn respond(&self, uri: &Uri, headers: &HeaderMap) -> Response {
        let Some(Built { index, assets }) = &self.built else {
            return with_policy(text(StatusCode::NOT_FOUND, NOT_BUILT_IN), &index::policy(&[]));
        };
        let name = uri.path().trim_start_matches('/');
        let response = match assets.get(name) {
            Some(asset) => asset.respond(headers),
            None if name.contains('.') && name != INDEX => text(StatusCode::NOT_FOUND, "There is no such file.\n"),
            None => index.respond(&seen_base_path(&self.base_path, headers), headers),
        };
        with_policy(response, index.policy())
    }
}

/// The path under which the browser sees the server: a prefix that a proxy took off, and the base path.
///
/// The header only decides what the links of the page look like; one that is not a plain path is as none.
pub(super) fn seen_base_path(base_path: &str, headers: &HeaderMap) -> String {
    let prefix = headers.get(FORWARDED_PREFIX).and_then(|prefix| prefix.to_str().ok());
    let prefix = prefix
        .and_then(|prefix| parse_base_path(prefix).ok())
        .unwrap_or_default();
    format!("{prefix}{base_path}")
}

fn text(status: StatusCode, text: &'static str) -> Response {
    (status, [(header::CACHE_CONTROL, "no-cache")], text).into_response()
}

/// Headers that keep the page to itself.
pub(super) fn with_policy(mut response: Response, policy: &HeaderValue) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy.clone());
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// 304 where the client has this version already, else all of it.
fn fresh_or(etag: &HeaderValue, asked: &HeaderMap, mut headers: HeaderMap, body: Bytes) -> Response {
    headers.insert(header::ETAG, etag.clone());
    if has_version(asked, etag) {
        for name in [header::CONTENT_TYPE, header::CONTENT_ENCODING] {
            headers.remove(name);
        }
        (StatusCode::NOT_MODIFIED, headers).into_response()
    } else {
        (headers, Body::from(body)).into_response()
    }
}
