//! One file per resource, and what holds for all of them.

mod query;

mod raster;

mod write;

mod every_route;

mod revalidate;
