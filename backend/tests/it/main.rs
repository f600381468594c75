//! The server from outside: over HTTP without a port, and as the real binary.

mod http;

mod command;

mod app;
