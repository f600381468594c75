//! A query whose client has gone away stops: over real sockets, on stores whose scans would never end.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use watchroom::query::envelope::by_brute_force;
use watchroom::store::Store;

use crate::app::TestApp;
use crate::watched_store::{Scans, Told, WatchedStore, serve};

const RANGE: &str = "metric=m&from=1970-01-01T00:00:00Z&to=1970-01-03T00:00:00Z";

/// Waits for what must come; a test that hung would say less.
async fn must_come(what: &str, coming: impl Future<Output = ()>) {
    let came = tokio::time::timeout(Duration::from_mins(1), coming).await;
    assert!(came.is_ok(), "{what}");
}

/// Asks, waits until a scan is under way, hangs up, and waits until the scan is let go of.
async fn ask_and_hang_up(router: Router, path: &str, told: &Told) {
    let address = serve(router).await;
    let mut client = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n");
    client.write_all(request.as_bytes()).await.unwrap();
    must_come("no scan is begun", told.under_way.notified()).await;
    drop(client);
    must_come("the scan goes on for nobody", told.let_go.notified()).await;
    let n_chunks = told.n_chunks.load(Ordering::SeqCst);
    // A scan that went on would count further while others have their turn.
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(told.n_chunks.load(Ordering::SeqCst), n_chunks);
}

#[tokio::test]
async fn a_question_to_the_pyramid_stops() {
    let (store, told) = WatchedStore::new(Scans::Hang).await;
    let app = TestApp::over(store);
    ask_and_hang_up(app.router, &format!("/api/v1/envelope?{RANGE}&columns=10"), &told).await;
}

#[tokio::test]
async fn samples_and_exports_stop_while_they_wait_for_the_store() {
    for path in ["samples?", "export?format=csv&", "export?format=parquet&"] {
        let (store, told) = WatchedStore::new(Scans::Hang).await;
        let app = TestApp::over(store);
        ask_and_hang_up(app.router, &format!("/api/v1/{path}{RANGE}"), &told).await;
    }
}

#[tokio::test]
async fn brute_force_stops_that_never_has_to_wait() {
    let (store, told) = WatchedStore::new(Scans::NeverEnd).await;
    let asked = Arc::clone(&store) as Arc<dyn Store>;
    for channels in ["band", "all"] {
        let query = serde_json::json!({
            "metric": "m", "channels": channels, "columns": 10,
            "from": "1970-01-01T00:00:00Z", "to": "1970-01-03T00:00:00Z",
        });
        let store = Arc::clone(&asked);
        let answer = move || {
            let (store, query) = (Arc::clone(&store), query.clone());
            async move {
                let query = serde_json::from_value(query).unwrap();
                let envelope = by_brute_force(&*store, &query).await.unwrap();
                serde_json::to_string(&envelope).unwrap()
            }
        };
        ask_and_hang_up(Router::new().route("/", get(answer)), "/", &told).await;
    }
}

#[tokio::test]
async fn an_export_stops_in_the_middle_of_its_file() {
    for format in ["csv", "json", "parquet", "arrow"] {
        let (store, told) = WatchedStore::new(Scans::NeverEnd).await;
        let app = TestApp::over(store);
        let address = serve(app.router).await;
        let mut client = TcpStream::connect(address).await.unwrap();
        let request = format!("GET /api/v1/export?format={format}&{RANGE} HTTP/1.1\r\nHost: test\r\n\r\n");
        client.write_all(request.as_bytes()).await.unwrap();
        let mut begin = [0; 12];
        client.read_exact(&mut begin).await.unwrap();
        assert_eq!(&begin, b"HTTP/1.1 200");
        drop(client);
        must_come("the export goes on for nobody", told.let_go.notified()).await;
    }
}
