//! Drawing of plots, over any plotters backend: the browser's canvas, SVG, and recorded scenes in tests.
//!
//! Times are microseconds, positions are *units* of the backend; how many units make a pixel is the business of
//! the plot's layout, so that a backend of whole numbers still places lines finer than a pixel. All of it is pure: the
//! same data and layout give the same drawing.

pub mod palette;

pub mod color;

pub mod scale;

pub mod value_axis;

pub mod axis_clock;

pub mod time_axis;

pub mod path;

pub mod clip;

pub mod gap;

pub mod shape;

pub mod line;

pub mod cells;

pub mod cell_image;

pub mod cell_draw;

pub mod color_bar;

pub mod repaint;

pub mod row_axis;

pub mod state_rows;

pub mod state_colors;

pub mod value_colors;

pub mod columns;

pub mod limit;

pub mod event;

pub mod strip;

pub mod ribbon;

pub mod pick;

pub mod legend;

pub mod plot;

pub mod sheet;

pub mod draw;

pub mod camera;

pub mod curve;

pub mod scene;

#[cfg(test)]
mod tests;
