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

mod stuck_client;

mod two_servers;

#[expect(dead_code, reason = "the store's own tests need more of it")]
#[expect(
    clippy::print_stdout,
    reason = "the database's log is for whoever runs a failing test"
)]
#[path = "../../src/store/postgres/test_server.rs"]
mod test_server;

#[expect(dead_code, reason = "the store's own tests need more of it")]
#[path = "../../src/store/mongo/tests/server.rs"]
mod secantus;
