//! The one task that writes. Batches that wait at the same time share a transaction, and so a sync of the disk.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments as _, AssertSqlSafe, Connection as _, Row as _, SqliteConnection};
use tokio::sync::{mpsc, oneshot};

use super::super::newest::Newest;
use super::super::row::Row;
use super::super::{Error, MetricId, MetricProperties, Result, StoredMetric, kind_to_text};
use super::lock::LockFile;
use super::newest::{bytes_from_newest, newest_from_bytes};
use super::open::store_error;
use super::packed::{Packed, PackedView};
use super::{Catalogue, catalogue};

/// How many commands may wait; a caller beyond them waits for its turn.
const QUEUE_COMMANDS: usize = 64;

/// How many bytes of samples one transaction takes at the most before it is committed; one batch is never split.
const GROUP_BYTES: usize = 32 << 20;

/// How many rows one statement inserts.
const ROWS_PER_INSERT: usize = 24;

/// Rows of one batch, at most one per metric and time, checked and packed.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Metric, time in microseconds, samples.
    pub(super) rows: Vec<(MetricId, i64, Packed)>,
    /// The newest times in the batch.
    pub(super) newest: BTreeMap<MetricId, Newest>,
}

/// What the task is asked to do, and where it answers.
#[derive(Debug)]
enum Command {
    Write(Batch, oneshot::Sender<Result<()>>),
    EnsureMetric(String, Vec<String>, oneshot::Sender<Result<StoredMetric>>),
    SetProperties(MetricId, MetricProperties, oneshot::Sender<Result<()>>),
    Close(oneshot::Sender<()>),
}

/// The way to the task.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    commands: mpsc::Sender<Command>,
}

impl Writer {
    /// Starts the task; it keeps the lock on the database until it ends.
    pub(super) fn start(connection: SqliteConnection, catalogue: Arc<RwLock<Catalogue>>, lock: LockFile) -> Self {
        let (commands, queue) = mpsc::channel(QUEUE_COMMANDS);
        tokio::spawn(async move {
            run(connection, catalogue, queue).await;
            drop(lock);
        });
        Self { commands }
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
        if let Command::Write(batch, _) = &command {
            self.bytes += batch
                .rows
                .iter()
                .map(|(_, _, packed)| packed.samples.len())
                .sum::<usize>();
        }
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
        let ensured = match done {
            Ok(ensured) => {
                let changed = changes.changed;
                let mut catalogue = catalogue.write().unwrap_or_else(PoisonError::into_inner);
                catalogue.extend(changed);
                ensured
            }
            Err(error) => {
                tracing::error!(%error, n_commands = self.commands.len(), "a transaction failed, nothing of it is stored: {error}");
                for command in self.commands {
                    command.fail(error.clone());
                }
                return;
            }
        };
        let mut ensured = ensured.into_iter();
        for command in self.commands {
            command.succeed(&mut ensured);
        }
    }
}

impl Command {
    fn fail(self, error: Error) {
        // A caller that has gone does not need the answer.
        match self {
            Self::Write(_, reply) | Self::SetProperties(_, _, reply) => drop(reply.send(Err(error))),
            Self::EnsureMetric(_, _, reply) => drop(reply.send(Err(error))),
            Self::Close(reply) => drop(reply.send(())),
        }
    }

