//! The one task of this server that writes. Batches that wait at the same time share a transaction, and so a sync of
//! the server's disk.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use shared::time::Timestamp;
use sqlx::{Connection as _, PgConnection};
use tokio::sync::{mpsc, oneshot};

use super::super::row::Row;
use super::super::{Error, MetricId, Result};
use super::open::{Place, store_error};
use super::partition::{self, Month};
use super::transaction;

/// How many batches may wait; a caller beyond them waits for its turn.
const QUEUE_BATCHES: usize = 64;

/// How many values one transaction takes at the most before it is committed; one batch is never split.
const GROUP_VALUES: usize = 4 << 20;

/// How long a transaction may take. Without this a network that swallows everything would hold up all writes for ever.
const COMMIT_TIMEOUT: Duration = Duration::from_mins(1);

/// Checked samples, at most one row per metric and time.
pub(super) type Rows = BTreeMap<(MetricId, Timestamp), Row>;

/// Writes a row over the one that may be there.
pub(super) fn merge_into(rows: &mut Rows, key: (MetricId, Timestamp), newer: Row) {
    let merged = rows.get(&key).map(|older| older.merged_with(&newer));
    rows.insert(key, merged.unwrap_or(newer));
}

/// What the task is asked to do, and where it answers.
#[derive(Debug)]
enum Command {
    Write(Rows, oneshot::Sender<Result<()>>),
    Close(oneshot::Sender<()>),
}

/// The way to the task.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    commands: mpsc::Sender<Command>,
}

impl Writer {
    /// Starts the task.
    pub(super) fn start(place: Place, connection: PgConnection, origin: u64) -> Self {
        let (commands, queue) = mpsc::channel(QUEUE_BATCHES);
        let task = Task {
            place,
            connection: Some(connection),
            origin,
            months: BTreeSet::new(),
        };
        tokio::spawn(task.run(queue));
        Self { commands }
    }

    /// Stores a batch; durable when it returns.
    pub(super) async fn write(&self, rows: Rows) -> Result<()> {
        self.ask(|reply| Command::Write(rows, reply)).await?
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
    place: Place,
    /// `None` after a failure, until the next batch.
    connection: Option<PgConnection>,
    /// This process among those that write.
    origin: u64,
    /// Months whose partition is known to be there.
    months: BTreeSet<Month>,
}

impl Task {
    async fn run(mut self, mut queue: mpsc::Receiver<Command>) {
        let mut closing = Vec::new();
        while let Some(first) = queue.recv().await {
            let mut group = Group::default();
            let mut next = Some(first);
            while let Some(command) = next {
                match command {
                    Command::Write(rows, reply) => group.push(rows, reply),
                    Command::Close(reply) => {
                        // From here on senders fail; what is in the queue is still done.
                        queue.close();
                        closing.push(reply);
                    }
                }
                next = (group.n_values < GROUP_VALUES).then(|| queue.try_recv().ok()).flatten();
            }
            self.commit(group).await;
        }
        if let Some(connection) = self.connection
            && let Err(error) = connection.close().await
        {
            tracing::debug!(%error, "the connection was not closed cleanly: {error}");
        }
        for reply in closing {
            // The caller may have gone; the task has ended all the same.
            let _gone = reply.send(());
        }
    }

    /// Does all of it in one transaction, and answers.
    async fn commit(&mut self, group: Group) {
        if group.replies.is_empty() {
            return;
        }
        let n_batches = group.replies.len();
        let stored = tokio::time::timeout(COMMIT_TIMEOUT, self.store(group.rows)).await;
        let stored = stored.unwrap_or_else(|_elapsed| {
            let seconds = COMMIT_TIMEOUT.as_secs();
            Err(Error::Unavailable(format!(
                "the database gives no answer for {seconds} s"
            )))
        });
        if let Err(error) = &stored {
            tracing::error!(%error, n_batches, "a transaction failed, its batches are not acknowledged: {error}");
            // What the server thinks of the connection and of the partitions is unknown; both are found out anew.
            self.connection = None;
            self.months.clear();
        }
        for reply in group.replies {
            // A caller that has gone does not need the answer.
            drop(reply.send(stored.clone()));
        }
    }

    async fn store(&mut self, rows: Rows) -> Result<()> {
        let connection = self.connect().await?;
        let needed = rows.keys().filter_map(|(_, time)| Month::with_partition(*time));
        let needed: BTreeSet<Month> = needed.collect();
        let missing: BTreeSet<Month> = needed.difference(&self.months).copied().collect();
        let connection = self.connection.insert(connection);
        if !missing.is_empty() {
            partition::make(connection, &missing).await.map_err(store_error)?;
            self.months.extend(missing);
        }
        transaction::write(connection, rows, self.origin).await
    }

    /// The connection if it still lives, or a new one. Nothing has been sent yet, so this loses nothing.
    async fn connect(&mut self) -> Result<PgConnection> {
        if let Some(mut connection) = self.connection.take()
            && connection.ping().await.is_ok()
        {
            return Ok(connection);
        }
        self.place.connect().await
    }
}

/// Batches that are committed together: all of them or none.
#[derive(Debug, Default)]
struct Group {
    rows: Rows,
    replies: Vec<oneshot::Sender<Result<()>>>,
    n_values: usize,
}

impl Group {
    fn push(&mut self, rows: Rows, reply: oneshot::Sender<Result<()>>) {
        self.n_values += rows.values().map(Row::len).sum::<usize>();
        if self.rows.is_empty() {
            self.rows = rows;
        } else {
            for (key, row) in rows {
                merge_into(&mut self.rows, key, row);
            }
        }
        self.replies.push(reply);
    }
}
