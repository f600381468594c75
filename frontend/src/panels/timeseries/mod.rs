//! Lines over time.

pub mod chart;
pub mod cursor_layer;
pub mod data;
pub mod gestures;
pub mod hover;
pub mod legend;
pub mod lines;
pub mod panel;
pub mod readout;
pub mod summary;
pub mod zoom;

pub use panel::TimeseriesPanel;