    /// Answers. `ensured` gives the metrics of the commands that made sure of one, in their order.
    fn succeed(self, ensured: &mut impl Iterator<Item = StoredMetric>) {
        match self {
            Self::Write(_, reply) | Self::SetProperties(_, _, reply) => drop(reply.send(Ok(()))),
            Self::EnsureMetric(_, _, reply) => {
                if let Some(metric) = ensured.next() {
                    drop(reply.send(Ok(metric)));
                }
            }
            Self::Close(reply) => drop(reply.send(())),
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

/// Runs all commands and commits; gives the metrics of the commands that made sure of one. On an error nothing remains.
async fn transaction(
    connection: &mut SqliteConnection,
    commands: &[Command],
    changes: &mut Changes<'_>,
) -> Result<Vec<StoredMetric>> {
    sqlx::query("BEGIN IMMEDIATE")
        .execute(&mut *connection)
        .await
        .map_err(store_error)?;
    let done = apply(connection, commands, changes).await;
    let done = match done {
        Ok(ensured) => {
            let committed = sqlx::query("COMMIT").execute(&mut *connection).await;
            committed.map(|_| ensured).map_err(store_error)
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
) -> Result<Vec<StoredMetric>> {
    let mut ensured = Vec::new();
    for command in commands {
        match command {
            Command::Write(batch, _) => write_batch(connection, batch).await?,
            Command::EnsureMetric(name, labels, _) => {
                ensured.push(ensure_metric(connection, name, labels, changes).await?);
            }
            Command::SetProperties(metric_id, properties, _) => {
                set_properties(connection, *metric_id, properties, changes).await?;
            }
            Command::Close(_) => {}
        }
    }
    Ok(ensured)
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

async fn write_batch(connection: &mut SqliteConnection, batch: &Batch) -> Result<()> {
    let (chunks, rest) = batch.rows.as_chunks::<ROWS_PER_INSERT>();
    let chunks = chunks.iter().map(<[_; ROWS_PER_INSERT]>::as_slice);
    for rows in chunks.chain(rest.chunks(1)) {
        let inserted = insert_rows(connection, rows).await?;
        if inserted < rows.len() as u64 {
            // Some times have a row already. Merging a row that was just inserted with itself changes nothing.
            for (metric_id, time_us, packed) in rows {
                merge_row(connection, *metric_id, *time_us, packed).await?;
            }
        }
    }
    for (metric_id, newest) in &batch.newest {
        raise_newest(connection, *metric_id, newest).await?;
    }
    Ok(())
}

/// Inserts the rows whose times are new, and gives how many those were.
async fn insert_rows(connection: &mut SqliteConnection, rows: &[(MetricId, i64, Packed)]) -> Result<u64> {
    let mut arguments = SqliteArguments::default();
    for (metric_id, time_us, packed) in rows {
        let mut add = || {
            arguments.add(metric_id.0)?;
            arguments.add(*time_us)?;
            arguments.add(packed.arrival_us)?;
            arguments.add(packed.channels.as_deref())?;
            arguments.add(packed.samples.as_slice())?;
            arguments.add(packed.arrivals.as_deref())
        };
        add().map_err(|error| Error::Invalid(error.to_string()))?;
    }
    let places = vec!["(?, ?, ?, ?, ?, ?)"; rows.len()].join(", ");
    let sql = format!(
        "INSERT INTO frames (metric_id, time_us, arrival_us, channels, samples, arrivals) VALUES {places} \
         ON CONFLICT (metric_id, time_us) DO NOTHING"
    );
    // Safe: only the number of placeholders varies, and that takes two values, so that both statements stay prepared.
    let inserted = sqlx::query_with(AssertSqlSafe(sql), arguments)
        .execute(connection)
        .await;
    Ok(inserted.map_err(store_error)?.rows_affected())
}

/// Writes a row over the one that is there.
async fn merge_row(
    connection: &mut SqliteConnection,
    metric_id: MetricId,
    time_us: i64,
    packed: &Packed,
) -> Result<()> {
    let stored = sqlx::query(
        "SELECT rowid, arrival_us, channels, samples, arrivals FROM frames WHERE metric_id = ? AND time_us = ?",
    )
    .bind(metric_id.0)
    .bind(time_us)
    .fetch_one(&mut *connection)
    .await
    .map_err(store_error)?;
    let rowid: i64 = stored.try_get(0).map_err(store_error)?;
    let older = stored_view(&stored)?.to_row();
    let newer: Row = packed.view()?.to_row();
    let merged = Packed::from_row(&older.merged_with(&newer));
    sqlx::query("UPDATE frames SET arrival_us = ?, channels = ?, samples = ?, arrivals = ? WHERE rowid = ?")
        .bind(merged.arrival_us)
        .bind(merged.channels)
        .bind(merged.samples)
        .bind(merged.arrivals)
        .bind(rowid)
        .execute(connection)
        .await
        .map_err(store_error)?;
    Ok(())
}

/// The samples of a result row whose columns 1 to 4 are arrival, channels, samples and arrivals.
pub(super) fn stored_view(row: &sqlx::sqlite::SqliteRow) -> Result<PackedView<'_>> {
    PackedView::new(
        row.try_get(1).map_err(store_error)?,
        row.try_get(2).map_err(store_error)?,
        row.try_get(3).map_err(store_error)?,
        row.try_get(4).map_err(store_error)?,
    )
}

async fn raise_newest(connection: &mut SqliteConnection, metric_id: MetricId, newest: &Newest) -> Result<()> {
    let stored: Option<Vec<u8>> = sqlx::query_scalar("SELECT runs FROM newest WHERE metric_id = ?")
        .bind(metric_id.0)
        .fetch_optional(&mut *connection)
        .await
        .map_err(store_error)?;
    let stored = stored.map(|runs| newest_from_bytes(&runs)).transpose()?;
    let mut raised = stored.clone().unwrap_or_default();
    raised.merge(newest);
    if stored.as_ref() == Some(&raised) {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO newest (metric_id, runs) VALUES (?, ?) ON CONFLICT (metric_id) DO UPDATE SET runs = excluded.runs",
    )
    .bind(metric_id.0)
    .bind(bytes_from_newest(&raised))
    .execute(connection)
    .await
    .map_err(store_error)?;
    Ok(())
}
