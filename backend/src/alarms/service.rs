//! The alarms of a running server: the rules, fed by the writer and the clock, kept in the store.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use shared::alarm::{AlarmAction, AlarmCard, AlarmHistory, AlarmList, AlarmStatus};
use shared::dashboard::Site;
use shared::time::TimeRange;
use tokio::sync::watch;

use super::actions::ActionError;
use super::engine::Engine;
use super::feed::Feed;
use super::kept::{self, Kept};
use super::rule::Rule;
use super::step::Happening;
use super::{answers, catch_up, outbox};
use crate::app::App;
use crate::notify::Settings;
use crate::notify::delivery::DEAD_LETTERS;
use crate::store::records::RecordChange;
use crate::store::{self, Frame, Store};

/// How often the clock is looked at.
const PERIOD: Duration = Duration::from_secs(1);

/// How far back a rule looks that is new.
const LOOK_BACK_MICROS: i64 = 3_600_000_000;

/// How often states are kept to which nothing happened.
const CHECKPOINT_MICROS: i64 = 600_000_000;

/// How often viewers are told that the rules are evaluated, where nothing else is to be told.
const PROOF_MICROS: i64 = 5_000_000;

/// How often dead letters are counted.
const COUNT_MICROS: i64 = 10_000_000;

/// How many events of a rule its card looks through.
const CARD_EVENTS: usize = 500;

/// The alarms of a server.
#[derive(Debug)]
pub struct Alarms {
    /// Where the writer puts what it stored.
    pub feed: Arc<Feed>,
    rules: Mutex<Arc<[Rule]>>,
    look_back_micros: i64,
    is_alone: bool,
    told: Option<(Settings, Site)>,
    engine: Mutex<Engine>,
    work: tokio::sync::Mutex<Work>,
    changes: watch::Sender<u64>,
    evaluated: Mutex<Option<i64>>,
    dead_letters: Mutex<u32>,
}

/// What one round at a time works with.
#[derive(Debug, Default)]
struct Work {
    kept: Kept,
    /// Whether the engine is where the store says it was, and knows its metrics.
    is_ready: bool,
    kept_all_at: i64,
    counted_at: i64,
}

