//! What metrics were at one moment: at the cursor, at a time that is held, or the newest of the visible range.
//!
//! One question is on its way at a time. While the cursor moves, the picture follows as fast as the server answers,
//! and what is shown is told apart from what is wanted ([`Moment::is_behind`]).

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use gloo_timers::future::sleep;
use leptos::prelude::on_cleanup;
use shared::live::{Part, Question};
use shared::metric::ChannelSelection;
use shared::query::envelope::{ColumnSeries, Envelope, EnvelopeQuery};
use shared::query::latest::Latest;
use shared::time::{TimeRange, Timestamp};

use crate::api::{self, ApiFailure};
use crate::live::{Line, Live, use_live};
use crate::panels::plot::clock::{Zone, use_zone};
use crate::reactive::{Derived, Kept, State, effect};
use crate::state::cursor::{Cursor, use_cursor};
use crate::state::refresh::use_refresh;
use crate::state::server_clock::use_now;
use crate::state::time_view::use_time_view;

/// The cursor may rest so long before the server is asked.
const REST: Duration = Duration::from_millis(20);

/// Answers that are kept, for a cursor that goes back and forth.
const MOST_KEPT: usize = 24;

/// Parts of a range by which its last sample is found: so many that what is known of the last part is not too old.
const COLUMNS_TO_LAST: u32 = 1_500;

/// Which moment is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// The moment; `None` for now.
    pub at: Option<Timestamp>,
    /// Whether it is the cursor's or held, rather than the newest.
    is_fixed: bool,
    /// Rises when the same moment is to be asked for anew.
    round: u32,
}

/// What some metrics were at a moment.
#[derive(Clone, PartialEq, Debug)]
pub struct Told {
    /// What was asked.
    wanted: Wanted,
    /// The moment; for now the time of the answer.
    pub at: Timestamp,
    /// One answer for each metric.
    pub metrics: Vec<Latest>,
}

impl Told {
    /// When the newest sample was taken.
    pub fn newest(&self) -> Option<Timestamp> {
        let channels = self.metrics.iter().flat_map(|metric| &metric.channels);
        Timestamp::from_micros(channels.filter_map(|channel| channel.time_us).max()?)
    }

    /// Whether the answer is the same for another moment: between its newest sample and when it was asked for, as long
    /// as nothing was too old to be told.
    fn holds_at(&self, at: Timestamp) -> bool {
        let mut channels = self.metrics.iter().flat_map(|metric| &metric.channels);
        self.wanted.at.is_some()
            && at <= self.at
            && self.newest().is_some_and(|newest| newest <= at)
            && channels.all(|channel| channel.time_us.is_some())
    }
}

/// The moment that a panel shows.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    names: Kept<Vec<String>>,
    /// The clock by which times are told.
    pub zone: Zone,
    /// The time that is shown while the cursor is nowhere.
    pub held: State<Option<Timestamp>>,
    cursor: Cursor,
    range: Derived<Option<TimeRange>>,
    wanted: Derived<Option<Wanted>>,
    told: State<Option<Arc<Told>>>,
    failure: State<Option<(Wanted, String)>>,
    attempt: State<u32>,
    recent: Kept<Vec<Arc<Told>>>,
    is_asking: Kept<bool>,
}

