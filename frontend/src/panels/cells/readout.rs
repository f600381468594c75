//! What cells say at the cursor, as text with exact values.

use shared::chart::plot::Plot;

use super::content::{CellLayer, PanelCells};
use super::data::CellAnswer;
use super::spec::CellsSpec;
use crate::browser::number::text_of;
use crate::format;
use crate::panels::plot::content::Swatch;
use crate::panels::plot::readout::{At, Clock, Fact, MOST_ROWS, Row};

/// What the cells of a panel say somewhere: those of the row at that height or, without one, the extremes of the column.
pub fn cell_rows(cells: &PanelCells, plot: &Plot, at: At, clock: Clock<'_>) -> Vec<Row> {
    let axis = plot.left.as_ref();
    let height = at.y.filter(|y| plot.area.top <= *y && *y <= plot.area.bottom);
    let value = axis.zip(height).map(|(axis, y)| axis.scale.value_from_y(y));
    let time_us = at.time.as_micros();
    match &cells.spec {
        CellsSpec::States { .. } => {
            let mut rows = Vec::new();
            for layer in &cells.layers {
                rows.append(&mut state_facts(layer, time_us, value, clock));
            }
            rows.truncate(MOST_ROWS);
            rows
        }
        CellsSpec::Values { .. } | CellsSpec::Counts { .. } => {
            let layers = cells.layers.iter();
            layers
                .map(|layer| {
                    let told = told_of(cells, layer, time_us, value, clock);
                    row(layer, "", told)
                })
                .collect()
        }
    }
}

fn row(layer: &CellLayer, label: &str, facts: Vec<Fact>) -> Row {
    Row::new(&format!("{}:cells", layer.metric), label, Swatch::Cells, facts)
}

fn nothing(text: &str, detail: String) -> Fact {
    Fact::word("none", text, detail)
}

/// What a layer without states says.
fn told_of(cells: &PanelCells, layer: &CellLayer, time_us: i64, value: Option<f64>, clock: Clock<'_>) -> Vec<Fact> {
    let Some(answer) = layer.answer.as_deref() else {
        let word = if layer.failure.is_some() { "failed" } else { "loading" };
        return vec![nothing(word, String::new())];
    };
    let matrix = answer.cells();
    let Some(column) = matrix.column_at(time_us) else {
        return vec![nothing("no sample", String::new())];
    };
    let row = value.and_then(|value| matrix.row_at(value));
    let span = span_text(answer, column, clock);
    match (answer, row, &cells.spec) {
        (CellAnswer::Raster { .. }, Some(row), CellsSpec::Values { statistic, .. }) => {
            vec![value_fact(layer, answer, row, column, statistic.as_str(), &span)]
        }
        (CellAnswer::Raster { .. }, None, _) => extremes_of(layer, answer, column, &span),
        (CellAnswer::Density { density, .. }, Some(row), _) => {
            let count = matrix.value(row, column);
            let count = if count.is_nan() { 0.0 } else { count };
            let noun = match density.of {
                shared::query::raster::DensityOf::Samples => "samples",
                shared::query::raster::DensityOf::Buckets => "means of channels",
            };
            let (low, high) = (matrix.edges[row], matrix.edges[row + 1]);
            let [low, high] = [low, high].map(format::number);
            let detail = format!("from {low} to {high} {} · {span}", layer.unit);
            vec![count_fact(count, noun, detail, matrix.start_us.get(column).copied())]
        }
        (CellAnswer::Density { .. }, None, _) => {
            let rows = 0..matrix.edges.len().saturating_sub(1);
            let counts = rows
                .map(|row| matrix.value(row, column))
                .filter(|count| !count.is_nan());
            let sum: f64 = counts.sum();
            vec![count_fact(sum, "samples", span, matrix.start_us.get(column).copied())]
        }
        (CellAnswer::Raster { .. }, Some(_), _) => Vec::new(),
    }
}

/// A count, all of its digits without groups.
fn count_fact(count: f64, unit: &str, detail: String, time_us: Option<i64>) -> Fact {
    Fact {
        text: text_of(count),
        ..Fact::number("count", count, unit, detail, time_us)
    }
}

/// The value of a cell, or the lack of one.
fn value_fact(layer: &CellLayer, answer: &CellAnswer, row: usize, column: usize, statistic: &str, span: &str) -> Fact {
    let matrix = answer.cells();
    let (first, last) = answer.channels_of(row).unwrap_or_default();
    let channels = channels_text(layer, first, last);
    let value = matrix.value(row, column);
    let start_us = matrix.start_us.get(column).copied();
    if value.is_nan() {
        let text = if matrix.is_blank(row, column) {
            "no value (null or NaN)"
        } else {
            "no sample"
        };
        return nothing(text, format!("{channels} · {span}"));
    }
    let is_single = first == last && answer.has_frames();
    let detail = if is_single {
        format!("{channels} · {span}")
    } else {
        format!("{statistic} of {channels} · {span}")
    };
    Fact::number("value", value, &layer.unit, detail, start_us)
}

