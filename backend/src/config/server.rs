//! `[server]`: where and how to listen.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use super::section::{Section, not_blank};

/// Where and how to listen.
#[derive(Clone, PartialEq, Debug)]
pub struct Server {
    /// The address of the socket; 127.0.0.1:8080 if nothing is said.
    pub listen: SocketAddr,
    /// The path under which the page and the API stand: empty, or `/…` without a slash at its end.
    pub base_path: String,
    /// A folder with the built page, in place of the page inside the binary.
    pub page_dir: Option<PathBuf>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            base_path: String::new(),
            page_dir: None,
        }
    }
}

/// The longest path that a page can stand under, in bytes.
const MAX_PATH_BYTES: usize = 200;

/// Reads a path such as `/observatory/watchroom` into the form of [`Server::base_path`].
///
/// A slash at the end is dropped, so `/` gives the empty path. Parts hold ASCII letters, digits and `.`, `_`, `~`, `-`,
/// and are neither empty nor `.` nor `..`: whatever comes out can stand in a link, and never leads to another host.
pub fn parse_base_path(text: &str) -> Result<String, String> {
    let path = text.strip_suffix('/').unwrap_or(text);
    let plain = |part: &str| {
        !matches!(part, "" | "." | "..")
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte))
    };
    if path.len() > MAX_PATH_BYTES {
        return Err(format!("the path is longer than {MAX_PATH_BYTES} bytes"));
    }
    match path.strip_prefix('/') {
        None if text == "/" || text.is_empty() => Ok(String::new()),
        Some(parts) if parts.split('/').all(plain) => Ok(path.to_owned()),
        _ => Err(format!(
            "{text:?} is not a path to stand under; write \"/\", or parts of letters, digits, `.`, `_`, `~` and `-` \
             such as \"/observatory/watchroom\""
        )),
    }
}

pub(super) fn read(mut section: Section<'_>) -> Server {
    let default = Server::default();
    let address = "an address and a port such as \"127.0.0.1:8080\"";
    let server = Server {
        listen: section
            .parsed("listen", address, parse_listen)
            .unwrap_or(default.listen),
        base_path: section
            .parsed("base_path", "a path such as \"/watchroom\"", parse_base_path)
            .unwrap_or(default.base_path),
        page_dir: section
            .parsed("page_dir", "the path of a folder", not_blank)
            .map(PathBuf::from),
    };
    section.finish();
    server
}

fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_not_an_address| {
        format!("{text:?} is not an IP address and a port; write for example \"127.0.0.1:8080\" or \"[::1]:8080\"")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_paths_lose_the_slash_at_their_end() {
        for (text, path) in [
            ("/", ""),
            ("", ""),
            ("/watchroom", "/watchroom"),
            ("/watchroom/", "/watchroom"),
            ("/a/b.c_d~e-1", "/a/b.c_d~e-1"),
        ] {
            assert_eq!(parse_base_path(text).as_deref(), Ok(path), "{text:?}");
        }
    }

    #[test]
    fn a_base_path_never_leads_elsewhere() {
        let long = format!("/{}", "a".repeat(MAX_PATH_BYTES));
        for text in [
            "watchroom",
            "//evil.example",
            "//",
            "/a//b",
            "/a/../b",
            "/./a",
            "/a b",
            "/ä",
            "/a?b",
            "/a#b",
            "/%2e",
            "/\"",
            &long,
            "https://evil.example/",
        ] {
            assert!(parse_base_path(text).is_err(), "{text:?}");
        }
    }
}
