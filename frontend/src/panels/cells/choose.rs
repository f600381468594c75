//! The cell under the cursor, and choosing its channel.

use shared::metric::ChannelSelection;
use shared::query::envelope::EnvelopeQuery;
use shared::query::raster::Statistic;
use shared::time::{TimeRange, Timestamp};

use super::content::PanelCells;
use super::data::CellAnswer;
use super::spec::CellsSpec;
use crate::api;
use crate::browser::number::text_of;
use crate::panels::plot::chart::{Chart, units_per_px};
use crate::panels::plot::pinned::Seen;
use crate::reactive::spawn;

/// A cell.
#[derive(Clone, PartialEq, Debug)]
pub enum Cell {
    /// Of some channels.
    Row(Row),
    /// Of a step of value, with samples in it.
    Step {
        /// The metric by name.
        metric: String,
        /// From here on.
        low: f64,
        /// Below this.
        high: f64,
        /// The time of the column.
        range: TimeRange,
    },
}

/// The channels of a row of a metric, and the time of a column.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    metric: String,
    first: u32,
    last: u32,
    /// `None` between two columns.
    range: Option<TimeRange>,
    /// Whether one of the channels is chosen, so that there is nothing to choose.
    pub is_chosen: bool,
    wants_least: bool,
}

impl Cell {
    /// Its name among pinned values, and its time.
    pub fn pin(&self) -> (String, TimeRange) {
        match self {
            Self::Row(row) => {
                let Row {
                    metric, first, last, ..
                } = row;
                (format!("{metric}:{first}-{last}"), row.range.unwrap_or(TimeRange::ALL))
            }
            Self::Step {
                metric,
                low,
                high,
                range,
            } => (format!("{metric}:{}~{}", text_of(*low), text_of(*high)), *range),
        }
    }
}

/// The cell under the cursor: at its height or, without one, of the chosen channel.
pub fn cell_at_cursor(chart: Chart) -> Option<Cell> {
    let time = chart.cursor().0.get_untracked()?;
    let units_per_px = units_per_px(chart.size().get_untracked()?);
    let chosen = |metric: &str| leptos::prelude::untrack(|| chart.chosen().of(metric));
    chart.shown().with_untracked(|content| {
        let cells = content.cells.as_ref()?;
        let value = match chart.cursor_y().get_untracked() {
            Some(y_px) => chart
                .plot()
                .with_untracked(|plot| Some(plot.as_ref()?.left.as_ref()?.scale.value_from_y(y_px * units_per_px)))?,
            None => cells.chosen_row(chosen)?,
        };
        found_in(cells, time, value, chosen)
    })
}

/// Chooses the channel of a row. Of several it is the one that the cell tells: the one with the extreme value.
pub fn choose(chart: Chart, row: &Row) {
    let Row { first, last, .. } = *row;
    let (chosen, wants_least) = (chart.chosen(), row.wants_least);
    let metric = row.metric.clone();
    let Some(range) = row.range.filter(|_| first < last) else {
        chosen.choose(&metric, first);
        return;
    };
    let query = EnvelopeQuery {
        metric: metric.clone(),
        channels: ChannelSelection::List((first..=last).collect()),
        from: range.start(),
        to: range.end(),
        columns: 1,
    };
    spawn(async move {
        // Where the server does not say which it is, the first one is as good as any.
        let told = api::envelope(&query).await.ok();
        let extremes = told.and_then(|(envelope, _)| Seen::of(&envelope).extremes);
        let channel = extremes.and_then(|[min, max]| if wants_least { min } else { max }.channel);
        chosen.choose(&metric, channel.unwrap_or(first));
    });
}

fn found_in(cells: &PanelCells, time: Timestamp, value: f64, chosen: impl Fn(&str) -> Option<u32>) -> Option<Cell> {
    let is_row_of = |first_row: u32, n_channels: u32| {
        let from = f64::from(first_row) - 0.5;
        from <= value && value < from + f64::from(n_channels)
    };
    let layer = cells.layers.iter().find(|layer| match &cells.spec {
        CellsSpec::Counts { .. } => true,
        CellsSpec::Values { .. } | CellsSpec::States { .. } => is_row_of(layer.first_row, layer.n_channels),
    })?;
    let answer = layer.answer.as_deref()?;
    let matrix = answer.cells();
    let row = matrix.row_at(value - f64::from(layer.first_row))?;
    let column = matrix.column_at(time.as_micros());
    let range = column.and_then(|column| {
        let at = |times: &[i64]| Some(Timestamp::saturating_from_micros(*times.get(column)?));
        TimeRange::new(at(matrix.start_us)?, at(matrix.end_us)?).ok()
    });
    let metric = layer.metric.clone();
    if let CellAnswer::Density { .. } = answer {
        let (low, high) = (*matrix.edges.get(row)?, *matrix.edges.get(row + 1)?);
        let has_samples = column.is_some_and(|column| !matrix.value(row, column).is_nan());
        // The greatest of all values is in the uppermost step, and not below its upper end.
        let is_uppermost = row + 2 == matrix.edges.len();
        let beyond = if is_uppermost { (high - low) * 1e-6 } else { 0.0 };
        return has_samples.then_some(Cell::Step {
            metric,
            low,
            high: high + beyond,
            range: range?,
        });
    }
    let (first, last) = answer.channels_of(row)?;
    let is_chosen = chosen(&metric).is_some_and(|channel| (first..=last).contains(&channel));
    Some(Cell::Row(Row {
        metric,
        first,
        last,
        range,
        is_chosen: is_chosen && range.is_some(),
        wants_least: matches!(
            cells.spec,
            CellsSpec::Values {
                statistic: Statistic::Min,
                ..
            }
        ),
    }))
}
