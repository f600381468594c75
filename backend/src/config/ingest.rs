//! `[ingest]`: how much the server takes in.

use super::section::Section;
use super::size::parse_bytes;
use crate::ingest::Limits;
use crate::ingest::admission::Bounds;

/// How much the server takes in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Ingest {
    /// What may be under way at once.
    pub bounds: Bounds,
    /// What may be stored.
    pub limits: Limits,
}

/// The longest body that can be allowed: a store must be able to take it in one go.
const MAX_BODY_BYTES: usize = 1 << 30;

/// The most channels of a metric, and the most metrics, that can be allowed.
const MAX_COUNT: u32 = 10_000_000;

pub(super) fn read(mut section: Section<'_>) -> Ingest {
    let mut ingest = Ingest::default();
    let size = "a size such as \"64MiB\"";
    let Ingest { bounds, limits } = &mut ingest;
    if let Some(bytes) = section.parsed("body_limit", size, parse_body_limit) {
        bounds.body_bytes = bytes;
    }
    let in_flight = section.parsed("bytes_in_flight", size, parse_bytes);
    bounds.in_flight_bytes = in_flight.unwrap_or(bounds.in_flight_bytes.max(bounds.body_bytes));
    if bounds.in_flight_bytes < bounds.body_bytes {
        let message = "is smaller than body_limit: the largest body that is allowed would always be refused";
        section.add_at("bytes_in_flight", message);
    }
    if let Some(count) = section.integer("requests_in_flight", 1..=u16::MAX) {
        bounds.in_flight_requests = count.into();
    }
    let count = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
    if let Some(channels) = section.integer("channels_per_metric", 1..=MAX_COUNT) {
        limits.channels_per_metric = count(channels);
    }
    if let Some(metrics) = section.integer("metrics", 1..=MAX_COUNT) {
        limits.metrics = count(metrics);
    }
    section.finish();
    ingest
}

fn parse_body_limit(text: &str) -> Result<usize, String> {
    let bytes = parse_bytes(text)?;
    if bytes > MAX_BODY_BYTES {
        return Err(format!(
            "{text:?} is out of range; the largest body that can be allowed has 1GiB"
        ));
    }
    Ok(bytes)
}
