//! Telling other servers what was written: `NOTIFY` in the transaction of the write, so that it comes after the commit or
//! not at all.

use std::time::Duration;

use async_trait::async_trait;
use futures_core::stream::BoxStream;
use futures_util::{StreamExt as _, stream};
use sqlx::PgConnection;
use sqlx::postgres::PgListener;

use super::super::changes::{ChangeFeed, Heard};
use super::super::{Error, MetricId, Result};
use super::open::{Place, store_error};
use crate::query::dirty::Dirty;

/// The channel of the schema in which the tables are.
const CHANNEL: &str = "'watchroom_' || md5(coalesce(current_schema(), ''))";

/// How long a payload may be; the server takes less than 8000 bytes.
const MAX_PAYLOAD: usize = 7000;

/// How many payloads one transaction sends; where more is written, it says that anything may be.
const MAX_PAYLOADS: usize = 16;

/// A connection that is silent for so long is asked whether it is there.
const SILENCE: Duration = Duration::from_secs(10);

/// How long it may take to say so.
const PATIENCE: Duration = Duration::from_secs(5);

/// Tells what is written in this transaction: the rising times of each metric.
pub(super) async fn notify(connection: &mut PgConnection, origin: u64, written: &[(MetricId, Vec<i64>)]) -> Result<()> {
    let statement = format!("SELECT pg_notify({CHANNEL}, payload) FROM unnest($1::text[]) AS payload");
    let told = sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(payloads(origin, written))
        .execute(connection)
        .await;
    told.map(drop).map_err(store_error)
}

/// `origin metric:from:to metric:from:to …`, or `origin *`.
fn payloads(origin: u64, written: &[(MetricId, Vec<i64>)]) -> Vec<String> {
    let mut payloads = vec![origin.to_string()];
    for (metric_id, times_us) in written {
        let mut dirty = Dirty::default();
        for time_us in times_us {
            dirty.add(*time_us, time_us + 1);
        }
        for (from_us, to_us) in dirty.ranges() {
            let told = format!(" {}:{from_us}:{to_us}", metric_id.0);
            match payloads.last_mut() {
                Some(last) if last.len() + told.len() <= MAX_PAYLOAD => last.push_str(&told),
                _ => payloads.push(format!("{origin}{told}")),
            }
        }
    }
    if MAX_PAYLOADS < payloads.len() {
        return vec![format!("{origin} *")];
    }
    payloads
}

/// What a payload of another server says; nothing of our own.
fn heard(origin: u64, payload: &str) -> Vec<Heard> {
    let mut words = payload.split(' ');
    if words.next() == Some(&origin.to_string()) {
        return Vec::new();
    }
    // Another version may say more than this one understands.
    words.map(|word| written(word).unwrap_or(Heard::Anything)).collect()
}

fn written(word: &str) -> Option<Heard> {
    let mut numbers = word.split(':');
    let written = Heard::Written {
        metric_id: MetricId(numbers.next()?.parse().ok()?),
        from_us: numbers.next()?.parse().ok()?,
        to_us: numbers.next()?.parse().ok()?,
    };
    numbers.next().is_none().then_some(written)
}

/// What other servers write into a database.
#[derive(Clone, Debug)]
pub(super) struct Changes {
    pub(super) place: Place,
    /// This process among those that write.
    pub(super) origin: u64,
}

#[async_trait]
impl ChangeFeed for Changes {
    async fn listen(&self) -> Result<BoxStream<'static, Result<Vec<Heard>>>> {
        let pool = self.place.listener();
        let listening = async {
            let mut listener = PgListener::connect_with(&pool).await?;
            let statement = sqlx::AssertSqlSafe(format!("SELECT {CHANNEL}"));
            let channel: String = sqlx::query_scalar(statement).fetch_one(&mut listener).await?;
            listener.listen(&channel).await?;
            Ok(listener)
        };
        let listener = listening.await.map_err(store_error)?;
        let origin = self.origin;
        let told = stream::unfold(Some(listener), move |listener| async move {
            let mut listener = listener?;
            match next(&mut listener, origin).await {
                Ok(heard) => Some((Ok(heard), Some(listener))),
                Err(error) => Some((Err(error), None)),
            }
        });
        Ok(told.boxed())
    }
}

async fn next(listener: &mut PgListener, origin: u64) -> Result<Vec<Heard>> {
    loop {
        match tokio::time::timeout(SILENCE, listener.try_recv()).await {
            Ok(Ok(Some(notification))) => {
                let heard = heard(origin, notification.payload());
                if !heard.is_empty() {
                    return Ok(heard);
                }
            }
            Ok(Ok(None)) => return Err(Error::Unavailable("the connection that listens was lost".to_owned())),
            Ok(Err(error)) => return Err(store_error(error)),
            Err(_silence) => {
                let alive = sqlx::query("SELECT 1").execute(&mut *listener);
                let alive = tokio::time::timeout(PATIENCE, alive).await;
                let alive = alive.unwrap_or(Err(sqlx::Error::PoolTimedOut));
                alive.map_err(store_error)?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_heard_by_others_and_not_by_oneself() {
        let written = vec![(MetricId(3), vec![10, 11, 900]), (MetricId(7), vec![-5])];
        let payloads = payloads(42, &written);
        assert_eq!(payloads, ["42 3:10:12 3:900:901 7:-5:-4"]);
        assert_eq!(heard(42, &payloads[0]), []);
        let all = heard(41, &payloads[0]);
        assert_eq!(all.len(), 3);
        let last = Heard::Written {
            metric_id: MetricId(7),
            from_us: -5,
            to_us: -4,
        };
        assert_eq!(all[2], last);
        assert_eq!(heard(41, "7 what"), [Heard::Anything]);
    }

    #[test]
    fn payloads_are_short_and_few() {
        let some: Vec<_> = (0..500).map(|metric| (MetricId(metric), vec![1 << 50])).collect();
        let told = payloads(u64::MAX, &some);
        assert!(1 < told.len() && told.len() <= MAX_PAYLOADS, "{}", told.len());
        assert!(told.iter().all(|payload| payload.len() <= MAX_PAYLOAD));
        assert_eq!(told.iter().flat_map(|payload| heard(1, payload)).count(), 500);
        let many: Vec<_> = (0..50_000).map(|metric| (MetricId(metric), vec![1 << 50])).collect();
        assert_eq!(payloads(1, &many), ["1 *"]);
        assert_eq!(heard(2, "1 *"), [Heard::Anything]);
    }
}
