//! The server from outside: over HTTP without a port, and as the real binary.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what a test needs and does not get is its failure, also outside of its own function"
)]

mod http;

mod page;

mod command;

mod config;

mod app;

mod ingest;

mod overload;

mod clients;

mod store_command;

mod export;

mod gone_client;

mod watched_store;

mod keep;

mod notify;

mod check;

mod plugins;

mod reload;

mod alarms;

mod outbox;

mod live;
