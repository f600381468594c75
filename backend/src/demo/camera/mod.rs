//! A simulated camera of 1855 pixels: deterministic, on a real geometry, with the faults that real ones have.

mod geometry;
mod moment;
mod quantity;
mod values;

pub use geometry::Geometry;
pub use moment::Moment;
pub use quantity::Quantity;
pub use values::{BROKEN_PIXEL, Camera, HOT_PIXEL};
