//! `watchroom export`: raw samples into a file.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, bail};
use clap::ValueEnum;
use futures_util::TryStreamExt as _;
use indicatif::{ProgressBar, ProgressStyle};
use shared::metric::ChannelSelection;
use shared::query::export::{ExportFormat, ExportQuery};
use shared::time::Timestamp;

use crate::config::Config;
use crate::query::export::Export;
use crate::store::{self, Store};

/// What to write, and where.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The configuration that names the store; no server may be using a store that is a file
    #[arg(short, long, value_name = "FILE", default_value = "watchroom.toml")]
    config: PathBuf,
    /// The metric
    #[arg(long, value_name = "NAME")]
    metric: String,
    /// Which channels: all, or indices such as 0,3
    #[arg(long, value_name = "LIST", default_value = "all")]
    channels: ChannelSelection,
    /// The first moment, such as 2026-11-20T12:00:00Z
    #[arg(long, value_name = "TIME")]
    from: Timestamp,
    /// The first moment after the range
    #[arg(long, value_name = "TIME")]
    to: Timestamp,
    /// What kind of file
    #[arg(long, value_enum)]
    format: FormatName,
    /// The file, which is there when all of it is; standard output without this, or as -
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum FormatName {
    /// Comma-separated values with a line of headers
    Csv,
    /// One array, one object and line per sample
    Json,
    /// Apache Parquet
    Parquet,
    /// A file of Apache Arrow (Feather version 2)
    Arrow,
}

impl From<FormatName> for ExportFormat {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Csv => Self::Csv,
            FormatName::Json => Self::Json,
            FormatName::Parquet => Self::Parquet,
            FormatName::Arrow => Self::Arrow,
        }
    }
}

pub(super) async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let config = Config::load(&args.config)?;
    let path = args.output.as_deref().filter(|path| *path != Path::new("-"));
    let is_text = matches!(args.format, FormatName::Csv | FormatName::Json);
    if path.is_none() && !is_text && io::stdout().is_terminal() {
        bail!("this format is not for a terminal; name a file with --output, or send it into a pipe");
    }
    let store = store::open(&config.store_url).await?;
    let interrupted = async {
        match path {
            Some(_) => tokio::signal::ctrl_c().await,
            // Nothing to tidy up: let it end the process, which may be waiting for whoever reads from it.
            None => std::future::pending().await,
        }
    };
    let written = tokio::select! {
        written = write(args, path, &store) => written,
        _ = interrupted => Err(anyhow::anyhow!("interrupted; no file is written")),
    };
    store.close().await;
    written?;
    Ok(ExitCode::SUCCESS)
}

async fn write(args: &Args, path: Option<&Path>, store: &Arc<dyn Store>) -> anyhow::Result<()> {
    let query = ExportQuery {
        metric: args.metric.clone(),
        channels: args.channels.clone(),
        from: args.from,
        to: args.to,
        format: args.format.into(),
    };
    let start = Instant::now();
    let export = Export::new(&**store, &query).await?;
    let mut target = match path {
        Some(path) => Target::File(Unfinished::create(path)?),
        None => Target::Stdout(io::stdout()),
    };
    let mut progress = Progress::new(args)?;
    let mut parts = export.stream(Arc::clone(store));
    let mut n_rows = 0;
    while let Some(part) = parts.try_next().await? {
        target.write(&part.bytes)?;
        n_rows = part.n_rows;
        progress.show(n_rows, part.until);
    }
    progress.bar.finish_and_clear();
    target.finish()?;
    if let Some(path) = path {
        tell(&format!(
            "{}: {n_rows} samples in {:.1} s",
            path.display(),
            start.elapsed().as_secs_f64()
        ));
    }
    Ok(())
}

enum Target {
    File(Unfinished),
    Stdout(io::Stdout),
}

