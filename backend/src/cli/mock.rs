//! `watchroom mock`: the data set of benches and trials, into the store or as text.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, bail};
use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};
use shared::time::{MICROS_PER_SEC, Timestamp};

use crate::app::App;
use crate::clock::SystemClock;
use crate::config::{Config, duration};
use crate::mock::{Batches, MockFrame, Plan, Quantity, SECONDS_PER_NIGHT, START_SECONDS, text};
use crate::store::{self, Channels, Frame, MetricId, MetricProperties};

/// What to make.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The configuration that names the store; not read with --format
    #[arg(short, long, value_name = "FILE", default_value = "watchroom.toml")]
    config: PathBuf,
    /// The time between samples: a whole number of seconds
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = parse_seconds)]
    interval: i64,
    /// How many nights of 24 hours
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=3650))]
    nights: u32,
    /// How long, in place of nights
    #[arg(long, value_name = "DURATION", conflicts_with = "nights", value_parser = parse_seconds)]
    length: Option<i64>,
    /// When the first night begins; the same time has the same values in every run
    #[arg(long, value_name = "TIME", default_value_t = Timestamp::saturating_from_micros(START_SECONDS * MICROS_PER_SEC))]
    from: Timestamp,
    /// What the names of the metrics begin with
    #[arg(long, value_name = "NAME", default_value = "mock")]
    prefix: String,
    /// Which quantities to make: 1855 pixels, 265 modules, ten scalars, or one of them
    #[arg(long, value_enum, value_delimiter = ',', default_value = "pixels,modules,scalars")]
    quantities: Vec<QuantityName>,
    /// Write text to standard output, in the order of arrival, and leave the store alone
    #[arg(long, value_enum)]
    format: Option<FormatName>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum QuantityName {
    Pixels,
    Modules,
    Scalars,
    Scalar,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum FormatName {
    /// Line protocol with times in nanoseconds; without null and NaN, which it cannot say
    Line,
    /// One JSON frame per line, as in POST /api/v1/frames
    Jsonl,
}

pub(super) async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let plan = plan(args);
    shared::metric::check_metric_name(&plan.metric(Quantity::Pixel)).context("--prefix")?;
    match args.format {
        Some(format) => print(plan, format),
        None => fill(args, plan).await,
    }
}

fn plan(args: &Args) -> Plan {
    let quantities = Quantity::ALL.into_iter().filter(|quantity| {
        args.quantities.iter().any(|name| match name {
            QuantityName::Pixels => *quantity == Quantity::Pixel,
            QuantityName::Modules => *quantity == Quantity::Module,
            QuantityName::Scalars => matches!(quantity, Quantity::Scalar(_)),
            QuantityName::Scalar => *quantity == Quantity::Scalar(0),
        })
    });
    let length = args.length.unwrap_or(i64::from(args.nights) * SECONDS_PER_NIGHT);
    let start = args.from.as_micros().div_euclid(MICROS_PER_SEC);
    Plan {
        prefix: args.prefix.clone(),
        quantities: quantities.collect(),
        start,
        end: start + length,
        interval: args.interval,
    }
}

/// Writes the data set as text. A reader that goes away ends it.
fn print(plan: Plan, format: FormatName) -> anyhow::Result<ExitCode> {
    let mut out = io::BufWriter::with_capacity(1 << 20, io::stdout().lock());
    let write = |out: &mut io::BufWriter<_>| {
        for frame in Batches::new(plan.clone()).flatten() {
            match format {
                FormatName::Line => text::write_lines(out, &plan, &frame)?,
                FormatName::Jsonl => text::write_json(out, &plan, &frame)?,
            }
        }
        out.flush()
    };
    match write(&mut out) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            // What is still in the buffer has no reader either.
            drop(out.into_parts());
            Ok(ExitCode::SUCCESS)
        }
        written => written.map(|()| ExitCode::SUCCESS).context("cannot write"),
    }
}

/// Writes the data set into the store.
async fn fill(args: &Args, plan: Plan) -> anyhow::Result<ExitCode> {
    let config = Config::load(&args.config)?;
    let store = store::open(&config.store_url).await?;
    let app = App::new(config, store, Arc::new(SystemClock))?;
    let start = Instant::now();
    let filled = tokio::select! {
        filled = write_all(&app, plan) => filled,
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!(
            "interrupted; what is stored will stay, and making it again stores nothing twice"
        )),
    };
    app.store.close().await;
    let n_values = filled?;
    let secs = start.elapsed().as_secs_f64();
    tell(&format!(
        "{n_values} values stored in {secs:.1} s: {:.2} million a second",
        n_values as f64 / secs / 1e6
    ));
    Ok(ExitCode::SUCCESS)
}

async fn write_all(app: &App, plan: Plan) -> anyhow::Result<usize> {
    if app.clock.now().as_micros() < (plan.end - 1).saturating_mul(MICROS_PER_SEC) {
        bail!("the last night ends in the future; name an earlier --from, or fewer --nights");
    }
    let ids = describe(app, &plan).await?;
    let style = ProgressStyle::with_template("{bar:30} {pos} of {len} frames, {per_sec}, {eta} left")?;
    let bar = ProgressBar::new(plan.most_frames().unsigned_abs()).with_style(style);
    let mut n_values = 0;
    let mut batches = Batches::new(plan);
    let next = |mut batches: Batches| tokio::task::spawn_blocking(move || (batches.next(), batches));
    loop {
        let made = next(batches).await.context("making the data set broke down")?;
        batches = made.1;
        let Some(batch) = made.0 else { break };
        let frames: Vec<Frame> = batch.into_iter().filter_map(|frame| stored(&ids, frame)).collect();
        n_values += frames.iter().map(|frame| frame.values.len()).sum::<usize>();
        app.store.write(&frames).await?;
        bar.inc(frames.len() as u64);
    }
    bar.finish_and_clear();
    Ok(n_values)
}

/// Makes the metrics.
async fn describe(app: &App, plan: &Plan) -> store::Result<BTreeMap<Quantity, MetricId>> {
    let mut ids = BTreeMap::new();
    for quantity in &plan.quantities {
        let name = plan.metric(*quantity);
        let properties = MetricProperties {
            unit: "°C".to_owned(),
            interval_micros: Some(plan.interval * MICROS_PER_SEC),
            ..MetricProperties::default()
        };
        app.writer.describe(&BTreeMap::from([(name.clone(), properties)]));
        let labels: Vec<String> = (0..quantity.n_channels()).map(|channel| channel.to_string()).collect();
        ids.insert(*quantity, app.writer.ensure_metric(&name, &labels).await?);
    }
    Ok(ids)
}

fn stored(ids: &BTreeMap<Quantity, MetricId>, frame: MockFrame) -> Option<Frame> {
    Some(Frame {
        metric_id: *ids.get(&frame.quantity)?,
        time: frame.time(),
        arrival: frame.arrival,
        channels: Channels::Dense,
        values: frame.values,
    })
}

/// Whole seconds out of a duration.
fn parse_seconds(text: &str) -> Result<i64, String> {
    let micros = duration::parse_micros(text)?;
    if micros % MICROS_PER_SEC == 0 {
        Ok(micros / MICROS_PER_SEC)
    } else {
        Err("it must be a whole number of seconds".to_owned())
    }
}

#[expect(clippy::print_stdout, reason = "what was made is told to whoever started it")]
fn tell(line: &str) {
    println!("{line}");
}
