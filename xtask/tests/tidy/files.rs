//! The files of the checkout, as git knows them.

use std::path::Path;
use std::process::Command;

/// A text file of the project; `text` is empty for binary files.
#[derive(Clone, Debug)]
pub(crate) struct TrackedFile {
    /// Relative to the checkout, with `/`.
    pub(crate) path: String,
    /// What is in it.
    pub(crate) text: String,
}

impl TrackedFile {
    /// The file's name without its folder.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Whether this is Rust that only tests compile.
    pub(crate) fn is_test_code(&self) -> bool {
        self.path.split('/').any(|part| part == "tests" || part == "benches") || self.name() == "tests.rs"
    }

    /// Whether the name ends so.
    pub(crate) fn ends_with(&self, ending: &str) -> bool {
        self.path.ends_with(ending)
    }
}

/// All files that are tracked, or new and not ignored.
pub(crate) fn tracked() -> Vec<TrackedFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(&root)
        .output()
        .expect("git must be installed to list the files");
    assert!(output.status.success(), "git cannot list the files: not a checkout?");
    String::from_utf8_lossy(&output.stdout)
        .split_terminator('\0')
        .filter_map(|path| {
            // A file that was deleted but not yet from the index is none.
            let bytes = std::fs::read(root.join(path)).ok()?;
            let text = String::from_utf8(bytes).unwrap_or_default();
            Some(TrackedFile {
                path: path.to_owned(),
                text,
            })
        })
        .collect()
}
