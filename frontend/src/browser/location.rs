//! Where the page is mounted.

/// The address that relative links start from, ending in `/`: `http://wall:8080/shift/`.
pub fn base_uri() -> String {
    let uri = web_sys::window()
        .and_then(|window| window.document())
        .and_then(|document| document.base_uri().ok().flatten())
        .unwrap_or_default();
    match uri.rfind('/') {
        Some(slash) => uri[..=slash].to_owned(),
        None => uri,
    }
}

/// The path under which the page is mounted, without a slash at its end: empty or `/shift`.
pub fn base_path() -> String {
    path_of(&base_uri())
}

fn path_of(uri: &str) -> String {
    let after_scheme = uri.find("://").map_or(uri, |colon| &uri[colon + 3..]);
    let path = after_scheme.find('/').map_or("", |slash| &after_scheme[slash..]);
    path.trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::path_of;

    #[test]
    fn the_mount_path_has_no_slash_at_its_end() {
        assert_eq!(path_of("http://127.0.0.1:8080/"), "");
        assert_eq!(path_of("https://wall.example/shift/lst/"), "/shift/lst");
        assert_eq!(path_of(""), "");
    }
}
