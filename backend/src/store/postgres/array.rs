//! Arrays in PostgreSQL's binary form: read from results, written into `COPY`.
//!
//! An array is its number of dimensions, whether it holds NULL, the type of its elements, per dimension a length and
//! the index of the first element, then the elements, each its length in bytes (-1: NULL) and its bytes. Big-endian.

use super::super::{Error, Result};

/// The fixed numbers of the element types, from `pg_type.dat`.
pub(super) const INT4: u32 = 23;
pub(super) const FLOAT4: u32 = 700;
pub(super) const FLOAT8: u32 = 701;
pub(super) const TIMESTAMPTZ: u32 = 1184;

const HEADER_BYTES: usize = 20;

/// Appends an array of one dimension; each element is its big-endian bytes, or `None` for NULL.
pub(super) fn put<const N: usize>(
    buffer: &mut Vec<u8>,
    element_type: u32,
    elements: impl ExactSizeIterator<Item = Option<[u8; N]>>,
) {
    let length = wire_length(elements.len());
    buffer.reserve(HEADER_BYTES + elements.len() * (4 + N));
    buffer.extend_from_slice(&1_i32.to_be_bytes());
    let null_flag = buffer.len();
    buffer.extend_from_slice(&0_i32.to_be_bytes());
    buffer.extend_from_slice(&element_type.to_be_bytes());
    buffer.extend_from_slice(&length.to_be_bytes());
    buffer.extend_from_slice(&1_i32.to_be_bytes());
    let mut has_null = false;
    for element in elements {
        if let Some(bytes) = element {
            buffer.extend_from_slice(&wire_length(N).to_be_bytes());
            buffer.extend_from_slice(&bytes);
        } else {
            has_null = true;
            buffer.extend_from_slice(&(-1_i32).to_be_bytes());
        }
    }
    buffer[null_flag + 3] = u8::from(has_null);
}

/// A length as the protocol has it. Nothing that is written comes near the limit; the server refuses what does.
pub(super) fn wire_length(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}

/// The elements of an array of at most one dimension, each converted; `None` stands for NULL.
pub(super) fn get<const N: usize, T>(
    bytes: &[u8],
    element_type: u32,
    convert: impl Fn(Option<[u8; N]>) -> Result<T>,
) -> Result<Vec<T>> {
    let corrupt = || Error::Corrupt("an array is not of the form that was asked for".to_owned());
    let (n_dimensions, rest) = split(bytes).ok_or_else(corrupt)?;
    let (_null_flag, rest) = split::<4>(rest).ok_or_else(corrupt)?;
    let (found_type, rest) = split(rest).ok_or_else(corrupt)?;
    if u32::from_be_bytes(found_type) != element_type {
        return Err(corrupt());
    }
    let (length, mut rest) = match i32::from_be_bytes(n_dimensions) {
        0 => (0, rest),
        1 => {
            let (length, rest) = split(rest).ok_or_else(corrupt)?;
            // Where the index starts is of no meaning here.
            let (_first_index, rest) = split::<4>(rest).ok_or_else(corrupt)?;
            (i32::from_be_bytes(length), rest)
        }
        _ => return Err(corrupt()),
    };
    let length = usize::try_from(length).map_err(|_negative| corrupt())?;
    // The bound keeps a damaged length from asking for all of the memory.
    let mut elements = Vec::with_capacity(length.min(rest.len() / 4));
    for _ in 0..length {
        let (n_bytes, after) = split(rest).ok_or_else(corrupt)?;
        let n_bytes = i32::from_be_bytes(n_bytes);
        if n_bytes == -1 {
            rest = after;
            elements.push(convert(None)?);
        } else if n_bytes == wire_length(N) {
            let (element, after) = split(after).ok_or_else(corrupt)?;
            rest = after;
            elements.push(convert(Some(element))?);
        } else {
            return Err(corrupt());
        }
    }
    if rest.is_empty() { Ok(elements) } else { Err(corrupt()) }
}

fn split<const N: usize>(bytes: &[u8]) -> Option<([u8; N], &[u8])> {
    bytes.split_first_chunk().map(|(head, rest)| (*head, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn arrays_survive_their_bytes(elements in prop::collection::vec(any::<Option<f64>>(), 0..20)) {
            let mut bytes = Vec::new();
            put(&mut bytes, FLOAT8, elements.iter().map(|element| element.map(f64::to_be_bytes)));
            let read = get(&bytes, FLOAT8, |element| Ok(element.map(f64::from_be_bytes))).unwrap();
            prop_assert_eq!(read, elements);
        }

        #[test]
        fn no_bytes_make_reading_panic(
            mut bytes in prop::collection::vec(any::<u8>(), 0..60), well_formed in any::<bool>(), length in any::<i32>(),
        ) {
            if well_formed {
                let mut head = Vec::new();
                put(&mut head, INT4, std::iter::empty::<Option<[u8; 4]>>());
                head[12..16].copy_from_slice(&length.to_be_bytes());
                head.append(&mut bytes);
                bytes = head;
            }
            if let Ok(elements) = get::<4, _>(&bytes, INT4, Ok) {
                prop_assert!(elements.len() <= bytes.len() / 4);
            }
        }
    }

    #[test]
    fn the_form_is_the_one_that_the_manual_shows() {
        let mut bytes = Vec::new();
        put(&mut bytes, INT4, [Some(7_i32.to_be_bytes()), None].into_iter());
        let expected = [
            [0, 0, 0, 1],
            [0, 0, 0, 1],
            [0, 0, 0, 23],
            [0, 0, 0, 2],
            [0, 0, 0, 1],
            [0, 0, 0, 4],
            [0, 0, 0, 7],
            [0xff; 4],
        ];
        assert_eq!(bytes, expected.concat());
        assert!(
            matches!(get::<4, _>(&bytes, FLOAT4, Ok), Err(Error::Corrupt(_))),
            "another type"
        );
    }
}
