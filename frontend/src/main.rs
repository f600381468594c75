//! The Watchroom page.
fn main() {}
