//! Choosing the channel under the cursor.

use shared::metric::ChannelSelection;
use shared::query::envelope::{Envelope, EnvelopeQuery};
use shared::query::raster::Statistic;
use shared::time::Timestamp;

use super::content::PanelCells;
use super::spec::CellsSpec;
use crate::api;
use crate::panels::plot::chart::{Chart, units_per_px};
use crate::reactive::spawn;

/// What is under the cursor: the channels of a row of a metric, and the time of the column.
struct Found {
    metric: String,
    first: u32,
    last: u32,
    span_us: Option<(i64, i64)>,
    wants_least: bool,
}

/// Chooses the channel of the row under the cursor; `None` where rows are not channels. Of several channels it is the
/// one that the cell tells: the one with the extreme value.
pub fn choose_at_cursor(chart: Chart) -> Option<()> {
    let time = chart.cursor.0.get_untracked()?;
    let y = chart.cursor_y.get_untracked()? * units_per_px(chart.size.get_untracked()?);
    let value = chart
        .plot
        .with_untracked(|plot| Some(plot.as_ref()?.left.as_ref()?.scale.value_from_y(y)))?;
    let found = chart
        .shown
        .with_untracked(|content| found_in(content.cells.as_ref()?, time, value))?;
    let chosen = chart.chosen;
    let Some((start_us, end_us)) = found.span_us.filter(|_| found.first < found.last) else {
        chosen.choose(&found.metric, found.first);
        return Some(());
    };
    let at = Timestamp::saturating_from_micros;
    let query = EnvelopeQuery {
        metric: found.metric.clone(),
        channels: ChannelSelection::List((found.first..=found.last).collect()),
        from: at(start_us),
        to: at(end_us),
        columns: 1,
    };
    spawn(async move {
        // Where the server does not say which it is, the first one is as good as any.
        let told = api::envelope(&query).await.ok().map(|(told, _)| told);
        let channel = told.and_then(|envelope| extreme_of(&envelope, found.wants_least));
        chosen.choose(&found.metric, channel.unwrap_or(found.first));
    });
    Some(())
}

fn found_in(cells: &PanelCells, time: Timestamp, value: f64) -> Option<Found> {
    let is_row_of = |first_row: u32, n_channels: u32| {
        let from = f64::from(first_row) - 0.5;
        from <= value && value < from + f64::from(n_channels)
    };
    let layer = cells.layers.iter().find(|layer| match &cells.spec {
        CellsSpec::Counts { .. } => false,
        CellsSpec::Values { .. } | CellsSpec::States { .. } => is_row_of(layer.first_row, layer.n_channels),
    })?;
    let answer = layer.answer.as_deref()?;
    let matrix = answer.cells();
    let row = matrix.row_at(value - f64::from(layer.first_row))?;
    let (first, last) = answer.channels_of(row)?;
    let column = matrix.column_at(time.as_micros());
    let span = column.and_then(|column| Some((*matrix.start_us.get(column)?, *matrix.end_us.get(column)?)));
    Some(Found {
        metric: layer.metric.clone(),
        first,
        last,
        span_us: span,
        wants_least: matches!(
            cells.spec,
            CellsSpec::Values {
                statistic: Statistic::Min,
                ..
            }
        ),
    })
}

/// The channel with the greatest value of all, or the least; the first of equals.
fn extreme_of(envelope: &Envelope, wants_least: bool) -> Option<u32> {
    let values: Vec<(u32, f64)> = match envelope {
        Envelope::Columns { series, .. } => {
            let of = |series: &shared::query::envelope::ColumnSeries| {
                let values = if wants_least { &series.min } else { &series.max };
                let reduce = if wants_least { f64::min } else { f64::max };
                Some((series.channel?, values.iter().copied().reduce(reduce)?))
            };
            series.iter().filter_map(of).collect()
        }
        Envelope::Samples { series, .. } => {
            let of = |series: &shared::query::envelope::SampleSeries| {
                let values = series.value.iter().filter_map(|value| value.finite());
                let reduce = if wants_least { f64::min } else { f64::max };
                Some((series.channel, values.reduce(reduce)?))
            };
            series.iter().filter_map(of).collect()
        }
    };
    let found = values.into_iter().reduce(|best, other| {
        let is_better = if wants_least {
            other.1 < best.1
        } else {
            other.1 > best.1
        };
        if is_better { other } else { best }
    });
    found.map(|(channel, _)| channel)
}

#[cfg(test)]
mod tests {
    use shared::query::envelope::ColumnSeries;

    use super::*;

    #[test]
    fn of_several_channels_the_one_with_the_extreme_is_meant() {
        let series = |channel, min, max| ColumnSeries {
            channel: Some(channel),
            min: vec![min],
            max: vec![max],
            ..ColumnSeries::default()
        };
        let envelope = Envelope::Columns {
            metric: "hv".to_owned(),
            unit: String::new(),
            series: vec![series(4, 1.0, 5.0), series(5, -3.0, 5.0), series(6, 2.0, 9.0)],
        };
        assert_eq!(extreme_of(&envelope, false), Some(6));
        assert_eq!(extreme_of(&envelope, true), Some(5));
    }
}
