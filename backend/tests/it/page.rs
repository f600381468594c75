//! The page as a browser gets it: from a folder like the one that trunk and the build leave.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use insta::{assert_debug_snapshot, assert_snapshot};
use shared::time::Timestamp;
use tempfile::TempDir;
use tower::ServiceExt as _;
use watchroom::app::App;
use watchroom::clock::ManualClock;
use watchroom::config::{Config, Server};
use watchroom::http::page::Page;
use watchroom::http::router_with_page;
use watchroom::store::memory::MemoryStore;

const SCRIPT: &str = "/app-0123456789abcdef.js";
const WASM: &str = "/app-0123456789abcdef_bg.wasm";

/// As minified: the base is without quotes, and the loader stands in the page.
const INDEX: &str = "<!doctype html><head><base href=./><link href=./main-89abcdef01234567.css rel=stylesheet>\
                     <script type=module>import init from './app-0123456789abcdef.js';init()</script></head><body>";

/// A built page; the packed forms are not really packed, so that a test can tell them apart.
fn built_page() -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, content) in [
        ("index.html", INDEX),
        ("index.html.br", "index as brotli"),
        ("app-0123456789abcdef.js", "script"),
        ("app-0123456789abcdef.js.br", "script as brotli"),
        ("app-0123456789abcdef.js.gz", "script as gzip"),
        ("app-0123456789abcdef_bg.wasm", "wasm"),
        ("app-0123456789abcdef_bg.wasm.gz", "wasm as gzip"),
        ("robots.txt", "robots"),
        (".stage", "hidden"),
        ("snippets/chart-0123456789abcdef/inline0.js", "snippet"),
    ] {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

fn router(base_path: &str, page: Page) -> Router {
    let server = Server {
        base_path: base_path.to_owned(),
        ..Server::default()
    };
    let config = Config {
        server,
        ..Config::default()
    };
    let clock = Arc::new(ManualClock::new(Timestamp::EPOCH));
    let app = App::new(config, Arc::new(MemoryStore::new()), clock).unwrap();
    router_with_page(Arc::new(app), page)
}

/// A server with the built page under a base path.
fn with_page(base_path: &str) -> Router {
    router(base_path, Page::from_dir(built_page().path(), base_path).unwrap())
}

async fn send(router: &Router, request: Request<Body>) -> Answer {
    let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    }
}

async fn get(router: &Router, path: &str, headers: &[(&str, &str)]) -> Answer {
    let asked = headers
        .iter()
        .fold(Request::get(path), |asked, (name, value)| asked.header(*name, *value));
    send(router, asked.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn the_page_keeps_to_itself() {
    let answer = get(&with_page(""), "/", &[]).await;
    assert_eq!(answer.status, StatusCode::OK);
    let mut headers = answer.headers;
    headers.remove("x-request-id");
    let mut headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value)).collect();
    headers.sort();
    assert_debug_snapshot!(headers);
}

