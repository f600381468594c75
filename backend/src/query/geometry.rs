//! The pixels of the configured cameras.

use std::collections::BTreeMap;

use shared::compact;
use shared::query::geometry::{Geometry, GeometryQuery};

use super::{Error, Result};
use crate::query::version::Version;

/// Answers `GET /api/v1/geometry`.
pub fn geometry<'a>(geometries: &'a BTreeMap<String, Geometry>, query: &GeometryQuery) -> Result<&'a Geometry> {
    let name = &query.name;
    geometries.get(name).ok_or_else(|| Error::UnknownGeometry {
        name: name.chars().take(200).collect(),
        nearest: crate::nearest::nearest(name, geometries.keys().map(String::as_str)).map(str::to_owned),
    })
}

/// What an answer depends on besides its question: all of it.
pub fn version(geometry: &Geometry) -> Version {
    let mut version = Version::of_program();
    version.add_bytes(&compact::to_bytes(geometry).unwrap_or_default());
    version
}
