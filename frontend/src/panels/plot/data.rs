//! What a panel asks the server for, and the last answers.

use std::mem;
use std::sync::Arc;

use leptos::prelude::{Owner, untrack};
use shared::dashboard::{LimitValue, Line};
use shared::metric::{ChannelSelection, MetricInfo};
use shared::query::envelope::{Envelope, EnvelopeQuery, MAX_COLUMNS};
use shared::query::latest::STALE_INTERVALS;
use shared::time::{MICROS_PER_SEC, TimeRange};

use super::spec::PlotSpec;
use crate::api::{self, ApiFailure};
use crate::panels::cells::data::{CellAnswer, CellAsk, cell_answer};
use crate::reactive::{Derived, Kept, State, effect, spawn};
use crate::state::catalogue::use_catalogue;
use crate::state::refresh::use_refresh;
use crate::state::time_view::use_time_view;

/// Ranges shorter than so many intervals are asked for with their neighbours, so that lines run on to the edges.
const FEW_INTERVALS: f64 = 100.0;

/// One question. Equal questions have equal answers for the same range and width.
#[derive(Clone, PartialEq, Debug)]
pub enum Ask {
    /// The envelope of channels, or the band: for lines, events and strips.
    Envelope {
        /// The metric by name.
        metric: String,
        /// All channels that the panel shows of it, or the band.
        channels: ChannelSelection,
    },
    /// The greatest value of all channels in the range: for limits that are such.
    Greatest {
        /// The metric by name.
        metric: String,
    },
    /// The extremes of each channel in the range: for what lies beyond a scale of colours.
    Extremes {
        /// The metric by name.
        metric: String,
    },
    /// The cells of all channels: for heatmaps, densities and states.
    Cells(CellAsk),
}

impl Ask {
    /// The metric by name.
    pub fn metric(&self) -> &str {
        match self {
            Self::Envelope { metric, .. } | Self::Greatest { metric } | Self::Extremes { metric } => metric,
            Self::Cells(cells) => &cells.metric,
        }
    }

    /// Whether its answer holds the envelope of these channels of a metric.
    pub fn holds(&self, name: &str, wanted: &ChannelSelection) -> bool {
        match self {
            Self::Envelope { metric, channels } if metric == name => match (channels, wanted) {
                (ChannelSelection::Band, ChannelSelection::Band)
                | (ChannelSelection::All, ChannelSelection::All | ChannelSelection::List(_)) => true,
                (ChannelSelection::List(known), ChannelSelection::List(wanted)) => {
                    wanted.iter().all(|channel| known.contains(channel))
                }
                _ => false,
            },
            _ => false,
        }
    }
}

/// The questions of a panel with these lines: envelopes of the same metric are asked for together, bands by themselves.
/// `n_channels` knows how many channels a metric has.
pub fn asks_of(spec: &PlotSpec, lines: &[Line], n_channels: impl Fn(&str) -> u32) -> Vec<Ask> {
    let mut asks: Vec<Ask> = Vec::new();
    for line in lines {
        add_envelope(&mut asks, &line.metric, &line.channels);
    }
    for event in &spec.limits.events {
        add_envelope(&mut asks, &event.metric, &event_channels(n_channels(&event.metric)));
    }
    for strip in &spec.strips {
        add_envelope(&mut asks, &strip.metric, &strip_channel());
    }
    for line in &spec.limits.lines {
        if let LimitValue::Metric(metric) = &line.at {
            let ask = Ask::Greatest { metric: metric.clone() };
            if !asks.contains(&ask) {
                asks.push(ask);
            }
        }
    }
    asks
}

/// Of many channels the band says when any of them had an event.
pub const fn event_channels(n_channels: u32) -> ChannelSelection {
    if n_channels > 1 {
        ChannelSelection::Band
    } else {
        ChannelSelection::All
    }
}

/// The channel of strips.
pub fn strip_channel() -> ChannelSelection {
    ChannelSelection::List(vec![0])
}

fn add_envelope(asks: &mut Vec<Ask>, name: &str, wanted: &ChannelSelection) {
    let is_band = *wanted == ChannelSelection::Band;
    for ask in asks.iter_mut() {
        if let Ask::Envelope { metric, channels } = ask
            && metric == name
            && (*channels == ChannelSelection::Band) == is_band
        {
            *channels = joined(channels, wanted);
            return;
        }
    }
    asks.push(Ask::Envelope {
        metric: name.to_owned(),
        channels: wanted.clone(),
    });
}

