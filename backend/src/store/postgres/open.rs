//! Opening a database: its connections, their settings, its schema, and what its errors mean.

use std::borrow::Cow;
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions as _, Row as _, SqlSafeStr as _};

use super::super::{Error, Result};

/// The schema, step by step. A step that has been released is never changed, only followed by another one.
const MIGRATIONS: [(i64, &str, &str); 4] = [
    (1, "frames", include_str!("migrations/0001_frames.sql")),
    (2, "tiles", include_str!("migrations/0002_tiles.sql")),
    (3, "standing", include_str!("migrations/0003_standing.sql")),
    (4, "records", include_str!("migrations/0004_records.sql")),
];

/// How many queries can read at once; more wait.
const READERS: u32 = 8;

/// How long to wait for a connection, be it a new one or that of another query.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a new connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The oldest server that can do what is needed, as `server_version_num` has it. Since 13 tables that only grow are
/// vacuumed, without which counting frames by the index would read every one of them.
const OLDEST_SERVER: i32 = 130_000;

/// What every connection is told first. One round trip.
///
/// - Commits are synced, whatever the default of the database or the user is; a stronger setting is kept.
/// - Plans are made for the values at hand, for only they say which partitions need not be looked at.
/// - Everything is read by the primary key and in its order; guesses about reading whole tables and about
///   compiling would only delay the first row.
/// - A lock that is not given within this time is an error, not an endless wait.
const SESSION: &str = "SELECT set_config('synchronous_commit', 'on', false) \
         WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply'); \
     SET plan_cache_mode = force_custom_plan; SET enable_seqscan = off; SET enable_bitmapscan = off; SET jit = off; \
     SET max_parallel_workers_per_gather = 0; SET lock_timeout = '20s'";

/// Where a database is and how to log in; shown without the password.
#[derive(Clone)]
pub(super) struct Place(PgConnectOptions);

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Place").field(&self.to_string()).finish()
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(options) = self;
        let database = options.get_database().unwrap_or(options.get_username());
        match options.get_socket() {
            Some(folder) => write!(f, "postgres database {database} at {}", folder.display()),
            None => write!(
                f,
                "postgres database {database} at {}:{}",
                options.get_host(),
                options.get_port()
            ),
        }
    }
}

impl Place {
    /// Reads a URL. What it leaves out comes from the variables and the password file that libpq knows.
    pub(super) fn parse(url: &str) -> Result<Self> {
        let options = PgConnectOptions::from_str(url)
            // The URL may hold a password, so it is not repeated.
            .map_err(|error| Error::Unavailable(format!("the postgres URL cannot be read: {error}")))?;
        let name = options.get_application_name().is_none();
        Ok(Self(if name {
            options.application_name("watchroom")
        } else {
            options
        }))
    }

    /// Puts the place before the message of an error.
    fn name_in(&self, error: Error) -> Error {
        match error {
            Error::Unavailable(message) => Error::Unavailable(format!("{self}: {message}")),
            Error::Corrupt(message) => Error::Corrupt(format!("{self}: {message}")),
            other => other,
        }
    }

    /// One connection with the settings of all.
    pub(super) async fn connect(&self) -> Result<PgConnection> {
        let connect = async {
            let mut connection = self.0.connect().await?;
            sqlx::raw_sql(SESSION).execute(&mut connection).await?;
            Ok(connection)
        };
        let connected = tokio::time::timeout(CONNECT_TIMEOUT, connect).await;
        let connected = connected.unwrap_or(Err(sqlx::Error::PoolTimedOut));
        connected.map_err(|error| self.name_in(store_error(error)))
    }

    /// A connection that listens; it is made when it is needed.
    pub(super) fn listener(&self) -> PgPool {
        PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_lazy_with(self.0.clone())
    }

    /// The connections that read; they are made when they are needed.
    pub(super) fn readers(&self) -> PgPool {
        PgPoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .after_connect(|connection, _| {
                Box::pin(async move { sqlx::raw_sql(SESSION).execute(connection).await.map(drop) })
            })
            .connect_lazy_with(self.0.clone())
    }

    /// Checks that the server keeps what it acknowledges, and brings the schema up to date.
    pub(super) async fn prepare(&self, connection: &mut PgConnection) -> Result<()> {
        self.check_server(connection)
            .await
            .map_err(|error| self.name_in(error))?;
        self.migrate(connection).await
    }

    async fn check_server(&self, connection: &mut PgConnection) -> Result<()> {
        let settings = sqlx::query(
            "SELECT current_setting('server_version_num')::int4, current_setting('server_version'), \
             current_setting('server_encoding'), current_setting('synchronous_commit'), \
             current_setting('fsync') = 'on', pg_is_in_recovery()",
        )
        .fetch_one(connection)
        .await
        .map_err(store_error)?;
        let version_number: i32 = settings.try_get(0).map_err(store_error)?;
        let version: String = settings.try_get(1).map_err(store_error)?;
        let encoding: String = settings.try_get(2).map_err(store_error)?;
        let synchronous_commit: String = settings.try_get(3).map_err(store_error)?;
        let fsync: bool = settings.try_get(4).map_err(store_error)?;
        let standby: bool = settings.try_get(5).map_err(store_error)?;
        let refuse = |message: String| Err(Error::Unavailable(message));
        if version_number < OLDEST_SERVER {
            return refuse(format!("the server is PostgreSQL {version}; 13 or newer is needed"));
        }
        if encoding != "UTF8" {
            return refuse(format!(
                "the database keeps text as {encoding}; make one with ENCODING 'UTF8'"
            ));
        }
        if standby {
            return refuse("the server is a standby, which cannot be written to; name the primary".to_owned());
        }
        if !["on", "remote_apply"].contains(&synchronous_commit.as_str()) {
            return refuse(format!(
                "synchronous_commit stays {synchronous_commit}, but what is acknowledged must be synced; set it to on"
            ));
        }
        if !fsync {
            tracing::warn!(database = %self, "the server has fsync off: a loss of power loses what was acknowledged");
        }
        Ok(())
    }

    async fn migrate(&self, connection: &mut PgConnection) -> Result<()> {
        let known = MIGRATIONS.len();
        // It runs under an advisory lock, so that servers that start together wait for each other.
        let migrator = migrator(known);
        migrator.run(connection).await.map_err(|error| match error {
            MigrateError::VersionMissing(found) => Error::TooNew(format!(
                "{self} was made by a newer watchroom: it has schema {found}, this one knows {known}; use the newer program"
            )),
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => self.name_in(store_error(error)),
            other => self.name_in(Error::Corrupt(other.to_string())),
        })
    }
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
    match error {
        sqlx::Error::PoolClosed => Error::closed(),
        sqlx::Error::PoolTimedOut => Error::Unavailable("the database gives no connection in time".to_owned()),
        sqlx::Error::ColumnDecode { source, index } => Error::Corrupt(format!("column {index}: {source}")),
        sqlx::Error::Database(error) => {
            let message = error.message().to_owned();
            // Class XX: the server found damage.
            if error.code().is_some_and(|code| code.starts_with("XX")) {
                Error::Corrupt(message)
            } else {
                Error::Unavailable(message)
            }
        }
        error => Error::Unavailable(error.to_string()),
    }
}
