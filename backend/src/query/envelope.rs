//! The envelope of channels, or of the band over all of them: no extreme is lost, whatever the window and the width.

use futures_util::TryStreamExt as _;
use shared::metric::ChannelSelection;
use shared::query::envelope::{ColumnSeries, Envelope, EnvelopeQuery, MAX_COLUMNS, SampleSeries};
use shared::time::TimeRange;
use shared::value::Value;
use tokio::task::yield_now;

use super::columns::{Columns, Cursor, DEFAULT_BASE_MICROS, push_to_band, push_to_channel};
use super::{ATTEMPTS, Error, MAX_POINTS, Result, asks_again, checked_range, find_metric, selected_channels};
use crate::pyramid::Pyramid;
use crate::pyramid::summary::{Summary, add_later};
use crate::store::{ChannelFilter, FrameRead, MetricId, Store, StoredMetric};

pub(super) mod pyramidal;
mod refresh;

pub use refresh::{Memory, refresh};

/// Samples per column up to which the samples themselves are given.
const SAMPLES_PER_COLUMN: u64 = 2;

/// Answers `GET /api/v1/envelope` from the pyramid.
pub async fn envelope(pyramid: &Pyramid, query: &EnvelopeQuery) -> Result<Envelope> {
    let question = Question::new(pyramid.store(), query).await?;
    Ok(answer(pyramid, &question).await?.envelope)
}

/// Whether a query has an answer, as far as can be told without it: the metric that it is about, or why it has none.
pub async fn check(store: &dyn Store, query: &EnvelopeQuery) -> Result<MetricId> {
    Ok(Question::new(store, query).await?.metric.id)
}

async fn answer(pyramid: &Pyramid, question: &Question) -> Result<Answer> {
    for _ in 0..ATTEMPTS {
        match pyramidal::answer(pyramid, question).await {
            Ok(answer) => return Ok(answer),
            Err(error) if asks_again(&error, &question.metric.name) => {}
            Err(_told) => break,
        }
    }
    pyramid.check_brute_force(question.metric.id, question.range).await?;
    answer_by_brute_force(pyramid.store(), question).await
}

/// Answers the same by reading all samples of the range: what the pyramid is measured by, and falls back to.
pub async fn by_brute_force(store: &dyn Store, query: &EnvelopeQuery) -> Result<Envelope> {
    let question = Question::new(store, query).await?;
    Ok(answer_by_brute_force(store, &question).await?.envelope)
}

/// In which form an envelope is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    /// The samples themselves.
    Samples,
    /// The band with a column per frame.
    Frames,
    /// Columns.
    Columns,
}

/// An envelope, and what is known of it besides.
struct Answer {
    envelope: Envelope,
    form: Form,
    /// How many frames the band is made of; zero of channels.
    n_frames: u64,
    /// When they were, where each is a column or could be one if it had a finite sample.
    frame_times_us: Vec<i64>,
}

/// A query that has an answer.
struct Question {
    metric: StoredMetric,
    selection: ChannelSelection,
    /// The channels asked for, in that order.
    channels: Vec<u32>,
    /// What is read; a part of what is asked for where the form is given.
    range: TimeRange,
    n_columns: u32,
    /// The columns of all that is asked for.
    columns: Columns,
    /// In which form the answer is to be; else that depends on how much there is.
    form: Option<Form>,
}

impl Question {
    async fn new(store: &dyn Store, query: &EnvelopeQuery) -> Result<Self> {
        if query.columns == 0 || MAX_COLUMNS < query.columns {
            return Err(Error::TooManyColumns { columns: query.columns });
        }
        let range = checked_range(query.from, query.to)?;
        let metric = find_metric(store, &query.metric).await?;
        let channels = selected_channels(&metric, &query.channels)?;
        if query.channels != ChannelSelection::Band && MAX_POINTS < channels.len() as u64 * u64::from(query.columns) {
            return Err(Error::TooManyPoints {
                n_channels: channels.len(),
                columns: query.columns,
            });
        }
        let base_micros = metric.properties.interval_micros.unwrap_or(DEFAULT_BASE_MICROS);
        Ok(Self {
            columns: Columns::cut(range, query.columns, base_micros),
            metric,
            selection: query.channels.clone(),
            channels,
            range,
            n_columns: query.columns,
            form: None,
        })
    }

