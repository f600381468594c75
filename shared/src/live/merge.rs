//! How an increment is taken into an answer, by the page as by the server's tests: what lay in its range goes, its part
//! takes the place.
//!
//! What comes out equals the answer that HTTP gives to the same question at the increment's position. Where an answer
//! has changed in its whole form (samples have become columns, buckets are wider, a range of values has moved, a channel
//! is new) only the whole fits; a part that finds something of another form is a [`Misfit`], and the answer is asked for
//! anew.

use std::fmt;
use std::ops::Range;

use super::{Increment, Part, Question};
use crate::query::envelope::{ColumnSeries, Envelope, SampleSeries};
use crate::query::raster::{CellValues, Density, Raster};

/// A part of an answer of another form than the one that is held. What is held stays as it was; ask over HTTP anew, as
/// after a resynchronisation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Misfit;

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an increment does not fit to the answer that it is for")
    }
}

impl std::error::Error for Misfit {}

impl Increment {
    /// Whether it is all of the answer to a question.
    pub fn is_whole(&self, question: &Question) -> bool {
        let (from, to) = match question {
            Question::Envelope(query) => (query.from, query.to),
            Question::Raster(query) => (query.from, query.to),
            Question::Latest(_) | Question::Alarms | Question::Streams => return true,
        };
        self.from_us <= from.as_micros() && to.as_micros() <= self.to_us
    }

    /// Takes it into the answer that a client holds to a question.
    pub fn apply_to(self, question: &Question, held: &mut Part) -> Result<(), Misfit> {
        if self.is_whole(question) {
            *held = self.part;
            return Ok(());
        }
        let range_us = self.from_us..self.to_us;
        match (held, self.part) {
            (Part::Envelope(held), Part::Envelope(part)) => held.replace(&range_us, part),
            (Part::Raster(held), Part::Raster(part)) => held.replace(&range_us, part),
            (Part::Density(held), Part::Density(part)) => held.replace(&range_us, part),
            _ => Err(Misfit),
        }
    }
}

impl Envelope {
    /// Puts a part in the place of all that starts in a range of time, in microseconds since the epoch. Where nothing
    /// starts elsewhere, it may have another form.
    pub fn replace(&mut self, range_us: &Range<i64>, part: Self) -> Result<(), Misfit> {
        if self.lies_in(range_us) {
            *self = part;
            return Ok(());
        }
        match (self, part) {
            (
                Self::Columns { metric, unit, series },
                Self::Columns {
                    metric: new_metric,
                    unit: new_unit,
                    series: parts,
                },
            ) => {
                let same =
                    |held: &ColumnSeries, part: &ColumnSeries| held.channel == part.channel && held.label == part.label;
                replace_each(series, parts, same, |held, part| held.replace(range_us, part))?;
                (*metric, *unit) = (new_metric, new_unit);
                Ok(())
            }
            (
                Self::Samples { metric, unit, series },
                Self::Samples {
                    metric: new_metric,
                    unit: new_unit,
                    series: parts,
                },
            ) => {
                let same =
                    |held: &SampleSeries, part: &SampleSeries| held.channel == part.channel && held.label == part.label;
                replace_each(series, parts, same, |held, part| held.replace(range_us, part))?;
                (*metric, *unit) = (new_metric, new_unit);
                Ok(())
            }
            _ => Err(Misfit),
        }
    }

    /// Whether all of it starts in this range.
    fn lies_in(&self, range_us: &Range<i64>) -> bool {
        match self {
            Self::Columns { series, .. } => series.iter().all(|series| all_in(&series.start_us, range_us)),
            Self::Samples { series, .. } => series.iter().all(|series| all_in(&series.time_us, range_us)),
        }
    }
}

/// Puts each part into its series, or changes nothing where they are not of the same channels.
fn replace_each<S>(
    held: &mut [S],
    parts: Vec<S>,
    is_same: impl Fn(&S, &S) -> bool,
    replace: impl Fn(&mut S, S),
) -> Result<(), Misfit> {
    if held.len() != parts.len() || !held.iter().zip(&parts).all(|(held, part)| is_same(held, part)) {
        return Err(Misfit);
    }
    for (held, part) in held.iter_mut().zip(parts) {
        replace(held, part);
    }
    Ok(())
}

impl SampleSeries {
    fn replace(&mut self, range_us: &Range<i64>, part: Self) {
        let range = places(&self.time_us, range_us);
        splice(&mut self.time_us, &range, part.time_us);
        splice(&mut self.value, &range, part.value);
    }
}

impl ColumnSeries {
    fn replace(&mut self, range_us: &Range<i64>, part: Self) {
        let range = places(&self.start_us, range_us);
        splice(&mut self.start_us, &range, part.start_us);
        splice(&mut self.end_us, &range, part.end_us);
        splice(&mut self.count, &range, part.count);
        splice(&mut self.min, &range, part.min);
        splice(&mut self.max, &range, part.max);
        splice(&mut self.first, &range, part.first);
        splice(&mut self.last, &range, part.last);
        splice(&mut self.mean, &range, part.mean);
        splice(&mut self.min_us, &range, part.min_us);
        splice(&mut self.max_us, &range, part.max_us);
        splice(&mut self.min_channel, &range, part.min_channel);
        splice(&mut self.max_channel, &range, part.max_channel);
    }
}

