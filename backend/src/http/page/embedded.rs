//! The page inside the binary.

use std::collections::BTreeMap;

use axum::body::Bytes;
use include_dir::{Dir, include_dir};

/// The folder that the build script has found.
static PAGE: Dir<'_> = include_dir!("$WATCHROOM_PAGE_DIR");

/// All files by their path, with slashes between; hidden files are left out.
pub(super) fn files() -> BTreeMap<String, Bytes> {
    let mut files = BTreeMap::new();
    let mut folders = vec![&PAGE];
    while let Some(folder) = folders.pop() {
        folders.extend(folder.dirs());
        for file in folder.files() {
            let path = file.path().to_string_lossy().replace('\\', "/");
            if !path.split('/').any(|part| part.starts_with('.')) {
                files.insert(path, Bytes::from_static(file.contents()));
            }
        }
    }
    files
}
