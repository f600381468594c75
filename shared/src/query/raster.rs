//! A matrix over all channels of a metric: time x channel (a heatmap), or time x value (how many samples lie where).

use serde::{Deserialize, Serialize};

use crate::compact::pack::{is_narrow, narrow};
use crate::time::Timestamp;

mod forms;

/// The most rows that a raster may be asked for.
pub const MAX_ROWS: u32 = 16_384;

/// `GET /api/v1/raster?metric=M&from&to&columns=600&rows=400&stat=mean|min|max|last|density[&value_min&value_max&log]`
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct RasterQuery {
    /// The metric by name.
    #[cfg_attr(feature = "openapi", param(example = "surfrad.temp"))]
    pub metric: String,
    /// The first moment of the range.
    #[cfg_attr(feature = "openapi", param(example = "2016-01-01T12:00:00Z"))]
    pub from: Timestamp,
    /// The first moment after the range.
    #[cfg_attr(feature = "openapi", param(example = "2016-01-01T18:00:00Z"))]
    pub to: Timestamp,
    /// About how many columns: the answer has between half and twice as many, or one per frame where frames are few.
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 16_384, example = 60))]
    pub columns: u32,
    /// At most how many rows of channels; of a density, exactly how many steps of value.
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 16_384, example = 40))]
    pub rows: u32,
    /// What a cell tells.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", param(example = "mean"))]
    pub stat: Statistic,
    /// The lower end of the values of a density; without it, the least of the range.
    #[serde(default)]
    pub value_min: Option<f64>,
    /// The upper end of the values of a density; without it, the greatest of the range.
    #[serde(default)]
    pub value_max: Option<f64>,
    /// Whether the steps of value of a density are equal ratios rather than equal differences, for a logarithmic axis.
    /// Both ends are positive then: without `value_min` it is the least of the range or, where that is not positive, the
    /// millionth part of the greatest.
    #[serde(default)]
    pub log: bool,
}

/// What a cell of a raster tells of its finite samples.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Statistic {
    /// The mean of all samples of the cell, each of them counted once.
    #[default]
    Mean,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// The last sample of a channel; where a row has several channels, of the last one that has any.
    Last,
    /// How many samples lie at which value: the rows are steps of value.
    Density,
}

/// The answer to every statistic but [`Statistic::Density`]: one value per row of channels and column of time.
///
/// Every sample of the range belongs to exactly one cell, and no other sample does. Columns rise in time and do not
/// overlap; there is one for each bucket of the range, whether anything is stored in it or not, and the first and last
/// are cut at the range's ends. Where the range holds few frames, each is a column of its own: from its time to the
/// next frame or, where that is further than three intervals (a gap), for one interval.
#[derive(Clone, PartialEq, Debug, Default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Raster {
    /// Where each column starts, in microseconds since the epoch.
    pub start_us: Vec<i64>,
    /// Where it ends: the first microsecond after it.
    pub end_us: Vec<i64>,
    /// The first channel of each row.
    pub row_first: Vec<u32>,
    /// The last channel of each row, included.
    pub row_last: Vec<u32>,
    /// Row by row the value of each column, in the unit of the metric; `None` where the cell has no finite sample.
    #[cfg_attr(feature = "openapi", schema(rename = "values", value_type = Vec<Vec<Option<f64>>>))]
    pub cells: CellValues,
    /// How wide the buckets are that the columns are, in microseconds; `None` where each column is one frame.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub bucket_us: Option<i64>,
    /// Which of the cells without a value hold samples all the same, all of them null, NaN or infinite. In all other
    /// cells without a value nothing is stored.
    #[cfg_attr(feature = "openapi", schema(required = false, value_type = Vec<[u32; 3]>))]
    pub blanks: Vec<BlankCells>,
}

/// Neighboring cells of a row that hold samples, but no finite one: row, first column, last column (included).
pub type BlankCells = [u32; 3];

