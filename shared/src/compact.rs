//! The compact form of answers, which the page asks for: the types of this crate in the
//! [postcard wire format](https://postcard.jamesmunns.com/wire-format), numbers bit for bit.
//!
//! Not for scripts: it has no field names, so page and server must be of the same version, which they are where the
//! server hands out the page. JSON is the form that stays.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) mod pack;

mod read;

use read::Reader;

/// The media type by which the compact form is asked for and named; it changes with every change of the form.
pub const MEDIA_TYPE: &str = "application/vnd.watchroom.v3+postcard";

/// Bytes that are not the compact form of what was expected, or a value that has none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotCompact;

impl fmt::Display for NotCompact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the compact form of this version")
    }
}

impl std::error::Error for NotCompact {}

/// Writes an answer.
pub fn to_bytes<T: Serialize>(answer: &T) -> Result<Vec<u8>, NotCompact> {
    postcard::to_allocvec(answer).ok().ok_or(NotCompact)
}

/// Reads an answer. Bytes left over are an error.
pub fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, NotCompact> {
    let mut reader = Reader::new(bytes);
    match T::deserialize(&mut reader) {
        Ok(answer) if reader.is_fully_read() => Ok(answer),
        _ => Err(NotCompact),
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

    #[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
    enum Anything {
        Nothing,
        Numbers(u8, i8, u16, i16, u32, i32, u64, i64),
        Others {
            flag: bool,
            single: f32,
            double: f64,
            text: String,
        },
        Nested(Box<(Option<Anything>, Vec<Anything>)>),
        Named(std::collections::BTreeMap<String, [u16; 2]>),
    }

    fn anything() -> impl Strategy<Value = Anything> {
        let numbers = any::<(u8, i8, u16, i16, u32, i32, u64, i64)>();
        let leaf = prop_oneof![
            Just(Anything::Nothing),
            numbers.prop_map(|(a, b, c, d, e, f, g, h)| Anything::Numbers(a, b, c, d, e, f, g, h)),
            any::<(bool, f32, f64, String)>().prop_map(|(flag, single, double, text)| Anything::Others {
                flag,
                single,
                double,
                text
            }),
            any::<std::collections::BTreeMap<String, [u16; 2]>>().prop_map(Anything::Named),
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            (prop::option::of(inner.clone()), prop::collection::vec(inner, 0..4))
                .prop_map(|both| Anything::Nested(Box::new(both)))
        })
    }

    proptest! {
        #[test]
        fn whatever_postcard_writes_is_read_and_only_that(value in anything(), cut in any::<prop::sample::Index>()) {
            let bytes = to_bytes(&value).unwrap();
            prop_assert_eq!(from_bytes::<Anything>(&bytes), postcard::from_bytes(&bytes).ok().ok_or(NotCompact));
            prop_assert_eq!(from_bytes::<Anything>(&bytes).unwrap(), value);
            prop_assert!(from_bytes::<Anything>(&bytes[..cut.index(bytes.len())]).is_err());
        }

        #[test]
        fn what_postcard_refuses_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let expected = postcard::take_from_bytes::<Anything>(&bytes);
            match expected {
                Ok((value, [])) => prop_assert_eq!(format!("{:?}", from_bytes::<Anything>(&bytes)), format!("{:?}", Ok::<_, NotCompact>(value))),
                _ => prop_assert!(from_bytes::<Anything>(&bytes).is_err()),
            }
        }

        #[test]
        fn hostile_bytes_are_an_error_and_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = from_bytes::<Envelope>(&bytes);
            let _ = from_bytes::<Nights>(&bytes);
            let _ = from_bytes::<Raster>(&bytes);
            let _ = from_bytes::<Density>(&bytes);
        }
    }
}