impl Target {
    fn write(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        match self {
            Self::File(unfinished) => {
                let written = unfinished.file.write_all(bytes);
                written.with_context(|| format!("cannot write {}", unfinished.beside.display()))
            }
            Self::Stdout(stdout) => stdout.write_all(bytes).context("cannot write to standard output"),
        }
    }

    fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::File(unfinished) => unfinished.finish(),
            Self::Stdout(mut stdout) => stdout.flush().context("cannot write to standard output"),
        }
    }
}

/// A file under another name until it is complete; gone if it never is.
struct Unfinished {
    file: File,
    path: PathBuf,
    beside: PathBuf,
    is_finished: bool,
}

impl Unfinished {
    fn create(path: &Path) -> anyhow::Result<Self> {
        let mut name = path.file_name().map(OsString::from).unwrap_or_default();
        if name.is_empty() || path.is_dir() {
            bail!("{} is not the name of a file", path.display());
        }
        // With its process, so that two exports to one name do not write into each other.
        name.push(format!(".{}.part", std::process::id()));
        let beside = path.with_file_name(name);
        let file = File::create(&beside).with_context(|| format!("cannot create {}", beside.display()))?;
        Ok(Self {
            file,
            path: path.to_owned(),
            beside,
            is_finished: false,
        })
    }

    fn finish(mut self) -> anyhow::Result<()> {
        // A name that survives a power cut must not stand for less than all of it.
        let synced = self.file.sync_all();
        synced.with_context(|| format!("cannot write {}", self.beside.display()))?;
        fs::rename(&self.beside, &self.path).with_context(|| format!("cannot create {}", self.path.display()))?;
        self.is_finished = true;
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.is_finished {
            // Whatever stopped the export is told already.
            let _left_behind = fs::remove_file(&self.beside);
        }
    }
}

/// A bar on a terminal, a line for each million samples elsewhere.
struct Progress {
    bar: ProgressBar,
    from: Timestamp,
    millions: u64,
}

impl Progress {
    fn new(args: &Args) -> anyhow::Result<Self> {
        let style = ProgressStyle::with_template("{bar:30} {percent} %, {eta} left; {msg}")?;
        let length = args.to.micros_since(args.from);
        Ok(Self {
            bar: ProgressBar::new(length.unsigned_abs()).with_style(style),
            from: args.from,
            millions: 0,
        })
    }

    fn show(&mut self, n_rows: u64, until: Timestamp) {
        self.bar.set_position(until.micros_since(self.from).unsigned_abs());
        self.bar.set_message(format!("{n_rows} samples"));
        if !io::stderr().is_terminal() && self.millions < n_rows / 1_000_000 {
            self.millions = n_rows / 1_000_000;
            tell(&format!("{n_rows} samples so far"));
        }
    }
}

#[expect(
    clippy::print_stderr,
    reason = "what the command does is told beside the samples, which may go to standard output"
)]
fn tell(line: &str) {
    eprintln!("{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &tempfile::TempDir) -> Vec<String> {
        let entries = fs::read_dir(folder.path()).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn a_file_has_its_name_when_all_of_it_is_there_and_never_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("night.csv");
        fs::write(&path, "of yesterday").unwrap();
        let mut given_up = Target::File(Unfinished::create(&path).unwrap());
        given_up.write(b"half").unwrap();
        assert_eq!(names(&folder).len(), 2);
        drop(given_up);
        assert_eq!(names(&folder), ["night.csv"]);
        assert_eq!(fs::read(&path).unwrap(), b"of yesterday");

        let mut finished = Target::File(Unfinished::create(&path).unwrap());
        finished.write(b"all ").unwrap();
        finished.write(b"of it").unwrap();
        finished.finish().unwrap();
        assert_eq!(names(&folder), ["night.csv"]);
        assert_eq!(fs::read(&path).unwrap(), b"all of it");
    }

    #[test]
    fn a_folder_is_not_a_file() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Unfinished::create(folder.path()).is_err());
        assert!(Unfinished::create(&folder.path().join("missing/night.csv")).is_err());
    }
}
