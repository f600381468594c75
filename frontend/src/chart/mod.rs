//! Drawing of plots on the browser's canvas.

pub mod canvas;

pub mod frame;

pub mod stage;

pub mod caption;

pub mod csv;

pub mod svg_surface;
