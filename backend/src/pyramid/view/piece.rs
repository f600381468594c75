//! What answers are made of.

use shared::value::Value;

use crate::pyramid::summary::Summary;
use crate::pyramid::tile::Bucket;

/// A piece of an answer. Pieces of a channel, or of the band, come by rising time and do not overlap.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Piece<'a> {
    /// A stored sample.
    Sample { channel: u32, time_us: i64, value: Value },
    /// A stored frame and its band, if it has any finite sample.
    Frame { time_us: i64, band: Option<Summary> },
    /// A bucket that is not empty, of a channel or, without one, of the band; it lies wholly in the range.
    Bucket {
        channel: Option<u32>,
        start_us: i64,
        end_us: i64,
        bucket: &'a Bucket,
    },
}

impl Piece<'_> {
    /// The same as a piece of the band of a metric with one channel.
    pub(super) fn of_band(self) -> Self {
        match self {
            Self::Sample {
                channel,
                time_us,
                value,
            } => Self::Frame {
                time_us,
                band: value.finite().map(|value| Summary::new(time_us, channel, value)),
            },
            Self::Bucket {
                start_us,
                end_us,
                bucket,
                ..
            } => Self::Bucket {
                channel: None,
                start_us,
                end_us,
                bucket,
            },
            frame @ Self::Frame { .. } => frame,
        }
    }
}
