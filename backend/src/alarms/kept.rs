//! What of the alarms is in the store, and who may write it.
//!
//! The state of a rule is a record, written when something happens to it and every few minutes; what happened is an event.
//! Both, and what is to be delivered, go into one batch. What came in since a state was written is in the store as samples
//! with the times of their arrival: after a restart they are gone through again in the same order, which leads to the same
//! state, so nothing that happened is lost or told twice.
//!
//! Of several servers on one database one evaluates: it holds a lease that ends by itself, and each of its batches
//! expects that lease as it left it. Whoever a person acts on takes the lease over.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde::{Deserialize, Serialize};
use shared::alarm::AlarmEvent;
use shared::time::{TimeRange, Timestamp};

use super::channels::Channels;
use super::engine::Engine;
use super::rule::Rule;
use super::state::RuleState;
use super::step::Happening;
use crate::store::records::{Applied, EventOrder, EventQuery, Expected, MAX_BODY_BYTES, RecordChange, RecordStore};
use crate::store::{Error, Result};

/// Where states are.
const STATES: &str = "alarm_states";
/// Where what happened is.
const EVENTS: &str = "alarm_events";
/// Where it stands who evaluates.
const LEASES: &str = "alarm_lease";
const LEASE: &str = "evaluator";

/// For how long a lease holds.
const LEASE_MICROS: i64 = 15_000_000;

/// How often it is prolonged.
const RENEW_MICROS: i64 = 5_000_000;

/// The most happenings that wait for the store.
const MAX_PENDING: usize = 20_000;

/// The most events of one answer that are read.
const MAX_READ: usize = 20_000;

/// How many events before a range are looked at for the state at its beginning.
const N_BEFORE: usize = 50;

/// What this server knows of what is kept.
#[derive(Debug)]
pub struct Kept {
    /// This server, as the lease names it.
    holder: String,
    /// The version of the lease, and until when it holds, if it is this server's.
    lease: Option<(u64, i64)>,
    /// What happened and is not kept yet.
    pending: Vec<Happening>,
    /// Rules whose state is to be kept.
    dirty: BTreeSet<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct LeaseBody {
    holder: String,
    until_us: i64,
}

#[derive(Debug, Serialize, Deserialize)]
struct StateBody {
    /// The condition that it belongs to.
    fingerprint: String,
    state: RuleState,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            holder: format!("{:016x}", fastrand::u64(..)),
            lease: None,
            pending: Vec::new(),
            dirty: BTreeSet::new(),
        }
    }
}

impl Kept {
    /// Whether this server evaluates, as far as it knows.
    pub fn is_holder(&self) -> bool {
        self.lease.is_some()
    }

    /// Takes the lease if nobody has it, or in any case. Says whether it is this server's.
    pub async fn take_lease(&mut self, records: &dyn RecordStore, now: i64, by_force: bool) -> Result<bool> {
        if self.lease.is_some() {
            return Ok(true);
        }
        let lease = records
            .records(LEASES)
            .await?
            .into_iter()
            .find(|record| record.key == LEASE);
        let expected = match &lease {
            None => Expected::Absent,
            Some(record) => {
                let body: Option<LeaseBody> = serde_json::from_str(&record.body).ok();
                let is_held = body.is_some_and(|body| body.holder != self.holder && now < body.until_us);
                if is_held && !by_force {
                    return Ok(false);
                }
                Expected::Version(record.version)
            }
        };
        let version = lease.map_or(1, |record| record.version + 1);
        if records.apply(&[self.lease_change(expected, now)]).await? == Applied::All {
            self.lease = Some((version, now + LEASE_MICROS));
        }
        Ok(self.lease.is_some())
    }

    /// Gives the lease back, so that another server need not wait for its end.
    pub async fn give_lease_back(&mut self, records: &dyn RecordStore) -> Result<()> {
        if let Some((version, _)) = self.lease.take() {
            let change = RecordChange::Delete {
                collection: LEASES.to_owned(),
                key: LEASE.to_owned(),
                expected: Expected::Version(version),
            };
            records.apply(&[change]).await?;
        }
        Ok(())
    }

    fn lease_change(&self, expected: Expected, now: i64) -> RecordChange {
        let body = LeaseBody {
            holder: self.holder.clone(),
            until_us: now + LEASE_MICROS,
        };
        RecordChange::Put {
            collection: LEASES.to_owned(),
            key: LEASE.to_owned(),
            expected,
            body: to_json(&body),
        }
    }

    /// Notes what happened, to be kept.
    pub fn note(&mut self, happened: Vec<Happening>) {
        self.dirty
            .extend(happened.iter().map(|happening| happening.event.rule.clone()));
        self.pending.extend(happened);
        let excess = self.pending.len().saturating_sub(MAX_PENDING);
        if 0 < excess {
            tracing::error!(
                excess,
                "the store has been away for too long: {excess} alarm events are not kept"
            );
            self.pending.drain(..excess);
        }
    }

    /// Forgets what was noted and is not kept.
    pub fn forget(&mut self) {
        self.pending.clear();
        self.dirty.clear();
    }

    /// Has the states of all rules kept with the next batch.
    pub fn note_all(&mut self, engine: &Engine) {
        self.dirty
            .extend(engine.rules().iter().map(|watched| watched.rule.name.clone()));
    }

