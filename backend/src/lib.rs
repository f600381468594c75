//! The Watchroom server.
//!
//! Dependencies point one way: `cli` → `http` → [`app`] → the capability folders ([`query`], [`ingest`]) → the traits in
//! [`store`] → `shared`. Nothing imports `http` or `cli`. Between queries and the store stands the [`pyramid`];
//! live updates stand in [`live`], alarms in `alarms/`: one folder per capability.

pub mod cli;

pub mod http;

pub mod app;

pub mod config;

pub mod reload;

pub mod pyramid;

pub mod query;

pub mod answers;

pub mod live;

pub mod ingest;

pub mod retention;

pub mod nagios;

pub mod notify;

pub mod geometry;

pub mod streams;

pub mod sky;

pub mod alarms;

pub mod backup;

pub mod demo;

pub mod mock;

pub mod store;

pub mod clock;

pub mod telemetry;

#[cfg(any(test, feature = "fuzz"))]
pub mod fuzz;

mod nearest;
