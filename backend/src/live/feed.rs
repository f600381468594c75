//! What other servers on the same database write: told by the database, and published here as if it were our own.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use shared::time::{TimeRange, Timestamp};

use super::change::{Change, Touched};
use super::hub::Hub;
use crate::alarms::feed::Feed;
use crate::store::Store;
use crate::store::changes::Heard;
use crate::streams::Watch;

/// How long to wait before listening again; twice as long after each failure.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Listens until it is dropped. What may have been missed makes all viewers ask anew.
pub async fn keep_listening(store: Arc<dyn Store>, hub: Arc<Hub>, streams: Arc<Watch>, alarms: Arc<Feed>) {
    let mut pause = FIRST_PAUSE;
    while let Some(feed) = store.changes() {
        match feed.listen().await {
            Ok(mut told) => {
                // Whatever was written before is not known of.
                hub.lose_track();
                alarms.lose_track();
                pause = FIRST_PAUSE;
                while let Some(heard) = told.next().await {
                    match heard {
                        Ok(heard) => publish(&hub, &streams, &alarms, &heard),
                        Err(error) => tracing::warn!(%error, "what other servers write is not heard: {error}"),
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "what other servers write is not heard: {error}"),
        }
        tokio::time::sleep(pause.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

fn publish(hub: &Hub, streams: &Watch, alarms: &Feed, heard: &[Heard]) {
    let at = Timestamp::saturating_from_micros;
    for heard in heard {
        match *heard {
            Heard::Written {
                metric_id,
                from_us,
                to_us,
            } => {
                streams.touch(metric_id);
                let range = TimeRange::new(at(from_us), at(to_us)).ok();
                if let Some(range) = range {
                    alarms.hear(metric_id, range);
                }
                hub.publish(range.map(|range| Change {
                    metric_id,
                    range,
                    channels: Touched::All,
                    removed: false,
                }));
            }
            Heard::Anything => {
                streams.touch_all();
                hub.lose_track();
                alarms.lose_track();
            }
        }
    }
}
