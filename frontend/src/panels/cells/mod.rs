//! Cells beneath the lines of a plot: heatmaps, densities of all channels, histograms and states over time.

pub mod beyond;
pub mod choose;
pub mod content;
pub mod csv;
pub mod data;
pub mod draw;
pub mod legend;
pub mod picker;
pub mod readout;
pub mod spec;
pub mod summary;