fn joined(one: &ChannelSelection, other: &ChannelSelection) -> ChannelSelection {
    match (one, other) {
        (ChannelSelection::List(one), ChannelSelection::List(other)) => {
            let new = other.iter().filter(|channel| !one.contains(channel));
            ChannelSelection::List(one.iter().chain(new).copied().collect())
        }
        (ChannelSelection::Band, _) => ChannelSelection::Band,
        _ => ChannelSelection::All,
    }
}

/// What the server said. Answers are compared by identity: they are large, and each is a new one.
#[derive(Clone, Debug)]
pub enum Answer {
    /// To [`Ask::Envelope`], [`Ask::Greatest`] and [`Ask::Extremes`].
    Envelope(Arc<Envelope>),
    /// To [`Ask::Cells`].
    Cells(Arc<CellAnswer>),
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

    fn take(&mut self, range: TimeRange, outcome: Result<Answer, ApiFailure>) {
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
}

/// What the panel wants to know.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// From the left edge to the right one.
    pub range: TimeRange,
    /// Pixels of the screen between them.
    pub columns: u32,
    /// Pixels of the screen from the lower edge to the upper one.
    pub rows: u32,
}

/// The questions of a panel with their last answers.
#[derive(Clone, Copy, Debug)]
pub struct Answers {
    slots: State<Vec<Slot>>,
    open: State<usize>,
    retries: State<u32>,
}

/// On what it depends whether to ask.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Occasion {
    wanted: Option<Wanted>,
    retries: u32,
    refreshes: u32,
}

/// How things stand on an occasion.
#[derive(Clone, Copy, Debug)]
struct Standing {
    /// There are questions that were not there before.
    has_new_asks: bool,
    /// Answers are on their way.
    is_under_way: bool,
    /// A gesture moves the range.
    is_moving: bool,
}

/// What to do on an occasion.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    /// All that is wanted has been asked for.
    Rest,
    /// What is under way is let come first.
    Wait,
    /// What is under way answers this, too.
    Join,
    /// Asks, and lets go of what is under way.
    Ask {
        /// Only those questions that have not come to anything yet.
        only_open: bool,
    },
}

impl Occasion {
    /// What to do now, after having asked on the occasion `asked`. While a gesture moves, the newest range is asked for
    /// when the answers about the one before have come: each of them is a picture on the way, and the server has one
    /// question of a panel at a time, however fast a wheel turns. When it rests, nobody waits for what it has passed.
    fn step(&self, asked: Option<&Self>, standing: Standing) -> Step {
        let Standing {
            has_new_asks,
            is_under_way,
            is_moving,
        } = standing;
        let Some(asked) = asked else {
            return Step::Ask { only_open: false };
        };
        let is_same_picture = asked.wanted == self.wanted && asked.retries == self.retries;
        match (asked == self, is_same_picture) {
            (true, _) if has_new_asks => Step::Ask { only_open: true },
            (true, _) => Step::Rest,
            _ if has_new_asks || !is_under_way => Step::Ask { only_open: false },
            // Asking again would only throw away an answer that is on its way.
            (_, true) => Step::Join,
            _ if is_moving && asked.retries == self.retries => Step::Wait,
            _ => Step::Ask { only_open: false },
        }
    }
}

impl Answers {
    /// Asks whenever the questions, the range, the number of columns or the present changes; what is outdated is aborted
    /// unless a gesture moves on.
    pub fn start(asks: Derived<Vec<Ask>>, wanted: Derived<Option<Wanted>>) -> Self {
        let answers = Self {
            slots: State::new(Vec::new()),
            open: State::new(0),
            retries: State::new(0),
        };
        // Requests live under an owner of their own: the effect below runs again without ending them.
        let requests = Kept::new(Owner::new());
        let catalogue = use_catalogue();
        let refresh = use_refresh();
        let is_moving = use_time_view().is_moving();
        let mut asked: Option<Occasion> = None;
        effect(move || {
            let standing = Standing {
                has_new_asks: asks.with(|asks| answers.follow(asks)),
                is_under_way: answers.open.get() > 0,
                is_moving: is_moving.get(),
            };
            let now = Occasion {
                wanted: wanted.get(),
                retries: answers.retries.get(),
                refreshes: refresh.get(),
            };
            let Some(wanted) = now.wanted else { return };
            let step = now.step(asked.as_ref(), standing);
            if matches!(step, Step::Join | Step::Ask { .. }) {
                asked = Some(now);
            }
            let Step::Ask { only_open } = step else { return };
            let info = |metric: &str| untrack(|| catalogue.metric(metric));
            requests.with_value(|requests| {
                requests.cleanup();
                requests.with(|| answers.ask(wanted, only_open, info));
            });
        });
        answers
    }

