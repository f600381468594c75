//! A question that somebody has open: what has changed in its answer is computed once for all who ask it.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use shared::alarm::AlarmList;
use shared::live::{Part, Question};
use shared::query::latest::LatestQuery;
use shared::query::streams::Streams;
use shared::time::Timestamp;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use super::log::{Changed, Interest};
use super::step::{Outcome, SharedIncrement, Step};
use super::{Base, Refusal};
use crate::query::raster::RasterAnswer;
use crate::query::{self, Ask, Renewed, envelope, latest, raster};
use crate::store::MetricId;

/// The least time between two steps of a question: ten a second.
const PAUSE: Duration = Duration::from_millis(100);

/// How long to wait after the store failed.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// A question that stays open for some clients.
#[derive(Debug)]
pub struct Topic {
    base: Arc<Base>,
    source: Source,
    current: Mutex<Current>,
    /// Whoever computes; only one does.
    work: tokio::sync::Mutex<Work>,
    driver: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Current {
    step: Arc<Step>,
    ears: Vec<Weak<Notify>>,
}

/// Where answers come from.
#[derive(Debug)]
enum Source {
    /// From the stored samples.
    Stored {
        question: Question,
        metric_id: MetricId,
        interest: Interest,
    },
    /// From somebody who tells whole answers.
    Told(Told),
}

#[derive(Debug)]
enum Told {
    Alarms(watch::Receiver<Option<Arc<AlarmList>>>),
    Streams(watch::Receiver<Option<Arc<Streams>>>),
}

/// What is remembered from step to step.
#[derive(Debug, Default)]
struct Work {
    envelope: envelope::Memory,
    raster: raster::Memory,
    /// The last step for somebody who had fallen behind: others may have with them.
    behind: Option<(Option<u64>, Arc<Step>)>,
}

impl Drop for Topic {
    fn drop(&mut self) {
        let driver = self.driver.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(driver) = driver.take() {
            driver.abort();
        }
    }
}

impl Topic {
    /// A question about stored samples that has an answer.
    pub(super) fn stored(base: &Arc<Base>, question: Question, metric_id: MetricId) -> Arc<Self> {
        let interest = interest(&question);
        // Heard before the position is read: what comes in between is in the first step.
        let listener = base.hub.listen(metric_id);
        let source = Source::Stored {
            question,
            metric_id,
            interest,
        };
        let topic = Self::new(base, source, base.hub.position().sequence);
        topic.drive(async move |topic: Weak<Self>| {
            loop {
                listener.notified().await;
                let Some(topic) = topic.upgrade() else { return };
                let pause = topic.take_step().await;
                drop(topic);
                if pause == RETRY_PAUSE {
                    listener.notify_one();
                }
                tokio::time::sleep(pause).await;
            }
        });
        topic
    }

    /// The alarms.
    pub(super) fn alarms(base: &Arc<Base>) -> Arc<Self> {
        Self::told(base, Told::Alarms(base.alarms.listen()), base.alarms.listen())
    }

    /// The streams.
    pub(super) fn streams(base: &Arc<Base>) -> Arc<Self> {
        Self::told(base, Told::Streams(base.streams.listen()), base.streams.listen())
    }

    fn told<T: Send + Sync + 'static>(base: &Arc<Base>, told: Told, mut news: watch::Receiver<T>) -> Arc<Self> {
        let topic = Self::new(base, Source::Told(told), 0);
        news.mark_changed();
        topic.drive(async move |topic: Weak<Self>| {
            while news.changed().await.is_ok() {
                news.mark_unchanged();
                let Some(topic) = topic.upgrade() else { return };
                topic.tell();
                drop(topic);
                tokio::time::sleep(PAUSE).await;
            }
        });
        topic
    }

    fn new(base: &Arc<Base>, source: Source, at: u64) -> Arc<Self> {
        let nothing = Step {
            from: at,
            to: at,
            outcome: Outcome::Increments(Vec::new()),
        };
        Arc::new(Self {
            base: Arc::clone(base),
            source,
            current: Mutex::new(Current {
                step: Arc::new(nothing),
                ears: Vec::new(),
            }),
            work: tokio::sync::Mutex::default(),
            driver: Mutex::default(),
        })
    }

