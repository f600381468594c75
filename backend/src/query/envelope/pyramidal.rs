//! The envelope from the pyramid.

use shared::metric::ChannelSelection;
use shared::time::{TimeRange, Timestamp};

use super::{Answer, Band, Collected, Form, Question, SeriesOfChannel, Summing, finished};
use crate::pyramid::grid::{FINEST, SAMPLES};
use crate::pyramid::summary::Summary;
use crate::pyramid::view::{Piece, Subject, View};
use crate::pyramid::{Error, Pyramid};

type Result<T> = std::result::Result<T, Error>;

/// Answers from tiles, and stores those that had to be derived for it.
pub(super) async fn answer(pyramid: &Pyramid, question: &Question) -> Result<Answer> {
    let Some(mut view) = pyramid.view(&question.metric).await? else {
        let nothing = question.selection == ChannelSelection::Band;
        return Ok(if nothing {
            Band::new(question).finish()
        } else {
            Collected::new(question).finish()
        });
    };
    let answer = if question.selection == ChannelSelection::Band {
        band(&mut view, question).await?
    } else {
        channels(&mut view, question).await?
    };
    view.finish().await?;
    Ok(answer)
}

async fn channels(view: &mut View<'_>, question: &Question) -> Result<Answer> {
    let mut asked = question.channels.clone();
    asked.sort_unstable();
    let subject = Subject::Channels(asked);
    let level = view.level_for(question.columns.bucket_micros());
    if level != SAMPLES && question.form != Some(Form::Samples) {
        let mut summed = Summed::new(question);
        view.visit(&subject, question.range, level, &mut |piece| summed.add(piece))
            .await?;
        if summed.are_many() {
            return Ok(finished(question, summed.series));
        }
    }
    let mut collected = Collected::new(question);
    for range in filled(view, &subject, question.range, level).await? {
        let mut add = |piece: Piece<'_>| {
            if let Piece::Sample {
                channel,
                time_us,
                value,
            } = piece
            {
                collected.add(channel, time_us, value);
            }
        };
        view.visit(&subject, range, SAMPLES, &mut add).await?;
    }
    Ok(collected.finish())
}

async fn band(view: &mut View<'_>, question: &Question) -> Result<Answer> {
    let subject = Subject::Band;
    let level = view.level_for(question.columns.bucket_micros());
    if level != SAMPLES && question.form != Some(Form::Frames) {
        let mut band = Band::new(question);
        view.visit(&subject, question.range, level, &mut |piece| {
            add_to_band(&mut band, piece);
        })
        .await?;
        if !band.are_few() {
            return Ok(band.finish());
        }
    }
    let mut band = Band::new(question);
    for range in filled(view, &subject, question.range, level).await? {
        view.visit(&subject, range, SAMPLES, &mut |piece| add_to_band(&mut band, piece))
            .await?;
    }
    Ok(band.finish())
}

fn add_to_band(band: &mut Band<'_>, piece: Piece<'_>) {
    match piece {
        Piece::Frame {
            time_us,
            band: of_frame,
        } => {
            if let Some(summary) = of_frame {
                band.add_to_column(time_us, summary);
            }
            band.add_frame(time_us, of_frame);
        }
        Piece::Bucket { start_us, bucket, .. } => {
            band.n_frames += bucket.stored;
            if let Some(summary) = bucket.summary {
                band.add_to_column(start_us, summary);
            }
        }
        Piece::Sample { .. } => {}
    }
}

/// The columns of the channels asked for, and how many samples each of them has.
struct Summed<'a> {
    question: &'a Question,
    series_of_channel: SeriesOfChannel,
    series: Vec<Summing>,
    n_samples: Vec<u64>,
}

impl<'a> Summed<'a> {
    fn new(question: &'a Question) -> Self {
        let labels = &question.metric.channel_labels;
        let series = question
            .channels
            .iter()
            .map(|channel| Summing::new(*channel, labels[*channel as usize].clone()));
        Self {
            question,
            series_of_channel: SeriesOfChannel::new(question),
            series: series.collect(),
            n_samples: vec![0; question.channels.len()],
        }
    }

    fn add(&mut self, piece: Piece<'_>) {
        let (channel, start_us, n_samples, summary) = match piece {
            Piece::Sample {
                channel,
                time_us,
                value,
            } => {
                let summary = value.finite().map(|value| Summary::new(time_us, channel, value));
                (channel, time_us, 1, summary)
            }
            Piece::Bucket {
                channel: Some(channel),
                start_us,
                bucket,
                ..
            } => (channel, start_us, bucket.stored, bucket.summary),
            Piece::Bucket { channel: None, .. } | Piece::Frame { .. } => return,
        };
        let Some(position) = self.series_of_channel.get(channel) else {
            return;
        };
        self.n_samples[position] += n_samples;
        if let Some(summary) = summary {
            self.series[position].add(&self.question.columns, start_us, summary);
        }
    }

    fn are_many(&self) -> bool {
        // Without any channel there is nothing to sum up.
        self.n_samples
            .iter()
            .any(|n_samples| self.question.are_many(*n_samples))
    }
}

/// The parts of a range that hold samples, as fine as the finest buckets from `level` on; for samples that are few.
pub(in crate::query) async fn filled(
    view: &mut View<'_>,
    subject: &Subject,
    range: TimeRange,
    level: u8,
) -> Result<Vec<TimeRange>> {
    let mut ranges = vec![range];
    for level in (FINEST..=level).rev() {
        let mut finer: Vec<(i64, i64)> = Vec::new();
        for range in ranges {
            let mut note = |piece: Piece<'_>| {
                finer.push(match piece {
                    Piece::Sample { time_us, .. } | Piece::Frame { time_us, .. } => (time_us, time_us + 1),
                    Piece::Bucket { start_us, end_us, .. } => (start_us, end_us),
                });
            };
            view.visit(subject, range, level, &mut note).await?;
        }
        ranges = joined(finer);
    }
    Ok(ranges)
}

/// The ranges that cover these, without overlap, by rising time; neighbors are one.
fn joined(mut parts: Vec<(i64, i64)>) -> Vec<TimeRange> {
    parts.sort_unstable();
    let mut joined: Vec<(i64, i64)> = Vec::new();
    for (from_us, to_us) in parts {
        match joined.last_mut() {
            Some((_, end_us)) if from_us <= *end_us => *end_us = to_us.max(*end_us),
            _ => joined.push((from_us, to_us)),
        }
    }
    let at = Timestamp::saturating_from_micros;
    joined
        .into_iter()
        .filter_map(|(from_us, to_us)| TimeRange::new(at(from_us), at(to_us)).ok())
        .collect()
}
