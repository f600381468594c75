//! Where the pixels of a camera are.

use serde::{Deserialize, Serialize};

/// `GET /api/v1/geometry?name=lstcam`
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct GeometryQuery {
    /// The geometry by the name that the configuration gives it.
    #[cfg_attr(feature = "openapi", param(example = "lstcam"))]
    pub name: String,
}

/// The hexagonal pixels of a camera, seen from the front; all arrays have one entry per pixel, by its number.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Geometry {
    /// Its name.
    pub name: String,
    /// The middle of each pixel to the right of the camera's, in metres.
    pub x_m: Vec<f64>,
    /// The middle of each pixel above the camera's, in metres.
    pub y_m: Vec<f64>,
    /// The number of the module that each pixel belongs to.
    pub module: Vec<u32>,
    /// From the middle of a pixel to its corners, in metres; the same for all.
    pub radius_m: f64,
    /// The direction of the first corner, in degrees from the x axis against the clock; the others follow by 60 degrees.
    pub corner_deg: f64,
}
