//! Rows of states over time: where a state lasts long enough for its name to be written into it.

use super::cells::Cells;
use super::clip::Area;
use super::scale::{TimeScale, ValueScale};

/// A state of a row from one time to another.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct StateSpan {
    /// The row.
    pub row: usize,
    /// The state; `None` where several were seen.
    pub value: Option<f64>,
    /// Its left end within the plot, in units.
    pub left: f64,
    /// Its right end.
    pub right: f64,
    /// The middle between its upper and its lower edge.
    pub middle: f64,
}

/// What a row of states is drawn with.
#[derive(Clone, Copy, Debug)]
pub struct StateCells<'a> {
    /// The least state of each cell.
    pub least: Cells<'a>,
    /// The greatest, of the same columns and rows.
    pub greatest: Cells<'a>,
}

impl StateCells<'_> {
    /// The state of a cell: `Some(None)` where it saw several, `None` where it saw none.
    pub fn state(&self, row: usize, column: usize) -> Option<Option<f64>> {
        let (least, greatest) = (self.least.value(row, column), self.greatest.value(row, column));
        if least.is_nan() || greatest.is_nan() {
            return None;
        }
        Some((least >= greatest).then_some(least))
    }

    /// The spans of equal state that are at least so many units wide, of all rows that are at least so many high.
    ///
    /// A span ends where the state changes and where there is a gap between columns.
    pub fn spans(
        &self,
        time: &TimeScale,
        value: &ValueScale,
        area: Area,
        least_width: f64,
        least_height: f64,
    ) -> Vec<StateSpan> {
        let mut spans = Vec::new();
        for (row, edges) in self.least.edges.windows(2).enumerate() {
            let (one, other) = (value.y_from_value(edges[0]), value.y_from_value(edges[1]));
            let middle = f64::midpoint(one, other);
            if (one - other).abs() < least_height || middle < area.top || area.bottom < middle {
                continue;
            }
            self.spans_of(row, |state, start_us, end_us| {
                let left = time.x_from_time(start_us).max(area.left);
                let right = time.x_from_time(end_us).min(area.right);
                if right - left >= least_width {
                    spans.push(StateSpan {
                        row,
                        value: state,
                        left,
                        right,
                        middle,
                    });
                }
            });
        }
        spans
    }

    fn spans_of(&self, row: usize, mut tell: impl FnMut(Option<f64>, i64, i64)) {
        let mut open: Option<(Option<f64>, i64, i64)> = None;
        let columns = self.least.start_us.iter().zip(self.least.end_us).enumerate();
        for (column, (start_us, end_us)) in columns {
            let state = self.state(row, column);
            match (&mut open, state) {
                (Some((known, _, until)), Some(state)) if *known == state && *until == *start_us => *until = *end_us,
                (before, state) => {
                    if let Some((known, from, until)) = before.take() {
                        tell(known, from, until);
                    }
                    open = state.map(|state| (state, *start_us, *end_us));
                }
            }
        }
        if let Some((known, from, until)) = open {
            tell(known, from, until);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::cells::CellSlice;
    use crate::time::{TimeRange, Timestamp};

    fn told(least: &[f64], greatest: &[f64], least_width: f64) -> Vec<(Option<f64>, f64, f64)> {
        let cells = |values| Cells {
            start_us: &[0, 10, 20, 40, 50],
            end_us: &[10, 20, 30, 50, 60],
            edges: &[-0.5, 0.5],
            values,
            blanks: &[],
        };
        let states = StateCells {
            least: cells(CellSlice::F64(least)),
            greatest: cells(CellSlice::F64(greatest)),
        };
        let area = Area {
            left: 0.0,
            top: 0.0,
            right: 60.0,
            bottom: 20.0,
        };
        let end = Timestamp::from_micros(60).unwrap();
        let time = TimeScale::new(TimeRange::new(Timestamp::EPOCH, end).unwrap(), 0.0, 60.0);
        let value = ValueScale::new(-0.5, 0.5, 20.0, 0.0);
        let spans = states.spans(&time, &value, area, least_width, 10.0);
        assert!(spans.iter().all(|span| span.middle.to_bits() == 10.0_f64.to_bits()));
        spans.iter().map(|span| (span.value, span.left, span.right)).collect()
    }

    #[test]
    fn a_state_lasts_until_another_or_a_gap() {
        let states = [1.0, 1.0, 2.0, 2.0, 2.0];
        assert_eq!(
            told(&states, &states, 0.0),
            [(Some(1.0), 0.0, 20.0), (Some(2.0), 20.0, 30.0), (Some(2.0), 40.0, 60.0)]
        );
        assert_eq!(told(&states, &states, 15.0).len(), 2);
    }

    #[test]
    fn cells_of_several_states_and_of_none_are_no_state() {
        let none = f64::NAN;
        assert_eq!(
            told(&[0.0, 0.0, none, none, 3.0], &[0.0, 2.0, none, none, 3.0], 0.0),
            [(Some(0.0), 0.0, 10.0), (None, 10.0, 20.0), (Some(3.0), 50.0, 60.0)]
        );
    }
}
