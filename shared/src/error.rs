//! The one shape of an error on the wire.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An error as every route answers it, with a fitting status.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApiError {
    /// A stable word for programs, such as `unknown_metric`.
    pub code: String,
    /// A sentence for people: what is wrong, where, and what to change.
    pub message: String,
    /// What the message is about, by name; empty where there is nothing to add.
    #[serde(default)]
    pub details: std::collections::BTreeMap<String, String>,
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ApiError {}
