//! The metrics and channels, kept in memory and brought up to date from the database before each answer.
//!
//! Each change gives its metric a version above all others, under a lock, so that "what is newer than what I know" is
//! one lookup in an index that finds nothing most of the time. So a server knows at once what another one made.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use sqlx::postgres::{PgPool, PgRow};
use sqlx::{PgConnection, Row as _};

use super::super::{Error, MetricId, MetricProperties, Result, StoredMetric, kind_from_text, kind_to_text};
use super::open::store_error;
use super::{LOCK_SPACE, sql_id};

/// Which lock a server holds while it changes the catalogue.
const CATALOGUE_LOCK: i32 = -1;

macro_rules! select_metric {
    () => {
        "SELECT metric_id, name, title, unit, kind, interval_us, version, \
             ARRAY(SELECT label FROM channel WHERE channel.metric_id = metric.metric_id ORDER BY channel), \
             coalesce((SELECT max(channel) + 1 FROM channel WHERE channel.metric_id = metric.metric_id), 0) \
         FROM metric WHERE "
    };
}

/// All metrics, as far as they were seen.
#[derive(Debug, Default)]
pub(super) struct Catalogue(RwLock<Known>);

#[derive(Debug, Default)]
struct Known {
    version: i64,
    metrics: BTreeMap<MetricId, Versioned>,
    ids: BTreeMap<String, MetricId>,
}

#[derive(Debug)]
struct Versioned {
    version: i64,
    metric: StoredMetric,
}

impl Catalogue {
    /// Reads what was changed since the last time, by whichever server.
    pub(super) async fn refresh(&self, pool: &PgPool) -> Result<()> {
        let version = self.known().version;
        let changed = sqlx::query(concat!(select_metric!(), "version > $1"))
            .bind(version)
            .fetch_all(pool)
            .await
            .map_err(store_error)?;
        let changed = changed.iter().map(metric_from_result).collect::<Result<Vec<_>>>()?;
        let version = changed.iter().map(|entry| entry.version).max();
        self.learn(changed, version);
        Ok(())
    }

    /// All metrics as of the last refresh, by rising id.
    pub(super) fn metrics(&self) -> Vec<StoredMetric> {
        self.known()
            .metrics
            .values()
            .map(|entry| entry.metric.clone())
            .collect()
    }

    /// The metric of a name, as of the last refresh.
    pub(super) fn by_name(&self, name: &str) -> Option<StoredMetric> {
        let known = self.known();
        known
            .ids
            .get(name)
            .and_then(|id| Some(known.metrics.get(id)?.metric.clone()))
    }

    /// How many channels a metric has, as of the last refresh.
    pub(super) fn channel_count(&self, metric_id: MetricId) -> Option<usize> {
        let known = self.known();
        known
            .metrics
            .get(&metric_id)
            .map(|entry| entry.metric.channel_labels.len())
    }

    /// Makes or extends a metric; durable when it returns.
    pub(super) async fn ensure(&self, pool: &PgPool, name: &str, labels: &[String]) -> Result<StoredMetric> {
        self.refresh(pool).await?;
        if let Some(mut metric) = self.by_name(name)
            && metric.add_labels(labels) == 0
        {
            return Ok(metric);
        }
        for text in labels.iter().map(String::as_str).chain([name]) {
            check_text(text)?;
        }
        let mut transaction = pool.begin().await.map_err(store_error)?;
        let changed = ensure(&mut transaction, name, labels).await?;
        transaction.commit().await.map_err(store_error)?;
        let metric = changed.metric.clone();
        self.learn(vec![changed], None);
        Ok(metric)
    }

