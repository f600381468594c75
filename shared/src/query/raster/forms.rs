//! How rasters are written and read: in JSON with an array for each row; in the compact form with one array for all cells,
//! numbers as planes of bytes and the edges of columns and rows as steps.

use serde::de::Error as _;
use serde::ser::SerializeSeq as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{BlankCells, CellValues, Density, DensityOf, Raster};
use crate::compact::pack::{Planes, spans_of_steps, steps_of_spans, u32s, u64s};

/// The cells of a row by its number.
type Row<'a, T> = dyn Fn(usize, usize) -> T + 'a;

/// Cells as JSON has them: an array of arrays.
struct Rows<'a, T> {
    height: usize,
    n_columns: usize,
    cell: &'a Row<'a, T>,
}

/// One of the arrays.
struct Cells<'a, T> {
    row: usize,
    n_columns: usize,
    cell: &'a Row<'a, T>,
}

impl<T: Serialize> Serialize for Rows<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            height,
            n_columns,
            cell,
        } = *self;
        let mut rows = serializer.serialize_seq(Some(height))?;
        for row in 0..height {
            rows.serialize_element(&Cells { row, n_columns, cell })?;
        }
        rows.end()
    }
}

impl<T: Serialize> Serialize for Cells<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((0..self.n_columns).map(|column| (self.cell)(self.row, column)))
    }
}

#[derive(Serialize)]
struct JsonRaster<'a> {
    start_us: &'a [i64],
    end_us: &'a [i64],
    row_first: &'a [u32],
    row_last: &'a [u32],
    values: Rows<'a, Option<f64>>,
    bucket_us: Option<i64>,
    blanks: &'a [BlankCells],
}

#[derive(Deserialize)]
struct RasterParts {
    start_us: Vec<i64>,
    end_us: Vec<i64>,
    row_first: Vec<u32>,
    row_last: Vec<u32>,
    values: Vec<Vec<Option<f64>>>,
    #[serde(default)]
    bucket_us: Option<i64>,
    #[serde(default)]
    blanks: Vec<BlankCells>,
}

/// A raster in the compact form, with its cells written as `P`.
#[derive(Serialize, Deserialize)]
struct CompactRaster<P> {
    columns: Vec<i64>,
    rows: Vec<i64>,
    bucket_us: Option<i64>,
    cells: P,
    blanks: Vec<BlankCells>,
}

impl Serialize for Raster {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return JsonRaster {
                start_us: &self.start_us,
                end_us: &self.end_us,
                row_first: &self.row_first,
                row_last: &self.row_last,
                values: Rows {
                    height: self.n_rows(),
                    n_columns: self.n_columns(),
                    cell: &|row, column| self.value(row, column),
                },
                bucket_us: self.bucket_us,
                blanks: &self.blanks,
            }
            .serialize(serializer);
        }
        let widened = |rows: &[u32]| rows.iter().copied().map(i64::from).collect::<Vec<i64>>();
        CompactRaster {
            columns: steps_of_spans(&self.start_us, &self.end_us),
            rows: steps_of_spans(&widened(&self.row_first), &widened(&self.row_last)),
            bucket_us: self.bucket_us,
            cells: match &self.cells {
                CellValues::F32(values) => Planes::of_u32s(values.iter().map(|value| value.to_bits())),
                CellValues::F64(values) => Planes::of_u64s(values.iter().map(|value| value.to_bits())),
            },
            blanks: self.blanks.clone(),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Raster {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raster = if deserializer.is_human_readable() {
            Self::of_parts(RasterParts::deserialize(deserializer)?)
        } else {
            Self::of_compact(CompactRaster::<&[u8]>::deserialize(deserializer)?)
        };
        raster.ok_or_else(|| D::Error::custom("a raster needs one value per row and column"))
    }
}

