//! Records and events in SQLite.

use std::collections::BTreeMap;

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};

use super::super::Result;
use super::super::packed::moment;
use super::super::records::{
    Applied, Batch, Event, EventOrder, EventQuery, NewEvent, Place, Record, RecordChange, RecordStore, sql_version,
    stored_version,
};
use super::SqliteStore;
use super::open::store_error;

#[async_trait]
impl RecordStore for SqliteStore {
    async fn apply(&self, changes: &[RecordChange]) -> Result<Applied> {
        self.check_open()?;
        self.writer.apply(Batch::new(changes)?).await
    }

    async fn records(&self, collection: &str) -> Result<Vec<Record>> {
        let rows = sqlx::query("SELECT key, version, body FROM records WHERE collection = ? ORDER BY key")
            .bind(collection)
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)?;
        rows.iter().map(|row| record(row, 0)).collect()
    }

    async fn events(&self, query: &EventQuery) -> Result<Vec<Event>> {
        let of_key = if query.key.is_some() { "AND key = ?" } else { "" };
        let order = match query.order {
            EventOrder::OldestFirst => "time_us, id",
            EventOrder::NewestFirst => "time_us DESC, id DESC",
        };
        // Safe: only the texts above vary.
        let sql = format!(
            "SELECT time_us, key, body FROM events WHERE log = ? AND time_us >= ? AND time_us < ? {of_key} \
             ORDER BY {order} LIMIT ?"
        );
        let mut asked = sqlx::query(AssertSqlSafe(sql))
            .bind(&query.log)
            .bind(query.range.start().as_micros())
            .bind(query.range.end().as_micros());
        if let Some(key) = &query.key {
            asked = asked.bind(key);
        }
        let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
        let rows = asked.bind(limit).fetch_all(&self.readers).await.map_err(store_error)?;
        rows.iter().map(|row| event(row, 0)).collect()
    }
}

/// A record of three columns from one on.
pub(super) fn record(row: &SqliteRow, first: usize) -> Result<Record> {
    Ok(Record {
        key: row.try_get(first).map_err(store_error)?,
        version: stored_version(row.try_get(first + 1).map_err(store_error)?)?,
        body: row.try_get(first + 2).map_err(store_error)?,
    })
}

/// An event of three columns from one on.
pub(super) fn event(row: &SqliteRow, first: usize) -> Result<Event> {
    Ok(Event {
        time: moment(row.try_get(first).map_err(store_error)?)?,
        key: row.try_get(first + 1).map_err(store_error)?,
        body: row.try_get(first + 2).map_err(store_error)?,
    })
}

/// Does a batch, or nothing of it; must run inside a transaction. A conflict leaves the transaction as it was.
pub(super) async fn apply(connection: &mut SqliteConnection, batch: &Batch) -> Result<Applied> {
    let mut present = BTreeMap::new();
    for place in batch.places() {
        if let Some(version) = version(connection, place).await? {
            present.insert(place.clone(), version);
        }
    }
    let plan = match batch.plan(&present) {
        Ok(plan) => plan,
        Err(conflict) => return Ok(conflict),
    };
    for ((collection, key), (version, body)) in &plan.put {
        sqlx::query(
            "INSERT INTO records (collection, key, version, body) VALUES (?, ?, ?, ?) \
             ON CONFLICT (collection, key) DO UPDATE SET version = excluded.version, body = excluded.body",
        )
        .bind(collection)
        .bind(key)
        .bind(sql_version(*version))
        .bind(body.to_string())
        .execute(&mut *connection)
        .await
        .map_err(store_error)?;
    }
    for (collection, key) in &plan.delete {
        sqlx::query("DELETE FROM records WHERE collection = ? AND key = ?")
            .bind(collection)
            .bind(key)
            .execute(&mut *connection)
            .await
            .map_err(store_error)?;
    }
    for NewEvent { log, event } in &plan.append {
        let (time, key, body) = event;
        sqlx::query("INSERT INTO events (log, time_us, key, body) VALUES (?, ?, ?, ?)")
            .bind(log)
            .bind(time.as_micros())
            .bind(key)
            .bind(body.to_string())
            .execute(&mut *connection)
            .await
            .map_err(store_error)?;
    }
    Ok(Applied::All)
}

async fn version(connection: &mut SqliteConnection, (collection, key): &Place) -> Result<Option<u64>> {
    let version: Option<i64> = sqlx::query_scalar("SELECT version FROM records WHERE collection = ? AND key = ?")
        .bind(collection)
        .bind(key)
        .fetch_optional(connection)
        .await
        .map_err(store_error)?;
    version.map(stored_version).transpose()
}