    /// Whether there is something to keep, or the lease is to be prolonged.
    pub fn has_work(&self, now: i64) -> bool {
        let is_due = self
            .lease
            .is_some_and(|(_, until)| until - LEASE_MICROS + RENEW_MICROS <= now);
        is_due || !self.pending.is_empty() || !self.dirty.is_empty()
    }

    /// The batch that keeps what was noted; `None` where there is nothing to do. Needs the lease.
    pub fn batch(&self, engine: &Engine, now: i64) -> Option<Vec<RecordChange>> {
        let (version, _) = self.lease?;
        if !self.has_work(now) {
            return None;
        }
        let mut changes = vec![self.lease_change(Expected::Version(version), now)];
        for watched in self.dirty.iter().filter_map(|name| engine.rule(name)) {
            changes.push(RecordChange::Put {
                collection: STATES.to_owned(),
                key: watched.rule.name.clone(),
                expected: Expected::Any,
                body: state_body(&watched.rule, &watched.state),
            });
        }
        for happening in self.pending.iter().filter(|happening| !happening.is_known) {
            changes.push(RecordChange::Append {
                log: EVENTS.to_owned(),
                time: Timestamp::saturating_from_micros(happening.event.time_us),
                key: happening.event.rule.clone(),
                body: to_json(&happening.event),
            });
        }
        Some(changes)
    }

    /// What is noted and to be told.
    pub fn to_tell(&self) -> impl Iterator<Item = &Happening> {
        self.pending.iter().filter(|happening| happening.tell)
    }

    /// Takes in what became of the batch. Says whether it is kept; if not, another server evaluates.
    pub fn applied(&mut self, applied: &Applied, now: i64) -> bool {
        let version = self.lease.map(|(version, _)| version + 1);
        self.lease = version
            .filter(|_| *applied == Applied::All)
            .map(|version| (version, now + LEASE_MICROS));
        self.forget();
        self.lease.is_some()
    }
}

fn to_json<T: Serialize>(body: &T) -> String {
    // What is kept has only texts as keys, so it can be written.
    serde_json::to_string(body).unwrap_or_default()
}

fn state_body(rule: &Rule, state: &RuleState) -> String {
    let mut body = StateBody {
        fingerprint: fingerprint(rule),
        state: state.clone(),
    };
    let text = to_json(&body);
    if text.len() <= MAX_BODY_BYTES {
        return text;
    }
    // So many channels that they are left out, and begin anew after a restart.
    body.state.channels = Channels::default();
    body.fingerprint = String::new();
    to_json(&body)
}

/// Tells whether the condition of a rule is still the one that a state belongs to.
fn fingerprint(rule: &Rule) -> String {
    let mut hasher = DefaultHasher::new();
    format!(
        "{:?} {:?} {:?}",
        rule.condition, rule.delay_micros, rule.clear_delay_micros
    )
    .hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Puts rules where they were. Those that are new, or say something else than they did, are watched from `since` on; what
/// people said about them stays.
pub async fn restore(records: &dyn RecordStore, rules: Vec<Rule>, since: i64) -> Result<Engine> {
    let mut engine = Engine::new(rules, since);
    for record in records.records(STATES).await? {
        let Some(watched) = engine.rule(&record.key) else {
            continue;
        };
        let body: StateBody = serde_json::from_str(&record.body)
            .map_err(|error| Error::Corrupt(format!("the state of the alarm {:?}: {error}", record.key)))?;
        let state = if body.fingerprint == fingerprint(&watched.rule) {
            body.state
        } else {
            RuleState {
                shelved: body.state.shelved,
                known_issue: body.state.known_issue,
                told: body.state.told,
                ..watched.state.clone()
            }
        };
        engine.restore(&record.key, state);
    }
    Ok(engine)
}

/// What happened to a rule, newest first.
pub async fn events_of(records: &dyn RecordStore, rule: &str, limit: usize) -> Result<Vec<AlarmEvent>> {
    read(records, Some(rule), TimeRange::ALL, EventOrder::NewestFirst, limit).await
}

/// What happened to rules just before a range, newest first for each, and in it, by rising time.
pub async fn events_around(
    records: &dyn RecordStore,
    rules: &[String],
    range: TimeRange,
) -> Result<(Vec<Vec<AlarmEvent>>, Vec<AlarmEvent>)> {
    let mut before = Vec::new();
    if let Ok(earlier) = TimeRange::new(Timestamp::MIN, range.start()) {
        for rule in rules {
            before.push(read(records, Some(rule), earlier, EventOrder::NewestFirst, N_BEFORE).await?);
        }
    }
    let only = match rules {
        [rule] => Some(rule.as_str()),
        _ => None,
    };
    let mut events = read(records, only, range, EventOrder::NewestFirst, MAX_READ).await?;
    events.reverse();
    Ok((before, events))
}

async fn read(
    records: &dyn RecordStore,
    rule: Option<&str>,
    range: TimeRange,
    order: EventOrder,
    limit: usize,
) -> Result<Vec<AlarmEvent>> {
    let query = EventQuery {
        log: EVENTS.to_owned(),
        key: rule.map(str::to_owned),
        range,
        order,
        limit,
    };
    let events = records.events(&query).await?;
    let parse = |event: &crate::store::records::Event| {
        serde_json::from_str(&event.body).map_err(|error| Error::Corrupt(format!("an alarm event: {error}")))
    };
    events.iter().map(parse).collect::<Result<Vec<AlarmEvent>>>()
}
