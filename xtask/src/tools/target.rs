//! The compiler's wasm target: the one thing installed outside the checkout and the cache.

use crate::{process, report};
use anyhow::{Context as _, Result, bail};
use std::path::Path;

/// What the page is compiled for.
const WASM: &str = "wasm32-unknown-unknown";

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
