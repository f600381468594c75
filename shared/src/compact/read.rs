//! Reading the compact form in little code. What cannot be is noted and read on as nothing, and only at the end the whole
//! is refused: so that no step of reading can fail, and the compiler leaves out of every type what it would do if one did.

use std::fmt;

use serde::de::value::U32Deserializer;
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor};

/// A type said that it cannot be what was read, or needs names that the form does not have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unfit;

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unfit")
    }
}

impl std::error::Error for Unfit {}

impl Error for Unfit {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

/// Bytes that are being read.
#[derive(Debug)]
pub(super) struct Reader<'de> {
    bytes: &'de [u8],
    is_bad: bool,
}

// Not inlined, here and below: they are called for every field of every type.
impl<'de> Reader<'de> {
    /// From the first byte.
    pub(super) const fn new(bytes: &'de [u8]) -> Self {
        Self { bytes, is_bad: false }
    }

    /// Whether all bytes were read, and every one of them as what it is.
    pub(super) const fn is_fully_read(&self) -> bool {
        self.bytes.is_empty() && !self.is_bad
    }

    #[inline(never)]
    const fn note_bad(&mut self) {
        self.bytes = &[];
        self.is_bad = true;
    }

    #[inline(never)]
    fn take(&mut self, length: usize) -> &'de [u8] {
        if let Some((taken, rest)) = self.bytes.split_at_checked(length) {
            self.bytes = rest;
            return taken;
        }
        self.note_bad();
        &[]
    }

    #[inline(never)]
    fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    /// A whole number of up to `most`, seven bits to a byte, the lowest first.
    #[inline(never)]
    fn number(&mut self, most: u64) -> u64 {
        let mut number = 0;
        for shift in (0..70).step_by(7) {
            let byte = self.byte();
            let bits = u64::from(byte & 127);
            if bits << shift >> shift != bits {
                break;
            }
            number |= bits << shift;
            if byte < 128 {
                if number > most {
                    break;
                }
                return number;
            }
        }
        self.note_bad();
        0
    }

    /// As [`Reader::number`], with the sign in the lowest bit.
    #[inline(never)]
    fn signed(&mut self, most: u64) -> i64 {
        let number = self.number(most);
        (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
    }

    /// How many things follow. Each is at least a byte.
    #[inline(never)]
    fn length(&mut self) -> usize {
        let length = usize::try_from(self.number(u64::MAX)).unwrap_or(usize::MAX);
        if length > self.bytes.len() {
            self.note_bad();
            return 0;
        }
        length
    }

    #[inline(never)]
    fn run(&mut self) -> &'de [u8] {
        let length = self.length();
        self.take(length)
    }

    #[inline(never)]
    fn text(&mut self) -> &'de str {
        let run = self.run();
        std::str::from_utf8(run).unwrap_or_else(|_| {
            self.note_bad();
            ""
        })
    }

    /// A byte that is 0 or 1.
    #[inline(never)]
    fn flag(&mut self) -> bool {
        let byte = self.byte();
        if byte > 1 {
            self.note_bad();
        }
        byte == 1
    }
}

macro_rules! whole {
    ($($method:ident $visit:ident $number:ty;)*) => {
        $(#[expect(clippy::cast_possible_truncation, reason = "not more than the greatest of its type is let through")]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
            visitor.$visit(self.number(u64::from(<$number>::MAX)) as $number)
        })*
    };
}

macro_rules! signed {
    ($($method:ident $visit:ident $number:ty, $unsigned:ty;)*) => {
        $(#[expect(clippy::cast_possible_truncation, reason = "not more than the greatest of its type is let through")]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
            visitor.$visit(self.signed(u64::from(<$unsigned>::MAX)) as $number)
        })*
    };
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Unfit;

    whole! {
        deserialize_u16 visit_u16 u16;
        deserialize_u32 visit_u32 u32;
    }

    signed! {
        deserialize_i16 visit_i16 i16, u16;
        deserialize_i32 visit_i32 i32, u32;
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_u64(self.number(u64::MAX))
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_i64(self.signed(u64::MAX))
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_u8(self.byte())
    }

    fn deserialize_i8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_i8(self.byte().cast_signed())
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_bool(self.flag())
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        let bytes = self.take(4).try_into().unwrap_or_default();
        visitor.visit_f32(f32::from_le_bytes(bytes))
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        let bytes = self.take(8).try_into().unwrap_or_default();
        visitor.visit_f64(f64::from_le_bytes(bytes))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_borrowed_str(self.text())
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_borrowed_str(self.text())
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_borrowed_bytes(self.run())
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_borrowed_bytes(self.run())
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        if self.flag() {
            visitor.visit_some(self)
        } else {
            visitor.visit_none()
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        let left = self.length();
        visitor.visit_seq(Elements { reader: self, left })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        let left = self.length();
        visitor.visit_map(Elements { reader: self, left })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_seq(Fields(self))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        visitor.visit_seq(Fields(self))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        visitor.visit_seq(Fields(self))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        visitor.visit_enum(Variant {
            reader: self,
            n_variants: variants.len(),
        })
    }

    // Names are not written, and so nothing says what is next.
    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Unfit> {
        Err(Unfit)
    }

    serde::forward_to_deserialize_any! { char identifier ignored_any }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// As many elements as were told.
struct Elements<'r, 'de> {
    reader: &'r mut Reader<'de>,
    left: usize,
}

impl Elements<'_, '_> {
    /// Whether there is one more. After what cannot be there is none.
    fn has_next(&mut self) -> bool {
        let has_next = self.left > 0 && !self.reader.is_bad;
        self.left = self.left.saturating_sub(1);
        has_next
    }
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = Unfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Unfit> {
        if !self.has_next() {
            return Ok(None);
        }
        seed.deserialize(&mut *self.reader).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

impl<'de> MapAccess<'de> for Elements<'_, 'de> {
    type Error = Unfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Unfit> {
        self.next_element_seed(seed)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Unfit> {
        seed.deserialize(&mut *self.reader)
    }
}

/// The fields of a type that knows how many it has.
struct Fields<'r, 'de>(&'r mut Reader<'de>);

impl<'de> SeqAccess<'de> for Fields<'_, 'de> {
    type Error = Unfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Unfit> {
        seed.deserialize(&mut *self.0).map(Some)
    }
}

/// One of so many variants.
struct Variant<'r, 'de> {
    reader: &'r mut Reader<'de>,
    n_variants: usize,
}

impl<'de> EnumAccess<'de> for Variant<'_, 'de> {
    type Error = Unfit;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Unfit> {
        let most = self.n_variants.saturating_sub(1);
        let number = self.reader.number(most as u64);
        let number = u32::try_from(number).unwrap_or_default();
        Ok((seed.deserialize(U32Deserializer::<Unfit>::new(number))?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, 'de> {
    type Error = Unfit;

    fn unit_variant(self) -> Result<(), Unfit> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Unfit> {
        seed.deserialize(self.reader)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_seq(Fields(self.reader))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_seq(Fields(self.reader))
    }
}
