//! Frames as clients send them, and what the server says to that.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;
use crate::value::Value;

/// The body of `POST /api/v1/frames`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct FramesBody {
    /// The frames, each accepted or rejected for itself.
    pub frames: Vec<FrameBody>,
}

/// The samples of many channels of one metric at one time.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, expecting = "an object with `metric`, `time` and `values`")]
pub struct FrameBody {
    /// The metric; appears with its first frame.
    pub metric: String,
    /// The time of all its samples.
    pub time: Timestamp,
    /// The channel of each value. Without it `values` are those of channels 0, 1, 2, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channels: Option<Vec<u32>>,
    /// One value per channel.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<crate::openapi::SampleValue>))]
    pub values: Vec<Value>,
}

/// All frames of a request are stored and will stay.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WriteAccepted {
    /// How many frames were stored.
    pub accepted: usize,
}

/// A part of a request that was not stored.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rejected {
    /// Which frame of the request, from 0; for text formats which line, from 1.
    pub index: usize,
    /// What is wrong with it.
    pub message: String,
}

/// Some frames of a request were stored and will stay, others were rejected. Sent with status 400.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PartialWrite {
    /// Always `partial_write`.
    pub code: String,
    /// A sentence for people.
    pub message: String,
    /// How many frames were stored.
    pub accepted: usize,
    /// What was not stored, and why.
    pub rejected: Vec<Rejected>,
}
