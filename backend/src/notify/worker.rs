//! Takes deliveries out of the outbox, sends them, and keeps what became of it. One loop per receiver: none waits for another.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use shared::time::Timestamp;

use super::delivery::{DEAD_LETTERS, DONE, Delivery, OUTBOX, Sent, hex, json};
use super::digest::{self, Reason};
use super::notice::Notice;
use super::outbox::read;
use super::plan::{self, Pending, Task};
use super::settings::{Receiver, Settings};
use super::transport::{Failure, Message, Transport};
use crate::app::App;
use crate::clock::Clock;
use crate::store::records::{Applied, Expected, RecordChange, RecordStore};
use crate::store::{Result, Store};
use sha2::{Digest as _, Sha256};

/// How often to look for what waits.
const PERIOD: Duration = Duration::from_secs(1);

/// How often to forget what was sent long ago.
const TIDY_PERIOD: Duration = Duration::from_hours(1);

/// How long a server may take for what it has claimed; longer than any way out takes.
const CLAIM_MICROS: i64 = 90 * 1_000_000;

/// How long it is remembered what was sent; longer than any window of digests.
const REMEMBER_MICROS: i64 = 2 * 86_400_000_000;

/// The most dead letters; older ones are forgotten.
const MAX_DEAD_LETTERS: usize = 1000;

/// After a failure nothing is sent to the receiver for so long, for what comes next would fail too.
const MAX_PAUSE_MICROS: i64 = 60 * 1_000_000;

/// How many deliveries one transaction changes at the most.
const DELIVERIES_AT_ONCE: usize = 400;

/// Sends what waits for one receiver.
#[derive(Debug)]
pub struct Worker {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    settings: Arc<Settings>,
    receiver: Receiver,
    transport: Arc<dyn Transport>,
    /// What this server has sent and could not keep: what was sent, and with which message.
    sent: BTreeMap<String, Sent>,
    paused_until_us: i64,
    /// Makes servers that failed together not try again together.
    random: fastrand::Rng,
}

