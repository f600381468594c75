//! The server from outside: over HTTP without a port, and as the real binary.

mod http;

mod page;

mod command;

mod config;

mod app;
