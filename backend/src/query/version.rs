//! Which version of the past an answer is about, told without computing the answer.
//!
//! A question about a range that ended a while ago ([`SETTLED_MICROS`]) is about a *closed past*: its answer changes only
//! when late samples come in, when samples are rewritten, or when more becomes known of the metric. All of that moves its
//! [`Version`], so that whoever holds an answer can ask whether it still holds:
//!
//! * The store raises the generation of a metric's tiles with each write before the sealed moment
//!   ([`crate::store::tiles`]). The past is sealed up to the end of the range, or up to the newest frame, before the
//!   generation is read: from then on no write into it goes unnoticed.
//! * A write after the newest frame moves the newest frame, which is part of the version where the range reaches beyond it.
//! * Name, title, unit, interval and labels of the metric are part of it, as is the program that answers.
//!
//! The version is read before the answer is computed. So an answer may be newer than its version says, never older, and
//! equal versions at two moments mean that nothing was written into the range between them: also with several servers on
//! one database, and after a restart. The price is three look-ups, and one small write when somebody looks at a past
//! that was not sealed yet. Samples that come later than [`SETTLED_MICROS`] into a past that was looked at cost what late
//! samples cost.

use sha2::{Digest as _, Sha256};
use shared::time::{MICROS_PER_SEC, Timestamp};

use crate::store::{self, Store, StoredMetric};

/// How long ago a range must have ended to be taken for closed: later than most sources deliver.
pub const SETTLED_MICROS: i64 = 3600 * MICROS_PER_SEC;

/// What the source of this program hashes to: other code may write the same answer in another form.
const PROGRAM: &str = env!("WATCHROOM_SOURCE_HASH");

/// What an answer depends on besides its question, as it was at a moment before it was computed.
#[derive(Clone, Debug)]
pub struct Version(Sha256);

impl Version {
    /// The version of the program alone.
    pub fn of_program() -> Self {
        let mut version = Self(Sha256::new());
        version.add(PROGRAM);
        version
    }

    /// The version of what is stored of a metric before `to`; `None` where that may change any moment unnoticed.
    ///
    /// That is: where `to` is not long enough ago, where there is no such metric, and before its first tiles.
    pub async fn of_past(
        store: &dyn Store,
        now: Timestamp,
        metric: &str,
        to: Timestamp,
    ) -> store::Result<Option<Self>> {
        if !is_settled(now, to) {
            return Ok(None);
        }
        let Some(metric) = store.metric_by_name(metric).await? else {
            return Ok(None);
        };
        let mut version = Self::of_program();
        Ok(version.add_past(store, &metric, to).await?.then_some(version))
    }

    /// Adds something that the answer depends on.
    pub fn add(&mut self, text: &str) {
        self.add_bytes(text.as_bytes());
    }

    /// Adds something that the answer depends on.
    pub fn add_bytes(&mut self, bytes: &[u8]) {
        // With their number, so that neighbors cannot be mistaken for each other.
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    /// Adds what is stored of a metric before `to`; gives `false`, and adds nothing, before its first tiles.
    pub async fn add_past(&mut self, store: &dyn Store, metric: &StoredMetric, to: Timestamp) -> store::Result<bool> {
        let span = store.span(metric.id).await?;
        let newest = span.map(|(_, newest)| newest);
        let until = newest.map_or(to, |newest| newest.saturating_add_micros(1).min(to));
        let Some(mut state) = store.tiles().tile_state(metric.id).await? else {
            return Ok(false);
        };
        if state.sealed < until {
            state = match store.tiles().seal_tiles(metric.id, &state.spans, until).await {
                Ok(state) => state,
                // A store that cannot take this note, as on a full disk, may still answer.
                Err(error) => {
                    tracing::warn!(metric = metric.name, %error, "an answer cannot be kept, its past is not sealed: {error}");
                    return Ok(false);
                }
            };
        }
        let newest_if_in_sight = newest.filter(|newest| *newest < to);
        // Moves when samples grow too old and are deleted.
        let first = span.map(|(first, _)| first);
        let properties = &metric.properties;
        self.add(&format!(
            "{:?} {} {first:?} {newest_if_in_sight:?}",
            metric.id, state.generation
        ));
        self.add(&metric.name);
        self.add(&format!("{:?} {:?}", properties.kind, properties.interval_micros));
        self.add(&properties.title);
        self.add(&properties.unit);
        for label in &metric.channel_labels {
            self.add(label);
        }
        Ok(true)
    }

    /// The version in 22 letters and digits.
    pub fn text(self) -> String {
        use base64::Engine as _;

        let digest = self.0.finalize();
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&digest[..16])
    }
}

/// Whether a range that ends at `to` belongs to the closed past.
pub fn is_settled(now: Timestamp, to: Timestamp) -> bool {
    SETTLED_MICROS <= now.micros_since(to)
}

#[cfg(test)]
mod tests;
