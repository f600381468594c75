//! Deleting what is too old: at start, and each hour.

use std::sync::Arc;
use std::time::Duration;

use shared::time::{MICROS_PER_DAY, Timestamp};

use super::{Gate, Horizons, Policy};
use crate::app::App;
use crate::live::Change;
use crate::pyramid::Pyramid;
use crate::store::retention::Horizon;
use crate::store::{self, Store, StoredMetric};

/// How long to wait between looks at what has grown old.
const PAUSE: Duration = Duration::from_hours(1);

/// How many frames one transaction is to delete, about: others wait for it.
const FRAMES_AT_ONCE: std::ops::Range<u64> = 2_000..20_000;

/// What a first transaction spans, the shortest, and the longest.
const FIRST_STEP_MICROS: i64 = MICROS_PER_DAY / 24;
const MIN_STEP_MICROS: i64 = 1_000_000;
const MAX_STEP_MICROS: i64 = 1000 * MICROS_PER_DAY;

/// Deletes what is too old, again and again, until it is dropped. Failures are logged.
pub async fn keep_pruning(app: Arc<App>) {
    loop {
        let now = app.clock.now();
        let deleted =
            |metric: &StoredMetric, before: Timestamp| app.live.hub.publish(Change::of_deletion(metric.id, before));
        if let Err(error) = prune_and_tell(&app.pyramid, app.writer.gate(), now, deleted).await {
            tracing::warn!(%error, "what is too old could not be deleted, it is tried again in an hour: {error}");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Asks the store which samples are forgotten, so that later ones from then are refused with a reason.
pub async fn learn(store: &dyn Store, gate: &Gate) -> store::Result<()> {
    for metric in store.metrics().await? {
        note_standing(store, gate, &metric).await?;
    }
    Ok(())
}

async fn note_standing(store: &dyn Store, gate: &Gate, metric: &StoredMetric) -> store::Result<()> {
    let state = store.tiles().tile_state(metric.id).await?;
    if let Some(standing) = state.and_then(|state| state.standing) {
        gate.stands_until(&metric.name, standing.end());
    }
    Ok(())
}

/// Deletes what is too old of all metrics, and gives how many frames that were.
///
/// Goes on where it fails for one metric, and gives the last failure then.
pub async fn prune(pyramid: &Pyramid, gate: &Gate, now: Timestamp) -> store::Result<u64> {
    prune_and_tell(pyramid, gate, now, |_, _| {}).await
}

/// The same, which tells of which metrics it has deleted something, and before which moment.
async fn prune_and_tell(
    pyramid: &Pyramid,
    gate: &Gate,
    now: Timestamp,
    deleted: impl Fn(&StoredMetric, Timestamp),
) -> store::Result<u64> {
    let mut n_frames = 0;
    let mut failed = None;
    for metric in pyramid.store().metrics().await? {
        match prune_metric(pyramid, gate.policy(), &metric, now).await {
            Ok(0) => {}
            Ok(n_of_metric) => {
                n_frames += n_of_metric;
                let horizons = gate.policy().horizons(&metric.name, now);
                deleted(&metric, horizons.map_or(now, |horizons| horizons.samples));
            }
            Err(error) => {
                let name = &metric.name;
                tracing::warn!(metric = name, %error, "old samples of {name} could not be deleted: {error}");
                failed = Some(error);
            }
        }
        note_standing(pyramid.store(), gate, &metric).await?;
    }
    if 0 < n_frames {
        pyramid.store().retention().reclaim().await?;
    }
    failed.map_or(Ok(n_frames), Err)
}

async fn prune_metric(pyramid: &Pyramid, policy: &Policy, metric: &StoredMetric, now: Timestamp) -> store::Result<u64> {
    let Some(Horizons {
        samples,
        pyramid: tiles,
    }) = policy.horizons(&metric.name, now)
    else {
        return Ok(0);
    };
    let n_frames = match tiles {
        Some(tiles) => pyramid.retire(metric, samples, tiles).await?,
        None => drop_all(pyramid.store(), metric, samples).await?,
    };
    if 0 < n_frames {
        let name = &metric.name;
        tracing::info!(metric = name, n_frames, before = %samples, "deleted {n_frames} frames of {name} before {samples}");
    }
    Ok(n_frames)
}

/// Deletes all frames before a moment, and their tiles, in steps.
async fn drop_all(store: &dyn Store, metric: &StoredMetric, before: Timestamp) -> store::Result<u64> {
    let mut n_frames = 0;
    let mut step_micros = FIRST_STEP_MICROS;
    loop {
        let first = store.span(metric.id).await?.map(|(first, _)| first);
        let step_end = first.map_or(before, |first| first.saturating_add_micros(step_micros).min(before));
        let horizon = Horizon {
            frames: step_end,
            stand: None,
        };
        let n_of_step = store.retention().drop_before(metric.id, &horizon).await?.unwrap_or(0);
        n_frames += n_of_step;
        // Nothing goes of what belongs to somebody else, as a site's own collections do.
        if step_end == before || n_of_step == 0 {
            return Ok(n_frames);
        }
        if n_of_step < FRAMES_AT_ONCE.start {
            step_micros = (step_micros * 4).min(MAX_STEP_MICROS);
        } else if FRAMES_AT_ONCE.end < n_of_step {
            step_micros = (step_micros / 4).max(MIN_STEP_MICROS);
        }
    }
}
