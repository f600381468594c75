//! Cells in a few exact numbers, for those who do not see them.

use shared::chart::cells::Cells;
use shared::query::raster::Statistic;
use shared::time::Timestamp;

use super::content::{CellLayer, PanelCells};
use super::data::CellAnswer;
use super::spec::CellsSpec;
use crate::format;

/// The most rows of the table; of more rows of cells several share one.
const MOST_ROWS: usize = 40;

/// One row of the table: its name, and first, last, least and greatest value; `None` where there is none.
pub type SummaryRow = (String, Option<[String; 4]>);

/// The rows of the table behind the cells of a panel.
pub fn summary_rows(cells: &PanelCells) -> Vec<SummaryRow> {
    let rows = cells.layers.iter().flat_map(|layer| match &cells.spec {
        CellsSpec::Values { statistic, .. } => value_rows(layer, *statistic),
        CellsSpec::Counts { .. } => count_rows(layer),
        CellsSpec::States { .. } => state_rows(layer),
    });
    rows.take(2 * MOST_ROWS).collect()
}

/// A value with the start of its column.
type Point = (f64, i64);

/// First, last, least and greatest value of some rows: of a column the one that the statistic would keep.
fn points_of(cells: &Cells<'_>, rows: std::ops::Range<usize>, keeps_least: bool) -> Option<[Point; 4]> {
    let mut points: Option<[Point; 4]> = None;
    for (column, start_us) in cells.start_us.iter().enumerate() {
        let values = || {
            rows.clone()
                .map(|row| cells.value(row, column))
                .filter(|value| !value.is_nan())
        };
        let Some((least, greatest)) = values().reduce(f64::min).zip(values().reduce(f64::max)) else {
            continue;
        };
        let told = (if keeps_least { least } else { greatest }, *start_us);
        let (least, greatest) = ((least, *start_us), (greatest, *start_us));
        points = Some(match points {
            None => [told, told, least, greatest],
            Some([first, _, min, max]) => [
                first,
                told,
                if least.0 < min.0 { least } else { min },
                if greatest.0 > max.0 { greatest } else { max },
            ],
        });
    }
    points
}

fn value_rows(layer: &CellLayer, statistic: Statistic) -> Vec<SummaryRow> {
    let Some(answer) = layer.answer.as_deref() else {
        return vec![(layer.title.clone(), None)];
    };
    let cells = answer.cells();
    let n_rows = cells.edges.len().saturating_sub(1);
    let at_once = n_rows.div_ceil(MOST_ROWS).max(1);
    let blocks = (0..n_rows).step_by(at_once).map(|from| {
        let to = (from + at_once).min(n_rows);
        let first = answer.channels_of(from).map_or(0, |(first, _)| first);
        let last = answer.channels_of(to - 1).map_or(first, |(_, last)| last);
        let label = if first == last {
            format!("channel {}", layer.channel_label(first))
        } else {
            format!("channels {first} to {last}")
        };
        let points = points_of(&cells, from..to, statistic == Statistic::Min);
        let text = |(value, time_us): Point| {
            let time = format::date_and_minute(Timestamp::saturating_from_micros(time_us));
            format!("{} {} at {time}", format::number(value), layer.unit)
        };
        (label, points.map(|points| points.map(text)))
    });
    blocks.collect()
}

fn count_rows(layer: &CellLayer) -> Vec<SummaryRow> {
    let Some(CellAnswer::Density { density, edges, .. }) = layer.answer.as_deref() else {
        return vec![(layer.title.clone(), None)];
    };
    let n_columns = density.n_columns();
    let n_rows = edges.len().saturating_sub(1);
    let at_once = n_rows.div_ceil(MOST_ROWS).max(1);
    let count = |rows: std::ops::Range<usize>, column: usize| -> u64 {
        rows.map(|row| u64::from(density.count(row, column))).sum()
    };
    let blocks = (0..n_rows).step_by(at_once).map(|from| {
        let rows = from..(from + at_once).min(n_rows);
        let label = format!(
            "{} to {} {}",
            format::number(edges[rows.start]),
            format::number(edges[rows.end]),
            layer.unit
        );
        let counts = || (0..n_columns).map(|column| count(rows.clone(), column));
        let told = [counts().next(), counts().next_back(), counts().min(), counts().max()];
        let text = |count: Option<u64>| format!("{} samples", format::count(count.unwrap_or(0)));
        (label, (n_columns > 0).then(|| told.map(text)))
    });
    blocks.collect()
}

fn state_rows(layer: &CellLayer) -> Vec<SummaryRow> {
    let rows = layer.with_states(|states| {
        let n_rows = states.least.edges.len().saturating_sub(1).min(MOST_ROWS);
        let row = |at: usize| {
            let label = layer.row_label(u32::try_from(at).unwrap_or(0));
            let least = points_of(&states.least, at..at + 1, true);
            let greatest = points_of(&states.greatest, at..at + 1, false);
            let told = least.zip(greatest).map(|([first, last, min, _], [.., max])| {
                [first, last, min, max].map(|(state, time_us)| {
                    let time = format::date_and_minute(Timestamp::saturating_from_micros(time_us));
                    format!("{} at {time}", format::state_label(&layer.states, state))
                })
            });
            (label, told)
        };
        (0..n_rows).map(row).collect::<Vec<SummaryRow>>()
    });
    rows.unwrap_or_else(|| vec![(layer.title.clone(), None)])
}
