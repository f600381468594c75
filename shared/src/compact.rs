//! The compact form of answers, which the page asks for: the types of this crate in the
//! [postcard wire format](https://postcard.jamesmunns.com/wire-format), numbers bit for bit.
//!
//! Not for scripts: it has no field names, so page and server must be of the same version, which they are where the
//! server hands out the page. JSON is the form that stays.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) mod pack;

/// The media type by which the compact form is asked for and named; it changes with every change of the form.
pub const MEDIA_TYPE: &str = "application/vnd.watchroom.v2+postcard";

/// Bytes that are not the compact form of what was expected, or a value that has none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotCompact(postcard::Error);

impl fmt::Display for NotCompact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not the compact form of this version: {}", self.0)
    }
}

impl std::error::Error for NotCompact {}

/// Writes an answer.
pub fn to_bytes<T: Serialize>(answer: &T) -> Result<Vec<u8>, NotCompact> {
    postcard::to_allocvec(answer).map_err(NotCompact)
}

/// Reads an answer. Bytes left over are an error.
pub fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, NotCompact> {
    match postcard::take_from_bytes(bytes) {
        Ok((answer, [])) => Ok(answer),
        Ok(_) => Err(NotCompact(postcard::Error::DeserializeBadEncoding)),
        Err(error) => Err(NotCompact(error)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::query::envelope::Envelope;
    use crate::query::latest::{Freshness, Latest, LatestChannel};
    use crate::query::nights::{Night, Nights};
    use crate::query::raster::{Density, Raster};
    use crate::value::Value;

    #[test]
    fn times_dates_and_values_survive() {
        let night = Night {
            date: "2026-11-20".parse().unwrap(),
            start: "2026-11-20T12:00:00Z".parse().unwrap(),
            end: "2026-11-21T12:00:00Z".parse().unwrap(),
            frames: 1440,
            completeness: Some(0.98),
        };
        let nights = Nights {
            nights: vec![night],
            newest: Some(night.date),
        };
        assert_eq!(from_bytes::<Nights>(&to_bytes(&nights).unwrap()).unwrap(), nights);
        let channel = |value| LatestChannel {
            channel: 0,
            label: "0".to_owned(),
            time_us: Some(-1),
            value,
            age_s: None,
            state: Freshness::Late,
        };
        let latest = Latest {
            metric: "m".to_owned(),
            now_us: 0,
            channels: [Value::NULL, Value::NAN, 0.1.into(), f64::INFINITY.into()]
                .map(channel)
                .to_vec(),
        };
        assert_eq!(from_bytes::<Latest>(&to_bytes(&latest).unwrap()).unwrap(), latest);
    }

    proptest! {
        #[test]
        fn hostile_bytes_are_an_error_and_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = from_bytes::<Envelope>(&bytes);
            let _ = from_bytes::<Nights>(&bytes);
            let _ = from_bytes::<Raster>(&bytes);
            let _ = from_bytes::<Density>(&bytes);
        }
    }
}
