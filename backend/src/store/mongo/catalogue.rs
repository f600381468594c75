//! The metrics: one document each, with a revision by which servers notice each other's changes.
//!
//! What is kept in memory is only ever used after its revision was compared with the stored one, or where it cannot
//! have become wrong: metrics and channels are never taken away.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use futures_util::TryStreamExt as _;
use mongodb::bson::{Document, doc};
use mongodb::{Collection, Database};
use serde::{Deserialize, Serialize};
use shared::metric::MetricKind;

use super::super::{Error, MetricId, MetricProperties, Result, StoredMetric};
use super::failure::{is_duplicate_key, store_error};
use super::place::{Place, SiteCollection, place_of};

/// How often a change is tried again because another server came between.
const ATTEMPTS: u32 = 100;

/// The first number of metrics that this process alone knows.
const FIRST_ADOPTED: MetricId = MetricId(1 << 31);

/// A metric and where its samples are.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) metric: StoredMetric,
    pub(super) place: Place,
    revision: i64,
}

/// The stored form of a metric.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct MetricDocument {
    #[serde(rename = "_id")]
    id: i64,
    name: String,
    title: String,
    unit: String,
    kind: MetricKind,
    /// Microseconds between expected samples.
    interval_us: Option<i64>,
    /// Labels; the position is the channel's index.
    channels: Vec<String>,
    revision: i64,
}

/// What tells whether an entry in memory is still right.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Version {
    #[serde(rename = "_id")]
    id: i64,
    revision: i64,
}

/// All metrics of a database.
#[derive(Debug)]
pub(super) struct Catalogue {
    documents: Collection<MetricDocument>,
    versions: Collection<Version>,
    sites: Vec<SiteCollection>,
    /// Metrics of sites are then known to this process alone.
    read_only: bool,
    entries: RwLock<BTreeMap<MetricId, Arc<Entry>>>,
}

impl Catalogue {
    pub(super) fn new(database: &Database, sites: Vec<SiteCollection>, read_only: bool) -> Self {
        Self {
            documents: database.collection("metrics"),
            versions: database.collection("metrics"),
            sites,
            read_only,
            entries: RwLock::default(),
        }
    }

    /// All metrics by rising id, as they are now.
    pub(super) async fn all(&self) -> Result<Vec<Arc<Entry>>> {
        let versions: Vec<Version> = self
            .versions
            .find(doc! {})
            .projection(doc! { "revision": 1 })
            .sort(doc! { "_id": 1 })
            .await
            .map_err(store_error)?
            .try_collect()
            .await
            .map_err(store_error)?;
        let stale: Vec<i64> = versions
            .iter()
            .filter(|version| self.current(**version).is_none())
            .map(|version| version.id)
            .collect();
        if !stale.is_empty() {
            self.fetch(doc! { "_id": { "$in": stale } }).await?;
        }
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        // What was made between the two queries may be there too.
        Ok(entries.values().map(Arc::clone).collect())
    }

    /// The metric of a name, as it is now.
    pub(super) async fn by_name(&self, name: &str) -> Result<Option<Arc<Entry>>> {
        let version = self
            .versions
            .find_one(doc! { "name": name })
            .projection(doc! { "revision": 1 })
            .await
            .map_err(store_error)?;
        let Some(version) = version else {
            let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
            let adopted = entries.range(FIRST_ADOPTED..).map(|(_, entry)| entry);
            return Ok(adopted
                .into_iter()
                .find(|entry| entry.metric.name == name)
                .map(Arc::clone));
        };
        if let Some(entry) = self.current(version) {
            return Ok(Some(entry));
        }
        Ok(self.fetch(doc! { "_id": version.id }).await?.pop())
    }

    /// A metric with at least this many channels; as it is known, or, where that is not enough, as it is now.
    pub(super) async fn with_channels(&self, id: MetricId, n_channels: usize) -> Result<Option<Arc<Entry>>> {
        if let Some(entry) = self.known(id)
            && n_channels <= entry.metric.channel_labels.len()
        {
            return Ok(Some(entry));
        }
        let stored = self.fetch(doc! { "_id": i64::from(id.0) }).await?.pop();
        Ok(stored.or_else(|| self.known(id)))
    }

    /// Makes a metric of a site known that has at least this many channels.
    ///
    /// Where nothing may be written this process alone knows it, under a number of its own.
    pub(super) async fn adopt(&self, name: &str, n_channels: usize) -> Result<()> {
        let known = self.by_name(name).await?;
        if known.is_some_and(|entry| n_channels <= entry.metric.channel_labels.len()) {
            return Ok(());
        }
        let labels: Vec<String> = (0..n_channels).map(|channel| channel.to_string()).collect();
        if !self.read_only {
            return self.ensure(name, &labels).await.map(drop);
        }
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        let adopted = entries.range(FIRST_ADOPTED..);
        let known = adopted.into_iter().find(|(_, entry)| entry.metric.name == name);
        let next = entries.keys().next_back().map_or(0, |last| last.0.saturating_add(1));
        let id = known.map_or(MetricId(next.max(FIRST_ADOPTED.0)), |(id, _)| *id);
        let mut metric = known.map_or_else(|| StoredMetric::new(id, name), |(_, entry)| entry.metric.clone());
        metric.add_labels(&labels);
        let place = place_of(name, &self.sites);
        entries.insert(
            id,
            Arc::new(Entry {
                metric,
                place,
                revision: 0,
            }),
        );
        Ok(())
    }

