//! Whether the server lives.

/// Answers as long as the process does.
pub(super) async fn get_health() -> &'static str {
    "ok\n"
}
