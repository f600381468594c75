//! The one task of a process that writes. Batches that wait at the same time share a transaction.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use mongodb::bson::oid::ObjectId;
use mongodb::{Client, Collection, Database};
use shared::time::Timestamp;
use tokio::sync::{mpsc, oneshot};

use super::super::newest::Newest;
use super::super::row::Row;
use super::super::{Error, MetricId, Result};
use super::attempts::Attempts;
use super::catalogue::Entry;
use super::newest::{self, Known, NewestDocument};
use super::sealing::{self, WriterId};
use super::transaction::{self, Failure};

/// How many batches may wait; a caller beyond them waits for its turn.
const QUEUE_BATCHES: usize = 64;

/// How many values one transaction takes before no more batches join it; one batch is never split.
///
/// At 14 bytes each about 8 MB: such a transaction takes a fraction of the minute that MongoDB gives it.
const GROUP_VALUES: usize = 600_000;

/// How many metrics are announced side by side; the server syncs its journal once for all of them.
const RAISES_AT_ONCE: usize = 8;

/// The rows of one metric by time.
#[derive(Debug)]
pub(super) struct MetricRows {
    pub(super) entry: Arc<Entry>,
    pub(super) rows: BTreeMap<Timestamp, Row>,
    /// Rows later than this are of times that have none yet, unless another server is just writing them.
    pub(super) last_stored: Option<Timestamp>,
}

/// Checked rows, by metric.
#[derive(Debug, Default)]
pub(super) struct Batch {
    metrics: BTreeMap<MetricId, MetricRows>,
    n_values: usize,
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.metrics.is_empty()
    }

    /// Adds a row; it wins over what the batch has at its time.
    pub(super) fn push(&mut self, entry: &Arc<Entry>, time: Timestamp, row: Row) {
        self.n_values += row.len();
        let metric = self.metrics.entry(entry.metric.id).or_insert_with(|| MetricRows {
            entry: Arc::clone(entry),
            rows: BTreeMap::new(),
            last_stored: None,
        });
        let merged = metric.rows.get(&time).map(|older| older.merged_with(&row));
        metric.rows.insert(time, merged.unwrap_or(row));
    }

    /// Adds a later batch.
    fn extend(&mut self, later: Self) {
        for metric in later.metrics.into_values() {
            for (time, row) in metric.rows {
                self.push(&metric.entry, time, row);
            }
        }
    }
}

#[derive(Debug)]
enum Command {
    Write(Batch, oneshot::Sender<Result<()>>),
    Close(oneshot::Sender<()>),
}

/// The way to the task.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    commands: mpsc::Sender<Command>,
}

impl Writer {
    /// Starts the task.
    pub(super) fn start(client: &Client, database: &Database, origin: ObjectId) -> Self {
        let (commands, queue) = mpsc::channel(QUEUE_BATCHES);
        let task = Task {
            client: client.clone(),
            database: database.clone(),
            newest: database.collection("newest"),
            known: HashMap::new(),
            writer: WriterId::new(),
            origin,
            registered: BTreeSet::new(),
        };
        tokio::spawn(task.run(queue));
        Self { commands }
    }

    /// Stores a batch; durable when it returns.
    pub(super) async fn write(&self, batch: Batch) -> Result<()> {
        self.ask(|reply| Command::Write(batch, reply)).await?
    }

    /// Finishes what waits and ends the task.
    pub(super) async fn close(&self) {
        // An error means that it has ended before.
        let _ended: Result<()> = self.ask(Command::Close).await;
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        let sent = self.commands.send(command(reply)).await;
        sent.map_err(|_ended| Error::closed())?;
        answer.await.map_err(|_ended| Error::closed())
    }
}

#[derive(Debug)]
struct Task {
    client: Client,
    database: Database,
    newest: Collection<NewestDocument>,
    /// The newest times as this process left them.
    known: HashMap<MetricId, Known>,
    /// This process among those that write.
    writer: WriterId,
    /// The same, as what it writes is told.
    origin: ObjectId,
    /// The metrics that it is registered for, as far as it knows.
    registered: BTreeSet<MetricId>,
}

