//! Finds the built page, for the feature `embed-page`.

use std::path::{Path, PathBuf};
use std::{env, fs};

/// Where the page is, if not in the usual place. Set again for the compiler, as a full path.
const VARIABLE: &str = "WATCHROOM_PAGE_DIR";

/// Where trunk puts the page, seen from this folder.
const USUAL_PLACE: &str = "../target/dist";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
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

fn find(folder: &Path) -> Result<PathBuf, String> {
    let advice = format!("build the page first (`cargo xtask build` builds both), or set {VARIABLE}");
    if !folder.join("index.html").is_file() {
        return Err(format!("there is no built page in {}: {advice}", folder.display()));
    }
    fs::canonicalize(folder).map_err(|error| format!("the page in {} cannot be used: {error}", folder.display()))
}
