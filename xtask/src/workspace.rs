//! Where things are: the checkout, its build folder, the cache that all checkouts share.

use anyhow::{Context as _, Result};
use std::env;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

/// The folders that the tasks work in.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// The checkout.
    pub(crate) root: PathBuf,
    /// Cargo's build folder.
    pub(crate) target: PathBuf,
    /// The built page, as `Trunk.toml` names it.
    pub(crate) dist: PathBuf,
    /// Tools shared by all checkouts of this user.
    pub(crate) cache: PathBuf,
}

impl Workspace {
    /// Finds the folders of the checkout that this program was built in.
    pub(crate) fn locate() -> Result<Self> {
        let manifest =
            env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest.parent().context("the xtask folder has no parent")?.to_owned();
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder));
        let cache = env::var_os("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .filter(|folder| folder.is_absolute())
            .or_else(|| env::home_dir().map(|home| home.join(".cache")))
            .context("neither HOME nor XDG_CACHE_HOME is set: there is no place for the tools")?
            .join("watchroom");
        let dist = root.join("target/dist");
        Ok(Self {
            root,
            target,
            dist,
            cache,
        })
    }

    /// The server binary of a build.
    pub(crate) fn server(&self, profile: &str) -> PathBuf {
        self.target.join(profile).join("watchroom")
    }
}

/// Takes a lock that other processes respect, held until the returned file is dropped.
///
/// `waiting` is printed once if somebody else holds it.
pub(crate) fn lock(file: &Path, waiting: &str) -> Result<File> {
    let folder = file.parent().context("a lock file needs a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let lock = File::create(file).with_context(|| format!("cannot create {}", file.display()))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            crate::report::doing(waiting);
            lock.lock().with_context(|| format!("cannot lock {}", file.display()))?;
        }
        Err(TryLockError::Error(error)) => {
            return Err(error).with_context(|| format!("cannot lock {}", file.display()));
        }
    }
    Ok(lock)
}
