//! The metrics of collections that a site has already: found by looking, for nobody tells us of them.

use std::time::{Duration, Instant};

use mongodb::bson::{Bson, RawDocumentBuf, doc};
use mongodb::{Collection, Database};
use tokio::sync::Mutex;

use super::super::Result;
use super::catalogue::Catalogue;
use super::document;
use super::failure::store_error;
use super::place::{SiteCollection, place_of};

/// How long what was seen counts as new enough.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Collections of a site, and when they were looked at.
#[derive(Debug)]
pub(super) struct Sites {
    database: Database,
    collections: Vec<SiteCollection>,
    looked: Mutex<Option<Instant>>,
}

impl Sites {
    pub(super) fn new(database: &Database, collections: Vec<SiteCollection>) -> Self {
        Self {
            database: database.clone(),
            collections,
            looked: Mutex::new(None),
        }
    }

    /// Makes the metrics known that have come since the last look, unless that was just now.
    pub(super) async fn look(&self, catalogue: &Catalogue) -> Result<()> {
        if self.collections.is_empty() {
            return Ok(());
        }
        // Whoever comes while somebody looks waits for what that finds.
        let mut looked = self.looked.lock().await;
        if looked.is_some_and(|looked| looked.elapsed() < LOOK_EVERY) {
            return Ok(());
        }
        for site in &self.collections {
            let collection: Collection<RawDocumentBuf> = self.database.collection(&site.collection);
            let names = collection.distinct("name", doc! {}).await.map_err(store_error)?;
            for name in names.iter().filter_map(Bson::as_str) {
                let n_channels = self.n_channels(&collection, site, name).await?;
                if 0 < n_channels {
                    catalogue.adopt(&site.metric(name), n_channels).await?;
                }
            }
        }
        *looked = Some(Instant::now());
        Ok(())
    }

    /// How many values the oldest or the newest document of a name has; 0 where it has none of this field.
    async fn n_channels(
        &self,
        collection: &Collection<RawDocumentBuf>,
        site: &SiteCollection,
        name: &str,
    ) -> Result<usize> {
        let place = place_of(&site.metric(name), &self.collections);
        let mut n_channels = 0;
        for order in [-1, 1] {
            let end = collection
                .find_one(doc! { "name": name })
                .sort(doc! { "name": order, "date": order })
                .await
                .map_err(store_error)?;
            let row = end.map(|end| document::row(&end, &place)).transpose()?.flatten();
            if let Some((_, row)) = row {
                let last = row.len().checked_sub(1).map(|last| row.channel(last) as usize + 1);
                n_channels = n_channels.max(last.unwrap_or(0));
            }
        }
        Ok(n_channels)
    }
}
