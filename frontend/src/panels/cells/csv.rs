//! Cells as CSV: numbers that read back as the same numbers, times in UTC.

use super::content::PanelCells;
use super::data::CellAnswer;
use crate::chart::csv::Csv;

/// All cells that hold something, as they are drawn: a line for each.
pub fn cells_csv(cells: &PanelCells) -> String {
    let is_density = cells
        .layers
        .iter()
        .any(|layer| matches!(layer.answer.as_deref(), Some(CellAnswer::Density { .. })));
    let mut csv = Csv::with_header(if is_density {
        "metric,start,end,value_from,value_to,count"
    } else {
        "metric,start,end,first_channel,last_channel,statistic,value"
    });
    for layer in &cells.layers {
        let answers = [&layer.answer, &layer.greatest];
        for (answer, ask) in answers.into_iter().zip(cells.spec.asks(&layer.metric)) {
            if let Some(answer) = answer.as_deref() {
                add(&mut csv, &layer.metric, ask.statistic.as_str(), answer);
            }
        }
    }
    csv.finish()
}

fn add(csv: &mut Csv, metric: &str, statistic: &str, answer: &CellAnswer) {
    let cells = answer.cells();
    let n_rows = cells.edges.len().saturating_sub(1);
    for (column, (start_us, end_us)) in cells.start_us.iter().zip(cells.end_us).enumerate() {
        for row in 0..n_rows {
            let value = cells.value(row, column);
            let is_blank = value.is_nan() && cells.is_blank(row, column);
            if value.is_nan() && !is_blank {
                continue;
            }
            csv.field(metric);
            csv.time(Some(*start_us));
            csv.time(Some(*end_us));
            if let Some((first, last)) = answer.channels_of(row) {
                csv.field(&first.to_string());
                csv.field(&last.to_string());
                csv.field(statistic);
            } else {
                csv.number(cells.edges.get(row).copied());
                csv.number(cells.edges.get(row + 1).copied());
            }
            csv.number((!is_blank).then_some(value));
            csv.end_row();
        }
    }
}
