//! The envelope of channels, or of the band over all of them: no extreme is lost, whatever the window and the width.

use futures_util::TryStreamExt as _;
use shared::metric::ChannelSelection;
use shared::query::envelope::{ColumnSeries, Envelope, EnvelopeQuery, MAX_COLUMNS, SampleSeries};
use shared::time::TimeRange;

use super::columns::{Columns, Cursor, DEFAULT_BASE_MICROS, Summary};
use super::{Error, MAX_POINTS, Result, checked_range, find_metric, selected_channels};
use crate::store::{ChannelFilter, FrameRead, Store, StoredMetric};

/// Samples per column up to which the samples themselves are given.
const SAMPLES_PER_COLUMN: usize = 2;

/// Answers `GET /api/v1/envelope`.
pub async fn envelope(store: &dyn Store, query: &EnvelopeQuery) -> Result<Envelope> {
    if query.columns == 0 || MAX_COLUMNS < query.columns {
        return Err(Error::TooManyColumns { columns: query.columns });
    }
    let range = checked_range(query.from, query.to)?;
    let metric = find_metric(store, &query.metric).await?;
    let channels = selected_channels(&metric, &query.channels)?;
    let base_micros = metric.properties.interval_micros.unwrap_or(DEFAULT_BASE_MICROS);
    let columns = Columns::cut(range, query.columns, base_micros);
    if query.channels == ChannelSelection::Band {
        return band(store, metric, range, query.columns, &columns).await;
    }
    if MAX_POINTS < channels.len() as u64 * u64::from(query.columns) {
        return Err(Error::TooManyPoints {
            n_channels: channels.len(),
            columns: query.columns,
        });
    }
    let mut collected = Collected::new(&metric, &channels, query.columns);
    let mut chunks = store.scan(metric.id, range, filter(&query.channels));
    while let Some(frames) = chunks.try_next().await? {
        collected.add(&frames, &columns);
    }
    drop(chunks);
    Ok(collected.finish(metric, &columns))
}

fn filter(selection: &ChannelSelection) -> ChannelFilter {
    match selection {
        ChannelSelection::All | ChannelSelection::Band => ChannelFilter::All,
        ChannelSelection::List(channels) => {
            let mut channels = channels.clone();
            channels.sort_unstable();
            ChannelFilter::Only(channels)
        }
    }
}

/// The series of the channels asked for: samples as long as they are few, then columns.
struct Collected {
    /// The series of a channel, by channel.
    series_of_channel: Vec<Option<usize>>,
    /// The most samples that a series may have while samples are given.
    max_samples: usize,
    state: State,
}

enum State {
    Samples(Vec<SampleSeries>),
    Columns(Vec<(Cursor, ColumnSeries)>),
}

impl Collected {
    fn new(metric: &StoredMetric, channels: &[u32], n_columns: u32) -> Self {
        let mut series_of_channel = vec![None; metric.channel_labels.len()];
        for (position, channel) in channels.iter().enumerate() {
            series_of_channel[*channel as usize] = Some(position);
        }
        let series = channels.iter().map(|channel| SampleSeries {
            channel: *channel,
            label: metric.channel_labels[*channel as usize].clone(),
            ..SampleSeries::default()
        });
        Self {
            series_of_channel,
            max_samples: SAMPLES_PER_COLUMN * n_columns as usize,
            state: State::Samples(series.collect()),
        }
    }

    fn add(&mut self, frames: &[FrameRead], columns: &Columns) {
        for frame in frames {
            for sample in &frame.samples {
                // A channel that came into being since the query began has no series.
                let Some(position) = self.series_of_channel.get(sample.channel as usize).copied().flatten() else {
                    continue;
                };
                match &mut self.state {
                    State::Samples(series) => {
                        let one = &mut series[position];
                        one.time_us.push(frame.time.as_micros());
                        one.value.push(sample.value);
                        if self.max_samples < one.value.len() {
                            self.state = State::Columns(summed_up(std::mem::take(series), columns));
                        }
                    }
                    State::Columns(series) => {
                        if let Some(value) = sample.value.finite() {
                            let (cursor, series) = &mut series[position];
                            let done = cursor.add(columns, frame.time, sample.channel, value);
                            push(series, columns, done);
                        }
                    }
                }
            }
        }
    }

    fn finish(self, metric: StoredMetric, columns: &Columns) -> Envelope {
        let (metric, unit) = (metric.name, metric.properties.unit);
        match self.state {
            State::Samples(series) => Envelope::Samples { metric, unit, series },
            State::Columns(series) => Envelope::Columns {
                metric,
                unit,
                series: series
                    .into_iter()
                    .map(|(cursor, mut series)| {
                        push(&mut series, columns, cursor.finish());
                        series
                    })
                    .collect(),
            },
        }
    }
}

/// Turns samples that have become too many into columns.
fn summed_up(series: Vec<SampleSeries>, columns: &Columns) -> Vec<(Cursor, ColumnSeries)> {
    let turn = |samples: SampleSeries| {
        let mut cursor = Cursor::default();
        let mut series = ColumnSeries {
            channel: Some(samples.channel),
            label: samples.label,
            ..ColumnSeries::default()
        };
        for (time_us, value) in samples.time_us.iter().zip(&samples.value) {
            let time = shared::time::Timestamp::saturating_from_micros(*time_us);
            if let Some(value) = value.finite() {
                let done = cursor.add(columns, time, samples.channel, value);
                push(&mut series, columns, done);
            }
        }
        (cursor, series)
    };
    series.into_iter().map(turn).collect()
}

fn push(series: &mut ColumnSeries, columns: &Columns, done: Option<(usize, Summary)>) {
    if let Some((column, summary)) = done {
        summary.push_to_channel(series, columns.edges(column));
    }
}

/// The band: always columns; where frames are not more than the columns asked for, one frame each.
async fn band(
    store: &dyn Store,
    metric: StoredMetric,
    range: TimeRange,
    n_columns: u32,
    columns: &Columns,
) -> Result<Envelope> {
    let mut by_column = ColumnSeries::default();
    let mut cursor = Cursor::default();
    let mut by_frame = ColumnSeries::default();
    let mut n_frames = 0_u64;
    let mut chunks = store.scan(metric.id, range, ChannelFilter::All);
    while let Some(frames) = chunks.try_next().await? {
        for frame in frames {
            n_frames += 1;
            let mut of_frame: Option<Summary> = None;
            for sample in &frame.samples {
                let Some(value) = sample.value.finite() else { continue };
                if let Some((column, summary)) = cursor.add(columns, frame.time, sample.channel, value) {
                    summary.push_to_band(&mut by_column, columns.edges(column));
                }
                match &mut of_frame {
                    Some(summary) => summary.add(frame.time, sample.channel, value),
                    None => of_frame = Some(Summary::new(frame.time, sample.channel, value)),
                }
            }
            if let Some(summary) = of_frame
                && n_frames <= u64::from(n_columns)
            {
                let start_us = frame.time.as_micros();
                summary.push_to_band(&mut by_frame, (start_us, start_us + 1));
            }
        }
    }
    drop(chunks);
    if let Some((column, summary)) = cursor.finish() {
        summary.push_to_band(&mut by_column, columns.edges(column));
    }
    let few = n_frames <= u64::from(n_columns);
    Ok(Envelope::Columns {
        metric: metric.name,
        unit: metric.properties.unit,
        series: vec![if few { by_frame } else { by_column }],
    })
}

#[cfg(test)]
mod tests;