/// Why something is not done about an alarm.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It makes no sense.
    #[error(transparent)]
    Action(#[from] ActionError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Alarms {
    /// Alarms that are not evaluated yet.
    pub fn new(rules: Vec<Rule>, now: i64) -> Self {
        Self {
            feed: Arc::default(),
            engine: Mutex::new(Engine::new(rules.clone(), now)),
            rules: Mutex::new(rules.into()),
            look_back_micros: LOOK_BACK_MICROS,
            is_alone: false,
            told: None,
            work: tokio::sync::Mutex::default(),
            changes: watch::Sender::new(0),
            evaluated: Mutex::new(None),
            dead_letters: Mutex::new(0),
        }
    }

    /// The same, on a store that no other server has open: a lease that is there is one of a server that died.
    #[must_use]
    pub fn alone(self, is_alone: bool) -> Self {
        Self { is_alone, ..self }
    }

    /// The same, which tells others what happens.
    #[must_use]
    pub fn telling(self, notify: Settings, site: Site) -> Self {
        Self {
            told: Some((notify, site)),
            ..self
        }
    }

    /// Has rules that are new look back so far, before the first evaluation.
    pub fn look_back(&mut self, look_back_micros: i64) {
        self.look_back_micros = look_back_micros;
    }

    /// Counts the changes of what [`Alarms::list`] says, for whoever wants to hear of them.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// How every rule stands.
    pub fn list(&self, now: i64) -> AlarmList {
        let alarms = answers::list(&self.engine());
        AlarmList {
            now_us: now,
            evaluated_us: *self.evaluated.lock().unwrap_or_else(PoisonError::into_inner),
            alarms,
            dead_letters: *self.dead_letters.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// How a rule stands.
    pub fn status(&self, name: &str) -> Option<AlarmStatus> {
        let engine = self.engine();
        engine.rule(name).map(|watched| answers::status(&engine, watched))
    }

    /// A rule as it is configured.
    pub fn rule(&self, name: &str) -> Option<Rule> {
        self.engine().rule(name).map(|watched| watched.rule.clone())
    }

    /// All that helps to judge a rule; `None` where there is none of this name.
    pub async fn card(&self, store: &dyn Store, name: &str) -> store::Result<Option<AlarmCard>> {
        if self.engine().rule(name).is_none() {
            return Ok(None);
        }
        let events = kept::events_of(store.records(), name, CARD_EVENTS).await?;
        let engine = self.engine();
        Ok(engine.rule(name).map(|watched| answers::card(&engine, watched, events)))
    }

    /// What was probably meant by the name of a rule that there is not.
    pub fn nearest(&self, name: &str) -> Option<String> {
        let rules = self.rules();
        let names = rules.iter().map(|rule| rule.name.as_str());
        crate::nearest::nearest(name, names).map(str::to_owned)
    }

    /// What rules said over a range: one, or all.
    pub async fn history(
        &self,
        store: &dyn Store,
        range: TimeRange,
        rule: Option<&str>,
    ) -> store::Result<AlarmHistory> {
        let names = match rule {
            Some(rule) => vec![rule.to_owned()],
            None => self.rules().iter().map(|rule| rule.name.clone()).collect(),
        };
        let (before, events) = kept::events_around(store.records(), &names, range).await?;
        let until = self.engine().clock();
        Ok(answers::history(range, until, before, events))
    }

    /// Does what a person does. When it returns it is done for good.
    pub async fn act(
        &self,
        store: &dyn Store,
        now: i64,
        name: &str,
        action: &AlarmAction,
    ) -> Result<AlarmStatus, Refused> {
        let mut work = self.work.lock().await;
        work.kept.take_lease(store.records(), now, true).await?;
        self.bring_up_to_date(&mut work, store, now).await?;
        // A trial, of which nothing remains if the store fails.
        let mut trial = self.engine().clone();
        let happened = trial.act(now, name, action)?;
        work.kept.note(happened);
        let changes = self.prepare(&work.kept, &trial, now);
        if let Err(error) = self.keep(&mut work, store, changes, now).await {
            // What is not kept is not done, and what else happened will happen again.
            work.kept.forget();
            work.is_ready = false;
            return Err(error.into());
        }
        *self.engine() = trial;
        self.tell();
        self.feed.wake();
        let status = self.status(name);
        status.ok_or_else(|| store::Error::Unavailable("another server evaluates the alarms".to_owned()).into())
    }

    /// Has other rules evaluated from the next round on; says whether they are others. What they are is found as after a
    /// kill, from the store: those that say what they said before go on where they were, and nobody is told again.
    pub async fn change_rules(&self, rules: Vec<Rule>, now: i64) -> bool {
        let mut work = self.work.lock().await;
        if *self.rules() == *rules {
            return false;
        }
        if rules.is_empty() {
            *self.engine() = Engine::new(Vec::new(), now);
            self.tell();
        }
        *self.rules.lock().unwrap_or_else(PoisonError::into_inner) = rules.into();
        work.is_ready = false;
        self.feed.wake();
        true
    }

    /// Evaluates everything up to now, and keeps what happened.
    pub async fn round(&self, store: &dyn Store, now: i64) -> store::Result<()> {
        if self.rules().is_empty() {
            return Ok(());
        }
        let mut work = self.work.lock().await;
        if work.counted_at + COUNT_MICROS <= now {
            work.counted_at = now;
            let dead = store.records().records(DEAD_LETTERS).await?.len();
            *self.dead_letters.lock().unwrap_or_else(PoisonError::into_inner) = u32::try_from(dead).unwrap_or(u32::MAX);
        }
        if !work.kept.take_lease(store.records(), now, self.is_alone).await? {
            return self.follow(&mut work, store, now).await;
        }
        self.bring_up_to_date(&mut work, store, now).await?;
        if work.kept_all_at + CHECKPOINT_MICROS <= now {
            work.kept.note_all(&self.engine());
            work.kept_all_at = now;
        }
        self.keep_if_due(&mut work, store, now).await
    }

    /// Keeps all states, and lets another server go on.
    pub async fn stop(&self, store: &dyn Store, now: i64) -> store::Result<()> {
        let mut work = self.work.lock().await;
        if !work.kept.is_holder() || !work.is_ready {
            return Ok(());
        }
        self.bring_up_to_date(&mut work, store, now).await?;
        work.kept.note_all(&self.engine());
        self.keep_if_due(&mut work, store, now).await?;
        work.is_ready = false;
        self.feed.close();
        work.kept.give_lease_back(store.records()).await
    }

    /// Takes in what came, and the time.
    async fn bring_up_to_date(&self, work: &mut Work, store: &dyn Store, now: i64) -> store::Result<()> {
        if !work.is_ready {
            return self.restore(work, store, now).await;
        }
        let taken = self.feed.take();
        if taken.is_catalogue_old {
            self.bind(store).await?;
        }
        if taken.is_cut {
            let since = self.engine().clock();
            return self.catch_up(work, store, since, now, false).await;
        }
        let mut frames = taken.frames;
        match catch_up::read_elsewhere(store, &taken.elsewhere, now).await {
            Ok(elsewhere) => frames.extend(elsewhere),
            Err(error) => {
                // Else they would be missed: next time all is read from the store.
                self.feed.lose_track();
                return Err(error);
            }
        }
        frames.sort_by_key(|frame| frame.arrival);
        let mut happened = self.take_in_order(&frames, now, false);
        happened.extend(self.engine().run(now));
        self.evaluated_at(now);
        if !happened.is_empty() {
            self.tell();
        }
        work.kept.note(happened);
        Ok(())
    }

    /// Begins where the last evaluation ended, whoever made it.
    async fn restore(&self, work: &mut Work, store: &dyn Store, now: i64) -> store::Result<()> {
        work.kept.forget();
        let since = now - self.look_back_micros;
        let engine = kept::restore(store.records(), self.rules().to_vec(), since).await?;
        let since = engine.clock();
        *self.engine() = engine;
        // From here on nothing is missed: what comes while the past is read waits, and is read twice, which changes nothing.
        // Begun before the catalogue is read, or the first samples of a metric that it does not know yet would be in neither.
        self.feed.want([], []);
        self.feed.take();
        self.bind(store).await?;
        self.catch_up(work, store, since, now, true).await?;
        work.is_ready = true;
        work.kept_all_at = now;
        work.kept.note_all(&self.engine());
        Ok(())
    }

    async fn bind(&self, store: &dyn Store) -> store::Result<()> {
        let catalogue = store.metrics().await?;
        let mut engine = self.engine();
        engine.bind(&catalogue);
        let all = catalogue.iter().map(|metric| metric.id);
        self.feed.want(all, engine.metrics());
        Ok(())
    }

    /// Goes through what arrived after `since`, and a little before: it may have been stored only after that was
    /// evaluated. Nobody is told of what came and went in the meantime if `is_quiet`.
    async fn catch_up(
        &self,
        work: &mut Work,
        store: &dyn Store,
        since: i64,
        now: i64,
        is_quiet: bool,
    ) -> store::Result<()> {
        let metrics: Vec<_> = self.engine().metrics().collect();
        let arrived_after = since - catch_up::MAX_HEARSAY_MICROS;
        let mut start = arrived_after - catch_up::MAX_LATE_MICROS;
        let mut carried: Vec<Frame> = Vec::new();
        while let Some(window) = catch_up::window(start, now) {
            let arrived = catch_up::read_window(store, &metrics, window, arrived_after, carried).await?;
            carried = arrived.later;
            start = window.end().as_micros();
            let mut happened = self.take_in_order(&arrived.frames, now, is_quiet);
            if since < start {
                happened.extend(self.engine().run(start.min(now)));
            }
            work.kept.note(happened);
            self.keep_if_due(work, store, now).await?;
            self.evaluated_at(start.min(now));
            tokio::task::yield_now().await;
        }
        let mut happened = Vec::new();
        if let Some(ahead) = catch_up::ahead(now) {
            let arrived = catch_up::read_window(store, &metrics, ahead, arrived_after, carried).await?;
            let is_due = |frame: &Frame| frame.arrival.as_micros() <= now;
            let (due, later): (Vec<_>, Vec<_>) = arrived.frames.into_iter().partition(is_due);
            happened.extend(self.take_in_order(&due, now, is_quiet));
            // The feed did not hear of what was stored between `now` and the moment from which it listens.
            self.feed.offer(&later);
        }
        let mut engine = self.engine();
        happened.extend(engine.run(now));
        engine.be_quiet(false);
        happened.extend(engine.speak());
        drop(engine);
        work.kept.note(happened);
        self.evaluated_at(now);
        self.tell();
        Ok(())
    }

    /// Takes frames in that came by `now`, as far as this server's clock knows, and are sorted by arrival.
    fn take_in_order(&self, frames: &[Frame], now: i64, is_quiet: bool) -> Vec<Happening> {
        let mut happened = Vec::new();
        for frames in frames.chunk_by(|left, right| left.arrival == right.arrival) {
            let Some(first) = frames.first() else { continue };
            // Others may ask in between.
            let mut engine = self.engine();
            engine.be_quiet(is_quiet);
            happened.extend(engine.take(first.arrival.as_micros().min(now), frames));
        }
        happened
    }

    async fn keep_if_due(&self, work: &mut Work, store: &dyn Store, now: i64) -> store::Result<()> {
        let changes = self.prepare(&work.kept, &self.engine(), now);
        self.keep(work, store, changes, now).await
    }

    /// What keeps what was noted, with what is to be delivered; `None` where there is nothing to do.
    fn prepare(&self, kept: &Kept, engine: &Engine, now: i64) -> Option<Vec<RecordChange>> {
        let mut changes = kept.batch(engine, now)?;
        for happening in kept.to_tell() {
            if let (Some(watched), Some((settings, site))) = (engine.rule(&happening.event.rule), &self.told) {
                changes.extend(outbox::deliveries((settings, site), engine, watched, happening, now));
            }
        }
        Some(changes)
    }

    async fn keep(
        &self,
        work: &mut Work,
        store: &dyn Store,
        changes: Option<Vec<RecordChange>>,
        now: i64,
    ) -> store::Result<()> {
        let Some(changes) = changes else { return Ok(()) };
        let applied = store.records().apply(&changes).await?;
        if !work.kept.applied(&applied, now) {
            work.is_ready = false;
            tracing::info!("another server evaluates the alarms now");
            return Err(store::Error::Unavailable(
                "another server evaluates the alarms now".to_owned(),
            ));
        }
        Ok(())
    }

    /// Shows what another server found.
    async fn follow(&self, work: &mut Work, store: &dyn Store, now: i64) -> store::Result<()> {
        work.is_ready = false;
        self.feed.close();
        let mut engine = kept::restore(store.records(), self.rules().to_vec(), now).await?;
        engine.bind(&store.metrics().await?);
        let is_other = answers::list(&engine) != answers::list(&self.engine());
        *self.engine() = engine;
        self.evaluated_at(now);
        if is_other {
            self.tell();
        }
        Ok(())
    }

    fn rules(&self) -> Arc<[Rule]> {
        Arc::clone(&self.rules.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn evaluated_at(&self, now: i64) {
        *self.evaluated.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }

    fn tell(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    fn engine(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Evaluates the alarms when samples come and when time passes, until it is dropped.
pub async fn keep_evaluating(app: Arc<App>) {
    let mut is_failing = false;
    let mut shown: Vec<AlarmStatus> = Vec::new();
    let mut shown_at = None;
    loop {
        let now = app.clock.now().as_micros();
        match app.alarms.round(&*app.store, now).await {
            Ok(()) => is_failing = false,
            Err(error) if !is_failing => {
                is_failing = true;
                tracing::warn!(%error, "the alarms could not be kept, it is tried again each second: {error}");
            }
            Err(_still) => {}
        }
        let list = app.alarms.list(now);
        // Also where nothing changed: that the rules are still evaluated is news.
        let is_proof_due = list.evaluated_us > shown_at.map(|at: i64| at + PROOF_MICROS);
        if list.alarms != shown || is_proof_due {
            shown.clone_from(&list.alarms);
            shown_at = list.evaluated_us;
            app.live.alarms.send(list);
        }
        // What comes in the same moment is evaluated together.
        let _elapsed = tokio::time::timeout(PERIOD, app.alarms.feed.wait()).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
