//! How well caches do.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

/// What is found in one cache.
#[derive(Clone, Debug, Default)]
pub struct CacheFigures {
    /// How often something was there.
    pub hits: Counter,
    /// How often it was not.
    pub misses: Counter,
    /// How much of it is in memory, in bytes.
    pub bytes: Gauge,
}

impl CacheFigures {
    /// Somebody looked for something.
    pub fn note(&self, found: bool) {
        let counter = if found { &self.hits } else { &self.misses };
        counter.inc();
    }

    /// So much is in memory now.
    pub fn set_bytes(&self, bytes: u64) {
        self.bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }
}

/// Those of the tiles and of the answers.
pub(super) fn registered(registry: &mut Registry) -> [CacheFigures; 2] {
    let hits: Family<[(&'static str, &'static str); 1], Counter> = Family::default();
    let misses: Family<[(&'static str, &'static str); 1], Counter> = Family::default();
    let bytes: Family<[(&'static str, &'static str); 1], Gauge> = Family::default();
    registry.register("cache_hits", "What was found in a cache", hits.clone());
    registry.register("cache_misses", "What was not found in a cache", misses.clone());
    registry.register_with_unit("cache_size", "What a cache holds", Unit::Bytes, bytes.clone());
    ["tiles", "answers"].map(|cache| {
        let label = [("cache", cache)];
        CacheFigures {
            hits: hits.get_or_create_owned(&label),
            misses: misses.get_or_create_owned(&label),
            bytes: bytes.get_or_create_owned(&label),
        }
    })
}