/// The values of cells, row by row without a break; NaN where a cell has no finite sample.
///
/// Narrow where that loses nothing: half the memory, and half the way.
#[derive(Clone, Debug)]
pub enum CellValues {
    /// Every value is exact in four bytes.
    F32(Vec<f32>),
    /// Some are not.
    F64(Vec<f64>),
}

impl CellValues {
    /// These values, NaN for none, in as few bytes as keep every bit of them.
    pub fn narrowest(values: Vec<f64>) -> Self {
        if values.iter().all(|value| value.is_nan() || is_narrow(*value)) {
            Self::F32(values.into_iter().map(narrow).collect())
        } else {
            Self::F64(values)
        }
    }

    /// How many cells.
    pub fn len(&self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::F64(values) => values.len(),
        }
    }

    /// Whether there is no cell.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a cell; `None` where it has no finite sample, and beyond the last.
    #[inline]
    pub fn get(&self, index: usize) -> Option<f64> {
        let value = match self {
            Self::F32(values) => f64::from(*values.get(index)?),
            Self::F64(values) => *values.get(index)?,
        };
        (!value.is_nan()).then_some(value)
    }

    /// All of them in their order, `None` where a cell has no finite sample.
    pub fn iter(&self) -> impl Iterator<Item = Option<f64>> + '_ {
        (0..self.len()).map(|index| self.get(index))
    }
}

impl Default for CellValues {
    fn default() -> Self {
        Self::F32(Vec::new())
    }
}

/// The same values, however wide.
impl PartialEq for CellValues {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl Raster {
    /// How many columns of time.
    pub fn n_columns(&self) -> usize {
        self.start_us.len()
    }

    /// How many rows of channels.
    pub fn n_rows(&self) -> usize {
        self.row_first.len()
    }

    /// The value of a cell; `None` where it has no finite sample, and where there is no such cell.
    pub fn value(&self, row: usize, column: usize) -> Option<f64> {
        let n_columns = self.n_columns();
        (column < n_columns).then(|| self.cells.get(row * n_columns + column))?
    }
}

/// The answer to [`Statistic::Density`]: how many samples of all channels lie in each column of time at each step of
/// value.
///
/// The columns are those of a [`Raster`]. Row i holds the values from `value_min + i * step` on and below the next step,
/// where `step` is `(value_max - value_min) / rows`; the last row holds `value_max` as well. Where both are equal, the
/// middle row (`rows / 2`) holds their value. All counts, `below` and `above` add up to the number of finite samples of
/// the range or, by buckets, to the number of channels' columns that have one.
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Density {
    /// Where each column starts, in microseconds since the epoch.
    pub start_us: Vec<i64>,
    /// Where it ends: the first microsecond after it.
    pub end_us: Vec<i64>,
    /// The lower end of the lowest row, in the unit of the metric; `None` where it was not given and there is no sample.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub value_min: Option<f64>,
    /// The upper end of the highest row, in the unit of the metric; `None` where it was not given and there is no sample.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub value_max: Option<f64>,
    /// How many lie below `value_min`.
    pub below: u64,
    /// How many lie above `value_max`.
    pub above: u64,
    /// What is counted.
    pub of: DensityOf,
    /// Row by row, the lowest values first, the count of each column.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Vec<u64>>))]
    pub counts: Vec<u32>,
    /// How wide the buckets are that the columns are, in microseconds; `None` where each column is one frame.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub bucket_us: Option<i64>,
    /// Which columns hold samples, but no finite one: first and last, included.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub blanks: Vec<[u32; 2]>,
}

impl Density {
    /// How many columns of time.
    pub fn n_columns(&self) -> usize {
        self.start_us.len()
    }

    /// How many rows of value; there is always a column.
    pub fn n_rows(&self) -> usize {
        self.counts.len().checked_div(self.n_columns()).unwrap_or(0)
    }

