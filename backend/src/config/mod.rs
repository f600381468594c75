//! The configuration: `watchroom.toml`, and one file per dashboard in the folder `dashboards` beside it.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use shared::dashboard::{Dashboard, Site};

use crate::store::MetricProperties;

/// A checked configuration.
#[derive(Clone, PartialEq, Debug)]
pub struct Config {
    /// Where and how to listen.
    pub server: Server,
    /// Where the samples are kept, such as `sqlite:watchroom.db`.
    pub store_url: String,
    /// Where the instrument stands, and how its nights are cut.
    pub site: Site,
    /// What is known of metrics besides their samples, by name.
    pub metrics: BTreeMap<String, MetricProperties>,
    /// The dashboards, in the order of their files' names.
    pub dashboards: Vec<Dashboard>,
}

/// Where and how to listen.
#[derive(Clone, PartialEq, Debug)]
pub struct Server {
    /// The address of the socket.
    pub listen: SocketAddr,
    /// The path under which the page and the API stand: empty, or `/…` without a slash at its end.
    pub base_path: String,
    /// A folder with the built page, in place of the page inside the binary.
    pub page_dir: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            server: Server {
                listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
                base_path: String::new(),
                page_dir: None,
            },
            store_url: "sqlite:watchroom.db".to_owned(),
            site: Site {
                name: "Watchroom".to_owned(),
                time_zone: "UTC".to_owned(),
                day_start_minutes: 12 * 60,
            },
            metrics: BTreeMap::new(),
            dashboards: Vec::new(),
        }
    }
}

/// All that is wrong with a configuration, one line each.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mistakes(Vec<String>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Mistakes {}

/// A text of the configuration with the name that mistakes in it are told under.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Source<'a> {
    /// The file's name, such as `dashboards/night.toml`; its stem is the id of a dashboard.
    pub name: &'a str,
    /// What is in it.
    pub text: &'a str,
}

impl Config {
    /// Reads a configuration file, the dashboards beside it, and the environment.
    pub fn load(path: &Path) -> Result<Self, Mistakes> {
        match std::fs::read_to_string(path) {
            Ok(_text) => Ok(Self::default()),
            Err(error) => Err(Mistakes(vec![format!("{}: {error}", path.display())])),
        }
    }

    /// Reads a configuration from texts.
    pub fn from_sources(_main: Source<'_>, _dashboards: &[Source<'_>]) -> Result<Self, Mistakes> {
        Ok(Self::default())
    }

    /// One line on what is configured.
    pub fn summary(&self) -> String {
        format!(
            "{} metrics, {} dashboards, store {}",
            self.metrics.len(),
            self.dashboards.len(),
            self.store_url
        )
    }
}
