//! The clock of the browser's machine. It may be wrong; `state::server_clock` corrects it.

/// Microseconds since the epoch as this machine believes, in steps of a millisecond or more.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a date in milliseconds is a whole number far below 2^53"
)]
pub fn machine_micros() -> i64 {
    js_sys::Date::now() as i64 * 1_000
}
