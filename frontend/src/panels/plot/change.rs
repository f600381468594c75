//! What has changed between two contents of a panel, by looking at both: however it came about, what is drawn is right.

use shared::chart::cells::{CellSlice, Cells};
use shared::chart::repaint::Changed;
use shared::chart::shape::{Shape, extent_of};
use shared::query::envelope::ColumnSeries;
use shared::time::TimeRange;

use super::content::Content;
use super::lines::PanelLine;
use crate::panels::cells::content::{CellLayer, PanelCells};
use crate::panels::cells::data::CellAnswer;
use crate::panels::cells::spec::CellsSpec;

/// What a drawing of `after` differs in from one of `before`.
pub fn change_of(before: &Content, after: &Content) -> Changed {
    let is_alike = before.lines.len() == after.lines.len()
        && before.limits == after.limits
        && before.events == after.events
        && before.strips == after.strips
        && before.left == after.left
        && before.follows == after.follows
        // By which the chosen line is coloured.
        && chosen_extent(before) == chosen_extent(after);
    if !is_alike {
        return Changed::All;
    }
    let lines = before.lines.iter().zip(&after.lines);
    let changed = lines.map(|(before, after)| line(before, after));
    let cells = match (&before.cells, &after.cells) {
        (None, None) => Changed::Nothing,
        (Some(before), Some(after)) => cells(before, after),
        _ => Changed::All,
    };
    changed.fold(cells, Changed::and)
}

/// Whether the picture may be moved as a whole: nothing in it keeps its place while time goes by, as dashes, names at the
/// edges and colours of a scale do.
pub fn may_move(content: &Content) -> bool {
    let has_marks = !content.limits.is_empty() || !content.events.is_empty() || !content.strips.is_empty();
    let has_bar = content.cells.as_ref().is_some_and(PanelCells::has_bar);
    !has_marks && !has_bar
}

/// The extremes of all that is known of the metric whose chosen channel is drawn, if one is.
fn chosen_extent(content: &Content) -> Option<(f64, f64)> {
    let metric = content.follows.as_deref()?;
    let lines = content.lines.iter().filter(|line| line.metric == metric);
    if lines.clone().all(|line| line.channel.is_none()) {
        return None;
    }
    extent_of(lines.filter_map(|line| line.shape()?.extent(TimeRange::ALL)))
}

fn line(before: &PanelLine, after: &PanelLine) -> Changed {
    if before == after {
        return Changed::Nothing;
    }
    let is_alike = before.key == after.key
        && before.color == after.color
        && before.axis == after.axis
        && before.interval_s == after.interval_s;
    match (before.shape(), after.shape()) {
        _ if !is_alike => Changed::All,
        (Some(Shape::Samples(before)), Some(Shape::Samples(after))) => {
            let is_same = |one: usize, other: usize| {
                before.time_us[one] == after.time_us[other] && before.value[one] == after.value[other]
            };
            between(
                [&before.time_us, &before.time_us],
                [&after.time_us, &after.time_us],
                is_same,
            )
        }
        (Some(Shape::Columns(before)), Some(Shape::Columns(after)))
        | (Some(Shape::Band(before)), Some(Shape::Band(after))) => columns(before, after),
        (None, None) => Changed::Nothing,
        _ => Changed::All,
    }
}

fn columns(before: &ColumnSeries, after: &ColumnSeries) -> Changed {
    // The band has neither first nor last.
    let is_same_number = |one: &[f64], other: &[f64], at: (usize, usize)| one.get(at.0) == other.get(at.1);
    let is_same = |one: usize, other: usize| {
        let at = (one, other);
        before.start_us[one] == after.start_us[other]
            && before.end_us[one] == after.end_us[other]
            && before.count[one] == after.count[other]
            && before.min_us.get(one) == after.min_us.get(other)
            && before.max_us.get(one) == after.max_us.get(other)
            && is_same_number(&before.min, &after.min, at)
            && is_same_number(&before.max, &after.max, at)
            && is_same_number(&before.mean, &after.mean, at)
            && is_same_number(&before.first, &after.first, at)
            && is_same_number(&before.last, &after.last, at)
    };
    between(
        [&before.start_us, &before.end_us],
        [&after.start_us, &after.end_us],
        is_same,
    )
}

