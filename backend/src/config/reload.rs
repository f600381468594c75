//! Files that change while the server runs: dashboards, the looks of metrics and the rules of alarms are taken as they
//! come, all else needs a restart.
//!
//! A broken file keeps its last good form. The files are read anew each second and compared, rather than watched: what
//! the system tells of changes does not reach across network file systems, nor into containers whose files are replaced
//! by links, and times of files are too coarse to tell two changes apart. These are a few small texts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use shared::dashboard::{BrokenFile, Dashboard, Dashboards};
use shared::display::MetricDisplay;

use super::environment::Environment;
use super::files::{File, Files, beside};
use super::{Config, Mistakes, Source, process_variables, read_dashboard, read_main};
use crate::alarms::rule::Rule;

/// Reads the files of a configuration again and again.
#[derive(Debug)]
pub struct Reloader {
    path: PathBuf,
    variables: Vec<(String, String)>,
    /// As they were read when they were last taken.
    files: Files,
    /// The configuration that the server was started with.
    started: Config,
    /// The last good form of each dashboard, by the name of its file.
    dashboards: BTreeMap<String, Dashboard>,
    /// The last good form of how metrics look.
    displays: Vec<MetricDisplay>,
    /// The last good form of the rules of alarms.
    alarms: Vec<Rule>,
}

/// What is in the files, the last good form of those that are broken.
#[derive(Debug)]
pub(crate) struct Taken {
    /// What is shown, with what is broken.
    pub(crate) dashboards: Dashboards,
    /// The rules of alarms.
    pub(crate) alarms: Vec<Rule>,
    /// What changed that only a restart brings into effect: the names of tables such as `site`.
    pub(crate) restart: Vec<&'static str>,
}

impl Reloader {
    /// Reads a configuration for the first time, with the environment of the process. No file may be broken.
    pub fn load(path: &Path) -> Result<(Config, Self), Mistakes> {
        Self::load_with(path, process_variables())
    }

    fn load_with(
        path: &Path,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<(Config, Self), Mistakes> {
        let variables: Vec<_> = variables.into_iter().collect();
        let files = Files::read(path);
        let config = files.config(Environment::new(variables.clone()), &beside(path))?;
        let dashboards = config
            .dashboards
            .iter()
            .map(|dashboard| (dashboard.id.clone(), dashboard));
        let by_id: BTreeMap<_, _> = dashboards.collect();
        let file_of = |file: &File| {
            let source = Source {
                name: &file.name,
                text: "",
            };
            let dashboard = by_id.get(source.stem())?;
            Some((file.name.clone(), Dashboard::clone(dashboard)))
        };
        let reloader = Self {
            path: path.to_owned(),
            variables,
            dashboards: files.dashboards.iter().flatten().filter_map(file_of).collect(),
            displays: config.displays.clone(),
            alarms: config.alarms.clone(),
            files,
            started: config.clone(),
        };
        Ok((config, reloader))
    }

    /// Reads the files, which may take long on a network file system. `None` where nothing has changed since they were
    /// last taken.
    pub(crate) fn read(&self) -> Option<Changed> {
        let files = Files::read(&self.path);
        (files != self.files).then_some(Changed(files))
    }

    /// Takes the files as they are now, in place of what is shown.
    pub(crate) fn take(&mut self, changed: Changed, shown: &Dashboards) -> Taken {
        let Changed(files) = changed;
        let mut broken = Vec::new();
        let environment = Environment::new(self.variables.clone());
        let restart = self.take_main(&files.main, &environment, &mut broken);
        match &files.dashboards {
            Ok(files) => self.take_dashboards(files, &environment, &mut broken),
            Err(message) => broken.push(BrokenFile {
                file: "dashboards".to_owned(),
                message: message.clone(),
            }),
        }
        self.files = files;
        let dashboards = Dashboards {
            site: shown.site.clone(),
            dashboards: self.dashboards.values().cloned().collect(),
            displays: self.displays.clone(),
            broken,
            revision: shown.revision + 1,
        };
        Taken {
            dashboards,
            alarms: self.alarms.clone(),
            restart,
        }
    }

    fn take_main(&mut self, file: &File, environment: &Environment, broken: &mut Vec<BrokenFile>) -> Vec<&'static str> {
        let read = file
            .source()
            .map(|source| read_main(source, environment, &beside(&self.path)));
        match read {
            Ok((config, mistakes)) if mistakes.is_empty() => {
                let restart = self.needing_restart(&config);
                self.displays = config.displays;
                self.alarms = config.alarms;
                restart
            }
            Ok((_, mistakes)) => {
                broken.push(file.broken(&mistakes));
                Vec::new()
            }
            Err(message) => {
                broken.push(file.broken(&[message]));
                Vec::new()
            }
        }
    }

    fn take_dashboards(&mut self, files: &[File], environment: &Environment, broken: &mut Vec<BrokenFile>) {
        let mut dashboards = BTreeMap::new();
        for file in files {
            let (dashboard, mistakes) = match file.source() {
                Ok(source) => read_dashboard(source, environment),
                Err(message) => (None, vec![message]),
            };
            let kept = if mistakes.is_empty() {
                dashboard
            } else {
                broken.push(file.broken(&mistakes));
                self.dashboards.remove(&file.name)
            };
            dashboards.extend(kept.map(|dashboard| (file.name.clone(), dashboard)));
        }
        // Files that are gone are gone on purpose.
        self.dashboards = dashboards;
    }

    /// The tables whose keys are not what the server was started with.
    fn needing_restart(&self, config: &Config) -> Vec<&'static str> {
        let Config {
            server,
            store_url,
            site,
            place,
            ingest,
            metrics,
            displays: _,
            alarms: _,
            retention,
            notify,
            streams,
            csv,
            geometries,
            dashboards: _,
        } = &self.started;
        let tables = [
            ("server", *server == config.server),
            (
                "store",
                *store_url == config.store_url && retention.default == config.retention.default,
            ),
            ("site", *site == config.site && *place == config.place),
            ("ingest", *ingest == config.ingest),
            (
                "metrics",
                *metrics == config.metrics && retention.metrics == config.retention.metrics,
            ),
            ("notify", *notify == config.notify),
            ("streams", *streams == config.streams),
            ("csv", *csv == config.csv),
            ("geometries", *geometries == config.geometries),
        ];
        let changed = tables.into_iter().filter(|(_, is_same)| !is_same);
        changed.map(|(table, _)| table).collect()
    }
}

/// Files that are not as they were.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Changed(Files);

impl File {
    fn source(&self) -> Result<Source<'_>, String> {
        let text = self.text.as_ref().map_err(|error| format!("{}: {error}", self.name))?;
        Ok(Source { name: &self.name, text })
    }

    fn broken(&self, mistakes: &[String]) -> BrokenFile {
        BrokenFile {
            file: self.name.clone(),
            message: mistakes.join("\n"),
        }
    }
}

#[cfg(test)]
mod tests;
