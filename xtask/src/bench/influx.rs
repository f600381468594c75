//! InfluxDB 1.x, as Debian has it: started with a configuration and folders of its own, with its defaults otherwise.

use super::Bench;
use super::http::Client;
use super::server::{Background, free_port};
use crate::{apt, process};
use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use std::fs;

/// The database of all measurements.
const DATABASE: &str = "bench";

/// Where lines are sent.
pub(super) const WRITE: &str = "/write?db=bench&precision=ns";

/// A running InfluxDB with an empty database. Its write-ahead log is synced at each write: that is its default.
#[derive(Debug)]
pub(super) struct Influx {
    /// Kept for its end.
    _process: Background,
    /// The way to ask it.
    pub(super) client: Client,
}

impl Influx {
    /// Starts it in a folder of that name.
    pub(super) fn start(bench: &Bench<'_>, name: &str) -> Result<Self> {
        let folder = bench.folder.join(name);
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let (port, rpc) = (free_port()?, free_port()?);
        let place = folder.display();
        let config = format!(
            "reporting-disabled = true\nbind-address = \"127.0.0.1:{rpc}\"\n\
             [meta]\n  dir = \"{place}/meta\"\n\
             [data]\n  dir = \"{place}/data\"\n  wal-dir = \"{place}/wal\"\n  query-log-enabled = false\n\
             [http]\n  bind-address = \"127.0.0.1:{port}\"\n  log-enabled = false\n\
             [monitor]\n  store-enabled = false\n"
        );
        let file = folder.join("influxdb.conf");
        fs::write(&file, config).with_context(|| format!("cannot write {}", file.display()))?;
        let mut command = process::command(apt::INFLUXDB.path()?);
        command
            .arg("-config")
            .arg(&file)
            .current_dir(&folder)
            .env("HOME", &folder);
        let log = folder.join("influxd.log");
        let mut started = Background::start("influxd", &mut command, &log)?;
        let client = Client::new(format!("http://127.0.0.1:{port}"));
        started.wait_until(&log, || client.get("/ping").is_ok())?;
        client.post(&format!("/query?q=CREATE%20DATABASE%20{DATABASE}"), "text/plain", b"")?;
        Ok(Self {
            _process: started,
            client,
        })
    }

    /// Asks; an error where the answer is one, or holds no series.
    pub(super) fn query(&self, statement: &str) -> Result<()> {
        let answer = self.ask(statement)?;
        // Looked for as text, not parsed: that would be measured too.
        let has = |word: &[u8]| answer.windows(word.len()).take(200).any(|part| part == word);
        if has(b"\"error\"") || !has(b"\"series\"") {
            let text = String::from_utf8_lossy(&answer);
            bail!(
                "influxd was asked {statement:?} and said {}",
                text.chars().take(300).collect::<String>()
            );
        }
        Ok(())
    }

    /// The number in the first row of an answer, or nothing.
    pub(super) fn count(&self, statement: &str) -> Result<Option<u64>> {
        let answer: Value = serde_json::from_slice(&self.ask(statement)?).context("influxd did not answer JSON")?;
        Ok(answer["results"][0]["series"][0]["values"][0][1].as_u64())
    }

    fn ask(&self, statement: &str) -> Result<Vec<u8>> {
        let parameters = [("db", DATABASE), ("epoch", "u"), ("q", statement)];
        self.client.get_with("/query", &parameters)
    }
}
