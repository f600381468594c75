//! How many values a second are acknowledged, each after its commit.

use super::figure::Figure;
use super::http::Client;
use super::influx::{self, Influx};
use super::load::{self, Request, SENDERS, Sent, frames, lines, send};
use super::postgres::Postgres;
use super::server::Site;
use super::{Bench, report};
use anyhow::Result;

/// Values in a request: five frames of the camera, as five batches of a usual collector.
const VALUES_PER_REQUEST: usize = 5 * PIXELS;

/// Channels of the camera.
const PIXELS: usize = 1855;

/// What DESIGN asks for, in millions of values a second.
const FRAMES_TARGET: f64 = 1.0;
const LINES_TARGET: f64 = 0.25;

/// How a batch of one frame is acknowledged while nothing else goes on: so many are sent.
const SINGLE_FRAMES: usize = 300;

/// The kinds of requests.
struct Requests {
    frames: Vec<Request>,
    lines: Vec<Request>,
    scalars: Vec<Request>,
    single: Vec<Request>,
}

pub(super) fn run(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    report::doing("Making what is sent");
    let nights = bench.scale.ingest_nights.to_string();
    let pixels = ["--quantities", "pixels", "--nights", &nights];
    let mut requests = Requests {
        frames: frames(bench, &pixels, PIXELS, VALUES_PER_REQUEST / PIXELS)?,
        lines: lines(bench, &["--quantities", "pixels"], VALUES_PER_REQUEST)?,
        scalars: lines(
            bench,
            &["--quantities", "scalars", "--interval", "1s"],
            VALUES_PER_REQUEST,
        )?,
        single: frames(bench, &["--quantities", "pixels", "--prefix", "single"], PIXELS, 1)?,
    };
    requests.single.truncate(SINGLE_FRAMES);
    report::doing("Sending it to InfluxDB");
    let [peer_lines, peer_scalars] = influx(bench, &requests)?;
    report::doing("Sending it to Watchroom on SQLite");
    let mut figures = Vec::new();
    measure(
        bench,
        "SQLite",
        None,
        &requests,
        [peer_lines, peer_scalars],
        &mut figures,
    )?;
    report::doing("Sending it to Watchroom on PostgreSQL");
    let postgres = Postgres::start(bench)?;
    measure(
        bench,
        "PostgreSQL",
        Some(&postgres.url),
        &requests,
        [peer_lines, peer_scalars],
        &mut figures,
    )?;
    Ok(figures)
}

/// Millions of values a second: lines of many series, lines of ten.
fn influx(bench: &Bench<'_>, requests: &Requests) -> Result<[f64; 2]> {
    let influx = Influx::start(bench, "influx-ingest")?;
    let rate = |requests: &[Request]| {
        let sent = send(&influx.client, influx::WRITE, "text/plain", requests, SENDERS)?;
        Ok::<f64, anyhow::Error>(sent.values_per_sec / 1e6)
    };
    Ok([rate(&requests.lines)?, rate(&requests.scalars)?])
}

fn measure(
    bench: &Bench<'_>,
    store: &str,
    url: Option<&str>,
    requests: &Requests,
    [peer_lines, peer_scalars]: [f64; 2],
    figures: &mut Vec<Figure>,
) -> Result<()> {
    let site = Site::new(bench, &format!("ingest-{store}"), url)?;
    let server = site.serve()?;
    let client = &server.client;
    let json = |requests: &[Request], senders| send(client, "/api/v1/frames", "application/json", requests, senders);
    // One sender first, so that metric and channels exist.
    json(&requests.single[..1], 1)?;
    let single = json(&requests.single, 1)?;
    let million = |sent: &Sent| sent.values_per_sec / 1e6;
    let frames = json(&requests.frames, SENDERS)?;
    // The same samples would be written a second time: another database prefix keeps them apart.
    let line_path = "/write?db=lines&precision=ns";
    let lines = send_lines(client, line_path, &requests.lines)?;
    let scalars = send_lines(client, line_path, &requests.scalars)?;
    let unit = "M values/s";
    // Four bytes a value reach the log, and once more the database.
    let disk = bench.machine.write_mbps / 8.0;
    let sync_ms = 1e3 / bench.machine.syncs_hz;
    figures.extend([
        Figure::rate(format!("{store}, JSON frames"), million(&frames), unit)
            .target(FRAMES_TARGET)
            .peer("InfluxDB, as lines", peer_lines)
            .limit("disk, f32 twice", disk),
        Figure::rate(format!("{store}, lines of 1855 channels"), million(&lines), unit)
            .target(LINES_TARGET)
            .peer("InfluxDB", peer_lines),
        Figure::rate(format!("{store}, lines of ten scalars"), million(&scalars), unit)
            .target(LINES_TARGET)
            .peer("InfluxDB", peer_scalars),
        Figure::cost(
            format!("{store}, one frame acknowledged, median"),
            single.times.median_ms(),
            "ms",
        )
        .limit("one sync", sync_ms),
        Figure::cost(
            format!("{store}, one frame acknowledged, p99"),
            single.times.quantile_ms(0.99),
            "ms",
        ),
    ]);
    drop(server);
    site.remove()
}

fn send_lines(client: &Client, path: &str, requests: &[Request]) -> Result<load::Sent> {
    send(client, path, "text/plain", requests, SENDERS)
}
