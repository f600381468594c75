//! Raw samples as a file.

use serde::{Deserialize, Serialize};

use crate::metric::ChannelSelection;
use crate::time::Timestamp;

/// `GET /api/v1/export?metric=M&channels=…&from&to&format=csv|json|parquet|arrow`
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct ExportQuery {
    /// The metric by name.
    #[cfg_attr(feature = "openapi", param(example = "surfrad.temp"))]
    pub metric: String,
    /// Which channels; the band has no samples.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", param(schema_with = crate::openapi::channels_in_a_query))]
    pub channels: ChannelSelection,
    /// The first moment of the range.
    #[cfg_attr(feature = "openapi", param(example = "2016-01-01T12:00:00Z"))]
    pub from: Timestamp,
    /// The first moment after the range.
    #[cfg_attr(feature = "openapi", param(example = "2016-01-01T18:00:00Z"))]
    pub to: Timestamp,
    /// What kind of file.
    #[cfg_attr(feature = "openapi", param(example = "csv"))]
    pub format: ExportFormat,
}

/// What kind of file an export is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// Comma-separated values with one line of headers.
    Csv,
    /// One JSON array, one object and line per sample.
    Json,
    /// Apache Parquet.
    Parquet,
    /// The file format of Apache Arrow, which is Feather version 2.
    Arrow,
}

impl ExportFormat {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Csv, Self::Json, Self::Parquet, Self::Arrow];

    /// The word on the wire, which is the ending of the file's name, too.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
        }
    }

    /// The registered media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Json => "application/json",
            Self::Parquet => "application/vnd.apache.parquet",
            Self::Arrow => "application/vnd.apache.arrow.file",
        }
    }
}
