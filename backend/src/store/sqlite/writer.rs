//! The one task that writes. Batches that wait at the same time share a transaction, and so a sync of the disk.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use shared::time::Timestamp;
use sqlx::{Connection as _, SqliteConnection};
use tokio::sync::{mpsc, oneshot};

use super::super::records::{Applied, Batch as RecordBatch};
use super::super::retention::Horizon;
use super::super::tiles::{Tile, TileSpan, TileState};
use super::super::{Error, MetricId, MetricProperties, Result, StoredMetric, kind_to_text};
use super::batch::{Batch, write_batch};
use super::lock::LockFile;
use super::open::store_error;
use super::{Catalogue, catalogue, keep, records, tiles};

/// How many commands may wait; a caller beyond them waits for its turn.
const QUEUE_COMMANDS: usize = 64;

/// How many bytes of samples one transaction takes at the most before it is committed; one batch is never split.
const GROUP_BYTES: usize = 32 << 20;

/// What the task is asked to do, and where it answers.
#[derive(Debug)]
enum Command {
    Write(Batch, oneshot::Sender<Result<()>>),
    EnsureMetric(String, Vec<String>, oneshot::Sender<Result<StoredMetric>>),
    SetProperties(MetricId, MetricProperties, oneshot::Sender<Result<()>>),
    SealTiles(MetricId, Vec<TileSpan>, Timestamp, oneshot::Sender<Result<TileState>>),
    PutTiles(MetricId, u64, Vec<Tile>, oneshot::Sender<Result<bool>>),
    DropTiles(MetricId, oneshot::Sender<Result<()>>),
    DropBefore(MetricId, Horizon, oneshot::Sender<Result<Option<u64>>>),
    Apply(RecordBatch, oneshot::Sender<Result<Applied>>),
    Close(oneshot::Sender<()>),
}

/// The way to the task.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    /// Without it nothing may be written.
    commands: Option<mpsc::Sender<Command>>,
}

impl Writer {
    /// Starts the task; it keeps the lock on the database until it ends.
    pub(super) fn start(connection: SqliteConnection, catalogue: Arc<RwLock<Catalogue>>, lock: LockFile) -> Self {
        let (commands, queue) = mpsc::channel(QUEUE_COMMANDS);
        tokio::spawn(async move {
            run(connection, catalogue, queue).await;
            drop(lock);
        });
        Self {
            commands: Some(commands),
        }
    }

    /// Refuses everything.
    pub(super) fn none() -> Self {
        Self { commands: None }
    }

    /// Stores a batch; durable when it returns.
    pub(super) async fn write(&self, batch: Batch) -> Result<()> {
        self.ask(|reply| Command::Write(batch, reply)).await?
    }

    /// Makes or extends a metric; durable when it returns.
    pub(super) async fn ensure_metric(&self, name: String, channel_labels: Vec<String>) -> Result<StoredMetric> {
        self.ask(|reply| Command::EnsureMetric(name, channel_labels, reply))
            .await?
    }

    /// Replaces the properties of a metric; durable when it returns.
    pub(super) async fn set_properties(&self, metric_id: MetricId, properties: MetricProperties) -> Result<()> {
        self.ask(|reply| Command::SetProperties(metric_id, properties, reply))
            .await?
    }

    /// Seals time, durably.
    pub(super) async fn seal_tiles(
        &self,
        metric_id: MetricId,
        spans: Vec<TileSpan>,
        until: Timestamp,
    ) -> Result<TileState> {
        self.ask(|reply| Command::SealTiles(metric_id, spans, until, reply))
            .await?
    }

    /// Stores tiles if the generation is still the same; gives whether it was.
    pub(super) async fn put_tiles(&self, metric_id: MetricId, generation: u64, tiles: Vec<Tile>) -> Result<bool> {
        self.ask(|reply| Command::PutTiles(metric_id, generation, tiles, reply))
            .await?
    }

    /// Removes all tiles of a metric.
    pub(super) async fn drop_tiles(&self, metric_id: MetricId) -> Result<()> {
        self.ask(|reply| Command::DropTiles(metric_id, reply)).await?
    }

    /// Forgets what lies before a horizon, durably.
    pub(super) async fn drop_before(&self, metric_id: MetricId, horizon: Horizon) -> Result<Option<u64>> {
        self.ask(|reply| Command::DropBefore(metric_id, horizon, reply)).await?
    }

    /// Changes records, durably, or nothing of it.
    pub(super) async fn apply(&self, batch: RecordBatch) -> Result<Applied> {
        self.ask(|reply| Command::Apply(batch, reply)).await?
    }

    /// Finishes what waits and ends the task.
    pub(super) async fn close(&self) {
        // An error means that it has ended before.
        let _ended: Result<()> = self.ask(Command::Close).await;
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        let Some(commands) = &self.commands else {
            return Err(Error::Unavailable("the database was opened only to be read".to_owned()));
        };
        let sent = commands.send(command(reply)).await;
        sent.map_err(|_ended| Error::closed())?;
        answer.await.map_err(|_ended| Error::closed())
    }
}