/// From the entry before the first that differs to the one after the last, because lines run from one to the other. Both
/// are given by the times of their starts and ends.
fn between(before: [&[i64]; 2], after: [&[i64]; 2], is_same: impl Fn(usize, usize) -> bool) -> Changed {
    let (n_before, n_after) = (before[0].len(), after[0].len());
    let most = n_before.min(n_after);
    let first = (0..most).find(|at| !is_same(*at, *at)).unwrap_or(most);
    if first == n_before && first == n_after {
        return Changed::Nothing;
    }
    let rest = most - first;
    let n_same_after = (0..rest)
        .find(|back| !is_same(n_before - 1 - back, n_after - 1 - back))
        .unwrap_or(rest);
    let from = match first.checked_sub(1) {
        Some(neighbor) => before[0][neighbor],
        None => i64::MIN,
    };
    let end = |ends: &[i64], n: usize| match n_same_after {
        0 => ends.last().copied().unwrap_or(i64::MIN),
        same => ends[n - same],
    };
    Changed::Between(from, end(before[1], n_before).max(end(after[1], n_after)))
}

fn cells(before: &PanelCells, after: &PanelCells) -> Changed {
    if before.spec != after.spec || before.layers.len() != after.layers.len() {
        return Changed::All;
    }
    // The names of states stand in their middle, which moves with the ends.
    let has_names = matches!(after.spec, CellsSpec::States { .. });
    let layers = before.layers.iter().zip(&after.layers);
    let changed = layers.map(|(before, after)| match layer(before, after) {
        Changed::Between(..) if has_names => Changed::All,
        changed => changed,
    });
    changed.fold(Changed::Nothing, Changed::and)
}

fn layer(before: &CellLayer, after: &CellLayer) -> Changed {
    if before == after {
        return Changed::Nothing;
    }
    let (Some(one), Some(other)) = (before.answer.as_deref(), after.answer.as_deref()) else {
        return Changed::All;
    };
    let (one_cells, other_cells) = (one.cells(), other.cells());
    let is_log = after.scale.log;
    let is_alike = before.n_channels == after.n_channels
        && before.extremes.is_some() == after.extremes.is_some()
        && one_cells.edges == other_cells.edges
        && one_cells.blanks == other_cells.blanks
        // Colours go by the extremes.
        && one.extremes(is_log) == other.extremes(is_log)
        && matches!(
            (one, other),
            (CellAnswer::Raster { .. }, CellAnswer::Raster { .. }) | (CellAnswer::Density { .. }, CellAnswer::Density { .. })
        );
    if !is_alike {
        return Changed::All;
    }
    let first = first_difference(&one_cells, &other_cells);
    let start = |cells: &Cells<'_>| cells.start_us.get(first).copied();
    let from = match (start(&one_cells), start(&other_cells)) {
        (Some(one), Some(other)) => one.min(other),
        (Some(only), None) | (None, Some(only)) => only,
        (None, None) => return Changed::Nothing,
    };
    let end = |cells: &Cells<'_>| cells.end_us.last().copied().unwrap_or(i64::MIN);
    Changed::Between(from, end(&one_cells).max(end(&other_cells)))
}

/// The first column that is not the same in both, which have the same rows.
fn first_difference(one: &Cells<'_>, other: &Cells<'_>) -> usize {
    let columns = one.start_us.iter().zip(one.end_us);
    let mut same = columns
        .zip(other.start_us.iter().zip(other.end_us))
        .take_while(|(one, other)| one == other)
        .count();
    let (n_one, n_other) = (one.start_us.len(), other.start_us.len());
    for row in 0..one.edges.len().saturating_sub(1) {
        same = same_in_row(&one.values, row * n_one, &other.values, row * n_other, same);
    }
    same
}

