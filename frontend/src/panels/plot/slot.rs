//! A question of a panel and what came of it: the answer over HTTP, and then what changes in it.

use std::sync::Arc;

use shared::live::{Increment, Misfit, Part, Position, Question};
use shared::query::envelope::Envelope;
use shared::time::TimeRange;

use super::data::Ask;
use crate::api::ApiFailure;
use crate::panels::cells::data::CellAnswer;

/// What the server said. Answers are compared by identity: they are large, and each is a new one.
#[derive(Clone, Debug)]
pub enum Answer {
    /// To [`Ask::Envelope`], [`Ask::Greatest`] and [`Ask::Extremes`].
    Envelope(Arc<Envelope>),
    /// To [`Ask::Cells`].
    Cells(Arc<CellAnswer>),
}

impl Answer {
    /// Takes in what has changed.
    fn apply(&mut self, increment: Increment) -> Result<(), Misfit> {
        let range_us = increment.from_us..increment.to_us;
        match (self, increment.part) {
            (Self::Envelope(held), Part::Envelope(part)) => Arc::make_mut(held).replace(&range_us, part),
            (Self::Cells(held), part) => Arc::make_mut(held).replace(&range_us, part),
            _ => Err(Misfit),
        }
    }

    /// An answer that is all in a part.
    fn of(part: Part, is_log: bool) -> Option<Self> {
        Some(match part {
            Part::Envelope(envelope) => Self::Envelope(Arc::new(envelope)),
            Part::Raster(raster) => Self::Cells(Arc::new(CellAnswer::of_raster(raster))),
            Part::Density(density) => Self::Cells(Arc::new(CellAnswer::of_density(density, is_log))),
            Part::Latest(_) | Part::Alarms(_) | Part::Streams(_) => return None,
        })
    }
}

/// What came over HTTP, and how it goes on.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The answer.
    pub answer: Answer,
    /// To which question a subscription is the same.
    pub question: Question,
    /// From where on that has to go on; `None` where the server did not say it.
    pub position: Option<Position>,
}

/// A question and what came of it.
#[derive(Clone, Debug)]
pub struct Slot {
    /// The question.
    pub ask: Ask,
    /// The last answer; kept while the next one is awaited.
    pub answer: Option<Answer>,
    /// The range that the answer is exact for.
    pub range: Option<TimeRange>,
    /// The range that was last asked for with an outcome, be it a failure.
    pub asked: Option<TimeRange>,
    /// Why the last question has no answer.
    pub failure: Option<String>,
    /// By which key what changes in the answer comes.
    pub feed: Option<u32>,
}

impl Slot {
    /// A question that is open.
    pub const fn open(ask: Ask) -> Self {
        Self {
            ask,
            answer: None,
            range: None,
            asked: None,
            failure: None,
            feed: None,
        }
    }

    /// The envelope that came.
    pub const fn envelope(&self) -> Option<&Arc<Envelope>> {
        match &self.answer {
            Some(Answer::Envelope(envelope)) => Some(envelope),
            Some(Answer::Cells(_)) | None => None,
        }
    }

    /// The cells that came.
    pub const fn cells(&self) -> Option<&Arc<CellAnswer>> {
        match &self.answer {
            Some(Answer::Cells(cells)) => Some(cells),
            Some(Answer::Envelope(_)) | None => None,
        }
    }

    /// Takes what came of the question about a range.
    pub fn take(&mut self, range: TimeRange, outcome: Result<Answer, ApiFailure>) {
        self.asked = Some(range);
        match outcome {
            Ok(answer) => {
                self.answer = Some(answer);
                self.range = Some(range);
                self.failure = None;
            }
            Err(failure) => {
                // The same picture is still true; one of another range would pass for an answer.
                if self.range != Some(range) {
                    self.answer = None;
                }
                self.failure = Some(failure.to_string());
            }
        }
    }

    /// Takes in what has changed in the answer.
    pub fn apply(&mut self, increment: Increment) -> Result<(), Misfit> {
        if let Some(answer) = &mut self.answer {
            return answer.apply(increment);
        }
        let is_log = matches!(&self.ask, Ask::Cells(cells) if cells.is_log);
        self.answer = Some(Answer::of(increment.part, is_log).ok_or(Misfit)?);
        Ok(())
    }
}