    fn drive<F: Future<Output = ()> + Send + 'static>(self: &Arc<Self>, driver: impl FnOnce(Weak<Self>) -> F) {
        let driver = tokio::spawn(driver(Arc::downgrade(self)));
        *self.driver.lock().unwrap_or_else(PoisonError::into_inner) = Some(driver);
    }

    /// Wakes this one at each step from now on, until it is dropped.
    pub(super) fn listen(&self, ear: &Arc<Notify>) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.ears.retain(|ear| 0 < ear.strong_count());
        current.ears.push(Arc::downgrade(ear));
    }

    /// The last step.
    pub(super) fn current(&self) -> Arc<Step> {
        Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner).step)
    }

    fn set_current(&self, step: Step) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.step = Arc::new(step);
        for ear in current.ears.iter().filter_map(Weak::upgrade) {
            ear.notify_one();
        }
    }

    /// Whether nothing of its answer has changed between two numbers; `None` where that is not known.
    pub(super) fn is_clean(&self, since: u64, until: u64) -> Option<bool> {
        match &self.source {
            Source::Stored {
                metric_id, interest, ..
            } => {
                let changed = self.base.hub.changed(*metric_id, interest, since, until)?;
                Some(changed.is_empty())
            }
            Source::Told(_) => Some(true),
        }
    }

    /// Whether it is about stored samples, and so has a part in what a client has been told of them.
    pub(super) fn is_stored(&self) -> bool {
        matches!(self.source, Source::Stored { .. })
    }

    /// Computes what has changed since the last step, if anything has; gives how long to wait before the next.
    async fn take_step(&self) -> Duration {
        let mut work = self.work.lock().await;
        let from = self.current().to;
        let until = self.base.hub.position().sequence;
        let Some(changed) = self.changed(from, until) else {
            // Whoever asks is told that track was lost.
            self.set_current(Step {
                from: until,
                to: until,
                outcome: Outcome::Increments(Vec::new()),
            });
            *work = Work::default();
            return PAUSE;
        };
        if changed.is_empty() {
            return Duration::ZERO;
        }
        let ask = if changed.removed { Ask::Whole } else { Ask::Parts };
        match self.compute(&mut work, &changed, ask).await {
            Ok(parts) => {
                self.set_current(self.step(from, until, parts));
                PAUSE
            }
            Err(error) => match self.base.refused(error) {
                Some(error) => {
                    self.set_current(Step {
                        from: 0,
                        to: until,
                        outcome: Outcome::Refused(error),
                    });
                    PAUSE
                }
                None => RETRY_PAUSE,
            },
        }
    }

    /// What somebody needs who knows nothing, or is before the last step, to be at its end. `Ok(None)` where that is not
    /// known any more.
    pub(super) async fn catch_up(&self, since: Option<u64>) -> Result<Option<Arc<Step>>, Refusal> {
        if let Source::Told(_) = &self.source {
            return Ok(Some(self.current()));
        }
        let mut work = self.work.lock().await;
        let to = self.current().to;
        if let Some((of, step)) = &work.behind
            && (*of, step.to) == (since, to)
        {
            return Ok(Some(Arc::clone(step)));
        }
        let changed = match since {
            Some(since) => match self.changed(since, to) {
                Some(changed) => changed,
                None => return Ok(None),
            },
            None => Changed::default(),
        };
        let ask = if since.is_none() || changed.removed {
            Ask::Whole
        } else {
            Ask::PartsOfAnyForm
        };
        // What is remembered stays as the last step left it: it says which form the others have.
        let mut memory = Work {
            envelope: work.envelope.clone(),
            raster: work.raster.clone(),
            behind: None,
        };
        let parts = self.compute(&mut memory, &changed, ask).await;
        let parts = parts.map_err(|error| self.base.refused(error).map_or(Refusal::Later, Refusal::Ended))?;
        let step = Arc::new(self.step(since.unwrap_or(0), to, parts));
        work.behind = Some((since, Arc::clone(&step)));
        Ok(Some(step))
    }

    fn changed(&self, since: u64, until: u64) -> Option<Changed> {
        match &self.source {
            Source::Stored {
                metric_id, interest, ..
            } => self.base.hub.changed(*metric_id, interest, since, until),
            Source::Told(_) => Some(Changed::default()),
        }
    }

    fn step(&self, from: u64, to: u64, parts: Vec<Renewed<Part>>) -> Step {
        let last = parts.len().saturating_sub(1);
        let increments = parts.into_iter().enumerate().map(|(place, renewed)| {
            // Only with the last one it has all of them.
            let at = self.base.hub.at(if place == last { to } else { from });
            SharedIncrement::new(at, (renewed.from_us, renewed.to_us), renewed.part)
        });
        Step {
            from,
            to,
            outcome: Outcome::Increments(increments.collect()),
        }
    }

    async fn compute(&self, work: &mut Work, changed: &Changed, ask: Ask) -> query::Result<Vec<Renewed<Part>>> {
        let Source::Stored { question, .. } = &self.source else {
            return Ok(Vec::new());
        };
        let Base {
            pyramid, clock, watch, ..
        } = &*self.base;
        let dirty = changed.dirty.ranges();
        let _turn = self.base.turns.take().await;
        match question {
            Question::Envelope(query) => {
                let parts = envelope::refresh(pyramid, query, &mut work.envelope, dirty, ask).await?;
                Ok(parts.into_iter().map(|part| part.map(Part::Envelope)).collect())
            }
            Question::Raster(query) => {
                let parts = raster::refresh(pyramid, query, &mut work.raster, dirty, ask).await?;
                Ok(parts.into_iter().map(|part| part.map(part_of_raster)).collect())
            }
            Question::Latest(metric) => {
                let query = LatestQuery {
                    metric: metric.clone(),
                    at: None,
                };
                let part = latest::latest(pyramid.store(), watch, clock.now(), &query).await?;
                Ok(vec![whole(Part::Latest(part))])
            }
            Question::Alarms | Question::Streams => Ok(Vec::new()),
        }
    }

    /// Takes over what was told last.
    fn tell(&self) {
        let Source::Told(told) = &self.source else { return };
        let part = match told {
            Told::Alarms(news) => news.borrow().as_deref().cloned().map(Part::Alarms),
            Told::Streams(news) => news.borrow().as_deref().cloned().map(Part::Streams),
        };
        if let Some(part) = part {
            let Renewed { from_us, to_us, part } = whole(part);
            let increment = SharedIncrement::new(self.base.hub.position(), (from_us, to_us), part);
            self.set_current(Step {
                from: 0,
                to: self.current().to + 1,
                outcome: Outcome::Increments(vec![increment]),
            });
        }
    }
}

fn part_of_raster(answer: RasterAnswer) -> Part {
    match answer {
        RasterAnswer::Raster(raster) => Part::Raster(raster),
        RasterAnswer::Density(density) => Part::Density(density),
    }
}

/// An answer that is not about a range.
fn whole(part: Part) -> Renewed<Part> {
    Renewed {
        from_us: Timestamp::MIN.as_micros(),
        to_us: Timestamp::MAX.as_micros(),
        part,
    }
}

fn interest(question: &Question) -> Interest {
    let all = (i64::MIN, i64::MAX);
    let (range_us, selection) = match question {
        Question::Envelope(query) => ((query.from.as_micros(), query.to.as_micros()), Some(&query.channels)),
        Question::Raster(query) => ((query.from.as_micros(), query.to.as_micros()), None),
        Question::Latest(_) | Question::Alarms | Question::Streams => (all, None),
    };
    let channels = match selection {
        Some(shared::metric::ChannelSelection::List(channels)) => Some(channels.clone()),
        _ => None,
    };
    Interest { range_us, channels }
}
