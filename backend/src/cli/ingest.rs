//! `watchroom ingest`: stores measurements from files.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, anyhow, bail};
use clap::ValueEnum;
use tokio::sync::mpsc;

use super::progress::Progress;
use super::serve::StopSignals;
use crate::app::App;
use crate::clock::SystemClock;
use crate::config::{Config, CsvSource};
use crate::ingest::files::{FileReader, Format, decompressed};
use crate::ingest::line_protocol::{self, Precision};
use crate::ingest::{LineError, Parsed};
use crate::retention::learn;
use crate::store::{self, MetricProperties};

/// About how many values are read and stored at once.
const VALUES_PER_CHUNK: usize = 200_000;

/// How many bad lines are listed in full.
const MAX_LISTED: usize = 20;

/// What to store.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file, compressed with gzip or not; - is standard input
    path: PathBuf,
    /// The configuration: where to store, what is known of metrics, and what the columns of tables mean
    #[arg(short, long, value_name = "FILE", default_value = "watchroom.toml")]
    config: PathBuf,
    /// The format of the file
    #[arg(long, value_enum)]
    format: FormatName,
    /// The unit of the times in line protocol: ns, us, ms, s, m or h
    #[arg(long, value_name = "UNIT", default_value = "ns")]
    precision: Precision,
    /// The table [csv.NAME] of the configuration that says what the columns mean; options here go before it
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    #[command(flatten)]
    csv: CsvSource,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum FormatName {
    /// A table of comma-separated values
    Csv,
    /// Line protocol, as InfluxDB clients write it
    Line,
    /// One JSON frame per line, as in POST /api/v1/frames
    Jsonl,
}

