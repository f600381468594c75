//! Making the built page small, where Node is there to do it: `frontend/shrink.mjs`.

use crate::node::Node;
use crate::workspace::Workspace;
use crate::{process, report};
use anyhow::Result;

/// The version in `frontend/package.json`; older ones do not know what the compiler emits.
const WASM_OPT: &str = "132";

/// Node with all that is needed, or `None` with a line that says so.
///
/// A fresh machine has no Node, and the demo must start on it all the same.
pub(super) fn tools(workspace: &Workspace) -> Option<Node> {
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
        Some(line) if line.split_whitespace().nth(2) == Some(WASM_OPT) => Some(node),
        Some(line) => without(&format!("npm brought {line:?} instead of version {WASM_OPT}")),
        None => without("what npm brought does not run"),
    }
}

/// Makes the page in `target/dist` small.
pub(super) fn shrink(workspace: &Workspace, node: &Node) -> Result<()> {
    report::doing("Making the page small");
    process::run(node.command(workspace)?.arg("shrink.mjs").arg(&workspace.dist))
}
