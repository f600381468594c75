//! All that crosses the wire between the Watchroom server, its page and its scripts, and nothing else.
//!
//! The JSON shapes are a public contract: instruments and scripts rely on the names in here. Times are
//! [`time::Timestamp`]s, microseconds in UTC; ranges are half-open. A [`value::Value`] keeps "the sensor said nothing"
//! (null), "not a number" and numbers apart up to the screen.
//!
//! With the feature `openapi` the types have schemas, from which the server makes the document of its API.
//! With the feature `chart` it also holds the drawing code that the page, exports and recorded tests share.

pub mod time;

pub mod gps;

pub mod value;

pub mod metric;

pub mod frame;

pub mod query;

pub mod dashboard;

pub mod display;

pub mod alarm;

pub mod live;

pub mod error;

pub mod compact;

pub mod route;

pub mod order;

pub mod outbox;

pub mod angle;

mod quoted;

#[cfg(feature = "openapi")]
pub mod openapi;

#[cfg(feature = "chart")]
pub mod chart;
