//! Alarms: what many rules about all channels cost the server while frames come each second.

use super::archive::moment;
use super::figure::Figure;
use super::server::Site;
use super::{Bench, report};
use anyhow::Result;
use std::fmt::Write as _;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How many rules there are.
const RULES: usize = 200;

/// How many channels are written each second, and each rule looks at.
const CHANNELS: usize = 1855;

/// What they may cost, in percent of a core.
const PROCESSOR_TARGET: f64 = 5.0;

/// The rules that come again and again, below their titles: one of each kind that looks at samples, the expensive ones
/// as often as the others.
const KINDS: [&str; 9] = [
    "kind = \"threshold\"\nabove = 90\nclear_above = 80\nwarning = { above = 70 }",
    "kind = \"threshold\"\nabove = 25\nat_least = 1000\ndelay = \"10s\"",
    "kind = \"mean\"\nlast = 5\nhigh = 90",
    "kind = \"of_last\"\nlast = 5\noutside = 3\nhigh = 90",
    "kind = \"step\"\nmost = 50",
    "kind = \"relative_step\"\nfactor = 4",
    "kind = \"change\"\nmost = 50\nper = \"1s\"\nlast = 3",
    "kind = \"heartbeat\"\nat_least = 1",
    "kind = \"rate\"\nsamples = 3\nwithin = \"10s\"",
];

/// Writes frames to a server without rules and to one with many.
pub(super) fn run(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let without = measure(bench, "quiet", "")?;
    let with = measure(bench, "watched", &rules())?;
    let share = (with.cpu_share - without.cpu_share).max(0.0);
    Ok(vec![
        Figure::cost(
            "processor for 200 rules on 1855 channels at 1 Hz",
            share * 100.0,
            "% of a core",
        )
        .target(PROCESSOR_TARGET),
        Figure::cost("the same for one frame, all rules", share * 1e3, "ms"),
        Figure::cost(
            "processor of the whole server with them",
            with.cpu_share * 100.0,
            "% of a core",
        ),
        Figure::cost(
            "memory that they take",
            (with.peak_memory as f64 - without.peak_memory as f64).max(0.0) / 1e6,
            "MB",
        ),
    ])
}

/// What a server took.
struct Taken {
    cpu_share: f64,
    peak_memory: u64,
}

fn measure(bench: &Bench<'_>, name: &str, rules: &str) -> Result<Taken> {
    let secs = bench.scale.viewing_secs;
    report::doing(&format!("Frames each second for {secs} s, {name}"));
    let site = Site::new(bench, name, None)?;
    site.append("watchroom.toml", rules)?;
    let server = site.serve()?;
    let write = |second: u64| {
        let body = frame(second);
        server
            .client
            .post("/api/v1/frames", "application/json", body.as_bytes())
    };
    // The metric is made, and the rules have as many values as they look back.
    for second in 0..6 {
        write(second)?;
        thread::sleep(Duration::from_millis(200));
    }
    let before = server.process.cpu_secs()?;
    let start = Instant::now();
    for second in 0..secs {
        let due = start + Duration::from_secs(second + 1);
        thread::sleep(due.saturating_duration_since(Instant::now()));
        write(second)?;
    }
    thread::sleep(Duration::from_millis(900));
    let cpu_secs = server.process.cpu_secs()? - before;
    let taken = Taken {
        cpu_share: cpu_secs / start.elapsed().as_secs_f64(),
        peak_memory: server.process.peak_memory()?,
    };
    drop(server);
    site.remove()?;
    Ok(taken)
}

fn rules() -> String {
    let mut text = String::new();
    for index in 0..RULES {
        let lines = KINDS[index % KINDS.len()];
        // Writing into a text cannot fail.
        let _written = write!(
            text,
            "[alarms.r{index}]\ntitle = \"Rule {index}\"\nmetric = \"camera.pixel\"\nno_data = \"30s\"\n{lines}\n"
        );
    }
    text
}

/// A frame of all channels, taken now.
#[expect(
    clippy::disallowed_methods,
    reason = "rules judge what is current, as an instrument sends it"
)]
fn frame(second: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let values: Vec<String> = (0..CHANNELS)
        .map(|channel| format!("{}.25", 20 + (channel as u64 + second) % 10))
        .collect();
    let (time, values) = (moment(now), values.join(","));
    format!(r#"{{"frames":[{{"metric":"camera.pixel","time":"{time}","values":[{values}]}}]}}"#)
}
