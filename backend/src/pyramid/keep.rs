//! Deriving tiles ahead of questions, as data grow, so that the first question of a night finds them there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::grid::SAMPLES;
use super::tile::BAND;
use super::{Error, Pyramid};
use crate::store::{self, MetricId, StoredMetric};

/// How long to wait between looks at what has grown.
const PAUSE: Duration = Duration::from_secs(5);

/// How often to begin again where late writes come in between.
const ATTEMPTS: u32 = 5;

/// Derives what can be derived, again and again, until it is dropped. Failures of the store are logged.
pub async fn keep_up(pyramid: Arc<Pyramid>) {
    let mut done = BTreeMap::new();
    loop {
        if let Err(error) = pyramid.catch_up(&mut done).await {
            tracing::warn!(%error, "tiles could not be derived, questions will have to wait for them: {error}");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Up to where the tiles of metrics are known to be complete.
pub type Done = BTreeMap<MetricId, Complete>;

/// As of when the tiles of a metric are complete.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Complete {
    generation: u64,
    /// As soon as a frame is not before this moment, there is more to derive.
    next_us: i64,
}

impl Pyramid {
    /// Derives the missing tiles of all metrics that have grown or changed since `done`, which it brings up to date.
    pub async fn catch_up(&self, done: &mut Done) -> store::Result<()> {
        for metric in self.store.metrics().await? {
            if let Some(complete) = done.get(&metric.id)
                && self.is_complete(&metric, *complete).await?
            {
                continue;
            }
            match self.catch_up_metric(&metric).await? {
                Some(complete) => drop(done.insert(metric.id, complete)),
                None => drop(done.remove(&metric.id)),
            }
        }
        Ok(())
    }

    async fn is_complete(&self, metric: &StoredMetric, complete: Complete) -> store::Result<bool> {
        let state = self.store.tiles().tile_state(metric.id).await?;
        if state.map_or(0, |state| state.generation) != complete.generation {
            return Ok(false);
        }
        let span = self.store.span(metric.id).await?;
        Ok(span.is_none_or(|(_, newest)| newest.as_micros() < complete.next_us))
    }

    /// Derives the missing tiles of a metric; gives as of when they are complete.
    ///
    /// `None` where nothing is stored yet, where its samples are not fit for tiles, or where late writes kept coming in
    /// between: then some are still missing.
    pub async fn catch_up_metric(&self, metric: &StoredMetric) -> store::Result<Option<Complete>> {
        for _ in 0..ATTEMPTS {
            match self.derive_all(metric).await {
                Ok(done) => return Ok(done),
                Err(Error::Moved) => {}
                Err(Error::Store(error)) => return Err(error),
                Err(error @ (Error::Unsuited | Error::Codec(_))) => {
                    tracing::debug!(metric = metric.name, %error, "no tiles for {}: {error}", metric.name);
                    return Ok(None);
                }
            }
        }
        Ok(None)
    }

    async fn derive_all(&self, metric: &StoredMetric) -> super::Result<Option<Complete>> {
        let Some(mut view) = self.view(metric).await? else {
            return Ok(None);
        };
        let plan = view.grid.plan(view.grid.top(), view.span, view.sealed_us);
        // A tile is derived from all below it, and together with all its blocks.
        let block = if 1 < view.n_channels { BAND } else { 0 };
        for step in plan.steps {
            view.load(step.level, block, &[step.start_us]).await?;
        }
        let finest = view.grid.span(SAMPLES);
        let complete = Complete {
            generation: view.generation,
            next_us: finest.start_of(view.sealed_us.max(view.span.start().as_micros())) + finest.span_micros,
        };
        view.flush().await?;
        Ok(Some(complete))
    }
}