impl Raster {
    /// Puts a part in the place of all columns that start in a range of time, in microseconds since the epoch.
    pub fn replace(&mut self, range_us: &Range<i64>, part: Self) -> Result<(), Misfit> {
        let fits =
            self.bucket_us == part.bucket_us && self.row_first == part.row_first && self.row_last == part.row_last;
        if !fits {
            return Err(Misfit);
        }
        let table = Table {
            n_rows: self.n_rows(),
            n_columns: self.n_columns(),
            range: places(&self.start_us, range_us),
            n_new: part.n_columns(),
        };
        match (&mut self.cells, &part.cells) {
            (CellValues::F32(held), CellValues::F32(part)) => table.replace(held, part),
            (CellValues::F64(held), CellValues::F64(part)) => table.replace(held, part),
            (held, part) => {
                let mut wide = all_wide(held);
                table.replace(&mut wide, &all_wide(part));
                *held = CellValues::F64(wide);
            }
        }
        self.blanks = table.runs(&self.blanks, &part.blanks);
        splice(&mut self.start_us, &table.range, part.start_us);
        splice(&mut self.end_us, &table.range, part.end_us);
        Ok(())
    }
}

fn all_wide(cells: &CellValues) -> Vec<f64> {
    cells.iter().map(|value| value.unwrap_or(f64::NAN)).collect()
}

impl Density {
    /// Puts a part in the place of all columns that start in a range of time, in microseconds since the epoch. What lies
    /// beyond the ends of the values is told by the part for the whole.
    pub fn replace(&mut self, range_us: &Range<i64>, part: Self) -> Result<(), Misfit> {
        let fits = self.bucket_us == part.bucket_us
            && self.of == part.of
            && (self.value_min, self.value_max) == (part.value_min, part.value_max)
            && (part.n_columns() == 0 || self.n_rows() == part.n_rows());
        if !fits {
            return Err(Misfit);
        }
        let table = Table {
            n_rows: self.n_rows(),
            n_columns: self.n_columns(),
            range: places(&self.start_us, range_us),
            n_new: part.n_columns(),
        };
        table.replace(&mut self.counts, &part.counts);
        let of_row =
            |runs: &[[u32; 2]]| -> Vec<[u32; 3]> { runs.iter().map(|[first, last]| [0, *first, *last]).collect() };
        let runs = table.runs(&of_row(&self.blanks), &of_row(&part.blanks));
        self.blanks = runs.into_iter().map(|[_, first, last]| [first, last]).collect();
        (self.below, self.above) = (part.below, part.above);
        splice(&mut self.start_us, &table.range, part.start_us);
        splice(&mut self.end_us, &table.range, part.end_us);
        Ok(())
    }
}

fn all_in(start_us: &[i64], range_us: &Range<i64>) -> bool {
    let ends = start_us.first().into_iter().chain(start_us.last());
    ends.into_iter().all(|start_us| range_us.contains(start_us))
}

/// Which of these moments, which rise, lie in a range.
fn places(start_us: &[i64], range_us: &Range<i64>) -> Range<usize> {
    let place = |at_us: i64| start_us.partition_point(|start_us| *start_us < at_us);
    let start = place(range_us.start);
    start..place(range_us.end).max(start)
}

/// Puts others in the place of some. Arrays that a kind of series does without are empty, and stay so.
fn splice<T>(held: &mut Vec<T>, range: &Range<usize>, new: Vec<T>) {
    let rest = held.split_off(range.end.min(held.len()));
    held.truncate(range.start);
    held.extend(new);
    held.extend(rest);
}

/// Rows of cells of which some columns get others in their place.
struct Table {
    n_rows: usize,
    n_columns: usize,
    range: Range<usize>,
    n_new: usize,
}

impl Table {
    /// Puts the new cells, row by row, in the place of the old ones.
    fn replace<T: Copy>(&self, held: &mut Vec<T>, new: &[T]) {
        if held.len() != self.n_rows * self.n_columns || new.len() != self.n_rows * self.n_new {
            return;
        }
        let in_place = self.n_new == self.range.len();
        let mut longer = Vec::new();
        for row in 0..self.n_rows {
            let old = &mut held[row * self.n_columns..(row + 1) * self.n_columns];
            let new = &new[row * self.n_new..(row + 1) * self.n_new];
            if in_place {
                old[self.range.clone()].copy_from_slice(new);
            } else {
                longer.extend_from_slice(&old[..self.range.start]);
                longer.extend_from_slice(new);
                longer.extend_from_slice(&old[self.range.end..]);
            }
        }
        if !in_place {
            *held = longer;
        }
    }

    /// The same for runs of columns: row, first and last column.
    fn runs(&self, held: &[[u32; 3]], new: &[[u32; 3]]) -> Vec<[u32; 3]> {
        let number = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        let (start, end, n_new) = (number(self.range.start), number(self.range.end), number(self.n_new));
        let moved = |column: u32| column - end + start + n_new;
        let mut runs: Vec<[u32; 3]> = Vec::new();
        for [row, first, last] in held.iter().copied() {
            if first < start {
                runs.push([row, first, last.min(start - 1)]);
            }
            if end <= last {
                runs.push([row, moved(first.max(end)), moved(last)]);
            }
        }
        runs.extend(new.iter().map(|[row, first, last]| [*row, first + start, last + start]));
        runs.sort_unstable();
        let mut joined: Vec<[u32; 3]> = Vec::with_capacity(runs.len());
        for run in runs {
            match joined.last_mut() {
                Some([row, _, last]) if *row == run[0] && *last + 1 == run[1] => *last = run[2],
                _ => joined.push(run),
            }
        }
        joined
    }
}

#[cfg(test)]
mod tests;