impl Moment {
    /// Follows the cursor and the visible range, as long as its owner lives.
    pub fn follow(names: Vec<String>) -> Self {
        let (view, cursor, now, refresh) = (use_time_view(), use_cursor(), use_now(), use_refresh());
        let live = use_live();
        let (held, attempt) = (State::new(None::<Timestamp>), State::new(0));
        let (settled, pointed_at) = (view.settled(), cursor.0);
        let reaches_now = Derived::new(move || {
            view.is_sliding().get() || settled.get().is_some_and(|range| range.contains(now.get()))
        });
        let wanted = Derived::new(move || {
            let range = settled.get()?;
            let in_range = |time: &Timestamp| range.contains(*time);
            let attempt = attempt.get();
            let fixed = pointed_at
                .get()
                .filter(in_range)
                .or_else(|| held.get().filter(in_range));
            Some(match fixed {
                Some(at) => Wanted {
                    at: Some(at),
                    is_fixed: true,
                    round: attempt,
                },
                None => Wanted {
                    is_fixed: false,
                    at: (!reaches_now.get()).then(|| range.end().saturating_add_micros(-1)),
                    // Over the live line the newest comes by itself.
                    round: attempt.wrapping_add(if live.line() == Line::Up { 0 } else { refresh.get() }),
                },
            })
        });
        let moment = Self {
            names: Kept::new(names),
            zone: use_zone(),
            held,
            cursor,
            range: settled,
            wanted,
            told: State::new(None),
            failure: State::new(None),
            attempt,
            recent: Kept::new(Vec::new()),
            is_asking: Kept::new(false),
        };
        effect(move || {
            wanted.track();
            moment.ask();
        });
        let is_newest = Derived::new(move || wanted.get().is_some_and(|wanted| wanted.at.is_none()));
        effect(move || {
            // Ended and begun anew with the newest moment.
            if is_newest.get() {
                moment.follow_newest(live);
            }
        });
        on_cleanup(move || {
            if held.try_get_untracked().flatten().is_some() {
                cursor.0.set(None);
            }
        });
        moment
    }

    /// What is shown; tracks.
    pub fn told(self) -> Option<Arc<Told>> {
        self.told.get()
    }

    /// Whether something else is shown than what is wanted; tracks.
    pub fn is_behind(self) -> bool {
        let wanted = self.wanted.get();
        self.told.with(|told| told.as_ref().map(|told| told.wanted) != wanted)
    }

    /// Whether a fixed moment is wanted, rather than the newest; tracks.
    pub fn is_fixed(self) -> bool {
        self.wanted.with(|wanted| wanted.is_some_and(|wanted| wanted.is_fixed))
    }

    /// Why what is wanted could not be had; tracks.
    pub fn failure(self) -> Option<String> {
        let wanted = self.wanted.get()?;
        let failure = self.failure.get()?;
        (failure.0 == wanted).then_some(failure.1)
    }

    /// When the picture is of, and whether it is the one that is wanted; tracks.
    pub fn time_text(self) -> String {
        let told = self.told.get();
        let time = told.map(|told| self.zone.time_of_day(told.at)).unwrap_or_default();
        if self.failure().is_some() {
            format!("{time}; what is wanted could not be had")
        } else if self.is_behind() {
            format!("{time} …")
        } else if self.is_fixed() {
            time
        } else {
            format!("{time}, newest")
        }
    }

    /// The newest sample that is known of a range, also while another moment is looked at; tracks.
    pub fn newest_in(self, range: TimeRange, last: Option<Timestamp>) -> Option<Timestamp> {
        let told = self.told.with(|told| told.as_ref().and_then(|told| told.newest()));
        let in_range = |time: &Timestamp| range.contains(*time);
        told.filter(in_range).max(last.filter(in_range))
    }

    /// Asks again.
    pub fn retry(self) {
        self.attempt.update(|attempt| *attempt = attempt.wrapping_add(1));
    }

    /// Holds a moment, on which the cursor of all panels is put; lets go with `None`.
    pub fn hold(self, at: Option<Timestamp>) {
        self.held.set(at);
        self.cursor.0.set(at);
    }

    /// Takes what comes over the live line, once it is there of all metrics.
    fn follow_newest(self, live: Live) {
        let names = self.names.get_value();
        let come = Kept::new(vec![None::<Latest>; names.len()]);
        for (position, name) in names.into_iter().enumerate() {
            live.subscribe(Question::Latest(name), None, move |_, increment| {
                let Part::Latest(latest) = increment.part else { return };
                let now_us = latest.now_us;
                let metrics = come.try_update_value(|come| {
                    if let Some(place) = come.get_mut(position) {
                        *place = Some(latest);
                    }
                    come.iter().cloned().collect::<Option<Vec<Latest>>>()
                });
                let wanted = self.wanted.try_get_untracked().flatten();
                if let (Some(wanted), Some(Some(metrics))) = (wanted, metrics) {
                    let at = Timestamp::saturating_from_micros(now_us);
                    self.told.set(Some(Arc::new(Told { wanted, at, metrics })));
                }
            });
        }
    }

