//! The files of a configuration as they are on the disk.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::environment::Environment;
use super::geometries::ReadFile;
use super::{Config, Mistakes, Source};

/// The folder of the dashboards, beside the configuration.
const DASHBOARDS_FOLDER: &str = "dashboards";

/// All files of a configuration, as they were read at one time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Files {
    /// `watchroom.toml`, or however it is called.
    pub(super) main: File,
    /// The dashboards by rising name, or why they cannot be listed.
    pub(super) dashboards: Result<Vec<File>, String>,
}

/// One file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct File {
    path: PathBuf,
    /// Its name below the configuration's folder, with `/` between.
    pub(super) name: String,
    /// What is in it, or why it cannot be read.
    pub(super) text: Result<String, String>,
}

impl Files {
    /// Reads all of them.
    pub(super) fn read(path: &Path) -> Self {
        let folder = path.parent().unwrap_or(Path::new("")).join(DASHBOARDS_FOLDER);
        let dashboards = dashboard_files(&folder)
            .map(|paths| {
                paths
                    .into_iter()
                    .map(|path| File::read(path, &format!("{DASHBOARDS_FOLDER}/")))
                    .collect()
            })
            .map_err(|error| format!("{}: cannot be listed: {error}", folder.display()));
        Self {
            main: File::read(path.to_owned(), ""),
            dashboards,
        }
    }

    /// The configuration that they are.
    ///
    /// `read_file` reads the files that it names.
    pub(super) fn config(&self, environment: Environment, read_file: &ReadFile<'_>) -> Result<Config, Mistakes> {
        let dashboards = self.dashboards.as_ref();
        let mut unread: Vec<String> = dashboards.err().into_iter().cloned().collect();
        let mut told = |file: &File| match &file.text {
            Ok(text) => Some((file.path.display().to_string(), text.clone())),
            Err(error) => {
                unread.push(format!("{}: {error}", file.path.display()));
                None
            }
        };
        let main = told(&self.main);
        let dashboards: Vec<_> = dashboards.into_iter().flatten().filter_map(&mut told).collect();
        // What cannot be read is told as that, and not as an empty text.
        if let Some(mistakes) = Mistakes::new(unread) {
            return Err(mistakes);
        }
        let dashboards: Vec<Source<'_>> = dashboards.iter().map(source_of).collect();
        let main = main.unwrap_or_default();
        Config::assemble(source_of(&main), &dashboards, environment, read_file)
    }
}

/// Reads files by their paths from a configuration on.
pub(super) fn beside(path: &Path) -> impl Fn(&str) -> io::Result<String> {
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    move |file| fs::read_to_string(folder.join(file))
}

fn source_of((name, text): &(String, String)) -> Source<'_> {
    Source { name, text }
}

impl File {
    fn read(path: PathBuf, folder: &str) -> Self {
        let text = fs::read_to_string(&path).map_err(|error| format!("cannot be read: {error}"));
        let name = path.file_name().unwrap_or_default();
        Self {
            name: format!("{folder}{}", name.to_string_lossy()),
            path,
            text,
        }
    }
}

/// The dashboards in a folder by name; none if there is no such folder.
fn dashboard_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension() == Some(OsStr::new("toml")) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
