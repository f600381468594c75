//! `watchroom store backup` and `restore`.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};

use super::tell;
use crate::backup::{self, Counts, RestoreError};
use crate::cli::progress::{Progress, unless_interrupted};
use crate::store::sqlite::{Claim, SqliteStore};
use crate::store::{self, CatalogueStore as _, Store as _};

/// A file under another name until it is complete; removed where it never is.
struct Unfinished(PathBuf);

impl Unfinished {
    fn beside(path: &Path, ending: &str) -> Self {
        Self(with_ending(path, ending))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // It is not there any more where all went well.
        let _gone = fs::remove_file(&self.0);
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Makes an archive of a store, which may be serving.
pub(super) async fn make(store_url: &str, output: &Path) -> anyhow::Result<ExitCode> {
    let shown = output.display();
    if output.try_exists().with_context(|| format!("cannot look at {shown}"))? {
        bail!("{shown} is there already; name a new file");
    }
    let unfinished = Unfinished::beside(output, ".part");
    let store = store::open_to_read(store_url).await?;
    let counts = unless_interrupted(
        async {
            let mut snapshot = store.snapshots().snapshot().await?;
            let n_metrics = snapshot.metrics().await?.len();
            let progress = Progress::of_metrics("backing up", n_metrics)?;
            let file = File::create(&unfinished.0).with_context(|| format!("cannot write {shown}"))?;
            let written = backup::backup(&mut *snapshot, BufWriter::new(file), |step| {
                progress.metric(step.index, step.done, step.metric);
            });
            let (file, counts) = written
                .await
                .with_context(|| format!("{shown}: nothing is backed up"))?;
            progress.finish();
            keep(file, &unfinished.0, output).with_context(|| format!("cannot write {shown}"))?;
            Ok(counts)
        },
        "nothing is backed up, and the store is as it was",
    )
    .await;
    store.close().await;
    tell(&format!("{shown}: {}", summary(counts?)));
    Ok(ExitCode::SUCCESS)
}

/// Puts a file on disk, and then under its name.
fn keep(file: BufWriter<File>, unfinished: &Path, name: &Path) -> io::Result<()> {
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    fs::rename(unfinished, name)?;
    sync_folder(name)
}

/// Makes sure that the name of a file is on disk too.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Fills an empty store from an archive.
pub(super) async fn restore(store_url: &str, input: &Path) -> anyhow::Result<ExitCode> {
    let shown = input.display();
    let counts = unless_interrupted(
        async {
            let checking = Progress::of_bytes("checking the archive", Some(length(input)?))?;
            let file = checking.bar().wrap_read(open(input)?);
            backup::check(file).with_context(|| format!("{shown}: nothing is restored"))?;
            checking.finish();
            match store::sqlite_path(store_url) {
                Some(path) => restore_file(path, input).await,
                None => fill(store_url, input).await,
            }
        },
        "where the store is a database of its own, throw it away before trying again; a SQLite file is as it was",
    )
    .await?;
    tell(&format!("restored {}", summary(counts)));
    tell("what is derived of them is derived when it is asked for; `watchroom store rebuild` does it now");
    Ok(ExitCode::SUCCESS)
}

/// What lies beside a SQLite file while it is in use, and after a crash.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// Restores into a file under another name, which gets its own when it is complete.
async fn restore_file(path: &Path, input: &Path) -> anyhow::Result<Counts> {
    // Nobody may begin to write to a file that is going to be replaced.
    let claim = Claim::take(path)?;
    if path
        .try_exists()
        .with_context(|| format!("cannot look at {}", path.display()))?
    {
        let store = SqliteStore::open_to_read(path).await?;
        let n_metrics = store.metrics().await.map(|metrics| metrics.len());
        store.close().await;
        match n_metrics? {
            0 => {}
            n_metrics => return Err(RestoreError::NotEmpty(n_metrics).into()),
        }
    }
    let unfinished = with_ending(path, ".restoring");
    let remove_unfinished = || {
        let beside = BESIDE
            .iter()
            .chain(&[".lock"])
            .map(|ending| Unfinished::beside(&unfinished, ending));
        (Unfinished(unfinished.clone()), beside.collect::<Vec<_>>())
    };
    // Also what a crash may have left, which must not be mixed with this.
    drop(remove_unfinished());
    let removed_at_the_end = remove_unfinished();
    let counts = fill(&format!("sqlite:{}", unfinished.display()), input).await?;
    for ending in BESIDE {
        drop(Unfinished::beside(path, ending));
    }
    fs::rename(&unfinished, path).with_context(|| format!("cannot name the file {}", path.display()))?;
    sync_folder(path).with_context(|| format!("cannot write {}", path.display()))?;
    drop((removed_at_the_end, claim));
    Ok(counts)
}

async fn fill(store_url: &str, input: &Path) -> anyhow::Result<Counts> {
    let store = store::open(store_url).await?;
    let progress = Progress::of_bytes("restoring", Some(length(input)?))?;
    let file = progress.bar().wrap_read(open(input)?);
    let restored = backup::restore(file, &*store).await;
    store.close().await;
    progress.finish();
    restored.map_err(|error| match error {
        error @ RestoreError::NotEmpty(_) => error.into(),
        error => anyhow::Error::new(error).context("not all is restored; throw the database away before trying again"),
    })
}

fn open(path: &Path) -> anyhow::Result<File> {
    File::open(path).with_context(|| format!("cannot open {}", path.display()))
}

fn length(path: &Path) -> anyhow::Result<u64> {
    let metadata = fs::metadata(path).with_context(|| format!("cannot open {}", path.display()))?;
    Ok(metadata.len())
}

fn summary(counts: Counts) -> String {
    let Counts {
        metrics,
        frames,
        samples,
        tiles,
        records,
        events,
    } = counts;
    let standing = match tiles {
        0 => String::new(),
        tiles => format!(", and {tiles} tiles that stand for deleted samples"),
    };
    let kept = match (records, events) {
        (0, 0) => String::new(),
        (records, events) => format!("; {records} records and {events} events besides"),
    };
    format!("{samples} samples in {frames} frames of {metrics} metrics{standing}{kept}")
}
