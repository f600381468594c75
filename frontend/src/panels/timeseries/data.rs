//! What a panel asks the server for, and the last answers.

use std::sync::Arc;

use leptos::prelude::*;
use shared::dashboard::Timeseries;
use shared::metric::ChannelSelection;
use shared::query::envelope::{Envelope, EnvelopeQuery, MAX_COLUMNS};
use shared::query::latest::STALE_INTERVALS;
use shared::time::{MICROS_PER_SEC, TimeRange};

use crate::api;
use crate::reactive::{Derived, spawn};
use crate::state::catalogue::use_catalogue;
use crate::state::refresh::use_refresh;

/// Ranges shorter than so many intervals are asked for with their neighbours, so that lines run on to the edges.
const FEW_INTERVALS: f64 = 100.0;

/// One question: lines of the same metric are asked for together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ask {
    /// The metric by name.
    pub metric: String,
    /// All channels that the panel shows of it, or the band.
    pub channels: ChannelSelection,
}

/// The questions of a panel: one per metric, and one per band.
pub fn asks_of(spec: &Timeseries) -> Vec<Ask> {
    let mut asks: Vec<Ask> = Vec::new();
    for line in &spec.lines {
        let is_band = line.channels == ChannelSelection::Band;
        let known = asks
            .iter_mut()
            .find(|ask| ask.metric == line.metric && (ask.channels == ChannelSelection::Band) == is_band);
        match known {
            None => asks.push(Ask {
                metric: line.metric.clone(),
                channels: line.channels.clone(),
            }),
            Some(ask) => ask.channels = joined(&ask.channels, &line.channels),
        }
    }
    asks
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

/// What came of a question.
#[derive(Clone, Debug, Default)]
pub struct Slot {
    /// The last answer; kept while the next one is awaited.
    pub answer: Option<Arc<Envelope>>,
    /// The range that the answer is exact for.
    pub range: Option<TimeRange>,
    /// The range that was last asked for with an outcome, be it a failure.
    pub asked: Option<TimeRange>,
    /// Why the last question has no answer.
    pub failure: Option<String>,
}

/// What the panel wants to know.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Wanted {
    range: TimeRange,
    columns: u32,
}

/// The questions of a panel with their last answers.
#[derive(Clone, Copy, Debug)]
pub struct Answers {
    asks: StoredValue<Vec<Ask>>,
    slots: RwSignal<Vec<Slot>>,
    open: RwSignal<usize>,
    retries: RwSignal<u32>,
}

impl Answers {
    /// Asks whenever the range, the number of columns or the present changes; what is outdated is aborted.
    pub fn start(spec: &Timeseries, range: Derived<Option<TimeRange>>, columns: Signal<Option<u32>>) -> Self {
        let asks = asks_of(spec);
        let answers = Self {
            slots: RwSignal::new(vec![Slot::default(); asks.len()]),
            asks: StoredValue::new(asks),
            open: RwSignal::new(0),
            retries: RwSignal::new(0),
        };
        // Requests live under an owner of their own: the effect below runs again without ending them.
        let requests = StoredValue::new(Owner::new());
        let catalogue = use_catalogue();
        let refresh = use_refresh();
        Effect::new(move |before: Option<(Option<Wanted>, u32)>| {
            refresh.track();
            let retries = answers.retries.get();
            let wanted = range
                .get()
                .zip(columns.get())
                .map(|(range, columns)| Wanted { range, columns });
            let is_same = before == Some((wanted, retries));
            if is_same && answers.open.get_untracked() > 0 {
                // Asking again would only throw away an answer that is on its way.
                return (wanted, retries);
            }
            if let Some(wanted) = wanted {
                let interval_s =
                    |metric: &str| untrack(|| catalogue.metric(metric)).and_then(|metric| metric.interval_s);
                requests.with_value(|requests| {
                    requests.cleanup();
                    requests.with(|| answers.ask(wanted, interval_s));
                });
            }
            (wanted, retries)
        });
        answers
    }

    /// What came of each question, in the order of [`Answers::asks`].
    pub const fn slots(&self) -> RwSignal<Vec<Slot>> {
        self.slots
    }

