//! Forgetting: deleting samples that are older than they are to be kept, and what may stand for them afterwards.
//!
//! Samples go with the tiles that were derived from them, so that an answer equals brute force over what is stored. Or
//! the finest tiles, which hold the samples without loss, stay and **stand** for them ([`TileState::standing`]): then
//! they are the truth of that time. Nothing drops them but this trait, and a write before their end is refused, for a
//! tile derived anew would know that write alone.

use std::fmt;

use async_trait::async_trait;
use shared::time::{TimeRange, Timestamp};

use super::tiles::TileState;
use super::{Error, MetricId, Result};

/// Up to where a metric is to be forgotten.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Horizon {
    /// Frames before this moment are deleted.
    pub frames: Timestamp,
    /// Whether their tiles stay; without this they go too.
    pub stand: Option<Stand>,
}

/// Tiles that stay where their samples are deleted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stand {
    /// The generation at which all finest tiles before [`Horizon::frames`] were stored.
    pub generation: u64,
    /// Finest tiles that end here or earlier are deleted all the same, and coarser ones that start earlier.
    pub from: Timestamp,
}

/// Deletes what is too old.
#[async_trait]
pub trait RetentionStore: fmt::Debug + Send + Sync + 'static {
    /// Deletes the frames of a metric before `horizon.frames`, and tiles as `horizon.stand` says, in one transaction; gives
    /// the number of frames deleted. An unknown metric has none.
    ///
    /// Latest samples, span and counts are then those of the frames that are left. The generation of the tiles is raised
    /// where anything was deleted. Tiles that are to stand must begin and end with [`Horizon::frames`], which lies not
    /// after the sealed moment, or it is [`Error::Invalid`]. Of a metric without frames they stand from [`Stand::from`] on.
    /// `None`, and nothing deleted, where their generation is
    /// another one by now. A store whose tiles cannot stand is [`Error::Unavailable`]. From then on a write before that moment is [`Error::Invalid`].
    async fn drop_before(&self, metric_id: MetricId, horizon: &Horizon) -> Result<Option<u64>>;

    /// Gives room back to the system that deleted frames took, where that costs little and disturbs nobody: of a
    /// partition of which no frame is left, say.
    async fn reclaim(&self) -> Result<()> {
        Ok(())
    }
}

/// What a horizon does to the tiles of a metric.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct TilePlan {
    /// What tiles stand for afterwards.
    pub(crate) standing: Option<TimeRange>,
    /// By level: tiles that start before this many microseconds go.
    pub(crate) starts_before_us: Vec<(u8, i64)>,
}

/// What is to be done for a horizon, where `oldest` is the first frame and `state` what is known of the tiles.
pub(crate) enum Forgetting {
    /// Nothing is so old.
    Nothing,
    /// The tiles have changed since they were looked at.
    Moved,
    /// Frames go, and these tiles.
    Due(Option<TilePlan>),
}

impl Horizon {
    /// Decides; the caller holds what keeps others from changing the metric.
    pub(crate) fn apply(&self, state: Option<&TileState>, oldest: Option<Timestamp>) -> Result<Forgetting> {
        let frames_go = oldest.is_some_and(|oldest| oldest < self.frames);
        let Some(state) = state else {
            return Ok(match self.stand {
                Some(_) => Forgetting::Moved,
                None if frames_go => Forgetting::Due(None),
                None => Forgetting::Nothing,
            });
        };
        let Some(finest) = state.spans.first().copied() else {
            return Err(Error::Corrupt("tiles are kept at no level".to_owned()));
        };
        if let Some(stand) = self.stand {
            let frames_us = self.frames.as_micros();
            if stand.generation != state.generation {
                return Ok(Forgetting::Moved);
            }
            if state.sealed < self.frames || finest.start_of(frames_us) != frames_us {
                return Err(Error::Invalid(format!(
                    "tiles cannot stand for samples up to {}",
                    self.frames
                )));
            }
        }
        let end = match (self.stand, state.standing) {
            (Some(_), Some(standing)) => Some(standing.end().max(self.frames)),
            // Without any frame they are taken over, and stand for samples that were elsewhere.
            (Some(_), None) => (frames_go || oldest.is_none()).then_some(self.frames),
            (None, Some(standing)) => (self.frames < standing.end()).then_some(standing.end()),
            (None, None) => None,
        };
        let from_us = self.stand.map_or(self.frames, |stand| stand.from).as_micros();
        let first = state.standing.map(TimeRange::start).or(oldest);
        let start_us = finest.start_of(first.map_or(from_us, |first| first.as_micros().max(from_us)));
        let start = Timestamp::saturating_from_micros(start_us);
        let standing = end.and_then(|end| TimeRange::new(start, end).ok());
        let standing_shrinks = state
            .standing
            .is_some_and(|before| standing.is_none_or(|now| before.start() < now.start()));
        let standing_begins = state.standing.is_none() && standing.is_some();
        if !(frames_go || standing_shrinks || standing_begins) {
            return Ok(Forgetting::Nothing);
        }
        let bounds = state.spans.iter().map(|span| {
            let bound_us = match standing {
                None => self
                    .frames
                    .as_micros()
                    .max(state.standing.map_or(i64::MIN, |before| before.end().as_micros())),
                Some(_) if span.level == finest.level => start_us,
                Some(_) => from_us,
            };
            (span.level, bound_us)
        });
        Ok(Forgetting::Due(Some(TilePlan {
            standing,
            starts_before_us: bounds.collect(),
        })))
    }
}

/// Refuses writes, whose times rise, where tiles stand for samples.
pub(crate) fn check_not_forgotten(metric_id: MetricId, state: &TileState, times_us: &[i64]) -> Result<()> {
    match (state.standing, times_us.first()) {
        (Some(standing), Some(first_us)) if *first_us < standing.end().as_micros() => Err(Error::Invalid(format!(
            "samples of metric {} are forgotten before {}, and none is taken from then",
            metric_id.0,
            standing.end()
        ))),
        _ => Ok(()),
    }
}
