//! `watchroom check`: a plugin for Nagios and Icinga, which asks a running server.

use std::process::ExitCode;
use std::time::Duration;

use reqwest::{Client, redirect};
use serde::Deserialize;

use crate::config;
use crate::nagios::{Answer, Status};
use crate::notify::transport::chain;

/// No answer of ours is longer.
const MAX_ANSWER_BYTES: usize = 64 << 10;

/// What to check.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A rule of the alarms, a system such as `Camera` or `Camera/Pixels`, the metric of a stream, or `all`.
    name: String,
    /// Where the server is.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    url: String,
    /// How long the server may take.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_timeout)]
    timeout: Duration,
}

fn parse_timeout(text: &str) -> Result<Duration, String> {
    let micros = config::duration::parse_micros(text)?;
    u64::try_from(micros)
        .map(Duration::from_micros)
        .map_err(|error| error.to_string())
}

#[derive(Debug, Deserialize)]
struct Body {
    status_intervals: Vec<Interval>,
    #[serde(default)]
    performance: String,
}

#[derive(Debug, Deserialize)]
struct Interval {
    num_status: u64,
    txt_status: String,
}

/// Prints one line, and exits with 0 to 3 as plugins do. Whatever keeps it from knowing is UNKNOWN.
#[expect(clippy::print_stdout, reason = "the line is what the command is for")]
pub(super) async fn run(args: &Args) -> ExitCode {
    let asked = tokio::time::timeout(args.timeout, ask(args)).await;
    let answer = match asked {
        Ok(Ok(answer)) => answer,
        Ok(Err(why)) => Answer::unknown(&why),
        Err(_elapsed) => Answer::unknown(&format!("{} does not answer within {:?}", args.url, args.timeout)),
    };
    let performance = match answer.performance.as_str() {
        "" => String::new(),
        performance => format!(" | {performance}"),
    };
    println!("WATCHROOM {} - {}{performance}", answer.status.as_str(), answer.text);
    ExitCode::from(answer.status.code())
}

async fn ask(args: &Args) -> Result<Answer, String> {
    let client = Client::builder().redirect(redirect::Policy::none()).no_proxy().build();
    let client = client.map_err(|error| error.to_string())?;
    let base = args.url.trim_end_matches('/');
    let url = format!("{base}/api/nagios/{}", escaped(&args.name));
    let told = |error: reqwest::Error| format!("{base}: {}", chain(&error.without_url()));
    let mut answer = client.get(url).send().await.map_err(told)?;
    if !answer.status().is_success() {
        return Err(format!("{base} answers {}", answer.status()));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(told)? {
        bytes.extend_from_slice(&chunk);
        if MAX_ANSWER_BYTES < bytes.len() {
            return Err(format!("{base} says more than a watchroom would"));
        }
    }
    let not_ours = || format!("{base} does not answer as a watchroom does");
    let body: Body = serde_json::from_slice(&bytes).map_err(|_error| not_ours())?;
    let [Interval { num_status, txt_status }] = body.status_intervals.as_slice() else {
        return Err(not_ours());
    };
    let status = Status::from_code(*num_status).ok_or_else(not_ours)?;
    // The word stands before it already.
    let word = format!("{}: ", status.as_str());
    Ok(Answer {
        status,
        ..Answer::line(txt_status.strip_prefix(&word).unwrap_or(txt_status), &body.performance)
    })
}

/// A name as one part of a path.
fn escaped(name: &str) -> String {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    name.bytes().map(escape).collect()
}
