//! The stores that are tested, and how their own servers crash.

use std::time::Duration;

use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::secantus::TestDatabase;
use super::test_server::{Durability, TestServer};

/// How long to wait before looking again whether a killed server's connections have ended.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// How long MongoDB may take over the last request of a server that was killed; it does not tell what it still does.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// A database server, or none where the store is a file.
pub(crate) enum Database {
    Sqlite,
    Postgres {
        server: TestServer,
        runtime: Runtime,
    },
    /// SecantusDB, or the MongoDB that the environment names.
    MongoDb,
}

/// One empty store, for some rounds.
pub(crate) struct Store {
    /// For the server's files; a SQLite database lies here too.
    pub(crate) folder: TempDir,
    pub(crate) url: String,
    /// Dropped with it.
    _database: Option<TestDatabase>,
}

impl Database {
    pub(crate) fn sqlite() -> Self {
        Self::Sqlite
    }

    /// A PostgreSQL that syncs each commit, as it does out of the box.
    pub(crate) fn postgres() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Self::Postgres {
            server: TestServer::start(Durability::Synced),
            runtime: runtime.unwrap(),
        }
    }

    pub(crate) fn mongodb() -> Self {
        Self::MongoDb
    }

    pub(crate) fn empty_store(&self) -> Store {
        let folder = TempDir::with_prefix("watchroom-crash-").unwrap();
        let (url, database) = match self {
            Self::Sqlite => ("sqlite:crash.db".to_owned(), None),
            Self::Postgres { server, runtime } => (runtime.block_on(server.database()).url.clone(), None),
            Self::MongoDb => {
                let database = TestDatabase::new();
                (database.url.clone(), Some(database))
            }
        };
        Store {
            folder,
            url,
            _database: database,
        }
    }

    /// Whether the database can crash while the server lives.
    pub(crate) fn can_crash(&self) -> bool {
        match self {
            Self::Sqlite | Self::MongoDb => false,
            Self::Postgres { .. } => true,
        }
    }

    /// Ends the database at once, without any farewell, and starts it again.
    pub(crate) fn crash_and_restart(&self) {
        match self {
            Self::Sqlite | Self::MongoDb => {}
            Self::Postgres { server, .. } => server.crash_and_restart(),
        }
    }

    /// Waits until the database has done with a server that was killed: what that one had asked for last may be
    /// committed a moment after its death.
    pub(crate) fn wait_until_quiet(&self, store: &Store) {
        if matches!(self, Self::MongoDb) {
            std::thread::sleep(LAST_WORDS);
        }
        let Self::Postgres { runtime, .. } = self else { return };
        runtime.block_on(async {
            let mut connection = PgConnection::connect(&store.url).await.unwrap();
            let others = "SELECT count(*) FROM pg_stat_activity \
                          WHERE datname = current_database() AND pid <> pg_backend_pid()";
            while 0 < sqlx::query_scalar::<_, i64>(others)
                .fetch_one(&mut connection)
                .await
                .unwrap()
            {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            connection.close().await.unwrap();
        });
    }
}
