//! Whether the built page is still that of the sources.

use anyhow::{Context as _, Result};
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

/// Everything that the page is made of.
const SOURCES: &[&str] = &[
    "frontend/src",
    "frontend/index.html",
    "frontend/boot.js",
    "frontend/Cargo.toml",
    "frontend/markup",
    "frontend/shrink.mjs",
    "frontend/shrink",
    "frontend/package-lock.json",
    "shared/src",
    "shared/Cargo.toml",
    "style",
    "Trunk.toml",
    "Cargo.toml",
    "Cargo.lock",
    ".cargo/config.toml",
];

/// A hash over names and contents of the sources, and over `settings` of the build.
///
/// Contents, not times: a fresh clone or a change of branch and back must not cost a build.
pub(super) fn of_sources(root: &Path, settings: &[&str]) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    settings.hash(&mut hasher);
    for source in SOURCES {
        for file in files(&root.join(source))? {
            let relative = file.strip_prefix(root).unwrap_or(&file);
            relative.hash(&mut hasher);
            fs::read(&file)
                .with_context(|| format!("cannot read {}", file.display()))?
                .hash(&mut hasher);
        }
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// The names and sizes of all files in the built page: a page that something else has rebuilt or
/// cut down is not the one that was stamped. Empty if there is no page.
pub(super) fn of_dist(dist: &Path) -> Result<String> {
    let line = |file: PathBuf| {
        let size = fs::metadata(&file)?.len();
        let name = file.strip_prefix(dist).unwrap_or(&file);
        Ok(format!("{size} {}", name.display()))
    };
    Ok(files(dist)?
        .into_iter()
        .map(line)
        .collect::<Result<Vec<_>>>()?
        .join("\n"))
}

/// All files at or below `path`, in a fixed order; none if it does not exist.
pub(super) fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    if !path.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    let entries = fs::read_dir(path).with_context(|| format!("cannot list {}", path.display()))?;
    for entry in entries {
        found.extend(files(&entry?.path())?);
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_source_and_a_changed_setting_change_the_fingerprint() {
        let root = std::env::temp_dir().join(format!("watchroom-stamp-{}", std::process::id()));
        fs::create_dir_all(root.join("style")).unwrap();
        fs::write(root.join("style/base.css"), "a").unwrap();
        let first = of_sources(&root, &["release"]).unwrap();
        assert_eq!(of_sources(&root, &["release"]).unwrap(), first);
        assert_ne!(of_sources(&root, &["debug"]).unwrap(), first);
        fs::write(root.join("style/base.css"), "b").unwrap();
        assert_ne!(of_sources(&root, &["release"]).unwrap(), first);
        fs::remove_dir_all(&root).unwrap();
    }
}
