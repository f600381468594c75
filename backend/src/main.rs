//! The `watchroom` command.
fn main() {}
