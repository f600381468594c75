//! What this browser remembers between visits. Private windows may refuse; then nothing is remembered.

fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok()?
}

/// What was remembered under `key`.
pub fn recall(key: &str) -> Option<String> {
    storage()?.get_item(key).ok()?
}

/// Remembers `value` under `key`, or forgets with `None`.
pub fn remember(key: &str, value: Option<&str>) {
    if let Some(storage) = storage() {
        // A full or forbidden storage costs only the memory of a preference.
        let _ = match value {
            Some(value) => storage.set_item(key, value),
            None => storage.remove_item(key),
        };
    }
}
