//! Records and events in PostgreSQL. Batches of all servers on a database come one after the other, by one lock.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::{PgConnection, PgPool, PgRow};
use sqlx::{AssertSqlSafe, Row as _};

use super::super::records::{
    Applied, Batch, Event, EventOrder, EventQuery, NewEvent, Place, Plan, Record, RecordChange, RecordStore,
    sql_version, stored_version,
};
use super::super::{Error, Result};
use super::open::store_error;
use super::time::PgTime;
use super::{LOCK_SPACE, PostgresStore};

/// The lock on records, beside those of metrics, the catalogue and partitions.
const RECORDS_LOCK: i32 = -3;

/// How long a batch may take, waiting for others included.
const APPLY_TIMEOUT: Duration = Duration::from_secs(30);

#[async_trait]
impl RecordStore for PostgresStore {
    async fn apply(&self, changes: &[RecordChange]) -> Result<Applied> {
        let batch = Batch::new(changes)?;
        let applied = tokio::time::timeout(APPLY_TIMEOUT, apply(&self.pool, batch)).await;
        applied.unwrap_or_else(|_elapsed| {
            let seconds = APPLY_TIMEOUT.as_secs();
            Err(Error::Unavailable(format!(
                "the database gives no answer for {seconds} s"
            )))
        })
    }

    async fn records(&self, collection: &str) -> Result<Vec<Record>> {
        let rows = sqlx::query(
            "SELECT key, version, body::text FROM kept_record WHERE collection = $1 ORDER BY collection, key",
        )
        .bind(collection)
        .fetch_all(&self.pool)
        .await
        .map_err(store_error)?;
        rows.iter().map(|row| record(row, 0)).collect()
    }

    async fn events(&self, query: &EventQuery) -> Result<Vec<Event>> {
        let (of_key, order) = match (&query.key, query.order) {
            (None, EventOrder::OldestFirst) => ("", "log, time, event_id"),
            (None, EventOrder::NewestFirst) => ("", "log DESC, time DESC, event_id DESC"),
            (Some(_), EventOrder::OldestFirst) => ("AND key = $5", "log, key, time, event_id"),
            (Some(_), EventOrder::NewestFirst) => ("AND key = $5", "log DESC, key DESC, time DESC, event_id DESC"),
        };
        // Safe: only the texts above vary.
        let sql = format!(
            "SELECT time, key, body::text FROM kept_event WHERE log = $1 AND time >= $2 AND time < $3 {of_key} \
             ORDER BY {order} LIMIT $4"
        );
        let mut asked = sqlx::query(AssertSqlSafe(sql))
            .bind(&query.log)
            .bind(PgTime(query.range.start()))
            .bind(PgTime(query.range.end()))
            .bind(i64::try_from(query.limit).unwrap_or(i64::MAX));
        if let Some(key) = &query.key {
            asked = asked.bind(key);
        }
        let rows = asked.fetch_all(&self.pool).await.map_err(store_error)?;
        rows.iter().map(|row| event(row, 0)).collect()
    }
}

/// A record of three columns from one on.
pub(super) fn record(row: &PgRow, first: usize) -> Result<Record> {
    Ok(Record {
        key: row.try_get(first).map_err(store_error)?,
        version: stored_version(row.try_get(first + 1).map_err(store_error)?)?,
        body: row.try_get(first + 2).map_err(store_error)?,
    })
}

/// An event of three columns from one on.
pub(super) fn event(row: &PgRow, first: usize) -> Result<Event> {
    let PgTime(time) = row.try_get(first).map_err(store_error)?;
    Ok(Event {
        time,
        key: row.try_get(first + 1).map_err(store_error)?,
        body: row.try_get(first + 2).map_err(store_error)?,
    })
}

async fn apply(pool: &PgPool, batch: Batch) -> Result<Applied> {
    let mut transaction = pool.begin().await.map_err(store_error)?;
    sqlx::query("SELECT pg_advisory_xact_lock($1, $2)")
        .bind(LOCK_SPACE)
        .bind(RECORDS_LOCK)
        .execute(&mut *transaction)
        .await
        .map_err(store_error)?;
    let present = versions(&mut transaction, &batch).await?;
    let plan = match batch.plan(&present) {
        Ok(plan) => plan,
        Err(conflict) => return Ok(conflict),
    };
    store(&mut transaction, plan).await?;
    transaction.commit().await.map_err(store_error)?;
    Ok(Applied::All)
}

async fn versions(connection: &mut PgConnection, batch: &Batch) -> Result<BTreeMap<Place, u64>> {
    let (collections, keys): (Vec<&str>, Vec<&str>) = batch
        .places()
        .map(|(collection, key)| (collection.as_str(), key.as_str()))
        .unzip();
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = sqlx::query(
        "SELECT DISTINCT collection, key, version FROM kept_record \
         JOIN unnest($1::text[], $2::text[]) AS asked (collection, key) USING (collection, key)",
    )
    .bind(collections)
    .bind(keys)
    .fetch_all(connection)
    .await
    .map_err(store_error)?;
    let version = |row: &PgRow| {
        let place = (
            row.try_get(0).map_err(store_error)?,
            row.try_get(1).map_err(store_error)?,
        );
        Ok((place, stored_version(row.try_get(2).map_err(store_error)?)?))
    };
    rows.iter().map(version).collect()
}

async fn store(connection: &mut PgConnection, plan: Plan) -> Result<()> {
    if !plan.delete.is_empty() {
        let (collections, keys): (Vec<String>, Vec<String>) = plan.delete.into_iter().unzip();
        sqlx::query(
            "DELETE FROM kept_record USING unnest($1::text[], $2::text[]) AS gone (collection, key) \
             WHERE kept_record.collection = gone.collection AND kept_record.key = gone.key",
        )
        .bind(collections)
        .bind(keys)
        .execute(&mut *connection)
        .await
        .map_err(store_error)?;
    }
    if !plan.put.is_empty() {
        let (places, states): (Vec<Place>, Vec<_>) = plan.put.into_iter().unzip();
        let (collections, keys): (Vec<String>, Vec<String>) = places.into_iter().unzip();
        let (versions, bodies): (Vec<i64>, Vec<String>) = states
            .into_iter()
            .map(|(version, body)| (sql_version(version), body.to_string()))
            .unzip();
        sqlx::query(
            "INSERT INTO kept_record (collection, key, version, body) \
             SELECT collection, key, version, body::jsonb \
             FROM unnest($1::text[], $2::text[], $3::int8[], $4::text[]) AS new (collection, key, version, body) \
             ON CONFLICT (collection, key) DO UPDATE SET version = excluded.version, body = excluded.body",
        )
        .bind(collections)
        .bind(keys)
        .bind(versions)
        .bind(bodies)
        .execute(&mut *connection)
        .await
        .map_err(store_error)?;
    }
    if !plan.append.is_empty() {
        let mut columns: (Vec<String>, Vec<PgTime>, Vec<String>, Vec<String>) = Default::default();
        for NewEvent { log, event } in plan.append {
            let (time, key, body) = event;
            columns.0.push(log);
            columns.1.push(PgTime(time));
            columns.2.push(key);
            columns.3.push(body.to_string());
        }
        sqlx::query(
            "INSERT INTO kept_event (log, time, key, body) SELECT log, time, key, body::jsonb \
             FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[]) \
             WITH ORDINALITY AS new (log, time, key, body, position) ORDER BY position",
        )
        .bind(columns.0)
        .bind(columns.1)
        .bind(columns.2)
        .bind(columns.3)
        .execute(connection)
        .await
        .map_err(store_error)?;
    }
    Ok(())
}
