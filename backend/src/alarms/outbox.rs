//! What is to be delivered of what happened.

use super::engine::{Engine, Watched};
use super::step::Happening;
use crate::store::records::RecordChange;

/// The deliveries of something that people are to be told, for the batch that keeps it.
pub fn deliveries(_engine: &Engine, _watched: &Watched, _happening: &Happening) -> Vec<RecordChange> {
    Vec::new()
}
