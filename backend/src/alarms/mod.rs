//! Alarms: rules of the configuration, evaluated on the server when samples come in and when time passes.
//!
//! Everything that decides is pure: [`step`] takes a rule, how it stands and what comes in, and tells what happened;
//! [`engine`] joins the rules. What is around it keeps states and history in the store.
//!
//! What a rule says is one of OK, WARNING, ALARM, NO DATA (what it is about is silent) and UNKNOWN (it cannot be judged);
//! whether it is latched, acknowledged, shelved, a known issue, flapping or not watched stands beside that.

pub mod rule;

pub mod expression;

pub mod step;

mod telling;

mod evidence;

pub mod state;

pub mod judge;

pub mod channels;

pub mod actions;

pub mod engine;

pub mod words;

pub mod feed;

pub mod catch_up;

pub mod kept;

pub mod outbox;

pub mod answers;

pub mod service;

pub use service::Alarms;

#[cfg(test)]
mod tests;