async fn run(mut connection: SqliteConnection, catalogue: Arc<RwLock<Catalogue>>, mut queue: mpsc::Receiver<Command>) {
    let mut closing = Vec::new();
    while closing.is_empty() {
        let Some(first) = queue.recv().await else { break };
        let mut group = Group::default();
        let mut next = Some(first);
        while let Some(command) = next {
            match command {
                Command::Close(reply) => {
                    // From here on senders fail; what is in the queue is still done.
                    queue.close();
                    closing.push(reply);
                }
                other => group.push(other),
            }
            next = if group.bytes < GROUP_BYTES {
                queue.try_recv().ok()
            } else {
                None
            };
        }
        group.commit(&mut connection, &catalogue).await;
    }
    while let Some(command) = queue.recv().await {
        let mut group = Group::default();
        match command {
            Command::Close(reply) => closing.push(reply),
            other => group.push(other),
        }
        group.commit(&mut connection, &catalogue).await;
    }
    if let Err(error) = close(connection).await {
        tracing::warn!(%error, "the database was not closed cleanly; nothing acknowledged is lost: {error}");
    }
    for reply in closing {
        // The caller may have gone; the database is closed all the same.
        let _gone = reply.send(());
    }
}

async fn close(mut connection: SqliteConnection) -> std::result::Result<(), sqlx::Error> {
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
        .execute(&mut connection)
        .await?;
    connection.close().await
}

/// Commands that are committed together.
#[derive(Debug, Default)]
struct Group {
    commands: Vec<Command>,
    bytes: usize,
}

impl Group {
    fn push(&mut self, command: Command) {
        self.bytes += match &command {
            Command::Write(batch, _) => batch.rows.iter().map(|row| row.packed.samples.len()).sum(),
            Command::PutTiles(_, _, tiles, _) => tiles.iter().map(|tile| tile.bytes.len()).sum(),
            _ => 0,
        };
        self.commands.push(command);
    }

    /// Does all of it in one transaction, publishes new metrics, and answers.
    async fn commit(self, connection: &mut SqliteConnection, catalogue: &RwLock<Catalogue>) {
        if self.commands.is_empty() {
            return;
        }
        let mut changes = Changes {
            committed: catalogue,
            changed: BTreeMap::new(),
        };
        let done = transaction(connection, &self.commands, &mut changes).await;
        let given = match done {
            Ok(given) => {
                let mut catalogue = catalogue.write().unwrap_or_else(PoisonError::into_inner);
                catalogue.extend(changes.changed);
                given
            }
            Err(error) => {
                tracing::error!(%error, n_commands = self.commands.len(), "a transaction failed, nothing of it is stored: {error}");
                for command in self.commands {
                    command.fail(error.clone());
                }
                return;
            }
        };
        for (command, given) in self.commands.into_iter().zip(given) {
            command.succeed(given);
        }
    }
}

/// What a command gives to whoever asked, once it is committed.
#[derive(Debug)]
enum Given {
    Nothing,
    Metric(StoredMetric),
    Sealed(TileState),
    Stored(bool),
    Dropped(Option<u64>),
    Applied(Applied),
}

impl Command {
    fn fail(self, error: Error) {
        // A caller that has gone does not need the answer.
        match self {
            Self::Write(_, reply) | Self::SetProperties(_, _, reply) | Self::DropTiles(_, reply) => {
                drop(reply.send(Err(error)));
            }
            Self::EnsureMetric(_, _, reply) => drop(reply.send(Err(error))),
            Self::SealTiles(_, _, _, reply) => drop(reply.send(Err(error))),
            Self::PutTiles(_, _, _, reply) => drop(reply.send(Err(error))),
            Self::DropBefore(_, _, reply) => drop(reply.send(Err(error))),
            Self::Apply(_, reply) => drop(reply.send(Err(error))),
            Self::Close(reply) => drop(reply.send(())),
        }
    }

    /// Answers with what it gave. A caller whose answer is of another kind learns that it gets none.
    fn succeed(self, given: Given) {
        match (self, given) {
            (Self::Write(_, reply) | Self::SetProperties(_, _, reply) | Self::DropTiles(_, reply), _) => {
                drop(reply.send(Ok(())));
            }
            (Self::EnsureMetric(_, _, reply), Given::Metric(metric)) => drop(reply.send(Ok(metric))),
            (Self::SealTiles(_, _, _, reply), Given::Sealed(state)) => drop(reply.send(Ok(state))),
            (Self::PutTiles(_, _, _, reply), Given::Stored(stored)) => drop(reply.send(Ok(stored))),
            (Self::DropBefore(_, _, reply), Given::Dropped(n_frames)) => drop(reply.send(Ok(n_frames))),
            (Self::Apply(_, reply), Given::Applied(applied)) => drop(reply.send(Ok(applied))),
            (Self::Close(reply), _) => drop(reply.send(())),
            (
                Self::EnsureMetric(..)
                | Self::SealTiles(..)
                | Self::PutTiles(..)
                | Self::DropBefore(..)
                | Self::Apply(..),
                _,
            ) => {}
        }
    }
}