impl Raster {
    fn of_parts(parts: RasterParts) -> Option<Self> {
        let n_columns = parts.start_us.len();
        let fits = parts.end_us.len() == n_columns
            && parts.values.len() == parts.row_first.len()
            && parts.row_last.len() == parts.row_first.len()
            && parts.values.iter().all(|row| row.len() == n_columns);
        let values = parts.values.into_iter().flatten();
        fits.then(|| Self {
            start_us: parts.start_us,
            end_us: parts.end_us,
            row_first: parts.row_first,
            row_last: parts.row_last,
            cells: CellValues::narrowest(values.map(|value| value.unwrap_or(f64::NAN)).collect()),
            bucket_us: parts.bucket_us,
            blanks: parts.blanks,
        })
    }

    fn of_compact(compact: CompactRaster<&[u8]>) -> Option<Self> {
        let (start_us, end_us) = spans_of_steps(compact.columns);
        let (row_first, row_last) = spans_of_steps(compact.rows);
        let channels = |rows: Vec<i64>| -> Option<Vec<u32>> {
            rows.into_iter().map(|channel| u32::try_from(channel).ok()).collect()
        };
        let n_cells = start_us.len().checked_mul(row_first.len())?;
        let planes = compact.cells;
        let cells = if Some(planes.len()) == n_cells.checked_mul(4) {
            CellValues::F32(u32s(planes).into_iter().map(f32::from_bits).collect())
        } else if Some(planes.len()) == n_cells.checked_mul(8) {
            CellValues::F64(u64s(planes).into_iter().map(f64::from_bits).collect())
        } else {
            return None;
        };
        Some(Self {
            start_us,
            end_us,
            row_first: channels(row_first)?,
            row_last: channels(row_last)?,
            cells,
            bucket_us: compact.bucket_us,
            blanks: compact.blanks,
        })
    }
}

#[derive(Serialize)]
struct JsonDensity<'a> {
    start_us: &'a [i64],
    end_us: &'a [i64],
    value_min: Option<f64>,
    value_max: Option<f64>,
    below: u64,
    above: u64,
    of: DensityOf,
    counts: Rows<'a, u32>,
    bucket_us: Option<i64>,
    blanks: &'a [[u32; 2]],
}

#[derive(Deserialize)]
struct DensityParts {
    start_us: Vec<i64>,
    end_us: Vec<i64>,
    value_min: Option<f64>,
    value_max: Option<f64>,
    below: u64,
    above: u64,
    of: DensityOf,
    counts: Vec<Vec<u32>>,
    #[serde(default)]
    bucket_us: Option<i64>,
    #[serde(default)]
    blanks: Vec<[u32; 2]>,
}

/// A density in the compact form, with its counts held as `C`.
#[derive(Serialize, Deserialize)]
struct CompactDensity<C> {
    columns: Vec<i64>,
    value_min: Option<f64>,
    value_max: Option<f64>,
    below: u64,
    above: u64,
    of: DensityOf,
    /// Mostly small, one byte each below 128.
    counts: C,
    bucket_us: Option<i64>,
    blanks: Vec<[u32; 2]>,
}

impl Serialize for Density {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return JsonDensity {
                start_us: &self.start_us,
                end_us: &self.end_us,
                value_min: self.value_min,
                value_max: self.value_max,
                below: self.below,
                above: self.above,
                of: self.of,
                counts: Rows {
                    height: self.n_rows(),
                    n_columns: self.n_columns(),
                    cell: &|row, column| self.count(row, column),
                },
                bucket_us: self.bucket_us,
                blanks: &self.blanks,
            }
            .serialize(serializer);
        }
        CompactDensity {
            columns: steps_of_spans(&self.start_us, &self.end_us),
            value_min: self.value_min,
            value_max: self.value_max,
            below: self.below,
            above: self.above,
            of: self.of,
            counts: &*self.counts,
            bucket_us: self.bucket_us,
            blanks: self.blanks.clone(),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Density {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let density = if deserializer.is_human_readable() {
            Self::of_parts(DensityParts::deserialize(deserializer)?)
        } else {
            Self::of_compact(CompactDensity::deserialize(deserializer)?)
        };
        density.ok_or_else(|| D::Error::custom("a density needs one count per row and column"))
    }
}