    /// The questions.
    pub const fn asks(&self) -> StoredValue<Vec<Ask>> {
        self.asks
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

    fn ask(self, wanted: Wanted, interval_s: impl Fn(&str) -> Option<f64>) {
        let asks = self.asks.get_value();
        self.open.set(asks.len());
        for (at, ask) in asks.into_iter().enumerate() {
            let query = query_of(&ask, wanted, interval_s(&ask.metric));
            spawn(async move {
                let outcome = api::envelope(&query).await;
                self.slots.update(|slots| {
                    let Some(slot) = slots.get_mut(at) else { return };
                    match outcome {
                        Ok(envelope) => {
                            *slot = Slot {
                                answer: Some(Arc::new(envelope)),
                                range: Some(wanted.range),
                                asked: Some(wanted.range),
                                failure: None,
                            };
                        }
                        Err(failure) => {
                            // The same picture is still true; one of another range would pass for an answer.
                            if slot.range != Some(wanted.range) {
                                slot.answer = None;
                            }
                            slot.asked = Some(wanted.range);
                            slot.failure = Some(failure.to_string());
                        }
                    }
                });
                self.open.update(|open| *open = open.saturating_sub(1));
            });
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few intervals and the allowed columns"
)]
fn query_of(ask: &Ask, wanted: Wanted, interval_s: Option<f64>) -> EnvelopeQuery {
    let Wanted { range, columns } = wanted;
    let rhythm = interval_s.unwrap_or(0.0) * MICROS_PER_SEC as f64;
    let edge_us = if (range.micros() as f64) < rhythm * FEW_INTERVALS {
        (rhythm * STALE_INTERVALS) as i64
    } else {
        0
    };
    let widening = (range.micros() + 2 * edge_us) as f64 / range.micros() as f64;
    EnvelopeQuery {
        metric: ask.metric.clone(),
        channels: ask.channels.clone(),
        from: range.start().saturating_add_micros(-edge_us),
        to: range.end().saturating_add_micros(edge_us),
        columns: (f64::from(columns) * widening)
            .ceil()
            .clamp(1.0, f64::from(MAX_COLUMNS)) as u32,
    }
}

#[cfg(test)]
mod tests {
    use shared::dashboard::{Axis, Line};
    use shared::time::Timestamp;

    use super::*;

    fn asks(lines: &[(&str, &str)]) -> Vec<String> {
        let line = |(metric, channels): &(&str, &str)| Line {
            metric: (*metric).to_owned(),
            channels: channels.parse().unwrap(),
            label: String::new(),
            axis: Axis::Left,
        };
        let spec = Timeseries {
            lines: lines.iter().map(line).collect(),
        };
        let asks = asks_of(&spec);
        asks.iter()
            .map(|ask| format!("{} {}", ask.metric, ask.channels))
            .collect()
    }

    #[test]
    fn lines_of_one_metric_are_one_question() {
        assert_eq!(
            asks(&[("hv", "3,4"), ("t", "all"), ("hv", "4,9")]),
            ["hv 3,4,9", "t all"]
        );
        assert_eq!(asks(&[("hv", "3"), ("hv", "all"), ("hv", "5")]), ["hv all"]);
    }

    #[test]
    fn a_band_is_a_question_of_its_own() {
        assert_eq!(
            asks(&[("hv", "band"), ("hv", "412"), ("hv", "band")]),
            ["hv band", "hv 412"]
        );
    }

    #[test]
    fn a_short_range_is_asked_for_with_its_neighbours() {
        let ask = Ask {
            metric: "hv".to_owned(),
            channels: ChannelSelection::All,
        };
        let minutes = |minutes: i64| {
            TimeRange::new(
                Timestamp::EPOCH,
                Timestamp::EPOCH.saturating_add_micros(minutes * 60_000_000),
            )
            .unwrap()
        };
        let query = |range| query_of(&ask, Wanted { range, columns: 600 }, Some(60.0));
        let short = query(minutes(6));
        assert_eq!(
            (short.from.as_micros(), short.to.as_micros()),
            (-180_000_000, 540_000_000)
        );
        assert_eq!(short.columns, 1200);
        let night = query(minutes(1440));
        assert_eq!((night.from, night.columns), (Timestamp::EPOCH, 600));
    }
}