    /// How many lie in a cell; zero where there is no such cell.
    pub fn count(&self, row: usize, column: usize) -> u32 {
        let n_columns = self.n_columns();
        let index = (column < n_columns).then(|| row * n_columns + column);
        index.and_then(|index| self.counts.get(index)).copied().unwrap_or(0)
    }
}

/// The edges of so many steps of value between two ends, as a density has its rows: equal differences, or equal ratios if
/// `is_log`. Where both ends are equal, the middle row is that value.
pub fn density_edges(low: f64, high: f64, n_rows: usize, is_log: bool) -> Vec<f64> {
    let rows = n_rows as f64;
    if is_log && 0.0 < low && low < high {
        let (origin, step) = (low.ln(), (high.ln() - low.ln()) / rows);
        return (0..=n_rows).map(|row| (origin + step * row as f64).exp()).collect();
    }
    let (low, step) = if low < high {
        (low, (high - low) / rows)
    } else {
        let step = (low.abs() * 0.1).max(1.0) / rows;
        (low - step * ((n_rows / 2) as f64 + 0.5), step)
    };
    (0..=n_rows).map(|row| low + step * row as f64).collect()
}

/// What a density counts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DensityOf {
    /// Every finite sample.
    Samples,
    /// Per channel and column the mean of its finite samples, because there are too many samples to count.
    Buckets,
}

impl Statistic {
    /// The word on the wire and on the screen.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Min => "min",
            Self::Max => "max",
            Self::Last => "last",
            Self::Density => "density",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compact;

    #[test]
    fn a_raster_survives_both_forms() {
        let raster = Raster {
            start_us: vec![0, 60],
            end_us: vec![60, 120],
            row_first: vec![0],
            row_last: vec![3],
            cells: CellValues::narrowest(vec![f64::NAN, 0.1]),
            bucket_us: Some(60),
            blanks: vec![[0, 0, 0]],
        };
        let json = serde_json::to_string(&raster).unwrap();
        assert_eq!(
            json,
            r#"{"start_us":[0,60],"end_us":[60,120],"row_first":[0],"row_last":[3],"values":[[null,0.1]],"bucket_us":60,"blanks":[[0,0,0]]}"#
        );
        assert_eq!(serde_json::from_str::<Raster>(&json).unwrap(), raster);
        assert_eq!(
            compact::from_bytes::<Raster>(&compact::to_bytes(&raster).unwrap()).unwrap(),
            raster
        );
    }

    #[test]
    fn a_density_survives_both_forms() {
        let density = Density {
            start_us: vec![0],
            end_us: vec![60],
            value_min: None,
            value_max: Some(1.0),
            below: 1,
            above: 2,
            of: DensityOf::Buckets,
            counts: vec![3, 4],
            bucket_us: None,
            blanks: vec![],
        };
        let json = serde_json::to_string(&density).unwrap();
        assert_eq!(
            json,
            r#"{"start_us":[0],"end_us":[60],"value_min":null,"value_max":1.0,"below":1,"above":2,"of":"buckets","counts":[[3],[4]],"bucket_us":null,"blanks":[]}"#
        );
        assert_eq!(serde_json::from_str::<Density>(&json).unwrap(), density);
        assert_eq!(
            compact::from_bytes::<Density>(&compact::to_bytes(&density).unwrap()).unwrap(),
            density
        );
    }

    #[test]
    fn the_rows_of_a_density_are_equal_steps_or_equal_ratios() {
        assert_eq!(density_edges(0.0, 4.0, 4, false), [0.0, 1.0, 2.0, 3.0, 4.0]);
        let ratios = density_edges(1.0, 1e4, 4, true);
        for (edge, expected) in ratios.iter().zip([1.0, 10.0, 100.0, 1e3, 1e4]) {
            assert!((edge / expected - 1.0).abs() < 1e-12, "{ratios:?}");
        }
        let edges = density_edges(3.0, 3.0, 5, true);
        assert!(edges[2] < 3.0 && 3.0 < edges[3], "{edges:?}");
    }

    #[test]
    fn the_word_of_a_statistic_is_the_one_on_the_wire() {
        for statistic in [
            Statistic::Mean,
            Statistic::Min,
            Statistic::Max,
            Statistic::Last,
            Statistic::Density,
        ] {
            let word = serde_json::to_value(statistic).unwrap();
            assert_eq!(word, statistic.as_str());
        }
    }
}
