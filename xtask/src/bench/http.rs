//! The client of all measurements: connections are kept, answers read to their end.

use anyhow::{Context as _, Result, bail};
use std::time::{Duration, Instant};

/// How long a single request may take.
const PATIENCE: Duration = Duration::from_mins(15);

/// The form in which the page asks.
const COMPACT: &str = "application/vnd.watchroom.v3+postcard";

/// The header with the position of an answer.
const POSITION: &str = "watchroom-position";

/// Connections to one server.
#[derive(Clone, Debug)]
pub(super) struct Client {
    agent: ureq::Agent,
    base: String,
}

impl Client {
    /// A client of a server such as `http://127.0.0.1:8080`. Nothing is connected yet.
    pub(super) fn new(base: impl Into<String>) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .max_idle_connections_per_host(64)
            .build();
        Self {
            agent: config.into(),
            base: base.into(),
        }
    }

    /// The answer to a question, in the form that the page asks for; an error unless the status is 2xx.
    pub(super) fn get(&self, path: &str) -> Result<Vec<u8>> {
        let asked = self.agent.get(self.url(path)).header("accept", COMPACT).call();
        Self::read(path, asked)
    }

    /// Asks as the page does, packed as it likes best, and gives from where on changes of the answer come over the live line.
    pub(super) fn position(&self, path: &str) -> Result<String> {
        let request = self.agent.get(self.url(path)).header("accept", COMPACT);
        let answer = request.header("accept-encoding", "zstd").call();
        let position = answer.as_ref().ok().and_then(|answer| answer.headers().get(POSITION));
        let position = position.and_then(|position| Some(position.to_str().ok()?.to_owned()));
        Self::read(path, answer)?;
        position.with_context(|| format!("the answer to {path} has no {POSITION}"))
    }

    /// As `get`, with query parameters that are encoded.
    pub(super) fn get_with(&self, path: &str, parameters: &[(&str, &str)]) -> Result<Vec<u8>> {
        let request = self.agent.get(self.url(path)).query_pairs(parameters.iter().copied());
        Self::read(path, request.call())
    }

    /// Sends a body; an error unless the status is 2xx.
    pub(super) fn post(&self, path: &str, content_type: &str, body: &[u8]) -> Result<Vec<u8>> {
        let asked = self.agent.post(self.url(path)).header("content-type", content_type);
        Self::read(path, asked.send(body))
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn read(path: &str, answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Vec<u8>> {
        let mut answer = answer.with_context(|| format!("{path} got no answer"))?;
        let body = answer.body_mut().with_config().limit(u64::MAX).read_to_vec();
        let body = body.with_context(|| format!("the answer to {path} broke off"))?;
        let status = answer.status();
        if !status.is_success() {
            let text = String::from_utf8_lossy(&body);
            bail!(
                "{path} was answered {status}: {}",
                text.chars().take(500).collect::<String>()
            );
        }
        Ok(body)
    }
}

/// How long each of some runs took.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Times(Vec<Duration>);

impl Times {
    /// Does something `rounds` times (at least once).
    pub(super) fn of(rounds: usize, mut run: impl FnMut() -> Result<()>) -> Result<Self> {
        let mut times = Vec::with_capacity(rounds);
        for _round in 0..rounds.max(1) {
            times.push(Self::one(&mut run)?);
        }
        Ok(Self::from(times))
    }

    /// How long it takes once.
    pub(super) fn one(run: impl FnOnce() -> Result<()>) -> Result<Duration> {
        let start = Instant::now();
        run()?;
        Ok(start.elapsed())
    }

    /// What a part of the runs stayed below, 0 to 1, in milliseconds.
    pub(super) fn quantile_ms(&self, part: f64) -> f64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a position in a list"
        )]
        let position = (part * self.0.len() as f64) as usize;
        let time = self.0.get(position.min(self.0.len().saturating_sub(1)));
        time.map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    }

    /// The middle one, in milliseconds.
    pub(super) fn median_ms(&self) -> f64 {
        self.quantile_ms(0.5)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl From<Vec<Duration>> for Times {
    fn from(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_measured_times() {
        let times = Times::from((1..=100).rev().map(Duration::from_millis).collect::<Vec<_>>());
        let quantiles = [0.0, 0.5, 0.95, 1.0].map(|part| times.quantile_ms(part).round().to_string());
        assert_eq!(quantiles, ["1", "51", "96", "100"]);
    }
}
