//! The compiler's wasm target and the sources of its library: the only things installed outside the checkout and the cache.

use crate::{process, report};
use anyhow::{Context as _, Result, bail};
use std::path::Path;

/// What the page is compiled for.
const WASM: &str = "wasm32-unknown-unknown";

/// A file among the sources of Rust's standard library.
const STD_SOURCES: &str = "lib/rustlib/src/rust/library/Cargo.lock";

/// Adds the target if the compiler does not have it.
pub(super) fn ensure_wasm() -> Result<()> {
    // Asked of the compiler, not of rustup, so that a distribution's Rust works too.
    let mut rustc = process::command("rustc");
    let libraries = process::output(rustc.args(["--print", "target-libdir", "--target", WASM]))?;
    if Path::new(libraries.trim()).is_dir() {
        return Ok(());
    }
    if process::find("rustup").is_none() {
        bail!("the Rust target {WASM} is missing: install your distribution's package for it, or use rustup");
    }
    report::doing("Adding the compiler's WebAssembly target (25 MB, under a minute)");
    process::run(process::command("rustup").args(["target", "add", WASM]))
        .with_context(|| format!("cannot add the target {WASM}"))
}

/// Whether the sources of Rust's standard library are there; adds them if need be, or says why the page is built without.
///
/// A Rust that rustup does not manage may lack them, and the page must be built with it all the same.
pub(super) fn ensure_std_sources() -> bool {
    let has_sources = || {
        let root = process::output(process::command("rustc").args(["--print", "sysroot"]));
        root.is_ok_and(|root| Path::new(root.trim()).join(STD_SOURCES).is_file())
    };
    if has_sources() {
        return true;
    }
    report::doing("Adding the sources of Rust's standard library (3 MB)");
    let mut rustup = process::command("rustup");
    let is_added = process::run(rustup.args(["component", "add", "rust-src"])).is_ok() && has_sources();
    if !is_added {
        report::doing("Building with the standard library as it comes: the page works, but loads about a tenth more");
    }
    is_added
}