impl Worker {
    /// A worker that has not done anything yet.
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        settings: Arc<Settings>,
        receiver: Receiver,
        transport: Arc<dyn Transport>,
    ) -> Self {
        Self {
            store,
            clock,
            settings,
            receiver,
            transport,
            sent: BTreeMap::new(),
            paused_until_us: i64::MIN,
            random: fastrand::Rng::new(),
        }
    }

    /// Does all that is to be done now.
    ///
    /// It may be dropped at every point: nothing is lost by it, and what was being sent is sent again when the claim has ended.
    pub async fn step(&mut self) -> Result<()> {
        let now = self.clock.now();
        let mut waiting = Vec::new();
        for (record, delivery) in read(self.records(), OUTBOX).await? {
            if delivery.receiver == self.receiver.name {
                let version = record.version;
                waiting.push(Pending { version, delivery });
            }
        }
        if waiting.is_empty() {
            self.sent.clear();
            return Ok(());
        }
        let mut done = self.done().await?;
        done.extend(self.sent.clone());
        let (finished, waiting): (Vec<_>, Vec<_>) = waiting
            .into_iter()
            .partition(|pending| done.contains_key(&pending.delivery.id()));
        for pending in finished {
            // It was sent, and put in again or not taken out in time.
            self.take_out(std::slice::from_ref(&pending), None).await?;
        }
        let is_paused = now.as_micros() < self.paused_until_us;
        // What a person wants to be tried does not wait for the end of a pause.
        let waiting: Vec<_> = waiting
            .into_iter()
            .filter(|pending| !is_paused || pending.delivery.is_asked_for())
            .collect();
        let times: BTreeMap<&str, i64> = done.values().map(|sent| (sent.message.as_str(), sent.at_us)).collect();
        let times: Vec<i64> = times.into_values().collect();
        for task in plan::tasks(&self.settings, &self.receiver, now, waiting, &times) {
            match task {
                Task::GiveUp(pending) => {
                    let why = match pending.delivery.error.as_str() {
                        "" => "it could not be sent in time".to_owned(),
                        error => format!("given up after {} attempts: {error}", pending.delivery.attempts),
                    };
                    self.bury(vec![pending], &why).await?;
                }
                Task::Single(pending) => {
                    let message = Message::single(&pending.delivery);
                    self.send(vec![pending], |_claimed| message).await?;
                }
                Task::Digest(together, reason) => {
                    self.send(together, |claimed| digest_of(claimed, &reason)).await?;
                }
            }
            if !is_paused && self.clock.now().as_micros() < self.paused_until_us {
                break;
            }
        }
        Ok(())
    }

    fn records(&self) -> &dyn RecordStore {
        self.store.records()
    }

    /// What was sent to the receiver, by the id of the delivery.
    async fn done(&self) -> Result<BTreeMap<String, Sent>> {
        let records = self.records().records(DONE).await?.into_iter();
        let sent = records.filter_map(|record| {
            let sent: Sent = serde_json::from_str(&record.body).ok()?;
            (sent.receiver == self.receiver.name).then_some((record.key, sent))
        });
        Ok(sent.collect())
    }

    /// Claims, sends, and keeps what became of it.
    async fn send(&mut self, together: Vec<Pending>, message: impl FnOnce(&[Pending]) -> Message) -> Result<()> {
        let mut claimed: Vec<Pending> = Vec::new();
        for together in together.chunks(DELIVERIES_AT_ONCE) {
            let until_us = self.clock.now().as_micros().saturating_add(CLAIM_MICROS);
            let claims: Vec<Pending> = together.iter().map(|pending| claim(pending, until_us)).collect();
            let put = |claim: &Pending| claim.delivery.put_into(OUTBOX, Expected::Version(claim.version - 1));
            let changes: Vec<RecordChange> = claims.iter().map(put).collect();
            // In a conflict another server was quicker. What it leaves is there at the next look.
            if self.records().apply(&changes).await? == Applied::All {
                claimed.extend(claims);
            }
        }
        if claimed.is_empty() {
            return Ok(());
        }
        let message = &message(&claimed);
        let name = &self.receiver.name;
        match self.transport.send(message).await {
            Ok(()) => {
                tracing::info!(
                    receiver = name,
                    subject = message.subject,
                    "told {name}: {}",
                    message.subject
                );
                let sent = Sent {
                    receiver: name.clone(),
                    at_us: self.clock.now().as_micros(),
                    message: message.id.clone(),
                };
                for pending in &claimed {
                    self.sent.insert(pending.delivery.id(), sent.clone());
                }
                for claimed in claimed.chunks(DELIVERIES_AT_ONCE) {
                    self.take_out(claimed, Some(&sent)).await?;
                }
                Ok(())
            }
            Err(Failure::Refused(why)) => {
                tracing::error!(
                    receiver = name,
                    subject = message.subject,
                    "{name} is not told of {}: {why}",
                    message.subject
                );
                self.bury(claimed, &why).await
            }
            Err(Failure::Later {
                why,
                retry_after_micros,
            }) => {
                tracing::warn!(receiver = name, "{name} cannot be told now, it is tried again: {why}");
                self.postpone(claimed, &why, retry_after_micros).await
            }
        }
    }

    /// Removes what was sent, and remembers it.
    async fn take_out(&self, together: &[Pending], sent: Option<&Sent>) -> Result<()> {
        let remember = |pending: &Pending| {
            sent.map(|sent| RecordChange::Put {
                collection: DONE.to_owned(),
                key: pending.delivery.id(),
                expected: Expected::Any,
                body: json(sent),
            })
        };
        let deleted = together.iter().map(|pending| delete(OUTBOX, pending));
        let changes: Vec<RecordChange> = deleted.chain(together.iter().filter_map(remember)).collect();
        if self.records().apply(&changes).await? != Applied::All {
            // It was put in again meanwhile: it is found as sent at the next look.
            let changes: Vec<RecordChange> = together.iter().filter_map(remember).collect();
            self.records().apply(&changes).await?;
        }
        Ok(())
    }

    /// Gives deliveries up.
    async fn bury(&self, together: Vec<Pending>, why: &str) -> Result<()> {
        for pending in together {
            let dead = Delivery {
                claimed_until_us: None,
                error: why.to_owned(),
                ..pending.delivery.clone()
            };
            let changes = [delete(OUTBOX, &pending), dead.put_into(DEAD_LETTERS, Expected::Any)];
            // In a conflict somebody has put it in again: then it is not given up.
            self.records().apply(&changes).await?;
        }
        Ok(())
    }

    /// Gives claims back, for a later try.
    async fn postpone(&mut self, claimed: Vec<Pending>, why: &str, retry_after_micros: Option<i64>) -> Result<()> {
        let now_us = self.clock.now().as_micros();
        let mut changes = Vec::new();
        for Pending { version, delivery } in claimed {
            let next_try_us = plan::next_try(
                now_us,
                delivery.attempts,
                |most| self.random.i64(0..=most.max(0)),
                retry_after_micros,
            );
            let pause_us =
                next_try_us.min(now_us.saturating_add(MAX_PAUSE_MICROS.max(retry_after_micros.unwrap_or(0))));
            self.paused_until_us = self.paused_until_us.max(pause_us);
            let again = Delivery {
                claimed_until_us: None,
                next_try_us,
                error: why.to_owned(),
                ..delivery
            };
            changes.push(again.put_into(OUTBOX, Expected::Version(version)));
        }
        for changes in changes.chunks(DELIVERIES_AT_ONCE) {
            // In a conflict one was put in again: then the claims end by themselves.
            self.records().apply(changes).await?;
        }
        Ok(())
    }
}