    /// Replaces the properties of a metric; durable when it returns.
    pub(super) async fn set_properties(
        &self,
        pool: &PgPool,
        metric_id: MetricId,
        properties: &MetricProperties,
    ) -> Result<()> {
        check_text(&properties.title)?;
        check_text(&properties.unit)?;
        let mut transaction = pool.begin().await.map_err(store_error)?;
        lock(&mut transaction).await?;
        sqlx::query(
            "UPDATE metric SET title = $2, unit = $3, kind = $4, interval_us = $5, \
                 version = (SELECT max(version) + 1 FROM metric) \
             WHERE metric_id = $1",
        )
        .bind(sql_id(metric_id))
        .bind(&properties.title)
        .bind(&properties.unit)
        .bind(kind_to_text(properties.kind))
        .bind(properties.interval_micros)
        .execute(&mut *transaction)
        .await
        .map_err(store_error)?;
        transaction.commit().await.map_err(store_error)
    }

    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over what is newer than what is known. `version` is that up to which nothing is missing, where it rises.
    fn learn(&self, changed: Vec<Versioned>, version: Option<i64>) {
        if changed.is_empty() {
            return;
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for entry in changed {
            let id = entry.metric.id;
            if known.metrics.get(&id).is_some_and(|old| entry.version < old.version) {
                continue;
            }
            known.ids.insert(entry.metric.name.clone(), id);
            known.metrics.insert(id, entry);
        }
        known.version = version.map_or(known.version, |version| known.version.max(version));
    }
}

/// All metrics by rising id, as a transaction sees them.
pub(super) async fn all(connection: &mut PgConnection) -> Result<Vec<StoredMetric>> {
    let rows = sqlx::query(concat!(select_metric!(), "true ORDER BY metric_id"))
        .fetch_all(connection)
        .await
        .map_err(store_error)?;
    let metric = |row: &PgRow| metric_from_result(row).map(|entry| entry.metric);
    rows.iter().map(metric).collect()
}

/// Keeps other servers from changing the catalogue until the transaction ends.
async fn lock(connection: &mut PgConnection) -> Result<()> {
    let locked = sqlx::query("SELECT pg_advisory_xact_lock($1, $2)")
        .bind(LOCK_SPACE)
        .bind(CATALOGUE_LOCK)
        .execute(connection)
        .await;
    locked.map(drop).map_err(store_error)
}

async fn ensure(connection: &mut PgConnection, name: &str, labels: &[String]) -> Result<Versioned> {
    lock(connection).await?;
    let found = sqlx::query(concat!(select_metric!(), "name = $1"))
        .bind(name)
        .fetch_optional(&mut *connection)
        .await
        .map_err(store_error)?;
    let mut entry = if let Some(found) = found {
        metric_from_result(&found)?
    } else {
        let made = sqlx::query(
            "INSERT INTO metric (metric_id, name, title, unit, kind, version) \
             SELECT coalesce(max(metric_id), 0) + 1, $1, '', '', 'gauge', coalesce(max(version), 0) + 1 FROM metric \
             RETURNING metric_id, version",
        )
        .bind(name)
        .fetch_one(&mut *connection)
        .await
        .map_err(store_error)?;
        Versioned {
            version: made.try_get(1).map_err(store_error)?,
            metric: StoredMetric::new(id_from_result(&made)?, name),
        }
    };
    let known = entry.metric.channel_labels.len();
    if entry.metric.add_labels(labels) == 0 {
        return Ok(entry);
    }
    let made = sqlx::query_scalar(
        "WITH made AS ( \
             INSERT INTO channel (metric_id, channel, label) \
             SELECT $1, $2 + position - 1, label FROM unnest($3::text[]) WITH ORDINALITY AS item (label, position)) \
         UPDATE metric SET version = (SELECT max(version) + 1 FROM metric) WHERE metric_id = $1 RETURNING version",
    )
    .bind(sql_id(entry.metric.id))
    .bind(i64::try_from(known).unwrap_or(i64::MAX))
    .bind(&entry.metric.channel_labels[known..])
    .fetch_one(connection)
    .await;
    entry.version = made.map_err(store_error)?;
    Ok(entry)
}

fn metric_from_result(result: &PgRow) -> Result<Versioned> {
    let id = id_from_result(result)?;
    let kind: String = result.try_get(4).map_err(store_error)?;
    let channel_labels: Vec<String> = result.try_get(7).map_err(store_error)?;
    let n_channels: i32 = result.try_get(8).map_err(store_error)?;
    if usize::try_from(n_channels).ok() != Some(channel_labels.len()) {
        return Err(Error::Corrupt(format!("channels of metric {} are missing", id.0)));
    }
    let metric = StoredMetric {
        id,
        name: result.try_get(1).map_err(store_error)?,
        properties: MetricProperties {
            title: result.try_get(2).map_err(store_error)?,
            unit: result.try_get(3).map_err(store_error)?,
            kind: kind_from_text(&kind)
                .ok_or_else(|| Error::Corrupt(format!("metric {} is of the unknown kind {kind:?}", id.0)))?,
            interval_micros: result.try_get(5).map_err(store_error)?,
        },
        channel_labels,
    };
    let version = result.try_get(6).map_err(store_error)?;
    Ok(Versioned { version, metric })
}

fn id_from_result(result: &PgRow) -> Result<MetricId> {
    let id: i32 = result.try_get(0).map_err(store_error)?;
    let id = u32::try_from(id).map_err(|_negative| Error::Corrupt(format!("a metric has the number {id}")))?;
    Ok(MetricId(id))
}

/// PostgreSQL's text cannot hold the character 0.
fn check_text(text: &str) -> Result<()> {
    if text.contains('\0') {
        return Err(Error::Invalid(format!("{text:?} holds the character 0")));
    }
    Ok(())
}
