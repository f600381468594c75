//! Tells the compiler what the program is made of, and finds the built page for the feature `embed-page`.

use std::hash::{DefaultHasher, Hasher as _};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Where the page is, if not in the usual place. Set again for the compiler, as a full path.
const VARIABLE: &str = "WATCHROOM_PAGE_DIR";

/// Where trunk puts the page, seen from this folder.
const USUAL_PLACE: &str = "../target/dist";

/// What decides in which form answers are written, seen from this folder.
const SOURCES: [&str; 3] = ["src", "../shared/src", "../Cargo.lock"];

/// Set for the compiler: a hash of [`SOURCES`].
const SOURCE_HASH: &str = "WATCHROOM_SOURCE_HASH";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let mut hasher = DefaultHasher::new();
    for source in SOURCES {
        println!("cargo::rerun-if-changed={source}");
        if let Err(error) = hash(Path::new(source), &mut hasher) {
            println!("cargo::error=cannot read {source}: {error}");
        }
    }
    println!("cargo::rustc-env={SOURCE_HASH}={:016x}", hasher.finish());
    println!("cargo::rerun-if-env-changed={VARIABLE}");
    if env::var_os("CARGO_FEATURE_EMBED_PAGE").is_none() {
        return;
    }
    let folder = env::var_os(VARIABLE).map_or_else(|| PathBuf::from(USUAL_PLACE), PathBuf::from);
    println!("cargo::rerun-if-changed={}", folder.display());
    match find(&folder) {
        Ok(folder) => println!("cargo::rustc-env={VARIABLE}={}", folder.display()),
        Err(message) => println!("cargo::error={message}"),
    }
}

/// Hashes a file, or all files of a folder in a fixed order.
fn hash(path: &Path, hasher: &mut DefaultHasher) -> io::Result<()> {
    if path.is_dir() {
        let mut entries = fs::read_dir(path)?
            .map(|entry| Ok(entry?.path()))
            .collect::<io::Result<Vec<_>>>()?;
        entries.sort();
        return entries.iter().try_for_each(|entry| hash(entry, hasher));
    }
    hasher.write(&fs::read(path)?);
    Ok(())
}

fn find(folder: &Path) -> Result<PathBuf, String> {
    let advice = format!("build the page first (`cargo xtask build` builds both), or set {VARIABLE}");
    if !folder.join("index.html").is_file() {
        return Err(format!("there is no built page in {}: {advice}", folder.display()));
    }
    fs::canonicalize(folder).map_err(|error| format!("the page in {} cannot be used: {error}", folder.display()))
}
