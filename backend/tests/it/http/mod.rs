//! One file per resource, and what holds for all of them.

mod query;

mod raster;

mod geometry;

mod sky;

mod alarms;
mod streams;

mod telemetry;

mod write;

mod influx;

mod every_route;

mod openapi;

mod revalidate;
