//! Live updates: how long after it was acknowledged a sample is with all viewers and on the screen of one of them, and what
//! that costs the server.

mod pixel;
mod socket;

use super::archive::{Archive, Night, moment};
use super::figure::Figure;
use super::http::Times;
use super::server::Server;
use super::{Bench, report};
use anyhow::{Result, anyhow};
use pixel::{Browser, Seen};
use socket::{Question, Socket};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

/// How many look at once.
const VIEWERS: usize = 50;

/// How many channels are written each second.
const CHANNELS: usize = 1855;

/// What DESIGN allows, in milliseconds and megabytes.
const DELAY_TARGET_MS: f64 = 100.0;
const MEMORY_TARGET_MB: f64 = 150.0;

const METRIC: &str = "second.pixel";

/// So many times as long as others ask do viewers follow: one sample a second makes few.
const MORE_SECS: u64 = 6;

/// Frames before the first that is measured.
const FRAMES_BEFORE: u64 = 20;

/// One of the frames that are written: when it was sent, and when it was acknowledged.
#[derive(Clone, Copy, Debug)]
struct Written {
    sent: Instant,
    accepted: Instant,
    /// By the clock that a browser reads too.
    times: [SystemTime; 2],
    is_high: bool,
}

/// Lets viewers follow a night of all channels at one sample a second while it goes on.
pub(super) fn run(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    // The night has room for what is written during the measurement, and ends with it.
    let hours = bench.scale.second_hours.saturating_sub(1).max(1);
    let length = format!("{hours}h");
    let since = now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let start = since.as_secs().saturating_sub(u64::from(hours) * 3600);
    let from = moment(Duration::from_secs(start));
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
        "--from",
        &from,
    ];
    let archive = Archive::make(bench, "live", &what, &[&mock])?;
    archive.site.write("dashboards/bench.toml", &pixel::dashboard())?;
    let server = archive.site.serve()?;
    let night = Night {
        from,
        to: moment(Duration::from_secs(start + 24 * 3600)),
    };
    let questions = questions(&night);
    for before in (1..=FRAMES_BEFORE).rev() {
        let time = now() - Duration::from_secs(before);
        post(&server, &frame(time, before % 2 == 0))?;
    }
    let mut sockets = Vec::with_capacity(VIEWERS);
    for _viewer in 0..VIEWERS {
        sockets.push(Socket::open(&server.client, &archive.site.url(), &questions)?);
    }
    let secs = bench.scale.viewing_secs * MORE_SECS;
    report::doing("A browser opens the page");
    let browser = Browser::look(bench, &archive.site, secs + 2)?;
    let followed = follow(secs, &server, &mut sockets)?;
    let seen = browser.seen()?;
    let figures = followed.figures(server.process.peak_memory()?, questions.len(), &seen);
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
fn follow(secs: u64, server: &Server, sockets: &mut [Socket]) -> Result<Followed> {
    report::doing(&format!("{VIEWERS} viewers and a browser follow for {secs} s"));
    let heard: Mutex<Vec<Instant>> = Mutex::default();
    let cpu_before = server.process.cpu_secs()?;
    let start = Instant::now();
    let deadline = start + Duration::from_secs(secs);
    let written = thread::scope(|scope| -> Result<Vec<Written>> {
        let heard = &heard;
        let listen = |socket: &mut Socket| -> Result<()> {
            while let Some(arrived) = socket.next_increment(deadline)? {
                heard.lock().unwrap_or_else(PoisonError::into_inner).push(arrived);
            }
            Ok(())
        };
        let viewers: Vec<_> = sockets
            .iter_mut()
            .map(|socket| scope.spawn(move || listen(socket)))
            .collect();
        let mut written = Vec::new();
        // The whole answers that come first are not what is measured.
        thread::sleep(Duration::from_secs(1));
        for second in 0_u64.. {
            let due = start + Duration::from_secs(second + 1);
            if deadline < due + Duration::from_secs(1) {
                break;
            }
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let is_high = second % 2 == 0;
            let time = now();
            let body = frame(time, is_high);
            let sent = Instant::now();
            post(server, &body)?;
            written.push(Written {
                sent,
                accepted: Instant::now(),
                times: [time, now()],
                is_high,
            });
        }
        for viewer in viewers {
            viewer.join().map_err(|_panic| anyhow!("a viewer panicked"))??;
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
    fn figures(&self, peak_memory: u64, n_questions: usize, seen: &Seen) -> Vec<Figure> {
        let (delays, since_sent) = delays(&self.written, &self.heard);
        let times = self.written.iter().map(|one| (one.times[0], one.times[1], one.is_high));
        let (on_screen, n_missing) = seen.delays(&times.collect::<Vec<_>>());
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
            // To the begin of the frame after the one in which the page has drawn it: then that one is presented.
            Figure::cost(
                "sample accepted to pixel changed, a browser beside 50 viewers, median",
                on_screen.median_ms(),
                "ms",
            ),
            Figure::cost(
                "sample accepted to pixel changed, a browser beside 50 viewers, p99",
                on_screen.quantile_ms(0.99),
                "ms",
            )
            .target(DELAY_TARGET_MS),
            Figure::cost(
                format!("samples that changed no pixel, of {}", self.written.len()),
                n_missing as f64,
                "",
            )
            .target(0.0),
            Figure::cost("frames that the browser missed, in 100", seen.missed_share * 100.0, ""),
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

#[expect(
    clippy::disallowed_methods,
    reason = "a bench measures real time, by the clock that a browser reads too"
)]
fn now() -> SystemTime {
    SystemTime::now()
}

/// A frame of all channels, all of them high or all low.
fn frame(time: SystemTime, is_high: bool) -> String {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let time = moment(since);
    let base = if is_high { 93 } else { 6 };
    let values: Vec<String> = (0..CHANNELS)
        .map(|channel| format!("{base}.{}", channel % 10))
        .collect();
    format!(
        r#"{{"frames":[{{"metric":"{METRIC}","time":"{time}","values":[{}]}}]}}"#,
        values.join(",")
    )
}

fn post(server: &Server, body: &str) -> Result<()> {
    let answer = server
        .client
        .post("/api/v1/frames", "application/json", body.as_bytes());
    answer.map(drop)
}

/// How long after the frame before it was acknowledged, and sent, each increment came. What came before the first frame
/// is left out.
fn delays(written: &[Written], heard: &[Instant]) -> (Times, Times) {
    let mut since_accepted = Vec::new();
    let mut since_sent = Vec::new();
    for heard in heard {
        let of = written.iter().rfind(|written| written.sent <= *heard);
        if let Some(Written { sent, accepted, .. }) = of {
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
            times: [SystemTime::UNIX_EPOCH; 2],
            is_high: true,
        });
        let (delays, since_sent) = delays(&written, &[at(500), at(1003), at(1015), at(2030)]);
        assert_eq!((delays.len(), since_sent.len()), (3, 3));
        assert!((delays.quantile_ms(1.0) - 20.0).abs() < 0.1 && (since_sent.quantile_ms(1.0) - 30.0).abs() < 0.1);
    }

    #[test]
    fn a_frame_tells_its_time_and_which_side_it_is_on() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_732_790_461_007);
        let frame = frame(time, true);
        assert!(
            frame.contains("\"time\":\"2024-11-28T10:41:01.007Z\",\"values\":[93.0,93.1,"),
            "{}",
            &frame[..90]
        );
    }
}