/// How many of the first `most` values are the same, from these places on.
fn same_in_row(one: &CellSlice<'_>, from: usize, other: &CellSlice<'_>, other_from: usize, most: usize) -> usize {
    fn count<T: Copy>(
        one: &[T],
        from: usize,
        other: &[T],
        other_from: usize,
        most: usize,
        is: fn(T, T) -> bool,
    ) -> usize {
        let (Some(one), Some(other)) = (one.get(from..from + most), other.get(other_from..other_from + most)) else {
            return 0;
        };
        one.iter()
            .zip(other)
            .take_while(|(one, other)| is(**one, **other))
            .count()
    }
    match (one, other) {
        (CellSlice::F32(one), CellSlice::F32(other)) => count(one, from, other, other_from, most, |one, other| {
            one.to_bits() == other.to_bits()
        }),
        (CellSlice::F64(one), CellSlice::F64(other)) => count(one, from, other, other_from, most, |one, other| {
            one.to_bits() == other.to_bits()
        }),
        (CellSlice::Counts(one), CellSlice::Counts(other)) => {
            count(one, from, other, other_from, most, |one, other| one == other)
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Columns of ten, from these on, each with this maximum.
    fn series(columns: &[(i64, f64)]) -> ColumnSeries {
        let starts = || columns.iter().map(|(start, _)| *start);
        let maxima: Vec<f64> = columns.iter().map(|(_, max)| *max).collect();
        ColumnSeries {
            start_us: starts().collect(),
            end_us: starts().map(|start| start + 10).collect(),
            count: vec![1; columns.len()],
            min_us: starts().collect(),
            max_us: starts().collect(),
            min: vec![0.0; columns.len()],
            mean: vec![0.0; columns.len()],
            max: maxima,
            ..ColumnSeries::default()
        }
    }

    #[track_caller]
    fn check(before: &[(i64, f64)], after: &[(i64, f64)], expected: Changed) {
        assert_eq!(columns(&series(before), &series(after)), expected);
    }

    #[test]
    fn a_column_that_grows_or_comes_changes_the_way_from_the_one_before() {
        let before = [(0, 1.0), (10, 2.0), (20, 3.0)];
        check(&before, &before, Changed::Nothing);
        check(&before, &[(0, 1.0), (10, 2.0), (20, 9.0)], Changed::Between(10, 30));
        check(
            &before,
            &[(0, 1.0), (10, 2.0), (20, 3.0), (40, 1.0)],
            Changed::Between(20, 50),
        );
    }

    #[test]
    fn a_late_column_changes_the_ways_to_both_neighbors() {
        let before = [(0, 1.0), (10, 2.0), (20, 3.0), (50, 4.0), (60, 5.0)];
        let after = [(0, 1.0), (10, 2.0), (20, 3.0), (30, 7.0), (50, 4.0), (60, 5.0)];
        check(&before, &after, Changed::Between(20, 60));
        check(&after, &before, Changed::Between(20, 60));
        check(
            &before,
            &[(0, 8.0), (10, 2.0), (20, 3.0), (50, 4.0), (60, 5.0)],
            Changed::Between(i64::MIN, 20),
        );
    }

    #[test]
    fn the_first_column_and_the_last_one_to_go_are_seen() {
        check(&[], &[(10, 1.0)], Changed::Between(i64::MIN, 20));
        check(&[(10, 1.0)], &[], Changed::Between(i64::MIN, 20));
        check(&[(0, 1.0), (10, 1.0)], &[(0, 1.0)], Changed::Between(0, 20));
    }

    #[test]
    fn cells_differ_from_the_first_column_that_does() {
        const BEFORE: &[f32] = &[1.0, f32::NAN, 3.0, 4.0, 5.0, 6.0];
        const IN_THE_THIRD: &[f32] = &[1.0, f32::NAN, 3.0, 4.0, 5.0, 7.0];
        const IN_THE_SECOND: &[f32] = &[1.0, 2.0, 3.0, 4.0, 5.0, 7.0];
        const SHORTER: &[f32] = &[1.0, f32::NAN, 4.0, 5.0];
        let (start, end) = ([0, 10, 20], [10, 20, 30]);
        let edges = [-0.5, 0.5, 1.5];
        let cells = |values: &'static [f32]| Cells {
            start_us: &start,
            end_us: &end,
            edges: &edges,
            values: CellSlice::F32(values),
            blanks: &[],
        };
        assert_eq!(first_difference(&cells(BEFORE), &cells(BEFORE)), 3);
        assert_eq!(first_difference(&cells(BEFORE), &cells(IN_THE_THIRD)), 2);
        assert_eq!(first_difference(&cells(BEFORE), &cells(IN_THE_SECOND)), 1);
        let shorter = Cells {
            start_us: &start[..2],
            end_us: &end[..2],
            ..cells(SHORTER)
        };
        assert_eq!(
            first_difference(&shorter, &cells(BEFORE)),
            2,
            "rows are of different lengths"
        );
    }
}