    fn ask(self) {
        let Some(Some(wanted)) = self.wanted.try_get_untracked() else {
            return;
        };
        if self
            .told
            .with_untracked(|told| told.as_ref().is_some_and(|told| told.wanted == wanted))
        {
            return;
        }
        let recent = |at: Timestamp| {
            self.recent.with_value(|recent| {
                let held = recent
                    .iter()
                    .find(|told| told.wanted.round == wanted.round && told.holds_at(at));
                held.cloned()
            })
        };
        if let Some(told) = wanted.at.and_then(recent) {
            let mut told = Arc::unwrap_or_clone(told);
            told.wanted = wanted;
            told.at = wanted.at.unwrap_or(told.at);
            self.told.set(Some(Arc::new(told)));
            return;
        }
        if self.is_asking.get_value() {
            return;
        }
        self.is_asking.set_value(true);
        // Not of the effect that asks, which runs anew with every move of the cursor.
        let task: Pin<Box<dyn Future<Output = ()>>> = Box::pin(self.fetch());
        leptos::task::spawn_local(task);
    }

    async fn fetch(self) {
        sleep(REST).await;
        // The panel may be gone by now.
        let Some(Some(wanted)) = self.wanted.try_get_untracked() else {
            self.is_asking.set_value(false);
            return;
        };
        let names = self.names.try_get_value().unwrap_or_default();
        let range = self.range.try_get_untracked().flatten();
        let told = tell(&names, wanted, range).await;
        self.is_asking.set_value(false);
        match told {
            Err(failure) => self.failure.set(Some((wanted, failure.to_string()))),
            Ok(told) => {
                let told = Arc::new(told);
                self.recent.update_value(|recent| {
                    recent.truncate(MOST_KEPT - 1);
                    recent.insert(0, Arc::clone(&told));
                });
                self.told.set(Some(told));
            }
        }
        // The cursor may have moved on meanwhile; a question that failed waits for the next refresh.
        if self.wanted.try_get_untracked() != Some(Some(wanted)) {
            self.ask();
        }
    }
}

/// Asks for all metrics at a moment. Where a range ends in silence, its newest moment is before that.
async fn tell(names: &[String], wanted: Wanted, range: Option<TimeRange>) -> Result<Told, ApiFailure> {
    let told = tell_at(names, wanted, wanted.at).await?;
    let (Some(range), Some(name)) = (range, names.first()) else {
        return Ok(told);
    };
    if wanted.is_fixed || wanted.at.is_none() || told.newest().is_some() {
        return Ok(told);
    }
    let query = EnvelopeQuery {
        metric: name.clone(),
        channels: ChannelSelection::Band,
        from: range.start(),
        to: range.end(),
        columns: COLUMNS_TO_LAST,
    };
    let (Envelope::Columns { series, .. }, _) = api::envelope(&query).await? else {
        return Ok(told);
    };
    let Some([end_us, seen_us]) = series.first().and_then(end_of) else {
        return Ok(told);
    };
    let at = |micros| Some(Timestamp::saturating_from_micros(micros));
    let told = tell_at(names, wanted, at(end_us - 1)).await?;
    if told.newest().is_some() {
        return Ok(told);
    }
    // So wide a part that at its end all is too old again.
    tell_at(names, wanted, at(seen_us)).await
}

/// Where the last column ends, and a moment in it at which there was a sample.
fn end_of(band: &ColumnSeries) -> Option<[i64; 2]> {
    let seen_us = (*band.min_us.last()?).max(*band.max_us.last()?);
    Some([*band.end_us.last()?, seen_us])
}

async fn tell_at(names: &[String], wanted: Wanted, at: Option<Timestamp>) -> Result<Told, ApiFailure> {
    let mut metrics = Vec::new();
    for name in names {
        metrics.push(api::latest_at(name, at).await?);
    }
    let now_us = metrics.first().map_or(0, |metric| metric.now_us);
    let at = at.unwrap_or(Timestamp::saturating_from_micros(now_us));
    Ok(Told { wanted, at, metrics })
}

/// Whether a moment's samples say anything about a range: with none in it there is nothing to show.
pub fn has_samples_in(told: &Told, range: TimeRange) -> bool {
    let channels = told.metrics.iter().flat_map(|metric| &metric.channels);
    let times = channels.filter_map(|channel| channel.time_us);
    times.max().is_some_and(|newest| newest >= range.start().as_micros())
}
