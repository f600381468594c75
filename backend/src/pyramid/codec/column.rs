//! Columns of numbers in bytes: a byte for the form, then the numbers.
//!
//! A column of equal numbers is one number, one of integers that rise in equal steps is two; another short one stands as
//! it is, and a longer one is packed by `pco`. Floats that are all exact in 32 bits are packed as such. An empty column is
//! nothing at all.

use pco::ChunkConfig;
use pco::standalone::{simple_compress, simple_decompress_into};

use super::BadTile;

const CONSTANT: u8 = 0;
const PACKED: u8 = 1;
const PLAIN: u8 = 2;
const PACKED_F32: u8 = 3;
const PLAIN_F32: u8 = 4;
const STEPS: u8 = 5;

/// Columns shorter than this are not worth the header of the packing library.
const MIN_PACKED: usize = 12;

/// How hard the packing library tries, 0 to 12.
const EFFORT: usize = 6;

/// Bytes being written.
#[derive(Debug, Default)]
pub(super) struct Out(Vec<u8>);

impl Out {
    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// A number of things, below 2^32.
    pub(super) fn count(&mut self, count: usize) {
        self.bytes(&u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
    }

    pub(super) fn integers(&mut self, numbers: &[i64]) -> Result<(), BadTile> {
        let Some(first) = numbers.first() else { return Ok(()) };
        if numbers.iter().all(|number| number == first) {
            self.bytes(&[CONSTANT]);
            self.bytes(&first.to_le_bytes());
        } else if let Some(step) = equal_steps(numbers) {
            self.bytes(&[STEPS]);
            self.bytes(&first.to_le_bytes());
            self.bytes(&step.to_le_bytes());
        } else if numbers.len() < MIN_PACKED {
            self.bytes(&[PLAIN]);
            for number in numbers {
                self.bytes(&number.to_le_bytes());
            }
        } else {
            self.packed(PACKED, numbers)?;
        }
        Ok(())
    }

    /// Finite numbers.
    pub(super) fn floats(&mut self, numbers: &[f64]) -> Result<(), BadTile> {
        let Some(first) = numbers.first() else { return Ok(()) };
        if numbers.iter().all(|number| number.to_bits() == first.to_bits()) {
            self.bytes(&[CONSTANT]);
            self.bytes(&first.to_le_bytes());
            return Ok(());
        }
        let narrow: Option<Vec<f32>> = numbers.iter().copied().map(exact_f32).collect();
        match narrow {
            Some(narrow) if narrow.len() < MIN_PACKED => {
                self.bytes(&[PLAIN_F32]);
                for number in narrow {
                    self.bytes(&number.to_le_bytes());
                }
            }
            Some(narrow) => self.packed(PACKED_F32, &narrow)?,
            None if numbers.len() < MIN_PACKED => {
                self.bytes(&[PLAIN]);
                for number in numbers {
                    self.bytes(&number.to_le_bytes());
                }
            }
            None => self.packed(PACKED, numbers)?,
        }
        Ok(())
    }

    fn packed<T: pco::data_types::Number>(&mut self, form: u8, numbers: &[T]) -> Result<(), BadTile> {
        let config = ChunkConfig::default().with_compression_level(EFFORT);
        let packed = simple_compress(numbers, &config).map_err(|error| BadTile::Column(error.to_string()))?;
        self.bytes(&[form]);
        self.count(packed.len());
        self.bytes(&packed);
        Ok(())
    }
}

/// The step by which each number differs from the one before, if it is always the same.
fn equal_steps(numbers: &[i64]) -> Option<i64> {
    let (first, rest) = numbers.split_first()?;
    let step = rest.first()?.checked_sub(*first)?;
    let are_equal = numbers
        .windows(2)
        .all(|pair| pair[1].checked_sub(pair[0]) == Some(step));
    are_equal.then_some(step)
}

/// The number in 32 bits, if nothing is lost by that.
fn exact_f32(number: f64) -> Option<f32> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the next line takes it only if nothing was lost"
    )]
    let narrow = number as f32;
    (f64::from(narrow).to_bits() == number.to_bits()).then_some(narrow)
}

/// Numbers of a column.
#[derive(Debug)]
pub(super) enum Floats {
    /// All exact in four bytes each.
    Narrow(Vec<f32>),
    Wide(Vec<f64>),
}

/// Bytes being read.
#[derive(Debug)]
pub(super) struct In<'a>(&'a [u8]);

