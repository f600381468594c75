//! The configuration: `watchroom.toml`, and one file per dashboard in the folder `dashboards` beside it.
//!
//! One file here per section of the configuration. All mistakes of all files are told at once, each with file, line,
//! column and key. Variables such as `WATCHROOM_SERVER__LISTEN` stand in for single keys of `[server]`, `[store]`, `[site]`
//! and `[ingest]`.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;

use shared::dashboard::{Dashboard, Site};
use shared::display::MetricDisplay;
use shared::query::geometry::Geometry;
use toml::de::DeTable;

use crate::alarms::rule::Rule;
use crate::notify::Settings;
use crate::retention::Policy;
use crate::sky::Place;
use crate::store::MetricProperties;
use crate::streams::Rules;

mod ingest;
mod server;
mod site;
mod store;

mod alarms;
mod csv;
mod display;
mod geometries;
mod metrics;
mod scale;
mod streams;

mod dashboard;
mod markdown;
mod notify;
mod panel;

pub(crate) mod duration;
mod environment;
mod files;
mod keep;
mod key;
mod mistake;
mod reference;
mod reload;
mod section;
mod size;
mod suggestion;
mod word;

pub use csv::{CsvSource, WrongKey};
pub use ingest::Ingest;
pub use mistake::Mistakes;
pub use reference::reference;
pub use reload::Reloader;
pub(crate) use reload::{Changed, Taken};
pub use server::{Server, parse_base_path};

use environment::Environment;
use files::{Files, beside};
use geometries::ReadFile;
use mistake::Findings;
use section::Section;

/// A checked configuration.
#[derive(Clone, PartialEq, Debug)]
pub struct Config {
    /// Where and how to listen.
    pub server: Server,
    /// Where the samples are kept, such as `sqlite:watchroom.db`.
    pub store_url: String,
    /// Where the instrument stands, and how its nights are cut.
    pub site: Site,
    /// Where on Earth that is, as far as it is said.
    pub place: Option<Place>,
    /// How much the server takes in.
    pub ingest: Ingest,
    /// What is known of metrics besides their samples, by name.
    pub metrics: BTreeMap<String, MetricProperties>,
    /// How metrics look wherever they are shown, by rising name; those of which nothing is said are left out.
    pub displays: Vec<MetricDisplay>,
    /// When somebody has to know, by rising name.
    pub alarms: Vec<Rule>,
    /// How long samples are kept.
    pub retention: Policy,
    /// Who is told what happens to alarms.
    pub notify: Settings,
    /// Which deliveries are expected, and from when on they are late.
    pub streams: Rules,
    /// What the columns of tables mean, by the name that `watchroom ingest --source` takes.
    pub csv: BTreeMap<String, CsvSource>,
    /// Where the pixels of cameras are, by the name that dashboards give.
    pub geometries: BTreeMap<String, Geometry>,
    /// The dashboards, in the order of their files' names.
    pub dashboards: Vec<Dashboard>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            server: Server::default(),
            store_url: "sqlite:watchroom.db".to_owned(),
            site: site::default(),
            place: None,
            ingest: Ingest::default(),
            metrics: BTreeMap::new(),
            displays: Vec::new(),
            alarms: Vec::new(),
            retention: Policy::default(),
            notify: Settings::default(),
            streams: Rules::default(),
            csv: BTreeMap::new(),
            geometries: BTreeMap::new(),
            dashboards: Vec::new(),
        }
    }
}

/// A text of the configuration with the name that mistakes in it are told under.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Source<'a> {
    /// The file's name, such as `dashboards/night.toml`; its stem is the id of a dashboard.
    pub name: &'a str,
    /// What is in it.
    pub text: &'a str,
}

impl<'a> Source<'a> {
    /// The name without folder and extension.
    fn stem(&self) -> &'a str {
        let stem = Path::new(self.name).file_stem().and_then(OsStr::to_str);
        stem.unwrap_or_default()
    }
}

impl Config {
    /// Whether no other server has the store open: a SQLite file is opened by one process.
    pub fn is_alone(&self) -> bool {
        self.store_url.starts_with("sqlite:")
    }

    /// Reads a configuration file, the dashboards beside it, and the environment of the process.
    pub fn load(path: &Path) -> Result<Self, Mistakes> {
        Self::load_with(path, process_variables())
    }

    /// Reads a configuration file, the dashboards beside it, and these environment variables.
    pub fn load_with(path: &Path, variables: impl IntoIterator<Item = (String, String)>) -> Result<Self, Mistakes> {
        Files::read(path).config(Environment::new(variables), &beside(path))
    }

