//! What waits and what was given up, for people; and another try for it.

use shared::outbox::{Outbox, OutboxItem};
use shared::time::Timestamp;

use super::delivery::{DEAD_LETTERS, Delivery, OUTBOX};
use super::plan::holds;
use super::settings::Settings;
use crate::store::Result;
use crate::store::records::{Applied, Expected, Record, RecordChange, RecordStore};

/// All that waits and all dead letters.
pub async fn list(records: &dyn RecordStore, settings: &Settings, now: Timestamp) -> Result<Outbox> {
    let mut pending = read(records, OUTBOX).await?;
    pending.sort_by_key(|(_, delivery)| delivery.created_us);
    let mut dead = read(records, DEAD_LETTERS).await?;
    dead.sort_by_key(|(_, delivery)| std::cmp::Reverse(delivery.created_us));
    let item = |(record, delivery): (Record, Delivery), is_dead: bool| OutboxItem {
        id: record.key,
        subject: delivery.notice.subject(),
        created_us: delivery.created_us,
        attempts: delivery.attempts,
        next_try_us: (!is_dead).then_some(delivery.next_try_us),
        held: !is_dead && holds(settings, &delivery, now),
        receiver: delivery.receiver,
        error: delivery.error,
    };
    Ok(Outbox {
        now_us: now.as_micros(),
        pending: pending.into_iter().map(|found| item(found, false)).collect(),
        dead_letters: dead.into_iter().map(|found| item(found, true)).collect(),
    })
}

/// Sends a dead letter again, or a waiting one at once; gives whether there is one of this id.
pub async fn retry(records: &dyn RecordStore, id: &str, now: Timestamp) -> Result<bool> {
    for collection in [DEAD_LETTERS, OUTBOX] {
        let found = read(records, collection).await?;
        let Some((record, delivery)) = found.into_iter().find(|(record, _)| record.key == id) else {
            continue;
        };
        let again = Delivery {
            attempts: 0,
            since_us: now.as_micros(),
            next_try_us: now.as_micros(),
            ..delivery
        };
        let expected = Expected::Version(record.version);
        let changes = if collection == OUTBOX {
            vec![again.put_into(OUTBOX, expected)]
        } else {
            let delete = RecordChange::Delete {
                collection: DEAD_LETTERS.to_owned(),
                key: record.key,
                expected,
            };
            let fresh = Delivery {
                claimed_until_us: None,
                ..again
            };
            vec![delete, fresh.put_into(OUTBOX, Expected::Any)]
        };
        // Where somebody came between it is on its way already.
        let _applied: Applied = records.apply(&changes).await?;
        return Ok(true);
    }
    Ok(false)
}

pub(super) async fn read(records: &dyn RecordStore, collection: &str) -> Result<Vec<(Record, Delivery)>> {
    let found = records.records(collection).await?;
    let readable = found.into_iter().filter_map(|record| {
        let delivery = serde_json::from_str(&record.body);
        // One that nobody can read must not hold up the others.
        let told = |error: &serde_json::Error| {
            tracing::warn!("{} in {collection} cannot be read: {error}", record.key);
        };
        delivery.inspect_err(told).ok().map(|delivery| (record, delivery))
    });
    Ok(readable.collect())
}
