use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};

use crate::app::TestApp;

#[tokio::test]
async fn the_document_names_the_path_under_which_the_client_sees_the_server() {
    let app = TestApp::with_config("[server]\nbase_path = \"/shift/wall\"\n");
    let straight = app.get("/shift/wall/openapi.json").await;
    assert_eq!(straight.json()["servers"][0]["url"], "/shift/wall");
    let proxied = Request::get("/shift/wall/openapi.json").header("x-forwarded-prefix", "/observatory");
    let proxied = app.send(proxied.body(Body::empty()).unwrap()).await;
    assert_eq!(proxied.json()["servers"][0]["url"], "/observatory/shift/wall");
    assert_eq!(
        TestApp::new().get("/openapi.json").await.json()["servers"][0]["url"],
        "/"
    );
}

#[tokio::test]
async fn routes_know_the_methods_of_the_document_and_no_others() {
    let app = TestApp::new();
    let document = app.get("/openapi.json").await.json();
    for (path, item) in document["paths"].as_object().unwrap() {
        let request = Request::delete(path).body(Body::empty()).unwrap();
        let refused = app.send(request).await;
        assert_eq!(refused.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        let mut methods: Vec<String> = item
            .as_object()
            .unwrap()
            .keys()
            .map(|name| name.to_uppercase())
            .collect();
        if methods.contains(&"GET".to_owned()) {
            methods.push("HEAD".to_owned());
        }
        methods.sort_unstable();
        let mut allowed: Vec<&str> = refused.header(header::ALLOW).split(',').collect();
        allowed.sort_unstable();
        assert_eq!(allowed, methods, "{path}");
    }
}

#[tokio::test]
async fn the_page_of_the_api_is_one_file_that_asks_for_nothing() {
    let app = TestApp::new();
    let document = app.get("/openapi.json").await.json();
    for theme in ["", "?theme=dark", "?theme=light", "?theme=red"] {
        let answer = app.get(&format!("/api/docs{theme}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{theme}");
        assert_eq!(answer.header(header::CONTENT_TYPE), "text/html; charset=utf-8");
        let html = answer.text();
        for path in document["paths"].as_object().unwrap().keys() {
            assert!(html.contains(&format!("<code>{path}</code>")), "{path}");
        }
        for word in ["src=", "<script", "<link", "://", "url(", "@import"] {
            assert!(!html.contains(word), "{word}");
        }
        for link in html.split("href=\"").skip(1) {
            assert!(
                link.starts_with(['#', '?']) || link.starts_with("../"),
                "{}",
                &link[..30]
            );
        }
        let (_, style) = html.split_once("<style>").unwrap();
        let (style, _) = style.split_once("</style>").unwrap();
        let hash = BASE64_STANDARD.encode(Sha256::digest(style));
        let policy = answer.header(header::CONTENT_SECURITY_POLICY);
        let expected = format!("default-src 'none'; style-src 'sha256-{hash}'; ");
        assert!(policy.starts_with(&expected), "{policy}");
    }
    assert_eq!(app.get("/api/docs?theme=pink").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn every_link_of_the_page_to_a_place_in_it_leads_somewhere() {
    let html = TestApp::new().get("/api/docs").await.text();
    for link in html.split("href=\"#").skip(1) {
        let (name, _) = link.split_once('"').unwrap();
        assert!(html.contains(&format!(" id=\"{name}\"")), "{name}");
    }
}

#[tokio::test]
async fn every_question_that_the_page_suggests_is_understood() {
    let html = TestApp::new().get("/api/docs").await.text();
    let app = TestApp::new();
    let mut n_questions = 0;
    for link in html.split("Try: <a href=\"..").skip(1) {
        let (uri, _) = link.split_once('"').unwrap();
        let uri = uri.replace("&amp;", "&");
        let status = app.get(&uri).await.status;
        // The metrics of the examples are the demo's.
        assert!(
            [StatusCode::OK, StatusCode::NOT_FOUND].contains(&status),
            "{uri}: {status}"
        );
        n_questions += 1;
    }
    assert!(5 <= n_questions, "{n_questions}");
}