/// The greatest and the least value of a column, each with its channels.
fn extremes_of(layer: &CellLayer, answer: &CellAnswer, column: usize, span: &str) -> Vec<Fact> {
    let matrix = answer.cells();
    let rows = 0..matrix.edges.len().saturating_sub(1);
    let known: Vec<(usize, f64)> = rows
        .map(|row| (row, matrix.value(row, column)))
        .filter(|(_, value)| !value.is_nan())
        .collect();
    let least = known.iter().min_by(|one, other| one.1.total_cmp(&other.1));
    // The first of equals, as everywhere.
    let greatest = known.iter().min_by(|one, other| other.1.total_cmp(&one.1));
    let facts = [("max", greatest), ("min", least)]
        .into_iter()
        .filter_map(|(kind, found)| {
            let (row, value) = *found?;
            let (from, to) = answer.channels_of(row)?;
            let detail = format!("{kind} · {} · {span}", channels_text(layer, from, to));
            let start_us = matrix.start_us.get(column).copied();
            Some(Fact::number(kind, value, &layer.unit, detail, start_us))
        });
    let told: Vec<Fact> = facts.collect();
    if told.is_empty() {
        vec![nothing("no sample", span.to_owned())]
    } else {
        told
    }
}

fn channels_text(layer: &CellLayer, first: u32, last: u32) -> String {
    if first == last {
        format!("channel {}", layer.channel_label(first))
    } else {
        format!("channels {}–{}", layer.channel_label(first), layer.channel_label(last))
    }
}

/// The time of a column: that of its frame, or from when to when it is.
fn span_text(answer: &CellAnswer, column: usize, clock: Clock<'_>) -> String {
    let matrix = answer.cells();
    let (Some(start), Some(end)) = (matrix.start_us.get(column), matrix.end_us.get(column)) else {
        return String::new();
    };
    if answer.has_frames() {
        format!("at {}", clock.text(*start))
    } else {
        format!("{} to {}", clock.text(*start), clock.text(*end))
    }
}

/// What the rows of a layer say: one at a height, or all of them.
fn state_facts(layer: &CellLayer, time_us: i64, value: Option<f64>, clock: Clock<'_>) -> Vec<Row> {
    let rows_told = layer.with_states(|states| {
        let matrix = &states.least;
        let n_rows = matrix.edges.len().saturating_sub(1);
        let rows: Vec<usize> = match value {
            Some(value) => matrix.row_at(value).into_iter().collect(),
            None => (0..n_rows).take(MOST_ROWS).collect(),
        };
        let column = matrix.column_at(time_us);
        let fact = |at: usize| {
            let Some(column) = column else {
                return nothing("no sample", String::new());
            };
            let span = layer
                .answer
                .as_deref()
                .map(|answer| span_text(answer, column, clock))
                .unwrap_or_default();
            let start_us = matrix.start_us.get(column).copied();
            match states.state(at, column) {
                Some(Some(state)) => Fact {
                    value: Some(text_of(state)),
                    time_us: start_us,
                    ..Fact::word("state", &format::state_label(&layer.states, state), span)
                },
                Some(None) => {
                    let [least, greatest] = [matrix, &states.greatest].map(|cells| cells.value(at, column));
                    let [low, high] = [least, greatest].map(|state| format::state_label(&layer.states, state));
                    Fact {
                        value: Some([least, greatest].map(text_of).join(" ")),
                        time_us: start_us,
                        ..Fact::word("mixed", &format!("several: {low} to {high}"), span)
                    }
                }
                None if matrix.is_blank(at, column) => nothing("no value (null or NaN)", span),
                None => nothing("no sample", span),
            }
        };
        rows.into_iter()
            .map(|at| {
                let channel = u32::try_from(at).unwrap_or(0);
                let key = format!("{}:{channel}", layer.metric);
                Row::new(&key, &layer.row_label(channel), Swatch::Cells, vec![fact(at)])
            })
            .collect::<Vec<Row>>()
    });
    rows_told.unwrap_or_else(|| {
        let word = if layer.failure.is_some() { "failed" } else { "loading" };
        vec![row(layer, &layer.title, vec![nothing(word, String::new())])]
    })
}

#[cfg(test)]
mod tests;
