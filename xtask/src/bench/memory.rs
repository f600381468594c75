//! The server while many look at the same archive: how much memory it takes, and how quick it stays.

use super::archive::date;
use super::figure::Figure;
use super::http::Times;
use super::server::Site;
use super::{Bench, report};
use anyhow::Result;
use std::thread;
use std::time::{Duration, Instant};

/// How many look at once; each asks as soon as it has its answer.
const VIEWERS: u64 = 50;

/// What DESIGN allows, in megabytes.
const MEMORY_TARGET_MB: f64 = 150.0;

/// Starts a server on the archive of the camera, lets viewers ask, and tells of both.
pub(super) fn run(bench: &Bench<'_>, site: &Site<'_>, figures: &mut Vec<Figure>) -> Result<()> {
    report::doing(&format!("{VIEWERS} viewers ask for {} s", bench.scale.viewing_secs));
    let server = site.serve()?;
    let deadline = Instant::now() + Duration::from_secs(bench.scale.viewing_secs);
    let start = Instant::now();
    let viewer = |number: u64| -> Result<Vec<Duration>> {
        let mut times = Vec::new();
        let mut turn = number;
        while Instant::now() < deadline {
            turn = turn
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let path = question(bench, turn >> 16);
            times.push(Times::one(|| server.client.get(&path).map(drop))?);
        }
        Ok(times)
    };
    let viewer = &viewer;
    let times = thread::scope(|scope| {
        let running: Vec<_> = (0..VIEWERS).map(|number| scope.spawn(move || viewer(number))).collect();
        let ended = running.into_iter().map(std::thread::ScopedJoinHandle::join);
        let ended = ended.map(|ended| ended.unwrap_or_else(|_panic| Err(anyhow::anyhow!("a viewer broke down"))));
        ended.collect::<Result<Vec<_>>>()
    })?;
    let secs = start.elapsed().as_secs_f64();
    let times = Times::from(times.concat());
    figures.extend([
        Figure::cost(
            "memory, 50 viewers asking without a pause",
            server.process.peak_memory()? as f64 / 1e6,
            "MB",
        )
        .target(MEMORY_TARGET_MB),
        Figure::rate("answers, 50 viewers", times.len() as f64 / secs, "1/s"),
        Figure::cost("answer, 50 viewers, median", times.median_ms(), "ms"),
        Figure::cost("answer, 50 viewers, p95", times.quantile_ms(0.95), "ms"),
    ]);
    Ok(())
}

/// What a viewer looks at: a window of some minutes to a night, of a channel or the band, at one or the other rhythm.
fn question(bench: &Bench<'_>, chance: u64) -> String {
    let (chance, kind) = (chance / 6, chance % 6);
    let (metric, hours) = if kind < 3 {
        ("minute.pixel", 24)
    } else {
        ("second.pixel", u64::from(bench.scale.second_hours))
    };
    let minutes = hours * 60;
    let (chance, length) = (chance / 97, 10 + chance % 97 * (minutes - 10) / 97);
    let (chance, first) = (chance / 1009, chance % 1009 * (minutes - length) / 1009);
    let moment = |minute: u64| {
        let minute = minute + 12 * 60;
        let day = date(u32::try_from(minute / 1440).unwrap_or(0));
        format!("{day}T{:02}:{:02}:00Z", minute / 60 % 24, minute % 60)
    };
    let channels = match kind % 3 {
        0 => "band".to_owned(),
        1 => (chance % 1855).to_string(),
        _ => (0..8)
            .map(|place| ((chance + place) % 1855).to_string())
            .collect::<Vec<_>>()
            .join(","),
    };
    let (from, to) = (moment(first), moment(first + length));
    format!("/api/v1/envelope?metric={metric}&channels={channels}&columns=1200&from={from}&to={to}")
}
