//! One process per database: a lock file beside it.
//!
//! SQLite itself would let several processes write in turns, but the catalogue in memory and the order of commits belong
//! to one. The operating system gives the lock back when a process ends, however it ends; the file stays.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use super::super::{Error, Result};

/// Holds a database until dropped.
#[derive(Debug)]
pub(super) struct LockFile {
    _file: File,
}

/// The lock file of a database.
fn lock_path(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

impl LockFile {
    /// Takes the lock, or says who holds it.
    pub(super) fn take(database: &Path) -> Result<Self> {
        let path = lock_path(database);
        let failed = |error: std::io::Error| Error::Unavailable(format!("cannot lock {}: {error}", path.display()));
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.read_to_string(&mut holder).map_err(failed)?;
                let holder = match holder.trim().parse::<u32>() {
                    Ok(pid) => format!("process {pid}"),
                    Err(_unreadable) => "another process".to_owned(),
                };
                return Err(Error::InUse(format!(
                    "{} is in use by {holder}; stop it, or configure another store",
                    database.display()
                )));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        file.set_len(0).map_err(failed)?;
        file.rewind().map_err(failed)?;
        writeln!(file, "{}", std::process::id()).map_err(failed)?;
        Ok(Self { _file: file })
    }
}