/// The catalogue as it will be when the transaction is committed.
struct Changes<'a> {
    committed: &'a RwLock<Catalogue>,
    changed: Catalogue,
}

impl Changes<'_> {
    fn by_id(&self, metric_id: MetricId) -> Option<StoredMetric> {
        let changed = self.changed.get(&metric_id).cloned();
        changed.or_else(|| catalogue(self.committed).get(&metric_id).cloned())
    }

    fn by_name(&self, name: &str) -> Option<StoredMetric> {
        let named = |metric: &&StoredMetric| metric.name == name;
        let changed = self.changed.values().find(named).cloned();
        changed.or_else(|| catalogue(self.committed).values().find(named).cloned())
    }

    fn next_id(&self) -> MetricId {
        let last = |catalogue: &Catalogue| catalogue.keys().next_back().map_or(0, |id| id.0);
        MetricId(last(&self.changed).max(last(&catalogue(self.committed))) + 1)
    }
}

/// Runs all commands and commits; gives what each of them gave. On an error nothing remains.
async fn transaction(
    connection: &mut SqliteConnection,
    commands: &[Command],
    changes: &mut Changes<'_>,
) -> Result<Vec<Given>> {
    sqlx::query("BEGIN IMMEDIATE")
        .execute(&mut *connection)
        .await
        .map_err(store_error)?;
    let done = apply(connection, commands, changes).await;
    let done = match done {
        Ok(given) => {
            let committed = sqlx::query("COMMIT").execute(&mut *connection).await;
            committed.map(|_| given).map_err(store_error)
        }
        Err(error) => Err(error),
    };
    if done.is_err() {
        // After some failures SQLite has rolled back by itself, and this is an error that says so.
        let _rolled_back = sqlx::query("ROLLBACK").execute(&mut *connection).await;
    }
    done
}

async fn apply(
    connection: &mut SqliteConnection,
    commands: &[Command],
    changes: &mut Changes<'_>,
) -> Result<Vec<Given>> {
    let mut all_given = Vec::with_capacity(commands.len());
    for command in commands {
        let mut given = Given::Nothing;
        match command {
            Command::Write(batch, _) => write_batch(connection, batch).await?,
            Command::EnsureMetric(name, labels, _) => {
                given = Given::Metric(ensure_metric(connection, name, labels, changes).await?);
            }
            Command::SetProperties(metric_id, properties, _) => {
                set_properties(connection, *metric_id, properties, changes).await?;
            }
            Command::SealTiles(metric_id, spans, until, _) => {
                given = Given::Sealed(tiles::seal(connection, *metric_id, spans, *until).await?);
            }
            Command::PutTiles(metric_id, generation, put, _) => {
                given = Given::Stored(tiles::put(connection, *metric_id, *generation, put).await?);
            }
            Command::DropTiles(metric_id, _) => tiles::drop_all(connection, *metric_id).await?,
            Command::DropBefore(metric_id, horizon, _) => {
                given = Given::Dropped(keep::drop_before(connection, *metric_id, horizon).await?);
            }
            Command::Apply(batch, _) => given = Given::Applied(records::apply(connection, batch).await?),
            Command::Close(_) => {}
        }
        all_given.push(given);
    }
    Ok(all_given)
}

async fn ensure_metric(
    connection: &mut SqliteConnection,
    name: &str,
    labels: &[String],
    changes: &mut Changes<'_>,
) -> Result<StoredMetric> {
    let mut metric = if let Some(metric) = changes.by_name(name) {
        metric
    } else {
        let metric = StoredMetric::new(changes.next_id(), name);
        sqlx::query("INSERT INTO metrics (id, name, title, unit, kind) VALUES (?, ?, '', '', 'gauge')")
            .bind(metric.id.0)
            .bind(name)
            .execute(&mut *connection)
            .await
            .map_err(store_error)?;
        metric
    };
    let known = metric.channel_labels.len();
    metric.add_labels(labels);
    for (channel, label) in (0_u32..).zip(&metric.channel_labels).skip(known) {
        sqlx::query("INSERT INTO channels (metric_id, channel, label) VALUES (?, ?, ?)")
            .bind(metric.id.0)
            .bind(channel)
            .bind(label)
            .execute(&mut *connection)
            .await
            .map_err(store_error)?;
    }
    changes.changed.insert(metric.id, metric.clone());
    Ok(metric)
}

async fn set_properties(
    connection: &mut SqliteConnection,
    metric_id: MetricId,
    properties: &MetricProperties,
    changes: &mut Changes<'_>,
) -> Result<()> {
    let Some(mut metric) = changes.by_id(metric_id) else {
        return Ok(());
    };
    sqlx::query("UPDATE metrics SET title = ?, unit = ?, kind = ?, interval_us = ? WHERE id = ?")
        .bind(&properties.title)
        .bind(&properties.unit)
        .bind(kind_to_text(properties.kind))
        .bind(properties.interval_micros)
        .bind(metric_id.0)
        .execute(&mut *connection)
        .await
        .map_err(store_error)?;
    metric.properties = properties.clone();
    changes.changed.insert(metric_id, metric);
    Ok(())
}