    /// Reads a configuration from texts.
    pub fn from_sources(main: Source<'_>, dashboards: &[Source<'_>]) -> Result<Self, Mistakes> {
        Self::from_sources_with(main, dashboards, &|_file| Err(io::ErrorKind::NotFound.into()))
    }

    /// Reads a configuration from texts, and the files that it names by `read_file`.
    pub fn from_sources_with(
        main: Source<'_>,
        dashboards: &[Source<'_>],
        read_file: &dyn Fn(&str) -> io::Result<String>,
    ) -> Result<Self, Mistakes> {
        Self::assemble(main, dashboards, Environment::default(), read_file)
    }

    /// One line on what is configured.
    pub fn summary(&self) -> String {
        let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
        let panels = self.dashboards.iter().flat_map(|dashboard| &dashboard.tabs);
        format!(
            "{}, {} with {}, store {}",
            counted(self.metrics.len(), "metric"),
            counted(self.dashboards.len(), "dashboard"),
            counted(panels.map(|tab| tab.panels.len()).sum(), "panel"),
            self.store_url
        )
    }

    fn assemble(
        main: Source<'_>,
        dashboards: &[Source<'_>],
        environment: Environment,
        read_file: &ReadFile<'_>,
    ) -> Result<Self, Mistakes> {
        let (mut config, mut mistakes) = read_main(main, &environment, read_file);
        let mut ids = BTreeSet::new();
        for source in dashboards {
            let id = source.stem();
            if !ids.insert(id) {
                mistakes.push(format!("{}: another dashboard has the id {id:?} too", source.name));
            }
            let (dashboard, found) = read_dashboard(*source, &environment);
            config.dashboards.extend(dashboard);
            mistakes.extend(found);
        }
        mistakes.extend(environment.into_lines());
        match Mistakes::new(mistakes) {
            Some(mistakes) => Err(mistakes),
            None => Ok(config),
        }
    }
}

/// The variables of the process.
fn process_variables() -> impl Iterator<Item = (String, String)> {
    let text = |text: OsString| text.to_string_lossy().into_owned();
    std::env::vars_os().map(move |(name, value)| (text(name), text(value)))
}

/// Reads all but the dashboards, with a line for each mistake.
fn read_main(main: Source<'_>, environment: &Environment, read_file: &ReadFile<'_>) -> (Config, Vec<String>) {
    let mut config = Config::default();
    let mistakes = read_source(main, environment, |mut file| {
        config.server = server::read(file.overridable("server"));
        let (url, keep) = store::read(file.overridable("store"));
        if let Some(url) = url {
            config.store_url = url;
        }
        config.retention.default = keep;
        (config.site, config.place) = site::read(file.overridable("site"));
        config.ingest = ingest::read(file.overridable("ingest"));
        let cameras = file.named("geometries");
        let names: Vec<&str> = cameras.iter().map(|(name, _)| *name).collect();
        let metrics = metrics::read(file.named("metrics"), &names);
        (config.metrics, config.displays) = (metrics.properties, metrics.displays);
        config.retention.metrics = metrics.kept;
        config.alarms = alarms::read(file.named("alarms"), &config.metrics, &config.displays);
        config.notify = notify::read(file.table("notify"));
        config.streams = streams::read(file.named("streams"));
        config.csv = csv::read(file.named("csv"));
        config.geometries = geometries::read(cameras, read_file);
        file.finish();
    });
    (config, mistakes)
}

/// Reads a dashboard, with a line for each mistake; `None` where they leave nothing to show.
fn read_dashboard(source: Source<'_>, environment: &Environment) -> (Option<Dashboard>, Vec<String>) {
    let mut dashboard = None;
    let mistakes = read_source(source, environment, |file| {
        dashboard = dashboard::read(source.stem(), file);
    });
    let with_source = dashboard.map(|dashboard| Dashboard {
        source: source.text.to_owned(),
        ..dashboard
    });
    (with_source, mistakes)
}

/// Reads a text by `read`, and returns a line for each mistake. A text that is not TOML is not read.
fn read_source(source: Source<'_>, environment: &Environment, read: impl FnOnce(Section<'_>)) -> Vec<String> {
    let findings = Findings::new(source.name, source.text);
    let (table, errors) = DeTable::parse_recoverable(source.text);
    for error in &errors {
        // "Nothing" is expected where the mistake is the whole value; it would be read as advice to leave it empty.
        let message = error.message().replace(", expected nothing", "").replace('\n', ", ");
        findings.add(error.span().map_or(0, |span| span.start), message);
    }
    if errors.is_empty() {
        read(Section::file(&findings, environment, table.get_ref()));
    }
    findings.into_lines()
}

#[cfg(test)]
mod tests;
