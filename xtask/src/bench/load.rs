//! What is sent, made beforehand, and the clients that send it as fast as it is acknowledged.

use super::http::{Client, Times};
use super::{Bench, watchroom};
use anyhow::{Context as _, Result, ensure};
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How many clients send side by side.
pub(super) const SENDERS: usize = 4;

/// A body and how many values are in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Request {
    /// What is sent.
    pub(super) body: Vec<u8>,
    /// How many values are in it.
    pub(super) values: usize,
}

/// Lines of `watchroom mock` with these arguments, `per_request` of them in a body. The data set N1855 comes in the order of
/// arrival: late blocks are late here too.
pub(super) fn lines(bench: &Bench<'_>, args: &[&str], per_request: usize) -> Result<Vec<Request>> {
    let mut requests = Vec::new();
    each_line(bench, &[&["--format", "line"], args].concat(), |line| {
        if requests.last().is_none_or(|last: &Request| last.values == per_request) {
            requests.push(Request {
                body: Vec::new(),
                values: 0,
            });
        }
        if let Some(last) = requests.last_mut() {
            last.body.extend_from_slice(line);
            last.values += 1;
        }
    })?;
    Ok(requests)
}

/// JSON frames of `values_per_frame` values each, `per_request` of them in a body.
pub(super) fn frames(
    bench: &Bench<'_>,
    args: &[&str],
    values_per_frame: usize,
    per_request: usize,
) -> Result<Vec<Request>> {
    let mut requests: Vec<Request> = Vec::new();
    each_line(bench, &[&["--format", "jsonl"], args].concat(), |line| {
        let full = |last: &Request| last.values == per_request * values_per_frame;
        if requests.last().is_none_or(full) {
            requests.push(Request {
                body: b"{\"frames\":[".to_vec(),
                values: 0,
            });
        }
        if let Some(last) = requests.last_mut() {
            if last.values > 0 {
                last.body.push(b',');
            }
            last.body.extend_from_slice(line);
            last.values += values_per_frame;
        }
    })?;
    for request in &mut requests {
        request.body.extend_from_slice(b"]}");
    }
    Ok(requests)
}

fn each_line(bench: &Bench<'_>, args: &[&str], mut take: impl FnMut(&[u8])) -> Result<()> {
    let mut command = watchroom(bench.workspace);
    command.arg("mock").args(args).stdout(Stdio::piped());
    let mut child = command.spawn().context("cannot start watchroom mock")?;
    let output = child.stdout.take().context("watchroom mock has no output")?;
    let mut reader = BufReader::with_capacity(1 << 20, output);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        take(&line);
        line.clear();
    }
    let status = child.wait()?;
    ensure!(status.success(), "watchroom mock failed ({status})");
    Ok(())
}

/// What sending came to.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Sent {
    /// Acknowledged values a second.
    pub(super) values_per_sec: f64,
    /// How long each request took.
    pub(super) times: Times,
}

/// Sends all requests with some clients side by side; the first that is not acknowledged is an error.
pub(super) fn send(
    client: &Client,
    path: &str,
    content_type: &str,
    requests: &[Request],
    senders: usize,
) -> Result<Sent> {
    let next = AtomicUsize::new(0);
    let sender = || -> Result<Vec<Duration>> {
        let mut times = Vec::new();
        while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
            let start = Instant::now();
            client.post(path, content_type, &request.body)?;
            times.push(start.elapsed());
        }
        Ok(times)
    };
    let start = Instant::now();
    let times = thread::scope(|scope| {
        let running: Vec<_> = (0..senders).map(|_sender| scope.spawn(sender)).collect();
        let ended = running.into_iter().map(std::thread::ScopedJoinHandle::join);
        ended
            .map(|ended| ended.unwrap_or_else(|_panic| Err(anyhow::anyhow!("a sender broke down"))))
            .collect::<Result<Vec<_>>>()
    })?;
    let secs = start.elapsed().as_secs_f64();
    let values: usize = requests.iter().map(|request| request.values).sum();
    Ok(Sent {
        values_per_sec: values as f64 / secs,
        times: times.concat().into(),
    })
}
