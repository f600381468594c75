//! `cargo xtask build`: the page, then the server with that page inside.

mod fingerprint;
mod page;
mod server;
mod shrink;
mod sizes;

use crate::workspace::Workspace;
use anyhow::Result;

/// How to build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Small and fast; what is shipped, tested and measured.
    Release,
    /// Quick to compile.
    Debug,
}

impl Mode {
    /// The mode that a `--debug` option asks for.
    pub(crate) const fn new(debug: bool) -> Self {
        if debug { Self::Debug } else { Self::Release }
    }

    /// The folder that cargo puts the server in.
    pub(crate) const fn folder(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Debug => "debug",
        }
    }
}

/// Builds the page and the server that carries it.
pub(crate) fn build(workspace: &Workspace, mode: Mode) -> Result<()> {
    page::build(workspace, mode)?;
    server::build(workspace, mode)
}

pub(crate) use page::{fetch_crates, trunk};
pub(crate) use server::build_without_page;
