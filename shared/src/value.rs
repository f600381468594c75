//! A stored value: a number, or null.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

/// The value of a sample: null ("the sensor said: no value"), NaN, an infinity or a finite number.
///
/// The three kinds of nothing stay apart: null is a `Value`, NaN is a `Value`, and "no row" is the absence of one.
/// Only finite values enter min, max and mean.
///
/// Eight bytes: null is one reserved NaN bit pattern, every other NaN is stored as the canonical one, so that equality
/// and storage are plain bit comparisons. In JSON a finite number is a number, null is `null`, and the values that
/// JSON cannot write are the strings `"NaN"`, `"Infinity"` and `"-Infinity"`; the compact form has the bit pattern.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Value(u64);

/// The reserved bit pattern of null: a quiet NaN whose payload spells "null".
const NULL_BITS: u64 = 0x7ff8_0000_6e75_6c6c;

/// The same in four bytes: a quiet NaN whose payload spells "nu".
const NARROW_NULL_BITS: u32 = 0x7fc0_6e75;

impl Value {
    /// The sensor said that it has no value.
    pub const NULL: Self = Self(NULL_BITS);

    /// Not a number.
    pub const NAN: Self = Self(0x7ff8_0000_0000_0000);

    /// A number; any NaN becomes the canonical NaN, never null.
    pub const fn number(number: f64) -> Self {
        if number.is_nan() {
            Self::NAN
        } else {
            Self(number.to_bits())
        }
    }

    /// Whether this is null.
    pub const fn is_null(self) -> bool {
        self.0 == NULL_BITS
    }

    /// The number, which may be NaN or infinite; `None` for null.
    pub const fn as_number(self) -> Option<f64> {
        if self.is_null() {
            None
        } else {
            Some(f64::from_bits(self.0))
        }
    }

    /// The number if it is finite: what enters min, max and mean.
    pub const fn finite(self) -> Option<f64> {
        let number = f64::from_bits(self.0);
        if number.is_finite() { Some(number) } else { None }
    }

    /// The bit pattern, for stores that pack values.
    pub const fn to_bits(self) -> u64 {
        self.0
    }

    /// The inverse of [`Value::to_bits`]; unknown NaN patterns become the canonical NaN.
    pub const fn from_bits(bits: u64) -> Self {
        if bits == NULL_BITS {
            Self::NULL
        } else {
            Self::number(f64::from_bits(bits))
        }
    }
}

impl Value {
    /// The value in four bytes, as the bits of a 32-bit float, where nothing is lost by that; null is one reserved NaN
    /// among them, too.
    #[inline]
    pub fn to_narrow_bits(self) -> Option<u32> {
        if self.is_null() {
            return Some(NARROW_NULL_BITS);
        }
        let number = f64::from_bits(self.0);
        if number.is_nan() {
            return Some(f32::NAN.to_bits());
        }
        #[expect(clippy::cast_possible_truncation, reason = "taken only if nothing was lost")]
        let narrow = number as f32;
        (f64::from(narrow).to_bits() == self.0).then(|| narrow.to_bits())
    }

    /// The inverse of [`Value::to_narrow_bits`]; unknown NaN patterns become the canonical NaN.
    #[inline]
    pub fn from_narrow_bits(bits: u32) -> Self {
        if bits == NARROW_NULL_BITS {
            Self::NULL
        } else {
            Self::number(f64::from(f32::from_bits(bits)))
        }
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::number(number)
    }
}

impl From<Option<f64>> for Value {
    fn from(number: Option<f64>) -> Self {
        number.map_or(Self::NULL, Self::number)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_number() {
            None => f.write_str("null"),
            Some(number) => fmt::Display::fmt(&number, f),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return serializer.serialize_u64(self.0);
        }
        match self.as_number() {
            None => serializer.serialize_none(),
            Some(number) if number.is_finite() => serializer.serialize_f64(number),
            Some(number) if number.is_nan() => serializer.serialize_str("NaN"),
            Some(number) if number > 0.0 => serializer.serialize_str("Infinity"),
            Some(_) => serializer.serialize_str("-Infinity"),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return u64::deserialize(deserializer).map(Self::from_bits);
        }
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl Visitor<'_> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(r#"a number, null, "NaN", "Infinity" or "-Infinity""#)
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Value, E> {
        Ok(Value::number(number))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::number(number as f64))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Value, E> {
        Ok(Value::number(number as f64))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::NULL)
    }

    fn visit_none<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::NULL)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        match text {
            "NaN" => Ok(Value::NAN),
            "Infinity" => Ok(Value::number(f64::INFINITY)),
            "-Infinity" => Ok(Value::number(f64::NEG_INFINITY)),
            _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_nan_and_numbers_stay_apart_through_json() {
        let values = [
            Value::NULL,
            Value::NAN,
            1.5.into(),
            f64::INFINITY.into(),
            f64::NEG_INFINITY.into(),
            (-0.0).into(),
        ];
        let json = serde_json::to_string(&values).unwrap();
        assert_eq!(json, r#"[null,"NaN",1.5,"Infinity","-Infinity",-0.0]"#);
        assert_eq!(serde_json::from_str::<Vec<Value>>(&json).unwrap(), values);
    }

    #[test]
    fn a_nan_of_any_payload_is_nan_and_never_null() {
        assert_eq!(Value::number(f64::from_bits(NULL_BITS)), Value::NAN);
        assert_eq!(Value::from_bits(0xfff8_dead_beef_0000), Value::NAN);
        assert_eq!(Value::from_bits(Value::NULL.to_bits()), Value::NULL);
    }

    #[test]
    fn four_bytes_hold_what_is_exact_in_them_and_nothing_else() {
        let narrow = [
            Value::NULL,
            Value::NAN,
            1.5.into(),
            (-0.0).into(),
            f64::NEG_INFINITY.into(),
        ];
        for value in narrow {
            assert_eq!(value.to_narrow_bits().map(Value::from_narrow_bits), Some(value));
        }
        for value in [0.1, 1e300, 16_777_217.0] {
            assert_eq!(Value::number(value).to_narrow_bits(), None);
        }
        assert_eq!(Value::from_narrow_bits(0xffc0_dead), Value::NAN);
    }

    #[test]
    fn only_finite_numbers_are_finite() {
        assert_eq!(Value::number(2.0).finite(), Some(2.0));
        for value in [Value::NULL, Value::NAN, f64::INFINITY.into()] {
            assert_eq!(value.finite(), None);
        }
    }

    #[test]
    fn a_wrong_text_names_what_is_allowed() {
        let error = serde_json::from_str::<Value>(r#""off""#).unwrap_err().to_string();
        assert!(error.contains(r#"expected a number, null, "NaN""#), "{error}");
    }
}