pub(super) async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let config = Config::load(&args.config)?;
    let format = format(args, &config)?;
    // A file that cannot be read is told before the store is touched.
    let file = open(&args.path)?;
    // From here on a signal does not end the process in the middle of something.
    let signals = StopSignals::install().context("cannot listen for signals")?;
    let progress = Progress::of_bytes("storing", length(&args.path))?;
    let input = progress.bar().wrap_read(file);
    let store = store::open(&config.store_url).await?;
    let app = App::new(config, store, Arc::new(SystemClock))?;
    learn(&*app.store, app.writer.gate()).await?;
    let start = Instant::now();
    let mut report = Report::default();
    let stored = store_file(&app, input, format, (&progress, signals), &mut report).await;
    progress.finish();
    app.store.close().await;
    if stored.is_ok() || report.n_accepted + report.n_rejected > 0 {
        report.tell(&args.path, start);
    }
    stored.with_context(|| format!("{}: not all was stored", args.path.display()))?;
    Ok(if report.n_rejected == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn format(args: &Args, config: &Config) -> anyhow::Result<Format> {
    let plain = CsvSource {
        prefix: args.csv.prefix.clone(),
        ..CsvSource::default()
    };
    if args.format != FormatName::Csv && (args.csv != plain || args.source.is_some()) {
        bail!("options on columns, times and --source go with --format csv only");
    }
    match args.format {
        FormatName::Jsonl => Ok(Format::JsonLines),
        FormatName::Line => Ok(Format::LineProtocol(line_protocol::Options {
            prefix: args.csv.prefix.clone().unwrap_or_default(),
            precision: args.precision,
        })),
        FormatName::Csv => {
            let configured = match &args.source {
                None => CsvSource::default(),
                Some(name) => config
                    .csv
                    .get(name)
                    .cloned()
                    .ok_or_else(|| unknown_source(name, config))?,
            };
            let source = args.csv.clone().over(&configured);
            let options = source
                .options()
                .map_err(|wrong| anyhow!("--{} {}", wrong.key.replace('_', "-"), wrong.message))?;
            Ok(Format::Csv(options))
        }
    }
}

fn unknown_source(name: &str, config: &Config) -> anyhow::Error {
    let known: Vec<&str> = config.csv.keys().map(String::as_str).collect();
    if known.is_empty() {
        anyhow!("there is no [csv.{name}] in the configuration")
    } else {
        anyhow!(
            "there is no [csv.{name}] in the configuration; it has {}",
            known.join(", ")
        )
    }
}

fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

fn open(path: &Path) -> anyhow::Result<Box<dyn Read + Send>> {
    if is_stdin(path) {
        return Ok(Box::new(io::stdin()));
    }
    let file = std::fs::File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    Ok(Box::new(file))
}

/// How many bytes a file has; `None` where that cannot be known.
fn length(path: &Path) -> Option<u64> {
    let metadata = std::fs::metadata(path).ok().filter(|_| !is_stdin(path));
    metadata.map(|metadata| metadata.len())
}

/// A part of the file, and what is known of its metrics.
struct Chunk {
    parsed: Parsed,
    metrics: BTreeMap<String, MetricProperties>,
}

/// Reads on one thread and stores on another, until the end of the file or until interrupted.
async fn store_file(
    app: &App,
    input: impl Read + Send + 'static,
    format: Format,
    (progress, signals): (&Progress, StopSignals),
    report: &mut Report,
) -> anyhow::Result<()> {
    let (sender, mut chunks) = mpsc::channel::<anyhow::Result<Chunk>>(2);
    // A thread that the end of the process does not wait for: it may be reading from someone who never writes.
    std::thread::spawn(move || {
        if let Err(error) = read_file(input, &format, &sender) {
            // Nobody listens: storing has failed before, and says why.
            let _unheard = sender.blocking_send(Err(error));
        }
    });
    let mut interrupted = std::pin::pin!(signals.received());
    loop {
        let chunk = tokio::select! {
            chunk = chunks.recv() => chunk,
            () = &mut interrupted => bail!("interrupted {}; what is stored will stay, and storing it again stores nothing twice", report.place()),
        };
        let Some(chunk) = chunk else { return Ok(()) };
        let Chunk { parsed, metrics } = chunk?;
        app.writer.describe(&metrics);
        let last_line = parsed.frames.iter().map(|frame| frame.position).max();
        match app.writer.store(parsed.frames).await {
            Ok(outcome) => report.add(outcome.accepted, parsed.errors, outcome.rejected),
            Err(failed) => {
                report.add(failed.accepted, parsed.errors, Vec::new());
                return Err(failed.source.into());
            }
        }
        report.last_line = last_line.max(report.last_line);
        progress.message(&format!("{} stored", counted(report.n_accepted, "frame")));
    }
}

fn read_file(
    input: impl Read + Send,
    format: &Format,
    chunks: &mpsc::Sender<anyhow::Result<Chunk>>,
) -> anyhow::Result<()> {
    let mut reader = FileReader::open(decompressed(input)?, format)?;
    while let Some(parsed) = reader.read_chunk(VALUES_PER_CHUNK)? {
        let chunk = Chunk {
            parsed,
            metrics: reader.metrics(),
        };
        if chunks.blocking_send(Ok(chunk)).is_err() {
            break;
        }
    }
    Ok(())
}

/// What became of the file so far.
#[derive(Debug, Default)]
struct Report {
    n_accepted: usize,
    n_rejected: usize,
    /// The last line of the file of which it is known.
    last_line: Option<usize>,
    listed: Vec<LineError>,
}

impl Report {
    fn add(&mut self, n_accepted: usize, unread: Vec<LineError>, rejected: Vec<LineError>) {
        self.n_accepted += n_accepted;
        let mut errors = unread;
        errors.extend(rejected);
        errors.sort_by_key(|error| error.position);
        // Each column of a table is a frame: what is wrong with the row is said once.
        errors.dedup();
        self.n_rejected += errors.len();
        let room = MAX_LISTED.saturating_sub(self.listed.len());
        self.listed.extend(errors.into_iter().take(room));
    }

    /// How far it is known.
    fn place(&self) -> String {
        match self.last_line {
            Some(line) => format!("after line {line}"),
            None => "before anything was stored".to_owned(),
        }
    }

    #[expect(
        clippy::print_stdout,
        clippy::print_stderr,
        reason = "the report is what the command ends with"
    )]
    fn tell(&self, path: &Path, start: Instant) {
        let name = if is_stdin(path) {
            "standard input".to_owned()
        } else {
            path.display().to_string()
        };
        for error in &self.listed {
            eprintln!("{name}:{}: {}", error.position, error.message);
        }
        if self.n_rejected > self.listed.len() {
            let n_more = self.n_rejected - self.listed.len();
            eprintln!("{name}: and {n_more} more");
        }
        println!(
            "{name}: stored {} in {:.1} s; {} not taken",
            counted(self.n_accepted, "frame"),
            start.elapsed().as_secs_f64(),
            counted(self.n_rejected, "line")
        );
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
