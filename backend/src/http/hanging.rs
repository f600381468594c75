//! A store that neither answers nor fails: what must be seen within three seconds is not waited for any longer.

use std::future::Future;
use std::time::Duration;

use crate::{query, store};

/// How long the store may take for what is asked again and again to see whether all is well.
const LIMIT: Duration = Duration::from_secs(2);

/// What the store answers, or that it hangs.
pub(super) async fn within_limit<T>(answer: impl Future<Output = query::Result<T>>) -> query::Result<T> {
    let answer = tokio::time::timeout(LIMIT, answer).await;
    answer.unwrap_or_else(|_elapsed| Err(hangs().into()))
}

fn hangs() -> store::Error {
    store::Error::Unavailable(format!("it did not answer within {} s", LIMIT.as_secs()))
}
