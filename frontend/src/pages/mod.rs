//! What fills the window below the bars.

pub mod alarms;

pub mod board;

pub mod loading;

pub mod not_found;

pub mod streams;
