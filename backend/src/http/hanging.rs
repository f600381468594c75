//! A store that neither answers nor fails: what must be seen within three seconds is not waited for any longer.

use std::future::Future;
use std::time::Duration;

use crate::{query, store};

/// How long the store may take for what is asked again and again to see whether all is well.
const LIMIT: Duration = Duration::from_secs(2);

/// What the store answers, or that it hangs.
pub(super) fn within_limit<T>(
    answer: impl Future<Output = query::Result<T>>,
) -> impl Future<Output = query::Result<T>> {
    within(LIMIT, answer)
}

/// What the store answers, or that it hangs for longer than it may.
pub(super) async fn within<T>(limit: Duration, answer: impl Future<Output = query::Result<T>>) -> query::Result<T> {
    let answer = tokio::time::timeout(limit, answer).await;
    answer.unwrap_or_else(|_elapsed| Err(hangs(limit).into()))
}

fn hangs(limit: Duration) -> store::Error {
    store::Error::Unavailable(format!("it did not answer within {} s", limit.as_secs()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::http::{Request, StatusCode};
    use shared::error::ApiError;
    use shared::route;
    use tower::ServiceExt as _;

    use crate::app::App;
    use crate::clock::SystemClock;
    use crate::config::Config;
    use crate::store::Store;
    use crate::store::postgres::PostgresStore;
    use crate::store::postgres::test_server::{Durability, TestServer};

    async fn get(router: &Router, uri: &str) -> (StatusCode, Vec<u8>) {
        let request = Request::get(uri).body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        (
            status,
            to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec(),
        )
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_store_that_hangs_is_told_long_before_the_limit_of_questions_and_forgiven_when_it_goes_on() {
        let server = TestServer::start(Durability::Forgetful);
        let database = server.database().await;
        let store: Arc<dyn Store> = Arc::new(PostgresStore::open(&database.url).await.unwrap());
        let app = App::new(Config::default(), Arc::clone(&store), Arc::new(SystemClock)).unwrap();
        let router = crate::http::router(Arc::new(app));
        let write = Request::post(route::WRITE).body(Body::from("m value=1")).unwrap();
        let written = router.clone().oneshot(write).await.unwrap();
        assert_eq!(written.status(), StatusCode::NO_CONTENT);
        let latest = format!("{}?metric=m", route::LATEST);
        let questions = [latest.as_str(), route::STREAMS, route::READY];
        for question in questions {
            assert_eq!(get(&router, question).await.0, StatusCode::OK, "{question}");
        }
        let frozen = server.freeze();
        for question in questions {
            let (status, body) = get(&router, question).await;
            assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{question}");
            let error: ApiError = serde_json::from_slice(&body).unwrap();
            // The limit of all questions, ten times as long, would say that they are too slow.
            assert_eq!(error.code, "store_unavailable", "{question}");
        }
        drop(frozen);
        for question in questions {
            assert_eq!(get(&router, question).await.0, StatusCode::OK, "{question}");
        }
        store.close().await;
    }
}
