//! Questions and answers of the query routes: one file per query.

pub mod envelope;

pub mod export;

pub mod geometry;

pub mod latest;

pub mod nights;

pub mod raster;

pub mod samples;

pub mod sky;

pub mod streams;
