//! One file per resource, and what holds for all of them.

mod query;

mod write;

mod every_route;

mod openapi;
