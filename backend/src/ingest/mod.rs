//! From bytes to frames: pure parsers, one file per format, and the one path by which all of them are stored.
//!
//! A parser turns a text into [`IncomingFrame`]s and a [`LineError`] for each part it could not take; it knows neither
//! store nor clock. Good parts are kept, bad parts are named.

use std::sync::Arc;

use shared::time::Timestamp;
use shared::value::Value;

pub mod admission;
pub mod csv;
mod excerpt;
pub mod files;
pub mod influxql;
pub mod json_frames;
pub mod jsonl;
pub mod line_protocol;
mod lines;
pub mod writer;

pub use writer::{Limits, Outcome, Received, WriteFailed, Writer};

/// Samples of one metric at one time, as a client named them.
#[derive(Clone, PartialEq, Debug)]
pub struct IncomingFrame {
    /// Which line (from 1) or item (from 0) of the request it came from, for errors found later.
    pub position: usize,
    /// The metric by name.
    pub metric: String,
    /// When the samples were taken; `None` means on arrival.
    pub time: Option<Timestamp>,
    /// Which channels the values are of.
    pub channels: IncomingChannels,
    /// One value per channel.
    pub values: Vec<Value>,
}

/// How a client names channels.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum IncomingChannels {
    /// Channels 0 to n-1, labelled by their index where they are new.
    Dense,
    /// By index. Channels up to the greatest come into being, labelled by their index.
    Indices(Vec<u32>),
    /// By label. New labels become new channels. Shared, because the rows of a table all have the same.
    Labels(Arc<[String]>),
}

/// A part of the input that cannot be taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LineError {
    /// Which line (from 1) or item (from 0).
    pub position: usize,
    /// What is wrong, without the position; foreign text is cut short and quoted.
    pub message: String,
}

/// What a parser made of its input.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Parsed {
    /// What can be stored, in the order of the input.
    pub frames: Vec<IncomingFrame>,
    /// What cannot, in the order of the input.
    pub errors: Vec<LineError>,
}