    /// How many samples a series may have for samples to be given.
    fn max_samples(&self) -> u64 {
        SAMPLES_PER_COLUMN * u64::from(self.n_columns)
    }

    /// Whether a series of so many samples makes columns of all.
    fn are_many(&self, n_samples: u64) -> bool {
        self.form
            .map_or(self.max_samples() < n_samples, |form| form == Form::Columns)
    }

    /// Whether so many frames are a column each.
    fn are_few(&self, n_frames: u64) -> bool {
        self.form
            .map_or(n_frames <= u64::from(self.n_columns), |form| form == Form::Frames)
    }
}

async fn answer_by_brute_force(store: &dyn Store, question: &Question) -> Result<Answer> {
    let (metric_id, range) = (question.metric.id, question.range);
    if question.selection == ChannelSelection::Band {
        let mut band = Band::new(question);
        let mut chunks = store.scan(metric_id, range, ChannelFilter::All);
        while let Some(frames) = chunks.try_next().await? {
            for frame in &frames {
                band.add_samples(frame);
            }
            // Where a client that is gone is noticed, and others get their turn; a store may always have more.
            yield_now().await;
        }
        return Ok(band.finish());
    }
    let mut collected = Collected::new(question);
    let mut chunks = store.scan(metric_id, range, filter(&question.selection));
    while let Some(frames) = chunks.try_next().await? {
        for frame in frames {
            for sample in frame.samples {
                collected.add(sample.channel, frame.time.as_micros(), sample.value);
            }
        }
        yield_now().await;
    }
    Ok(collected.finish())
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
struct Collected<'a> {
    question: &'a Question,
    series_of_channel: SeriesOfChannel,
    state: State,
}

/// Which series a channel is, by channel.
struct SeriesOfChannel(Vec<Option<usize>>);

impl SeriesOfChannel {
    fn new(question: &Question) -> Self {
        let mut series_of_channel = vec![None; question.metric.channel_labels.len()];
        for (position, channel) in question.channels.iter().enumerate() {
            series_of_channel[*channel as usize] = Some(position);
        }
        Self(series_of_channel)
    }

    /// `None` for a channel that was not asked for, or came into being since.
    fn get(&self, channel: u32) -> Option<usize> {
        self.0.get(channel as usize).copied().flatten()
    }
}

enum State {
    Samples(Vec<SampleSeries>),
    Columns(Vec<Summing>),
}

impl State {
    fn columns_of(samples: Vec<SampleSeries>, columns: &Columns) -> Self {
        Self::Columns(samples.into_iter().map(|series| summed_up(series, columns)).collect())
    }
}

impl<'a> Collected<'a> {
    fn new(question: &'a Question) -> Self {
        let series = question.channels.iter().map(|channel| SampleSeries {
            channel: *channel,
            label: question.metric.channel_labels[*channel as usize].clone(),
            ..SampleSeries::default()
        });
        let samples = series.collect();
        let state = if question.are_many(0) {
            State::columns_of(samples, &question.columns)
        } else {
            State::Samples(samples)
        };
        Self {
            question,
            series_of_channel: SeriesOfChannel::new(question),
            state,
        }
    }

    /// Adds a sample that is later than all of its channel before.
    fn add(&mut self, channel: u32, time_us: i64, value: Value) {
        let Some(position) = self.series_of_channel.get(channel) else {
            return;
        };
        let columns = &self.question.columns;
        match &mut self.state {
            State::Samples(series) => {
                let one = &mut series[position];
                one.time_us.push(time_us);
                one.value.push(value);
                if self.question.are_many(one.value.len() as u64) {
                    self.state = State::columns_of(std::mem::take(series), columns);
                }
            }
            State::Columns(series) => {
                if let Some(value) = value.finite() {
                    series[position].add(columns, time_us, Summary::new(time_us, channel, value));
                }
            }
        }
    }

    fn finish(self) -> Answer {
        let metric = &self.question.metric;
        match self.state {
            State::Samples(series) => Answer {
                envelope: Envelope::Samples {
                    metric: metric.name.clone(),
                    unit: metric.properties.unit.clone(),
                    series,
                },
                form: Form::Samples,
                n_frames: 0,
                frame_times_us: Vec::new(),
            },
            State::Columns(series) => finished(self.question, series),
        }
    }
}