    /// As [`super::super::CatalogueStore::ensure_metric`].
    pub(super) async fn ensure(&self, name: &str, labels: &[String]) -> Result<Arc<Entry>> {
        for _ in 0..ATTEMPTS {
            let Some(entry) = self.by_name(name).await? else {
                self.check_writable(name)?;
                self.insert(name, labels).await?;
                continue;
            };
            let mut metric = entry.metric.clone();
            if metric.add_labels(labels) == 0 {
                return Ok(entry);
            }
            self.check_writable(name)?;
            let filter = doc! { "_id": i64::from(metric.id.0), "revision": entry.revision };
            let change = doc! { "channels": metric.channel_labels.clone() };
            self.update(filter, change).await?;
        }
        Err(Error::Unavailable(format!(
            "metric {name:?} is changed by other servers all the time"
        )))
    }

    /// As [`super::super::CatalogueStore::set_properties`].
    pub(super) async fn set_properties(&self, id: MetricId, properties: &MetricProperties) -> Result<()> {
        if self.read_only {
            // Titles and units from the configuration are as good for a database that stays as it is.
            let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
            if let Some(entry) = entries.get_mut(&id) {
                Arc::make_mut(entry).metric.properties = properties.clone();
            }
            return Ok(());
        }
        let kind = mongodb::bson::serialize_to_bson(&properties.kind);
        let kind = kind.map_err(|error| Error::Invalid(error.to_string()))?;
        let change = doc! {
            "title": &properties.title,
            "unit": &properties.unit,
            "kind": kind,
            "interval_us": properties.interval_micros,
        };
        self.update(doc! { "_id": i64::from(id.0) }, change).await
    }

    fn check_writable(&self, name: &str) -> Result<()> {
        if self.read_only {
            let message =
                format!("the store is read-only, so that metric {name:?} cannot be made or get more channels");
            return Err(Error::ReadOnly(message));
        }
        Ok(())
    }

    /// Makes a metric, unless there is one of this name or another server took the number.
    async fn insert(&self, name: &str, labels: &[String]) -> Result<()> {
        let last = self
            .versions
            .find_one(doc! {})
            .projection(doc! { "revision": 1 })
            .sort(doc! { "_id": -1 })
            .await
            .map_err(store_error)?;
        let id = last.map_or(0, |last| last.id) + 1;
        let mut metric = StoredMetric::new(metric_id(id)?, name);
        metric.add_labels(labels);
        let document = MetricDocument {
            id,
            name: metric.name,
            title: String::new(),
            unit: String::new(),
            kind: MetricKind::default(),
            interval_us: None,
            channels: metric.channel_labels,
            revision: 1,
        };
        match self.documents.insert_one(document).await {
            Ok(_inserted) => Ok(()),
            Err(error) if is_duplicate_key(&error) => Ok(()),
            Err(error) => Err(store_error(error)),
        }
    }

    /// Changes what the filter finds, if it finds one.
    async fn update(&self, filter: Document, change: Document) -> Result<()> {
        let update = doc! { "$set": change, "$inc": { "revision": 1_i64 } };
        self.documents
            .update_one(filter, update)
            .await
            .map_err(store_error)
            .map(drop)
    }

    fn known(&self, id: MetricId) -> Option<Arc<Entry>> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.get(&id).map(Arc::clone)
    }

    fn current(&self, version: Version) -> Option<Arc<Entry>> {
        let id = metric_id(version.id).ok()?;
        self.known(id).filter(|entry| entry.revision == version.revision)
    }

    /// Reads metrics anew, and keeps them.
    async fn fetch(&self, filter: Document) -> Result<Vec<Arc<Entry>>> {
        let documents: Vec<MetricDocument> = self
            .documents
            .find(filter)
            .await
            .map_err(store_error)?
            .try_collect()
            .await
            .map_err(store_error)?;
        let mut fetched = Vec::with_capacity(documents.len());
        for document in documents {
            fetched.push(Arc::new(self.entry(document)?));
        }
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        for entry in &fetched {
            let kept = entries.entry(entry.metric.id).or_insert_with(|| Arc::clone(entry));
            // Two queries may end in the other order than they began.
            if kept.revision < entry.revision {
                *kept = Arc::clone(entry);
            }
        }
        Ok(fetched)
    }

    fn entry(&self, document: MetricDocument) -> Result<Entry> {
        Ok(Entry {
            place: place_of(&document.name, &self.sites),
            revision: document.revision,
            metric: StoredMetric {
                id: metric_id(document.id)?,
                name: document.name,
                properties: MetricProperties {
                    title: document.title,
                    unit: document.unit,
                    kind: document.kind,
                    interval_micros: document.interval_us,
                },
                channel_labels: document.channels,
            },
        })
    }
}

fn metric_id(id: i64) -> Result<MetricId> {
    let id = u32::try_from(id).map_err(|_beyond| Error::Corrupt(format!("{id} is not the number of a metric")))?;
    Ok(MetricId(id))
}
