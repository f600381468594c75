//! The Watchroom server.

pub mod clock;

pub mod ingest;

pub mod store;