/// The columns of a channel, as far as they are summed up.
struct Summing {
    cursor: Cursor,
    series: ColumnSeries,
}

impl Summing {
    fn new(channel: u32, label: String) -> Self {
        Self {
            cursor: Cursor::default(),
            series: ColumnSeries {
                channel: Some(channel),
                label,
                ..ColumnSeries::default()
            },
        }
    }

    /// Adds what lies in one column and is later than all before.
    fn add(&mut self, columns: &Columns, time_us: i64, summary: Summary) {
        if let Some((column, done)) = self.cursor.add(columns, time_us, summary) {
            push_to_channel(&mut self.series, columns.edges(column), &done);
        }
    }

    fn finish(mut self, columns: &Columns) -> ColumnSeries {
        if let Some((column, done)) = self.cursor.finish() {
            push_to_channel(&mut self.series, columns.edges(column), &done);
        }
        self.series
    }
}

fn finished(question: &Question, series: Vec<Summing>) -> Answer {
    let finish = |summing: Summing| summing.finish(&question.columns);
    Answer {
        envelope: Envelope::Columns {
            metric: question.metric.name.clone(),
            unit: question.metric.properties.unit.clone(),
            series: series.into_iter().map(finish).collect(),
        },
        form: Form::Columns,
        n_frames: 0,
        frame_times_us: Vec::new(),
    }
}

/// Turns samples that have become too many into columns.
fn summed_up(samples: SampleSeries, columns: &Columns) -> Summing {
    let mut summing = Summing::new(samples.channel, samples.label);
    for (time_us, value) in samples.time_us.iter().zip(&samples.value) {
        if let Some(value) = value.finite() {
            summing.add(columns, *time_us, Summary::new(*time_us, samples.channel, value));
        }
    }
    summing
}

/// The band: always columns; where frames are not more than the columns asked for, one frame each.
struct Band<'a> {
    question: &'a Question,
    cursor: Cursor,
    by_column: ColumnSeries,
    by_frame: ColumnSeries,
    n_frames: u64,
    /// As long as they are few.
    frame_times_us: Vec<i64>,
}

impl<'a> Band<'a> {
    fn new(question: &'a Question) -> Self {
        Self {
            question,
            cursor: Cursor::default(),
            by_column: ColumnSeries::default(),
            by_frame: ColumnSeries::default(),
            n_frames: 0,
            frame_times_us: Vec::new(),
        }
    }

    fn are_few(&self) -> bool {
        self.question.are_few(self.n_frames)
    }

    /// Adds a frame sample by sample.
    fn add_samples(&mut self, frame: &FrameRead) {
        let time_us = frame.time.as_micros();
        let mut of_frame: Option<Summary> = None;
        for sample in &frame.samples {
            let Some(value) = sample.value.finite() else { continue };
            let summary = Summary::new(time_us, sample.channel, value);
            self.add_to_column(time_us, summary);
            add_later(&mut of_frame, summary);
        }
        self.add_frame(time_us, of_frame);
    }

    /// Counts a frame, and keeps it as a column of its own as long as they are few.
    fn add_frame(&mut self, time_us: i64, band: Option<Summary>) {
        self.n_frames += 1;
        if self.are_few() {
            self.frame_times_us.push(time_us);
            if let Some(band) = band {
                push_to_band(&mut self.by_frame, (time_us, time_us + 1), &band);
            }
        }
    }

    /// Adds what lies in one column and is not earlier than all before.
    fn add_to_column(&mut self, time_us: i64, summary: Summary) {
        let columns = &self.question.columns;
        if let Some((column, done)) = self.cursor.add(columns, time_us, summary) {
            push_to_band(&mut self.by_column, columns.edges(column), &done);
        }
    }

    fn finish(mut self) -> Answer {
        let few = self.are_few();
        if let Some((column, done)) = self.cursor.finish() {
            push_to_band(&mut self.by_column, self.question.columns.edges(column), &done);
        }
        let envelope = Envelope::Columns {
            metric: self.question.metric.name.clone(),
            unit: self.question.metric.properties.unit.clone(),
            series: vec![if few { self.by_frame } else { self.by_column }],
        };
        Answer {
            envelope,
            form: if few { Form::Frames } else { Form::Columns },
            n_frames: self.n_frames,
            frame_times_us: if few { self.frame_times_us } else { Vec::new() },
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