impl Density {
    fn of_parts(parts: DensityParts) -> Option<Self> {
        let n_columns = parts.start_us.len();
        let fits = parts.end_us.len() == n_columns && parts.counts.iter().all(|row| row.len() == n_columns);
        fits.then(|| Self {
            start_us: parts.start_us,
            end_us: parts.end_us,
            value_min: parts.value_min,
            value_max: parts.value_max,
            below: parts.below,
            above: parts.above,
            of: parts.of,
            counts: parts.counts.concat(),
            bucket_us: parts.bucket_us,
            blanks: parts.blanks,
        })
    }

    fn of_compact(compact: CompactDensity<Vec<u32>>) -> Option<Self> {
        let (start_us, end_us) = spans_of_steps(compact.columns);
        let is_whole = match compact.counts.len().checked_rem(start_us.len()) {
            Some(rest) => rest == 0,
            None => compact.counts.is_empty(),
        };
        is_whole.then_some(Self {
            start_us,
            end_us,
            value_min: compact.value_min,
            value_max: compact.value_max,
            below: compact.below,
            above: compact.above,
            of: compact.of,
            counts: compact.counts,
            bucket_us: compact.bucket_us,
            blanks: compact.blanks,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compact;

    fn raster(values: Vec<f64>) -> Raster {
        Raster {
            start_us: vec![0, 60, 300],
            end_us: vec![60, 120, 360],
            row_first: vec![0, 2],
            row_last: vec![1, 3],
            cells: CellValues::narrowest(values),
            bucket_us: None,
            blanks: vec![[1, 0, 2]],
        }
    }

    #[test]
    fn values_are_narrow_where_nothing_is_lost_by_it_and_no_value_is_never_a_number() {
        let narrow = raster(vec![0.5, f64::NAN, 1e-3_f32.into(), -0.0, 16_777_216.0, f64::NAN]);
        assert!(matches!(narrow.cells, CellValues::F32(_)));
        let wide = raster(vec![0.1, f64::NAN, 0.5, -0.0, 16_777_217.0, 1e300]);
        assert!(matches!(wide.cells, CellValues::F64(_)));
        for raster in [narrow, wide] {
            let bytes = compact::to_bytes(&raster).unwrap();
            let read = compact::from_bytes::<Raster>(&bytes).unwrap();
            assert_eq!(read, raster);
            assert_eq!(
                std::mem::discriminant(&read.cells),
                std::mem::discriminant(&raster.cells)
            );
            assert_eq!(
                (read.value(0, 1), read.value(0, 3), read.value(2, 0)),
                (None, None, None)
            );
            assert_eq!(read.value(0, 0), raster.cells.get(0));
            let json = serde_json::to_string(&raster).unwrap();
            assert_eq!(serde_json::from_str::<Raster>(&json).unwrap(), raster);
        }
    }

    #[test]
    fn a_raster_whose_cells_are_too_few_or_too_many_is_refused() {
        let json = serde_json::to_string(&raster(vec![0.5; 6])).unwrap();
        for (from, to) in [
            ("[[0.5,", "[["),
            (r#""end_us":[60,"#, r#""end_us":["#),
            (r#""row_last":[1,"#, r#""row_last":["#),
        ] {
            let error = serde_json::from_str::<Raster>(&json.replace(from, to)).unwrap_err();
            assert!(error.to_string().contains("one value per row and column"), "{error}");
        }
        let mut few = raster(vec![0.5; 6]);
        few.cells = CellValues::F32(vec![0.5; 5]);
        assert!(compact::from_bytes::<Raster>(&compact::to_bytes(&few).unwrap()).is_err());
    }
}
