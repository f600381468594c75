//! A simulated camera of 1855 pixels: deterministic, on a real geometry, with the faults that real ones have.

mod geometry;
mod live;
mod moment;
mod nights;
pub(crate) mod noise;
mod quantity;
mod values;

pub use geometry::Geometry;
pub use live::run;
pub use moment::Moment;
pub use nights::{Written, write_nights};
pub use quantity::Quantity;
pub use values::{BROKEN_PIXEL, Camera, HOT_PIXEL};
