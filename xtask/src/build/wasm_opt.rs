//! wasm-opt: makes the page's WebAssembly about a third smaller, where Node is there to get it.

use crate::node::Node;
use crate::workspace::Workspace;
use crate::{process, report};
use std::ffi::OsString;

/// The version in `frontend/package.json`; older ones do not know what the compiler emits.
const VERSION: &str = "132";

/// PATH on which trunk finds the right wasm-opt, or `None` with a line that says so.
///
/// A fresh machine has no Node, and the demo must start on it all the same.
pub(super) fn path(workspace: &Workspace) -> Option<OsString> {
    let without = |why: &str| {
        report::doing(&format!(
            "Building without wasm-opt ({why}): the page works, but loads about a third more"
        ));
        None
    };
    let Some(node) = Node::present(workspace) else {
        return without("it comes from npm, and there is no Node 20 or later");
    };
    if let Err(error) = node.install_packages(workspace) {
        return without(&format!("{error:#}"));
    }
    let Ok(path) = node.path(workspace) else {
        return without("a folder name holds the separator of PATH");
    };
    // With that PATH, because it is a script that starts `node` by name.
    let mut program = process::command(Node::packages(workspace).join("wasm-opt"));
    match process::version_of(program.env("PATH", &path)) {
        // "wasm-opt version 132 (version_132)"
        Some(line) if line.split_whitespace().nth(2) == Some(VERSION) => Some(path),
        Some(line) => without(&format!("npm brought {line:?} instead of version {VERSION}")),
        None => without("what npm brought does not run"),
    }
}
