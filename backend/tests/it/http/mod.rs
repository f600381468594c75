//! One file per resource, and what holds for all of them.

mod query;

mod write;

mod influx;

mod every_route;
