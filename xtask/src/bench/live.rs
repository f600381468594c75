//! Live updates: how long after it was acknowledged a sample is with all viewers, and what that costs the server.

mod socket;

use super::archive::{Archive, Night};
use super::figure::Figure;
use super::http::Times;
use super::server::Server;
use super::{Bench, report};
use anyhow::Result;
use socket::{Question, Socket};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How many look at once.
const VIEWERS: usize = 50;

/// How many channels are written each second.
const CHANNELS: usize = 1855;

/// What DESIGN allows, in milliseconds and megabytes.
const DELAY_TARGET_MS: f64 = 100.0;
const MEMORY_TARGET_MB: f64 = 150.0;

const METRIC: &str = "second.pixel";

/// One of the frames that are written: when it was sent, and when it was acknowledged.
#[derive(Clone, Copy, Debug)]
struct Written {
    sent: Instant,
    accepted: Instant,
}

/// Lets viewers follow a night of all channels at one sample a second while it goes on.
pub(super) fn run(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    // The night has room for what is written during the measurement.
    let hours = bench.scale.second_hours.saturating_sub(1).max(1);
    let length = format!("{hours}h");
    let what = format!("{CHANNELS} channels at 1 Hz for {hours} h");
    let mock = [
        "--prefix",
        "second",
        "--quantities",
        "pixels",
        "--interval",
        "1s",
        "--length",
        &length,
    ];
    let archive = Archive::make(bench, "live", &what, &[&mock])?;
    let server = archive.site.serve()?;
    let night = Night::new(0);
    let questions = questions(&night);
    let mut sockets = Vec::with_capacity(VIEWERS);
    for _viewer in 0..VIEWERS {
        sockets.push(Socket::open(&archive.site.url(), &questions)?);
    }
    let followed = follow(bench, &server, hours, &mut sockets)?;
    let figures = followed.figures(server.process.peak_memory()?, questions.len());
    drop(sockets);
    drop(server);
    archive.site.remove()?;
    Ok(figures)
}

/// What following came to.
struct Followed {
    written: Vec<Written>,
    /// When each increment came, of any viewer.
    heard: Vec<Instant>,
    /// How much of a processor the server took.
    cpu_share: f64,
}

/// Writes a frame each second while all sockets listen.
fn follow(bench: &Bench<'_>, server: &Server, hours: u32, sockets: &mut [Socket]) -> Result<Followed> {
    report::doing(&format!("{VIEWERS} viewers follow for {} s", bench.scale.viewing_secs));
    let heard: Mutex<Vec<Instant>> = Mutex::default();
    let cpu_before = server.process.cpu_secs()?;
    let start = Instant::now();
    let deadline = start + Duration::from_secs(bench.scale.viewing_secs);
    let written = thread::scope(|scope| -> Result<Vec<Written>> {
        let heard = &heard;
        for socket in sockets {
            scope.spawn(move || {
                while let Ok(arrived) = socket.next_increment(deadline) {
                    heard.lock().unwrap_or_else(PoisonError::into_inner).push(arrived);
                }
            });
        }
        let mut written = Vec::new();
        // The whole answers that come first are not what is measured.
        thread::sleep(Duration::from_secs(1));
        for second in 0_u64.. {
            let due = start + Duration::from_secs(second + 1);
            if deadline < due + Duration::from_secs(1) {
                break;
            }
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let body = frame(hours, second);
            let sent = Instant::now();
            server
                .client
                .post("/api/v1/frames", "application/json", body.as_bytes())?;
            let accepted = Instant::now();
            written.push(Written { sent, accepted });
        }
        Ok(written)
    })?;
    let secs = start.elapsed().as_secs_f64();
    let cpu_secs = server.process.cpu_secs()? - cpu_before;
    let heard = heard.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Followed {
        written,
        heard,
        cpu_share: cpu_secs / secs,
    })
}