fn digest_of(claimed: &[Pending], reason: &Reason) -> Message {
    let notices: Vec<Notice> = claimed.iter().map(|pending| pending.delivery.notice.clone()).collect();
    let keys: Vec<&str> = claimed.iter().map(|pending| pending.delivery.key.as_str()).collect();
    let (subject, text) = digest::write(&notices, reason);
    let id = hex(&Sha256::digest(keys.join("\n"))[..16]);
    Message {
        id,
        subject,
        text,
        notices,
    }
}

fn claim(pending: &Pending, until_us: i64) -> Pending {
    Pending {
        version: pending.version + 1,
        delivery: Delivery {
            attempts: pending.delivery.attempts.saturating_add(1),
            claimed_until_us: Some(until_us),
            ..pending.delivery.clone()
        },
    }
}

fn delete(collection: &str, pending: &Pending) -> RecordChange {
    RecordChange::Delete {
        collection: collection.to_owned(),
        key: pending.delivery.id(),
        expected: Expected::Version(pending.version),
    }
}

/// Forgets what was sent long ago, the oldest dead letters beyond a number, and gives up what nobody is configured for.
pub async fn tidy(records: &dyn RecordStore, settings: &Settings, now: Timestamp) -> Result<()> {
    let mut changes = Vec::new();
    let remembered_from_us = now.as_micros().saturating_sub(REMEMBER_MICROS);
    for record in records.records(DONE).await? {
        let sent: Option<Sent> = serde_json::from_str(&record.body).ok();
        if sent.is_none_or(|sent| sent.at_us < remembered_from_us) {
            changes.push(RecordChange::Delete {
                collection: DONE.to_owned(),
                key: record.key,
                expected: Expected::Any,
            });
        }
    }
    let mut dead = read(records, DEAD_LETTERS).await?;
    dead.sort_by_key(|(_, delivery)| std::cmp::Reverse(delivery.created_us));
    for (record, _) in dead.into_iter().skip(MAX_DEAD_LETTERS) {
        changes.push(RecordChange::Delete {
            collection: DEAD_LETTERS.to_owned(),
            key: record.key,
            expected: Expected::Any,
        });
    }
    for changes in changes.chunks(DELIVERIES_AT_ONCE) {
        records.apply(changes).await?;
    }
    let known: BTreeSet<&String> = settings.receivers.keys().collect();
    for (record, delivery) in read(records, OUTBOX).await? {
        if !known.contains(&delivery.receiver) {
            let version = record.version;
            let dead = Delivery {
                error: format!(
                    "there is no receiver {:?} in the configuration any more",
                    delivery.receiver
                ),
                ..delivery.clone()
            };
            let pending = Pending { version, delivery };
            let changes = [delete(OUTBOX, &pending), dead.put_into(DEAD_LETTERS, Expected::Any)];
            records.apply(&changes).await?;
        }
    }
    Ok(())
}

/// Frees what a server that died had taken, on a store that no other server has open.
pub async fn free_claims(records: &dyn RecordStore) -> Result<()> {
    for (record, delivery) in read(records, OUTBOX).await? {
        if delivery.claimed_until_us.is_some() {
            let free = Delivery {
                claimed_until_us: None,
                ..delivery
            };
            records
                .apply(&[free.put_into(OUTBOX, Expected::Version(record.version))])
                .await?;
        }
    }
    Ok(())
}

/// Sends what waits, to all receivers, until it is dropped. Failures of the store are logged once.
pub async fn keep_telling(app: Arc<App>) {
    let settings = Arc::new(app.config.notify.clone());
    if settings.receivers.is_empty() {
        return;
    }
    if app.config.is_alone()
        && let Err(error) = free_claims(app.store.records()).await
    {
        tracing::debug!(%error, "what was being sent waits for the end of its claim: {error}");
    }
    let loops = settings.receivers.values().map(|receiver| {
        let transport = super::transport::of(receiver);
        let (store, clock) = (Arc::clone(&app.store), Arc::clone(&app.clock));
        tell_one(Worker::new(
            store,
            clock,
            Arc::clone(&settings),
            receiver.clone(),
            transport,
        ))
    });
    let tidying = async {
        loop {
            if let Err(error) = tidy(app.store.records(), &settings, app.clock.now()).await {
                tracing::debug!(%error, "the outbox could not be tidied: {error}");
            }
            tokio::time::sleep(TIDY_PERIOD).await;
        }
    };
    futures_util::future::join(futures_util::future::join_all(loops), tidying).await;
}

async fn tell_one(mut worker: Worker) {
    let mut is_failing = false;
    loop {
        match worker.step().await {
            Ok(()) => is_failing = false,
            Err(error) if !is_failing => {
                is_failing = true;
                tracing::warn!(%error, "what is to be told cannot be read or kept, it is tried again each second: {error}");
            }
            Err(_still) => {}
        }
        tokio::time::sleep(PERIOD).await;
    }
}

#[cfg(test)]
mod tests;
