//! What a panel asks the server for, and the last answers.

use std::mem;
use std::sync::Arc;

use leptos::prelude::{Owner, on_cleanup, untrack};
use shared::dashboard::{LimitValue, Line};
use shared::live::{Increment, Question};
use shared::metric::{ChannelSelection, MetricInfo};
use shared::query::envelope::{EnvelopeQuery, MAX_COLUMNS};
use shared::query::latest::STALE_INTERVALS;
use shared::time::{MICROS_PER_SEC, TimeRange};

use super::occasion::{Occasion, Standing, Step, Which};
use super::slot::Answered;
pub use super::slot::{Answer, Slot};
use super::spec::PlotSpec;
use crate::api::{self, ApiFailure};
use crate::live::{Live, use_live};
use crate::panels::cells::data::{CellAsk, cell_answer};
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
    live: Live,
    slots: State<Vec<Slot>>,
    open: State<usize>,
    retries: State<u32>,
    n_heard: Kept<u32>,
}

impl Answers {
    /// Asks whenever the questions, the range, the number of columns or the present changes; what is outdated is aborted
    /// unless a gesture moves on.
    pub fn start(asks: Derived<Vec<Ask>>, wanted: Derived<Option<Wanted>>) -> Self {
        let answers = Self {
            live: use_live(),
            slots: State::new(Vec::new()),
            open: State::new(0),
            retries: State::new(0),
            n_heard: Kept::new(0),
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
            if matches!(step, Step::Join | Step::Ask(_)) {
                asked = Some(now);
            }
            let Step::Ask(which) = step else { return };
            let info = |metric: &str| untrack(|| catalogue.metric(metric));
            requests.with_value(|requests| {
                requests.cleanup();
                requests.with(|| answers.ask(wanted, which, info));
            });
        });
        on_cleanup(move || {
            let feeds = answers.slots.try_get_untracked().unwrap_or_default();
            feeds
                .iter()
                .filter_map(|slot| slot.feed)
                .for_each(|feed| answers.live.close(feed));
        });
        answers
    }

    /// What came of each question.
    pub const fn slots(&self) -> State<Vec<Slot>> {
        self.slots
    }

    /// How many changes in answers have come over the live line.
    pub fn n_heard(&self) -> u32 {
        self.n_heard.get_value()
    }

    /// Whether every question about a range has come to something; tracks. Later refreshes do not change that.
    pub fn are_known(&self, range: TimeRange) -> bool {
        self.slots
            .with(|slots| slots.iter().all(|slot| slot.asked == Some(range)))
    }

    /// Whether every question was answered for a range or more; tracks.
    pub fn cover(&self, range: TimeRange) -> bool {
        let covers = |slot: &Slot| slot.range.is_some_and(|known| known.intersection(range) == Some(range));
        self.slots.with(|slots| slots.iter().all(covers))
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
                known
                    .iter()
                    .filter_map(|slot| slot.feed)
                    .for_each(|feed| self.live.close(feed));
            });
        }
        !is_same
    }

    fn ask(self, wanted: Wanted, which: Which, info: impl Fn(&str) -> Option<MetricInfo>) {
        let asks: Vec<Ask> = self.slots.with_untracked(|slots| {
            let is_asked = |slot: &&Slot| match which {
                Which::All => true,
                Which::Open => slot.asked != Some(wanted.range),
                Which::Unfed => {
                    let is_fed = slot.feed.is_some_and(|feed| self.live.feeds(feed));
                    slot.range != Some(wanted.range) || slot.failure.is_some() || !is_fed
                }
            };
            slots.iter().filter(is_asked).map(|slot| slot.ask.clone()).collect()
        });
        self.open.set(asks.len());
        for ask in asks {
            let (interval_s, n_channels) =
                info(ask.metric()).map_or((None, 1), |info| (info.interval_s, info.channels));
            spawn(async move {
                let outcome = answer(&ask, wanted, interval_s, n_channels).await;
                self.take(&ask, wanted.range, outcome);
                self.open.update(|open| *open = open.saturating_sub(1));
            });
        }
    }

    /// Takes what came over HTTP, and goes on from there over the live line.
    fn take(self, ask: &Ask, range: TimeRange, outcome: Result<Answered, ApiFailure>) {
        let (outcome, feed) = match outcome {
            Err(failure) => (Err(failure), None),
            Ok(answered) => {
                let hear = move |feed, increment| self.hear(feed, increment);
                let feed = self.live.open(answered.question, answered.position, hear);
                (Ok(answered.answer), Some(feed))
            }
        };
        self.slots.update(|slots| {
            let slot = slots.iter_mut().find(|slot| slot.ask == *ask);
            let old = match slot {
                // What failed over HTTP may go on over the line all the same.
                Some(slot) if feed.is_none() && slot.range == Some(range) => {
                    slot.take(range, outcome);
                    None
                }
                Some(slot) => {
                    slot.take(range, outcome);
                    mem::replace(&mut slot.feed, feed)
                }
                None => feed,
            };
            if let Some(old) = old {
                self.live.close(old);
            }
        });
    }

    fn hear(self, feed: u32, increment: Increment) {
        self.n_heard.update_value(|count| *count = count.wrapping_add(1));
        self.slots.update(|slots| {
            let slot = slots.iter_mut().find(|slot| slot.feed == Some(feed));
            if let Some(Err(_)) = slot.map(|slot| slot.apply(increment)) {
                self.live.begin_anew(feed);
            }
        });
    }
}

async fn answer(ask: &Ask, wanted: Wanted, interval_s: Option<f64>, n_channels: u32) -> Result<Answered, ApiFailure> {
    if let Ask::Cells(cells) = ask {
        return cell_answer(cells, wanted, n_channels).await;
    }
    let query = envelope_query(ask, wanted, interval_s);
    let (envelope, position) = api::envelope(&query).await?;
    Ok(Answered {
        answer: Answer::Envelope(Arc::new(envelope)),
        question: Question::Envelope(query),
        position,
    })
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