    /// What came of each question.
    pub const fn slots(&self) -> State<Vec<Slot>> {
        self.slots
    }

    /// Whether every question about a range has come to something; tracks. Later refreshes do not change that.
    pub fn are_known(&self, range: TimeRange) -> bool {
        self.slots
            .with(|slots| slots.iter().all(|slot| slot.asked == Some(range)))
    }

    /// Whether every question about a range was answered; tracks.
    pub fn have_come(&self, range: TimeRange) -> bool {
        self.slots
            .with(|slots| slots.iter().all(|slot| slot.range == Some(range)))
    }

    /// Asks again.
    pub fn retry(&self) {
        self.retries.update(|retries| *retries = retries.wrapping_add(1));
    }

    /// Takes on questions; those that are the same keep their answers. Whether there are others now.
    fn follow(self, asks: &[Ask]) -> bool {
        let is_same = self
            .slots
            .with_untracked(|slots| slots.iter().map(|slot| &slot.ask).eq(asks.iter()));
        if !is_same {
            self.slots.update(|slots| {
                let mut known = mem::take(slots);
                *slots = asks
                    .iter()
                    .map(|ask| match known.iter().position(|slot| slot.ask == *ask) {
                        Some(at) => known.swap_remove(at),
                        None => Slot::open(ask.clone()),
                    })
                    .collect();
            });
        }
        !is_same
    }

    fn ask(self, wanted: Wanted, only_open: bool, info: impl Fn(&str) -> Option<MetricInfo>) {
        let asks: Vec<Ask> = self.slots.with_untracked(|slots| {
            let is_asked = |slot: &&Slot| !only_open || slot.asked != Some(wanted.range);
            slots.iter().filter(is_asked).map(|slot| slot.ask.clone()).collect()
        });
        self.open.set(asks.len());
        for ask in asks {
            let (interval_s, n_channels) =
                info(ask.metric()).map_or((None, 1), |info| (info.interval_s, info.channels));
            spawn(async move {
                let outcome = answer(&ask, wanted, interval_s, n_channels).await;
                self.slots.update(|slots| {
                    if let Some(slot) = slots.iter_mut().find(|slot| slot.ask == ask) {
                        slot.take(wanted.range, outcome);
                    }
                });
                self.open.update(|open| *open = open.saturating_sub(1));
            });
        }
    }
}

async fn answer(ask: &Ask, wanted: Wanted, interval_s: Option<f64>, n_channels: u32) -> Result<Answer, ApiFailure> {
    if let Ask::Cells(cells) = ask {
        let answer = cell_answer(cells, wanted, n_channels).await?;
        return Ok(Answer::Cells(Arc::new(answer)));
    }
    let query = envelope_query(ask, wanted, interval_s);
    let envelope = api::envelope(&query).await?;
    Ok(Answer::Envelope(Arc::new(envelope)))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few intervals and the allowed columns"
)]
fn envelope_query(ask: &Ask, wanted: Wanted, interval_s: Option<f64>) -> EnvelopeQuery {
    let Wanted { range, columns, .. } = wanted;
    let channels = match ask {
        Ask::Envelope { channels, .. } => channels.clone(),
        Ask::Cells(_) | Ask::Greatest { .. } | Ask::Extremes { .. } => {
            let is_of_each = matches!(ask, Ask::Extremes { .. });
            return EnvelopeQuery {
                metric: ask.metric().to_owned(),
                channels: if is_of_each {
                    ChannelSelection::All
                } else {
                    ChannelSelection::Band
                },
                from: range.start(),
                to: range.end(),
                columns: 1,
            };
        }
    };
    let rhythm = interval_s.unwrap_or(0.0) * MICROS_PER_SEC as f64;
    let edge_us = if (range.micros() as f64) < rhythm * FEW_INTERVALS {
        (rhythm * STALE_INTERVALS) as i64
    } else {
        0
    };
    let widening = (range.micros() + 2 * edge_us) as f64 / range.micros() as f64;
    EnvelopeQuery {
        metric: ask.metric().to_owned(),
        channels,
        from: range.start().saturating_add_micros(-edge_us),
        to: range.end().saturating_add_micros(edge_us),
        columns: (f64::from(columns) * widening)
            .ceil()
            .clamp(1.0, f64::from(MAX_COLUMNS)) as u32,
    }
}

#[cfg(test)]
mod tests;