impl Followed {
    fn figures(&self, peak_memory: u64, n_questions: usize) -> Vec<Figure> {
        let (delays, since_sent) = delays(&self.written, &self.heard);
        let expected = self.written.len() * VIEWERS * n_questions;
        vec![
            Figure::cost(
                "sample accepted to increment received, 50 viewers, median",
                delays.median_ms(),
                "ms",
            ),
            Figure::cost(
                "sample accepted to increment received, 50 viewers, p99",
                delays.quantile_ms(0.99),
                "ms",
            )
            .target(DELAY_TARGET_MS),
            Figure::cost(
                "sample sent to increment received, 50 viewers, p99",
                since_sent.quantile_ms(0.99),
                "ms",
            ),
            Figure::rate(
                "increments received of those expected",
                delays.len() as f64 / expected as f64 * 100.0,
                "%",
            ),
            Figure::cost(
                "processor of the server, 50 viewers, 1855 channels at 1 Hz",
                self.cpu_share * 100.0,
                "% of a core",
            ),
            Figure::cost(
                "memory of the server, 50 viewers following",
                peak_memory as f64 / 1e6,
                "MB",
            )
            .target(MEMORY_TARGET_MB),
        ]
    }
}

/// What a viewer of the camera has open.
fn questions(night: &Night) -> Vec<Question> {
    let of = |channels: &str| Question::Envelope {
        metric: METRIC.to_owned(),
        channels: channels.to_owned(),
        from: night.from.clone(),
        to: night.to.clone(),
        columns: 1200,
    };
    let raster = Question::Raster {
        metric: METRIC.to_owned(),
        from: night.from.clone(),
        to: night.to.clone(),
        columns: 600,
        rows: 400,
    };
    vec![of("band"), of("1203"), raster]
}

/// A frame of all channels, a second after the one before.
fn frame(hours: u32, second: u64) -> String {
    let seconds = u64::from(hours) * 3600 + second + 12 * 3600;
    let (day, seconds) = (seconds / 86_400, seconds % 86_400);
    let date = super::archive::date(u32::try_from(day).unwrap_or(0));
    let (hour, minute, second_of_minute) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let values: Vec<String> = (0..CHANNELS)
        .map(|channel| format!("{}.25", 20 + (channel as u64 + second) % 10))
        .collect();
    format!(
        r#"{{"frames":[{{"metric":"{METRIC}","time":"{date}T{hour:02}:{minute:02}:{second_of_minute:02}Z","values":[{}]}}]}}"#,
        values.join(",")
    )
}

/// How long after the frame before it was acknowledged, and sent, each increment came. What came before the first frame
/// is left out.
fn delays(written: &[Written], heard: &[Instant]) -> (Times, Times) {
    let mut since_accepted = Vec::new();
    let mut since_sent = Vec::new();
    for heard in heard {
        let of = written.iter().rfind(|written| written.sent <= *heard);
        if let Some(Written { sent, accepted }) = of {
            // It may be there before the answer to the write is.
            since_accepted.push(heard.saturating_duration_since(*accepted));
            since_sent.push(heard.saturating_duration_since(*sent));
        }
    }
    (since_accepted.into(), since_sent.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_increment_counts_from_the_frame_before_it() {
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        let written = [(1000, 1005), (2000, 2010)].map(|(sent, accepted)| Written {
            sent: at(sent),
            accepted: at(accepted),
        });
        let (delays, since_sent) = delays(&written, &[at(500), at(1003), at(1015), at(2030)]);
        assert_eq!((delays.len(), since_sent.len()), (3, 3));
        assert!((delays.quantile_ms(1.0) - 20.0).abs() < 0.1 && (since_sent.quantile_ms(1.0) - 30.0).abs() < 0.1);
    }

    #[test]
    fn a_frame_goes_on_where_the_archive_ends() {
        assert!(frame(23, 61).contains("\"time\":\"2024-06-02T11:01:01Z\""));
    }
}
