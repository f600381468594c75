//! The address bar: what it says, writing it, and where the page is mounted.

use wasm_bindgen::JsValue;

/// Path and query of the page's address; the query with its question mark, or empty.
pub fn path_and_query() -> (String, String) {
    web_sys::window().map(|window| window.location()).map_or_else(
        || (String::new(), String::new()),
        |location| {
            (
                location.pathname().unwrap_or_default(),
                location.search().unwrap_or_default(),
            )
        },
    )
}

/// Writes a link into the address bar; what it said stays behind the back button.
pub fn push(link: &str) {
    if let Some(history) = history() {
        // Browsers refuse a page that writes hundreds of times a second; what is shown is right all the same.
        let _ = history.push_state_with_url(&JsValue::NULL, "", Some(link));
    }
}

/// Writes a link into the address bar, in place of what it said.
pub fn replace(link: &str) {
    if let Some(history) = history() {
        // As above.
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(link));
    }
}

fn history() -> Option<web_sys::History> {
    web_sys::window().and_then(|window| window.history().ok())
}

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