impl<'a> In<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8], BadTile> {
        let (taken, rest) = self.0.split_at_checked(n).ok_or(BadTile::Damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], BadTile> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(BadTile::Damaged)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, BadTile> {
        self.array().map(|[byte]| byte)
    }

    /// Passes over a column of so many numbers.
    pub(super) fn skip(&mut self, n: usize) -> Result<(), BadTile> {
        if n == 0 {
            return Ok(());
        }
        let n_bytes = match self.byte()? {
            CONSTANT => 8,
            STEPS => 16,
            PLAIN => n.saturating_mul(8),
            PLAIN_F32 => n.saturating_mul(4),
            PACKED | PACKED_F32 => u32::from_le_bytes(self.array()?) as usize,
            _ => return Err(BadTile::Damaged),
        };
        self.take(n_bytes).map(drop)
    }

    /// A number of things, at most `most`.
    pub(super) fn count(&mut self, most: usize) -> Result<usize, BadTile> {
        let count = u32::from_le_bytes(self.array()?) as usize;
        if count <= most {
            Ok(count)
        } else {
            Err(BadTile::Damaged)
        }
    }

    pub(super) fn integers(&mut self, n: usize) -> Result<Vec<i64>, BadTile> {
        if n == 0 {
            return Ok(Vec::new());
        }
        let mut numbers: Vec<i64> = match self.byte()? {
            CONSTANT => vec![i64::from_le_bytes(self.array()?); n],
            STEPS => {
                let (first, step) = (i64::from_le_bytes(self.array()?), i64::from_le_bytes(self.array()?));
                let numbers = (0_i64..)
                    .take(n)
                    .map(|index| step.checked_mul(index)?.checked_add(first));
                numbers
                    .map(|number| number.ok_or(BadTile::Damaged))
                    .collect::<Result<_, _>>()?
            }
            PLAIN => (0..n)
                .map(|_| self.array().map(i64::from_le_bytes))
                .collect::<Result<_, _>>()?,
            PACKED => self.packed(n)?,
            _ => return Err(BadTile::Damaged),
        };
        // Tiles are kept, and their cache counts what they hold.
        numbers.shrink_to_fit();
        Ok(numbers)
    }

    /// Integers from 0 up to, and without, `limit`.
    pub(super) fn small(&mut self, n: usize, limit: usize) -> Result<Vec<u32>, BadTile> {
        let small = |number: i64| u32::try_from(number).ok().filter(|number| (*number as usize) < limit);
        let numbers = self.integers(n)?;
        let numbers = numbers.into_iter().map(|number| small(number).ok_or(BadTile::Damaged));
        let mut numbers: Vec<u32> = numbers.collect::<Result<_, _>>()?;
        // It has the memory of the wider numbers.
        numbers.shrink_to_fit();
        Ok(numbers)
    }

    /// Finite numbers.
    pub(super) fn floats(&mut self, n: usize) -> Result<Vec<f64>, BadTile> {
        Ok(match self.narrow_floats(n)? {
            Floats::Narrow(numbers) => numbers.into_iter().map(f64::from).collect(),
            Floats::Wide(numbers) => numbers,
        })
    }

    /// Finite numbers, in four bytes each where they are exact in so many.
    pub(super) fn narrow_floats(&mut self, n: usize) -> Result<Floats, BadTile> {
        if n == 0 {
            return Ok(Floats::Narrow(Vec::new()));
        }
        let numbers = match self.byte()? {
            CONSTANT => {
                let number = f64::from_le_bytes(self.array()?);
                exact_f32(number).map_or(Floats::Wide(vec![number; n]), |narrow| Floats::Narrow(vec![narrow; n]))
            }
            PLAIN => Floats::Wide(
                (0..n)
                    .map(|_| self.array().map(f64::from_le_bytes))
                    .collect::<Result<_, _>>()?,
            ),
            PLAIN_F32 => Floats::Narrow(
                (0..n)
                    .map(|_| self.array().map(f32::from_le_bytes))
                    .collect::<Result<_, _>>()?,
            ),
            PACKED => Floats::Wide(self.packed(n)?),
            PACKED_F32 => Floats::Narrow(self.packed(n)?),
            _ => return Err(BadTile::Damaged),
        };
        let are_finite = match &numbers {
            Floats::Narrow(numbers) => numbers.iter().all(|number| number.is_finite()),
            Floats::Wide(numbers) => numbers.iter().all(|number| number.is_finite()),
        };
        if are_finite { Ok(numbers) } else { Err(BadTile::Damaged) }
    }

    fn packed<T: pco::data_types::Number + Default>(&mut self, n: usize) -> Result<Vec<T>, BadTile> {
        let n_bytes = u32::from_le_bytes(self.array()?) as usize;
        let bytes = self.take(n_bytes)?;
        let mut numbers = vec![T::default(); n];
        let progress =
            simple_decompress_into(bytes, &mut numbers).map_err(|error| BadTile::Column(error.to_string()))?;
        if progress.n_processed == n && progress.finished {
            Ok(numbers)
        } else {
            Err(BadTile::Damaged)
        }
    }
}
