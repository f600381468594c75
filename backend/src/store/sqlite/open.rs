//! Opening a database: its connections, its schema, and what its errors mean.

use std::borrow::Cow;
use std::path::Path;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection as _, SqlSafeStr as _, SqliteConnection};

use super::super::{Error, Result};

/// The schema, step by step. A step that has been released is never changed, only followed by another one.
const MIGRATIONS: [(i64, &str, &str); 4] = [
    (1, "frames", include_str!("migrations/0001_frames.sql")),
    (2, "tiles", include_str!("migrations/0002_tiles.sql")),
    (3, "standing", include_str!("migrations/0003_standing.sql")),
    (4, "records", include_str!("migrations/0004_records.sql")),
];

/// A frame of 1855 channels fits into one page of this size, and small frames do not cost much more for it.
const PAGE_BYTES: u32 = 8192;

/// Pages in the write-ahead log before they are moved into the database: 32 MiB, so that bulk writes sync less often.
const CHECKPOINT_PAGES: &str = "4096";

/// Page cache of the connection that writes, in KiB, as SQLite wants it: negative.
const CACHE_KIB: &str = "-8192";

/// Page cache of each connection that reads. Decoded tiles have a cache of their own, and pages that were read before are in
/// the memory of the system, which all connections share.
const READER_CACHE_KIB: &str = "-512";

/// How many queries can read at once; more wait.
const READERS: u32 = 8;

/// Opens the one connection that writes, and brings the schema up to date.
pub(super) async fn open_writer(path: &Path) -> Result<SqliteConnection> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .page_size(PAGE_BYTES)
        .journal_mode(SqliteJournalMode::Wal)
        // What was acknowledged must survive a loss of power: sync the log at each commit.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
        .pragma("cache_size", CACHE_KIB);
    let mut connection = SqliteConnection::connect_with(&options)
        .await
        .map_err(|error| with_path(path, store_error(error)))?;
    migrate(&mut connection, path).await?;
    Ok(connection)
}

/// Opens the connections that read. The database must exist.
pub(super) async fn open_readers(path: &Path) -> Result<SqlitePool> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .pragma("cache_size", READER_CACHE_KIB);
    SqlitePoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(Duration::from_secs(30))
        .connect_with(options)
        .await
        .map_err(|error| with_path(path, store_error(error)))
}

/// Checks that the schema is the one that this version knows.
pub(super) async fn check_schema(readers: &SqlitePool, path: &Path) -> Result<()> {
    let found: i64 = sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM _sqlx_migrations WHERE success")
        .fetch_one(readers)
        .await
        .map_err(|error| with_path(path, store_error(error)))?;
    let known = MIGRATIONS[MIGRATIONS.len() - 1].0;
    if known < found {
        return Err(too_new(path, found));
    }
    if found < known {
        return Err(Error::Unavailable(format!(
            "{} has the older schema {found}, this program knows {known}; start the server on it once, which brings it up to date",
            path.display()
        )));
    }
    Ok(())
}

fn too_new(path: &Path, found: i64) -> Error {
    let known = MIGRATIONS.len();
    Error::TooNew(format!(
        "{} was made by a newer watchroom: it has schema {found}, this one knows {known}; use the newer program",
        path.display()
    ))
}

async fn migrate(connection: &mut SqliteConnection, path: &Path) -> Result<()> {
    let migrator = migrator(MIGRATIONS.len());
    migrator.run(connection).await.map_err(|error| match error {
        MigrateError::VersionMissing(found) => too_new(path, found),
        MigrateError::Execute(error) => with_path(path, store_error(error)),
        other => with_path(path, Error::Corrupt(other.to_string())),
    })
}

/// Brings a schema up to its first so many steps.
pub(super) fn migrator(n_steps: usize) -> Migrator {
    let migrations = MIGRATIONS.into_iter().take(n_steps).map(|(version, description, sql)| {
        let sql = sql.into_sql_str();
        Migration::new(version, Cow::Borrowed(description), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(migrations.collect())
}

/// What an error of the database means to the caller.
pub(super) fn store_error(error: sqlx::Error) -> Error {
    /// Primary result codes of SQLite.
    const CORRUPT: i32 = 11;
    const NOT_A_DATABASE: i32 = 26;

    match error {
        sqlx::Error::Database(error) => {
            let code = error.code().and_then(|code| code.parse::<i32>().ok());
            let message = error.message().to_owned();
            // The lowest byte of an extended code is the primary one.
            match code.map(|code| code & 0xff) {
                Some(CORRUPT | NOT_A_DATABASE) => Error::Corrupt(message),
                _ => Error::Unavailable(message),
            }
        }
        sqlx::Error::PoolClosed => Error::closed(),
        sqlx::Error::ColumnDecode { source, index } => Error::Corrupt(format!("column {index}: {source}")),
        other => Error::Unavailable(other.to_string()),
    }
}

/// Names the file in an error of opening it.
fn with_path(path: &Path, error: Error) -> Error {
    let path = path.display();
    match error {
        Error::Unavailable(message) => Error::Unavailable(format!("{path}: {message}")),
        Error::Corrupt(message) => Error::Corrupt(format!("{path}: {message}")),
        other => other,
    }
}