impl Task {
    async fn run(mut self, mut queue: mpsc::Receiver<Command>) {
        let mut closing = Vec::new();
        while let Some(first) = queue.recv().await {
            let mut group = Batch::default();
            let mut replies = Vec::new();
            let mut next = Some(first);
            while let Some(command) = next {
                match command {
                    Command::Write(batch, reply) => {
                        group.extend(batch);
                        replies.push(reply);
                    }
                    Command::Close(reply) => {
                        // From here on senders fail; what is in the queue is still done.
                        queue.close();
                        closing.push(reply);
                    }
                }
                next = if group.n_values < GROUP_VALUES {
                    queue.try_recv().ok()
                } else {
                    None
                };
            }
            self.commit(group, replies).await;
        }
        for reply in closing {
            // The caller may have gone; the queue is empty all the same.
            let _gone = reply.send(());
        }
    }

    async fn commit(&mut self, group: Batch, replies: Vec<oneshot::Sender<Result<()>>>) {
        if replies.is_empty() {
            return;
        }
        let stored = self.store(group).await;
        if let Err(error) = &stored {
            let n_batches = replies.len();
            tracing::error!(%error, n_batches, "a transaction failed, nothing of it is acknowledged: {error}");
        }
        for reply in replies {
            // A caller that has gone does not need the answer.
            let _gone = reply.send(stored.clone());
        }
    }

    /// Stores all of a group or nothing.
    async fn store(&mut self, group: Batch) -> Result<()> {
        let mut metrics: Vec<MetricRows> = group.metrics.into_values().collect();
        self.raise_newest(&mut metrics).await?;
        let mut attempts = Attempts::new();
        loop {
            self.register(&metrics).await?;
            let failure =
                match transaction::run(&self.client, &self.database, &metrics, (self.writer, self.origin)).await {
                    Ok(()) => return Ok(()),
                    Err(Failure::Store(error)) => return Err(error),
                    Err(failure) => failure,
                };
            if let Failure::Outdated(_) = failure {
                // Forgotten after a long silence.
                for metric in &metrics {
                    self.registered.remove(&metric.entry.metric.id);
                }
            }
            // What was new may not be any more.
            for metric in &mut metrics {
                metric.last_stored = Some(Timestamp::MAX);
            }
            attempts.wait(&failure.to_string()).await?;
        }
    }

    /// Makes this process known as a writer of metrics of our own layout, where it is not yet.
    async fn register(&mut self, metrics: &[MetricRows]) -> Result<()> {
        let new: Vec<&Entry> = metrics
            .iter()
            .map(|metric| &*metric.entry)
            .filter(|entry| entry.place.is_own() && !self.registered.contains(&entry.metric.id))
            .collect();
        if !new.is_empty() {
            let names: Vec<&str> = new.iter().map(|entry| entry.place.name.as_str()).collect();
            sealing::register(&self.database, self.writer, &names).await?;
            self.registered.extend(new.iter().map(|entry| entry.metric.id));
        }
        Ok(())
    }

    /// Announces the rows, and learns which of them are of times that have none yet.
    async fn raise_newest(&mut self, metrics: &mut [MetricRows]) -> Result<()> {
        let mut raising = Vec::new();
        for (position, metric) in metrics.iter_mut().enumerate() {
            if !metric.entry.place.is_own() {
                // Others write there too, without telling us.
                metric.last_stored = Some(Timestamp::MAX);
                continue;
            }
            let mut wanted = Newest::default();
            for (time, row) in &metric.rows {
                wanted.note(*time, row);
            }
            let entry = Arc::clone(&metric.entry);
            let known = self.known.remove(&entry.metric.id);
            let collection = self.newest.clone();
            raising.push(async move {
                let raised = newest::raise(&collection, &entry.place.name, known, &wanted).await;
                raised.map(|(before, known)| (position, before, known))
            });
        }
        let mut raising = stream::iter(raising).buffer_unordered(RAISES_AT_ONCE);
        while let Some((position, before, known)) = raising.try_next().await? {
            let metric = &mut metrics[position];
            metric.last_stored = before;
            self.known.insert(metric.entry.metric.id, known);
        }
        Ok(())
    }
}