#[tokio::test]
async fn places_within_the_page_are_answered_with_the_index() {
    let router = with_page("");
    for path in [
        "/",
        "/index.html",
        "/d/demo/camera",
        "/d/demo/camera?from=2026-11-20T00:00:00Z",
        "/apiary",
    ] {
        let answer = get(&router, path, &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.header(header::CONTENT_TYPE), "text/html; charset=utf-8");
        assert_eq!(answer.header(header::CACHE_CONTROL), "no-cache");
        assert_eq!(answer.body, INDEX.replace("<base href=./>", "<base href=\"/\">"));
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_answered_with_the_page() {
    let router = with_page("");
    for path in [
        "/app-fedcba9876543210.js",
        "/d/demo/camera.html",
        "/.stage",
        "/index.html.br",
        "/app-0123456789abcdef.js.br",
        "/../Cargo.toml",
        "/snippets/../robots.txt",
    ] {
        let answer = get(&router, path, &[]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.header(header::CONTENT_TYPE), "text/plain; charset=utf-8");
        assert_eq!(answer.header(header::CACHE_CONTROL), "no-cache");
    }
    for path in ["/api", "/api/", "/api/v1/unknown", "/api/v1/app-0123456789abcdef.js"] {
        let answer = get(&router, path, &[]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.header(header::CONTENT_TYPE), "application/json");
    }
    let posted = send(&router, Request::post("/d/demo").body(Body::empty()).unwrap()).await;
    assert_eq!(posted.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn files_with_a_hash_in_their_name_are_kept_for_good() {
    let router = with_page("");
    for (path, content_type, kept) in [
        (SCRIPT, "text/javascript; charset=utf-8", true),
        (WASM, "application/wasm", true),
        (
            "/snippets/chart-0123456789abcdef/inline0.js",
            "text/javascript; charset=utf-8",
            true,
        ),
        ("/robots.txt", "text/plain; charset=utf-8", false),
    ] {
        let answer = get(&router, path, &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.header(header::CONTENT_TYPE), content_type);
        assert_eq!(answer.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
        let expected = if kept {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        };
        assert_eq!(answer.header(header::CACHE_CONTROL), expected, "{path}");
    }
}

#[tokio::test]
async fn files_travel_as_the_client_can_read_them() {
    let router = with_page("");
    for (path, accepted, encoding, body) in [
        (SCRIPT, "gzip, deflate, br", "br", "script as brotli"),
        (SCRIPT, "gzip", "gzip", "script as gzip"),
        (SCRIPT, "br;q=0, gzip", "gzip", "script as gzip"),
        (SCRIPT, "*", "br", "script as brotli"),
        (SCRIPT, "identity", "", "script"),
        (WASM, "br, gzip;q=0.1", "gzip", "wasm as gzip"),
    ] {
        let answer = get(&router, path, &[("accept-encoding", accepted)]).await;
        assert_eq!(
            answer.header(header::CONTENT_ENCODING),
            encoding,
            "{path} for {accepted}"
        );
        assert_eq!(answer.body, body);
        assert!(
            answer.header(header::VARY).contains("accept-encoding"),
            "{path} for {accepted}"
        );
    }
    assert_eq!(get(&router, SCRIPT, &[]).await.body, "script");
}

#[tokio::test]
async fn what_the_client_has_is_not_sent_again() {
    let router = with_page("");
    for path in ["/", "/d/demo", SCRIPT, "/robots.txt"] {
        let first = get(&router, path, &[("accept-encoding", "br")]).await;
        let etag = first.header(header::ETAG);
        assert!(!etag.is_empty(), "{path}");
        // A proxy may have made it strong or weak.
        for etag in [etag, etag.trim_start_matches("W/")] {
            let again = get(&router, path, &[("accept-encoding", "br"), ("if-none-match", etag)]).await;
            assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{path}");
            assert_eq!(again.body, "");
            assert_eq!(again.header(header::ETAG), first.header(header::ETAG));
            assert_eq!(again.header(header::CACHE_CONTROL), first.header(header::CACHE_CONTROL));
        }
        let other = get(&router, path, &[("if-none-match", "\"other\"")]).await;
        assert_eq!(other.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn the_base_is_what_the_browser_sees() {
    for (base_path, path, forwarded, base) in [
        ("", "/d/demo", None, "/"),
        ("/watchroom", "/watchroom/d/demo", None, "/watchroom/"),
        ("", "/", Some("/observatory/watchroom"), "/observatory/watchroom/"),
        ("", "/", Some("/observatory/"), "/observatory/"),
        ("", "/", Some("/"), "/"),
        (
            "/watchroom",
            "/watchroom/",
            Some("/observatory"),
            "/observatory/watchroom/",
        ),
        ("", "/", Some("//evil.example"), "/"),
        ("", "/", Some("https://evil.example/"), "/"),
        ("", "/", Some("/a/../b"), "/"),
        ("", "/", Some("/\"><script>"), "/"),
        ("", "/", Some("/ä"), "/"),
        ("", "/", Some(""), "/"),
    ] {
        let asked: Vec<_> = forwarded
            .map(|prefix| ("x-forwarded-prefix", prefix))
            .into_iter()
            .collect();
        let answer = get(&with_page(base_path), path, &asked).await;
        let expected = INDEX.replace("<base href=./>", &format!("<base href=\"{base}\">"));
        assert_eq!(answer.body, expected, "{base_path} {forwarded:?}");
        assert!(answer.header(header::VARY).contains("x-forwarded-prefix"));
    }
}

#[tokio::test]
async fn pages_under_different_prefixes_are_different_versions() {
    let router = with_page("");
    let root = get(&router, "/", &[]).await;
    let asked = [
        ("x-forwarded-prefix", "/x"),
        ("if-none-match", root.header(header::ETAG)),
    ];
    assert_eq!(get(&router, "/", &asked).await.status, StatusCode::OK);
}

#[tokio::test]
async fn under_a_base_path_only_that_path_is_served() {
    let router = with_page("/watchroom");
    let bare = get(&router, "/watchroom", &[]).await;
    assert!(bare.status.is_redirection(), "{}", bare.status);
    assert_eq!(bare.header(header::LOCATION), "/watchroom/");
    assert_eq!(get(&router, &format!("/watchroom{SCRIPT}"), &[]).await.body, "script");
    for path in ["/", SCRIPT, "/watchrooms", "/watchroom/api/v2"] {
        assert_eq!(get(&router, path, &[]).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_server_without_a_page_says_how_to_get_it() {
    let router = router("", Page::none(""));
    let answer = get(&router, "/d/demo", &[]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_snapshot!(answer.body, @r#"
    The page is not built into this server.

    Build both with `cargo xtask build`, or name the folder of a built page: `watchroom serve --page-dir DIR`.
    "#);
}

#[test]
fn a_folder_that_is_no_page_is_refused() {
    let folder = TempDir::new().unwrap();
    let refused = |folder: &Path| {
        let server = Server {
            page_dir: Some(folder.to_owned()),
            ..Server::default()
        };
        let message = Page::open(&server).unwrap_err().to_string();
        message.replace(&folder.display().to_string(), "[folder]")
    };
    assert_snapshot!(refused(folder.path()), @"the page in [folder] has no index.html; build it with `cargo xtask build`");
    fs::write(
        folder.path().join("index.html"),
        "<!doctype html><title>Another page</title>",
    )
    .unwrap();
    assert_snapshot!(refused(folder.path()), @"index.html of the page in [folder] has no <base>, so it cannot be served under a prefix");
    fs::remove_file(folder.path().join("index.html")).unwrap();
    assert_snapshot!(refused(&folder.path().join("missing")), @"the page in [folder] cannot be read: No such file or directory (os error 2)");
}

#[cfg(feature = "embed-page")]
#[tokio::test]
async fn the_page_in_the_binary_is_complete() {
    let router = router("", Page::embedded("").unwrap());
    let index = get(&router, "/", &[]).await;
    assert_eq!(index.status, StatusCode::OK);
    let named = index
        .body
        .split(['"', '\'', '=', ' ', '>'])
        .filter(|word| word.contains("-") && word.contains('.'));
    let files: Vec<&str> = named
        .filter(|word| {
            [".js", ".css", ".wasm", ".svg"]
                .iter()
                .any(|ending| word.ends_with(ending))
        })
        .collect();
    assert!(files.iter().any(|file| file.ends_with(".wasm")), "{files:?}");
    for file in files {
        let path = format!("/{}", file.trim_start_matches("./").trim_start_matches('/'));
        let answer = get(&router, &path, &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(answer.header(header::CACHE_CONTROL).contains("immutable"), "{path}");
    }
}
